// SPDX-License-Identifier: Apache-2.0
// Appending a batch to the history in PostgreSQL: ask which rows are stored already, copy the others.
//
// One writer a seal is the lease's business; should two write one all the same, the unique index refuses the second, and
// this asks again.

#include "platform/store/pg_history.h"

#include "platform/base/limits.h"
#include "platform/store/index.h"
#include "platform/store/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 4, ROWS_MOST = 1 << 21 }; /* 2^22 have numbers of one transaction */
#define HOUR_MS   INT64_C(3600000)
#define FIRST_DAY 10957 /* 2000-01-01 */
#define LAST_DAY  84005 /* 2199-12-31 */

struct plan {
    struct store_key key;
    int64_t at_ms, first_ms, last_ms; /* the same id can only be stored between first and last */
    int32_t seal, day, latest_day;
    bool repeats, stray;
};

struct append {
    struct pg_history *history;
    struct store_row *rows;
    size_t n;
    struct plan *plans;
    char (*names)[PG_SEAL_TEXT];
    int32_t *seals;
    uint32_t *slots;
    size_t slots_mask;
    size_t n_near, n_stray; /* that do not repeat in the batch */
    size_t fresh[2];        /* to be stored: in days, strays */
    int64_t first;          /* order of arrival of rows[0] */
    char state[6];          /* SQLSTATE of a COPY that failed */
    struct pg_buffer b[4];
};

/* --- what is to be done with each row --- */

static bool repeats_in_batch(struct append *a, size_t i)
{
    size_t slot = (size_t)a->plans[i].key.a & a->slots_mask;
    while (a->slots[slot]) {
        if (store_key_is(a->plans[a->slots[slot] - 1].key, a->plans[i].key)) {
            return true;
        }
        slot = (slot + 1) & a->slots_mask;
    }
    a->slots[slot] = (uint32_t)i + 1;
    return false;
}

/* A row's time is believed as far as its arrival bears it out; without that it gets no table of its own day. */
static bool is_stray(int64_t at_ms, int64_t received_ms)
{
    int64_t arrival = received_ms / PG_DAY_MS, day = at_ms / PG_DAY_MS;
    return arrival < FIRST_DAY || arrival > LAST_DAY || day < FIRST_DAY || at_ms > received_ms + LIMIT_EARLY_DAYS * PG_DAY_MS ||
           at_ms < received_ms - LIMIT_LATE_DAYS * PG_DAY_MS;
}

static int plan_row(struct append *a, size_t i)
{
    const struct bulla_observation *o = a->rows[i].o;
    struct plan *plan = &a->plans[i];
    if (!o->id[0] || !o->protocol[0] || o->received_ms == BULLA_TIME_NONE) {
        return store_fail(STORE_FAILED, "observation: expected id, protocol and time of arrival, got id \"%s\", protocol \"%s\"", o->id,
                          o->protocol);
    }
    bool timed = bulla_observation_knows(o, BULLA_HAS_TIME);
    plan->key = store_key_of_id(o->id);
    plan->at_ms = plan->first_ms = plan->last_ms = timed ? o->time_ms : o->received_ms;
    if (!timed && o->received_ms > 0) { /* the hour of arrival is in the id (model/identity.h) */
        plan->first_ms = o->received_ms - o->received_ms % HOUR_MS;
        plan->last_ms = plan->first_ms + HOUR_MS - 1;
    }
    plan->stray = is_stray(plan->at_ms, o->received_ms);
    plan->day = plan->stray ? PG_NO_DAY : pg_day_of(plan->at_ms);
    plan->latest_day = plan->stray ? PG_NO_DAY : pg_day_of(plan->at_ms < o->received_ms ? plan->at_ms : o->received_ms);
    plan->repeats = repeats_in_batch(a, i);
    a->n_near += !plan->repeats && !plan->stray;
    a->n_stray += !plan->repeats && plan->stray;
    snprintf(a->names[i], sizeof a->names[i], "%s:%s", o->protocol, o->device);
    return 0;
}

static int plan_all(struct append *a)
{
    size_t slots = 64;
    while (slots < 2 * a->n) {
        slots *= 2;
    }
    a->slots_mask = slots - 1;
    a->plans = calloc(a->n + 1, sizeof *a->plans);
    a->names = calloc(a->n + 1, sizeof *a->names);
    a->seals = calloc(a->n + 1, sizeof *a->seals);
    a->slots = calloc(slots, sizeof *a->slots);
    if (!a->plans || !a->names || !a->seals || !a->slots) {
        return store_fail(STORE_FAILED, "appending %zu observations: out of memory", a->n);
    }
    int outcome = 0;
    for (size_t i = 0; i < a->n && !outcome; i++) {
        outcome = plan_row(a, i);
    }
    outcome = outcome ? outcome : pg_history_seals(a->history, (const char(*)[PG_SEAL_TEXT])a->names, a->n, a->seals);
    for (size_t i = 0; i < a->n && !outcome; i++) {
        a->plans[i].seal = a->seals[i];
    }
    return outcome;
}

