/* SPDX-License-Identifier: Apache-2.0
 *
 * Shedding: what is kept when more comes than can be stored. Pure: time is an argument.
 *
 *   measure   rows that wait, how long the last batches took, what the pipeline says      -> shed_measure(), shed_cost()
 *   answer    `interval_ms`: of each seal one plain report in this time is kept, 0: all;
 *             doubles under pressure, falls slowly after it, so that every seal gets the same share
 *             `most_rows`: what the engine works off in the target time; beyond it no plain report is kept at all
 *   judge     one observation against these and against what its seal last said           -> shed_judge()
 *
 * What is shed is not stored and not acknowledged. A device that is acknowledged by number keeps it and sends it again.
 * Where acknowledgements have no number, one that follows would acknowledge also what was shed: such a message is
 * always kept, and its sender is slowed by its own connection instead (shed_answer_names()).
 */
#ifndef IN_SHED_H
#define IN_SHED_H

#include "bulla/observation.h"

#define SHED_TARGET_MS 150        /* an alarm waits for at most two batches: one under way and its own */
#define SHED_HOLD_MS 5000         /* after the last pressure: then it is called calm */
#define SHED_STEP_MS 250          /* between changes of the interval */
#define SHED_FIRST_MS 1000        /* first interval under pressure */
#define SHED_MOST_MS (600 * 1000) /* longest: a seal is never silent for so long that it would look lost */
#define SHED_ROWS_LEAST 64
#define SHED_ROWS_FIRST 512 /* until the store's speed is known; what is beyond waits in its socket and is not shed */
#define SHED_LEVELS 4

/* Why an observation is kept under pressure; the names and reasons are in shed.c. */
enum shed_keep { SHED_NO, KEEP_CALM, KEEP_EVENT, KEEP_SESSION, KEEP_UNLOCK, KEEP_RESULT, KEEP_STATE, KEEP_POWER, KEEP_MOTION, KEEP_SENSOR,
                 KEEP_FIRST, KEEP_TURN, KEEP_UNNAMED, KEEP_COUNT };
/* Why one is shed. */
enum shed_why { SHED_THINNED, SHED_FULL, SHED_QUOTA, SHED_FLOOD, SHED_WHY_COUNT };

struct shed_seal { /* what a seal last said; zero: nothing yet */
    bool known;
    uint64_t conditions; /* events that last */
    uint32_t state;      /* of lock, cover, door, sub-locks; whether a fix is valid */
    uint32_t sensors;
    uint8_t power, motion;
    int64_t kept_ms, kept_stored_ms; /* last kept report, last kept report from the device's memory */
    int64_t said_ms;                 /* last live message, by our clock */
    uint32_t gap_ms;                 /* between its live messages, smoothed; 0: not known */
};

struct shed {
    int64_t interval_ms;
    size_t most_rows;
    int64_t target_ms;   /* SHED_TARGET_MS, or what the caller set after shed_init() */
    bool off;            /* nothing is shed: sockets wait for the store instead */
    bool was_full;       /* set by the caller when a report found no room */
    /* inside */
    int64_t last_ms;     /* when there was pressure or no room, 0: never */
    bool recent;         /* that is less than SHED_HOLD_MS ago */
    unsigned asked;      /* level that the pipeline asks for */
    int64_t changed_ms;
    double fixed_ms, row_ms; /* cost of a batch: a line through the last ones */
    double other_ms;         /* what its turn did besides: alarms, orders, records */
    double mean_rows, mean_ms, var, cov;
    bool told;               /* by a batch that was not tiny: what a row costs */
    bool growing;            /* most_rows is still less than the line says */
};

struct shed_quota { /* messages a second, as a bucket of one second */
    unsigned per_second;
    double left;
    int64_t at_ms;
};

void shed_init(struct shed *shed, size_t rows_limit);
/* Another target than SHED_TARGET_MS: for a store whose single commit takes longer. Right after shed_init(). */
void shed_target(struct shed *shed, int64_t target_ms, size_t rows_limit);

/* A batch was taken (or none was there: rows 0): `rows` in it, its oldest `age_ms` old. */
void shed_measure(struct shed *shed, size_t rows, int64_t age_ms, int64_t now_ms);
/* The rows of a batch took that long, and `other_ms` went by for other work between its being taken and being done. */
void shed_cost(struct shed *shed, size_t rows, int64_t took_ms, int64_t other_ms, size_t rows_limit);
/* What the pipeline says (0 none, 3 worst): a floor under the interval. */
void shed_ask(struct shed *shed, unsigned level);

/* 0 calm, 1 thinned to a report in some seconds, 2 in a minute or so, 3 in minutes. */
unsigned shed_level(const struct shed *shed);

/* What is true of an observation besides itself. */
struct shed_case {
    int64_t now_ms;
    bool first;  /* of its connection */
    bool full;   /* most_rows wait, or its quota is used up: plain reports are not kept */
};

/* Judges and remembers. SHED_NO: it may be shed. */
enum shed_keep shed_judge(const struct shed *shed, struct shed_seal *seal, const struct bulla_observation *o, const struct shed_case *c);

/* Whether this answer of a protocol says which message it is for. */
bool shed_answer_names(const char *protocol, const uint8_t *answer, size_t n);

/* Takes one message from a quota; false: it is used up. `must`: taken all the same, what follows pays for it. */
bool shed_quota_take(struct shed_quota *quota, bool must, int64_t now_ms);

/* Whether the reason is what the observation says: an event, an opening, a verdict, something that changed. */
bool shed_keep_is_news(enum shed_keep keep);

const char *shed_keep_text(enum shed_keep keep);
const char *shed_why_text(enum shed_why why);

#endif
