/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter as x86 processors do it, behind the four_outputs() of the file that includes this: four outputs at a time. Not for other
 * files.
 */
static __m128i two_outputs(__m128i a, __m128i b)
{
    __m128i sum = _mm_add_epi32(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b));
    return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << 14)), 15);
}

static void filter(const struct modem_filter *f, const int16_t *from, int16_t *to, size_t n)
{
    for (size_t out = 0; out < n; out += 4) {
        __m128i four[4];
        four_outputs(f, from, out * f->decimation, four);
        __m128i first = two_outputs(four[0], four[1]), second = two_outputs(four[2], four[3]);
        _mm_storeu_si128((__m128i *)(to + 2 * out), _mm_packs_epi32(first, second));
    }
}
