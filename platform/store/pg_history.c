// SPDX-License-Identifier: Apache-2.0
// What a process remembers of the history in PostgreSQL, and the connection that makes seals and days beside work.

#include "platform/store/pg_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t pg_day_of(int64_t at_ms)
{
    return (int32_t)(at_ms / PG_DAY_MS - (at_ms % PG_DAY_MS < 0));
}

void pg_copy_text(char *to, size_t size, struct bulla_bytes from)
{
    size_t n = from.len < size ? from.len : size - 1;
    memcpy(to, from.at, n);
    to[n] = '\0';
}

/* --- the connection beside work --- */

static bool is_there(struct pg_history *history)
{
    struct pg_conn *conn = history->beside;
    if (conn && (PQconsumeInput(conn->handle) != 1 || PQstatus(conn->handle) != CONNECTION_OK)) {
        pg_disconnect(conn);
        history->beside = conn = NULL;
    }
    return conn || pg_connect(history->store->conninfo, &history->beside) == 0;
}

PGresult *pg_history_beside(struct pg_history *history, const char *sql, const struct pg_params *p, const char *doing)
{
    PGresult *r = NULL;
    pthread_mutex_lock(&history->making);
    for (int tries = 0; tries < 2 && !r && is_there(history); tries++) {
        r = pg_run_once(history->beside, sql, p, doing);
        if (PQstatus(history->beside->handle) == CONNECTION_OK) {
            break;
        }
    }
    pthread_mutex_unlock(&history->making);
    return r;
}

/* --- seals --- */

static uint32_t hash_of(const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *name; name++) {
        h = (h ^ (uint8_t)*name) * UINT64_C(1099511628211);
    }
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t slot_of(const struct pg_history *history, const char *name)
{
    uint32_t slot = hash_of(name) & history->slots_mask;
    while (history->slots[slot] && strcmp(history->seals[history->slots[slot] - 1].name, name) != 0) {
        slot = (slot + 1) & history->slots_mask;
    }
    return slot;
}

struct pg_seal *pg_history_seal(struct pg_history *history, const char *name)
{
    uint32_t at = history->slots[slot_of(history, name)];
    return at ? &history->seals[at - 1] : NULL;
}

static bool grow_seals(struct pg_history *history)
{
    uint32_t size = history->seals_size * 2;
    struct pg_seal *seals = realloc(history->seals, size * sizeof *seals);
    if (!seals) {
        return false;
    }
    history->seals = seals;
    uint32_t *slots = calloc((size_t)size * 2, sizeof *slots);
    if (!slots) {
        return false;
    }
    free(history->slots);
    history->slots = slots;
    history->slots_mask = size * 2 - 1;
    history->seals_size = size;
    for (uint32_t i = 0; i < history->n_seals; i++) {
        slots[slot_of(history, seals[i].name)] = i + 1;
    }
    return true;
}

/* Without memory it is only asked for again. */
static void remember_seal(struct pg_history *history, const char *name, int32_t n, int32_t day)
{
    if (pg_history_seal(history, name)) {
        return;
    }
    if (history->n_seals == history->seals_size && (history->n_seals == PG_SEALS_REMEMBERED || !grow_seals(history))) {
        memset(history->slots, 0, ((size_t)history->slots_mask + 1) * sizeof *history->slots);
        history->n_seals = 0;
    }
    struct pg_seal *seal = &history->seals[history->n_seals++];
    *seal = (struct pg_seal){.n = n, .day = day, .tried_day = PG_NO_DAY};
    snprintf(seal->name, sizeof seal->name, "%s", name);
    history->slots[slot_of(history, name)] = history->n_seals;
}

/* The numbers that are remembered; missing[0 .. *n) are the others' places. */
static void find_seals(struct pg_history *history, const char (*names)[PG_SEAL_TEXT], size_t count, int32_t *numbers, uint32_t *missing,
                       size_t *n)
{
    *n = 0;
    pthread_mutex_lock(&history->lock);
    for (size_t i = 0; i < count; i++) {
        const struct pg_seal *seal = pg_history_seal(history, names[i]);
        numbers[i] = seal ? seal->n : 0;
        if (!seal) {
            missing[(*n)++] = (uint32_t)i;
        }
    }
    pthread_mutex_unlock(&history->lock);
}

