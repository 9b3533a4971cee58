/* SPDX-License-Identifier: Apache-2.0
 *
 * What one antenna of a place hears, in dBm: frames over ways that fade while they last, the receiver's own noise, impulses and
 * neighbours; piece by piece, from a seed. A carrier of `full_scale_dbm` fills the range of the samples, what is stronger is clipped.
 */
#ifndef MODEM_YARD_H
#define MODEM_YARD_H

#include "reader/modem/channel.h"
#include "reader/modem/scene.h"

#define MODEM_YARD_NEIGHBOURS_MAX 8

struct modem_yard_frame {
    struct modem_scene_frame frame; /* its amplitude does not count; at_s is when its first edge arrives */
    double level_dbm;               /* behind the antenna, in the mean of the fading */
    double drift_hz_s;              /* by which the carrier moves while it lasts */
    struct modem_fading fading;     /* its time is that of the yard */
};

struct modem_yard {
    double rate_hz, seconds;
    double full_scale_dbm;
    double figure_db; /* of the receiver; -INFINITY: no noise */
    struct modem_impulses impulses;
    struct modem_neighbour neighbours[MODEM_YARD_NEIGHBOURS_MAX];
    size_t n_neighbours;
    struct modem_yard_frame *frames; /* the caller's, in the order of time */
    size_t n_frames;
    uint64_t seed;
    /* private */
    struct modem_random random;
    uint64_t at;    /* samples given */
    size_t current; /* frames before it are over */
    bool begun;
};

/* Of a carrier of that power in samples of that yard. */
double modem_yard_amplitude(const struct modem_yard *yard, double dbm);

/* The next samples, at most `most`; 0: it is over. */
size_t modem_yard_next(struct modem_yard *yard, float *iq, size_t most);

#endif
