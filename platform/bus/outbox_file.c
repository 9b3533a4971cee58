// SPDX-License-Identifier: Apache-2.0
// The outbox's file: made, opened, looked over, and known again.

#include "platform/bus/outbox_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/base/clock.h"
#include "platform/base/ulid.h"

enum { APPLICATION = 0x42614F42 /* "BaOB" */, VERSION = 1, CHECKED_WHOLE = 64 * 1024 * 1024 };

/* A page holds a small parcel; larger ones take whole pages. The log is moved into the file every 32 MiB: most of what it holds has
 * been dropped by then and is moved once. Nobody else may hold the file: two nodes with one outbox would number alike. */
static const char BEFORE[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;";
static const char AFTER[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY;"
                            "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;";
static const char SCHEMA[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE about(one INTEGER PRIMARY KEY CHECK(one = 1), id TEXT NOT NULL, witness TEXT NOT NULL);"
    "CREATE TABLE shelf(partition INTEGER PRIMARY KEY, last INTEGER NOT NULL, dropped INTEGER NOT NULL, base INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    "CREATE TABLE parcel(place INTEGER PRIMARY KEY, taken_ms INTEGER NOT NULL, rows INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "PRAGMA application_id = 1113673538; PRAGMA user_version = 1;"; /* goes on in make_file() */

static const char *const SQL[OUTBOX_STATEMENTS] = {
    [OUTBOX_BEGIN] = "BEGIN IMMEDIATE",
    [OUTBOX_COMMIT] = "COMMIT",
    [OUTBOX_INSERT] = "INSERT INTO parcel(place, taken_ms, rows, bytes) VALUES(?, ?, ?, ?)",
    [OUTBOX_SHELVE] = "INSERT OR REPLACE INTO shelf(partition, last, dropped, base, rows, bytes) VALUES(?, ?, ?, ?, ?, ?)",
    [OUTBOX_READ] = "SELECT place, taken_ms, rows, bytes FROM parcel WHERE place BETWEEN ? AND ? ORDER BY place",
    [OUTBOX_SUM] = "SELECT coalesce(sum(rows), 0), coalesce(sum(length(bytes)), 0) FROM parcel WHERE place BETWEEN ? AND ?",
    [OUTBOX_DELETE] = "DELETE FROM parcel WHERE place BETWEEN ? AND ?",
};

/* --- failures --- */

int outbox_say(struct outbox *outbox, int outcome, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(outbox->error, sizeof outbox->error, format, arguments);
    va_end(arguments);
    return outcome;
}

int outbox_fail(struct outbox *outbox, const char *doing)
{
    int code = sqlite3_extended_errcode(outbox->db), primary = code & 0xFF, number = sqlite3_system_errno(outbox->db);
    if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT))) {
        return outbox_say(outbox, OUTBOX_NO_SPACE, "%s: %s: no space left on the disk", outbox->path, doing);
    }
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
        return outbox_say(
            outbox, OUTBOX_FAILED,
            "%s: %s: the file is damaged (%s). It may hold accepted observations that are stored nowhere else: move it aside with "
            "its -wal file and keep it; a new one is made at the next start, and \"sqlite3 FILE .recover\" gets back what can be read",
            outbox->path, doing, sqlite3_errmsg(outbox->db));
    }
    if (primary == SQLITE_BUSY) {
        return outbox_say(outbox, OUTBOX_FAILED, "%s: %s: another process holds it: expected one node a folder", outbox->path, doing);
    }
    return outbox_say(outbox, OUTBOX_FAILED, "%s: %s: %s%s%s", outbox->path, doing, sqlite3_errmsg(outbox->db), number ? ": " : "",
                      number ? strerror(number) : "");
}

