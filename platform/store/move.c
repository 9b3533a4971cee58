// SPDX-License-Identifier: Apache-2.0
// The rounds, the observations, and the comparison.

#include "platform/store/move.h"

#include "platform/store/move_days.h"
#include "platform/store/move_records.h"
#include "platform/store/store_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_ROWS = 2000, SAY_MS = 2000 };
#define STATE ".move"       /* setting of the target: "begun NAME" or "done NAME" */
#define PLACE ".move.place" /* how far its observations came */

struct move {
    struct move_options o;
    char place[120], saved[120]; /* of this run; of the one before */
    struct move_days from, to;
    bool read_back, broken_off;
    /* a batch on its way */
    struct store_row *rows;
    struct bulla_observation *observations;
    uint8_t *bytes;
    size_t n, n_bytes, bytes_size;
    bool failed; /* out of memory */
    int64_t said_ms;
    uint64_t seen, copied;
};

static bool stopped(struct move *m)
{
    m->broken_off = m->broken_off || (m->o.stop && m->o.stop(m->o.context));
    return m->broken_off;
}

static void say(struct move *m, bool always, const char *format, uint64_t a, uint64_t b)
{
    char text[200];
    int64_t now_ms = m->o.now_ms(m->o.context);
    if (m->o.say && (always || now_ms - m->said_ms >= SAY_MS)) {
        m->said_ms = now_ms;
        snprintf(text, sizeof text, format, (unsigned long long)a, (unsigned long long)b);
        m->o.say(m->o.context, text);
    }
}

/* --- beginning --- */

static void count_row(void *context, const struct store_cell *cells)
{
    (void)cells;
    ++*(uint64_t *)context;
}

static void count_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(uint64_t *)context;
}

/* The first thing that lies in a target; NULL: it is empty, or *outcome tells why that cannot be said. */
static const char *what_is_in(struct store *store, int *outcome)
{
    uint64_t n = 0;
    char place[120] = "";
    for (const struct store_image_table *t = store_image_tables; t->name && !*outcome; t++) {
        *outcome = store_image_rows(store, t, NULL, count_row, &n);
        if (n > 0) {
            return t->name;
        }
    }
    int found = *outcome ? 0 : store_image_observations(store, place, 1, count_observation, &n);
    *outcome = found < 0 ? found : *outcome;
    return n > 0 ? "observation" : NULL;
}

/* Whether this target may be written to, and where to go on. */
static int check_target(struct move *m)
{
    char state[500] = "", begun[500], done[500];
    int outcome = store_setting_get(m->o.to, STATE, state, sizeof state);
    snprintf(begun, sizeof begun, "begun %s", m->o.name);
    snprintf(done, sizeof done, "done ");
    if (outcome < 0) {
        return outcome;
    }
    if (outcome == STORE_OK && strncmp(state, done, strlen(done)) == 0) {
        return store_fail(STORE_CONFLICT, "the target was finished before (from %s): it may be in use; move into an empty one", state + strlen(done));
    }
    if (outcome == STORE_OK && strcmp(state, begun) != 0) {
        return store_fail(STORE_CONFLICT, "the target was begun from another source (%s); move into an empty one", state + strlen("begun "));
    }
    if (outcome == STORE_OK) {
        outcome = store_setting_get(m->o.to, PLACE, m->saved, sizeof m->saved);
        return outcome < 0 ? outcome : 0;
    }
    outcome = 0;
    const char *in = what_is_in(m->o.to, &outcome);
    if (in) {
        return store_fail(STORE_CONFLICT, "the target is not empty: it has a row of %s; move into an empty one", in);
    }
    return outcome ? outcome : store_setting_put(m->o.to, STATE, begun);
}

struct move *move_new(const struct move_options *options, char why[400])
{
    struct move *m = calloc(1, sizeof *m);
    bool made = m && (m->rows = calloc(BATCH_ROWS, sizeof *m->rows)) && (m->observations = calloc(BATCH_ROWS, sizeof *m->observations));
    if (made) {
        m->o = *options;
        made = check_target(m) == 0;
    } else {
        store_fail(STORE_FAILED, "moving: out of memory");
    }
    if (!made) {
        snprintf(why, 400, "%s", store_error(NULL));
        move_free(m);
        return NULL;
    }
    return m;
}

