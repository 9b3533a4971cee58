/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: numbers without a gap whatever happens, all or nothing, nothing lost by kill -9, files that are not ours.
 */
#include "bus_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { MOST = 3000, PARTITIONS = 8 };

/* Puts one parcel whose content follows from its number. */
static int put_one(struct outbox *outbox, unsigned partition, uint64_t serial)
{
    uint8_t bytes[MOST];
    struct outbox_parcel parcel = {.partition = partition, .taken_ms = 1000 + (int64_t)serial, .rows = 3, .bytes = {bytes, 0}};
    parcel.bytes.len = fill_bytes(bytes, MOST, partition, serial);
    int outcome = outbox_put(outbox, &parcel, 1);
    if (!outcome) {
        assert_int_equal(parcel.number, outbox_last(outbox, partition));
    }
    return outcome;
}

struct reading {
    unsigned partition;
    uint64_t next, n, bytes, shift; /* shift: serial - number */
};

static void see(void *context, const struct outbox_parcel *parcel)
{
    struct reading *reading = context;
    assert_int_equal(parcel->partition, reading->partition);
    assert_int_equal(parcel->number, reading->next);
    assert_int_equal(parcel->rows, 3);
    assert_int_equal(parcel->taken_ms, 1000 + parcel->number + reading->shift);
    check_bytes(parcel->bytes, MOST, parcel->partition, parcel->number + reading->shift);
    reading->next++;
    reading->n++;
    reading->bytes += parcel->bytes.len;
}

static uint64_t read_all(struct outbox *outbox, unsigned partition, uint64_t after, uint64_t shift)
{
    struct reading reading = {.partition = partition, .next = after + 1, .shift = shift};
    assert_int_equal(outbox_read(outbox, partition, after, SIZE_MAX, see, &reading), OUTBOX_OK);
    return reading.n;
}

