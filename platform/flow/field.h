/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields: what declarations, officers, readers and scales say about a journey, as one table: how a value is brought to one form, what it
 * may be, and how far two may lie apart and still be the same.
 */
#ifndef FLOW_FIELD_H
#define FLOW_FIELD_H

#include "platform/model/json.h"

#define FLOW_VALUE_SIZE 120

enum flow_field {
#define FIELD(name, text, kind, unit, check, most, apart) FLOW_##name,
#include "platform/flow/fields.def"
#undef FIELD
    FLOW_FIELDS
};

enum flow_kind {
    FLOW_TEXT,   /* names: letters of either case, blanks and punctuation do not tell apart */
    FLOW_CODE,   /* capital letters and digits; blanks, dashes, dots and slashes go */
    FLOW_NUMBER, /* with its unit, or another that it can be converted from */
    FLOW_WORD,   /* one of a list: says how a step was done, and is compared with nothing */
    FLOW_NOTE,   /* free words, compared with nothing */
};

struct flow_field_row {
    const char *name;
    enum flow_kind kind;
    const char *unit;  /* NULL: none */
    const char *check; /* NUMBER: "" or "whole"; CODE: of what form; WORD: "a|b|c" */
    double most;       /* NUMBER: beyond is a mistake */
    double apart;      /* NUMBER: as a part of the larger value */
};
extern const struct flow_field_row flow_fields[FLOW_FIELDS];

const char *flow_kind_text(enum flow_kind kind);
enum flow_field flow_field_from(const char *name); /* FLOW_FIELDS: there is none */
bool flow_field_is_compared(enum flow_field field);

/* The value in one form, to be kept and shown beside what was said: out[FLOW_VALUE_SIZE]. False: it is no value of this field, with
 * "FIELD: expected E, got G" in why. */
bool flow_field_tidy(enum flow_field field, const char *value, char out[FLOW_VALUE_SIZE], char why[MODEL_WHY_SIZE]);

/* Whether two tidy values are the same. Codes may be lists ("A,B"): what was read is among what was declared. */
bool flow_field_same(enum flow_field field, const char *declared, const char *other);

/* How far two values may lie apart, in words: "2 %", "" : not at all. */
const char *flow_field_tolerance(enum flow_field field, char to[32]);

#endif
