// SPDX-License-Identifier: Apache-2.0
// The track block: what goes in comes out, whatever it is; damage is noticed; a part of the day is read alone; thinning.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/store/track.h"
#include "sim/random.h"

#define DAY (INT64_C(20717) * TRACK_DAY_MS)

static struct sim_random random_stream;

static uint64_t any(uint64_t below)
{
    return sim_random_u64(&random_stream) % below;
}

struct taken {
    struct track_fix *fixes;
    size_t n, most;
};

static void take(void *context, const struct track_fix *fix)
{
    struct taken *taken = context;
    assert_true(taken->n < taken->most);
    taken->fixes[taken->n++] = *fix;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int32_t wild(void)
{
    static const int32_t EDGES[] = {INT32_MIN + 1, INT32_MAX, 0, 1, -1, 65535, -65536};
    return any(3) ? (int32_t)(uint32_t)sim_random_u64(&random_stream) : EDGES[any(7)];
}

static int32_t known(int32_t value)
{
    return any(5) && value != TRACK_UNKNOWN ? value : TRACK_UNKNOWN;
}

static struct track_fix any_fix(void)
{
    struct track_fix f = {.flags = (uint8_t)any(32), .state = (uint8_t)any(any(9) ? 5 : 256)};
    f.speed_cmh = known(wild());
    f.course_cdeg = known((int32_t)any(36000));
    f.accuracy_m = known(wild());
    f.percent = known((int32_t)any(101));
    f.temperature_milli = known(wild());
    if (f.flags & TRACK_FIX) {
        f.lat_e7 = any(9) ? wild() : INT32_MIN;
        f.lon_e7 = any(9) ? wild() : INT32_MIN;
    }
    return f;
}

/* A drive: a step now and then, a stop, readings that drift; or nothing but noise. */
static void make_fixes(struct track_fix *fixes, size_t n, bool noise)
{
    int64_t *times = malloc(n * sizeof *times);
    int64_t range = any(4) ? TRACK_DAY_MS : (int64_t)any(5) + 1;
    for (size_t i = 0; i < n; i++) {
        times[i] = (int64_t)any((uint64_t)range);
    }
    qsort(times, n, sizeof *times, by_time);
    struct track_fix f = {.lat_e7 = -12000000, .lon_e7 = 368000000, .speed_cmh = 4000, .course_cdeg = 9000, .accuracy_m = TRACK_UNKNOWN,
                          .percent = 80, .temperature_milli = 21500, .flags = TRACK_FIX | TRACK_VALID, .state = 2};
    for (size_t i = 0; i < n; i++) {
        f = noise ? any_fix() : f;
        f.at_ms = DAY + times[i];
        fixes[i] = f;
        if (noise) {
            continue;
        }
        f.lat_e7 += (int32_t)any(2000) * 10;
        f.lon_e7 -= (int32_t)any(3000) * 10;
        f.speed_cmh = any(50) ? (int32_t)any(90) * 100 : 0;
        f.course_cdeg = (f.course_cdeg + (int32_t)any(1000)) % 36000;
        f.percent -= !any(100);
    }
    free(times);
}

static void check_same(const struct track_fix *a, const struct track_fix *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(track_compare(&a[i], &b[i]), 0);
    }
}

static void check_round_trip(const struct track_fix *fixes, size_t n)
{
    struct track_buffer block = {0}, again = {0};
    char why[96] = "";
    struct track_summary summary;
    assert_true(track_encode(DAY, fixes, n, &block, why));
    assert_true(track_encode(DAY, fixes, n, &again, why));
    assert_int_equal(block.len, again.len);
    assert_memory_equal(block.at, again.at, block.len);
    assert_true(track_look((struct bulla_bytes){block.at, block.len}, &summary, why));
    assert_int_equal(summary.day_ms, DAY);
    assert_int_equal(summary.fixes, n);
    assert_int_equal(summary.first_ms, fixes[0].at_ms);
    assert_int_equal(summary.last_ms, fixes[n - 1].at_ms);
    struct taken out = {malloc(n * sizeof(struct track_fix)), 0, n};
    if (!track_read((struct bulla_bytes){block.at, block.len}, INT64_MIN, INT64_MAX, take, &out, why)) {
        fail_msg("%zu fixes: %s", n, why);
    }
    assert_int_equal(out.n, n);
    check_same(fixes, out.fixes, n);
    for (int k = 0; k < 5; k++) { /* parts of the day */
        int64_t from = DAY + (int64_t)any(TRACK_DAY_MS), until = from + (int64_t)any(k ? 3600000 : TRACK_DAY_MS);
        size_t first = 0, count = 0;
        while (first < n && fixes[first].at_ms < from) {
            first++;
        }
        while (first + count < n && fixes[first + count].at_ms <= until) {
            count++;
        }
        out.n = 0;
        assert_true(track_read((struct bulla_bytes){block.at, block.len}, from, until, take, &out, why));
        assert_int_equal(out.n, count);
        check_same(fixes + first, out.fixes, count);
    }
    free(out.fixes);
    free(block.at);
    free(again.at);
}

