/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels for every 64-bit x86 processor: eight 16-bit numbers at a time.
 */
#include "reader/modem/kernel.h"

#if defined(__x86_64__)

#include <emmintrin.h>

#include "reader/modem/kernel_float.h"

/* I0 Q0 I1 Q1 becomes I0 I1 Q0 Q1, in either half. */
static __m128i in_pairs(__m128i x)
{
    return _mm_shufflehi_epi16(_mm_shufflelo_epi16(x, _MM_SHUFFLE(3, 1, 2, 0)), _MM_SHUFFLE(3, 1, 2, 0));
}

static void pairs(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2])
{
    __m128i xor = _mm_set1_epi8((char)flip), zero = _mm_setzero_si128();
    __m128i less = _mm_set_epi16(bias[1], bias[1], bias[0], bias[0], bias[1], bias[1], bias[0], bias[0]);
    for (size_t i = 0; i < n; i += 16) {
        __m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(from + i)), xor);
        __m128i low = in_pairs(_mm_slli_epi16(_mm_unpacklo_epi8(x, zero), 5));
        __m128i high = in_pairs(_mm_slli_epi16(_mm_unpackhi_epi8(x, zero), 5));
        _mm_storeu_si128((__m128i *)(to + i), _mm_sub_epi16(low, less));
        _mm_storeu_si128((__m128i *)(to + i + 8), _mm_sub_epi16(high, less));
    }
}

/* I, Q of four outputs, each in two halves that are still to be added. */
static inline void four_outputs(const struct modem_filter *f, const int16_t *from, size_t begin, __m128i to[4])
{
    const int16_t *x[4], *taps[4];
    __m128i sum[4];
    for (size_t k = 0; k < 4; k++, begin += f->decimation) {
        x[k] = from + begin / 2 * 4;
        taps[k] = f->taps[begin % 2];
        sum[k] = _mm_setzero_si128();
    }
    for (size_t i = 0; i < 2 * f->n; i += 8)
        for (size_t k = 0; k < 4; k++) {
            __m128i product = _mm_madd_epi16(_mm_loadu_si128((const __m128i *)(x[k] + i)), _mm_loadu_si128((const __m128i *)(taps[k] + i)));
            sum[k] = _mm_add_epi32(sum[k], product);
        }
    for (size_t k = 0; k < 4; k++)
        to[k] = sum[k];
}

#include "reader/modem/kernel_x86.h"

static int32_t total(__m128i x)
{
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, _MM_SHUFFLE(1, 0, 3, 2)));
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm_cvtsi128_si32(x);
}

static void lag(const int16_t *x, size_t samples, size_t n_blocks, const struct modem_lag *to)
{
    const __m128i sign = _mm_set1_epi32(0x0000FFFF); /* I becomes -Q', Q becomes I' */
    for (size_t block = 0; block < n_blocks; block++) {
        __m128i re = _mm_setzero_si128(), im = re, energy = re;
        for (size_t i = 0; i < MODEM_BLOCK; i += 4, x += 8) {
            __m128i now = _mm_loadu_si128((const __m128i *)x);
            __m128i before = _mm_loadu_si128((const __m128i *)(x - 2 * samples));
            __m128i turned = _mm_shufflehi_epi16(_mm_shufflelo_epi16(before, _MM_SHUFFLE(2, 3, 0, 1)), _MM_SHUFFLE(2, 3, 0, 1));
            turned = _mm_sub_epi16(_mm_xor_si128(turned, sign), sign);
            re = _mm_add_epi32(re, _mm_madd_epi16(now, before));
            im = _mm_add_epi32(im, _mm_madd_epi16(now, turned));
            energy = _mm_add_epi32(energy, _mm_madd_epi16(now, now));
        }
        to->re[block] = total(re);
        to->im[block] = total(im);
        to->energy[block] = total(energy);
    }
}

const struct modem_kernels modem_kernels_sse2 = {"sse2", pairs, filter, lag, split, correlate, tones, ladder, steps};

#endif
