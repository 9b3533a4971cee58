/* SPDX-License-Identifier: Apache-2.0
 *
 * Latencies in log-linear buckets: 64 to each doubling, so that a percentile is off by at most 1.6 %. Nanoseconds.
 */
#ifndef SIM_LOAD_HISTOGRAM_H
#define SIM_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t n, sum, max;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_index(uint64_t ns)
{
    if (ns < 2u << HISTOGRAM_SUB_BITS)
        return (unsigned)ns;
    unsigned shift = (unsigned)(63 - __builtin_clzll(ns)) - HISTOGRAM_SUB_BITS;
    return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(ns >> shift);
}

/* The largest value that falls into a bucket. */
static inline uint64_t histogram_top(unsigned index)
{
    if (index < 2u << HISTOGRAM_SUB_BITS)
        return index;
    unsigned shift = (index >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t sub = (index & ((1u << HISTOGRAM_SUB_BITS) - 1)) + (UINT64_C(1) << HISTOGRAM_SUB_BITS);
    return ((sub + 1) << shift) - 1;
}

static inline void histogram_add(struct histogram *h, int64_t ns)
{
    uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
    h->n++;
    h->sum += value;
    h->max = value > h->max ? value : h->max;
    h->bucket[histogram_index(value)]++;
}

static inline void histogram_join(struct histogram *to, const struct histogram *from)
{
    to->n += from->n;
    to->sum += from->sum;
    to->max = from->max > to->max ? from->max : to->max;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        to->bucket[i] += from->bucket[i];
}

/* The value that `percent` of all do not exceed, in milliseconds; 0 when there are none. */
static inline double histogram_ms(const struct histogram *h, double percent)
{
    uint64_t want = (uint64_t)((double)h->n * percent / 100 + 0.999999), seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->n; i++) {
        seen += h->bucket[i];
        if (seen >= want && seen) {
            uint64_t top = histogram_top(i);
            return (double)(top < h->max ? top : h->max) / 1e6;
        }
    }
    return 0;
}

#endif
