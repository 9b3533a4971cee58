/* SPDX-License-Identifier: Apache-2.0
 *
 * Paper: what people of the customs side write and pass on: tasks, applications, policies, registrations, decisions, returns of seals,
 * hand-overs of shifts. One form for all: who, about what, where, by when, in which state; what only its kind has is JSON in `body`,
 * checked by the kind's own table of fields (platform/flow).
 */
#ifndef MODEL_PAPER_H
#define MODEL_PAPER_H

#include "platform/model/records.h"

#define PAPER_BODY_SIZE 16000

/* clang-format off */
/* Numbers are stored: never reuse one. */
#define PAPER_KIND_TABLE(X) X(TASK, 1, "task") X(APPLICATION, 2, "application") X(POLICY, 3, "policy") X(SHIFT, 4, "shift") \
                            X(REGISTRATION, 5, "registration") X(DECISION, 6, "decision") X(RETURN, 7, "return") X(EMERGENCY, 8, "emergency") X(ESCALATION, 9, "escalation")
/* Below 100 somebody still has to do something. */
#define PAPER_STATE_TABLE(X) \
    X(OPEN, 1, "open") X(ACCEPTED, 2, "accepted") X(UNDER_WAY, 3, "under-way") X(ARRIVED, 4, "arrived") X(REPORTED, 5, "reported") \
    X(SUBMITTED, 6, "submitted") X(ACTIVE, 7, "active") X(REQUESTED, 8, "requested") X(IN_RETURN, 9, "in-return") X(RECOVERED, 10, "recovered") \
    X(CHARGING, 11, "charging") \
    X(CLOSED, 100, "closed") X(REFUSED, 101, "refused") X(DONE, 102, "done") X(WITHDRAWN, 103, "withdrawn") X(SUSPENDED, 104, "suspended") \
    X(RETURNED, 105, "returned") X(DESTROYED, 106, "destroyed") X(SUPERSEDED, 107, "superseded") X(LOST, 108, "lost") X(APPROVED, 109, "approved")
/* clang-format on */
#define X(name, number, text) PAPER_##name = number,
enum paper_kind { PAPER_KIND_TABLE(X) };
enum paper_state { PAPER_STATE_TABLE(X) };
#undef X
#define PAPER_ENDED 100

struct paper {
    char id[MODEL_ID_SIZE];
    enum paper_kind kind;
    enum paper_state state;
    char subject[MODEL_SEAL_SIZE]; /* what it is about, by kind: an alarm, a seal, a plate, the name of a policy */
    char journey[MODEL_ID_SIZE], station[MODEL_ID_SIZE];
    char holder[MODEL_ID_SIZE];  /* user who has to act, "" : whoever may */
    char carrier[MODEL_ID_SIZE]; /* party that may see it, "" : officers alone */
    char author[MODEL_ID_SIZE];  /* user who wrote it, "" : a rule */
    int64_t created_ms, due_ms, changed_ms; /* due_ms: BULLA_TIME_NONE: never */
    char body[PAPER_BODY_SIZE]; /* a JSON object */
    int64_t version;
};

const char *paper_kind_text(unsigned value);
int paper_kind_from(const char *text);
const char *paper_state_text(unsigned value);
int paper_state_from(const char *text);

/* The lives of papers, one const table: whether `to` may follow `from`; from 0: whether a paper may begin so. */
bool paper_may(enum paper_kind kind, int from, enum paper_state to);
static inline bool paper_ended(const struct paper *paper)
{
    return paper->state >= PAPER_ENDED;
}

#endif
