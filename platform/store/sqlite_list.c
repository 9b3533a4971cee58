// SPDX-License-Identifier: Apache-2.0
// One page of a list of records: the SQL from the table's filters, the search, the position of the next page.

#include "platform/store/sqlite_records.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 8, RARE_MOST = 3000, TAIL = 6 };

struct search {                 /* the words of q->search */
    char parts[400];            /* of three characters or more, as FTS5 wants them: any part of the text */
    char beginnings[400];       /* of one or two: the beginnings of words */
    char words[WORDS_MOST][80]; /* all of them, for holds() and begins() where another index leads */
    bool is_short[WORDS_MOST];
    unsigned n;
};

/* Appends AND "word", quotes doubled. `to` has room: the words come from 80 characters. */
static void add_phrase(char to[400], const char *word, const char *end)
{
    char *at = to + strlen(to);
    at += sprintf(at, "%s\"", at > to ? " AND " : "");
    for (; *word; word++) {
        *at++ = *word;
        if (*word == '"') {
            *at++ = '"';
        }
    }
    sprintf(at, "\"%s", end);
}

static void read_search(const char *text, struct search *out)
{
    *out = (struct search){.n = 0};
    for (const char *at = text; *at && out->n < WORDS_MOST;) {
        size_t n = strcspn(at, " \t\r\n");
        if (n > 0 && n < sizeof out->words[0]) {
            bool is_short = record_characters(at, n) < 3;
            char *word = out->words[out->n];
            memcpy(word, at, n);
            out->is_short[out->n++] = is_short;
            add_phrase(is_short ? out->beginnings : out->parts, word, is_short ? "*" : "");
        }
        at += n + strspn(at + n, " \t\r\n");
    }
}

struct page {
    const struct record_table *table;
    const struct store_query *q;
    struct search search;
    struct record_page span;
    const char *lead;                 /* which table of words leads: "search", "words"; NULL: none */
    bool is_tail;                     /* `parts` is but the end of one word: all words are left to be looked for */
    const struct record_filter *rare; /* the filter whose index leads; NULL: SQLite chooses */
    const char *index;                /* "open": of the open ones, "carrier_open": of one carrier's open ones; NULL: SQLite chooses */
};

static int read_page(const struct record_table *table, const struct store_query *q, struct page *page)
{
    *page = (struct page){.table = table, .q = q};
    int outcome = record_page_read(table, q, &page->span);
    if (!outcome) {
        read_search(q->search, &page->search);
    }
    return outcome;
}

static bool is_open(const struct record_filter *filter, const struct store_query *q)
{
    return filter->open && !strcmp((const char *)q + filter->offset, "open");
}

static void bind_value(sqlite3_stmt *s, int parameter, const struct record_filter *filter, const struct store_query *q)
{
    const char *text = (const char *)q + filter->offset;
    if (filter->offset == offsetof(struct store_query, grade)) {
        sqlite3_bind_int(s, parameter, q->grade);
    } else if (filter->from) {
        sqlite3_bind_int(s, parameter, filter->from(text)); /* -1 for a word that is none: fits nothing */
    } else {
        store_db_bind_text(s, parameter, text);
    }
}

/* Binds every mark of the filter's condition; returns the parameter after. */
static int bind_filter(sqlite3_stmt *s, int at, const struct record_filter *filter, const struct store_query *q)
{
    for (const char *mark = is_open(filter, q) ? NULL : strchr(filter->where, '?'); mark; mark = strchr(mark + 1, '?')) {
        bind_value(s, at++, filter, q);
    }
    return at;
}

/* How many records fit one filter, at most RARE_MOST + 1 are counted. */
static int count_filter(struct store_db *db, const struct page *page, const struct record_filter *filter, int64_t *out)
{
    struct sqlite_text sql = {.len = 0};
    sqlite_text_add(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d)", page->table->name,
                    is_open(filter, page->q) ? filter->open : filter->where, RARE_MOST + 1);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    bind_filter(s, 1, filter, page->q);
    int code = sqlite3_step(s);
    *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return code == SQLITE_ROW ? 0 : store_db_fail(db, "listing");
}

