/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels for x86 processors with AVX-512 (F, BW, VL) and its dot products (VNNI): thirty-two 16-bit numbers at a time. Compiled for
 * more than the baseline (cmake/modem.cmake); nothing in it runs before the processor was asked.
 */
#include "reader/modem/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "reader/modem/kernel_float.h"

static void pairs(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2])
{
    __m256i xor = _mm256_set1_epi8((char)flip);
    __m512i less = _mm512_broadcast_i32x4(_mm_set_epi16(bias[1], bias[1], bias[0], bias[0], bias[1], bias[1], bias[0], bias[0]));
    for (size_t i = 0; i < n; i += 32) {
        __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(from + i)), xor);
        __m512i x = _mm512_slli_epi16(_mm512_cvtepu8_epi16(bytes), 5);
        x = _mm512_shufflehi_epi16(_mm512_shufflelo_epi16(x, _MM_SHUFFLE(3, 1, 2, 0)), _MM_SHUFFLE(3, 1, 2, 0));
        _mm512_storeu_si512(to + i, _mm512_sub_epi16(x, less));
    }
}

/* I, Q of four outputs, each in two halves that are still to be added. */
static inline void four_outputs(const struct modem_filter *f, const int16_t *from, size_t begin, __m128i to[4])
{
    const int16_t *x[4], *taps[4];
    __m512i sum[4];
    for (size_t k = 0; k < 4; k++, begin += f->decimation) {
        x[k] = from + begin / 2 * 4;
        taps[k] = f->taps[begin % 2];
        sum[k] = _mm512_setzero_si512();
    }
    size_t i = 0;
    for (; i + 32 <= 2 * f->n; i += 32)
        for (size_t k = 0; k < 4; k++)
            sum[k] = _mm512_dpwssd_epi32(sum[k], _mm512_loadu_si512(x[k] + i), _mm512_loadu_si512(taps[k] + i));
    for (size_t k = 0; k < 4; k++) {
        __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum[k]), _mm512_extracti64x4_epi64(sum[k], 1));
        if (i < 2 * f->n) /* eight taps are left */
            half = _mm256_dpwssd_epi32(half, _mm256_loadu_si256((const __m256i *)(x[k] + i)),
                                       _mm256_loadu_si256((const __m256i *)(taps[k] + i)));
        to[k] = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    }
}

#include "reader/modem/kernel_x86.h"

#define AT_ONCE 16 /* blocks whose sums are added up side by side */

/* The neighbours of a and b added, a's first: what is left of sixteen vectors after four such steps is one of their sums. */
static inline __m512i neighbours(__m512i a, __m512i b)
{
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    return _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
}

/* Sixteen blocks, two in each vector of products. */
static inline void store_sums(int32_t *to, const __m512i product[AT_ONCE / 2])
{
    __m512i first = neighbours(neighbours(product[0], product[1]), neighbours(product[2], product[3]));
    __m512i second = neighbours(neighbours(product[4], product[5]), neighbours(product[6], product[7]));
    _mm512_storeu_si512(to, neighbours(first, second));
}

struct products {
    __m512i re, im, energy;
};

/* Of the samples that the mask has, two numbers each; the others are as if they were zero. */
static inline struct products multiply(const int16_t *x, size_t samples, __mmask16 mask)
{
    const __m512i sign = _mm512_set1_epi32(0x0000FFFF); /* I becomes -Q', Q becomes I' */
    __m512i now = _mm512_maskz_loadu_epi32(mask, x), before = _mm512_maskz_loadu_epi32(mask, x - 2 * samples);
    __m512i turned = _mm512_sub_epi16(_mm512_xor_si512(_mm512_rol_epi32(before, 16), sign), sign);
    return (struct products){_mm512_madd_epi16(now, before), _mm512_madd_epi16(now, turned), _mm512_madd_epi16(now, now)};
}

static void lag(const int16_t *x, size_t samples, size_t n_blocks, const struct modem_lag *to)
{
    size_t block = 0;
    for (; block + AT_ONCE <= n_blocks; block += AT_ONCE) {
        __m512i re[AT_ONCE / 2], im[AT_ONCE / 2], energy[AT_ONCE / 2];
        for (size_t k = 0; k < AT_ONCE / 2; k++, x += 4 * MODEM_BLOCK) {
            struct products p = multiply(x, samples, 0xFFFF);
            re[k] = p.re;
            im[k] = p.im;
            energy[k] = p.energy;
        }
        store_sums(to->re + block, re);
        store_sums(to->im + block, im);
        store_sums(to->energy + block, energy);
    }
    for (; block < n_blocks; block++, x += 2 * MODEM_BLOCK) {
        struct products p = multiply(x, samples, 0x00FF);
        to->re[block] = _mm512_reduce_add_epi32(p.re);
        to->im[block] = _mm512_reduce_add_epi32(p.im);
        to->energy[block] = _mm512_reduce_add_epi32(p.energy);
    }
}

const struct modem_kernels modem_kernels_avx512 = {"avx512", pairs, filter, lag, split, correlate, tones, ladder, steps};

#endif
