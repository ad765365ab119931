/* op_list_complex.h - part of op_list.c: operations on complex arrays, and Fourier transforms. Operands and results of the list are real:
   a pair is made of two of them, and of a complex result a combination of the parts is looked at. */

static jet both(jet z) { return jet_add(jet_real(z), jet_scale(jet_imag(z), 0.7)); }
#define Z jet_complex(x[0], x[1])

/* ---- complex ------------------------------------------------------------------------------------------------------- */

#define COMPLEX_FUNCTIONS(X)                                                                                         \
  X(exp) X(log) X(sqrt) X(sin) X(cos) X(tan) X(sinh) X(cosh) X(tanh) X(asin) X(acos) X(atan) X(asinh) X(acosh) X(atanh) X(neg)        \
  X(square) X(recip) X(sum) X(mean) X(abs) X(conj)
#define X(f) RECORD(complex_##f, both(jet_##f(Z)))
COMPLEX_FUNCTIONS(X)
#undef X
RECORD(complex_add, both(jet_add(Z, jet_complex(x[1], x[2]))))
RECORD(complex_sub, both(jet_sub(x[2], Z)))
RECORD(complex_mul, both(jet_mul(Z, jet_complex(x[1], x[2]))))
RECORD(complex_mul_real, both(jet_mul(x[2], Z)))
RECORD(complex_div, both(jet_div(Z, jet_complex(x[1], x[2]))))
RECORD(complex_div_real, both(jet_div(x[2], Z)))
RECORD(complex_pow, both(jet_pow(Z, jet_complex(x[1], x[2]))))
RECORD(complex_powc, both(jet_powc(Z, 1.7)))
RECORD(complex_cube, both(jet_powc(Z, 3)))
RECORD(complex_matmul, both(jet_matmul(Z, jet_transpose(Z))))
RECORD(complex_roll, both(jet_roll(Z, 1, -1)))
RECORD(complex_concat, both(jet_concat(2, (const jet[]){Z, x[2]}, 0)))
RECORD(complex_where, both(jet_where(jet_less(x[0], jet_shift(x[2], 5)), jet_exp(Z), jet_conj(Z))))
static const op_variant complex_list[] = {
#define X(f) {complex_##f, 2, {S1(5), S1(5)}},
    COMPLEX_FUNCTIONS(X)
#undef X
    {complex_add, 3, {S1(5), S1(5), S1(5)}}, {complex_sub, 3, {S2(2, 3), S1(3), S0}},      {complex_mul, 3, {S1(5), S1(5), S1(5)}},
    {complex_mul, 3, {S2(2, 3), S0, S1(3)}}, {complex_mul_real, 3, {S1(5), S1(5), S1(5)}}, {complex_div, 3, {S1(5), S1(5), S1(5)}},
    {complex_div_real, 3, {S1(5), S1(5), S1(5)}}, {complex_pow, 3, {S1(5), S1(5), S1(5)}}, {complex_powc, 2, {S1(5), S1(5)}},
    {complex_cube, 2, {S1(5), S1(5)}},       {complex_matmul, 2, {S2(2, 3), S2(2, 3)}},    {complex_roll, 2, {S2(2, 3), S2(2, 3)}},
    {complex_concat, 3, {S2(2, 3), S2(2, 3), S2(1, 3)}}, {complex_where, 3, {S1(5), S1(5), S1(5)}}, {complex_exp, 2, {S1(0), S1(0)}},
};

RECORD(real_part, jet_real(jet_exp(Z)))
RECORD(imag_part, jet_imag(jet_exp(Z)))
RECORD(angle_of, jet_angle(Z))
RECORD(abs2_of, jet_abs2(Z))
RECORD(polar_of, both(jet_polar(x[0], x[1])))
RECORD(conjugate, both(jet_conj(Z)))
static const op_variant reals[] = {{real_part, 2, {S1(5), S1(5)}}}, imags[] = {{imag_part, 2, {S1(5), S1(5)}}},
                        angles[] = {{angle_of, 2, {S1(5), S1(5)}}, {angle_of, 2, {S2(2, 3), S1(3)}}},
                        lengths[] = {{abs2_of, 2, {S1(5), S1(5)}}}, polars[] = {{polar_of, 2, {S1(5), S1(5)}}},
                        conjugates[] = {{conjugate, 2, {S1(5), S1(5)}}};

