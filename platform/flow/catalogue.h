/* SPDX-License-Identifier: Apache-2.0
 *
 * The thirty procedures of the WCO report's chapter 8 as const tables: steps.def says what a step is, procedures.def which steps a
 * procedure has and in which order. machine.h runs them.
 */
#ifndef FLOW_CATALOGUE_H
#define FLOW_CATALOGUE_H

#include "platform/flow/facts.h"
#include "platform/flow/field.h"

#define FLOW_STEPS_MAX  16 /* of a procedure */
#define FLOW_INPUTS_MAX 16 /* fields of a step */

/* clang-format off */
#define FLOW_SCOPE_TABLE(X)  X(DOMESTIC, 0, "domestic") X(CROSS_BORDER, 1, "cross-border")
#define FLOW_CLASS_TABLE(X)  X(PASSIVE, 0, "passive") X(ACTIVE, 1, "active")
#define FLOW_MODE_TABLE(X)   X(ROAD, 0, "road") X(RAIL, 1, "rail") X(MULTIMODAL, 2, "multimodal")
#define FLOW_STAGE_TABLE(X)  X(DEPARTURE, 0, "departure") X(EN_ROUTE, 1, "en-route") X(DESTINATION, 2, "destination")
#define FLOW_BRANCH_TABLE(X) X(ALWAYS, 0, "") X(CLEAN, 1, "clean") X(SUSPECT, 2, "suspect")
#define FLOW_WHEN_TABLE(X)   X(EITHER_WAY, 0, "") X(SHARED, 1, "shared-platform") X(ALONE, 2, "without-shared-platform")
/* Who does it: the word for people, and the roles that may (bits of enum user_role). The platform's own steps are done by what comes in. */
#define FLOW_BY_TABLE(X) \
    X(CUSTOMS, "checkpoint-officer", 1u << USER_ROLE_ADMINISTRATOR | 1u << USER_ROLE_WATCH_OFFICER | 1u << USER_ROLE_CHECKPOINT_OFFICER) \
    X(CENTRE, "watch-officer", 1u << USER_ROLE_ADMINISTRATOR | 1u << USER_ROLE_WATCH_OFFICER) \
    X(PATROL, "patrol-officer", 1u << USER_ROLE_ADMINISTRATOR | 1u << USER_ROLE_WATCH_OFFICER | 1u << USER_ROLE_PATROL_OFFICER) \
    X(DECLARANT, "trader", 1u << USER_ROLE_ADMINISTRATOR | 1u << USER_ROLE_WATCH_OFFICER | 1u << USER_ROLE_CHECKPOINT_OFFICER | \
                           1u << USER_ROLE_CARRIER | 1u << USER_ROLE_TRADER) \
    X(EITHER, "checkpoint-officer", 1u << USER_ROLE_ADMINISTRATOR | 1u << USER_ROLE_WATCH_OFFICER | 1u << USER_ROLE_CHECKPOINT_OFFICER | \
                                    1u << USER_ROLE_CARRIER) \
    X(PLATFORM, "platform", 0u)
/* clang-format on */
#define X(name, number, text) FLOW_##name = number,
enum flow_scope { FLOW_SCOPE_TABLE(X) };
enum flow_class { FLOW_CLASS_TABLE(X) };
enum flow_mode { FLOW_MODE_TABLE(X) };
enum flow_stage { FLOW_STAGE_TABLE(X) };
enum flow_branch { FLOW_BRANCH_TABLE(X) };
enum flow_when { FLOW_WHEN_TABLE(X) };
#undef X
#define X(name, text, roles) FLOW_BY_##name,
enum flow_by { FLOW_BY_TABLE(X) };
#undef X

struct flow_input {
    enum flow_field field;
    bool required;
    bool named; /* there is one: field 0 is a field too */
};

struct flow_step {
    const char *id, *title;
    enum flow_by by;
    uint64_t needs, writes;  /* facts; writes: when done or found clean */
    uint64_t writes_suspect; /* of a judgement found suspect */
    uint64_t done_by;        /* the fact that does it without anybody's act: an automatic step; 0: somebody acts */
    enum flow_branch branch; /* of the judgement before it */
    enum flow_when when;
    bool judges;      /* its outcome is clean or suspect */
    bool optional;    /* "if necessary": nothing waits for it */
    bool opens;       /* done by opening the visit */
    const char *ways; /* what the words `way` and `fate` may be here, "|" between; NULL: all */
    struct flow_input fields[FLOW_INPUTS_MAX];
};

enum flow_step_name {
#define STEP(name, ...) FLOW_STEP_##name,
#include "platform/flow/steps.def"
#undef STEP
    FLOW_STEPS
};
extern const struct flow_step flow_steps[FLOW_STEPS];

struct flow_procedure {
    const char *id;
    enum flow_scope scope;
    enum flow_class class_;
    enum flow_mode mode;
    enum flow_stage stage;
    const char *title;
    const struct flow_step *steps[FLOW_STEPS_MAX]; /* NULL ends them */
};
extern const struct flow_procedure flow_procedures[];
extern const size_t flow_procedures_n;

/* NULL: the report has none (domestic transit by several means). */
const struct flow_procedure *flow_procedure_find(enum flow_scope scope, enum flow_class class_, enum flow_mode mode, enum flow_stage stage);
const struct flow_procedure *flow_procedure_by_id(const char *id);
/* The position of a step in its procedure, -1: it has none of that id. */
int flow_step_find(const struct flow_procedure *procedure, const char *id);
/* The judgement whose branch the step at `at` belongs to: the last one before it; -1: none. */
int flow_step_judge(const struct flow_procedure *procedure, int at);
static inline bool flow_step_is_automatic(const struct flow_step *step)
{
    return step->by == FLOW_BY_PLATFORM;
}

const char *flow_by_text(enum flow_by by);
bool flow_by_may(enum flow_by by, enum user_role role);
const char *flow_scope_text(unsigned value);
int flow_scope_from(const char *text);
const char *flow_class_text(unsigned value);
int flow_class_from(const char *text);
const char *flow_mode_text(unsigned value);
const char *flow_stage_text(unsigned value);
int flow_stage_from(const char *text);
const char *flow_branch_text(unsigned value);
const char *flow_when_text(unsigned value);

/* Whether a mode of journeys has procedures in this scope: *mode. Vessels are one means of several. */
bool flow_mode_of(enum flow_scope scope, enum journey_mode journey, enum flow_mode *mode);
enum flow_class flow_class_of(enum seal_class class_);

/* The Procedure of openapi.yaml. New reference. */
json_t *flow_procedure_json(const struct flow_procedure *procedure);
json_t *flow_inputs_json(const struct flow_step *step);

#endif