/* The tables of the batch's days; tomorrow's with today's, so that midnight costs nobody a wait. */
static int make_days(struct append *a)
{
    int32_t days[64], last = PG_NO_DAY;
    size_t n = 0;
    int outcome = 0;
    for (size_t i = 0; i < a->n && !outcome; i++) {
        int32_t day = a->plans[i].day;
        if (day == PG_NO_DAY || day == last) {
            continue;
        }
        last = day;
        days[n++] = day;
        if (day == a->rows[i].o->received_ms / PG_DAY_MS) {
            days[n++] = day + 1;
        }
        if (n > 60) {
            outcome = pg_history_days(a->history, days, n);
            n = 0;
        }
    }
    return outcome ? outcome : pg_history_days(a->history, days, n);
}

/* --- what is stored already --- */

static bool is_asked(const struct plan *plan, bool stray)
{
    return !plan->repeats && plan->stray == stray;
}

/* The span of days to look for them in: strays may lie in one by an earlier arrival, but 1970 and 2099 have none. */
static void find_span(const struct append *a, bool stray, int64_t *since, int64_t *until)
{
    int32_t first = 0, last = -1;
    bool some = pg_history_span(a->history, &first, &last);
    *since = INT64_MAX;
    *until = INT64_MIN;
    for (size_t i = 0; i < a->n; i++) {
        const struct plan *plan = &a->plans[i];
        bool inside = some && plan->at_ms >= first * PG_DAY_MS && plan->at_ms < (last + 1) * PG_DAY_MS;
        if (is_asked(plan, stray) && (!stray || inside)) {
            *since = plan->first_ms < *since ? plan->first_ms : *since;
            *until = plan->last_ms > *until ? plan->last_ms : *until;
        }
    }
}

static void fill_question(struct append *a, bool stray, size_t n)
{
    static const enum pg_type TYPES[] = {PG_TYPE_INT, PG_TYPE_LONG, PG_TYPE_LONG, PG_TYPE_UUID};
    for (size_t k = 0; k < 4; k++) {
        pg_array_begin(&a->b[k], TYPES[k], n);
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct plan *plan = &a->plans[i];
        if (is_asked(plan, stray)) {
            pg_put_int(&a->b[0], plan->seal);
            pg_put_long(&a->b[1], plan->first_ms);
            pg_put_long(&a->b[2], plan->last_ms);
            pg_put_field(&a->b[3], &plan->key, sizeof plan->key);
        }
    }
}

/* The first column is the number of a row asked for, 1 .. n, or 0 with the first order of arrival in the second. */
static void take_answer(struct append *a, bool stray, const PGresult *r)
{
    size_t *places = NULL, n = 0;
    int found = PQntuples(r);
    if (found > 0) {
        places = calloc(a->n + 1, sizeof *places);
    }
    for (size_t i = 0; places && i < a->n; i++) {
        if (is_asked(&a->plans[i], stray)) {
            places[++n] = i;
        }
    }
    for (int k = 0; k < found; k++) {
        size_t number = (size_t)pg_long(r, k, 0);
        if (number == 0) {
            a->first = pg_long(r, k, 1);
        } else if (places && number <= n) {
            a->rows[places[number]].duplicate = true;
        }
    }
    free(places);
}

static int ask(struct append *a, struct pg_conn *conn, bool stray, size_t n)
{
    static const char *const SQL[] = {
        "SELECT 0::bigint, observation_claim($7) UNION ALL SELECT i, 0 FROM observation_known($1, $2, $3, $4, $5, $6) i",
        "SELECT i, 0 FROM observation_known($1, $2, $3, $4, $5, $6) i WHERE $7 > 0",
    };
    static const enum pg_type ARRAYS[] = {PG_TYPE_INTS, PG_TYPE_LONGS, PG_TYPE_LONGS, PG_TYPE_UUIDS};
    struct pg_params p = {0};
    int64_t since, until;
    find_span(a, stray, &since, &until);
    fill_question(a, stray, n);
    for (size_t k = 0; k < 4; k++) {
        if (a->b[k].failed) {
            return store_fail(STORE_FAILED, "appending %zu observations: out of memory", a->n);
        }
        pg_param_array(&p, ARRAYS[k], &a->b[k]);
    }
    pg_param_long(&p, since);
    pg_param_long(&p, until);
    pg_param_int(&p, (int32_t)a->n);
    PGresult *r = pg_run(conn, SQL[stray], &p, "appending");
    if (!r) {
        return store_outcome();
    }
    take_answer(a, stray, r);
    PQclear(r);
    return 0;
}

