// SPDX-License-Identifier: Apache-2.0
// One page of a list of records: the SQL from the table's filters, the search, the position of the next page. What leads
// (a filter's index, the search's, the order itself) PostgreSQL chooses by its statistics, where these can tell.

#include "platform/store/pg_records.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 8, WORD_SIZE = 80, GRAM = 5 };

struct page {
    const struct record_table *table;
    const struct store_query *q;
    struct record_page span;
    char words[WORDS_MOST][2 * WORD_SIZE + 3]; /* as the conditions want them */
    unsigned n_words;
    struct pg_sql sql;
    struct pg_params p;
};

/* %word% for LIKE. */
static void write_pattern(char *to, const char *word, size_t n)
{
    *to++ = '%';
    for (size_t i = 0; i < n; i++) {
        if (strchr("%_\\", word[i])) {
            *to++ = '\\';
        }
        *to++ = word[i];
    }
    strcpy(to, "%");
}

/* Its letters and digits. */
static void write_beginning(char *to, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isalnum((unsigned char)word[i]) || (unsigned char)word[i] >= 0x80) {
            *to++ = word[i];
        }
    }
    *to = '\0';
}

/* The most letters and digits that stand together. */
static size_t longest_run(const char *word, size_t n)
{
    size_t most = 0, run = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)word[i];
        run = isalnum(c) ? run + 1 : c >= 0xC0 ? run + 1 : c >= 0x80 ? run : 0;
        most = run > most ? run : most;
    }
    return most;
}

/* A word of three characters or more may stand anywhere; of one or two, at the beginning of a word. What its statistics do
 * not name PostgreSQL takes to be in one record of two hundred, and then reads all of them for a page of what is in none:
 * the same said twice makes it rare. */
static void add_word(struct page *page, const char *word, size_t n)
{
    char *value = page->words[page->n_words++];
    if (record_characters(word, n) >= 3) {
        write_pattern(value, word, n);
        pg_param_text(&page->p, value);
        int at = page->p.n;
        pg_sql_add(&page->sql, " AND search LIKE bulla_fold($%d)", at);
        if (longest_run(word, n) >= GRAM) { /* the marks of the pattern stand between words */
            pg_sql_add(&page->sql,
                       " AND bulla_grams(search) @> bulla_grams(bulla_fold($%d)) AND bulla_grams(search) && bulla_grams(bulla_fold($%d))",
                       at, at);
        }
        return;
    }
    write_beginning(value, word, n);
    if (!*value) {
        pg_sql_add(&page->sql, " AND false"); /* no word begins with a mark */
        return;
    }
    pg_param_text(&page->p, value);
    pg_sql_add(&page->sql, " AND words @> ARRAY[bulla_fold($%d)] AND words && ARRAY[bulla_fold($%d)]", page->p.n, page->p.n);
}

static void add_search(struct page *page, const char *text)
{
    for (const char *at = text; *at && page->n_words < WORDS_MOST;) {
        size_t n = strcspn(at, " \t\r\n");
        if (n > 0 && n < WORD_SIZE) {
            add_word(page, at, n);
        }
        at += n + strspn(at + n, " \t\r\n");
    }
}

static void add_value(struct page *page, const struct record_filter *filter)
{
    const char *text = (const char *)page->q + filter->offset;
    if (filter->offset == offsetof(struct store_query, grade)) {
        pg_param_int(&page->p, page->q->grade);
    } else if (filter->from) {
        pg_param_int(&page->p, filter->from(text)); /* -1 for a word that is none: fits nothing */
    } else {
        pg_param_text(&page->p, text);
    }
}

static void add_filter(struct page *page, const struct record_filter *filter)
{
    const char *where = filter->where;
    if (filter->open && !strcmp((const char *)page->q + filter->offset, "open")) {
        pg_sql_add(&page->sql, " AND %s", filter->open);
        return;
    }
    add_value(page, filter);
    pg_sql_add(&page->sql, " AND ");
    for (const char *mark = strchr(where, '?'); mark; where = mark + 1, mark = strchr(where, '?')) {
        pg_sql_add(&page->sql, "%.*s$%d", (int)(mark - where), where, page->p.n);
    }
    pg_sql_add(&page->sql, "%s", where);
}

/* The column of the one filter that is all that is asked for, "" otherwise. Its index is in the list's order; but of a common
 * value PostgreSQL would rather read the list itself, and all that comes before the first that fits. */
