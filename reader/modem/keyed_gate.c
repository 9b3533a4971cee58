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
    g->kernels->ladder(g->sum_re, g->re[level], places, doublings, n); /* eight periods, or four from a seal of twice the length */
    if (from_seal)
        g->kernels->ladder(g->sum_im, g->im[level], places, doublings, n);
    else
        memset(g->sum_im, 0, n * sizeof *g->sum_im); /* a reader's step is along its carrier */
    const struct modem_steps steps = {
        g->sum_re, g->sum_im, g->re[level], g->im[level], g->square[level], reach, 1 / (float)(reach << level), most};
    g->kernels->steps(&steps, g->over, n);
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
