// SPDX-License-Identifier: Apache-2.0
// One table: two readings in order of keys, side by side; what differs is written.

#include "platform/store/move_records.h"

#include "platform/store/store_backend.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* --- pages of rows, copied --- */

struct page {
    const struct store_image_table *table;
    unsigned width;
    struct store_cell *cells; /* rows of `width` */
    size_t n, size, next;
    void **texts; /* one block a row, with the bytes of its cells */
    bool failed, ended;
    EVP_MD_CTX *hash;
    uint64_t rows;
};

static void page_clear(struct page *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->texts[i]);
    }
    p->n = p->next = 0;
}

static void page_free(struct page *p)
{
    page_clear(p);
    free(p->cells);
    free(p->texts);
    EVP_MD_CTX_free(p->hash);
}

static bool page_grow(struct page *p)
{
    size_t size = p->size ? p->size * 2 : 64;
    struct store_cell *cells = realloc(p->cells, size * p->width * sizeof *cells);
    if (!cells) {
        return false;
    }
    p->cells = cells;
    void **texts = realloc(p->texts, size * sizeof *texts);
    if (!texts) {
        return false;
    }
    p->texts = texts;
    p->size = size;
    return true;
}

static void page_take(void *context, const struct store_cell *cells)
{
    struct page *p = context;
    size_t bytes = 1;
    for (unsigned i = 0; i < p->width; i++) {
        bytes += cells[i].null ? 0 : cells[i].bytes.len;
    }
    uint8_t *at = malloc(bytes);
    if (!at || (p->n == p->size && !page_grow(p))) {
        free(at);
        p->failed = true;
        return;
    }
    struct store_cell *row = p->cells + p->n * p->width;
    memcpy(row, cells, p->width * sizeof *row);
    p->texts[p->n++] = at;
    for (unsigned i = 0; i < p->width; i++) {
        if (!row[i].null && row[i].bytes.len > 0) {
            memcpy(at, row[i].bytes.at, row[i].bytes.len);
            row[i].bytes.at = at;
            at += row[i].bytes.len;
        }
    }
}

/* --- the canonical form of a row --- */

static void hash_number(EVP_MD_CTX *hash, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    EVP_DigestUpdate(hash, bytes, sizeof bytes);
}

/* Each cell: one byte (0 NULL, 1 number, 2 real, 3 bytes), then eight bytes of a number or of a length, then the bytes. */
static void hash_row(struct page *p, const struct store_cell *row)
{
    for (unsigned i = 0; i < p->width; i++) {
        enum store_cell_kind kind = p->table->columns[i].kind;
        uint8_t mark = row[i].null ? 0 : kind == STORE_CELL_REAL ? 2 : kind == STORE_CELL_NUMBER || kind == STORE_CELL_BOOL ? 1 : 3;
        uint64_t bits = 0;
        EVP_DigestUpdate(p->hash, &mark, 1);
        if (mark == 2) {
            memcpy(&bits, &row[i].real, sizeof bits);
        }
        if (mark) {
            hash_number(p->hash, mark == 1 ? (uint64_t)row[i].number : mark == 2 ? bits : row[i].bytes.len);
        }
        if (mark == 3 && row[i].bytes.len) {
            EVP_DigestUpdate(p->hash, row[i].bytes.at, row[i].bytes.len);
        }
    }
}

static bool cells_equal(enum store_cell_kind kind, const struct store_cell *a, const struct store_cell *b)
{
    if (a->null || b->null) {
        return a->null == b->null;
    }
    if (kind == STORE_CELL_REAL) {
        return memcmp(&a->real, &b->real, sizeof a->real) == 0;
    }
    if (kind == STORE_CELL_NUMBER || kind == STORE_CELL_BOOL) {
        return a->number == b->number;
    }
    return a->bytes.len == b->bytes.len && (a->bytes.len == 0 || memcmp(a->bytes.at, b->bytes.at, a->bytes.len) == 0);
}

static bool rows_equal(const struct page *p, const struct store_cell *a, const struct store_cell *b)
{
    for (unsigned i = 0; i < p->width; i++) {
        if (!cells_equal(p->table->columns[i].kind, &a[i], &b[i])) {
            return false;
        }
    }
    return true;
}

/* --- one reading --- */

