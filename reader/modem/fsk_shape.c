/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "reader/modem/fsk.h"

#define H_TURNS 0.5 /* by which a bit turns the carrier: h = 1 */

/* The integral of the normal distribution up to x, and its own integral. */
static double normal_area(double x)
{
    return 0.5 * erfc(-x / M_SQRT2);
}

static double area_integral(double x)
{
    return x * normal_area(x) + exp(-x * x / 2) / sqrt(2 * M_PI);
}

double modem_fsk_turned(const struct bulla_packet *packet, double bits)
{
    if (packet->bt_percent == 0)
        return H_TURNS * (bits < 0 ? 0 : bits > 1 ? 1 : bits);
    double sigma = sqrt(log(2)) / (2 * M_PI * packet->bt_percent / 100.0);
    return H_TURNS * sigma * (area_integral(bits / sigma) - area_integral((bits - 1) / sigma));
}

/* Of a pattern, at a place in its middle bit; the bits before have turned the carrier by half a turn each. */
static double turned(const struct bulla_packet *packet, unsigned pattern, double bits)
{
    double sum = 0;
    for (int neighbour = -1; neighbour <= 1; neighbour++) {
        double turns = modem_fsk_turned(packet, bits - neighbour) - (neighbour < 0 ? H_TURNS : 0);
        sum += pattern >> (1 - neighbour) & 1 ? turns : -turns;
    }
    return sum;
}

void modem_fsk_shape_make(struct modem_fsk_shape *shape, const struct bulla_packet *packet)
{
    shape->packet = packet;
    for (unsigned pattern = 0; pattern < MODEM_FSK_PATTERNS; pattern++) {
        for (unsigned i = 0; i < MODEM_FSK_STEPS; i++) {
            double turns = turned(packet, pattern, (i + 0.5) / MODEM_FSK_STEPS);
            shape->re[i][pattern] = (float)cos(2 * M_PI * turns);
            shape->im[i][pattern] = (float)sin(2 * M_PI * turns);
        }
        shape->slope[pattern] = (float)(turned(packet, pattern, 1) - turned(packet, pattern, 0));
    }
}

/* 1 - the correlation of two patterns, over a bit. */
static double distance(const struct modem_fsk_shape *shape, unsigned a, unsigned b)
{
    double sum = 0;
    for (unsigned i = 0; i < MODEM_FSK_STEPS; i++)
        sum += 1 - (double)shape->re[i][a] * shape->re[i][b] - (double)shape->im[i][a] * shape->im[i][b];
    return sum / MODEM_FSK_STEPS;
}

double modem_fsk_theory(const struct modem_fsk_shape *shape, double ebn0)
{
    double chance = 0;
    for (unsigned around = 0; around < 16; around++) { /* two bits on either side: a bit shapes its neighbours too */
        unsigned zero = (around & 12) << 1 | (around & 3), one = zero | 4;
        double d = 0;
        for (unsigned k = 0; k < 3; k++)
            d += distance(shape, zero >> k & 7, one >> k & 7);
        chance += 0.5 * erfc(sqrt(ebn0 * d / 2)) / 16;
    }
    return chance;
}

double modem_fsk_theory_noncoherent(double ebn0)
{
    return 0.5 * exp(-ebn0 / 2);
}
