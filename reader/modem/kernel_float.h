/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels in floating point, in plain C that a compiler makes vectors of: each file of kernels includes this and is
 * compiled for its processor, with sums in any order (-ffast-math). Not for other files.
 */
static void split(float *restrict re, float *restrict im, const int16_t *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        re[i] = from[2 * i];
        im[i] = from[2 * i + 1];
    }
}

static struct modem_sum correlate(const float *restrict a_re, const float *restrict a_im, const float *restrict b_re,
                                  const float *restrict b_im, size_t n)
{
    float re = 0, im = 0;
    for (size_t i = 0; i < n; i++) {
        re += a_re[i] * b_re[i] + a_im[i] * b_im[i];
        im += a_im[i] * b_re[i] - a_re[i] * b_im[i];
    }
    return (struct modem_sum){re, im};
}

static void tones(const float *restrict re, const float *restrict im, const float *restrict one, const float *restrict two,
                  struct modem_sum sums[2])
{
    float re1 = 0, im1 = 0, re2 = 0, im2 = 0;
    for (size_t i = 0; i < MODEM_TONE; i++) {
        re1 += re[i] * one[i] + im[i] * one[MODEM_TONE + i];
        im1 += im[i] * one[i] - re[i] * one[MODEM_TONE + i];
        re2 += re[i] * two[i] + im[i] * two[MODEM_TONE + i];
        im2 += im[i] * two[i] - re[i] * two[MODEM_TONE + i];
    }
    sums[0] = (struct modem_sum){re1, im1};
    sums[1] = (struct modem_sum){re2, im2};
}
