/* SPDX-License-Identifier: Apache-2.0
 *
 * What an antenna hears, made from a seed: frames one after another or over each other, each with its own offset, clock,
 * phase and level, and noise; piece by piece, so that an hour takes no more memory than a second.
 *
 * Eb/N0 is that of a frame at level 0 dB: its energy in a bit over the noise in one Hz. The noise fills the band
 * that the rate has, so in samples it is larger at a higher rate.
 */
#ifndef MODEM_SCENE_H
#define MODEM_SCENE_H

#include "reader/modem/random.h"
#include "reader/modem/wave.h"

#define MODEM_SCENE_BYTES_MAX BULLA_FRAME_MAX

struct modem_scene_frame {
    double at_s; /* first edge */
    uint8_t bytes[MODEM_SCENE_BYTES_MAX];
    size_t n;
    struct modem_wave wave; /* its bytes are set when it is sent */
};

struct modem_scene {
    double rate_hz, ebn0_db; /* INFINITY: no noise */
    double bit_s;            /* 0: that of the first frame's wave */
    double seconds;
    struct modem_scene_frame *frames; /* the caller's, in the order of time */
    size_t n_frames;
    uint64_t seed; /* of the noise */
    /* private */
    struct modem_random random;
    uint64_t at;    /* samples given */
    size_t current; /* frames before it are over */
    float amplitude, sigma;
    bool begun;
};

/* The next samples, as pairs of floats in which nothing is clipped at full scale but rare peaks of noise; returns how many
 * (0: the scene is over). */
size_t modem_scene_next(struct modem_scene *scene, float *iq, size_t most);

/* Level of a frame of amplitude 1 in the samples, and of the noise in either part. */
void modem_scene_levels(const struct modem_scene *scene, float *amplitude, float *sigma);

/* A block with everything random: maker, numbers, a container with its check digit; the CRC starts at 0xFFFF. */
void modem_scene_block(struct modem_random *random, uint8_t bytes[BULLA_BLOCK_SIZE]);

#endif