static int run(struct outbox *outbox, const char *sql, const char *doing)
{
    return sqlite3_exec(outbox->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OUTBOX_OK : outbox_fail(outbox, doing);
}

sqlite3_stmt *outbox_statement(struct outbox *outbox, enum outbox_statement which)
{
    sqlite3_reset(outbox->statements[which]);
    return outbox->statements[which];
}

int outbox_step(struct outbox *outbox, sqlite3_stmt *statement, const char *doing)
{
    int code = sqlite3_step(statement);
    int outcome = code == SQLITE_DONE || code == SQLITE_ROW ? OUTBOX_OK : outbox_fail(outbox, doing);
    sqlite3_reset(statement);
    return outcome;
}

int outbox_begin(struct outbox *outbox, bool durable)
{
    if (outbox->durable != durable) {
        int outcome = run(outbox, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", "beginning");
        if (outcome) {
            return outcome;
        }
        outbox->durable = durable;
    }
    return outbox_step(outbox, outbox_statement(outbox, OUTBOX_BEGIN), "beginning");
}

int outbox_end(struct outbox *outbox, int outcome)
{
    if (!outcome) {
        outcome = outbox_step(outbox, outbox_statement(outbox, OUTBOX_COMMIT), "committing");
    }
    if (outcome && !sqlite3_get_autocommit(outbox->db)) {
        sqlite3_exec(outbox->db, "ROLLBACK", NULL, NULL, NULL); /* a failure means that SQLite has done it by itself */
    }
    return outcome;
}

/* --- whose file it is --- */

/* Another file by the same name has another inode, or the same one and another time of birth. Empty where the machine cannot say. */
static void witness_of(const char *path, char witness[OUTBOX_WITNESS_SIZE])
{
    struct statx info;
    witness[0] = '\0';
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &info) == 0) {
        bool born = info.stx_mask & STATX_BTIME;
        snprintf(witness, OUTBOX_WITNESS_SIZE, "%" PRIu64 " %lld.%09u", (uint64_t)info.stx_ino,
                 born ? (long long)info.stx_btime.tv_sec : 0LL, born ? (unsigned)info.stx_btime.tv_nsec : 0U);
    }
}

static void make_id(const struct outbox *outbox, char id[OUTBOX_ID_SIZE])
{
    if (outbox->options.new_id) {
        outbox->options.new_id(outbox->options.context, id);
        return;
    }
    struct clock clock = clock_system();
    ulid_put(id, clock_now(&clock));
}

/* Id and witness as the file's one row of about. */
static int write_about(struct outbox *outbox, const char *id)
{
    char witness[OUTBOX_WITNESS_SIZE];
    sqlite3_stmt *statement = NULL;
    witness_of(outbox->path, witness);
    if (sqlite3_prepare_v2(outbox->db, "INSERT OR REPLACE INTO about(one, id, witness) VALUES(1, ?, ?)", -1, &statement, NULL) !=
        SQLITE_OK) {
        return outbox_fail(outbox, "naming");
    }
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, witness, -1, SQLITE_STATIC);
    int outcome = outbox_step(outbox, statement, "naming");
    sqlite3_finalize(statement);
    return outcome;
}

int outbox_file_renew(struct outbox *outbox)
{
    char id[OUTBOX_ID_SIZE] = "";
    make_id(outbox, id);
    int outcome = outbox_begin(outbox, true);
    if (!outcome) {
        outcome = write_about(outbox, id);
        if (!outcome) {
            outcome = run(outbox, "UPDATE shelf SET base = dropped", "renewing");
        }
        outcome = outbox_end(outbox, outcome);
    }
    if (!outcome) {
        memcpy(outbox->id, id, sizeof id);
        for (unsigned i = 0; i < outbox->partitions; i++) {
            outbox->shelves[i].base = outbox->shelves[i].dropped;
        }
    }
    return outcome;
}

/* --- for which store it is --- */

/* Not in the schema: a program that is older than the table opens the file all the same. */
int outbox_file_owner(struct outbox *outbox, char store[OUTBOX_ID_SIZE])
{
    sqlite3_stmt *statement = NULL;
    int outcome =
        run(outbox, "CREATE TABLE IF NOT EXISTS owner(one INTEGER PRIMARY KEY CHECK(one = 1), store TEXT NOT NULL)", "looking whose it is");
    if (outcome) {
        return outcome;
    }
    int code = sqlite3_prepare_v2(outbox->db, "SELECT store FROM owner", -1, &statement, NULL);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    if (code == SQLITE_ROW) {
        snprintf(store, OUTBOX_ID_SIZE, "%s", (const char *)sqlite3_column_text(statement, 0));
    } else if (code != SQLITE_DONE) {
        outcome = outbox_fail(outbox, "looking whose it is");
    }
    sqlite3_finalize(statement);
    return outcome;
}

int outbox_file_own(struct outbox *outbox, const char *store)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(outbox->db, "INSERT OR REPLACE INTO owner(one, store) VALUES(1, ?)", -1, &statement, NULL) != SQLITE_OK) {
        return outbox_fail(outbox, "saying whose it is");
    }
    sqlite3_bind_text(statement, 1, store, -1, SQLITE_STATIC);
    int outcome = outbox_begin(outbox, true);
    if (!outcome) {
        outcome = outbox_end(outbox, outbox_step(outbox, statement, "saying whose it is"));
    }
    sqlite3_finalize(statement);
    return outcome;
}

/* --- opening --- */

