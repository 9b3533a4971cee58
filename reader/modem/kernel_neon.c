/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels for every 64-bit ARM processor: eight 16-bit numbers at a time.
 */
#include "reader/modem/kernel.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "reader/modem/kernel_float.h"

static void pairs(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2])
{
    static const uint8_t in_pairs[16] = {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15}; /* I0 Q0 I1 Q1 becomes I0 I1 Q0 Q1 */
    const int16_t both[8] = {bias[0], bias[0], bias[1], bias[1], bias[0], bias[0], bias[1], bias[1]};
    uint8x16_t xor = vdupq_n_u8(flip), order = vld1q_u8(in_pairs);
    int16x8_t less = vld1q_s16(both);
    for (size_t i = 0; i < n; i += 16) {
        uint8x16_t x = vqtbl1q_u8(veorq_u8(vld1q_u8(from + i), xor), order);
        vst1q_s16(to + i, vsubq_s16(vreinterpretq_s16_u16(vshll_n_u8(vget_low_u8(x), 5)), less));
        vst1q_s16(to + i + 8, vsubq_s16(vreinterpretq_s16_u16(vshll_high_n_u8(x, 5)), less));
    }
}

/* I, I, Q, Q of one output, still to be added. */
static inline int32x4_t one_output(const struct modem_filter *f, const int16_t *from, size_t begin)
{
    const int16_t *x = from + begin / 2 * 4, *taps = f->taps[begin % 2];
    int32x4_t low = vdupq_n_s32(0), high = low;
    for (size_t i = 0; i < 2 * f->n; i += 8) {
        int16x8_t a = vld1q_s16(x + i), b = vld1q_s16(taps + i);
        low = vmlal_s16(low, vget_low_s16(a), vget_low_s16(b));
        high = vmlal_high_s16(high, a, b);
    }
    return vaddq_s32(low, high);
}

static void filter(const struct modem_filter *f, const int16_t *from, int16_t *to, size_t n)
{
    for (size_t out = 0; out < n; out += 2) {
        size_t begin = out * f->decimation;
        int32x4_t sums = vpaddq_s32(one_output(f, from, begin), one_output(f, from, begin + f->decimation));
        vst1_s16(to + 2 * out, vqrshrn_n_s32(sums, 15));
    }
}

/* a b + c d, summed up. */
static inline int32_t total(int16x8_t a, int16x8_t b, int16x8_t c, int16x8_t d)
{
    int32x4_t sum = vmull_s16(vget_low_s16(a), vget_low_s16(b));
    sum = vmlal_high_s16(sum, a, b);
    sum = vmlal_s16(sum, vget_low_s16(c), vget_low_s16(d));
    return vaddvq_s32(vmlal_high_s16(sum, c, d));
}

static void lag(const int16_t *x, size_t samples, size_t n_blocks, const struct modem_lag *to)
{
    for (size_t block = 0; block < n_blocks; block++, x += 2 * MODEM_BLOCK) {
        int16x8x2_t now = vld2q_s16(x), before = vld2q_s16(x - 2 * samples);
        to->re[block] = total(now.val[0], before.val[0], now.val[1], before.val[1]);
        to->im[block] = total(now.val[1], before.val[0], vnegq_s16(now.val[0]), before.val[1]);
        to->energy[block] = total(now.val[0], now.val[0], now.val[1], now.val[1]);
    }
}

const struct modem_kernels modem_kernels_neon = {"neon", pairs, filter, lag, split, correlate, tones, ladder, steps};

#endif
