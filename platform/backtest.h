/* SPDX-License-Identifier: Apache-2.0
 *
 * Back-tests: what other rules would have found in journeys that are stored, beside what stood. One at a time runs, on a thread of its
 * own with an engine of its own; it reads the store and changes nothing. The newest are kept in memory, with the node that ran them.
 */
#ifndef BACKTEST_H
#define BACKTEST_H

#include <jansson.h>

#include "platform/model/json.h"

struct store;
struct backtests;

#define BACKTEST_WAITING_MOST 4    /* and one that runs */
#define BACKTEST_KEPT         16   /* that are over */
#define BACKTEST_JOURNEYS     5000 /* of one */
#define BACKTEST_ITEMS        1000 /* alarms that are named; more are counted */

struct backtest_wanted {
    bool has_definition;
    struct definition definition; /* with its id, when it is a changed one: what stands by that is held against it */
    json_t *parameters;           /* {"signal_lost.limit": 60}; borrowed; NULL: none */
    int64_t from_ms, until_ms;    /* onsets in it are compared */
    bool all;                     /* of every kind, not only of those that the run has other rules for */
    char journey[MODEL_ID_SIZE], carrier[MODEL_ID_SIZE], mode[32]; /* "" : any */
};

struct backtests *backtests_new(struct store *store, int64_t (*now)(void *context), void *context);
void backtests_free(struct backtests *tests); /* cancels what runs, and waits for it; NULL is fine */

/* 0, with the id that it got; STORE_CONFLICT: too many wait; negative: "field: expected E, got G" in why. */
int backtests_start(struct backtests *tests, const struct backtest_wanted *wanted, const char *id, char why[MODEL_WHY_SIZE]);

/* Backtest of openapi.yaml, a new reference; NULL: there is none of that id. */
json_t *backtests_get(struct backtests *tests, const char *id);
bool backtests_cancel(struct backtests *tests, const char *id);

/* --- one run (backtest_run.c) --- */
enum backtest_state { BACKTEST_WAITING, BACKTEST_RUNNING, BACKTEST_DONE, BACKTEST_CANCELLED, BACKTEST_FAILED };

struct backtest_result { /* the runner writes under the lock that `update` takes */
    size_t journeys, of; /* judged; chosen */
    bool complete;       /* all journeys of the span were chosen, and all alarms are named */
    unsigned both, only_then, only_now, unreadable;
    json_t *items;
    json_t *sides; /* of each journey that has any: how many of each sort */
};

struct ruling;
struct backtest_job {
    struct store *store;
    const struct backtest_wanted *wanted;
    const struct ruling *ruling;
    int64_t judged_ms; /* what was heard until then counts: beyond the span, for what began at its end and was told later */
    bool (*go_on)(void *context); /* false: it is cancelled */
    void (*update)(void *context, void (*write)(struct backtest_result *result, void *what), void *what);
    void *context;
};

/* False, with a sentence in why: the store failed. */
bool backtest_run(const struct backtest_job *job, char why[MODEL_WHY_SIZE]);

/* The ruling of a run: the defaults with its parameters, and its definition alone, on from its beginning. NULL with why. */
struct ruling *backtest_ruling(const struct backtest_wanted *wanted, char why[MODEL_WHY_SIZE]);

#endif