static int number_of(struct outbox *outbox, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int outcome = OUTBOX_OK;
    if (sqlite3_prepare_v2(outbox->db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW) {
        outcome = outbox_fail(outbox, "opening");
    } else {
        *out = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return outcome;
}

/* Ours, or nobody's and empty: anything else is left as it is. */
static int look_whose(struct outbox *outbox, bool *empty)
{
    int64_t application = 0, version = 0, tables = 0;
    int outcome = number_of(outbox, "PRAGMA application_id", &application);
    if (!outcome) {
        outcome = number_of(outbox, "PRAGMA user_version", &version);
    }
    if (!outcome) {
        outcome = number_of(outbox, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (outcome) {
        return outcome;
    }
    *empty = application == 0 && version == 0 && tables == 0;
    if (!*empty && application != APPLICATION) {
        return outbox_say(outbox, OUTBOX_FAILED, "%s: expected an outbox of this program, got another program's SQLite file: move it aside",
                          outbox->path);
    }
    if (!*empty && version != VERSION) {
        return outbox_say(outbox, OUTBOX_FAILED, "%s: expected version %d, got %lld: it was made by a newer program: use that one",
                          outbox->path, VERSION, (long long)version);
    }
    return OUTBOX_OK;
}

/* A small file is read whole; of a large one, what the shelves say is compared with the parcels' ends, below. */
static int look_over(struct outbox *outbox)
{
    int64_t pages = 0;
    sqlite3_stmt *statement = NULL;
    int outcome = number_of(outbox, "PRAGMA page_count", &pages);
    if (outcome || pages > CHECKED_WHOLE / 4096) {
        return outcome;
    }
    if (sqlite3_prepare_v2(outbox->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        outcome = outbox_fail(outbox, "checking");
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        outcome = outbox_say(
            outbox, OUTBOX_FAILED,
            "%s: the file is damaged (%.150s): move it aside with its -wal file and keep it; a new one is made at the next start, and "
            "\"sqlite3 FILE .recover\" gets back what can be read",
            outbox->path, (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return outcome;
}

static int read_shelf(struct outbox *outbox, sqlite3_stmt *row)
{
    int64_t partition = sqlite3_column_int64(row, 0), last = sqlite3_column_int64(row, 1), dropped = sqlite3_column_int64(row, 2);
    if (partition < 0 || partition >= (int64_t)outbox->partitions) {
        if (partition >= 0 && last == dropped) {
            return OUTBOX_OK; /* of a larger installation once; nothing waits there */
        }
        return outbox_say(outbox, OUTBOX_FAILED,
                          "%s: parcels wait in partition %lld: expected partitions below %u: start with as many as before", outbox->path,
                          (long long)partition, outbox->partitions);
    }
    struct outbox_shelf *shelf = &outbox->shelves[partition];
    shelf->last = (uint64_t)last;
    shelf->dropped = (uint64_t)dropped;
    shelf->base = (uint64_t)sqlite3_column_int64(row, 3);
    shelf->rows = (uint64_t)sqlite3_column_int64(row, 4);
    shelf->bytes = (uint64_t)sqlite3_column_int64(row, 5);
    return OUTBOX_OK;
}

static int read_about(struct outbox *outbox, bool *moved)
{
    char witness[OUTBOX_WITNESS_SIZE];
    sqlite3_stmt *statement = NULL;
    int outcome = OUTBOX_OK;
    witness_of(outbox->path, witness);
    if (sqlite3_prepare_v2(outbox->db, "SELECT id, witness FROM about", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        outcome = outbox_fail(outbox, "opening");
    } else {
        snprintf(outbox->id, sizeof outbox->id, "%s", (const char *)sqlite3_column_text(statement, 0));
        *moved = strcmp((const char *)sqlite3_column_text(statement, 1), witness) != 0;
    }
    sqlite3_finalize(statement);
    return outcome;
}

int outbox_find_oldest(struct outbox *outbox, unsigned partition)
{
    struct outbox_shelf *shelf = &outbox->shelves[partition];
    int outcome = OUTBOX_OK;
    shelf->oldest_ms = 0;
    if (shelf->last > shelf->dropped) {
        sqlite3_stmt *read = outbox_statement(outbox, OUTBOX_READ);
        sqlite3_bind_int64(read, 1, outbox_place(partition, shelf->dropped + 1));
        sqlite3_bind_int64(read, 2, outbox_place(partition, shelf->dropped + 1));
        int code = sqlite3_step(read);
        if (code == SQLITE_ROW) {
            shelf->oldest_ms = sqlite3_column_int64(read, 1);
        } else {
            outcome = code == SQLITE_DONE
                          ? outbox_say(outbox, OUTBOX_FAILED, "%s: partition %u: parcel %llu is missing: the file is damaged", outbox->path,
                                       partition, (unsigned long long)shelf->dropped + 1)
                          : outbox_fail(outbox, "looking for the oldest");
        }
        sqlite3_reset(read);
    }
    return outcome;
}

/* What a shelf says and where its parcels begin and end must agree. */
static int compare_shelf(struct outbox *outbox, unsigned partition)
{
    const struct outbox_shelf *shelf = &outbox->shelves[partition];
    char sql[160];
    int64_t outside = 0, newest = 0;
    int64_t low = outbox_place(partition, 0), high = outbox_place(partition, OUTBOX_SPAN - 1);
    snprintf(sql, sizeof sql, "SELECT coalesce(max(place), %" PRId64 ") FROM parcel WHERE place BETWEEN %" PRId64 " AND %" PRId64, low, low,
             high);
    int outcome = number_of(outbox, sql, &newest);
    if (!outcome) {
        snprintf(sql, sizeof sql, "SELECT EXISTS(SELECT 1 FROM parcel WHERE place BETWEEN %" PRId64 " AND %" PRId64 ")", low,
                 outbox_place(partition, shelf->dropped));
        outcome = number_of(outbox, sql, &outside);
    }
    uint64_t found = (uint64_t)(newest - low), expected = shelf->last > shelf->dropped ? shelf->last : 0;
    if (!outcome && (outside || found != expected)) {
        return outbox_say(outbox, OUTBOX_FAILED,
                          "%s: partition %u: expected parcels up to %llu, found %llu: the file is damaged: move it aside", outbox->path,
                          partition, (unsigned long long)expected, (unsigned long long)found);
    }
    return outcome ? outcome : outbox_find_oldest(outbox, partition);
}

static int read_shelves(struct outbox *outbox)
{
    sqlite3_stmt *statement = NULL;
    int outcome = OUTBOX_OK, code = SQLITE_ERROR;
    if (sqlite3_prepare_v2(outbox->db, "SELECT partition, last, dropped, base, rows, bytes FROM shelf", -1, &statement, NULL) ==
        SQLITE_OK) {
        while (!outcome && (code = sqlite3_step(statement)) == SQLITE_ROW) {
            outcome = read_shelf(outbox, statement);
        }
    }
    if (!outcome && code != SQLITE_DONE) {
        outcome = outbox_fail(outbox, "opening");
    }
    sqlite3_finalize(statement);
    for (unsigned i = 0; !outcome && i < outbox->partitions; i++) {
        outcome = compare_shelf(outbox, i);
    }
    return outcome;
}

static int make_file(struct outbox *outbox)
{
    char id[OUTBOX_ID_SIZE] = "";
    int outcome = run(outbox, SCHEMA, "making");
    if (!outcome) {
        make_id(outbox, id);
        outcome = write_about(outbox, id);
    }
    if (!outcome) {
        outcome = run(outbox, "COMMIT", "making");
    }
    if (outcome) {
        sqlite3_exec(outbox->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return outcome;
}

static int prepare(struct outbox *outbox)
{
    for (int i = 0; i < OUTBOX_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(outbox->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &outbox->statements[i], NULL) != SQLITE_OK) {
            return outbox_fail(outbox, "preparing");
        }
    }
    return OUTBOX_OK;
}

int outbox_file_open(struct outbox *outbox, const char *folder)
{
    bool empty = false, moved = false;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (snprintf(outbox->path, sizeof outbox->path, "%s/outbox.db", folder) >= (int)sizeof outbox->path) {
        return outbox_say(outbox, OUTBOX_FAILED, "outbox: expected a path below %d characters, got %.100s...", OUTBOX_PATH_SIZE, folder);
    }
    if (sqlite3_open_v2(outbox->path, &outbox->db, flags, outbox->options.vfs) != SQLITE_OK) {
        return outbox->db ? outbox_fail(outbox, "opening") : outbox_say(outbox, OUTBOX_FAILED, "%s: out of memory", outbox->path);
    }
    sqlite3_extended_result_codes(outbox->db, 1);
    int outcome = run(outbox, BEFORE, "opening");
    if (!outcome) {
        outcome = look_whose(outbox, &empty);
    }
    if (!outcome) {
        outcome = run(outbox, AFTER, "opening");
        outbox->durable = true;
    }
    if (!outcome) {
        outcome = empty ? make_file(outbox) : look_over(outbox);
    }
    if (!outcome) {
        outcome = prepare(outbox);
    }
    if (!outcome) {
        outcome = read_about(outbox, &moved);
    }
    if (!outcome) {
        outcome = read_shelves(outbox);
    }
    return !outcome && moved ? outbox_file_renew(outbox) : outcome;
}

void outbox_file_close(struct outbox *outbox)
{
    for (int i = 0; i < OUTBOX_STATEMENTS; i++) {
        sqlite3_finalize(outbox->statements[i]);
    }
    sqlite3_close(outbox->db);
}
