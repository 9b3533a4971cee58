/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeded randomness of the simulated world: xoshiro256**, seeded by SplitMix64.
 *
 * Splittable: sim_random_split(parent, label) gives a stream that depends on the parent's seed and the label alone,
 * not on how much was drawn from the parent. So a new draw in one part of the world changes no other part, and the
 * same seed gives the same bytes on every machine. Not for secrets.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t seed; /* what splits are made from */
    uint64_t s[4];
};

static inline uint64_t sim_random_mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct sim_random sim_random_new(uint64_t seed)
{
    struct sim_random r = {.seed = seed};
    uint64_t state = seed;
    for (int i = 0; i < 4; i++)
        r.s[i] = sim_random_mix(&state);
    return r;
}

static inline struct sim_random sim_random_split(const struct sim_random *parent, uint64_t label)
{
    uint64_t state = parent->seed;
    uint64_t first = sim_random_mix(&state);
    state = first ^ (label * UINT64_C(0xd1342543de82ef95));
    return sim_random_new(sim_random_mix(&state));
}

static inline uint64_t sim_random_u64(struct sim_random *r)
{
    uint64_t *s = r->s;
    uint64_t result = ((s[1] * 5) << 7 | (s[1] * 5) >> 57) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* In [0, 1). */
static inline double sim_random_unit(struct sim_random *r)
{
    return (double)(sim_random_u64(r) >> 11) * 0x1.0p-53;
}

static inline double sim_random_between(struct sim_random *r, double low, double high)
{
    return low + (high - low) * sim_random_unit(r);
}

/* In [0, n); n > 0. The bias of the multiplication is below 2^-32 for the small n used here. */
static inline uint32_t sim_random_below(struct sim_random *r, uint32_t n)
{
    return (uint32_t)(((sim_random_u64(r) >> 32) * n) >> 32);
}

static inline bool sim_random_chance(struct sim_random *r, double probability)
{
    return sim_random_unit(r) < probability;
}

/* Standard normal, Box-Muller; always two draws, so that streams stay in step. */
static inline double sim_random_normal(struct sim_random *r)
{
    double u = 1.0 - sim_random_unit(r), v = sim_random_unit(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

#endif
