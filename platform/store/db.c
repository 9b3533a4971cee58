// SPDX-License-Identifier: Apache-2.0
// One SQLite connection, its statements, its failures; and the pool.

#include "platform/store/db.h"

#include "platform/store/fold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

/* SECURE_DELETE (on in Debian's build) would write zeros over what is anyway replaced. NORMAL would lose the last
 * transactions in a power cut, and those were acknowledged. */
static const char PRAGMAS_ALL[] = "PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY;";
static const char PRAGMAS_RECORD[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16384;";
static const char PRAGMAS_TRACKS[] = "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;";
static const char PRAGMAS_APPEND[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                                     "PRAGMA journal_size_limit=67108864;";

static bool is_no_space(int system_errno)
{
    return system_errno == ENOSPC || system_errno == EFBIG || system_errno == EDQUOT;
}

/* SQLite says FULL for ENOSPC alone; a quota or a limit on files is an I/O error to it, with the reason kept by the file
 * that failed: the database or its write-ahead log. */
static int errno_of_files(sqlite3 *handle)
{
    int of_database = 0, of_log = 0;
    sqlite3_file *log = NULL;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &of_database);
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
    }
    return of_log ? of_log : of_database;
}

int store_db_fail(struct store_db *db, const char *doing)
{
    int code = sqlite3_extended_errcode(db->handle);
    bool is_io = (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN;
    int system_errno = is_io ? errno_of_files(db->handle) : 0;
    if ((code & 0xFF) == SQLITE_FULL || is_no_space(system_errno)) {
        return store_fail(STORE_NO_SPACE, "%s: no space left for %s; free some, nothing was changed", doing, db->path);
    }
    if (store_db_is_damaged(db)) {
        return store_fail(STORE_FAILED, "%s: %s is damaged (%s); restore it from a backup", doing, db->path, sqlite3_errmsg(db->handle));
    }
    return store_fail(STORE_FAILED, "%s: %s: %s (SQLite %d%s%s)", doing, db->path, sqlite3_errmsg(db->handle), code,
                      system_errno ? ", " : "", system_errno ? strerror(system_errno) : "");
}

bool store_db_is_damaged(struct store_db *db)
{
    int code = sqlite3_extended_errcode(db->handle);
    return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB || code == SQLITE_IOERR_SHORT_READ ||
           code == SQLITE_IOERR_READ;
}

bool store_db_is_passing(struct store_db *db)
{
    int code = sqlite3_extended_errcode(db->handle) & 0xFF;
    bool refused = code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_NOMEM;
    return refused && !store_db_is_damaged(db);
}

static int on_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct store_db *db = context;
    (void)handle;
    (void)name;
    db->wal_pages = pages;
    return SQLITE_OK;
}

/* holds(text, word) and begins(text, word), for the search where no index leads. */
static void look(sqlite3_context *context, int n, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *word = (const char *)sqlite3_value_text(values[1]);
    bool (*const *in)(const char *, const char *) = sqlite3_user_data(context);
    (void)n;
    sqlite3_result_int(context, text && word && (*in)(text, word));
}

static void add_functions(sqlite3 *handle)
{
    static bool (*const HOLDS)(const char *, const char *) = store_fold_holds;
    static bool (*const BEGINS)(const char *, const char *) = store_fold_begins;
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function(handle, "holds", 2, flags, (void *)(uintptr_t)&HOLDS, look, NULL, NULL);
    sqlite3_create_function(handle, "begins", 2, flags, (void *)(uintptr_t)&BEGINS, look, NULL, NULL);
}

static int configure(struct store_db *db, enum store_db_mode mode)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    add_functions(db->handle);
    int outcome = store_db_run(db, PRAGMAS_ALL);
    if (!outcome && mode == STORE_DB_RECORD) {
        outcome = store_db_run(db, PRAGMAS_RECORD);
        sqlite3_wal_hook(db->handle, on_wal, db); /* instead of SQLite's own, which moves the log within a commit */
    }
    if (!outcome && mode == STORE_DB_TRACKS) {
        outcome = store_db_run(db, PRAGMAS_TRACKS);
    }
    if (!outcome && mode == STORE_DB_APPEND) {
        outcome = store_db_run(db, PRAGMAS_APPEND);
        sqlite3_wal_hook(db->handle, on_wal, db); /* after the pragma, which sets a hook of its own */
    }
    return outcome;
}

static const int FLAGS[] = {
    [STORE_DB_READ] = SQLITE_OPEN_READONLY,
    [STORE_DB_MEND] = SQLITE_OPEN_READWRITE,
    [STORE_DB_RECORD] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    [STORE_DB_TRACKS] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    [STORE_DB_APPEND] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
};

int store_db_open(const char *path, enum store_db_mode mode, struct store_db **out)
{
    return store_db_open_on(&store_disk_machine, path, mode, out);
}

int store_db_open_on(const struct store_disk *disk, const char *path, enum store_db_mode mode, struct store_db **out)
{
    struct store_db *db = calloc(1, sizeof *db);
    if (!db) {
        return store_fail(STORE_FAILED, "%s: out of memory", path);
    }
    snprintf(db->path, sizeof db->path, "%s", path);
    int flags = SQLITE_OPEN_NOMUTEX | FLAGS[mode];
    int outcome = STORE_FAILED;
    if (sqlite3_open_v2(path, &db->handle, flags, disk->vfs) != SQLITE_OK) {
        outcome = db->handle ? store_db_fail(db, "opening") : store_fail(STORE_FAILED, "%s: out of memory", path);
    } else {
        outcome = configure(db, mode);
    }
    if (outcome) {
        store_db_close(db);
        return outcome;
    }
    *out = db;
    return 0;
}

