/* SPDX-License-Identifier: Apache-2.0
 *
 * From the real store into that of a training: records by the tables of the image, each with its filter; then the observations, those of
 * before the day into the new history, those of the day laid aside.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/train.h"

#define DAY_MS       INT64_C(86400000)
#define EARLIER_DAYS 3    /* where the order is by event time: what is later than that on its way is not found */
#define ROWS         1000 /* observations at once */

/* --- records --- */

struct copy {
    struct store *from, *to;
    struct train_day *day;
    int64_t *positions; /* of the chosen journeys, sorted */
    size_t n_positions;
    struct user *users;
    size_t n_users;
    bool out_of_memory;
};

/* Whether a row is wanted; it may be changed. Columns are found by name: at(). */
struct table_rule {
    const char *table;
    bool (*wanted)(struct copy *c, const struct store_image_table *table, struct store_cell *cells);
};

static struct store_cell *at(const struct store_image_table *table, struct store_cell *cells, const char *column)
{
    static struct store_cell none = {.null = true};
    for (unsigned i = 0; table->columns[i].name; i++)
        if (strcmp(table->columns[i].name, column) == 0)
            return &cells[i];
    return &none;
}

static int64_t number(const struct store_image_table *table, struct store_cell *cells, const char *column)
{
    const struct store_cell *cell = at(table, cells, column);
    return cell->null ? BULLA_TIME_NONE : cell->number;
}

static void text(const struct store_image_table *table, struct store_cell *cells, const char *column, char *to, size_t size)
{
    const struct store_cell *cell = at(table, cells, column);
    snprintf(to, size, "%.*s", cell->null ? 0 : (int)cell->bytes.len, cell->null ? "" : (const char *)cell->bytes.at);
}

