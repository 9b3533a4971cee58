/* SPDX-License-Identifier: Apache-2.0
 *
 * Parcels: what goes in comes out, to the partition of its seal, and nothing else is taken for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/parcel.h"

#define PARTITIONS 8
#define T0         INT64_C(1790000000000)

static uint64_t seed = 1;

static uint64_t draw(void)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return seed >> 33;
}

/* A row whose message the row before it may share, with or without a time, with ids of both kinds. */
static void add_row(struct batch *b, unsigned n, bool shares)
{
    struct bulla_observation o;
    bulla_observation_init(&o, n % 3 ? "jt701" : "jt808");
    snprintf(o.device, sizeof o.device, "75%08u", n % 37);
    if (n % 5)
        snprintf(o.id, sizeof o.id, "%016llx%016llx", (unsigned long long)(draw() << 20), (unsigned long long)n);
    else
        snprintf(o.id, sizeof o.id, "own-%u", n);
    o.received_ms = T0 + n;
    o.has = BULLA_HAS_COUNTER | (n % 2 ? BULLA_HAS_TIME | BULLA_HAS_FIX : 0);
    o.time_ms = n % 2 ? T0 - (int64_t)(draw() % 100000000) : BULLA_TIME_NONE;
    o.counter = n;
    o.fix_valid = true;
    o.lat_e7 = (int32_t)draw();
    o.lon_e7 = (int32_t)draw();
    struct batch_row *row = batch_put_row(b, &o);
    assert_non_null(row);
    if (shares && b->n_rows > 1) {
        row->raw_at = b->rows[b->n_rows - 2].raw_at;
        row->raw_len = b->rows[b->n_rows - 2].raw_len;
        return;
    }
    char raw[80];
    size_t len = (size_t)snprintf(raw, sizeof raw, "(message %u)", n);
    row->raw_at = batch_put_bytes(b, raw, len);
    row->raw_len = len;
}

static struct batch *make_batch(unsigned rows)
{
    struct batch *b = batch_new();
    for (unsigned i = 0; i < rows; i++)
        add_row(b, i, i % 7 == 3);
    struct batch_note *note = batch_put_note(b);
    *note = (struct batch_note){.kind = NOTE_CONNECTED, .seal = "jt701:7500000001", .serial = -1, .at_ms = T0};
    note = batch_put_note(b);
    *note = (struct batch_note){.kind = NOTE_UNSENT, .seal = "jt701:7500000001", .command = "C1", .serial = 4, .at_ms = T0};
    note = batch_put_note(b);
    *note = (struct batch_note){.kind = NOTE_SENT, .seal = "jt808:7500000002", .command = "C2", .serial = 70000, .at_ms = T0 + 5};
    size_t at = batch_put_bytes(b, "junk", 4);
    struct batch_damage *d = batch_put_damage(b);
    *d = (struct batch_damage){.protocol = "jt701",
                               .peer = "10.0.0.1",
                               .outcome = BULLA_DAMAGED,
                               .why = "check: expected 1, got 2",
                               .received_ms = T0 + 9,
                               .raw_at = at,
                               .raw_len = 4};
    return b;
}

struct opened {
    struct parcel_maker *maker;
    struct batch *all;
    uint32_t rows, parcels, news, news_rows;
};

static void open_parcel(void *context, unsigned partition, uint32_t rows, bool news, struct bulla_bytes bytes)
{
    struct opened *o = context;
    size_t before = o->all->n_rows;
    char seal[MODEL_SEAL_SIZE];
    assert_true(parcel_unpack(o->maker, bytes, o->all));
    assert_int_equal(o->all->n_rows - before, rows);
    for (size_t i = before; i < o->all->n_rows; i++) {
        snprintf(seal, sizeof seal, "%s:%s", o->all->rows[i].o.protocol, o->all->rows[i].o.device);
        assert_int_equal(store_partition_of(seal, PARTITIONS), partition);
    }
    o->rows += rows;
    o->parcels++;
    o->news |= (uint32_t)news << partition;
    o->news_rows += news ? rows : 0;
}

static const struct batch_row *find(const struct batch *b, const char *id)
{
    for (size_t i = 0; i < b->n_rows; i++)
        if (strcmp(b->rows[i].o.id, id) == 0)
            return &b->rows[i];
    return NULL;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct parcel_maker *in = parcel_maker_new(PARTITIONS);
    struct opened o = {parcel_maker_new(PARTITIONS), batch_new(), 0, 0, 0, 0};
    struct batch *b = make_batch(500);
    assert_true(parcel_divide(in, b, open_parcel, &o));
    assert_int_equal(o.rows, 500);
    assert_int_equal(o.parcels, PARTITIONS + 1); /* the word that a command was sent is apart */
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct batch_row *was = &b->rows[i], *is = find(o.all, was->o.id);
        assert_non_null(is);
        assert_int_equal(is->o.has, was->o.has);
        assert_int_equal(is->o.received_ms, was->o.received_ms);
        assert_int_equal(is->o.counter, was->o.counter);
        if (was->o.has & BULLA_HAS_TIME)
            assert_int_equal(is->o.time_ms, was->o.time_ms);
        if (was->o.has & BULLA_HAS_FIX)
            assert_int_equal(is->o.lat_e7, was->o.lat_e7);
        assert_int_equal(is->raw_len, was->raw_len);
        assert_memory_equal(o.all->bytes + is->raw_at, b->bytes + was->raw_at, was->raw_len);
    }
    assert_int_equal(o.all->n_notes, 2); /* not the one that says unsent: another node may have the device */
    assert_int_equal(o.all->n_damages, 1);
    assert_string_equal(o.all->damages[0].why, "check: expected 1, got 2");
    assert_memory_equal(o.all->bytes + o.all->damages[0].raw_at, "junk", 4);
    batch_free(b);
    batch_free(o.all);
    parcel_maker_free(in);
    parcel_maker_free(o.maker);
}