static int count_tail(struct store_db *db, const struct page *page, const char *phrase, int64_t *out)
{
    struct sqlite_text sql = {.len = 0};
    const char *name = page->table->name;
    sqlite_text_add(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s_search WHERE %s_search MATCH ? LIMIT %d)", name, name, RARE_MOST + 1);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    store_db_bind_text(s, 1, phrase);
    int code = sqlite3_step(s);
    *out = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return code == SQLITE_ROW ? 0 : store_db_fail(db, "listing");
}

/* A long word costs FTS5 a walk through the list of each of its threes, and in numbers the first ones are in every record.
 * Its last six characters tell records apart; where they do, they lead. */
static int try_tails(struct store_db *db, struct page *page)
{
    struct search *search = &page->search;
    int outcome = 0;
    for (unsigned i = 0; i < search->n && !page->is_tail && !outcome; i++) {
        const char *word = search->words[i];
        size_t len = strlen(word);
        char phrase[400] = "";
        int64_t n = RARE_MOST + 1;
        if (len > TAIL && record_characters(word + len - TAIL, TAIL) == TAIL) {
            add_phrase(phrase, word + len - TAIL, "");
            outcome = count_tail(db, page, phrase, &n);
        }
        if (!outcome && n <= RARE_MOST) {
            page->is_tail = true;
            memcpy(search->parts, phrase, sizeof search->parts);
        }
    }
    return outcome;
}

/* One carrier's open ones: few, however many it has had and others have open. */
static bool is_open_carrier(const struct page *page)
{
    bool carrier = false, open = false;
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        carrier |= record_filter_is_set(f, page->q) && !strcmp(f->where, "carrier = ?");
        open |= record_filter_is_set(f, page->q) && is_open(f, page->q);
    }
    return carrier && open;
}

/* What leads through the list. A rare filter (a draft, one carrier's) beats a search that fits a million records, and the
 * other way about; SQLite does not know the numbers. */
static int choose_lead(struct store_db *db, struct page *page)
{
    int64_t least = RARE_MOST + 1, n = 0;
    unsigned ways = page->search.n > 0;
    int outcome = 0;
    if (is_open_carrier(page)) {
        page->index = "carrier_open";
        return 0;
    }
    page->lead = page->search.parts[0] ? "search" : page->search.beginnings[0] ? "words" : NULL;
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        ways += record_filter_is_set(f, page->q);
    }
    for (const struct record_filter *f = page->table->filters; f->where && ways > 1 && !outcome; f++) {
        if (record_filter_is_set(f, page->q)) {
            outcome = count_filter(db, page, f, &n);
            page->rare = !outcome && n < least ? f : page->rare;
            least = n < least ? n : least;
        }
    }
    page->lead = page->rare ? NULL : page->lead;
    for (const struct record_filter *f = page->table->filters; f->where && !page->lead; f++) {
        bool leads = record_filter_is_set(f, page->q) && is_open(f, page->q) && (ways == 1 || page->rare == f);
        page->index = leads ? "open" : page->index;
    }
    return outcome || page->rare ? outcome : try_tails(db, page);
}

/* Whether the word is looked for in each record that is led to. */
static bool is_left(const struct page *page, unsigned word)
{
    return !page->lead || page->is_tail || (page->search.is_short[word] && !strcmp(page->lead, "search"));
}

static void write_conditions(const struct page *page, struct sqlite_text *sql)
{
    for (unsigned i = 0; i < page->search.n; i++) {
        if (is_left(page, i)) {
            sqlite_text_add(sql, " AND %s(%s.search, ?)", page->search.is_short[i] ? "begins" : "holds", page->table->name);
        }
    }
    if (page->index && !strcmp(page->index, "open")) {
        sqlite_text_add(sql, " AND open = 1"); /* so that the index is seen to be in the list's order */
    }
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        if (record_filter_is_set(f, page->q)) { /* a `+` keeps SQLite from using the index of the condition */
            sqlite_text_add(sql, " AND %s%s", page->rare && page->rare != f ? "+" : "", is_open(f, page->q) ? f->open : f->where);
        }
    }
}

