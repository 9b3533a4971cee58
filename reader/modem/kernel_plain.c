/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels for any processor; what the others must agree with.
 */
#include "reader/modem/kernel.h"

#include "reader/modem/kernel_float.h"

static void pairs(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2])
{
    for (size_t i = 0; i < n; i += 4) {
        for (size_t k = 0; k < 2; k++) {
            to[i + k] = (int16_t)((from[i + 2 * k] ^ flip) * 32 - bias[0]);
            to[i + 2 + k] = (int16_t)((from[i + 2 * k + 1] ^ flip) * 32 - bias[1]);
        }
    }
}

static int16_t rounded(int32_t sum)
{
    sum = (sum + (1 << 14)) >> 15;
    return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

static void filter(const struct modem_filter *f, const int16_t *from, int16_t *to, size_t n)
{
    for (size_t out = 0; out < n; out++) {
        size_t begin = out * f->decimation;
        const int16_t *x = from + begin / 2 * 4, *taps = f->taps[begin % 2];
        int32_t re = 0, im = 0;
        for (size_t i = 0; i < 2 * f->n; i += 4) {
            re += x[i] * taps[i] + x[i + 1] * taps[i + 1];
            im += x[i + 2] * taps[i] + x[i + 3] * taps[i + 1];
        }
        to[2 * out] = rounded(re);
        to[2 * out + 1] = rounded(im);
    }
}

static void lag(const int16_t *x, size_t samples, size_t n_blocks, const struct modem_lag *to)
{
    for (size_t block = 0; block < n_blocks; block++) {
        int32_t re = 0, im = 0, energy = 0;
        for (size_t i = 0; i < MODEM_BLOCK; i++, x += 2) {
            const int16_t *before = x - 2 * samples;
            re += x[0] * before[0] + x[1] * before[1];
            im += x[1] * before[0] - x[0] * before[1];
            energy += x[0] * x[0] + x[1] * x[1];
        }
        to->re[block] = re;
        to->im[block] = im;
        to->energy[block] = energy;
    }
}

const struct modem_kernels modem_kernels_plain = {"plain", pairs, filter, lag, split, correlate, tones, ladder, steps};