static bool everything(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    (void)c, (void)table, (void)cells;
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Adds a text to a list of texts of one size. */
static void add_text(struct copy *c, void **list, size_t *n, size_t size, const char *one)
{
    char *grown = realloc(*list, (*n + 1) * size);
    c->out_of_memory |= !grown;
    if (!grown)
        return;
    snprintf(grown + *n * size, size, "%s", one);
    *list = grown;
    ++*n;
}

static bool is_chosen(const struct copy *c, const char *journey)
{
    return c->day->n_journeys && bsearch(journey, c->day->journeys, c->day->n_journeys, MODEL_ID_SIZE, by_text);
}

static bool of_chosen(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    char journey[MODEL_ID_SIZE];
    text(table, cells, "journey", journey, sizeof journey);
    return is_chosen(c, journey);
}

/* Names of people are shown beside what they did; nobody signs in as they. */
static bool keep_user(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    struct user u = {
        .role = (enum user_role)number(table, cells, "role"), .disabled = true, .created_ms = number(table, cells, "created_ms")};
    char name[sizeof u.name - 5];
    text(table, cells, "id", u.id, sizeof u.id);
    text(table, cells, "name", name, sizeof name);
    text(table, cells, "full_name", u.full_name, sizeof u.full_name);
    snprintf(u.name, sizeof u.name, "then-%s", name);
    struct user *grown = realloc(c->users, (c->n_users + 1) * sizeof *grown);
    c->out_of_memory |= !grown;
    if (grown) {
        c->users = grown;
        c->users[c->n_users++] = u;
    }
    return false;
}

static bool choose_journey(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    const struct train_day *day = c->day;
    int64_t sealed_ms = number(table, cells, "sealed_at_ms"), ended_ms = number(table, cells, "unsealed_at_ms");
    int64_t state = number(table, cells, "state"), position = number(table, cells, "position");
    char id[MODEL_ID_SIZE];
    if (sealed_ms == BULLA_TIME_NONE || state == JOURNEY_DRAFT || sealed_ms >= day->until_ms ||
        sealed_ms < day->from_ms - TRAIN_LONGEST_MS || (ended_ms != BULLA_TIME_NONE && ended_ms <= day->from_ms) ||
        (ended_ms == BULLA_TIME_NONE && state == JOURNEY_CANCELLED))
        return false;
    text(table, cells, "id", id, sizeof id);
    add_text(c, (void **)&c->day->journeys, &c->day->n_journeys, MODEL_ID_SIZE, id);
    int64_t *grown = realloc(c->positions, (c->n_positions + 1) * sizeof *grown);
    c->out_of_memory |= !grown;
    if (grown) {
        c->positions = grown;
        c->positions[c->n_positions++] = position;
    }
    return true;
}

static bool of_chosen_position(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    int64_t position = number(table, cells, "position");
    return c->n_positions && bsearch(&position, c->positions, c->n_positions, sizeof position, by_number);
}

/* What people did with an alarm since the day began is theirs to do who are trained. */
static bool alarm_of_before(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    static const char *const words[] = {"handler", "patrol", "note"};
    if (!of_chosen(c, table, cells) || number(table, cells, "raised_ms") >= c->day->from_ms ||
        number(table, cells, "state") == ALARM_STATE_WITHDRAWN)
        return false;
    if (number(table, cells, "changed_ms") < c->day->from_ms)
        return true;
    at(table, cells, "state")->number = ALARM_STATE_RAISED;
    at(table, cells, "finding")->number = ALARM_FINDING_NONE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        at(table, cells, words[i])->bytes.len = 0;
    return true;
}

static bool is_policy(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    (void)c;
    return number(table, cells, "kind") == PAPER_POLICY;
}

static bool entry_of_before(struct copy *c, const struct store_image_table *table, struct store_cell *cells)
{
    return of_chosen(c, table, cells) && number(table, cells, "time_ms") < c->day->from_ms;
}

/* In the order in which one needs the other. */
static const struct table_rule rules[] = {
    {"party", everything},        {"station", everything},         {"user", keep_user},
    {"seal", everything},         {"journey", choose_journey},     {"journey_seal", of_chosen_position},
    {"permission", of_chosen},    {"alarm", alarm_of_before},      {"paper", is_policy},
    {"rule_version", everything}, {"rule_definition", everything}, {"entry", entry_of_before},
};

/* One page of a table: rows that are wanted, and the key behind which the next begins; both own their bytes. */
struct page {
    struct copy *copy;
    const struct table_rule *rule;
    const struct store_image_table *table;
    struct store_cell *rows;
    size_t n, read;
    struct store_cell last[STORE_IMAGE_COLUMNS];
    bool has_last;
};

static bool has_bytes(enum store_cell_kind kind)
{
    return kind == STORE_CELL_TEXT || kind == STORE_CELL_BYTES;
}

static void forget_cells(const struct store_image_table *table, struct store_cell *cells)
{
    for (unsigned i = 0; table->columns[i].name; i++)
        if (has_bytes(table->columns[i].kind))
            free((void *)(uintptr_t)cells[i].bytes.at);
}

static bool copy_cells(const struct store_image_table *table, const struct store_cell *from, struct store_cell *to)
{
    bool done = true;
    for (unsigned i = 0; table->columns[i].name; i++) {
        to[i] = from[i];
        if (!has_bytes(table->columns[i].kind))
            continue;
        uint8_t *bytes = malloc(from[i].bytes.len + 1);
        if (bytes && from[i].bytes.len && !from[i].null)
            memcpy(bytes, from[i].bytes.at, from[i].bytes.len);
        to[i].bytes.at = bytes;
        done &= bytes != NULL;
    }
    return done;
}

static void take_row(void *context, const struct store_cell *cells)
{
    struct page *p = context;
    unsigned width = store_image_width(p->table);
    p->read++;
    if (p->has_last)
        forget_cells(p->table, p->last);
    p->has_last = true;
    p->copy->out_of_memory |= !copy_cells(p->table, cells, p->last);
    struct store_cell *row = &p->rows[p->n * width];
    p->copy->out_of_memory |= !copy_cells(p->table, cells, row);
    if (!p->copy->out_of_memory && p->rule->wanted(p->copy, p->table, row))
        p->n++;
    else
        forget_cells(p->table, row);
}

static int copy_page(struct page *p)
{
    struct store_cell after[STORE_IMAGE_COLUMNS];
    bool behind = p->has_last;
    unsigned width = store_image_width(p->table);
    p->n = p->read = 0;
    if (behind && !copy_cells(p->table, p->last, after)) {
        p->copy->out_of_memory = true;
        return STORE_FAILED;
    }
    int outcome = store_image_rows(p->copy->from, p->table, behind ? after : NULL, take_row, p);
    if (behind)
        forget_cells(p->table, after);
    if (!outcome && p->n)
        outcome = store_image_put(p->copy->to, p->table, p->rows, p->n);
    for (size_t i = 0; i < p->n; i++)
        forget_cells(p->table, &p->rows[i * width]);
    return outcome;
}

static int copy_table(struct copy *c, const struct table_rule *rule)
{
    const struct store_image_table *table = store_image_tables;
    while (table->name && strcmp(table->name, rule->table) != 0)
        table++;
    struct page p = {
        .copy = c, .rule = rule, .table = table, .rows = calloc(table->page, store_image_width(table) * sizeof(struct store_cell))};
    int outcome = p.rows ? 0 : STORE_FAILED;
    c->out_of_memory |= !p.rows;
    do
        outcome = outcome ? outcome : copy_page(&p);
    while (!outcome && p.read == table->page && !c->out_of_memory);
    if (p.has_last)
        forget_cells(table, p.last);
    free(p.rows);
    if (strcmp(rule->table, "journey") == 0 && c->day->n_journeys) {
        qsort(c->day->journeys, c->day->n_journeys, MODEL_ID_SIZE, by_text);
        qsort(c->positions, c->n_positions, sizeof *c->positions, by_number);
    }
    return outcome;
}

/* --- journeys as they were --- */

static bool add_event(struct copy *c, int64_t at_ms, enum train_act act, size_t journey, enum journey_state state)
{
    const struct train_event event = {.at_ms = at_ms, .act = act, .place = (long)journey, .state = state};
    return at_ms >= c->day->until_ms || train_day_event(c->day, &event);
}

/* Takes back what became of it since the day began; that happens again at its time. */
static bool rewind_state(struct copy *c, struct journey *j, size_t index)
{
    bool done = true;
    enum journey_state end = j->state == JOURNEY_CANCELLED ? JOURNEY_CANCELLED : JOURNEY_RELEASED;
    if (j->unsealed_at_ms != BULLA_TIME_NONE)
        done &= add_event(c, j->unsealed_at_ms, TRAIN_ENDED, index, end);
    bool there = j->arrived_at_ms != BULLA_TIME_NONE && j->arrived_at_ms < c->day->from_ms;
    if (j->arrived_at_ms != BULLA_TIME_NONE && !there)
        done &= add_event(c, j->arrived_at_ms, TRAIN_ARRIVED, index, JOURNEY_ARRIVED);
    j->state = there ? JOURNEY_ARRIVED : JOURNEY_SEALED; /* under way when its seal says so */
    if (j->sealed_at_ms >= c->day->from_ms) {
        done &= add_event(c, j->sealed_at_ms, TRAIN_SEALED, index, JOURNEY_SEALED);
        j->state = JOURNEY_DRAFT;
    }
    j->unsealed_at_ms = BULLA_TIME_NONE;
    if (!there)
        j->arrived_at_ms = BULLA_TIME_NONE;
    return done;
}

static void add_seals(struct copy *c, const struct journey *j)
{
    struct train_day *day = c->day;
    for (size_t i = 0; i < j->n_seals; i++) {
        struct seal seal;
        add_text(c, (void **)&day->seals, &day->n_seals, MODEL_SEAL_SIZE, j->seals[i]);
        if (j->state == JOURNEY_DRAFT || store_seal_get(c->to, j->seals[i], &seal) != STORE_OK)
            continue;
        seal.life = SEAL_LIFE_SEALED;
        (void)store_seal_put(c->to, &seal, NULL);
    }
    for (size_t i = 0; i < j->n_legs; i++)
        if (strchr(j->legs[i].means, ':')) /* a vessel that speaks for them */
            add_text(c, (void **)&day->seals, &day->n_seals, MODEL_SEAL_SIZE, j->legs[i].means);
}

/* *since_ms: when the first of them was sealed. */
static bool rewind_journeys(struct copy *c, int64_t *since_ms)
{
    struct train_day *day = c->day;
    *since_ms = day->from_ms;
    for (size_t i = 0; i < day->n_journeys; i++) {
        struct journey *j = NULL;
        if (store_journey_get(c->to, day->journeys[i], &j) != STORE_OK)
            return false;
        if (j->sealed_at_ms < *since_ms)
            *since_ms = j->sealed_at_ms;
        bool done = rewind_state(c, j, i) && store_journey_put(c->to, j, NULL) == STORE_OK;
        if (done)
            add_seals(c, j);
        journey_free(j);
        if (!done)
            return false;
    }
    if (day->n_seals)
        qsort(day->seals, day->n_seals, MODEL_SEAL_SIZE, by_text);
    return !c->out_of_memory;
}

static bool put_users(struct copy *c)
{
    for (size_t i = 0; i < c->n_users; i++)
        if (store_user_put(c->to, &c->users[i], NULL) != STORE_OK)
            return false;
    return true;
}

/* --- observations --- */

struct reading {
    struct copy *copy;
    struct bulla_observation o[ROWS];
    struct store_row row[ROWS];
    uint8_t *bytes[ROWS];
    size_t n;
    bool by_arrival, over, failed;
};

static bool flush(struct reading *r)
{
    bool done = r->n == 0 || store_append(r->copy->to, r->row, r->n) == STORE_OK;
    for (size_t i = 0; i < r->n; i++)
        free(r->bytes[i]);
    r->n = 0;
    return done;
}

/* Of before the day: into the new history. */
static bool keep(struct reading *r, const struct bulla_observation *o, struct bulla_bytes raw)
{
    uint8_t *bytes = malloc(raw.len + 1);
    if (!bytes)
        return false;
    if (raw.len)
        memcpy(bytes, raw.at, raw.len);
    r->bytes[r->n] = bytes;
    r->o[r->n] = *o;
    r->row[r->n] = (struct store_row){.o = &r->o[r->n], .raw = {bytes, raw.len}};
    return ++r->n < ROWS || flush(r);
}

static void take_observation(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct reading *r = context;
    const struct train_day *day = r->copy->day;
    char seal[BULLA_PROTOCOL_SIZE + BULLA_DEVICE_SIZE + 2];
    int64_t at_ms = bulla_observation_knows(o, BULLA_HAS_TIME) ? o->time_ms : o->received_ms;
    /* Arrivals do not go back by more than clocks are set; a message may tell of what its seal kept for long, not of what is to come. */
    r->over |= r->by_arrival ? o->received_ms >= day->until_ms + DAY_MS / 24 : at_ms >= day->until_ms + DAY_MS;
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    if (r->failed || o->received_ms >= day->until_ms || !bsearch(seal, day->seals, day->n_seals, MODEL_SEAL_SIZE, by_text))
        return;
    r->failed = o->received_ms < day->from_ms ? !keep(r, o, raw) : !train_day_message(r->copy->day, o, raw);
}

static bool copy_observations(struct copy *c, int64_t since_ms)
{
    struct reading *r = calloc(1, sizeof *r);
    char place[120] = "";
    if (!r || c->day->n_seals == 0) {
        free(r);
        return r != NULL;
    }
    r->copy = c;
    int outcome = store_image_since(c->from, since_ms - DAY_MS, place);
    r->by_arrival = outcome == STORE_OK;
    if (outcome == STORE_NOT_FOUND)
        (void)store_image_day(c->from, since_ms / DAY_MS - EARLIER_DAYS, place);
    outcome = outcome == STORE_NOT_FOUND ? STORE_OK : outcome;
    while (outcome == STORE_OK && !r->over && !r->failed)
        outcome = store_image_observations(c->from, place, ROWS, take_observation, r);
    bool done = outcome >= 0 && !r->failed;
    done = flush(r) && done;
    free(r);
    return done;
}

bool train_copy(struct store *from, struct store *to, struct train_day *day)
{
    struct copy c = {.from = from, .to = to, .day = day};
    int64_t since_ms;
    int outcome = 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !outcome; i++)
        outcome = copy_table(&c, &rules[i]);
    bool done = !outcome && !c.out_of_memory && put_users(&c) && rewind_journeys(&c, &since_ms) && copy_observations(&c, since_ms);
    if (!done)
        cli_say("the day could not be copied: %s", c.out_of_memory ? "out of memory" : store_error(from));
    train_day_sort(day);
    free(c.positions);
    free(c.users);
    return done;
}