static void write_sql(const struct page *page, struct sqlite_text *sql)
{
    const char *name = page->table->name;
    char prefix[24], order[48];
    snprintf(prefix, sizeof prefix, "%s.", name);
    snprintf(order, sizeof order, page->lead ? "%s_%s.rowid" : "%s.position", name, page->lead ? page->lead : "");
    sqlite_text_add(sql, "SELECT %s, position, ", page->table->version == RECORD_NONE ? "0" : "version");
    sqlite_text_add_fields(sql, prefix, page->table->fields);
    if (page->lead) {
        sqlite_text_add(sql, " FROM %s_%s CROSS JOIN %s ON position = %s WHERE %s_%s MATCH ? AND", name, page->lead, name, order, name,
                        page->lead);
    } else {
        sqlite_text_add(sql, page->index ? " FROM %s INDEXED BY %s_%s WHERE" : " FROM %s WHERE", name, name, page->index);
    }
    sqlite_text_add(sql, " %s >= ? AND %s <= ?", order, order);
    write_conditions(page, sql);
    sqlite_text_add(sql, " ORDER BY %s DESC LIMIT ?", order);
}

static void bind_page(sqlite3_stmt *s, const struct page *page)
{
    int at = 1;
    if (page->lead) {
        store_db_bind_text(s, at++, page->search.parts[0] ? page->search.parts : page->search.beginnings);
    }
    sqlite3_bind_int64(s, at++, page->span.from);
    sqlite3_bind_int64(s, at++, page->span.until);
    for (unsigned i = 0; i < page->search.n; i++) {
        if (is_left(page, i)) {
            store_db_bind_text(s, at++, page->search.words[i]);
        }
    }
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        if (record_filter_is_set(f, page->q)) {
            at = bind_filter(s, at, f, page->q);
        }
    }
    sqlite3_bind_int64(s, at, (int64_t)page->span.limit + 1);
}

static int give_row(const struct record_table *table, sqlite3_stmt *s, void *record, store_each_fn each, void *context)
{
    memset(record, 0, table->size);
    int outcome = sqlite_fields_read(s, 2, table->fields, record);
    if (!outcome) {
        if (table->version != RECORD_NONE) {
            int64_t version = sqlite3_column_int64(s, 0);
            memcpy((char *)record + table->version, &version, sizeof version);
        }
        each(context, record);
    }
    return outcome;
}

static int list(struct store_db *db, struct page *page, sqlite_load_fn load, store_each_fn each, void *context, char next[120])
{
    struct sqlite_text sql = {.len = 0};
    int outcome = choose_lead(db, page);
    if (outcome) {
        return outcome;
    }
    write_sql(page, &sql);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    void *record = s ? malloc(page->table->size) : NULL;
    if (!record) {
        return s ? store_fail(STORE_FAILED, "%s: out of memory", page->table->noun) : store_outcome();
    }
    bind_page(s, page);
    int code = SQLITE_DONE;
    int64_t last = 0;
    unsigned given = 0;
    while (!outcome && (code = sqlite3_step(s)) == SQLITE_ROW && given < page->span.limit) {
        last = sqlite3_column_int64(s, 1);
        outcome = load ? load(db, s, each, context) : give_row(page->table, s, record, each, context);
        given++;
    }
    if (!outcome && code != SQLITE_ROW && code != SQLITE_DONE) {
        outcome = store_db_fail(db, "listing");
    }
    if (!outcome) {
        next[0] = '\0';
        if (code == SQLITE_ROW) {
            record_page_next(next, last);
        }
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    free(record);
    return outcome;
}

int sqlite_record_list(struct store_sqlite *store, const struct record_table *table, const struct store_query *q, sqlite_load_fn load,
                       store_each_fn each, void *context, char next[120])
{
    struct page page;
    struct store_db *db = NULL;
    int outcome = read_page(table, q, &page);
    outcome = outcome ? outcome : store_pool_take(&store->readers, &db);
    if (!outcome) {
        outcome = list(db, &page, load, each, context, next);
        store_pool_put(&store->readers, db);
    }
    return outcome;
}