static void test_numbers(void **state)
{
    (void)state;
    char folder[64], id[OUTBOX_ID_SIZE];
    make_temporary(folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    assert_int_equal(strlen(outbox_id(outbox)), OUTBOX_ID_SIZE - 1);
    memcpy(id, outbox_id(outbox), sizeof id);
    assert_int_equal(outbox_last(outbox, 3), 0);
    assert_int_equal(outbox_oldest(outbox, 3), 0);
    for (uint64_t n = 1; n <= 20; n++) {
        assert_int_equal(put_one(outbox, 3, n), OUTBOX_OK);
    }
    assert_int_equal(put_one(outbox, 7, 1), OUTBOX_OK);
    assert_int_equal(read_all(outbox, 3, 0, 0), 20);
    assert_int_equal(read_all(outbox, 3, 15, 0), 5);
    assert_int_equal(read_all(outbox, 3, 20, 0), 0);
    assert_int_equal(read_all(outbox, 4, 0, 0), 0);
    assert_int_equal(outbox_drop(outbox, 3, 12), OUTBOX_OK);
    assert_int_equal(outbox_drop(outbox, 3, 5), OUTBOX_OK);
    assert_int_equal(outbox_oldest(outbox, 3), 13);
    assert_int_equal(outbox_drop(outbox, 3, 21), OUTBOX_FAILED);
    assert_non_null(strstr(outbox_error(outbox), "expected at most 20"));
    struct outbox_counts counts = outbox_counts(outbox);
    assert_int_equal(counts.parcels, 9);
    assert_int_equal(counts.rows, 27);
    assert_int_equal(counts.put, 63);
    assert_int_equal(counts.dropped, 36);
    assert_int_equal(counts.oldest_ms, 1001);
    assert_int_equal(outbox_drop(outbox, 7, 1), OUTBOX_OK);
    assert_int_equal(outbox_counts(outbox).oldest_ms, 1013);
    assert_int_equal(outbox_drop(outbox, 3, 20), OUTBOX_OK);
    outbox_close(outbox);

    outbox = open_outbox(folder, PARTITIONS); /* all were dropped; the numbers go on, the id stays */
    assert_string_equal(outbox_id(outbox), id);
    assert_int_equal(outbox_last(outbox, 3), 20);
    assert_int_equal(outbox_oldest(outbox, 3), 0);
    counts = outbox_counts(outbox);
    assert_int_equal(counts.parcels + counts.rows + counts.bytes + (uint64_t)counts.oldest_ms, 0);
    assert_int_equal(put_one(outbox, 3, 21), OUTBOX_OK);
    assert_int_equal(outbox_last(outbox, 3), 21);
    outbox_close(outbox);
    remove_folder(folder);
}

static void test_read_bounded(void **state)
{
    (void)state;
    char folder[64];
    make_temporary(folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    for (uint64_t n = 1; n <= 50; n++) {
        assert_int_equal(put_one(outbox, 0, n), OUTBOX_OK);
    }
    struct reading reading = {.next = 1};
    assert_int_equal(outbox_read(outbox, 0, 0, 1, see, &reading), OUTBOX_OK);
    assert_int_equal(reading.n, 1); /* one always, else nothing could go on */
    reading = (struct reading){.next = 11};
    assert_int_equal(outbox_read(outbox, 0, 10, 10000, see, &reading), OUTBOX_OK);
    assert_true(reading.n > 1 && reading.bytes <= 10000);
    outbox_close(outbox);
    remove_folder(folder);
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    char folder[64], why[500];
    make_temporary(folder);
    struct outbox_options options = {.partitions = 4, .bytes_most = 5000};
    struct outbox *outbox = outbox_open(folder, &options, why, sizeof why);
    assert_non_null(outbox);
    uint8_t bytes[3000] = {1};
    struct outbox_parcel parcels[3] = {{.partition = 1, .bytes = {bytes, 3000}}, {.partition = 2, .bytes = {bytes, 1500}}};
    assert_int_equal(outbox_put(outbox, parcels, 2), OUTBOX_OK);
    parcels[0].bytes.len = 400;
    parcels[0].number = parcels[1].number = 77;
    assert_int_equal(outbox_put(outbox, parcels, 2), OUTBOX_FULL);
    assert_non_null(strstr(outbox_error(outbox), "full"));
    assert_int_equal(parcels[0].number, 77);
    parcels[1].partition = 4; /* out of range: the good one beside it is not written either */
    parcels[1].bytes.len = 1;
    assert_int_equal(outbox_put(outbox, parcels, 2), OUTBOX_FAILED);
    parcels[1] = (struct outbox_parcel){.partition = 0, .bytes = {bytes, 0}};
    assert_int_equal(outbox_put(outbox, parcels, 2), OUTBOX_FAILED);
    parcels[1].bytes.len = OUTBOX_PARCEL_MOST + 1;
    assert_int_equal(outbox_put(outbox, parcels, 2), OUTBOX_FAILED);
    assert_int_equal(outbox_last(outbox, 1), 1);
    assert_int_equal(outbox_counts(outbox).bytes, 4500);
    assert_int_equal(outbox_drop(outbox, 1, 1), OUTBOX_OK);
    assert_int_equal(outbox_put(outbox, parcels, 1), OUTBOX_OK); /* room again */
    assert_int_equal(parcels[0].number, 2);
    outbox_close(outbox);
    remove_folder(folder);
}

/* The file is limited by the system, as a full disk would: refused by name, nothing half written, and it goes on after. */
static void test_no_space(void **state)
{
    (void)state;
    char folder[64];
    make_temporary(folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    struct rlimit before, small = {.rlim_cur = 400000, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    uint64_t n = 0;
    int outcome;
    while ((outcome = put_one(outbox, 2, n + 1)) == OUTBOX_OK) {
        n++;
        assert_true(n < 1000);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(outcome == OUTBOX_NO_SPACE || outcome == OUTBOX_FAILED); /* the system says EFBIG here, not ENOSPC */
    assert_int_equal(outbox_last(outbox, 2), n);
    assert_int_equal(read_all(outbox, 2, 0, 0), n);
    assert_int_equal(put_one(outbox, 2, n + 1), OUTBOX_OK);
    outbox_close(outbox);
    outbox = open_outbox(folder, PARTITIONS);
    assert_int_equal(read_all(outbox, 2, 0, 0), n + 1);
    outbox_close(outbox);
    remove_folder(folder);
}

/* --- kill -9 --- */

/* Writes for ever: batches over random partitions, now and then a drop; each that returned is told through the pipe. */
static void write_for_ever(const char *folder, int pipe_end, uint64_t seed)
{
    static uint8_t bytes[40][MOST];
    struct outbox_options options = {.partitions = PARTITIONS};
    char why[500];
    struct outbox *outbox = outbox_open(folder, &options, why, sizeof why);
    if (!outbox) {
        _exit(9);
    }
    uint64_t random = seed, next[PARTITIONS];
    for (unsigned i = 0; i < PARTITIONS; i++) {
        next[i] = outbox_last(outbox, i) + 1;
    }
    for (;;) {
        struct outbox_parcel parcels[40];
        size_t n = 1 + below(&random, 40);
        for (size_t i = 0; i < n; i++) {
            unsigned partition = below(&random, PARTITIONS);
            uint64_t serial = next[partition]++;
            parcels[i] =
                (struct outbox_parcel){.partition = partition, .taken_ms = 1000 + (int64_t)serial, .rows = 3, .bytes = {bytes[i], 0}};
            parcels[i].bytes.len = fill_bytes(bytes[i], MOST, partition, serial);
        }
        if (outbox_put(outbox, parcels, n) != OUTBOX_OK) {
            _exit(8);
        }
        uint64_t told[PARTITIONS];
        for (unsigned i = 0; i < PARTITIONS; i++) {
            told[i] = outbox_last(outbox, i);
        }
        if (write(pipe_end, told, sizeof told) != sizeof told) {
            _exit(7);
        }
        unsigned partition = below(&random, PARTITIONS);
        if (below(&random, 4) == 0 && told[partition] > 50 && outbox_drop(outbox, partition, told[partition] - 50) != OUTBOX_OK) {
            _exit(6);
        }
    }
}

static void test_kill(void **state)
{
    (void)state;
    char folder[64];
    make_temporary(folder);
    uint64_t told[PARTITIONS] = {0}, random = 5;
    for (unsigned round = 0; round < 12; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_for_ever(folder, ends[1], round + 1);
        }
        close(ends[1]);
        unsigned batches = 1 + below(&random, 60), seen = 0;
        uint64_t row[PARTITIONS];
        int status = 0;
        while (seen < batches && read(ends[0], row, sizeof row) == sizeof row) {
            memcpy(told, row, sizeof told);
            seen++;
        }
        usleep(below(&random, 5000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it had not failed by itself */
        while (read(ends[0], row, sizeof row) == sizeof row) {
            memcpy(told, row, sizeof told);
        }
        close(ends[0]);
        struct outbox *outbox = open_outbox(folder, PARTITIONS);
        for (unsigned i = 0; i < PARTITIONS; i++) {
            uint64_t last = outbox_last(outbox, i), oldest = outbox_oldest(outbox, i);
            assert_true(last >= told[i]);
            assert_int_equal(read_all(outbox, i, oldest ? oldest - 1 : last, 0), oldest ? last - oldest + 1 : 0);
        }
        outbox_close(outbox);
    }
    assert_true(told[0] > 100);
    remove_folder(folder);
}

/* --- whose file --- */

static void copy_file(const char *from, const char *to)
{
    char command[400];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* A file that was copied back has another inode: its old numbers would be taken for applied ones, so it gets a new id. */
static void test_restored(void **state)
{
    (void)state;
    char folder[64], path[100], copy[100], id[OUTBOX_ID_SIZE], second[OUTBOX_ID_SIZE];
    make_temporary(folder);
    snprintf(path, sizeof path, "%s/outbox.db", folder);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    memcpy(id, outbox_id(outbox), sizeof id);
    for (uint64_t n = 1; n <= 30; n++) {
        assert_int_equal(put_one(outbox, 1, n), OUTBOX_OK);
    }
    assert_int_equal(outbox_drop(outbox, 1, 10), OUTBOX_OK);
    outbox_close(outbox);
    copy_file(path, copy);
    outbox = open_outbox(folder, PARTITIONS);
    assert_int_equal(put_one(outbox, 1, 31), OUTBOX_OK);
    outbox_close(outbox);
    assert_int_equal(remove(path), 0);
    copy_file(copy, path);
    outbox = open_outbox(folder, PARTITIONS);
    memcpy(second, outbox_id(outbox), sizeof second);
    assert_string_not_equal(second, id);
    assert_int_equal(outbox_last(outbox, 1), 20); /* 11 .. 30 are 1 .. 20 of the new id */
    assert_int_equal(outbox_oldest(outbox, 1), 1);
    assert_int_equal(read_all(outbox, 1, 0, 10), 20);
    assert_int_equal(outbox_drop(outbox, 1, 5), OUTBOX_OK);
    assert_int_equal(put_one(outbox, 1, 31), OUTBOX_OK);
    outbox_close(outbox);
    outbox = open_outbox(folder, PARTITIONS); /* and stays so */
    assert_string_equal(outbox_id(outbox), second);
    assert_int_equal(read_all(outbox, 1, 5, 10), 16);
    assert_int_equal(outbox_renew(outbox), OUTBOX_OK); /* told by the store */
    assert_string_not_equal(outbox_id(outbox), second);
    assert_int_equal(read_all(outbox, 1, 0, 15), 16);
    outbox_close(outbox);
    remove_folder(folder);
}

static void expect_refused(const char *folder, unsigned partitions, const char *words)
{
    char why[500] = "";
    struct outbox_options options = {.partitions = partitions};
    assert_null(outbox_open(folder, &options, why, sizeof why));
    if (!strstr(why, words)) {
        fail_msg("expected \"%s\" in: %s", words, why);
    }
}

static void test_refused(void **state)
{
    (void)state;
    char folder[64], path[100];
    make_temporary(folder);
    snprintf(path, sizeof path, "%s/outbox.db", folder);
    expect_refused("/nonexistent/folder", 4, "opening");
    expect_refused(folder, 0, "expected 1 to");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE mine(a); INSERT INTO mine VALUES(1);", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused(folder, 4, "another program's");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK); /* and it was left as it was */
    assert_int_equal(sqlite3_exec(db, "SELECT a FROM mine", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(remove(path), 0);

    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    expect_refused(folder, PARTITIONS, "another process holds it");
    for (uint64_t n = 1; n <= 40; n++) {
        assert_int_equal(put_one(outbox, 6, n), OUTBOX_OK);
    }
    outbox_close(outbox);
    expect_refused(folder, 4, "parcels wait in partition 6");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM parcel WHERE place = (SELECT max(place) FROM parcel)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused(folder, PARTITIONS, "expected parcels up to 40");
    int file = open(path, O_WRONLY);
    uint8_t garbage[8192];
    memset(garbage, 0x5A, sizeof garbage);
    assert_int_equal(pwrite(file, garbage, sizeof garbage, 4096 * 3), sizeof garbage);
    expect_refused(folder, PARTITIONS, "damaged");
    assert_int_equal(pwrite(file, garbage, 100, 0), 100);
    expect_refused(folder, PARTITIONS, "move it aside");
    close(file);
    remove_folder(folder);
}

/* After a long time without the store the file gives its space back, and in ordinary work it does not grow. */
static void test_size(void **state)
{
    (void)state;
    char folder[64], path[100];
    make_temporary(folder);
    snprintf(path, sizeof path, "%s/outbox.db", folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    struct stat info;
    uint8_t *bytes = calloc(1, 500000);
    struct outbox_parcel parcel = {.partition = 0, .rows = 1, .bytes = {bytes, 500000}};
    for (int i = 0; i < 200; i++) { /* ordinary: one in, one out */
        assert_int_equal(outbox_put(outbox, &parcel, 1), OUTBOX_OK);
        assert_int_equal(outbox_drop(outbox, 0, parcel.number), OUTBOX_OK);
    }
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < 8 * 500000);
    for (int i = 0; i < 240; i++) { /* 120 MB wait */
        assert_int_equal(outbox_put(outbox, &parcel, 1), OUTBOX_OK);
    }
    for (uint64_t n = outbox_oldest(outbox, 0); n <= outbox_last(outbox, 0); n++) {
        assert_int_equal(outbox_drop(outbox, 0, n), OUTBOX_OK);
    }
    outbox_close(outbox);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < 80 * 1024 * 1024);
    free(bytes);
    remove_folder(folder);
}

/* An outbox is for one store: another finds an empty one, under an id that no store knows, or is told whose parcels wait. */
static void test_belongs(void **state)
{
    (void)state;
    char folder[64], id[OUTBOX_ID_SIZE];
    make_temporary(folder);
    struct outbox *outbox = open_outbox(folder, PARTITIONS);
    memcpy(id, outbox_id(outbox), sizeof id);
    assert_int_equal(put_one(outbox, 3, 1), OUTBOX_OK);
    assert_int_equal(outbox_belong(outbox, "01A"), OUTBOX_OK); /* of a program that did not ask: it is this one's */
    outbox_close(outbox);
    outbox = open_outbox(folder, PARTITIONS);
    assert_int_equal(outbox_belong(outbox, "01B"), OUTBOX_FOREIGN);
    assert_non_null(strstr(outbox_error(outbox), "wait for store 01A, this is store 01B"));
    assert_int_equal(outbox_belong(outbox, "01A"), OUTBOX_OK);
    assert_string_equal(outbox_id(outbox), id);
    assert_int_equal(outbox_drop(outbox, 3, 1), OUTBOX_OK);
    assert_int_equal(outbox_belong(outbox, "01B"), OUTBOX_OK);
    assert_string_not_equal(outbox_id(outbox), id);
    assert_int_equal(put_one(outbox, 3, 1), OUTBOX_OK);
    assert_int_equal(outbox_last(outbox, 3), 1); /* the first that this store hears of */
    assert_int_equal(outbox_belong(outbox, "01A"), OUTBOX_FOREIGN);
    outbox_close(outbox);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_read_bounded), cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_no_space), cmocka_unit_test(test_kill),         cmocka_unit_test(test_restored),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_size),         cmocka_unit_test(test_belongs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
