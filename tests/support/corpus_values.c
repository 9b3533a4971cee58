/* SPDX-License-Identifier: Apache-2.0
 *
 * What else a row says besides device, time and place: satellites, battery, supply, mileage, temperatures, alarms, cards, the
 * lock, the cover, cells. Each value that the row has must be in the observation.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/corpus.h"
#include "tests/support/wire.h"

/* Numbers: attribute of the row, where the observation has it ("member.name", or "kind:id" of a sensor), and its scale. */
static const struct {
    const char *attribute, *where;
    double scale;
} numbers[] = {
    {"sat", "fix.satellites", 1},      {"batteryLevel", "power.percent", 1},
    {"battery", "power.volts", 1},     {"power", "supply:", 1},
    {"odometer", "mileage:", 0.001},   {"logisticsLock", "count:lock", 1},
    {"temp0", "temperature:0", 1},     {"temp1", "temperature:1", 1},
    {"temp2", "temperature:2", 1},     {"temp3", "temperature:3", 1},
    {"temp7", "temperature:7", 1},     {"battery2Level", "battery:2", 1},
    {"battery3Level", "battery:3", 1}, {"door", "count:door", 1},
    {"armed", "count:arm", 1},         {"adc1", "count:analog1", 1},
};

/* What the rows have in a form that a message does not say, by set and message type ("" all): see the pages of the protocols. */
static const struct {
    const char *set, *type, *attribute, *reason;
} not_compared[] = {
    {"meitrack", "AAA", "battery", "counts of a converter, whose scale only the model tells"},
    {"meitrack", "AAA", "power", "counts of a converter, whose scale only the model tells"},
    {"meitrack", "CCC", "power", "counts of a converter, whose scale only the model tells"},
    {"meitrack", "", "adc1", "an input"},
    {"meitrack", "AAA", "temp0", "sensors have two digits"},
    {"meitrack", "CCE", "temp1", "of the engine in some records"},
    {"starcom", "", "battery", "-1 and 100 V are no voltages"},
    {"starcom", "", "odometer", "its unit is not known"},
    {"jido", "", "odometer", "its unit is not known"},
    {"bstpl", "", "adc1", "an input"},
    {"upro", "", "adc1", "an input"},
};

static const struct {
    const char *attribute, *member, *when_true, *when_false;
} states[] = {
    {"blocked", "motor", "locked", "unlocked"},
    {"lock", "motor", "locked", "unlocked"},
    {"boxOpen", "cover", "open", "closed"},
};

static const struct {
    const char *word, *event;
} alarms[] = {
    {"vibration", "vibration"},     {"sos", "sos"},
    {"lowBattery", "low-battery"},  {"overspeed", "overspeed"},
    {"powerCut", "power-cut"},      {"tampering", "cover-opened"},
    {"removing", "device-removed"}, {"jamming", "jamming"},
};

static const json_t *get(const json_t *json, const char *key)
{
    return json_object_get(json, key);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(get(json, key));
    return text ? text : "";
}

static bool is_left_out(const struct corpus_row *row, const char *attribute)
{
    const char *type = text_of(row->json, "msgType");
    for (size_t i = 0; i < sizeof not_compared / sizeof *not_compared; i++) {
        bool here = strcmp(not_compared[i].set, row->set) == 0 && (!*not_compared[i].type || strcmp(not_compared[i].type, type) == 0);
        if (here && strcmp(not_compared[i].attribute, attribute) == 0) {
            return true;
        }
    }
    return false;
}

static const json_t *value_at(const json_t *o, const char *where)
{
    const char *rest = strpbrk(where, ".:");
    char name[24];
    snprintf(name, sizeof name, "%.*s", (int)(rest - where), where);
    if (*rest == '.') {
        return get(get(o, name), rest + 1);
    }
    for (size_t i = 0; i < json_array_size(get(o, "sensors")); i++) {
        const json_t *sensor = json_array_get(get(o, "sensors"), i);
        if (strcmp(text_of(sensor, "kind"), name) == 0 && strcmp(text_of(sensor, "id"), rest + 1) == 0) {
            return get(sensor, "value");
        }
    }
    return NULL;
}

