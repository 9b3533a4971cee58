/* SPDX-License-Identifier: Apache-2.0
 *
 * Tank: what a level sensor says, net of what is no loss. Waves: the mean of what lies near the median over their period,
 * with its spread (a wave is seldom at its middle, where a median would look for it). Temperature: the volume at 15 C. Slope and
 * acceleration: values of that moment do not count. What is left is compared with what the tank held within the last half hour in which it
 * was heard.
 *
 * Expansion is that of ASTM D1250 (API MPMS 11.1), fuel oils of 840 kg/m3: 186.9696 / 840^2 + 0.48618 / 840 = 0.00084 per K.
 */
#ifndef RULES_TANK_H
#define RULES_TANK_H

#include <stdbool.h>
#include <stdint.h>

#define TANK_WAVE_S       600 /* waves are evened out over so long, */
#define TANK_VALUES       16  /* or so many values, whichever is less; never less than three */
#define TANK_PARTS        7
#define TANK_WITHIN_S     1800
#define TANK_EXPANSION    0.00084 /* per K */
#define TANK_FALL_PERCENT 2.0
#define TANK_BURNS_L      50.0 /* an hour, what an engine may take while it drives */

/* Whole seconds since 1970 and thousandths of a litre at 15 C: every journey has a tank, for all that is known of it. */
struct tank_value {
    uint32_t at_s;
    int32_t litres;
};

struct tank_part {    /* what the tank held, every five minutes */
    uint32_t heard_s; /* on the clock of the time in which it was heard */
    uint32_t at_s;
    int32_t litres;
    float spread; /* standard deviation of `litres` */
};

struct tank {
    uint8_t n, n_parts;
    bool has_temperature;
    int32_t temperature; /* thousandths, the last that was said */
    uint32_t heard_s;
    struct tank_value value[TANK_VALUES]; /* oldest first */
    struct tank_part part[TANK_PARTS];    /* oldest first */
};

struct tank_fall {
    int64_t onset_ms; /* the first value that was well below what the tank had held */
    int64_t since_ms; /* when it held that */
    int32_t before, now;
};

/* Forgets what the tank held: it may be filled or emptied here. */
void tank_forget(struct tank *tank);

/* A new temperature of what is in it. */
void tank_warm(struct tank *tank, int32_t milli);

/* Takes a level in, thousandths of a litre. True while it has fallen by more than `percent` and than anything that
 * is no loss. */
bool tank_step(struct tank *tank, int64_t at_ms, int32_t milli, bool driving, double percent, struct tank_fall *fall);

#endif
