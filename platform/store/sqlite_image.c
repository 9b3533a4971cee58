// SPDX-License-Identifier: Apache-2.0
// The image of a SQLite store. It opens connections of its own, so that a directory in which a program is at work can be
// looked at: readers of a write-ahead log disturb nobody.

#include "platform/store/sqlite_image.h"

#include "platform/store/sqlite_records.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- a directory that is only looked at --- */

struct look {
    struct store base;
    char folder[STORE_PATH_SIZE];
    int lock;
};

static void close_look(struct store *base)
{
    struct look *look = (struct look *)base;
    if (look->lock >= 0) {
        store_disk_machine.unlock(store_disk_machine.host, look->lock);
    }
    free(look);
}

static const char *no_recovery(const struct store *base)
{
    (void)base;
    return "";
}

static const struct store_backend look_backend = {
    .scheme = "sqlite", .close = close_look, .recovery = no_recovery, .image = &store_sqlite_image};

static struct store *look(const char *rest, char *why, size_t size)
{
    char path[STORE_PATH_SIZE];
    struct stat info;
    struct look *l = calloc(1, sizeof *l);
    size_t n = strcspn(rest, "?");
    snprintf(path, sizeof path, "%.*s/bulla.db", (int)(n < STORE_PATH_SIZE - 40 ? n : 0), rest);
    if (!l || stat(path, &info) != 0) {
        snprintf(why, size, "store: expected sqlite:DIRECTORY of a platform, got %s: %s", rest, strerror(l ? errno : ENOMEM));
        free(l);
        return NULL;
    }
    l->base.backend = &look_backend;
    l->lock = -1;
    snprintf(l->folder, sizeof l->folder, "%.*s", (int)n, rest);
    return &l->base;
}

/* Whose lock it is, as the system tells (proc(5), locks): 0 when it does not. */
static int holder_of(const char *path)
{
    struct stat info;
    char line[200];
    int pid = 0;
    FILE *f = stat(path, &info) == 0 ? fopen("/proc/locks", "r") : NULL;
    while (f && pid == 0 && fgets(line, sizeof line, f)) {
        int of = 0;
        unsigned long inode = 0;
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%lu", &of, &inode) == 2 && inode == (unsigned long)info.st_ino) {
            pid = of;
        }
    }
    if (f) {
        fclose(f);
    }
    return pid;
}

static int hold(struct store *base, int *pid)
{
    struct look *l = (struct look *)base;
    char path[STORE_PATH_SIZE];
    *pid = 0;
    if (base->backend != &look_backend || l->lock >= 0) {
        return 0; /* who opened it holds it */
    }
    snprintf(path, sizeof path, "%.*s/lock", STORE_PATH_SIZE - 10, l->folder);
    int failed = store_disk_machine.lock(store_disk_machine.host, path, &l->lock);
    if (failed == EWOULDBLOCK) {
        *pid = holder_of(path);
        return store_fail(STORE_CONFLICT, "%s is in use by another bulla", l->folder);
    }
    return failed ? store_fail(STORE_FAILED, "%s: %s", path, strerror(failed)) : 0;
}

const char *sqlite_image_folder(struct store *base)
{
    return base->backend == &look_backend ? ((struct look *)base)->folder : store_sqlite_of(base)->folder;
}

int sqlite_image_open(struct store *base, const char *name, struct store_db **db)
{
    char path[STORE_PATH_SIZE];
    snprintf(path, sizeof path, "%.*s/%s", STORE_PATH_SIZE - 40, sqlite_image_folder(base), name);
    int outcome = store_db_open(path, STORE_DB_READ, db);
    return outcome ? store_db_open(path, STORE_DB_MEND, db) : 0; /* MEND: its program was killed, the log is to be brought in */
}

/* --- reading --- */