void move_free(struct move *m)
{
    if (!m) {
        return;
    }
    move_days_clear(&m->from);
    move_days_clear(&m->to);
    free(m->rows);
    free(m->observations);
    free(m->bytes);
    free(m);
}

/* --- observations --- */

static bool make_room(struct move *m, size_t bytes)
{
    if (m->n == BATCH_ROWS) {
        return false; /* more than was asked for */
    }
    if (m->n_bytes + bytes > m->bytes_size) {
        size_t size = (m->n_bytes + bytes) * 2;
        uint8_t *at = realloc(m->bytes, size);
        if (!at) {
            return false;
        }
        m->bytes = at;
        m->bytes_size = size;
    }
    return true;
}

static void take_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct move *m = context;
    move_days_add(&m->from, o, raw);
    m->seen++;
    if (!make_room(m, raw.len)) {
        m->failed = true;
        return;
    }
    m->observations[m->n] = *o;
    if (raw.len) {
        memcpy(m->bytes + m->n_bytes, raw.at, raw.len);
    }
    m->rows[m->n] = (struct store_row){.o = &m->observations[m->n], .raw = {NULL, raw.len}};
    m->n_bytes += raw.len;
    m->n++;
}

/* Appends what was taken, unless the run before did; what is there already is known by its id. */
static int append(struct move *m, bool known, uint64_t *written)
{
    size_t at = 0;
    for (size_t i = 0; i < m->n; at += m->rows[i++].raw.len) {
        m->rows[i].raw.at = m->bytes + at;
    }
    int outcome = known || m->n == 0 ? 0 : store_append(m->o.to, m->rows, m->n);
    for (size_t i = 0; i < m->n && !outcome; i++) {
        bool new = !known && !m->rows[i].duplicate;
        struct move_day *day = new ? move_days_get(&m->to, move_day_of(&m->observations[i])) : NULL;
        *written += new;
        if (day) {
            day->touched = true;
        }
    }
    return outcome;
}

static int copy_observations(struct move *m, uint64_t *written)
{
    int outcome = 0;
    while (!outcome && !stopped(m)) {
        m->n = m->n_bytes = 0;
        outcome = store_image_observations(m->o.from, m->place, BATCH_ROWS, take_observation, m);
        if (outcome) {
            break;
        }
        if (m->failed || m->from.failed) {
            return store_fail(STORE_FAILED, "moving observations: out of memory");
        }
        bool known = m->saved[0] && strcmp(m->place, m->saved) <= 0;
        outcome = append(m, known, written);
        outcome = outcome || known ? outcome : store_setting_put(m->o.to, PLACE, m->place);
        say(m, false, "observations: %llu read, %llu written in this round", m->seen, *written);
    }
    return outcome == STORE_NOT_FOUND ? 0 : stopped(m) && !outcome ? MOVE_STOPPED : outcome;
}

/* --- rounds --- */

static int copy_records(struct move *m, uint64_t *written)
{
    int outcome = 0;
    for (const struct store_image_table *t = store_image_tables; t->name && !outcome; t++) {
        struct move_table_result result = {0};
        outcome = move_table(&m->o, t, true, &result);
        *written += result.written;
        if (result.written) {
            char text[120];
            snprintf(text, sizeof text, "%s: %%llu rows, %%llu written", t->name);
            say(m, false, text, result.from_rows, result.written);
        }
    }
    return outcome;
}

int move_round(struct move *m, int64_t *ms, uint64_t *written)
{
    int64_t began_ms = m->o.now_ms(m->o.context);
    *written = 0;
    int outcome = copy_observations(m, written);
    outcome = outcome ? outcome : copy_records(m, written);
    *ms = m->o.now_ms(m->o.context) - began_ms;
    return outcome;
}

int move_rest(struct move *m)
{
    uint64_t written = 0;
    int64_t ms = 0;
    int outcome = move_round(m, &ms, &written);
    say(m, true, "the rest: %llu rows in %llu ms", written, (uint64_t)ms);
    return outcome;
}

/* --- reading back --- */

struct reading {
    struct move *move;
    struct move_days *into;
    bool only_touched; /* those of days that are touched */
    bool one_day;
    int64_t day;
    bool passed; /* a later day was met */
    uint64_t n;
};

static void take_back(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct reading *r = context;
    int64_t day = move_day_of(o);
    r->n++;
    if (r->one_day && day != r->day) {
        r->passed = true;
        return;
    }
    if (r->only_touched) {
        const struct move_day *known = move_days_get(&r->move->to, day);
        if (!known || !known->touched) {
            return;
        }
    }
    if (!r->passed) {
        move_days_add(r->into, o, raw);
    }
}

