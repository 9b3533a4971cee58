// SPDX-License-Identifier: Apache-2.0
// The outbox: parcels put, read and dropped, each change in one transaction that is durable when it returns.

#include "platform/bus/outbox_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/base/limits.h"

/* Space that is free in the file is used again. Beyond FREE_KEPT pages of it (64 MiB), as after a long time without the broker, each drop
 * gives some back to the disk. */
enum { FREE_KEPT = 16384, GIVE_BACK = 1024, PARTITIONS_MOST = 65536 };

struct outbox *outbox_open(const char *folder, const struct outbox_options *options, char *why, size_t size)
{
    if (options->partitions < 1 || options->partitions > PARTITIONS_MOST) {
        snprintf(why, size, "outbox: expected 1 to %d partitions, got %u", PARTITIONS_MOST, options->partitions);
        return NULL;
    }
    struct outbox *outbox = calloc(1, sizeof *outbox + options->partitions * sizeof outbox->shelves[0]);
    if (!outbox) {
        snprintf(why, size, "outbox: out of memory");
        return NULL;
    }
    outbox->options = *options;
    outbox->partitions = options->partitions;
    outbox->bytes_most = options->bytes_most ? options->bytes_most : LIMIT_OUTBOX_BYTES;
    if (outbox_file_open(outbox, folder) != OUTBOX_OK) {
        snprintf(why, size, "%s", outbox->error);
        outbox_close(outbox);
        return NULL;
    }
    return outbox;
}

void outbox_close(struct outbox *outbox)
{
    if (outbox) {
        outbox_file_close(outbox);
        free(outbox);
    }
}

const char *outbox_id(const struct outbox *outbox)
{
    return outbox->id;
}

const char *outbox_error(const struct outbox *outbox)
{
    return outbox->error;
}

int outbox_belong(struct outbox *outbox, const char *store)
{
    char owner[OUTBOX_ID_SIZE] = "";
    int outcome = outbox_file_owner(outbox, owner);
    if (outcome || strcmp(owner, store) == 0) {
        return outcome;
    }
    struct outbox_counts counts = outbox_counts(outbox);
    if (owner[0] && counts.parcels) {
        return outbox_say(
            outbox, OUTBOX_FOREIGN,
            "%s: %llu observations in it wait for store %s, this is store %s: start once more with that one, or move the file "
            "aside and keep it",
            outbox->path, (unsigned long long)counts.rows, owner, store);
    }
    outcome = owner[0] ? outbox_file_renew(outbox) : OUTBOX_OK;
    return outcome ? outcome : outbox_file_own(outbox, store);
}

/* --- put --- */

/* Adds up what each partition is to get. */
static int plan(struct outbox *outbox, const struct outbox_parcel *parcels, size_t n)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < outbox->partitions; i++) {
        struct outbox_shelf *shelf = &outbox->shelves[i];
        shelf->new_parcels = shelf->new_rows = shelf->new_bytes = 0;
        bytes += shelf->bytes;
    }
    for (size_t i = 0; i < n; i++) {
        const struct outbox_parcel *parcel = &parcels[i];
        if (parcel->partition >= outbox->partitions || !parcel->bytes.len || parcel->bytes.len > OUTBOX_PARCEL_MOST) {
            return outbox_say(outbox, OUTBOX_FAILED, "outbox: expected a partition below %u and 1 to %d bytes, got %u and %zu",
                              outbox->partitions, OUTBOX_PARCEL_MOST, parcel->partition, parcel->bytes.len);
        }
        struct outbox_shelf *shelf = &outbox->shelves[parcel->partition];
        shelf->new_parcels++;
        shelf->new_rows += parcel->rows;
        shelf->new_bytes += parcel->bytes.len;
        bytes += parcel->bytes.len;
    }
    if (bytes > outbox->bytes_most) {
        return outbox_say(outbox, OUTBOX_FULL, "%s: full: %llu bytes wait for the store, expected at most %llu", outbox->path,
                          (unsigned long long)bytes, (unsigned long long)outbox->bytes_most);
    }
    return OUTBOX_OK;
}

