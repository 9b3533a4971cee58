// SPDX-License-Identifier: Apache-2.0
// Promise 1: acknowledged means stored. The process is killed in the middle of batches, the disk is full, and nothing
// that was reported durable is missing, nothing is there by half, and the store goes on afterwards.

#include "store_support.h"

#include "platform/store/sqlite.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ROUNDS = 30, SEALS = 13 };

static char folder[64];

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    limit_files(RLIM_INFINITY);
    umount2(folder, MNT_DETACH); /* when a test ended with it mounted */
    remove_folder(folder);
    return 0;
}

static size_t batch_rows(uint64_t batch)
{
    return 1 + batch * 7919 % 300;
}

struct numbers { /* which samples a reading gave, as bits */
    uint8_t *bits;
    uint64_t most;
    size_t n, wrong;
};

static void mark(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct numbers *numbers = context;
    struct seen seen = {0};
    see_sample(&seen, o, raw);
    numbers->wrong += seen.wrong;
    if (seen.sum < numbers->most) {
        uint8_t bit = (uint8_t)(1u << seen.sum % 8);
        numbers->wrong += (numbers->bits[seen.sum / 8] & bit) != 0; /* twice */
        numbers->bits[seen.sum / 8] |= bit;
    }
    numbers->n++;
}

static bool has(const struct numbers *numbers, uint64_t n)
{
    return numbers->bits[n / 8] & 1u << n % 8;
}

static void read_all(struct store *store, struct numbers *out)
{
    for (unsigned seal = 0; seal < SEALS; seal++) {
        char name[64];
        snprintf(name, sizeof name, "jt701:75%08u", seal);
        if (store_observations(store, name, 0, INT64_MAX, 0, mark, out)) {
            fail_msg("%s: %s", name, store_error(store));
        }
    }
    assert_int_equal(out->wrong, 0);
}

/* The child: appends batch after batch and says each number once it is durable. */
static void append_for_ever(int to, uint64_t batch, uint64_t first)
{
    struct store *store = open_store(folder, "?segment_rows=3000");
    for (;; batch++) {
        if (append_samples(store, first, batch_rows(batch), SEALS, NULL)) {
            _exit(1);
        }
        first += batch_rows(batch);
        if (write(to, &batch, sizeof batch) != sizeof batch) {
            _exit(2);
        }
    }
}

/* Kills the child after a while; returns how many batches it reported. */
static uint64_t run_and_kill(uint64_t batch, uint64_t first, unsigned pause_us)
{
    int ends[2];
    uint64_t said, reported = batch;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        append_for_ever(ends[1], batch, first);
    }
    close(ends[1]);
    if (read(ends[0], &said, sizeof said) == sizeof said) { /* it is at work */
        reported = said + 1;
    }
    usleep(pause_us);
    kill(child, SIGKILL);
    while (read(ends[0], &said, sizeof said) == sizeof said) {
        reported = said + 1;
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    close(ends[0]);
    return reported;
}

/* Every reported batch is whole; the one that was under way is whole or absent. */
static bool verify(uint64_t reported, uint64_t *next_first)
{
    struct store *store = open_store(folder, "?segment_rows=3000");
    if (!strstr(store_recovery(store), "not shut down cleanly") || strstr(store_recovery(store), "cannot")) {
        fail_msg("recovery: %s", store_recovery(store));
    }
    uint64_t expected = 0;
    for (uint64_t b = 0; b < reported; b++) {
        expected += batch_rows(b);
    }
    uint64_t extra = batch_rows(reported);
    struct numbers numbers = {.most = expected + extra + 1000};
    numbers.bits = calloc(numbers.most / 8 + 1, 1);
    read_all(store, &numbers);
    for (uint64_t n = 0; n < expected; n++) {
        if (!has(&numbers, n)) {
            fail_msg("sample %llu was acknowledged and is gone", (unsigned long long)n);
        }
    }
    bool whole = numbers.n == expected + extra;
    assert_true(whole || numbers.n == expected);
    size_t duplicates = 0; /* and the memory of ids is whole too */
    assert_int_equal(
        append_samples(store, expected > 500 ? expected - 500 : 0, expected > 500 ? 500 : (size_t)expected, SEALS, &duplicates), 0);
    assert_int_equal(duplicates, expected > 500 ? 500 : expected);
    free(numbers.bits);
    store_close(store);
    *next_first = expected + (whole ? extra : 0);
    return whole;
}

static void set_running_again(void)
{
    /* verify() closed the store cleanly; the next round must find its own kill, not this close */
    struct store *store = open_store(folder, "?segment_rows=3000");
    assert_string_equal(store_recovery(store), "");
    store_close(store);
}

