/* SPDX-License-Identifier: Apache-2.0
 *
 * The one state machine that runs all thirty procedures: what of a visit is done, next, waiting, not needed or blocked, and whether
 * somebody may do a step now. Pure: a dossier and what is known outside of it, nothing else.
 */
#ifndef FLOW_MACHINE_H
#define FLOW_MACHINE_H

#include "platform/flow/compare.h"

/* clang-format off */
#define FLOW_STATE_TABLE(X) X(DONE, 0, "done") X(NEXT, 1, "next") X(WAITING, 2, "waiting") X(SKIPPED, 3, "skipped") X(NOT_NEEDED, 4, "not-needed")
/* clang-format on */
#define X(name, number, text) FLOW_STEP_IS_##name = number,
enum flow_state { FLOW_STATE_TABLE(X) };
#undef X
const char *flow_state_text(unsigned value);

struct flow_step_view {
    enum flow_state state;
    enum flow_outcome outcome;  /* of a step that is done; 0: none */
    const struct flow_act *act; /* the last one, refusals too; NULL: nobody has acted */
    uint64_t lacks;             /* facts that it needs and that do not hold */
    bool in_turn;               /* every step before it that must be settled is */
};

struct flow_visit_view {
    int n;
    struct flow_step_view steps[FLOW_STEPS_MAX];
    int next;                    /* -1: none */
    uint64_t blocked;            /* what the step whose turn it is lacks */
    bool complete;               /* every step that must be is settled */
    int64_t arrived_ms, left_ms; /* BULLA_TIME_NONE: not yet */
};

/* The facts that hold in a visit, as bits. */
uint64_t flow_hold(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit);
/* Why one does not hold, in words for an officer. */
void flow_why_not(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, enum flow_fact fact,
                  char why[MODEL_WHY_SIZE]);

void flow_look(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, struct flow_visit_view *out);

/* The visit and step that come next in the dossier. False: none. */
bool flow_next(const struct flow_dossier *d, const struct flow_facts *facts, unsigned *visit, int *step);

/* Whether the step may be done now. YET: facts are lacking (*lacks) or steps before it are open (*before, bits by their position). DONE: it
 * was done, by the act. NOT_NEEDED: it belongs to the other branch, or to the other way. */
enum flow_may { FLOW_MAY, FLOW_MAY_NOT_YET, FLOW_MAY_NOT_DONE, FLOW_MAY_NOT_NEEDED };
enum flow_may flow_may_act(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, int step,
                           uint64_t *lacks, uint32_t *before);

/* Whether a visit in that stage may be opened. False with why; *visit, *step: what is open before it (visit 0: no step). */
bool flow_may_open(const struct flow_dossier *d, const struct flow_facts *facts, enum flow_stage stage, unsigned *visit, int *step,
                   char why[MODEL_WHY_SIZE]);

/* The state in which the journey must be by what was done; JOURNEY_DRAFT: in none beyond. */
enum journey_state flow_journey_state(const struct flow_dossier *d, const struct flow_facts *facts);

/* When the transit document was discharged, when all was done; BULLA_TIME_NONE: not yet. */
int64_t flow_discharged_ms(const struct flow_dossier *d);
int64_t flow_closed_ms(const struct flow_dossier *d, const struct flow_facts *facts);
unsigned flow_skipped(const struct flow_dossier *d);

#endif