#define SEALS_SQL                                                                                                                          \
    "WITH asked AS (SELECT DISTINCT name FROM unnest($1::bytea[]) name), fresh AS (INSERT INTO seal_name (name) SELECT name FROM asked "   \
    "a WHERE NOT EXISTS (SELECT FROM seal_name s WHERE s.name = a.name) ORDER BY name ON CONFLICT DO NOTHING RETURNING n, name, day) "     \
    "SELECT n, name, day FROM fresh UNION ALL SELECT s.n, s.name, s.day FROM asked a JOIN seal_name s ON s.name = a.name"

static int ask_seals(struct pg_history *history, const char (*names)[PG_SEAL_TEXT], const uint32_t *missing, size_t n)
{
    struct pg_buffer b = {0};
    struct pg_params p = {0};
    pg_array_begin(&b, PG_TYPE_BYTEA, n);
    for (size_t i = 0; i < n; i++) {
        pg_put_field(&b, names[missing[i]], strlen(names[missing[i]]));
    }
    if (b.failed) {
        pg_buffer_free(&b);
        return store_fail(STORE_FAILED, "appending: out of memory");
    }
    pg_param_array(&p, PG_TYPE_BYTEAS, &b);
    PGresult *r = pg_history_beside(history, SEALS_SQL, &p, "numbering seals");
    pg_buffer_free(&b);
    if (!r) {
        return store_outcome();
    }
    pthread_mutex_lock(&history->lock);
    for (int i = 0; i < PQntuples(r); i++) {
        char name[PG_SEAL_TEXT];
        pg_copy_text(name, sizeof name, pg_bytes(r, i, 1));
        remember_seal(history, name, pg_int(r, i, 0), PQgetisnull(r, i, 2) ? PG_NO_DAY : pg_int(r, i, 2));
    }
    pthread_mutex_unlock(&history->lock);
    PQclear(r);
    return 0;
}

int pg_history_seals(struct pg_history *history, const char (*names)[PG_SEAL_TEXT], size_t count, int32_t *numbers)
{
    uint32_t *missing = malloc((count + 1) * sizeof *missing);
    size_t n = 0;
    int outcome = missing ? 0 : store_fail(STORE_FAILED, "appending: out of memory");
    if (!outcome) {
        find_seals(history, names, count, numbers, missing, &n);
    }
    for (int tries = 0; !outcome && n > 0; tries++) { /* again: another node was numbering the same ones */
        outcome = tries < 5 ? ask_seals(history, names, missing, n) : store_fail(STORE_FAILED, "PostgreSQL: seals cannot be numbered");
        if (!outcome) {
            find_seals(history, names, count, numbers, missing, &n);
        }
    }
    free(missing);
    return outcome;
}

/* --- days --- */

static int load_days(struct pg_history *history)
{
    PGresult *r = pg_history_beside(history, "SELECT day FROM observation_day ORDER BY day", NULL, "reading the days of the history");
    int32_t *days = r ? malloc(((size_t)PQntuples(r) + 1) * sizeof *days) : NULL;
    if (!days) {
        PQclear(r);
        return r ? store_fail(STORE_FAILED, "reading the days of the history: out of memory") : store_outcome();
    }
    size_t n = (size_t)PQntuples(r);
    for (size_t i = 0; i < n; i++) {
        days[i] = pg_int(r, (int)i, 0);
    }
    PQclear(r);
    pthread_mutex_lock(&history->lock);
    free(history->days);
    history->days = days;
    history->n_days = n;
    pthread_mutex_unlock(&history->lock);
    return 0;
}

