/* SPDX-License-Identifier: Apache-2.0
 *
 * What a recording looks like, however long it is, in memory that does not grow: spectra over time, levels, and where its samples
 * lie in the plane. When there are too many rows of time, neighbours become one; of both the louder one is seen.
 *
 * Powers are dB under full scale (dBFS): a carrier of amplitude 1 has 0.
 */
#ifndef PICTURE_SIGHT_H
#define PICTURE_SIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/picture/fft.h"

#define SIGHT_BINS   1024 /* of a spectrum */
#define SIGHT_ROWS   1024 /* of time, at most */
#define SIGHT_CELLS  96   /* of the plane, on a side */
#define SIGHT_SCALES 12   /* of the plane: full scale, half of it, and so on */
#define SIGHT_LEAST  (-160.0f)

struct sight {
    double rate_hz;
    uint64_t samples, clipped; /* at or beyond the ends of the range */
    double sum[2], power;      /* of the samples, of their squares */
    float peak;                /* largest square */
    size_t n_rows, per_row;    /* rows; spectra in each but the last one */
    size_t in_last;
    float loudest[SIGHT_ROWS][SIGHT_BINS];             /* power in each bin, the lowest frequency first */
    double mean[SIGHT_BINS];                           /* of all spectra: their sum */
    float row_peak[SIGHT_ROWS], row_power[SIGHT_ROWS]; /* of samples: the largest square; the sum of the mean squares */
    uint64_t spectra;
    uint32_t plane[SIGHT_SCALES][SIGHT_CELLS][SIGHT_CELLS]; /* how many samples: rows of Q from below, of I */
    uint64_t inside[SIGHT_SCALES];
    /* private */
    struct fft fft;
    float window[SIGHT_BINS], in[2 * SIGHT_BINS];
    size_t n_in;
};

/* NULL: no memory. */
struct sight *sight_new(double rate_hz);
void sight_free(struct sight *sight);

/* n samples as pairs of floats; `end`: full scale of the format. */
void sight_feed(struct sight *sight, const float *iq, size_t n, float end);

/* The last spectrum is filled up with silence if there is no other. */
void sight_end(struct sight *sight);

/* ---- what is drawn ---- */

float sight_db(double power); /* SIGHT_LEAST at least */

/* How long all rows are, s. */
double sight_seconds(const struct sight *sight);

/* The loudest of bins [from, to) of rows [from, to), dB; each range holds one at least. */
float sight_block_db(const struct sight *sight, size_t row, size_t row_end, size_t bin, size_t bin_end);
float sight_mean_db(const struct sight *sight, size_t bin);
float sight_loudest_db(const struct sight *sight, size_t bin);

/* From a little under the noise to the loudest, dB: the range of colours. */
void sight_range(const struct sight *sight, float *low, float *high);

/* The closest scale that has nearly all samples; its plane goes from minus to plus 2^-scale. */
size_t sight_scale(const struct sight *sight);

/* A colour for 0 to 1, dark to bright. */
void sight_colour(float part, uint8_t rgb[3]);

/* ---- pictures ---- */

struct sight_labels {
    const char *name;
    double frequency_hz; /* of the middle; 0: nobody knows */
};

/* False: it cannot be written, errno says why. Nobody else of the process may use cairo meanwhile. */
bool sight_png(const struct sight *sight, const struct sight_labels *labels, const char *path);

/* As text of so many columns on a stream; colours are those of a terminal with 256. */
struct sight_terminal {
    size_t columns;
    bool colours;
};
void sight_print(const struct sight *sight, const struct sight_labels *labels, const struct sight_terminal *terminal, void *file);

#endif