static int find_known(struct append *a, struct pg_conn *conn)
{
    for (size_t i = 0; i < a->n; i++) {
        a->rows[i].duplicate = a->plans[i].repeats;
    }
    int outcome = ask(a, conn, false, a->n_near);
    if (!outcome && a->n_stray > 0) {
        outcome = ask(a, conn, true, a->n_stray);
    }
    a->fresh[0] = a->fresh[1] = 0;
    for (size_t i = 0; i < a->n; i++) {
        a->fresh[a->plans[i].stray] += !a->rows[i].duplicate;
    }
    return outcome;
}

/* --- storing the others --- */

static void put_row(struct append *a, size_t i)
{
    const struct bulla_observation *o = a->rows[i].o;
    const struct plan *plan = &a->plans[i];
    struct pg_buffer *b = &a->b[0];
    uint8_t body[STORE_PACK_MAX], id[16];
    pg_copy_row(b, 8);
    pg_put_long(b, plan->at_ms);
    pg_put_long(b, a->first + (int64_t)i);
    pg_put_long(b, o->received_ms);
    pg_put_int(b, plan->seal);
    pg_put_field(b, &plan->key, sizeof plan->key);
    if (store_key_bytes(o->id, id)) {
        pg_put_null(b);
    } else {
        pg_put_field(b, o->id, strlen(o->id));
    }
    pg_put_field(b, body, store_pack_put(body, o));
    pg_put_field(b, a->rows[i].raw.at, a->rows[i].raw.len);
}

static int copy(struct append *a, struct pg_conn *conn, bool stray)
{
    static const char *const SQL[] = {
        "COPY observation (at, n, received, seal, id, name, body, raw) FROM STDIN BINARY",
        "COPY observation_stray (at, n, received, seal, id, name, body, raw) FROM STDIN BINARY",
    };
    if (a->fresh[stray] == 0) {
        return 0;
    }
    int outcome = pg_copy_begin(conn, SQL[stray], &a->b[0], "appending");
    if (outcome) {
        return outcome;
    }
    for (size_t i = 0; i < a->n && !outcome; i++) {
        if (!a->rows[i].duplicate && a->plans[i].stray == stray) {
            put_row(a, i);
            outcome = pg_copy_more(conn, &a->b[0], "appending");
        }
    }
    return outcome ? outcome : pg_copy_end(conn, &a->b[0], "appending", a->state);
}

/* Puts seal and day into the question's arrays where seal_name.day may be behind. Needs the lock. */
static size_t list_behind(struct append *a, int64_t work)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct plan *plan = &a->plans[i];
        struct pg_seal *seal = plan->stray || a->rows[i].duplicate ? NULL : pg_history_seal(a->history, a->names[i]);
        if (!seal || plan->latest_day <= seal->day || (seal->tried_work == work && seal->tried_day >= plan->latest_day)) {
            continue;
        }
        if (seal->tried_day == plan->latest_day && seal->tried_work != work) {
            seal->tried_work = -1; /* written before, by a transaction that may have been undone: the server tells */
        }
        a->slots[n++] = (uint32_t)i;
        pg_put_int(&a->b[0], plan->seal);
        pg_put_int(&a->b[1], plan->latest_day);
    }
    return n;
}

/* Those that came back were behind until now, and this transaction may be undone; the others are surely there. */
static void note_behind(struct append *a, size_t n, int64_t work, const PGresult *r)
{
    pthread_mutex_lock(&a->history->lock);
    for (size_t k = 0; k < n; k++) {
        const struct plan *plan = &a->plans[a->slots[k]];
        struct pg_seal *seal = pg_history_seal(a->history, a->names[a->slots[k]]);
        if (seal && seal->tried_work != -1) {
            seal->tried_day = plan->latest_day;
            seal->tried_work = work;
        } else if (seal && seal->tried_day == plan->latest_day && seal->day < plan->latest_day) {
            seal->day = plan->latest_day;
        }
    }
    for (int k = 0; k < PQntuples(r); k++) {
        size_t i = a->slots[pg_long(r, k, 0) - 1];
        struct pg_seal *seal = pg_history_seal(a->history, a->names[i]);
        if (seal) {
            seal->day = PG_NO_DAY;
            seal->tried_day = a->plans[i].latest_day;
            seal->tried_work = work;
        }
    }
    pthread_mutex_unlock(&a->history->lock);
}

