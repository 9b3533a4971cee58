/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens between a transmitter and an antenna, piece by piece, each from a seed: loss over the way, the ray from the
 * ground, fading, shadows, impulses, neighbours in the band. Powers are dBm, losses dB, lengths m, frequencies Hz.
 *
 * The gain of a way is complex, of amplitudes: power is its square.
 */
#ifndef MODEM_CHANNEL_H
#define MODEM_CHANNEL_H

#include <stddef.h>

#include "reader/modem/random.h"

struct modem_gain {
    double re, im;
};

/* Thermal noise at 290 K in a band so wide, behind a receiver of that noise figure. */
double modem_channel_noise_dbm(double bandwidth_hz, double figure_db);

/* Between isotropic antennas; nearer than a wavelength it is that of a wavelength. */
double modem_channel_free_space_db(double hz, double distance_m);

/* Free space up to a metre, 10 n dB a decade behind it. */
double modem_channel_log_distance_db(double hz, double distance_m, double exponent);

/* How flat ground of that relative permittivity reflects a vertically polarised wave that comes at an angle (its sine). */
double modem_channel_reflection(double permittivity, double sine);

/* The direct ray and the one from flat ground, between isotropic antennas at two heights, so far apart along the ground. */
struct modem_gain modem_channel_two_ray(double hz, double along_m, double from_m, double to_m, double permittivity);

/* ---- fading: a steady ray and scattered ones from all around (Rice; Rayleigh where K is none) ---- */

#define MODEM_FADING_RAYS 16

struct modem_fading {
    double steady, steady_hz, steady_turns;
    double scattered; /* amplitude of each ray; 0 with a steady one: no fading */
    double hz[MODEM_FADING_RAYS], turns[MODEM_FADING_RAYS];
};

/* Mean power is 1. K, dB: the steady ray over all others; -INFINITY: none, INFINITY: nothing fades. The scattered rays come with
 * Doppler shifts up to `doppler_hz` (speed over wavelength); the steady one has `steady_hz`. */
void modem_fading_init(struct modem_fading *fading, struct modem_random *random, double k_db, double doppler_hz, double steady_hz);
struct modem_gain modem_fading_at(const struct modem_fading *fading, double t_s);

/* ---- shadows: log-normal, and alike where places are near each other ---- */

struct modem_shadow {
    double sigma_db, length_m; /* after which they are alike by 1/e */
    double db;
    bool begun;
};

/* The loss after moving so far from where it was asked before; its mean is 0. */
double modem_shadow_next(struct modem_shadow *shadow, struct modem_random *random, double moved_m);

/* ---- what else is in the band ---- */

struct modem_impulses { /* of engines and switches: they begin at random, and last for a random time */
    double per_s, mean_s;
    double amplitude; /* root of the mean power while one lasts */
    /* private */
    double next, left; /* samples until the next one begins; until this one ends */
    bool begun;
};

void modem_impulses_add(struct modem_impulses *impulses, struct modem_random *random, double rate_hz, float *iq, size_t n);

struct modem_neighbour { /* a carrier; with a deviation and a bit rate, FSK with random bits */
    double offset_hz, amplitude, deviation_hz, bit_hz;
    /* private */
    double turns, left; /* samples until the bit ends */
    double sign;
};

void modem_neighbour_add(struct modem_neighbour *neighbour, struct modem_random *random, double rate_hz, float *iq, size_t n);

#endif