/* Reads from a place on, until there is no more or the day is over. */
static int read_from(struct reading *r, char place[120])
{
    int outcome = 0;
    while (!outcome && !r->passed && !stopped(r->move)) {
        outcome = store_image_observations(r->move->o.to, place, BATCH_ROWS, take_back, r);
        say(r->move, false, "reading back: %llu observations", r->n, 0);
    }
    return outcome == STORE_NOT_FOUND ? 0 : outcome ? outcome : r->passed ? 0 : MOVE_STOPPED;
}

static int read_all_back(struct move *m)
{
    char place[120] = "";
    move_days_clear(&m->to);
    struct reading r = {.move = m, .into = &m->to};
    int outcome = read_from(&r, place);
    for (size_t i = 0; i < m->to.n; i++) {
        m->to.at[i].touched = false;
    }
    m->read_back = outcome == 0;
    return outcome;
}

int move_read_back(struct move *m)
{
    return read_all_back(m);
}

/* The days that were touched since they were read, and no more. */
static int read_touched_back(struct move *m)
{
    struct move_days fresh = {0};
    char place[120] = "";
    int outcome = 0;
    if (store_image_day(m->o.to, INT64_MIN, place)) {
        struct reading stray = {.move = m, .into = &fresh, .only_touched = true};
        outcome = read_from(&stray, place);
    }
    for (size_t i = 0; i < m->to.n && !outcome; i++) {
        if (m->to.at[i].touched && store_image_day(m->o.to, m->to.at[i].day, place)) {
            struct reading day = {.move = m, .into = &fresh, .one_day = true, .day = m->to.at[i].day};
            outcome = read_from(&day, place);
        }
    }
    for (size_t i = 0; i < m->to.n && !outcome; i++) {
        const struct move_day *now = m->to.at[i].touched ? move_days_get(&fresh, m->to.at[i].day) : NULL;
        if (now) {
            m->to.at[i] = *now;
            m->to.at[i].touched = false;
        }
    }
    move_days_clear(&fresh);
    return outcome;
}

/* --- comparing --- */

static void hex(const uint8_t *digest, char to[65])
{
    for (int i = 0; i < STORE_DIGEST; i++) {
        snprintf(to + 2 * i, 3, "%02x", digest[i]);
    }
}

static struct move_line line_of(const char *name, const uint8_t *from, const uint8_t *to, uint64_t from_rows, uint64_t to_rows)
{
    struct move_line line = {.name = name, .from_rows = from_rows, .to_rows = to_rows};
    hex(from, line.from_digest);
    hex(to, line.to_digest);
    line.equal = from_rows == to_rows && memcmp(from, to, STORE_DIGEST) == 0;
    return line;
}

static int compare_observations(struct move *m, struct move_line *line)
{
    uint8_t from[STORE_DIGEST], to[STORE_DIGEST];
    char place[120];
    bool by_day = m->read_back && store_image_day(m->o.to, 0, place);
    int outcome = by_day ? read_touched_back(m) : read_all_back(m);
    if (outcome) {
        return outcome;
    }
    uint64_t from_rows = move_days_digest(&m->from, from), to_rows = move_days_digest(&m->to, to);
    *line = line_of("observations", from, to, from_rows, to_rows);
    return m->from.failed || m->to.failed ? store_fail(STORE_FAILED, "comparing: out of memory") : 0;
}

int move_compare(struct move *m, void (*each)(void *context, const struct move_line *line), void *context, bool *equal)
{
    struct move_line line;
    char done[500];
    int outcome = compare_observations(m, &line);
    *equal = !outcome && line.equal;
    if (!outcome) {
        each(context, &line);
    }
    for (const struct store_image_table *t = store_image_tables; t->name && !outcome; t++) {
        struct move_table_result r = {0};
        outcome = move_table(&m->o, t, false, &r);
        if (!outcome) {
            line = line_of(t->name, r.from_digest, r.to_digest, r.from_rows, r.to_rows);
            *equal &= line.equal;
            each(context, &line);
        }
    }
    snprintf(done, sizeof done, "done %s", m->o.name);
    return outcome || !*equal ? outcome : store_setting_put(m->o.to, STATE, done);
}
