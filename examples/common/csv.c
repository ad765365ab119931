/* csv.c */
#include "csv.h"

void csv_write(FILE *f, ptrdiff_t rows, int columns, const column *c) {
  for (int j = 0; j < columns; j++) fprintf(f, "%s%s", j ? "," : "", c[j].name);
  fputc('\n', f);
  for (ptrdiff_t i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) fprintf(f, "%s%.17g", j ? "," : "", c[j].data[i]);
    fputc('\n', f);
  }
}