/* ---- transforms ------------------------------------------------------------------------------------------------------ */

#define NORM JET_FFT_ORTHO
RECORD(of_fft, both(jet_fft(Z, 0, NORM)))
RECORD(of_fft_real, both(jet_fft(x[0], -1, JET_FFT_BACKWARD)))
RECORD(of_ifft, both(jet_ifft(Z, -1, NORM)))
RECORD(of_rfft, both(jet_rfft(x[0], -1, NORM)))
RECORD(of_irfft_even, jet_irfft(Z, 2 * jet_extent(x[0], jet_rank(x[0]) - 1) - 2, -1, NORM))
RECORD(of_irfft_odd, jet_irfft(Z, 2 * jet_extent(x[0], jet_rank(x[0]) - 1) - 1, -1, NORM))
RECORD(of_fft2, both(jet_fft2(Z, NORM)))
RECORD(of_ifft2, both(jet_ifft2(Z, NORM)))
RECORD(of_rfft2, both(jet_rfft2(x[0], NORM)))
RECORD(of_irfft2, jet_irfft2(Z, 2 * jet_extent(x[0], 1) - 1, NORM))
RECORD(of_fftn, both(jet_fftn(Z, 2, AXES(0, 2), NORM)))
RECORD(of_ifftn, both(jet_ifftn(Z, 1, AXES(1), NORM)))
RECORD(of_rfftn, both(jet_rfftn(x[0], 2, AXES(2, 0), NORM)))
RECORD(of_irfftn, jet_irfftn(Z, 3, 2, AXES(0, 2), NORM))
RECORD(of_shift, jet_fftshift(x[0], 1, AXES(-1)))
RECORD(of_shift_back, jet_ifftshift(x[0], 1, AXES(0)))
RECORD(of_dct_1, jet_dct(x[0], 1, -1, NORM))
RECORD(of_dct_2, jet_dct(x[0], 2, 0, JET_FFT_BACKWARD))
RECORD(of_dct_3, jet_dct(x[0], 3, -1, JET_FFT_FORWARD))
RECORD(of_dct_4, jet_dct(x[0], 4, 0, NORM))
RECORD(of_idct_1, jet_idct(x[0], 1, 0, JET_FFT_BACKWARD))
RECORD(of_idct_2, jet_idct(x[0], 2, -1, NORM))
RECORD(full_convolution, jet_convolve(x[0], x[1], JET_FULL))
RECORD(same_convolution, jet_convolve(x[0], x[1], JET_SAME))
RECORD(valid_convolution, jet_convolve(x[0], x[1], JET_VALID))
RECORD(full_correlation, jet_correlate(x[0], x[1], JET_FULL))
RECORD(same_correlation, both(jet_correlate(x[0], jet_complex(x[1], x[1]), JET_SAME)))
#define ON_ONE(record) {record, 1, {S1(5)}}, {record, 1, {S2(2, 6)}}
#define ON_TWO(record) {record, 2, {S1(5), S1(5)}}, {record, 2, {S2(3, 4), S2(3, 4)}}
static const op_variant ffts[] = {ON_TWO(of_fft), ON_ONE(of_fft_real)}, iffts[] = {ON_TWO(of_ifft)}, rffts[] = {ON_ONE(of_rfft)},
                        irffts[] = {ON_TWO(of_irfft_even), ON_TWO(of_irfft_odd)}, fft2s[] = {{of_fft2, 2, {S2(3, 4), S2(3, 4)}}},
                        ifft2s[] = {{of_ifft2, 2, {S3(2, 3, 2), S3(2, 3, 2)}}}, rfft2s[] = {{of_rfft2, 1, {S2(3, 4)}}},
                        irfft2s[] = {{of_irfft2, 2, {S2(3, 3), S2(3, 3)}}}, fftns[] = {{of_fftn, 2, {S3(2, 3, 4), S3(2, 3, 4)}}},
                        ifftns[] = {{of_ifftn, 2, {S3(2, 3, 2), S3(2, 3, 2)}}}, rfftns[] = {{of_rfftn, 1, {S3(4, 2, 3)}}},
                        irfftns[] = {{of_irfftn, 2, {S3(4, 2, 2), S3(4, 2, 2)}}}, shifts_of[] = {ON_ONE(of_shift)},
                        shifts_back[] = {ON_ONE(of_shift_back)},
                        dcts[] = {ON_ONE(of_dct_1), ON_ONE(of_dct_2), ON_ONE(of_dct_3), ON_ONE(of_dct_4)},
                        idcts[] = {ON_ONE(of_idct_2), {of_idct_1, 1, {S1(5)}}},
                        convolutions[] = {{full_convolution, 2, {S1(5), S1(3)}}, {same_convolution, 2, {S2(4, 3), S2(2, 2)}},
                                          {valid_convolution, 2, {S1(6), S1(3)}}, {full_convolution, 2, {S1(40), S1(30)}}},
                        correlations[] = {{full_correlation, 2, {S1(5), S1(3)}}, {same_correlation, 2, {S1(5), S1(3)}}};

