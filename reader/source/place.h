/* SPDX-License-Identifier: Apache-2.0
 *
 * A place as a file (JSON): where antennas, seals and metal are, how the radio behaves there, and when seals send. It becomes what
 * one antenna hears (reader/modem/yard.h). Lengths m, times s, powers dBm, losses dB; x and y along the ground, z up.
 *
 *   seconds, rate_hz, seed, link   20, 1e6, 1, "iso433-return" where they are not said
 *   path       model "free-space", "two-ray" with permittivity, "log-distance" with exponent; k_db (null: Rayleigh; without it
 *              nothing fades); shadow_db, shadow_m
 *   receiver   noise_figure_db, full_scale_dbm
 *   antennas   [{name, at_m: [x, y, z], gain_dbi, power_dbm}]: the power of the reader behind it
 *   seals      [{name, at_m, velocity_mps, power_dbm, gain_dbi, first_s, every_s, jitter_s, offset_ppm, clock_ppm, drift_hz_s, ramp_us,
 *              bytes, count: [n, m, k], step_m: [x, y, z]}]; count and step_m make a block of them
 *   metal      [{from_m, to_m, loss_db}]: boxes; each that stands in the way costs its loss
 *   neighbours [{offset_hz, dbm, deviation_hz, bit_hz}];  impulses {per_s, mean_us, dbm}
 *
 * first_s, offset_ppm, clock_ppm, drift_hz_s may be [least, most]: each seal draws its own from the seed. Seals without bytes
 * draw a block of the draft, and send it again and again. A passive seal has wake_dbm: it answers only while the reader's power
 * reaches it with that much; and reflect_db, which its answer is weaker than what reaches it: then power_dbm does not count.
 */
#ifndef SOURCE_PLACE_H
#define SOURCE_PLACE_H

#include "reader/modem/link.h"
#include "reader/modem/yard.h"
#include "reader/source/source.h"

#define PLACE_NAME_MAX     32
#define PLACE_ANTENNAS_MAX 16
#define PLACE_SEALS_MAX    10000
#define PLACE_FRAMES_MAX   200000

enum place_model { PLACE_FREE_SPACE, PLACE_TWO_RAY, PLACE_LOG_DISTANCE };

struct place_path {
    enum place_model model;
    double permittivity, exponent;
    double k_db; /* INFINITY: nothing fades */
    double shadow_db, shadow_m;
};

struct place_antenna {
    char name[PLACE_NAME_MAX];
    double at[3], gain_dbi, power_dbm;
};

struct place_seal {
    char name[PLACE_NAME_MAX];
    double at[3], velocity[3];
    double power_dbm, gain_dbi;
    double wake_dbm, reflect_db; /* -INFINITY: it is active; it sends with its own power */
    double first_s, every_s, jitter_s;
    double offset_ppm, clock_ppm, drift_hz_s, ramp_us;
    uint8_t bytes[MODEM_SCENE_BYTES_MAX];
    size_t n;
};

struct place_metal {
    double from[3], to[3], loss_db;
};

struct place {
    const struct modem_link *link;
    bool to_seal;
    double rate_hz, seconds;
    uint64_t seed;
    struct place_path path;
    double figure_db, full_scale_dbm;
    struct place_antenna antennas[PLACE_ANTENNAS_MAX];
    size_t n_antennas;
    struct place_seal *seals; /* heap */
    size_t n_seals;
    struct place_metal *metal; /* heap */
    size_t n_metal;
    struct modem_neighbour neighbours[MODEM_YARD_NEIGHBOURS_MAX]; /* their amplitude: of their power at full_scale_dbm */
    size_t n_neighbours;
    struct modem_impulses impulses;
};

/* What n bytes of JSON say; `name` is for messages. place_clear afterwards, when it is OK. */
enum source_result place_parse(const char *name, const char *text, size_t n, struct place *place, char why[SOURCE_WHY]);
void place_clear(struct place *place);

/* How long a frame of that seal takes, without its ramps. */
double place_frame_s(const struct place *place, const struct place_seal *seal);

/* ---- what an antenna hears of it ---- */

struct place_heard { /* beside each frame of the yard: what is true of it */
    size_t seal;
    double distance_m;
};

/* Fills in a yard whose frames, and *heard beside them, are heap. SOURCE_WRONG: there are more than PLACE_FRAMES_MAX. */
enum source_result place_lay_out(const struct place *place, size_t antenna, struct modem_yard *yard, struct place_heard **heard,
                                 char why[SOURCE_WHY]);

#endif