void store_db_close(struct store_db *db)
{
    if (!db) {
        return;
    }
    for (unsigned i = 0; i < db->n_cached; i++) {
        sqlite3_finalize(db->cache[i].statement);
        free(db->cache[i].sql);
    }
    sqlite3_close(db->handle);
    free(db);
}

static sqlite3_stmt *find_cached(struct store_db *db, const char *sql)
{
    for (unsigned i = 0; i < db->n_cached; i++) {
        if (!strcmp(db->cache[i].sql, sql) && !sqlite3_stmt_busy(db->cache[i].statement)) {
            return db->cache[i].statement;
        }
    }
    return NULL;
}

/* A place in the cache: a new one, or that of a statement that is not running. */
static unsigned make_room(struct store_db *db)
{
    if (db->n_cached < STORE_DB_STATEMENTS) {
        return db->n_cached++;
    }
    while (sqlite3_stmt_busy(db->cache[db->evict].statement)) {
        db->evict = (db->evict + 1) % STORE_DB_STATEMENTS;
    }
    unsigned at = db->evict;
    db->evict = (db->evict + 1) % STORE_DB_STATEMENTS;
    sqlite3_finalize(db->cache[at].statement);
    free(db->cache[at].sql);
    return at;
}

sqlite3_stmt *store_db_prepare(struct store_db *db, const char *sql)
{
    sqlite3_stmt *statement = find_cached(db, sql);
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return statement;
    }
    char *copy = strdup(sql);
    if (!copy || sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        free(copy);
        store_db_fail(db, "preparing");
        return NULL;
    }
    unsigned at = make_room(db);
    db->cache[at].sql = copy;
    db->cache[at].statement = statement;
    return statement;
}

int store_db_run(struct store_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_db_fail(db, "running");
}

int store_db_step(struct store_db *db, sqlite3_stmt *statement, const char *doing)
{
    int code = sqlite3_step(statement);
    int outcome = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : store_db_fail(db, doing);
    sqlite3_reset(statement);
    return outcome;
}

int store_db_number(struct store_db *db, const char *sql, int64_t otherwise, int64_t *out)
{
    sqlite3_stmt *statement = store_db_prepare(db, sql);
    if (!statement) {
        return store_outcome();
    }
    int code = sqlite3_step(statement);
    int outcome = 0;
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
    } else if (code == SQLITE_DONE) {
        *out = otherwise;
    } else {
        outcome = store_db_fail(db, "reading");
    }
    sqlite3_reset(statement);
    return outcome;
}

int store_db_begin(struct store_db *db)
{
    sqlite3_stmt *statement = store_db_prepare(db, "BEGIN IMMEDIATE");
    return statement ? store_db_step(db, statement, "beginning") : store_outcome();
}

int store_db_end(struct store_db *db, int outcome)
{
    if (!outcome) {
        sqlite3_stmt *commit = store_db_prepare(db, "COMMIT");
        outcome = commit ? store_db_step(db, commit, "committing") : store_outcome();
    }
    if (outcome && !sqlite3_get_autocommit(db->handle)) {
        /* Not through the cache: it must work when memory or space does not. A failure here means that SQLite has
         * rolled back by itself. */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    return outcome;
}

void store_db_bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

void store_db_bind_bytes(sqlite3_stmt *statement, int column, struct bulla_bytes bytes)
{
    sqlite3_bind_blob64(statement, column, bytes.at ? (const void *)bytes.at : "", bytes.len, SQLITE_STATIC);
}

void store_db_column_text(sqlite3_stmt *statement, int column, char *to, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    snprintf(to, size, "%s", text ? (const char *)text : "");
}

struct bulla_bytes store_db_column_bytes(sqlite3_stmt *statement, int column)
{
    const uint8_t *at = sqlite3_column_blob(statement, column);
    return (struct bulla_bytes){at, (size_t)sqlite3_column_bytes(statement, column)};
}

void store_pool_init(struct store_pool *pool, const struct store_disk *disk, const char *path, unsigned most_idle)
{
    *pool = (struct store_pool){.disk = disk, .most_idle = most_idle < STORE_POOL_IDLE ? most_idle : STORE_POOL_IDLE};
    snprintf(pool->path, sizeof pool->path, "%s", path);
    pthread_mutex_init(&pool->lock, NULL);
}

void store_pool_drain(struct store_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->n_idle > 0) {
        store_db_close(pool->idle[--pool->n_idle]);
    }
    pthread_mutex_unlock(&pool->lock);
}

void store_pool_clear(struct store_pool *pool)
{
    store_pool_drain(pool);
    pthread_mutex_destroy(&pool->lock);
}

int store_pool_take(struct store_pool *pool, struct store_db **out)
{
    struct store_db *db = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->n_idle > 0) {
        db = pool->idle[--pool->n_idle];
    }
    pthread_mutex_unlock(&pool->lock);
    if (db) {
        *out = db;
        return 0;
    }
    return store_db_open_on(pool->disk, pool->path, STORE_DB_READ, out);
}

void store_pool_put(struct store_pool *pool, struct store_db *db)
{
    if (!db) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->n_idle < pool->most_idle;
    if (keep) {
        pool->idle[pool->n_idle++] = db;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) {
        store_db_close(db);
    }
}