static double number_of(const json_t *value)
{
    return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

static bool match_numbers(const struct corpus_row *row, const json_t *attributes, const json_t *o, char *why, size_t size)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *e = get(attributes, numbers[i].attribute), *g = value_at(o, numbers[i].where);
        if (!e || is_left_out(row, numbers[i].attribute)) {
            continue;
        }
        if (!g || fabs(number_of(e) * numbers[i].scale - number_of(g)) > 0.006) {
            snprintf(why, size, "%s: expected %.6g, got %s %.6g", numbers[i].where, number_of(e) * numbers[i].scale, g ? "" : "nothing",
                     number_of(g));
            return false;
        }
    }
    return true;
}

static bool match_states(const json_t *attributes, const json_t *o, char *why, size_t size)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const json_t *e = get(attributes, states[i].attribute);
        const char *expected = json_is_true(e) ? states[i].when_true : states[i].when_false;
        const char *got = text_of(get(o, "state"), states[i].member);
        if (json_is_boolean(e) && strcmp(expected, got) != 0) {
            snprintf(why, size, "state.%s: expected %s, got \"%s\"", states[i].member, expected, got);
            return false;
        }
    }
    return true;
}

static bool match_alarms(const json_t *attributes, const json_t *o, char *why, size_t size)
{
    const char *words = text_of(attributes, "alarm");
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        bool found = strstr(words, alarms[i].word) == NULL;
        for (size_t k = 0; k < json_array_size(get(o, "events")); k++) {
            found |= strcmp(json_string_value(json_array_get(get(o, "events"), k)), alarms[i].event) == 0;
        }
        if (!found) {
            snprintf(why, size, "events: expected %s", alarms[i].event);
            return false;
        }
    }
    const char *card = text_of(attributes, "driverUniqueId");
    if (*card && strcmp(card, text_of(get(o, "unlock"), "credential")) != 0) {
        snprintf(why, size, "unlock.credential: expected %s, got \"%s\"", card, text_of(get(o, "unlock"), "credential"));
        return false;
    }
    return true;
}

/* As many as an observation holds; one that is named twice counts once. */
static bool match_cells(const json_t *position, const json_t *o, char *why, size_t size)
{
    const json_t *cells = get(get(position, "network"), "cells"), *got = get(o, "cells");
    for (size_t i = 0; i < json_array_size(cells) && json_array_size(got) < BULLA_CELLS_MAX; i++) {
        const json_t *e = json_array_get(cells, i);
        bool found = false;
        for (size_t k = 0; k < json_array_size(got); k++) {
            const json_t *g = json_array_get(got, k);
            found |= json_equal(get(e, "mcc"), get(g, "mcc")) && json_equal(get(e, "mnc"), get(g, "mnc")) &&
                     json_equal(get(e, "lac"), get(g, "lac")) && json_equal(get(e, "cid"), get(g, "cid"));
        }
        if (!found) {
            snprintf(why, size, "cells: expected %lld of %lld", (long long)json_integer_value(get(e, "cid")),
                     (long long)json_integer_value(get(e, "lac")));
            return false;
        }
    }
    return true;
}

bool corpus_match_values(const struct corpus_row *row, const struct wire *wire, char *why, size_t size)
{
    const json_t *positions = get(get(row->json, "expects"), "positions");
    if (corpus_is_damaged(row)) {
        return true;
    }
    if (json_array_size(positions) > json_array_size(wire->observations)) {
        snprintf(why, size, "observations: expected %zu, got %zu", json_array_size(positions), json_array_size(wire->observations));
        return false;
    }
    for (size_t i = 0; i < json_array_size(positions); i++) {
        const json_t *position = json_array_get(positions, i), *o = json_array_get(wire->observations, i);
        const json_t *attributes = get(position, "attributes");
        if (!match_numbers(row, attributes, o, why, size) || !match_states(attributes, o, why, size) ||
            !match_alarms(attributes, o, why, size) || !match_cells(position, o, why, size)) {
            return false;
        }
    }
    return true;
}
