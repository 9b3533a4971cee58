/* SPDX-License-Identifier: Apache-2.0
 *
 * The first look for a preamble, at every place and rate: eight zeros to a seal, or eight ones from one, against the energy there.
 * One period of them is three places in the sums; two periods are one and one, and so on, so that sixteen half bits cost five
 * additions, many places at once. What does not change over the stretch is taken off first, so floats do.
 */
#include <math.h>
#include <string.h>

#include "reader/modem/keyed.h"

#define AT_ONCE 64
#define FEWEST  5.0 /* samples of a half bit that are looked at: of longer ones a part */

void modem_keyed_gate_begin(struct modem_keyed_gate *g, const struct modem_keyed_trace *trace, size_t from, size_t n)
{
    const struct modem_keyed_sum *s = trace->sums + from;
    n = n < MODEM_KEYED_GATE_ROOM - 1 ? n : MODEM_KEYED_GATE_ROOM - 1;
    double re = (s[n].re - s->re) / (double)n, im = (s[n].im - s->im) / (double)n, mean = re * re + im * im;
    for (size_t i = 0; i <= n; i++) {
        double a = s[i].re - s->re, b = s[i].im - s->im, k = (double)i;
        g->re[0][i] = (float)(a - re * k);
        g->im[0][i] = (float)(b - im * k);
        g->square[0][i] = (float)(s[i].square - s->square - 2 * (a * re + b * im) + mean * k);
    }
    g->n[0] = n + 1;
    for (size_t level = 1; level < MODEM_KEYED_GATE_LEVELS; level++) {
        g->n[level] = g->n[level - 1] / 2;
        for (size_t i = 0; i < g->n[level]; i++) {
            g->re[level][i] = g->re[level - 1][2 * i];
            g->im[level][i] = g->im[level - 1][2 * i];
            g->square[level][i] = g->square[level - 1][2 * i];
        }
    }
}

/* Eight periods (or four, from a seal, of twice the length) that begin at each of n places. `a` is made up. */
static void ladder(float *restrict a, const float *restrict c, const size_t *places, size_t doublings, size_t n)
{
    size_t reach = places[2 + doublings];
    for (size_t i = 0; i < n + reach - places[2]; i++)
        a[i] = 2 * c[i + places[1]] - c[i] - c[i + places[2]];
    for (size_t k = 0; k < doublings; k++) {
        size_t on = places[2 + k], all = n + reach - places[3 + k];
        for (size_t i = 0; i < all; i++) /* what is read lies ahead of what is written */
            a[i] += a[i + on];
    }
}

static bool any_above(const float *over, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = over[i] > most ? over[i] : most;
    return most > 0;
}

size_t modem_keyed_gate_run(struct modem_keyed_gate *g, double half, bool from_seal, size_t n, float most, uint16_t *hits, size_t most_hits)
{
    size_t level = 0, doublings = from_seal ? 2 : 3, found = 0;
    for (; level + 1 < MODEM_KEYED_GATE_LEVELS && half >= 2 * FEWEST; level++, half /= 2)
        n = (n + 1) / 2;
    size_t places[6];
    for (size_t k = 0; k < 3 + doublings; k++)
        places[k] = (size_t)lrint((double)(k == 0 ? 0u : (from_seal ? 2u : 1u) << (k - 1)) * half);
    size_t reach = places[2 + doublings];
    if (g->n[level] <= reach + 2)
        return 0;
    n = n + reach + 2 < g->n[level] ? n : g->n[level] - reach - 2;
    ladder(g->sum_re, g->re[level], places, doublings, n);
    if (from_seal)
        ladder(g->sum_im, g->im[level], places, doublings, n);
    else
        memset(g->sum_im, 0, n * sizeof *g->sum_im); /* a reader's step is along its carrier */
    const float *re = g->re[level], *im = g->im[level], *square = g->square[level];
    float each = 1 / (float)(reach << level);
    for (size_t i = 0; i < n; i++) {
        float mean_re = re[i + reach] - re[i], mean_im = im[i + reach] - im[i];
        float rest = square[i + reach] - square[i] - (mean_re * mean_re + mean_im * mean_im) * each;
        g->over[i] = g->sum_re[i] * g->sum_re[i] + g->sum_im[i] * g->sum_im[i] - most * (rest + 1);
    }
    for (size_t at = 0; at < n; at += AT_ONCE) {
        size_t end = at + AT_ONCE < n ? at + AT_ONCE : n;
        if (!any_above(g->over + at, end - at))
            continue;
        for (size_t i = at; i < end && found < most_hits; i++)
            if (g->over[i] > 0 && (i == 0 || g->over[i] >= g->over[i - 1]) && (i + 1 == n || g->over[i] > g->over[i + 1]))
                hits[found++] = (uint16_t)(i << level);
    }
    return found;
}
