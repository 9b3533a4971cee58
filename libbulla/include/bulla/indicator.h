/* SPDX-License-Identifier: Apache-2.0
 *
 * The six indicators of an active seal (WCO study report, 4.3): what each looks like follows from the device's state
 * and modes and from five facts of its radios and its charger, by one table. The alarm's blinking stays until somebody
 * acknowledges; a seal that was tampered with is lit steadily after that. A seal without a panel, or without power, is dark.
 */
#ifndef BULLA_INDICATOR_H
#define BULLA_INDICATOR_H

#include "bulla/api.h"
#include "bulla/device.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_INDICATOR_TABLE(X) /* indicator, number, name */                             \
    X(SEALING, 0, "sealing") X(UNSEALING, 1, "unsealing") X(POSITIONING, 2, "positioning") \
    X(NETWORKING, 3, "networking") X(ALARM, 4, "alarm") X(BATTERY, 5, "battery")

#define BULLA_LOOK_TABLE(X) /* look, number, name, period in ms, of which lit */ \
    X(DARK, 0, "dark", 1000, 0) X(LIT, 1, "lit", 1000, 1000)                     \
    X(SLOW, 2, "blinks slowly", 2000, 500) X(FAST, 3, "blinks fast", 500, 250)

#define BULLA_LIGHT_TABLE(X) /* fact, bit of the conditions; beside what the device has and is */ \
    X(CHARGING, 19) X(FIXING, 20) X(FIXED, 21) X(JOINING, 22) X(JOINED, 23)
/* clang-format on */

enum bulla_indicator {
#define X(name, number, text) BULLA_INDICATOR_##name = number,
    BULLA_INDICATOR_TABLE(X)
#undef X
};
#define BULLA_INDICATORS 6

enum bulla_look {
#define X(name, number, text, period, lit) BULLA_LOOK_##name = number,
    BULLA_LOOK_TABLE(X)
#undef X
};

enum bulla_light_bit {
#define X(name, bit) BULLA_LIGHT_AT_##name = bit,
    BULLA_LIGHT_TABLE(X)
#undef X
};
#define BULLA_LIGHT(name) (UINT32_C(1) << BULLA_LIGHT_AT_##name)
#define BULLA_LIGHTS      UINT32_C(0x00F80000)

/* `facts` are bits of BULLA_LIGHT. */
enum bulla_look bulla_indicator_look(const struct bulla_device *device, uint32_t facts, enum bulla_indicator indicator);

/* Is a lamp of this look lit at this time? Lamps of one look blink together. */
bool bulla_look_is_lit(enum bulla_look look, uint64_t time_ms);

const char *bulla_indicator_text(enum bulla_indicator indicator);
const char *bulla_look_text(enum bulla_look look);

BULLA_END

#endif