struct copy {
    uint8_t bytes[262144];
    size_t len;
};

static void copy_one(void *context, unsigned partition, uint32_t rows, bool news, struct bulla_bytes bytes)
{
    struct copy *c = context;
    (void)partition;
    (void)rows;
    if (news)
        return;
    assert_true(bytes.len <= sizeof c->bytes);
    memcpy(c->bytes, bytes.at, bytes.len);
    c->len = bytes.len;
}

/* Every cut and many flips: taken whole or not at all, and the batch as it was. */
static void test_damaged(void **state)
{
    (void)state;
    struct parcel_maker *m = parcel_maker_new(1);
    static struct copy c;
    for (unsigned rows = 1; rows <= 40; rows += 39) { /* stored as it is, and compressed */
        struct batch *b = make_batch(rows), *to = batch_new();
        assert_true(parcel_divide(m, b, copy_one, &c));
        assert_int_equal(c.bytes[3], rows > 1);
        for (size_t cut = 0; cut < c.len; cut++) {
            uint8_t *exact = malloc(cut + 1); /* so that a sanitizer sees one byte too far */
            memcpy(exact, c.bytes, cut);
            uint8_t *fits = realloc(exact, cut ? cut : 1);
            bool taken = parcel_unpack(m, (struct bulla_bytes){fits, cut}, to);
            if (!taken)
                assert_true(batch_empty(to));
            batch_clear(to);
            free(fits);
        }
        for (unsigned i = 0; i < 3000; i++) {
            static uint8_t bytes[sizeof c.bytes];
            memcpy(bytes, c.bytes, c.len);
            bytes[draw() % c.len] ^= (uint8_t)(1u << draw() % 8);
            if (!parcel_unpack(m, (struct bulla_bytes){bytes, c.len}, to))
                assert_true(batch_empty(to));
            batch_clear(to);
        }
        batch_free(b);
        batch_free(to);
    }
    parcel_maker_free(m);
}

static void count_size(void *context, unsigned partition, uint32_t rows, bool news, struct bulla_bytes bytes)
{
    struct opened *o = context;
    (void)partition;
    (void)news;
    assert_true(bytes.len < 700 * 1024);
    assert_true(parcel_unpack(o->maker, bytes, o->all));
    o->rows += rows;
    o->parcels++;
}

/* What is news is in a parcel of its own: a row that says so, and the word that a command was sent. */
static void test_news(void **state)
{
    (void)state;
    struct parcel_maker *m = parcel_maker_new(PARTITIONS);
    struct batch *b = make_batch(300);
    char seal[MODEL_SEAL_SIZE];
    uint32_t expected = 1u << store_partition_of("jt808:7500000002", PARTITIONS);
    struct opened plain = {parcel_maker_new(PARTITIONS), batch_new(), 0, 0, 0, 0},
                  some = {parcel_maker_new(PARTITIONS), batch_new(), 0, 0, 0, 0};
    assert_true(parcel_divide(m, b, open_parcel, &plain));
    assert_int_equal(plain.news, expected);
    b->rows[17].news = true;
    snprintf(seal, sizeof seal, "%s:%s", b->rows[17].o.protocol, b->rows[17].o.device);
    assert_true(parcel_divide(m, b, open_parcel, &some));
    assert_int_equal(some.news, expected | 1u << store_partition_of(seal, PARTITIONS));
    assert_int_equal(some.all->n_rows, 300);
    assert_int_equal(some.news_rows, 1);
    batch_free(b);
    batch_free(plain.all);
    batch_free(some.all);
    parcel_maker_free(m);
    parcel_maker_free(plain.maker);
    parcel_maker_free(some.maker);
}

/* One flooding seal: its messages go in several parcels, none longer than the bus takes. */
static void test_long_batch(void **state)
{
    (void)state;
    struct parcel_maker *m = parcel_maker_new(PARTITIONS);
    struct opened o = {parcel_maker_new(PARTITIONS), batch_new(), 0, 0, 0, 0};
    struct batch *b = batch_new();
    static char raw[40000];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)draw(); /* does not compress */
    for (unsigned i = 0; i < 200; i++) {
        add_row(b, 37 * i + 1, false);
        b->rows[i].raw_at = batch_put_bytes(b, raw, sizeof raw);
        b->rows[i].raw_len = sizeof raw;
    }
    assert_true(parcel_divide(m, b, count_size, &o));
    assert_int_equal(o.rows, 200);
    assert_int_equal(o.all->n_rows, 200);
    assert_true(o.parcels >= 200 * sizeof raw / (700 * 1024));
    batch_free(b);
    batch_free(o.all);
    parcel_maker_free(m);
    parcel_maker_free(o.maker);
}

static void test_partitions_spread(void **state)
{
    (void)state;
    unsigned count[64] = {0};
    char seal[MODEL_SEAL_SIZE];
    for (unsigned i = 0; i < 64000; i++) {
        snprintf(seal, sizeof seal, "jt701:75%08u", i);
        count[store_partition_of(seal, 64)]++;
    }
    for (unsigned i = 0; i < 64; i++)
        assert_in_range(count[i], 850, 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damaged),           cmocka_unit_test(test_long_batch),
        cmocka_unit_test(test_news),       cmocka_unit_test(test_partitions_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
