// SPDX-License-Identifier: Apache-2.0
// One page of a list of records: the SQL from the table's filters, the search, the position of the next page.

#include "platform/store/sqlite_records.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 8, POSITION_BITS = 20, LIMIT_DEFAULT = 100, LIMIT_MOST = 1000 };

struct search {                    /* the words of q->search, as FTS5 wants them */
    char parts[400];               /* three characters or more: any part of the text */
    char beginnings[400];          /* one or two: the beginnings of words */
    char patterns[WORDS_MOST][24]; /* the same as LIKE patterns, to be looked for in what `parts` finds */
    unsigned n_short;
};

static size_t characters(const char *word, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)word[i] & 0xC0) != 0x80;
    }
    return count;
}

/* Appends AND "word", quotes doubled. */
static void add_phrase(char *to, size_t size, const char *word, size_t n, const char *end)
{
    size_t len = strlen(to);
    if (len + 2 * n + 12 > size) {
        return;
    }
    char *at = to + len + (size_t)sprintf(to + len, "%s\"", len ? " AND " : "");
    for (size_t i = 0; i < n; i++) {
        *at++ = word[i];
        if (word[i] == '"') {
            *at++ = '"';
        }
    }
    sprintf(at, "\"%s", end);
}

static void add_pattern(struct search *search, const char *word, size_t n)
{
    char *at = search->patterns[search->n_short++];
    *at++ = '%';
    for (size_t i = 0; i < n; i++) { /* at most two characters, eight bytes */
        if (word[i] == '%' || word[i] == '_' || word[i] == '\\') {
            *at++ = '\\';
        }
        *at++ = word[i];
    }
    *at++ = '%';
    *at = '\0';
}

static void read_search(const char *text, struct search *out)
{
    *out = (struct search){.n_short = 0};
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " \t\r\n");
        if (n > 0 && characters(word, n) >= 3) {
            add_phrase(out->parts, sizeof out->parts, word, n, "");
        } else if (n > 0 && n <= 8 && out->n_short < WORDS_MOST) {
            add_phrase(out->beginnings, sizeof out->beginnings, word, n, "*");
            add_pattern(out, word, n);
        }
        word += n + strspn(word + n, " \t\r\n");
    }
}

struct page {
    const struct record_table *table;
    const struct store_query *q;
    struct search search;
    int64_t from, until; /* positions, inclusive */
    unsigned limit;
};

static int read_after(const char *after, int64_t *position)
{
    char *end = NULL;
    *position = INT64_MAX;
    if (!*after) {
        return 0;
    }
    unsigned long long number = after[0] == 'p' && isxdigit((unsigned char)after[1]) ? strtoull(after + 1, &end, 16) : 0;
    if (!end || *end || number == 0 || number > INT64_MAX) {
        return store_fail(STORE_FAILED, "after: expected a position that a page gave, got %s", after);
    }
    *position = (int64_t)number - 1;
    return 0;
}

static int64_t position_of(int64_t time_ms)
{
    int64_t most = INT64_MAX >> POSITION_BITS;
    return (time_ms < 0 ? 0 : time_ms > most ? most : time_ms) << POSITION_BITS;
}

static int read_page(const struct record_table *table, const struct store_query *q, struct page *page)
{
    *page = (struct page){.table = table, .q = q, .from = 0};
    const char *unknown = record_query_unknown(table, q);
    if (unknown) {
        return store_fail(STORE_FAILED, "%s: the list of %s has no such filter", unknown, table->noun);
    }
    int outcome = read_after(q->after, &page->until);
    if (outcome) {
        return outcome;
    }
    bool span = (q->from_ms || q->until_ms) && table->time != RECORD_NONE;
    if (span) {
        int64_t last = q->until_ms ? position_of(q->until_ms) | ((INT64_C(1) << POSITION_BITS) - 1) : INT64_MAX;
        page->from = position_of(q->from_ms);
        page->until = page->until < last ? page->until : last;
    }
    page->limit = q->limit == 0 ? LIMIT_DEFAULT : q->limit > LIMIT_MOST ? LIMIT_MOST : q->limit;
    read_search(q->search, &page->search);
    return 0;
}

static bool is_set(const struct record_filter *filter, const struct store_query *q)
{
    return filter->offset == offsetof(struct store_query, grade) ? q->grade != 0 : *((const char *)q + filter->offset) != '\0';
}

static bool is_open(const struct record_filter *filter, const struct store_query *q)
{
    return filter->open && !strcmp((const char *)q + filter->offset, "open");
}

/* Which table of words leads, NULL: none, the records in order of position. */
static const char *leader(const struct page *page)
{
    return page->search.parts[0] ? "search" : page->search.beginnings[0] ? "words" : NULL;
}

static void write_sql(const struct page *page, struct sqlite_text *sql)
{
    const char *name = page->table->name;
    const char *lead = leader(page);
    char prefix[24], order[48];
    snprintf(prefix, sizeof prefix, "%s.", name);
    snprintf(order, sizeof order, lead ? "%s_%s.rowid" : "%s.position", name, lead ? lead : "");
    sqlite_text_add(sql, "SELECT %s, position, ", page->table->version == RECORD_NONE ? "0" : "version");
    sqlite_text_add_fields(sql, prefix, page->table->fields);
    if (lead) {
        sqlite_text_add(sql, " FROM %s_%s CROSS JOIN %s ON position = %s WHERE %s_%s MATCH ? AND", name, lead, name, order, name, lead);
    } else {
        sqlite_text_add(sql, " FROM %s WHERE", name);
    }
    sqlite_text_add(sql, " %s >= ? AND %s <= ?", order, order);
    for (unsigned i = 0; page->search.parts[0] && i < page->search.n_short; i++) {
        sqlite_text_add(sql, " AND %s.search LIKE ? ESCAPE '\\'", name);
    }
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        if (is_set(f, page->q)) {
            sqlite_text_add(sql, " AND %s", is_open(f, page->q) ? f->open : f->where);
        }
    }
    sqlite_text_add(sql, " ORDER BY %s DESC LIMIT ?", order);
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

static void bind_page(sqlite3_stmt *s, const struct page *page)
{
    int at = 1;
    if (leader(page)) {
        store_db_bind_text(s, at++, page->search.parts[0] ? page->search.parts : page->search.beginnings);
    }
    sqlite3_bind_int64(s, at++, page->from);
    sqlite3_bind_int64(s, at++, page->until);
    for (unsigned i = 0; page->search.parts[0] && i < page->search.n_short; i++) {
        store_db_bind_text(s, at++, page->search.patterns[i]);
    }
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        for (const char *mark = is_set(f, page->q) && !is_open(f, page->q) ? strchr(f->where, '?') : NULL; mark;
             mark = strchr(mark + 1, '?')) {
            bind_value(s, at++, f, page->q);
        }
    }
    sqlite3_bind_int64(s, at, (int64_t)page->limit + 1);
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

static int list(struct store_db *db, const struct page *page, sqlite_load_fn load, store_each_fn each, void *context, char next[120])
{
    struct sqlite_text sql = {.len = 0};
    write_sql(page, &sql);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    void *record = s ? malloc(page->table->size) : NULL;
    if (!record) {
        return s ? store_fail(STORE_FAILED, "%s: out of memory", page->table->noun) : store_outcome();
    }
    bind_page(s, page);
    int outcome = 0, code = SQLITE_DONE;
    int64_t last = 0;
    unsigned given = 0;
    while (!outcome && (code = sqlite3_step(s)) == SQLITE_ROW && given < page->limit) {
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
            snprintf(next, 120, "p%llx", (unsigned long long)last);
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