/* What a table's columns are here, where that differs. */
static const char TRACKS[] = "(SELECT CAST(seal.name AS BLOB) AS seal, (track.key >> 32) * 86400000 AS day_ms, "
                             "(track.key >> 32) * 86400000 + track.first AS first_ms, (track.key >> 32) * 86400000 + track.last AS last_ms, "
                             "track.fixes AS fixes, track.step AS step_s, track.bytes AS bytes FROM track JOIN seal ON seal.n = track.key "
                             "& 4294967295)";

static void add_key(struct sqlite_text *sql, const struct store_image_table *table, const char *prefix, const char *between)
{
    for (unsigned i = 0; i < table->n_key; i++) {
        sqlite_text_add(sql, "%s%s\"%s\"", i ? between : "", prefix, table->columns[i].name);
    }
}

static void add_marks(struct sqlite_text *sql, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        sqlite_text_add(sql, "%s?", i ? ", " : "");
    }
}

static void add_columns(struct sqlite_text *sql, const struct store_image_table *table)
{
    for (unsigned i = 0; table->columns[i].name; i++) {
        sqlite_text_add(sql, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
    }
}

static void bind_cell(sqlite3_stmt *s, int at, enum store_cell_kind kind, const struct store_cell *cell)
{
    if (cell->null) {
        sqlite3_bind_null(s, at);
    } else if (kind == STORE_CELL_REAL) {
        sqlite3_bind_double(s, at, cell->real);
    } else if (kind == STORE_CELL_TEXT) {
        sqlite3_bind_text(s, at, cell->bytes.len ? (const char *)cell->bytes.at : "", (int)cell->bytes.len, SQLITE_STATIC);
    } else if (kind == STORE_CELL_BYTES) {
        store_db_bind_bytes(s, at, cell->bytes);
    } else {
        sqlite3_bind_int64(s, at, cell->number);
    }
}

static void bind_cells(sqlite3_stmt *s, int at, const struct store_image_table *table, const struct store_cell *cells, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bind_cell(s, at + (int)i, table->columns[i].kind, &cells[i]);
    }
}

static void read_cells(sqlite3_stmt *s, const struct store_image_table *table, struct store_cell *cells)
{
    for (int i = 0; table->columns[i].name; i++) {
        enum store_cell_kind kind = table->columns[i].kind;
        cells[i] = (struct store_cell){.null = sqlite3_column_type(s, i) == SQLITE_NULL};
        if (cells[i].null) {
            continue;
        }
        if (kind == STORE_CELL_REAL) {
            cells[i].real = sqlite3_column_double(s, i);
        } else if (kind == STORE_CELL_NUMBER || kind == STORE_CELL_BOOL) {
            cells[i].number = sqlite3_column_int64(s, i);
        } else {
            cells[i].bytes = store_db_column_bytes(s, i);
        }
    }
}

static int read_rows(struct store_db *db, const struct store_image_table *table, const struct store_cell *after, store_image_fn each,
                     void *context)
{
    struct store_cell cells[STORE_IMAGE_COLUMNS];
    struct sqlite_text sql = {.len = 0};
    sqlite_text_add(&sql, "SELECT ");
    add_columns(&sql, table);
    sqlite_text_add(&sql, table->tracks ? " FROM %s" : " FROM \"%s\"", table->tracks ? TRACKS : table->name);
    sqlite_text_add(&sql, " WHERE %s", table->where ? table->where : "1");
    if (after) {
        sqlite_text_add(&sql, " AND (");
        add_key(&sql, table, "", ", ");
        sqlite_text_add(&sql, ") > (");
        add_marks(&sql, table->n_key);
        sqlite_text_add(&sql, ")");
    }
    sqlite_text_add(&sql, " ORDER BY ");
    add_key(&sql, table, "", ", ");
    sqlite_text_add(&sql, " LIMIT %u", table->page);
    sqlite3_stmt *s = store_db_prepare(db, sql.at);
    if (!s) {
        return store_outcome();
    }
    bind_cells(s, 1, table, after, after ? table->n_key : 0);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        read_cells(s, table, cells);
        each(context, cells);
    }
    return code == SQLITE_DONE ? 0 : store_db_fail(db, "reading");
}