static void test_round_trip(void **state)
{
    (void)state;
    static struct track_fix fixes[9000];
    for (size_t round = 0; round < 300; round++) {
        size_t n = round < 250 ? round + 1 : 1 + (size_t)any(9000);
        make_fixes(fixes, n, round % 2);
        check_round_trip(fixes, n);
    }
}

static void test_same_time(void **state)
{
    (void)state;
    static struct track_fix fixes[1000];
    for (size_t i = 0; i < 1000; i++) { /* several chunks at one moment, in an order of their own */
        fixes[i] = any_fix();
        fixes[i].at_ms = DAY + 5000;
    }
    check_round_trip(fixes, 1000);
}

static void test_days(void **state)
{
    (void)state;
    static const int64_t DAYS[] = {0, -1, -TRACK_DAY_LAST, TRACK_DAY_LAST};
    for (size_t i = 0; i < 4; i++) {
        struct track_buffer block = {0};
        struct track_summary summary;
        char why[96];
        struct track_fix fix = {.at_ms = DAYS[i] * TRACK_DAY_MS + TRACK_DAY_MS - 1, .flags = TRACK_FIX, .lat_e7 = 5};
        assert_int_equal(track_day(fix.at_ms), DAYS[i] * TRACK_DAY_MS);
        assert_true(track_encode(DAYS[i] * TRACK_DAY_MS, &fix, 1, &block, why));
        assert_true(track_look((struct bulla_bytes){block.at, block.len}, &summary, why));
        assert_int_equal(summary.last_ms, fix.at_ms);
        free(block.at);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct track_buffer block = {0};
    char why[96] = "";
    struct track_fix fixes[2] = {{.at_ms = DAY + 2}, {.at_ms = DAY + 1}};
    assert_false(track_encode(DAY, fixes, 2, &block, why)); /* not ascending */
    assert_string_not_equal(why, "");
    assert_false(track_encode(DAY, fixes, 0, &block, why));
    assert_false(track_encode(DAY + 1, fixes, 1, &block, why));
    assert_false(track_encode(DAY - TRACK_DAY_MS, fixes, 1, &block, why));
    assert_false(track_encode((TRACK_DAY_LAST + 1) * TRACK_DAY_MS, fixes, 1, &block, why));
    free(block.at);
}

/* Every byte changed, every length cut: never a wrong fix, always a reason. */
static void test_damage(void **state)
{
    (void)state;
    static struct track_fix fixes[600], out_fixes[600];
    make_fixes(fixes, 600, false);
    struct track_buffer block = {0};
    char why[96] = "";
    assert_true(track_encode(DAY, fixes, 600, &block, why));
    for (size_t i = 0; i < block.len; i++) {
        uint8_t mask = (uint8_t)(1 + any(255));
        struct taken out = {out_fixes, 0, 600};
        block.at[i] ^= mask;
        why[0] = '\0';
        assert_false(track_read((struct bulla_bytes){block.at, block.len}, INT64_MIN, INT64_MAX, take, &out, why));
        assert_string_not_equal(why, "");
        check_same(fixes, out_fixes, out.n); /* what came before is right */
        block.at[i] ^= mask;
    }
    for (size_t len = 0; len < block.len; len++) {
        struct taken out = {out_fixes, 0, 600};
        assert_false(track_read((struct bulla_bytes){block.at, len}, INT64_MIN, INT64_MAX, take, &out, why));
        assert_int_equal(out.n, 0);
    }
    free(block.at);
}

/* Damage in one chunk leaves the others readable, and is not even seen by who does not need it. */
static void test_only_what_overlaps(void **state)
{
    (void)state;
    static struct track_fix fixes[2400], out_fixes[2400];
    for (size_t i = 0; i < 2400; i++) {
        fixes[i] = (struct track_fix){.at_ms = DAY + (int64_t)i * 36000, .flags = TRACK_FIX | TRACK_VALID, .lat_e7 = (int32_t)any(1000),
                                      .speed_cmh = TRACK_UNKNOWN, .course_cdeg = TRACK_UNKNOWN, .accuracy_m = TRACK_UNKNOWN,
                                      .percent = TRACK_UNKNOWN, .temperature_milli = TRACK_UNKNOWN};
    }
    struct track_buffer block = {0};
    char why[96] = "";
    assert_true(track_encode(DAY, fixes, 2400, &block, why));
    block.at[block.len - 1] ^= 1; /* the last chunk */
    struct taken out = {out_fixes, 0, 2400};
    assert_true(track_read((struct bulla_bytes){block.at, block.len}, DAY, DAY + 3600000, take, &out, why));
    assert_int_equal(out.n, 101);
    check_same(fixes, out_fixes, 101);
    assert_false(track_read((struct bulla_bytes){block.at, block.len}, DAY, INT64_MAX, take, &out, why));
    assert_string_equal(why, "chunk 10 of 10 is damaged: its checksum does not fit");
    assert_int_equal(out.n, 101 + 2160);
    free(block.at);
}

static void test_version(void **state)
{
    (void)state;
    struct track_fix fix = {.at_ms = DAY};
    struct track_buffer block = {0};
    char why[96] = "";
    struct track_summary summary;
    assert_true(track_encode(DAY, &fix, 1, &block, why));
    block.at[1] = 2;
    assert_false(track_look((struct bulla_bytes){block.at, block.len}, &summary, why));
    assert_string_equal(why, "its version is 2, expected 1");
    free(block.at);
}

static struct track_fix moving(int64_t s, int32_t speed_cmh, int32_t course_cdeg)
{
    return (struct track_fix){.at_ms = DAY + s * 1000, .flags = TRACK_FIX | TRACK_VALID, .speed_cmh = speed_cmh, .course_cdeg = course_cdeg,
                              .accuracy_m = TRACK_UNKNOWN, .percent = TRACK_UNKNOWN, .temperature_milli = TRACK_UNKNOWN, .state = 2};
}

static void test_thin(void **state)
{
    (void)state;
    struct track_fix fixes[361];
    for (int i = 0; i <= 360; i++) {
        fixes[i] = moving(i * 10, 5000, 9000);
    }
    for (int i = 100; i < 130; i++) {
        fixes[i].speed_cmh = 0; /* stands from 1000 s to 1290 s */
    }
    fixes[205].flags |= TRACK_EVENTFUL;
    for (int i = 303; i <= 360; i++) {
        fixes[i].course_cdeg = 18000; /* turns right at 3030 s */
    }
    for (int i = 331; i <= 360; i++) {
        fixes[i].state = 3; /* is opened at 3310 s */
    }
    size_t n = track_thin(fixes, 361, 60);
    const int wanted[] = {0, 990, 1000, 1290, 1300, 2050, 3030, 3300, 3310, 3600};
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        size_t i = 0;
        while (i < n && fixes[i].at_ms != DAY + wanted[w] * 1000) {
            i++;
        }
        if (i == n) {
            fail_msg("the fix at %d s is gone", wanted[w]);
        }
    }
    assert_in_range(n, 61, 72);
    struct track_fix again[361];
    memcpy(again, fixes, sizeof again);
    assert_int_equal(track_thin(again, n, 60), n);
    assert_int_equal(track_thin(again, n, 0), n);
    assert_int_equal(track_thin(again, 0, 60), 0);
}

static void test_thin_again_changes_nothing(void **state)
{
    (void)state;
    static struct track_fix fixes[2000], again[2000];
    for (int round = 0; round < 100; round++) {
        make_fixes(fixes, 2000, round % 2);
        size_t n = track_thin(fixes, 2000, 60);
        memcpy(again, fixes, n * sizeof *fixes);
        assert_int_equal(track_thin(again, n, 60), n);
        check_same(fixes, again, n);
    }
}

int main(void)
{
    random_stream = sim_random_new(20260921);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_same_time), cmocka_unit_test(test_days),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_damage),    cmocka_unit_test(test_only_what_overlaps),
        cmocka_unit_test(test_version),    cmocka_unit_test(test_thin),      cmocka_unit_test(test_thin_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
