/* SPDX-License-Identifier: Apache-2.0
 *
 * Definition: a kind of alarm that an officer defined, as data. Conditions, each a field, an operation and a value, are joined by
 * `all` and `any`; what they say together must be so for some minutes. Whatever is not known is neither true nor false, and changes
 * nothing.
 *
 * The conditions are kept in the order in which a reader of the JSON meets them: a join stands before what it joins, and knows where
 * that ends.
 */
#ifndef MODEL_DEFINITION_H
#define MODEL_DEFINITION_H

#include "platform/model/journey.h"

#define DEFINITION_NODES_MAX 32
#define DEFINITION_DEPTH_MAX 4
#define DEFINITION_TEXT_SIZE 48
#define DEFINITIONS_ON_MAX   32 /* at a time */

/* clang-format off */
/* Numbers are stored: never reuse one. Field, number, text, what its value is, unit. */
#define DEFINITION_FIELD_TABLE(X) \
    X(SPEED, 1, "speed", NUMBER, "km/h") X(PLACE, 2, "place", PLACE, "") X(ZONE, 3, "zone", ZONE, "") X(TIME_OF_DAY, 4, "time_of_day", HOURS, "UTC") \
    X(BATTERY, 5, "battery", NUMBER, "%") X(STATE, 6, "state", STATE, "") X(EVENT, 7, "event", EVENT, "") X(SILENCE, 8, "silence", NUMBER, "min") \
    X(STAY, 9, "stay", NUMBER, "min") X(CARGO, 10, "cargo", TEXT, "") X(HS, 11, "hs", TEXT, "") X(MODE, 12, "mode", MODE, "") \
    X(CARRIER, 13, "carrier", TEXT, "") X(OFF_ROUTE, 14, "off_route", NUMBER, "m") X(SEALED_FOR, 15, "sealed_for", NUMBER, "h") \
    X(REGIME, 16, "regime", REGIME, "") \
    /* of sensors: 100 and the number of the kind */ \
    X(TEMPERATURE, 101, "temperature", NUMBER, "C") X(HUMIDITY, 102, "humidity", NUMBER, "%") X(LIGHT, 103, "light", NUMBER, "lx") \
    X(TILT, 104, "tilt", NUMBER, "deg") X(SHOCK, 105, "shock", NUMBER, "g") X(PRESSURE, 106, "pressure", NUMBER, "kPa") \
    X(VOC, 107, "voc", NUMBER, "ppm") X(OIL, 111, "oil", NUMBER, "L") X(ACCELERATION, 112, "acceleration", NUMBER, "g")
#define DEFINITION_OP_TABLE(X) X(LESS, 1, "<") X(AT_MOST, 2, "<=") X(MORE, 3, ">") X(AT_LEAST, 4, ">=") X(INSIDE, 5, "inside") \
    X(OUTSIDE, 6, "outside") X(BETWEEN, 7, "between") X(IS, 8, "is") X(IS_NOT, 9, "is-not") X(CONTAINS, 10, "contains") X(BEGINS, 11, "begins")
/* clang-format on */
#define X(name, number, text, value, unit) FIELD_##name = number,
enum definition_field { DEFINITION_FIELD_TABLE(X) };
#undef X
#define X(name, number, text) OP_##name = number,
enum definition_op { DEFINITION_OP_TABLE(X) };
#undef X
enum definition_value { VALUE_NUMBER, VALUE_PLACE, VALUE_ZONE, VALUE_HOURS, VALUE_STATE, VALUE_EVENT, VALUE_TEXT, VALUE_MODE, VALUE_REGIME };
enum definition_join { JOIN_NONE, JOIN_ALL, JOIN_ANY };

#define FIELD_SENSORS 100 /* the field of a sensor kind is this and its number */

struct definition_node {
    int32_t join;                    /* enum definition_join; the rest below is of a condition alone */
    int32_t until;                   /* the node behind it and all that it joins */
    int32_t field, op;               /* enums above */
    double number;                   /* also of a word's enum; of hours: minutes of the day from */
    double number_until;             /* of hours: minutes of the day until, which may be the next day's */
    char text[DEFINITION_TEXT_SIZE]; /* of a text */
    struct place place;              /* of a place */
};

struct definition {
    char id[MODEL_ID_SIZE];
    char name[64];
    int grade;
    bool on;
    int64_t since_ms; /* since when this version is on: it judges nothing older; BULLA_TIME_NONE: it is off */
    struct definition_node nodes[DEFINITION_NODES_MAX];
    size_t n_nodes;
    int32_t for_minutes, cooldown_minutes;
    char author[MODEL_ID_SIZE]; /* user id of who wrote this version */
    int64_t created_ms, changed_ms;
    int64_t version;
};

enum definition_value definition_value_of(unsigned field); /* what its values are */
const char *definition_unit(unsigned field);
bool definition_op_fits(unsigned field, unsigned op);

const char *definition_field_text(unsigned value);
int definition_field_from(const char *text);
const char *definition_op_text(unsigned value);
int definition_op_from(const char *text);

#endif
