/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf bench: what its parts share, which are a file each. Scenes of random frames from a seed are sent through a receiver, and what
 * it says is held against what was sent.
 */
#ifndef CLI_RF_BENCH_H
#define CLI_RF_BENCH_H

#include <stdio.h>

#include "cli/json.h"
#include "reader/modem/scene.h"

#include "cli/rf.h"
#include "reader/modem/receiver.h"

struct cli_bench {
    const struct modem_link *link;
    bool forward, shallow; /* orders to seals; with a modulation index of 11 % */
    size_t packets;        /* a point */
    double noise_samples;
    uint64_t seed;
};

struct cli_bench_conditions {
    const char *name;
    double rate_hz, ebn0_db, gap_least_s, gap_most_s, ramp_s, clock_percent;
    enum modem_format format;
    double depth_db; /* of a passive seal's answer under the carrier; 0: the usual one */
};

/* cu8 at 1 MS/s, gaps of 3 to 15 ms, ramps of 50 us. */
extern const struct cli_bench_conditions cli_bench_usual;

struct cli_bench_score {
    const struct modem_scene *scene;
    bool *got; /* of each frame; the caller frees it */
    size_t n_hard, n_corrected, n_wrong, n_bad;
    double seconds; /* of the processor */
};

bool cli_bench_keyed(const struct cli_bench *bench);
bool cli_bench_fsk(const struct cli_bench *bench);

/* A frame with random contents, offset, phase, polarity and rate. */
void cli_bench_frame(const struct cli_bench *bench, const struct cli_bench_conditions *c, struct modem_random *random,
                     struct modem_scene_frame *f);

/* n frames one after another; false: no memory. The caller frees scene->frames. */
bool cli_bench_lay_out(const struct cli_bench *bench, const struct cli_bench_conditions *c, size_t n, uint64_t seed,
                       struct modem_scene *scene);

/* Sends the scene through a receiver, and into a file where there is one. False: no memory. */
bool cli_bench_play(const struct cli_bench *bench, struct modem_scene *scene, enum modem_format format, const struct modem_kernels *kernels,
                    FILE *also, struct cli_bench_score *score);

/* The parts. False after telling stderr. */
bool cli_bench_curve(const struct cli_bench *bench);
bool cli_bench_conditions(const struct cli_bench *bench);
bool cli_bench_noise(const struct cli_bench *bench);
bool cli_bench_collisions(const struct cli_bench *bench);
bool cli_bench_beside(const struct cli_bench *bench);
bool cli_bench_speed(const struct cli_bench *bench);

#endif
