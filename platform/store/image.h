/* SPDX-License-Identifier: Apache-2.0
 *
 * A store as it lies there, row by row: for moving one whole into another of any kind (move.h), with its numbers, versions
 * and secrets, which the port's own functions do not give away or make anew.
 *
 *   tables         records, in the order in which one needs the other; rows by key, ascending
 *   observations   in an order of the back end's own, from a place on; written by store_append()
 *
 * Not in it: what belongs to running nodes (partitions, progress, changes), and settings whose name begins with a dot.
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "platform/store/store.h"

enum store_cell_kind { STORE_CELL_NUMBER, STORE_CELL_BOOL, STORE_CELL_REAL, STORE_CELL_TEXT, STORE_CELL_BYTES };

struct store_cell {
    bool null;
    int64_t number;           /* NUMBER, BOOL */
    double real;              /* REAL */
    struct bulla_bytes bytes; /* TEXT, BYTES */
};

struct store_image_column {
    const char *name;
    enum store_cell_kind kind;
};

#define STORE_IMAGE_COLUMNS 40
struct store_image_table {
    const char *name;
    struct store_image_column columns[STORE_IMAGE_COLUMNS]; /* a NULL name ends them; the first n_key are the key */
    unsigned n_key;
    unsigned page;      /* rows to read at once */
    const char *where;  /* SQL: which rows; NULL: all */
    bool only_grows;    /* rows are never changed: what is there stays */
    bool numbered;      /* its key `number` is given by the database, and has to go on behind the highest */
    bool tracks;        /* packed tracks: written by store_track_put() */
};
extern const struct store_image_table store_image_tables[]; /* a NULL name ends them */
unsigned store_image_width(const struct store_image_table *table);
/* Order of two keys, as every back end sorts them. */
int store_image_compare(const struct store_image_table *table, const struct store_cell *left, const struct store_cell *right);

typedef void (*store_image_fn)(void *context, const struct store_cell *cells);

struct store_image { /* of a back end */
    /* Opens a store to be read alone, beside a program that may be writing it; NULL with a sentence in why[size]. Only the
     * functions below and store_close() are for it; its `backend` is set. */
    struct store *(*look)(const char *rest, char *why, size_t size);
    /* Takes a store that is looked at for oneself, so that no program starts on it. STORE_CONFLICT: one has it; *pid (0: not
     * known) is its process. */
    int (*hold)(struct store *store, int *pid);
    int (*rows)(struct store *store, const struct store_image_table *table, const struct store_cell *after, store_image_fn each, void *context);
    int (*put)(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n);
    int (*forget)(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n);
    int (*observations)(struct store *store, char place[120], size_t limit, store_observation_fn each, void *context);
    bool (*day)(struct store *store, int64_t day, char place[120]); /* NULL: not by day */
    int (*since)(struct store *store, int64_t arrival_ms, char place[120]); /* NULL: not by arrival */
};

/* By the first of `backends` (NULL ends them) whose scheme fits the URL. */
struct store *store_look(const struct store_backend *const *backends, const char *url, char *why, size_t size);
int store_image_hold(struct store *store, int *pid);

/* Rows behind the key in after[] (NULL: from the first), at most table->page, by key. */
int store_image_rows(struct store *store, const struct store_image_table *table, const struct store_cell *after, store_image_fn each,
                     void *context);
/* Writes n rows, each in the place of the one with its key; one transaction. */
int store_image_put(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n);
/* Takes out the rows with these keys. */
int store_image_forget(struct store *store, const struct store_image_table *table, const struct store_cell *rows, size_t n);

/* Observations behind a place ("": from the first), at most `limit`; the place moves on and is a text that sorts as they come.
 * STORE_NOT_FOUND: there are no more now. Where a store grows, those that came last come last only if the back end
 * keeps the order of arrival (SQLite does). */
int store_image_observations(struct store *store, char place[120], size_t limit, store_observation_fn each, void *context);
/* The place before the observations of a day (event time / 86,400,000); INT64_MIN: before those that lie in no day. False: the
 * back end has no such order. */
bool store_image_day(struct store *store, int64_t day, char place[120]);

/* The place before all that arrived at or after a time (and before some that arrived earlier). STORE_NOT_FOUND: the back end has no
 * such order. */
int store_image_since(struct store *store, int64_t arrival_ms, char place[120]);

/* SHA-256 of an observation with all its fields and bytes. */
#define STORE_DIGEST 32
void store_image_digest(const struct bulla_observation *o, struct bulla_bytes raw, uint8_t to[STORE_DIGEST]);

#endif
