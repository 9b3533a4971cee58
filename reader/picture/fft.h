/* SPDX-License-Identifier: Apache-2.0
 *
 * A discrete Fourier transform of a power of two, by halves (Cooley and Tukey), in place. FFTW would be twice as fast, but under
 * the GPL, which a program that links it would have to be under as well.
 */
#ifndef PICTURE_FFT_H
#define PICTURE_FFT_H

#include <stddef.h>

#define FFT_MAX 4096

struct fft {
    size_t n;
    float turns[FFT_MAX]; /* cosine and minus sine of k/n turns, k below n/2 */
};

/* n is a power of two from 2 to FFT_MAX. */
void fft_init(struct fft *fft, size_t n);

/* n pairs of floats become their spectrum, without scaling: X[k] is the sum of x[i] exp(-2 pi j i k / n). */
void fft_run(const struct fft *fft, float *x);

#endif