#define COMPLEX_ROWS                                                                                                 \
  ROW("complex", GROUP_COMPLEX, 0, NULL, complex_list, JETS(0.3, 0.9), JETS(0.2, 0.8), JETS(0.3, 0.7))                \
  ROW("real", GROUP_COMPLEX, 0, NULL, reals, JETS(-1, 1), JETS(-1, 1))                                                \
  ROW("imag", GROUP_COMPLEX, 0, NULL, imags, JETS(-1, 1), JETS(-1, 1))                                                \
  ROW("conj", GROUP_COMPLEX, 0, NULL, conjugates, JETS(-1, 1), JETS(-1, 1))                                           \
  ROW("angle", GROUP_COMPLEX, 0, NULL, angles, JETS(0.4, 1), JETS(-1, 1))                                             \
  ROW("abs2", GROUP_COMPLEX, 0, NULL, lengths, JETS(-1, 1), JETS(-1, 1))                                              \
  ROW("polar", GROUP_COMPLEX, 0, NULL, polars, JETS(-1, 1), JETS(-1, 1))                                              \
  ROW("fft", GROUP_TRANSFORMS, 0, NULL, ffts, JETS(-1, 1), JETS(-1, 1))                                               \
  ROW("ifft", GROUP_TRANSFORMS, 0, NULL, iffts, JETS(-1, 1), JETS(-1, 1))                                             \
  ROW("rfft", GROUP_TRANSFORMS, 0, NULL, rffts, JETS(-1, 1))                                                          \
  ROW("irfft", GROUP_TRANSFORMS, 0, NULL, irffts, JETS(-1, 1), JETS(-1, 1))                                           \
  ROW("fft2", GROUP_TRANSFORMS, 0, NULL, fft2s, JETS(-1, 1), JETS(-1, 1))                                             \
  ROW("ifft2", GROUP_TRANSFORMS, 0, NULL, ifft2s, JETS(-1, 1), JETS(-1, 1))                                           \
  ROW("rfft2", GROUP_TRANSFORMS, 0, NULL, rfft2s, JETS(-1, 1))                                                        \
  ROW("irfft2", GROUP_TRANSFORMS, 0, NULL, irfft2s, JETS(-1, 1), JETS(-1, 1))                                         \
  ROW("fftn", GROUP_TRANSFORMS, 0, NULL, fftns, JETS(-1, 1), JETS(-1, 1))                                             \
  ROW("ifftn", GROUP_TRANSFORMS, 0, NULL, ifftns, JETS(-1, 1), JETS(-1, 1))                                           \
  ROW("rfftn", GROUP_TRANSFORMS, 0, NULL, rfftns, JETS(-1, 1))                                                        \
  ROW("irfftn", GROUP_TRANSFORMS, 0, NULL, irfftns, JETS(-1, 1), JETS(-1, 1))                                         \
  ROW("fftshift", GROUP_TRANSFORMS, 0, NULL, shifts_of, JETS(-1, 1))                                                  \
  ROW("ifftshift", GROUP_TRANSFORMS, 0, NULL, shifts_back, JETS(-1, 1))                                               \
  ROW("dct", GROUP_TRANSFORMS, 0, NULL, dcts, JETS(-1, 1))                                                            \
  ROW("idct", GROUP_TRANSFORMS, 0, NULL, idcts, JETS(-1, 1))                                                          \
  ROW("convolve", GROUP_TRANSFORMS, 0, NULL, convolutions, JETS(-1, 1), JETS(-1, 1))                                  \
  ROW("correlate", GROUP_TRANSFORMS, 0, NULL, correlations, JETS(-1, 1), JETS(-1, 1))