static int compare_days(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left;
    int32_t b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

static bool knows_day(struct pg_history *history, int32_t day)
{
    pthread_mutex_lock(&history->lock);
    bool known = history->n_days > 0 && bsearch(&day, history->days, history->n_days, sizeof day, compare_days);
    pthread_mutex_unlock(&history->lock);
    return known;
}

bool pg_history_span(struct pg_history *history, int32_t *first, int32_t *last)
{
    pthread_mutex_lock(&history->lock);
    bool some = history->n_days > 0;
    if (some) {
        *first = history->days[0];
        *last = history->days[history->n_days - 1];
    }
    pthread_mutex_unlock(&history->lock);
    return some;
}

void pg_history_forget_days(struct pg_history *history)
{
    pthread_mutex_lock(&history->lock);
    history->n_days = 0;
    pthread_mutex_unlock(&history->lock);
}

int pg_history_days(struct pg_history *history, const int32_t *days, size_t n)
{
    bool made = false;
    for (size_t i = 0; i < n; i++) {
        if (knows_day(history, days[i])) {
            continue;
        }
        struct pg_params p = {0};
        pg_param_int(&p, days[i]);
        PGresult *r = pg_history_beside(history, "SELECT observation_make_day($1)", &p, "making the table of a day");
        if (!r) {
            return store_outcome();
        }
        PQclear(r);
        made = true;
    }
    return made ? load_days(history) : 0;
}

static int count_gone(PGresult *r, uint64_t *gone)
{
    if (!r) {
        return store_outcome();
    }
    *gone += (uint64_t)pg_long(r, 0, 0);
    PQclear(r);
    return 0;
}

static int drop_days(struct pg_history *history, int64_t before_ms, uint64_t *gone)
{
    int outcome = load_days(history); /* others' too */
    for (int32_t day = PG_NO_DAY, last; !outcome && pg_history_span(history, &day, &last) && (day + 1) * PG_DAY_MS <= before_ms;) {
        struct pg_params p = {0};
        pg_param_int(&p, day);
        outcome = count_gone(pg_history_beside(history, "SELECT observation_drop_day($1)", &p, "forgetting a day of the history"), gone);
        outcome = outcome ? outcome : load_days(history);
    }
    return outcome;
}

int pg_history_drop(struct store *base, int64_t before_ms, uint64_t *rows)
{
    static const char STRAYS[] = "WITH gone AS (DELETE FROM observation_stray WHERE received < $1 RETURNING 1) SELECT count(*) FROM gone";
    struct pg_history *history = store_pg_of(base)->history;
    struct pg_params p = {0};
    uint64_t gone = 0;
    pg_param_long(&p, before_ms);
    int outcome = drop_days(history, before_ms, &gone);
    outcome = outcome ? outcome : count_gone(pg_history_beside(history, STRAYS, &p, "forgetting old history"), &gone);
    if (!outcome && rows) {
        *rows = gone;
    }
    return outcome;
}

/* --- where the newest rows went --- */

static struct pg_recent *place_of(struct pg_history *history, struct store_key key)
{
    return &history->recent[(key.a ^ key.b >> 11) & (PG_RECENT - 1)];
}

void pg_history_remember(struct pg_history *history, struct store_key key, int64_t at_ms)
{
    *place_of(history, key) = (struct pg_recent){key, at_ms};
}

bool pg_history_recall(struct pg_history *history, struct store_key key, int64_t *at_ms)
{
    pthread_mutex_lock(&history->lock);
    struct pg_recent recent = *place_of(history, key);
    pthread_mutex_unlock(&history->lock);
    if (!store_key_is(recent.key, key)) {
        return false;
    }
    *at_ms = recent.at_ms;
    return true;
}

/* --- life --- */

struct pg_history *pg_history_new(struct store_pg *store)
{
    struct pg_history *history = calloc(1, sizeof *history);
    if (!history) {
        store_fail(STORE_FAILED, "store: out of memory");
        return NULL;
    }
    history->store = store;
    pthread_mutex_init(&history->lock, NULL);
    pthread_mutex_init(&history->making, NULL);
    history->seals_size = 512;
    history->slots_mask = 2 * history->seals_size - 1;
    history->seals = malloc(history->seals_size * sizeof *history->seals);
    history->slots = calloc((size_t)history->slots_mask + 1, sizeof *history->slots);
    history->recent = calloc(PG_RECENT, sizeof *history->recent);
    bool enough = history->seals && history->slots && history->recent;
    if (!enough) {
        store_fail(STORE_FAILED, "store: out of memory");
    }
    if (!enough || load_days(history)) {
        pg_history_free(history);
        return NULL;
    }
    return history;
}

void pg_history_free(struct pg_history *history)
{
    if (history) {
        pg_disconnect(history->beside);
        pthread_mutex_destroy(&history->lock);
        pthread_mutex_destroy(&history->making);
        free(history->seals);
        free(history->slots);
        free(history->days);
        free(history->recent);
        free(history);
    }
}
