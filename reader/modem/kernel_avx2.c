/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels for x86 processors with AVX2 and FMA: sixteen 16-bit numbers at a time. Compiled for more than the
 * baseline (cmake/modem.cmake); nothing in it runs before the processor was asked.
 */
#include "reader/modem/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "reader/modem/kernel_float.h"

static void pairs(int16_t *to, const uint8_t *from, size_t n, uint8_t flip, const int16_t bias[2])
{
    __m128i xor = _mm_set1_epi8((char)flip);
    __m256i less = _mm256_broadcastsi128_si256(_mm_set_epi16(bias[1], bias[1], bias[0], bias[0], bias[1], bias[1], bias[0], bias[0]));
    for (size_t i = 0; i < n; i += 16) {
        __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(from + i)), xor);
        __m256i x = _mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 5);
        x = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(x, _MM_SHUFFLE(3, 1, 2, 0)), _MM_SHUFFLE(3, 1, 2, 0));
        _mm256_storeu_si256((__m256i *)(to + i), _mm256_sub_epi16(x, less));
    }
}

/* I, Q of four outputs, each in two halves that are still to be added. */
static inline void four_outputs(const struct modem_filter *f, const int16_t *from, size_t begin, __m128i to[4])
{
    const int16_t *x[4], *taps[4];
    __m256i sum[4];
    for (size_t k = 0; k < 4; k++, begin += f->decimation) {
        x[k] = from + begin / 2 * 4;
        taps[k] = f->taps[begin % 2];
        sum[k] = _mm256_setzero_si256();
    }
    for (size_t i = 0; i < 2 * f->n; i += 16)
        for (size_t k = 0; k < 4; k++) {
            __m256i product =
                _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(x[k] + i)), _mm256_loadu_si256((const __m256i *)(taps[k] + i)));
            sum[k] = _mm256_add_epi32(sum[k], product);
        }
    for (size_t k = 0; k < 4; k++)
        to[k] = _mm_add_epi32(_mm256_castsi256_si128(sum[k]), _mm256_extracti128_si256(sum[k], 1));
}

#include "reader/modem/kernel_x86.h"

static void lag(const int16_t *x, size_t samples, size_t n_blocks, const struct modem_lag *to)
{
    const __m256i sign = _mm256_set1_epi32(0x0000FFFF), swap = _mm256_set1_epi32(0x01000302);
    const __m256i order =
        _mm256_add_epi8(swap, _mm256_set_epi32(0x0C0C0C0C, 0x08080808, 0x04040404, 0, 0x0C0C0C0C, 0x08080808, 0x04040404, 0));
    for (size_t block = 0; block < n_blocks; block++, x += 2 * MODEM_BLOCK) {
        __m256i now = _mm256_loadu_si256((const __m256i *)x);
        __m256i before = _mm256_loadu_si256((const __m256i *)(x - 2 * samples));
        __m256i turned = _mm256_shuffle_epi8(before, order);
        turned = _mm256_sub_epi16(_mm256_xor_si256(turned, sign), sign);
        __m256i re = _mm256_madd_epi16(now, before), im = _mm256_madd_epi16(now, turned), energy = _mm256_madd_epi16(now, now);
        __m256i both = _mm256_hadd_epi32(re, im), all = _mm256_hadd_epi32(both, _mm256_hadd_epi32(energy, energy));
        __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
        to->re[block] = _mm_cvtsi128_si32(sums);
        to->im[block] = _mm_extract_epi32(sums, 1);
        to->energy[block] = _mm_extract_epi32(sums, 2);
    }
}

const struct modem_kernels modem_kernels_avx2 = {"avx2", pairs, filter, lag, split, correlate, tones, ladder, steps};

#endif
