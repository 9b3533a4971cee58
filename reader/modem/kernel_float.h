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

static void ladder(float *restrict a, const float *restrict c, const size_t *places, size_t doublings, size_t n)
{
    size_t one = places[1], two = places[2], reach = places[2 + doublings];
    for (size_t i = 0; i < n + reach - two; i++)
        a[i] = 2 * c[i + one] - c[i] - c[i + two];
    for (size_t k = 0; k < doublings; k++) {
        size_t on = places[2 + k], all = n + reach - places[3 + k];
        for (size_t i = 0; i < all; i++) /* what is read lies ahead of what is written */
            a[i] += a[i + on];
    }
}

static void steps(const struct modem_steps *s, float *restrict over, size_t n)
{
    const float *restrict re = s->re, *restrict im = s->im, *restrict square = s->square, *restrict sum_re = s->sum_re,
                          *restrict sum_im = s->sum_im;
    const float *restrict re_end = re + s->reach, *restrict im_end = im + s->reach, *restrict square_end = square + s->reach;
    float each = s->each, most = s->most;
    for (size_t i = 0; i < n; i++) {
        float mean_re = re_end[i] - re[i], mean_im = im_end[i] - im[i];
        float rest = square_end[i] - square[i] - (mean_re * mean_re + mean_im * mean_im) * each;
        over[i] = sum_re[i] * sum_re[i] + sum_im[i] * sum_im[i] - most * (rest + 1);
    }
}