static int rows(struct store *base, const struct store_image_table *table, const struct store_cell *after, store_image_fn each, void *context)
{
    struct store_db *db = NULL;
    char path[STORE_PATH_SIZE];
    struct stat info;
    const char *name = table->tracks ? "tracks.db" : "bulla.db";
    snprintf(path, sizeof path, "%.*s/%s", STORE_PATH_SIZE - 40, sqlite_image_folder(base), name);
    if (table->tracks && stat(path, &info) != 0) {
        return 0; /* no track was packed yet */
    }
    int outcome = sqlite_image_open(base, name, &db);
    if (!outcome) {
        outcome = read_rows(db, table, after, each, context);
        store_db_close(db);
    }
    return outcome;
}

/* --- writing --- */

static void write_put(struct sqlite_text *sql, const struct store_image_table *table)
{
    unsigned width = store_image_width(table);
    sqlite_text_add(sql, "INSERT INTO \"%s\" (", table->name);
    add_columns(sql, table);
    sqlite_text_add(sql, ") VALUES (");
    add_marks(sql, width);
    sqlite_text_add(sql, ") ON CONFLICT (");
    add_key(sql, table, "", ", ");
    sqlite_text_add(sql, table->only_grows || width == table->n_key ? ") DO NOTHING" : ") DO UPDATE SET ");
    for (unsigned i = table->n_key; i < width && !table->only_grows; i++) {
        sqlite_text_add(sql, "%s\"%s\" = excluded.\"%s\"", i > table->n_key ? ", " : "", table->columns[i].name, table->columns[i].name);
    }
}

static void write_forget(struct sqlite_text *sql, const struct store_image_table *table)
{
    sqlite_text_add(sql, "DELETE FROM \"%s\" WHERE ", table->name);
    for (unsigned i = 0; i < table->n_key; i++) {
        sqlite_text_add(sql, "%s\"%s\" = ?", i ? " AND " : "", table->columns[i].name);
    }
}

static int run_rows(struct store *base, const struct store_image_table *table, const char *sql, unsigned bound, const struct store_cell *cells,
                    size_t n)
{
    struct store_sqlite *store = store_sqlite_of(base);
    struct store_db *db = sqlite_write_begin(store);
    int outcome = db ? 0 : store_outcome();
    for (size_t i = 0; i < n && !outcome; i++) {
        sqlite3_stmt *s = store_db_prepare(db, sql);
        if (s) {
            bind_cells(s, 1, table, cells + i * store_image_width(table), bound);
        }
        outcome = s ? store_db_step(db, s, table->name) : store_outcome();
    }
    return db ? sqlite_write_end(store, outcome, NULL) : outcome;
}

static int put(struct store *base, const struct store_image_table *table, const struct store_cell *cells, size_t n)
{
    struct sqlite_text sql = {.len = 0};
    if (base->backend == &look_backend) {
        return store_fail(STORE_FAILED, "the directory is only looked at");
    }
    write_put(&sql, table);
    return run_rows(base, table, sql.at, store_image_width(table), cells, n);
}

static int forget(struct store *base, const struct store_image_table *table, const struct store_cell *cells, size_t n)
{
    struct sqlite_text sql = {.len = 0};
    if (base->backend == &look_backend || table->tracks) {
        return store_fail(STORE_FAILED, "%s: rows cannot be taken out of this store", table->name);
    }
    write_forget(&sql, table);
    return run_rows(base, table, sql.at, table->n_key, cells, n);
}

const struct store_image store_sqlite_image = {
    .look = look, .hold = hold, .rows = rows, .put = put, .forget = forget, .observations = sqlite_image_observations,
    .since = sqlite_image_since};
