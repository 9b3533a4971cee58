/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers of a channel, the same on every machine from the same seed: splitmix64, and the polar method for noise.
 */
#ifndef MODEM_RANDOM_H
#define MODEM_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct modem_random {
    uint64_t state; /* the seed */
    bool has_spare;
    float spare;
};

static inline uint64_t modem_random_next(struct modem_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* Even between the two. */
static inline double modem_random_between(struct modem_random *random, double from, double to)
{
    return from + (to - from) * (double)(modem_random_next(random) >> 11) * 0x1p-53;
}

/* Normal, of variance 1. */
static inline float modem_random_normal(struct modem_random *random)
{
    if (random->has_spare) {
        random->has_spare = false;
        return random->spare;
    }
    float a, b, square;
    do {
        uint64_t bits = modem_random_next(random);
        a = (float)(int32_t)(bits >> 32) * 0x1p-31f;
        b = (float)(int32_t)bits * 0x1p-31f;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    float scale = sqrtf(-2 * logf(square) / square);
    random->spare = b * scale;
    random->has_spare = true;
    return a * scale;
}

#endif
