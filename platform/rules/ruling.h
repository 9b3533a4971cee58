/* SPDX-License-Identifier: Apache-2.0
 *
 * Ruling: what the rules go by beside the journey: the values of their parameters, and the alarms that officers defined and switched
 * on. Never changed once an engine has it; shared by all its journeys, counted.
 */
#ifndef RULES_RULING_H
#define RULES_RULING_H

#include "platform/model/alarm.h"
#include "platform/model/definition.h"

#define RULING_KINDS      64
#define RULING_PARAMETERS 8

struct ruling {
    unsigned users;
    double value[RULING_KINDS][RULING_PARAMETERS]; /* by kind of alarm, and place in its rule's table */
    bool set[RULING_KINDS][RULING_PARAMETERS];     /* it is not the default */
    size_t n;
    struct definition definitions[]; /* those that are on, by id */
};

/* The defaults, and of `definitions` those that are on, at most DEFINITIONS_ON_MAX. NULL when out of memory. One user. */
struct ruling *ruling_new(const struct definition *definitions, size_t n);

/* Sets "signal_lost.limit" before an engine has it. False, with a sentence in why[size]: there is no such parameter, or the value is
 * none for it. */
bool ruling_set(struct ruling *ruling, const char *parameter, double value, char *why, size_t size);

/* One more user. */
const struct ruling *ruling_hold(const struct ruling *ruling);
void ruling_free(const struct ruling *ruling); /* one user less; NULL is fine */

/* That definition in that version, NULL: it is not among them. */
const struct definition *ruling_find(const struct ruling *ruling, const char *id);

#endif
