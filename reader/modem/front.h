/* SPDX-License-Identifier: Apache-2.0
 *
 * The first stage of a receiver: samples of a file or a device become 16-bit numbers, pass a channel filter, and are thinned out
 * to a working rate that the link's band names (iso433: 200 kHz on either side, 0.4 to 0.84 MS/s). Full scale is MODEM_SCALE.
 *
 * Samples of 16 bits and floats are amplified by a power of two, so that a quiet recording loses nothing. A receiver that is around
 * something else than zero shows a carrier in the middle of its band: the mean of the last quarter of a second is taken off.
 */
#ifndef MODEM_FRONT_H
#define MODEM_FRONT_H

#include <stdbool.h>

#include "reader/modem/format.h"
#include "reader/modem/kernel.h"

#define MODEM_UNIT            16   /* samples that are taken at a time, or a multiple */
#define MODEM_SLICE           4096 /* outputs at a time, at most */
#define MODEM_SLICE_IN(front) ((size_t)MODEM_SLICE * (front)->filter.decimation)

struct modem_band {           /* what a link needs of the front */
    double least_hz, most_hz; /* of the working rate; where the recording has less it is that of the recording */
    double edge_hz;           /* of the channel, from its middle to where the filter is at half */
    unsigned taps;            /* of the filter, for each sample that one is kept of */
};

struct modem_front {
    enum modem_format format;
    double rate_hz, work_hz;
    double delay; /* samples of the input from where an output begins to where it belongs */
    const struct modem_kernels *kernels;
    struct modem_filter filter;
    int16_t *taps, *held; /* what waits for the samples after it */
    size_t n_held;
    float gain;     /* of the input, for 16 bits and floats */
    float dc[2];    /* what I and Q are around, in MODEM_SCALE of the input; it is taken off */
    bool steady;    /* nothing is taken off, and there is room above a carrier's peaks: neither changes within a frame */
    uint64_t n_out; /* samples that came out */
};

/* False: no memory. The rate is between MODEM_RATE_MIN and MODEM_RATE_MAX. */
bool modem_front_open(struct modem_front *front, enum modem_format format, double rate_hz, const struct modem_band *band,
                      const struct modem_kernels *kernels);
void modem_front_close(struct modem_front *front);

/* n samples (a multiple of MODEM_UNIT, at most MODEM_SLICE_IN) in; returns how many came out, at most MODEM_SLICE + 4. */
size_t modem_front_feed(struct modem_front *front, const void *from, size_t n, int16_t *to);

/* ---- what frames are said to have ---- */

double modem_decibels(double ratio); /* of powers; no less than -120 */

/* Where an output belongs, s since the begin of the recording. */
double modem_front_s(const struct modem_front *front, double output);

/* dB under full scale of the input: a power in outputs, which came through that gain (0: 1). */
double modem_front_level_db(double power, double gain);

#endif