static void find_lead(const struct page *page, char column[32])
{
    unsigned n = 0;
    column[0] = '\0';
    for (const struct record_filter *f = page->table->filters; f->where; f++) {
        if (record_filter_is_set(f, page->q)) {
            size_t len = strcspn(f->where, " ");
            bool simple = !strcmp(f->where + len, " = ?") && strncmp(f->where, "id ", 3) != 0;
            simple = simple && !(f->open && !strcmp((const char *)page->q + f->offset, "open"));
            snprintf(column, 32, "%.*s", simple && n == 0 ? (int)len : 0, f->where);
            n++;
        }
    }
    if (page->q->search[0] != '\0') {
        column[0] = '\0';
    }
}

static int read_page(const struct record_table *table, const struct store_query *q, struct page *page)
{
    page->table = table;
    page->q = q;
    return record_page_read(table, q, &page->span);
}

static void write_sql(struct page *page)
{
    const struct record_table *table = page->table;
    char lead[32];
    find_lead(page, lead);
    pg_param_long(&page->p, page->span.from);
    pg_param_long(&page->p, page->span.until);
    pg_sql_add(&page->sql, "SELECT %s, position, ", table->version == RECORD_NONE ? "0::bigint" : "version");
    pg_sql_add_fields(&page->sql, table->fields);
    pg_sql_add(&page->sql, " FROM \"%s\" WHERE ", table->name);
    pg_sql_add(&page->sql, lead[0] ? "true" : "position >= $1 AND position <= $2");
    add_search(page, page->q->search);
    for (const struct record_filter *f = table->filters; f->where; f++) {
        if (record_filter_is_set(f, page->q) && lead[0]) {
            add_value(page, f);
            pg_sql_add(&page->sql, " AND (%s, position) >= ($%d, $1) AND (%s, position) <= ($%d, $2)", lead, page->p.n, lead, page->p.n);
        } else if (record_filter_is_set(f, page->q)) {
            add_filter(page, f);
        }
    }
    pg_sql_add(&page->sql, " ORDER BY %s%sposition DESC LIMIT %u", lead, lead[0] ? " DESC, " : "", page->span.limit + 1);
}

/* The records one by one; a callback may ask the store again, for no connection is held. */
static int load_plain(const struct record_table *table, const struct pg_page_rows *page, store_each_fn each, void *context)
{
    void *record = malloc(table->size);
    int outcome = record ? 0 : store_fail(STORE_FAILED, "%s: out of memory", table->noun);
    for (int i = 0; i < page->n && !outcome; i++) {
        memset(record, 0, table->size);
        outcome = pg_fields_read(page->rows, i, 2, table->fields, record);
        if (!outcome && table->version != RECORD_NONE) {
            int64_t version = pg_long(page->rows, i, 0);
            memcpy((char *)record + table->version, &version, sizeof version);
        }
        if (!outcome) {
            each(context, record);
        }
    }
    free(record);
    return outcome;
}

static int list(struct store_pg *store, struct page *page, pg_load_fn load, store_each_fn each, void *context, char next[120])
{
    struct pg_conn *conn = NULL;
    struct pg_page_rows rows = {.n = 0};
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    PGresult *r = pg_run_once(conn, page->sql.at, &page->p, "listing");
    rows.rows = r;
    if (r) {
        rows.n = PQntuples(r) > (int)page->span.limit ? (int)page->span.limit : PQntuples(r);
    }
    outcome = !r ? store_outcome() : load && rows.n > 0 ? load(conn, &rows, NULL, NULL) : 0;
    pg_read_end(store, conn);
    if (!outcome) {
        outcome = load ? load(NULL, &rows, each, context) : load_plain(page->table, &rows, each, context);
    }
    if (!outcome) {
        next[0] = '\0';
        if (PQntuples(r) > rows.n) {
            record_page_next(next, pg_long(r, rows.n - 1, 1));
        }
    }
    PQclear(rows.more);
    PQclear(r);
    return outcome;
}

int pg_record_list(struct store_pg *store, const struct record_table *table, const struct store_query *q, pg_load_fn load,
                   store_each_fn each, void *context, char next[120])
{
    struct page *page = calloc(1, sizeof *page);
    if (!page) {
        return store_fail(STORE_FAILED, "%s: out of memory", table->noun);
    }
    int outcome = read_page(table, q, page);
    if (!outcome) {
        write_sql(page);
        outcome = list(store, page, load, each, context, next);
    }
    free(page);
    return outcome;
}

int pg_each(struct store_pg *store, const char *sql, const char *value, const struct record_field *fields, void *record, size_t size,
            store_each_fn each, void *context)
{
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    if (value) {
        pg_param_text(&p, value);
    }
    PGresult *r = pg_run(conn, sql, &p, "reading");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    for (int i = 0; r && i < PQntuples(r) && !outcome; i++) {
        memset(record, 0, size);
        outcome = pg_fields_read(r, i, 0, fields, record);
        if (!outcome) {
            each(context, record);
        }
    }
    PQclear(r);
    return outcome;
}
