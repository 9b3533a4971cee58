/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to a virtual seal, in words: one line each, one row each.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/seal_device.h"

enum need { NOTHING, NUMBER, SURFACE, SPOT };

struct word_of_mouth {
    const char *word;
    enum need need;
    int on;       /* enum bulla_on; -1: none */
    int shackle;  /* 1 out, 0 in, -1 as it is */
    bool by_hand; /* a lock holds it */
};

static const struct word_of_mouth words[] = {
    {"cut", NOTHING, BULLA_ON_SHACKLE_CUT, 1, false},
    {"open", NOTHING, BULLA_ON_SHACKLE_OPENED, 1, true},
    {"force", NOTHING, BULLA_ON_SHACKLE_OPENED, 1, false},
    {"close", NOTHING, BULLA_ON_SHACKLE_CLOSED, 0, false},
    {"door-open", SURFACE, BULLA_ON_DOOR_OPENED, -1, false},
    {"door-close", SURFACE, BULLA_ON_DOOR_CLOSED, -1, false},
    {"cover-open", NOTHING, BULLA_ON_COVER_OPENED, -1, false},
    {"body-open", NOTHING, BULLA_ON_BODY_OPENED, -1, false},
    {"intrusion", SURFACE, BULLA_ON_INTRUSION, -1, false},
    {"limit", NUMBER, BULLA_ON_LIMIT, -1, false},
    {"battery", NUMBER, -1, -1, false},
    {"temperature", NUMBER, -1, -1, false},
    {"position", SPOT, -1, -1, false},
    {"power-off", NOTHING, BULLA_ON_POWER_LOST, -1, false},
};

static bool wrong(const char *what, const char *expected)
{
    cli_json_print(json_pack("{s:s,s:s,s:s}", "event", "error", "what", what, "expected", expected));
    return true;
}

static int surface_of(const char *text)
{
    for (int i = 0; bulla_surface_text((unsigned)i)[0]; i++) {
        if (strcmp(bulla_surface_text((unsigned)i), text) == 0) {
            return i;
        }
    }
    return -1;
}

static bool happen(struct seal_device *device, const struct word_of_mouth *word, int surface, double number)
{
    const struct bulla_seal_event event = {
        .on = (uint8_t)word->on, .surface = (uint8_t)surface, .value = word->need == NUMBER ? (int32_t)(number * 1000) : 0};
    if (word->shackle >= 0 && !seal_device_move(device, word->shackle)) {
        return true;
    }
    if (bulla_seal_event(&device->seal, &event, seal_device_now()) != BULLA_OK) {
        return wrong(word->word, "memory that takes it");
    }
    return word->on != BULLA_ON_POWER_LOST;
}

/* Readings that make no event by themselves: the next turn looks at them. */
static bool measure(struct seal_device *device, const struct word_of_mouth *word, double a, double b)
{
    if (word->need == SPOT) {
        device->spot = (struct bulla_spot){(int32_t)(a * 1e7), (int32_t)(b * 1e7)};
    } else if (word->word[0] == 'b') {
        device->battery = (unsigned)a;
    } else {
        device->celsius_milli = (int32_t)(a * 1000);
    }
    return true;
}

static bool in_range(enum need need, double a, double b)
{
    if (need == SPOT) {
        return a >= -90 && a <= 90 && b >= -180 && b <= 180;
    }
    return a >= -1000000 && a <= 1000000;
}

static bool act(struct seal_device *device, const struct word_of_mouth *word, const char *first, const char *second)
{
    int surface = 0;
    char *end = NULL, *end_b = NULL;
    double a = 0, b = 0;
    if (word->need == SURFACE && first && (surface = surface_of(first)) < 0) {
        return wrong(word->word, "left-door, right-door, left, right, roof, floor or front");
    }
    if (word->need == NUMBER || word->need == SPOT) {
        a = first ? strtod(first, &end) : 0;
        b = second ? strtod(second, &end_b) : 0;
        bool good = first && end != first && *end == '\0' && in_range(word->need, a, b);
        if (!good || (word->need == SPOT && (!second || end_b == second || *end_b))) {
            return wrong(word->word, word->need == SPOT ? "latitude and longitude in degrees" : "a number");
        }
    }
    if (word->by_hand && device->locked) {
        return wrong(word->word, "a shackle that is not locked: it can be cut, or forced");
    }
    return word->on < 0 ? measure(device, word, a, b) : happen(device, word, surface, a);
}

bool seal_control(struct seal_device *device, char *line)
{
    char *rest = NULL;
    const char *first = strtok_r(line, " \t\r\n", &rest);
    if (!first) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, first) == 0) {
            const char *a = strtok_r(NULL, " \t\r\n", &rest);
            return act(device, &words[i], a, a ? strtok_r(NULL, " \t\r\n", &rest) : NULL);
        }
    }
    return wrong(first, "cut, open, force, close, door-open, door-close, cover-open, body-open, intrusion, limit, battery, temperature, "
                        "position or power-off");
}
