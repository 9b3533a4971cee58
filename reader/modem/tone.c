/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/tone.h"

#include <string.h>

struct modem_sum modem_turns[MODEM_TURN_STEPS];

void modem_turns_fill(void)
{
    static int filled; /* whoever comes first fills it; two at once write the same */
    if (__atomic_load_n(&filled, __ATOMIC_ACQUIRE))
        return;
    for (int i = 0; i < MODEM_TURN_STEPS; i++)
        modem_turns[i] = (struct modem_sum){(float)cos(2 * M_PI * i / MODEM_TURN_STEPS), (float)sin(2 * M_PI * i / MODEM_TURN_STEPS)};
    __atomic_store_n(&filled, 1, __ATOMIC_RELEASE);
}

void modem_tones_set(struct modem_tones *tones, double high, double low)
{
    memset(tones, 0, sizeof *tones);
    tones->high = high;
    tones->low = low;
    for (int tone = 0; tone < 2; tone++) {
        float(*table)[2 * MODEM_TONE] = tones->table[tone];
        double re = 1, im = 0, turns = tone ? low : high, step_re = cos(2 * M_PI * turns), step_im = sin(2 * M_PI * turns);
        for (int i = 0; i < MODEM_TONE; i++) {
            table[MODEM_TONE][i] = (float)re;
            table[MODEM_TONE][MODEM_TONE + i] = (float)im;
            double next = re * step_re - im * step_im;
            im = re * step_im + im * step_re;
            re = next;
        }
        for (int n = 1; n < MODEM_TONE; n++) {
            memcpy(table[n], table[MODEM_TONE], (size_t)n * sizeof(float));
            memcpy(table[n] + MODEM_TONE, table[MODEM_TONE] + MODEM_TONE, (size_t)n * sizeof(float));
        }
    }
}

static struct modem_sum conjugate(struct modem_sum a)
{
    return (struct modem_sum){a.re, -a.im};
}

int modem_tones_over(const struct modem_region *region, const struct modem_tones *tones, double from, double to, struct modem_sum sums[2])
{
    sums[0] = sums[1] = (struct modem_sum){0, 0};
    if (!(from > 0) || !(to <= (double)region->n))
        return 0;
    size_t at = (size_t)ceil(from), end = (size_t)ceil(to);
    while (at < end) {
        size_t n = end - at < MODEM_TONE ? end - at : MODEM_TONE;
        struct modem_sum part[2];
        region->kernels->tones(region->re + at, region->im + at, tones->table[0][n], tones->table[1][n], part);
        double behind = (double)at - from;
        sums[0] = modem_plus(sums[0], modem_times(part[0], conjugate(modem_turn(tones->high * behind))));
        sums[1] = modem_plus(sums[1], modem_times(part[1], conjugate(modem_turn(tones->low * behind))));
        at += n;
    }
    return 1;
}

struct modem_line modem_line_through(const double *values, size_t n)
{
    double middle = ((double)n - 1) / 2, sum = 0, product = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)i - middle;
        sum += values[i];
        product += x * values[i];
        squares += x * x;
    }
    double slope = product / squares;
    return (struct modem_line){sum / (double)n - slope * middle, slope};
}