/* Moves seal_name.day, so that the newest row of a seal is found in one table. Once a day and seal, and once more to know that
 * it was kept. */
static int move_days(struct append *a, struct pg_conn *conn)
{
    static const char SQL[] =
        "WITH w AS (SELECT DISTINCT ON (seal) seal, day, i FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY x(seal, day, i) ORDER "
        "BY seal, day DESC) UPDATE seal_name s SET day = w.day FROM w WHERE s.n = w.seal AND (s.day IS NULL OR s.day < w.day) RETURNING "
        "w.i";
    int64_t work = a->first >> 22;
    struct pg_params p = {0};
    a->b[0].n = a->b[1].n = 0;
    pthread_mutex_lock(&a->history->lock);
    size_t n = list_behind(a, work);
    pthread_mutex_unlock(&a->history->lock);
    if (n == 0) {
        return 0;
    }
    pg_array_begin(&a->b[2], PG_TYPE_INT, n);
    pg_put(&a->b[2], a->b[0].at, a->b[0].n);
    pg_array_begin(&a->b[3], PG_TYPE_INT, n);
    pg_put(&a->b[3], a->b[1].at, a->b[1].n);
    if (a->b[2].failed || a->b[3].failed) {
        return store_fail(STORE_FAILED, "appending %zu observations: out of memory", a->n);
    }
    pg_param_array(&p, PG_TYPE_INTS, &a->b[2]);
    pg_param_array(&p, PG_TYPE_INTS, &a->b[3]);
    PGresult *r = pg_run(conn, SQL, &p, "appending");
    if (!r) {
        return store_outcome();
    }
    note_behind(a, n, work, r);
    PQclear(r);
    return 0;
}

static int write_all(struct append *a, struct pg_conn *conn)
{
    int outcome = find_known(a, conn);
    outcome = outcome ? outcome : copy(a, conn, false);
    outcome = outcome ? outcome : copy(a, conn, true);
    return outcome || a->fresh[0] == 0 ? outcome : move_days(a, conn);
}

/* Another wrote the same row, or dropped the day, in between. */
static bool may_help_again(const char *state)
{
    return !strcmp(state, "23505") || !strcmp(state, "23514");
}

static int attempt(struct append *a, bool *again)
{
    struct pg_conn *conn = NULL;
    int outcome = make_days(a);
    outcome = outcome ? outcome : pg_write_begin(a->history->store, &conn);
    if (outcome) {
        return outcome;
    }
    a->state[0] = '\0';
    outcome = write_all(a, conn);
    *again = outcome && may_help_again(a->state);
    return pg_write_end(a->history->store, conn, *again ? STORE_CONFLICT : outcome, NULL);
}

static void remember(struct append *a)
{
    pthread_mutex_lock(&a->history->lock);
    for (size_t i = 0; i < a->n; i++) {
        pg_history_remember(a->history, a->plans[i].key, a->plans[i].at_ms);
    }
    pthread_mutex_unlock(&a->history->lock);
}

static int append_all(struct append *a)
{
    int outcome = plan_all(a);
    bool again = outcome == 0;
    for (int tries = 0; again && tries < TRIES; tries++) {
        if (tries > 0) {
            pg_history_forget_days(a->history);
        }
        again = false;
        outcome = attempt(a, &again);
    }
    if (outcome > 0) { /* all or nothing: an append has no conflict for its caller to act on */
        char why[400];
        snprintf(why, sizeof why, "%s", store_error(&a->history->store->base));
        outcome = store_fail(STORE_FAILED, "%s", why);
        pg_work_spoil(a->history->store);
    }
    if (!outcome) {
        remember(a);
    }
    return outcome;
}

int pg_append(struct store *base, struct store_row *rows, size_t n)
{
    struct append a = {.history = store_pg_of(base)->history, .rows = rows, .n = n};
    if (n == 0) {
        return 0;
    }
    if (n > ROWS_MOST) {
        return store_fail(STORE_FAILED, "appending: expected at most %d observations at once, got %zu", ROWS_MOST, n);
    }
    int outcome = append_all(&a);
    for (size_t k = 0; k < 4; k++) {
        pg_buffer_free(&a.b[k]);
    }
    free(a.plans);
    free(a.names);
    free(a.seals);
    free(a.slots);
    return outcome;
}