/* Writes a shelf as it will be after the change. */
static int shelve(struct outbox *outbox, unsigned partition, uint64_t last, uint64_t dropped, uint64_t rows, uint64_t bytes)
{
    sqlite3_stmt *statement = outbox_statement(outbox, OUTBOX_SHELVE);
    sqlite3_bind_int64(statement, 1, (int64_t)partition);
    sqlite3_bind_int64(statement, 2, (int64_t)last);
    sqlite3_bind_int64(statement, 3, (int64_t)dropped);
    sqlite3_bind_int64(statement, 4, (int64_t)outbox->shelves[partition].base);
    sqlite3_bind_int64(statement, 5, (int64_t)rows);
    sqlite3_bind_int64(statement, 6, (int64_t)bytes);
    return outbox_step(outbox, statement, "writing numbers");
}

static int insert(struct outbox *outbox, const struct outbox_parcel *parcel, uint64_t number)
{
    sqlite3_stmt *statement = outbox_statement(outbox, OUTBOX_INSERT);
    sqlite3_bind_int64(statement, 1, outbox_place(parcel->partition, number));
    sqlite3_bind_int64(statement, 2, parcel->taken_ms);
    sqlite3_bind_int64(statement, 3, (int64_t)parcel->rows);
    sqlite3_bind_blob64(statement, 4, parcel->bytes.at, parcel->bytes.len, SQLITE_STATIC);
    int outcome = outbox_step(outbox, statement, "writing a parcel");
    sqlite3_bind_null(statement, 4); /* the bytes are the caller's */
    return outcome;
}

static int write_all(struct outbox *outbox, const struct outbox_parcel *parcels, size_t n)
{
    int outcome = OUTBOX_OK;
    for (unsigned i = 0; i < outbox->partitions && !outcome; i++) {
        struct outbox_shelf *shelf = &outbox->shelves[i];
        if (shelf->new_parcels) {
            outcome = shelve(outbox, i, shelf->last + shelf->new_parcels, shelf->dropped, shelf->rows + shelf->new_rows,
                             shelf->bytes + shelf->new_bytes);
        }
        shelf->new_parcels = 0; /* counts again, for the numbers */
    }
    for (size_t i = 0; i < n && !outcome; i++) {
        struct outbox_shelf *shelf = &outbox->shelves[parcels[i].partition];
        outcome = insert(outbox, &parcels[i], shelf->last + ++shelf->new_parcels);
    }
    return outcome;
}

int outbox_put(struct outbox *outbox, struct outbox_parcel *parcels, size_t n)
{
    int outcome = plan(outbox, parcels, n);
    if (outcome || n == 0) {
        return outcome;
    }
    outcome = outbox_begin(outbox, true);
    if (!outcome) {
        outcome = outbox_end(outbox, write_all(outbox, parcels, n));
    }
    if (outcome) {
        return outcome;
    }
    for (size_t i = 0; i < n; i++) {
        struct outbox_shelf *shelf = &outbox->shelves[parcels[i].partition];
        if (shelf->last == shelf->dropped) {
            shelf->oldest_ms = parcels[i].taken_ms;
        }
        parcels[i].number = ++shelf->last - shelf->base;
        shelf->rows += parcels[i].rows;
        shelf->bytes += parcels[i].bytes.len;
        outbox->put += parcels[i].rows;
    }
    return OUTBOX_OK;
}

/* --- read, drop --- */

int outbox_read(struct outbox *outbox, unsigned partition, uint64_t after, size_t most_bytes,
                void (*each)(void *context, const struct outbox_parcel *parcel), void *context)
{
    if (partition >= outbox->partitions || after >= outbox_last(outbox, partition)) {
        return OUTBOX_OK;
    }
    uint64_t base = outbox->shelves[partition].base;
    size_t bytes = 0;
    int code;
    sqlite3_stmt *read = outbox_statement(outbox, OUTBOX_READ);
    sqlite3_bind_int64(read, 1, outbox_place(partition, base + after + 1));
    sqlite3_bind_int64(read, 2, outbox_place(partition, outbox->shelves[partition].last));
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(read, 3);
        if (bytes > 0 && (bytes >= most_bytes || len > most_bytes - bytes)) {
            break;
        }
        struct outbox_parcel parcel = {
            .partition = partition,
            .number = (uint64_t)(sqlite3_column_int64(read, 0) - outbox_place(partition, base)),
            .taken_ms = sqlite3_column_int64(read, 1),
            .rows = (uint32_t)sqlite3_column_int64(read, 2),
            .bytes = {sqlite3_column_blob(read, 3), len},
        };
        if (!parcel.bytes.at) {
            code = SQLITE_NOMEM;
            break;
        }
        bytes += len;
        each(context, &parcel);
    }
    int outcome = code == SQLITE_DONE || code == SQLITE_ROW ? OUTBOX_OK : outbox_fail(outbox, "reading");
    sqlite3_reset(read);
    return outcome;
}

