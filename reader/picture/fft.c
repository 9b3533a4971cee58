/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/picture/fft.h"

#include <math.h>

void fft_init(struct fft *fft, size_t n)
{
    fft->n = n;
    for (size_t k = 0; k < n / 2; k++) {
        double angle = 2 * M_PI * (double)k / (double)n;
        fft->turns[2 * k] = (float)cos(angle);
        fft->turns[2 * k + 1] = (float)-sin(angle);
    }
}

/* Each sample to where its index has its bits in reverse. */
static void reorder(float *x, size_t n)
{
    for (size_t i = 1, k = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; k & bit; bit >>= 1)
            k ^= bit;
        k |= bit;
        if (i < k) {
            float re = x[2 * i], im = x[2 * i + 1];
            x[2 * i] = x[2 * k];
            x[2 * i + 1] = x[2 * k + 1];
            x[2 * k] = re;
            x[2 * k + 1] = im;
        }
    }
}

void fft_run(const struct fft *fft, float *x)
{
    size_t n = fft->n;
    reorder(x, n);
    for (size_t half = 1; half < n; half *= 2) {
        size_t stride = n / (2 * half);
        for (size_t block = 0; block < n; block += 2 * half)
            for (size_t k = 0; k < half; k++) {
                const float *w = fft->turns + 2 * k * stride;
                float *a = x + 2 * (block + k), *b = a + 2 * half;
                float re = b[0] * w[0] - b[1] * w[1], im = b[0] * w[1] + b[1] * w[0];
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
    }
}