/* The row that the reading stands on; NULL: the end, or a failure in *outcome. */
static const struct store_cell *row_at(struct page *p, struct store *store, int *outcome)
{
    struct store_cell after[STORE_IMAGE_COLUMNS];
    if (p->next < p->n) {
        return p->cells + p->next * p->width;
    }
    if (p->ended || *outcome) {
        return NULL;
    }
    struct page old = *p; /* its texts hold the key until the next page is there */
    bool first = p->n == 0;
    if (!first) {
        memcpy(after, p->cells + (p->n - 1) * p->width, p->width * sizeof *after);
    }
    p->cells = NULL;
    p->texts = NULL;
    p->n = p->size = p->next = 0;
    *outcome = store_image_rows(store, p->table, first ? NULL : after, page_take, p);
    old.hash = NULL;
    page_free(&old);
    if (!*outcome && p->failed) {
        *outcome = store_fail(STORE_FAILED, "moving %s: out of memory", p->table->name);
    }
    p->ended = p->n < p->table->page;
    return *outcome || p->n == 0 ? NULL : p->cells;
}

static void pass(struct page *p, const struct store_cell *row)
{
    hash_row(p, row);
    p->rows++;
    p->next++;
}

/* --- both --- */

struct changes { /* rows to write, copied */
    struct page rows;
    bool forget;
};

static int flush(const struct move_options *o, struct changes *c, uint64_t *written)
{
    int outcome = 0;
    if (c->rows.failed) {
        return store_fail(STORE_FAILED, "moving %s: out of memory", c->rows.table->name);
    }
    if (c->rows.n > 0) {
        outcome = c->forget ? store_image_forget(o->to, c->rows.table, c->rows.cells, c->rows.n)
                            : store_image_put(o->to, c->rows.table, c->rows.cells, c->rows.n);
        *written += outcome ? 0 : c->rows.n;
    }
    page_clear(&c->rows);
    return outcome;
}

static int add(const struct move_options *o, struct changes *c, const struct store_cell *row, uint64_t *written)
{
    page_take(&c->rows, row);
    return c->rows.n >= c->rows.table->page ? flush(o, c, written) : 0;
}

struct pair {
    struct page from, to;
    struct changes put, forget;
};

/* One step of the two readings. False: both have ended. */
static bool step(const struct move_options *o, struct pair *pair, bool write, uint64_t *written, int *outcome)
{
    const struct store_cell *left = row_at(&pair->from, o->from, outcome), *right = row_at(&pair->to, o->to, outcome);
    if (*outcome || (!left && !right)) {
        return false;
    }
    int order = !left ? 1 : !right ? -1 : store_image_compare(pair->from.table, left, right);
    if (write && order > 0) {
        *outcome = add(o, &pair->forget, right, written);
    } else if (write && (order < 0 || !rows_equal(&pair->from, left, right))) {
        *outcome = add(o, &pair->put, left, written);
    }
    if (order <= 0) {
        pass(&pair->from, left);
    }
    if (order >= 0) {
        pass(&pair->to, right);
    }
    return *outcome == 0;
}

static bool page_init(struct page *p, const struct store_image_table *table)
{
    *p = (struct page){.table = table, .width = store_image_width(table), .hash = EVP_MD_CTX_new()};
    return p->hash && EVP_DigestInit_ex(p->hash, EVP_sha256(), NULL);
}

int move_table(const struct move_options *o, const struct store_image_table *table, bool write, struct move_table_result *out)
{
    struct pair pair = {.forget = {.forget = true}};
    uint64_t written = 0;
    bool made = page_init(&pair.from, table) & page_init(&pair.to, table) & page_init(&pair.put.rows, table) &
                page_init(&pair.forget.rows, table);
    int outcome = made ? 0 : store_fail(STORE_FAILED, "moving %s: out of memory", table->name);
    bool more = outcome == 0;
    for (unsigned i = 0; more; i++) {
        more = step(o, &pair, write, &written, &outcome);
        if (more && (i & 255) == 0 && o->stop && o->stop(o->context)) {
            outcome = MOVE_STOPPED;
            break;
        }
    }
    outcome = outcome ? outcome : flush(o, &pair.forget, &written);
    outcome = outcome ? outcome : flush(o, &pair.put, &written);
    if (!outcome) {
        *out = (struct move_table_result){.from_rows = pair.from.rows, .to_rows = pair.to.rows, .written = written};
        EVP_DigestFinal_ex(pair.from.hash, out->from_digest, NULL);
        EVP_DigestFinal_ex(pair.to.hash, out->to_digest, NULL);
    }
    page_free(&pair.from);
    page_free(&pair.to);
    page_free(&pair.put.rows);
    page_free(&pair.forget.rows);
    return outcome;
}
