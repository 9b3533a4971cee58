/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule: a pure fold. Its step sees its own state, one entry (or that time has come) and what was made of it, and writes on
 * the sheet. State is plain bytes without pointers, all zero at first, so that a checkpoint is a copy of bytes.
 *
 * A rule of a seal is stepped for the entries of that seal, while it is supervised; a rule of the vehicle for those of
 * every supervised seal of the journey.
 */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "platform/rules/company.h"
#include "platform/rules/lock.h"
#include "platform/rules/sheet.h"
#include "platform/rules/stay.h"

enum rule_scope { RULE_OF_SEAL, RULE_OF_VEHICLE };

struct rule_parameter {
    const char *name, *unit;
    double value;        /* default */
    const char *journey; /* member of the journey that sets it, NULL: none */
    bool fixed;          /* no ruling can set it: the journey alone, or nobody */
};

struct rule_input {
    const struct plan *plan;
    size_t seal;               /* index in the journey; of a timer of the vehicle: 0 */
    int64_t at_ms;             /* event time, or when the timer was due */
    const struct entry *entry; /* NULL: time has come */
    const struct position_news *position;
    const struct lock_news *lock;
    const struct lock *held; /* the seal's lock as it is known now; NULL for a timer of the vehicle */
    const struct stay *stay; /* of the vehicle, this entry's fixes included */
    const struct lock_where *where;
    const struct company *company; /* where the other seals are, as this entry's fix sees it */
    uint16_t gone, apart;          /* seals whose supervision has ended; that go another way than the others; a bit each */
    size_t n_before;               /* alarms that were on the sheet before this entry */
    struct sheet *sheet;
};

#define RULE_NO_TIMER INT64_MAX

struct rule {
    enum alarm_kind kind;
    enum rule_scope scope;
    const struct rule_parameter *parameters; /* a NULL name ends them */
    size_t state_size;
    size_t (*size)(const struct plan *plan); /* instead of state_size: 0 where the journey has no use for the rule. NULL: always the same */
    void (*step)(void *state, const struct rule_input *in);
    int64_t (*due)(const void *state, const struct plan *plan); /* next timer; NULL: it has none */
    void (*carried)(void *state, int64_t at_ms); /* of a seal: the vessel or train that carries it was heard; NULL: does not matter */
};

#define RULE(number, kind) extern const struct rule rule_##kind;
#include "platform/rules/rules.def"
#undef RULE

extern const struct rule *const rules[];
extern const size_t rules_count;

/* Carries the state of the rule of definitions over to other definitions: those that both have go on. */
void rule_custom_move(void *to, const struct plan *into, const void *from, const struct plan *out_of);

/* How large the state of each rule is in a journey. */
void rule_lay_out(struct plan *plan);

/* Raises an alarm of the input's seal, with the input's own entry as the telling evidence. */
sheet_slot rule_raise(const struct rule_input *in, enum alarm_kind kind, int64_t onset_ms);

sheet_slot rule_raise_of(const struct rule_input *in, enum alarm_kind kind, const char *rule, int64_t onset_ms);

/* The fix's position and id go to the alarm. */
void rule_locate(const struct rule_input *in, sheet_slot slot, const struct fix *fix);

/* "4 min 10 s", "2 h 5 min": for the why. */
#define RULE_SPAN_TEXT 32
const char *rule_span(char to[RULE_SPAN_TEXT], int64_t ms);
/* "850 m", "12.4 km" */
const char *rule_distance(char to[RULE_SPAN_TEXT], double metres);

/* "gate-3: plate is AB 123": who said what; the name of the event where the note has no text. */
#define RULE_SAID_TEXT 200
const char *rule_said(char to[RULE_SAID_TEXT], const struct entry *e, enum bulla_event event);

/* The value of one of a rule's parameters, by its place in the table; in ms of one in minutes. */
double rule_value(const struct plan *plan, const struct rule *rule, size_t parameter);
int64_t rule_ms(const struct plan *plan, const struct rule *rule, size_t parameter);

#endif