static void killed_in_the_middle_of_batches(void **state)
{
    (void)state;
    uint64_t batch = 0, first = 0;
    uint32_t random = 20260921;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        uint64_t reported = run_and_kill(batch, first, random % 60000);
        assert_true(reported > batch);
        batch = reported + (verify(reported, &first) ? 1 : 0);
        set_running_again();
    }
    print_message("%llu batches, %llu observations over %d kills\n", (unsigned long long)batch, (unsigned long long)first, ROUNDS);
}

static int put_party(struct store *store, unsigned n)
{
    struct party party = {.kind = PARTY_KIND_CARRIER};
    snprintf(party.id, sizeof party.id, "party %u", n);
    memset(party.name, 'x', sizeof party.name - 1);
    return store_party_put(store, &party, NULL);
}

/* Appends until there is no space; returns the samples stored. */
static uint64_t fill(struct store *store, uint64_t first)
{
    for (int i = 0; i < 100000; i++) {
        int outcome = append_samples(store, first, 200, SEALS, NULL);
        if (outcome) {
            if (outcome != STORE_NO_SPACE) {
                fail_msg("outcome %d: %s", outcome, store_error(store));
            }
            assert_non_null(strstr(store_error(store), "no space left"));
            return first;
        }
        first += 200;
    }
    fail_msg("the disk never became full");
    return 0;
}

static unsigned fill_records(struct store *store, unsigned n)
{
    for (unsigned end = n + 100000; n < end; n++) {
        int outcome = put_party(store, n);
        if (outcome) {
            if (outcome != STORE_NO_SPACE) {
                fail_msg("outcome %d: %s", outcome, store_error(store));
            }
            return n;
        }
    }
    fail_msg("the disk never became full");
    return 0;
}

static void check_count(struct store *store, uint64_t expected)
{
    struct numbers numbers = {.most = expected + 1000};
    numbers.bits = calloc(numbers.most / 8 + 1, 1);
    read_all(store, &numbers);
    assert_int_equal(numbers.n, expected);
    free(numbers.bits);
}

static void full_by_a_limit_on_files(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct store *store = open_store(folder, "?segment_rows=100000");
    assert_int_equal(append_samples(store, 0, 200, SEALS, NULL), STORE_OK);
    limit_files(600 * 1024);
    uint64_t stored = fill(store, 200);
    unsigned parties = fill_records(store, 0);
    for (int again = 0; again < 3; again++) { /* it stays full; nothing breaks */
        assert_int_equal(append_samples(store, stored, 200, SEALS, NULL), STORE_NO_SPACE);
    }
    check_count(store, stored); /* reading goes on */
    limit_files(RLIM_INFINITY);
    size_t duplicates = 0;
    assert_int_equal(append_samples(store, stored, 200, SEALS, &duplicates), STORE_OK); /* the same batch, now stored */
    assert_int_equal(duplicates, 0);
    assert_int_equal(put_party(store, parties), STORE_OK);
    check_count(store, stored + 200);
    store_close(store);
    store = open_store(folder, "");
    check_count(store, stored + 200);
    store_close(store);
}

static void write_ballast(const char *path, bool make)
{
    if (!make) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    FILE *file = fopen(path, "w");
    static const char block[65536];
    for (int i = 0; i < 32; i++) {
        fwrite(block, 1, sizeof block, file);
    }
    fclose(file);
}

/* A real full file system: a small tmpfs, where the test may mount one. */
static void full_file_system(void **state)
{
    (void)state;
    if (mount("none", folder, "tmpfs", 0, "size=6m")) {
        print_message("not allowed to mount a tmpfs: passed over; the limit on files was tried\n");
        skip();
    }
    char inside[80], ballast[80];
    snprintf(inside, sizeof inside, "%s/data", folder);
    snprintf(ballast, sizeof ballast, "%s/ballast", folder);
    write_ballast(ballast, true);
    struct store *store = open_store(inside, "?segment_rows=5000"); /* small: making and closing segments meets it too */
    uint64_t stored = fill(store, 0);
    fill_records(store, 0);
    check_count(store, stored);
    write_ballast(ballast, false);
    assert_int_equal(append_samples(store, stored, 200, SEALS, NULL), STORE_OK);
    check_count(store, stored + 200);
    store_history_settle(store_sqlite_of(store)->history);
    check_count(store, stored + 200);
    store_close(store);
    store = open_store(inside, "?segment_rows=5000");
    assert_string_equal(store_recovery(store), "");
    check_count(store, stored + 200);
    store_close(store);
    assert_int_equal(umount2(folder, 0), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(killed_in_the_middle_of_batches),
        T(full_by_a_limit_on_files),
        T(full_file_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