static void give_back(struct outbox *outbox)
{
    sqlite3_stmt *statement = NULL;
    int64_t pages = 0;
    if (sqlite3_prepare_v2(outbox->db, "PRAGMA freelist_count", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        pages = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    if (pages > FREE_KEPT) {
        char sql[48]; /* a failure leaves the space to be used again, and is tried at the next drop */
        snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", GIVE_BACK);
        sqlite3_exec(outbox->db, sql, NULL, NULL, NULL);
    }
}

static int remove_to(struct outbox *outbox, unsigned partition, uint64_t to, uint64_t *rows, uint64_t *bytes)
{
    const struct outbox_shelf *shelf = &outbox->shelves[partition];
    int64_t first = outbox_place(partition, shelf->dropped + 1), last = outbox_place(partition, to);
    sqlite3_stmt *sum = outbox_statement(outbox, OUTBOX_SUM);
    sqlite3_bind_int64(sum, 1, first);
    sqlite3_bind_int64(sum, 2, last);
    if (sqlite3_step(sum) != SQLITE_ROW) {
        return outbox_fail(outbox, "adding up");
    }
    *rows = (uint64_t)sqlite3_column_int64(sum, 0);
    *bytes = (uint64_t)sqlite3_column_int64(sum, 1);
    sqlite3_reset(sum);
    int outcome = shelve(outbox, partition, shelf->last, to, shelf->rows - *rows, shelf->bytes - *bytes);
    if (!outcome) {
        sqlite3_stmt *statement = outbox_statement(outbox, OUTBOX_DELETE);
        sqlite3_bind_int64(statement, 1, first);
        sqlite3_bind_int64(statement, 2, last);
        outcome = outbox_step(outbox, statement, "dropping");
    }
    return outcome;
}

int outbox_drop(struct outbox *outbox, unsigned partition, uint64_t number)
{
    if (partition >= outbox->partitions || number > outbox_last(outbox, partition)) {
        return outbox_say(outbox, OUTBOX_FAILED, "outbox: partition %u: asked to drop up to parcel %llu: expected at most %llu", partition,
                          (unsigned long long)number,
                          partition < outbox->partitions ? (unsigned long long)outbox_last(outbox, partition) : 0ULL);
    }
    struct outbox_shelf *shelf = &outbox->shelves[partition];
    uint64_t to = number + shelf->base, rows = 0, bytes = 0;
    if (to <= shelf->dropped) {
        return OUTBOX_OK;
    }
    int outcome = outbox_begin(
        outbox, true); /* a commit without its sync would be lost with the next sync that fails, and SQLite would go on counting on it */
    if (!outcome) {
        outcome = outbox_end(outbox, remove_to(outbox, partition, to, &rows, &bytes));
    }
    if (outcome) {
        return outcome;
    }
    shelf->dropped = to;
    shelf->rows -= rows;
    shelf->bytes -= bytes;
    outbox->dropped += rows;
    give_back(outbox);
    return outbox_find_oldest(outbox, partition);
}

int outbox_renew(struct outbox *outbox)
{
    return outbox_file_renew(outbox);
}

/* --- what there is --- */

uint64_t outbox_last(const struct outbox *outbox, unsigned partition)
{
    return outbox->shelves[partition].last - outbox->shelves[partition].base;
}

uint64_t outbox_oldest(const struct outbox *outbox, unsigned partition)
{
    const struct outbox_shelf *shelf = &outbox->shelves[partition];
    return shelf->last > shelf->dropped ? shelf->dropped + 1 - shelf->base : 0;
}

struct outbox_counts outbox_counts(const struct outbox *outbox)
{
    struct outbox_counts counts = {.put = outbox->put, .dropped = outbox->dropped};
    for (unsigned i = 0; i < outbox->partitions; i++) {
        const struct outbox_shelf *shelf = &outbox->shelves[i];
        uint64_t last = shelf->last, dropped = shelf->dropped;
        int64_t oldest = shelf->oldest_ms;
        counts.parcels += last > dropped ? last - dropped : 0;
        counts.rows += shelf->rows;
        counts.bytes += shelf->bytes;
        if (oldest && (!counts.oldest_ms || oldest < counts.oldest_ms)) {
            counts.oldest_ms = oldest;
        }
    }
    return counts;
}
