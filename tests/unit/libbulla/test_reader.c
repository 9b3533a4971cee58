/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the reader's side against seals that run: found, identified, written, sealed, opened, read out, over an air that loses and
 * spoils; and what no answer can make it believe.
 */
#include <stddef.h>

#include "tests/unit/libbulla/air_support.h"

static struct air air;
static struct bulla_transport transport = {&air_ops, &air};
static struct bulla_reader reader;
static const struct bulla_reader_setup usual = {.id = 0xA11CE, .session = 0x77, .spot = {312304000, 1214737000}};

static void begin(size_t n, unsigned profile, uint64_t seed)
{
    air_init(&air, n, profile, false, seed);
    bulla_reader_open(&reader, &transport, &usual);
}

/* [WCO-4.3-A2] [ISO-4.1] */
static void all_seals_in_reach_are_found(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct bulla_found found[AIR_SEALS];
        size_t n, count = seed % (AIR_SEALS + 1);
        bool seen[AIR_SEALS] = {false};
        begin(count, seed % 2 ? BULLA_PROFILE_ISO : BULLA_PROFILE_GBT, seed);
        air.spoil = seed % 3 == 2 ? 20 : 0;
        air.lose = seed % 3 == 1 ? 20 : 0;
        assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(found[i].address.maker, 0xBEEF);
            assert_true(found[i].address.serial - 1000 < count && !seen[found[i].address.serial - 1000]);
            seen[found[i].address.serial - 1000] = true;
            assert_true(found[i].has_block);
            assert_int_equal(found[i].chain.block.number, found[i].address.serial);
            assert_string_equal(found[i].chain.block.alpha, "ABC");
        }
        if (!air.lose)
            assert_int_equal(n, count);
        else
            assert_true(n + 2 >= count);
        assert_true(count < 8 || reader.collisions > 0);
    }
}

static void more_seals_than_room(void **state)
{
    (void)state;
    struct bulla_found found[3];
    size_t n;
    begin(8, BULLA_PROFILE_GBT, 3);
    assert_int_equal(bulla_reader_find(&reader, found, 3, &n), BULLA_FULL);
    assert_int_equal(n, 3);
}

/* Who sleeps is not found until it wakes by itself. */
static void what_was_found_sleeps_for_a_while(void **state)
{
    (void)state;
    struct bulla_found found[AIR_SEALS];
    size_t n;
    begin(5, BULLA_PROFILE_GBT, 4);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 0);
    reader.setup.session++; /* another reader finds them all the same */
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
    air.now_us += BULLA_LINK_AWAKE_MS * UINT64_C(1000);
    assert_int_equal(bulla_reader_find(&reader, found, AIR_SEALS, &n), BULLA_OK);
    assert_int_equal(n, 5);
}

static void seal_it(const struct bulla_address *seal, struct bench *bench)
{
    int64_t error = 77;
    assert_int_equal(bulla_reader_order(&reader, seal, BULLA_ORDER_INITIALISE), BULLA_OK);
    assert_int_equal(bulla_reader_set_clock(&reader, seal, NOON, 20, &error), BULLA_OK);
    assert_int_equal(error, 0);
    assert_int_equal(bulla_reader_write(&reader, seal, BULLA_AREA_CONTAINER, 0, (struct bulla_bytes){(const uint8_t *)"MSKU9070323", 11}),
                     BULLA_OK);
    assert_int_equal(bulla_reader_seal(&reader, seal, (struct bulla_bytes){NULL, 0}), BULLA_OK);
    bench->out = false;
    assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_CLOSED, 0), BULLA_OK);
}

/* [WCO-7.1-6] [GBT-5.1.3] [GBT-6.2.2] [ISO-1-1] [WCO-13.5-R5] */
static void a_journey_by_the_reader(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(1);
    struct bulla_identity identity;
    struct bulla_condition condition;
    struct bulla_reader_time time;
    uint8_t cargo[357], got[357], wanted[13] = "MSKU9070323";
    begin(3, BULLA_PROFILE_ACTIVE, 5);
    assert_int_equal(bulla_reader_identify(&reader, &seal, &identity), BULLA_OK);
    assert_int_equal(identity.belief, BULLA_BELIEF_CLAIMED);
    assert_int_equal(identity.profile, BULLA_PROFILE_ACTIVE);
    assert_int_equal(identity.model, 7);
    assert_int_equal(identity.firmware, 0x00010203);
    assert_true(identity.has_block && !identity.chain.block.secure);
    assert_int_equal(bulla_reader_clock(&reader, &seal, &time), BULLA_OK);
    assert_true(time.time_ms == BULLA_TIME_NONE && time.bound_ms == UINT32_MAX);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_SEQUENCE);
    assert_int_equal(reader.refusal, BULLA_REFUSAL_STATE);
    seal_it(&seal, &air.seals[1]);
    random_fill(&air.random, cargo, sizeof cargo);
    assert_int_equal(bulla_reader_write(&reader, &seal, BULLA_AREA_CARGO, 0, (struct bulla_bytes){cargo, sizeof cargo}), BULLA_OK);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CARGO, 0, got, sizeof got), BULLA_OK);
    assert_memory_equal(got, cargo, sizeof cargo);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CONTAINER, 0, got, 11), BULLA_OK);
    assert_memory_equal(got, wanted, 11);
    assert_int_equal(bulla_reader_read(&reader, &seal, BULLA_AREA_CARGO, 300, got, 58), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_BOUNDARY);
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.shows, BULLA_SHOWS_SECURE);
    assert_int_equal(condition.journeys, 1);
    assert_false(condition.shackle_out);
    assert_int_equal(condition.temperature, 20);
    assert_int_equal(condition.refused, 1);
    assert_int_equal(bulla_reader_clock(&reader, &seal, &time), BULLA_OK);
    assert_true(time.time_ms >= NOON && time.time_ms < NOON + 2000);
    uint32_t value;
    assert_int_equal(bulla_reader_configure(&reader, &seal, BULLA_SETTING_INTERVAL, 900), BULLA_OK);
    assert_int_equal(bulla_reader_setting(&reader, &seal, BULLA_SETTING_INTERVAL, &value), BULLA_OK);
    assert_int_equal(value, 900);
    assert_int_equal(bulla_reader_configure(&reader, &seal, BULLA_SETTING_INTERVAL, 1), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_PARAMETER);
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_OK);
    assert_int_equal(air.seals[1].seal.device.state, BULLA_DEVICE_RELEASED);
    assert_int_equal(air.seals[0].seal.device.state, BULLA_DEVICE_STORED);
}

/* [WCO-13.7-1] */
static void the_log_is_read_in_pieces(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(0);
    struct bulla_reader_log log = {0};
    struct bulla_log_record record;
    struct bulla_seal_note note;
    begin(1, BULLA_PROFILE_GBT, 6);
    air.lose = 30;
    reader.setup.tries = 40;
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(bench_event(&air.seals[0], i % 2 ? BULLA_ON_DOOR_CLOSED : BULLA_ON_DOOR_OPENED, BULLA_SURFACE_LEFT_DOOR),
                         BULLA_OK);
    uint32_t last = 0, n = 0, first = 0;
    for (; bulla_reader_log(&reader, &seal, &log, &record) == BULLA_OK; n++) {
        assert_true(bulla_seal_note_decode(&record.event, &note));
        assert_true(n == 0 || record.counter == last + 1);
        first = n ? first : record.counter;
        last = record.counter;
        uint32_t nth = record.counter - air.seals[0].seal.log.start;
        assert_int_equal(note.on, nth >= 200 ? BULLA_ON_READ : nth % 2 ? BULLA_ON_DOOR_CLOSED : BULLA_ON_DOOR_OPENED);
    }
    assert_true(log.end);
    assert_true(n > 60 && n < 200); /* four sectors of 31 */
    assert_int_equal(log.overwritten, first - air.seals[0].seal.log.start);
    assert_int_equal(last + 1, air.seals[0].seal.log.next); /* reading it is in it */
    assert_int_equal(bulla_reader_log(&reader, &seal, &log, &record), BULLA_MORE);
    assert_int_equal(bench_event(&air.seals[0], BULLA_ON_DOOR_OPENED, 0), BULLA_OK);
    assert_int_equal(bulla_reader_log(&reader, &seal, &log, &record), BULLA_OK);
    assert_int_equal(record.event.kind, BULLA_ON_DOOR_OPENED);
}

/* A question is repeated, an order that would be refused the second time is not. */
static void what_is_lost_is_asked_again(void **state)
{
    (void)state;
    const struct bulla_address seal = air_address(0);
    struct bulla_condition condition;
    begin(1, BULLA_PROFILE_GBT, 7);
    seal_it(&seal, &air.seals[0]);
    air.lose = 100;
    air.sent = 0;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_MORE);
    assert_int_equal(air.sent, BULLA_READER_TRIES);
    air.sent = 0;
    assert_int_equal(bulla_reader_unseal(&reader, &seal, (struct bulla_bytes){NULL, 0}), BULLA_MORE);
    assert_int_equal(air.sent, 1);
    air.lose = 0;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_OK);
    assert_int_equal(condition.state, BULLA_DEVICE_RELEASED);
    air.spoil = 100;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_DAMAGED);
    air.broken = true;
    assert_int_equal(bulla_reader_status(&reader, &seal, &condition), BULLA_FAILED);
    size_t n = 7;
    struct bulla_found found[1];
    assert_int_equal(bulla_reader_find(&reader, found, 1, &n), BULLA_FAILED);
    assert_int_equal(n, 0);
}

/* ---- files ---- */

static uint8_t content[3 * SECTOR + 100];
static max_align_t digest_state[32];
static uint8_t scratch[100];

static bool content_read(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    (void)context;
    memcpy(to, content + offset, n);
    return true;
}

static bool content_fails(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    (void)context, (void)offset, (void)to, (void)n;
    return false;
}

static const struct bulla_medium from = {.read = content_read};

static struct bulla_attachment describe(uint32_t size)
{
    struct bulla_attachment about = {.decides = BULLA_DIGEST_SHA256, .size = size, .name = "scan.pdf"};
    const struct bulla_digest *digest = &air_digest;
    digest->begin(digest_state);
    digest->add(digest_state, (struct bulla_bytes){content, size});
    digest->end(digest_state, about.digest);
    return about;
}

static const struct bulla_address one = {0xBEEF, 1000};

static void begin_file(uint64_t seed)
{
    begin(1, BULLA_PROFILE_GBT, seed);
    random_fill(&air.random, content, sizeof content);
    air.seals[0].board.digest = &air_digest;
    air.seals[0].board.scratch = (struct bulla_scratch){scratch, sizeof scratch, digest_state};
    seal_it(&one, &air.seals[0]);
}

static void a_file_comes_and_goes(void **state)
{
    (void)state;
    struct bulla_transfer file;
    static uint8_t got[sizeof content];
    begin_file(10);
    struct bulla_attachment about = describe(sizeof content);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_NOT_FOUND);
    about.size = 4 * SECTOR + 1;
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_CANNOT_CREATE);
    about.size = sizeof content;
    about.decides = 9;
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_PARAMETER);
    about.decides = BULLA_DIGEST_SHA256;
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    uint32_t events = air.seals[0].seal.events;
    air.lose = 20;
    reader.setup.tries = 50;
    assert_int_equal(bulla_reader_file_send(&reader, &one, &(struct bulla_medium){.read = content_fails}, &file), BULLA_FAILED);
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_OK);
    assert_true(file.whole && file.received == sizeof content);
    assert_string_equal(file.about.name, "scan.pdf");
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 0, got, sizeof got), BULLA_OK);
    assert_memory_equal(got, content, sizeof got);
    air.lose = 0;
    assert_true(air.seals[0].seal.events < events + 40); /* readings that were repeated, not chunks */
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, sizeof content - 5, got, 6), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_BOUNDARY);
    assert_int_equal(bench_restart(&air.seals[0]), BULLA_OK);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_OK);
    assert_true(file.whole && file.received == sizeof content);
}

static unsigned chunk(uint32_t offset, size_t n)
{
    const struct bulla_link_message ask = {.code = BULLA_ORDER_WRITE_FILE, .value = {offset}, .rest = {content + offset, n}};
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX];
    enum bulla_status status = bulla_reader_ask(&reader, &one, &ask, &answer, room, NULL);
    assert_true(status == BULLA_OK || status == BULLA_REFUSED);
    return status == BULLA_OK ? 0 : reader.nack;
}

static void chunks_come_in_order(void **state)
{
    (void)state;
    struct bulla_transfer file;
    begin_file(11);
    struct bulla_attachment about = describe(SECTOR + 101);
    assert_int_equal(chunk(0, 8), BULLA_NACK_NOT_FOUND);
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    assert_int_equal(chunk(8, 8), BULLA_NACK_SEQUENCE);
    assert_int_equal(chunk(0, 7), BULLA_NACK_PARAMETER);
    assert_int_equal(chunk(0, 64), 0);
    assert_int_equal(chunk(0, 64), 0);  /* again */
    assert_int_equal(chunk(32, 64), 0); /* some of it again */
    assert_int_equal(air.seals[0].seal.file.received, 96);
    for (uint32_t at = 96; at < SECTOR + 64; at += 64)
        assert_int_equal(chunk(at, 64), 0);
    assert_int_equal(chunk(SECTOR + 96, 8), BULLA_NACK_BOUNDARY); /* beyond its end */
    assert_int_equal(chunk(SECTOR + 96, 5), 0);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_OK);
    assert_true(file.whole);
    about.digest[0] ^= 1; /* another file than it says: it begins anew */
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_DAMAGED);
    assert_int_equal(air.seals[0].seal.file.received, 0);
    air.seals[0].board.digest = NULL; /* a seal that cannot check */
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_OK);
    assert_true(!file.whole && file.received == SECTOR + 101);
}

/* Power goes and calls fail anywhere: the file goes on, and is whole in the end. */
static void a_file_survives(void **state)
{
    (void)state;
    static struct air clean;
    struct bulla_transfer file;
    unsigned cuts = 0;
    begin_file(12);
    struct bulla_attachment about = describe(2 * SECTOR + 300);
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    clean = air;
    for (uint64_t cut = 1;; cut += 11) {
        air = clean;
        nor_power(&air.seals[0].nor);
        air.seals[0].nor.random.state = cut;
        air.seals[0].nor.cut_at = cut;
        reader.setup.tries = 1;
        if (bulla_reader_file_send(&reader, &one, &from, &file) == BULLA_OK && !air.seals[0].nor.off)
            break;
        cuts++;
        assert_int_equal(bench_restart(&air.seals[0]), BULLA_OK);
        assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_OK);
        assert_true(file.whole && file.received == about.size);
        assert_int_equal(air.seals[0].nor.broken, 0);
    }
    assert_true(cuts > 200);
    for (uint64_t nth = 1;; nth += 3) {
        air = clean;
        nor_power(&air.seals[0].nor);
        air.seals[0].nor.fail_at = nth;
        air.seals[0].nor.random.state = nth;
        reader.setup.tries = 3;
        enum bulla_status status = BULLA_MORE;
        for (unsigned i = 0; i < 8 && status != BULLA_OK; i++)
            status = bulla_reader_file_send(&reader, &one, &from, &file);
        assert_int_equal(status, BULLA_OK);
        assert_true(file.received == about.size);
        assert_int_equal(air.seals[0].nor.broken, 0);
        if (air.seals[0].nor.calls < nth)
            break;
    }
}

/* With the journey the file goes, and its bytes too. */
static void files_are_erased_with_the_data(void **state)
{
    (void)state;
    struct bulla_transfer file;
    struct bench *bench = &air.seals[0];
    begin_file(13);
    struct bulla_attachment about = describe(SECTOR);
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_OK);
    assert_int_equal(bulla_reader_unseal(&reader, &one, (struct bulla_bytes){NULL, 0}), BULLA_OK);
    bench->out = true;
    assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_OPENED, 0), BULLA_OK);
    bench->nor.fail_at = 0;
    assert_int_equal(bulla_reader_order(&reader, &one, BULLA_ORDER_RETURN), BULLA_OK);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_REFUSED);
    for (size_t i = 0; i < 4 * SECTOR; i++)
        assert_int_equal(bench->chip[(LOG_SECTORS + 8) * SECTOR + i], 0xFF);
}

/* What describes no file is none; what cannot be erased is tried again; what cannot be read is not answered. */
static void files_that_fail(void **state)
{
    (void)state;
    struct bulla_transfer file;
    struct bench *bench = &air.seals[0];
    uint8_t byte = 3;
    begin_file(16);
    struct bulla_attachment about = describe(SECTOR);
    struct bulla_link_message ask = {.code = BULLA_ORDER_FILE_BEGIN, .rest = {&byte, 1}}, answer;
    uint8_t room[BULLA_FRAME_MAX];
    assert_int_equal(bulla_reader_ask(&reader, &one, &ask, &answer, room, NULL), BULLA_REFUSED);
    assert_int_equal(reader.nack, BULLA_NACK_PARAMETER);
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_OK);
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_OK);
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 0, room, 8), BULLA_OK);
    bench->nor.off = true;
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 8, room, 8), BULLA_MORE);
    nor_power(&bench->nor);
    byte = 5;
    assert_int_equal(bulla_zones_put(&bench->seal.zones, BULLA_AREA_FILE, 0, (struct bulla_bytes){&byte, 1}), BULLA_OK);
    assert_int_equal(bench_restart(bench), BULLA_OK);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_REFUSED);
    for (uint64_t nth = 1;; nth++) { /* a new journey: whatever fails, in the end nothing is left of it */
        static struct air clean;
        if (nth == 1)
            clean = air;
        air = clean;
        assert_int_equal(bench_event(bench, BULLA_ON_SHACKLE_CUT, 0), BULLA_OK);
        nor_power(&bench->nor);
        bench->nor.fail_at = nth;
        bench->nor.random.state = nth;
        (void)!bulla_reader_order(&reader, &one, BULLA_ORDER_RETURN);
        bool over = bench->nor.calls < nth;
        nor_power(&bench->nor);
        (void)bulla_seal_turn(&bench->seal, bench->now);
        if (bench->seal.device.state != BULLA_DEVICE_RETURNED)
            assert_int_equal(bulla_reader_order(&reader, &one, BULLA_ORDER_RETURN), BULLA_OK);
        for (size_t i = 0; i < 4 * SECTOR; i++)
            assert_int_equal(bench->chip[(LOG_SECTORS + 8) * SECTOR + i], 0xFF);
        if (over)
            break;
    }
}

/* What is set counts, what is not is usual; another seal in reach answers for itself alone. */
static void a_reader_is_set_up(void **state)
{
    (void)state;
    const struct bulla_reader_setup setup = {.session = 5, .slot_us = 1, .window = 3, .tries = 2, .patience_ms = 7};
    struct bulla_condition condition;
    const struct bulla_address nobody = {0xBEEE, 1000};
    begin(2, BULLA_PROFILE_GBT, 17);
    assert_int_equal(reader.setup.slot_us, BULLA_LINK_SLOT_US);
    assert_int_equal(reader.setup.tries, BULLA_READER_TRIES);
    assert_int_equal(reader.setup.window, BULLA_READER_WINDOW);
    assert_int_equal(reader.setup.patience_ms, BULLA_READER_PATIENCE_MS);
    bulla_reader_open(&reader, &transport, &setup);
    assert_memory_equal(&reader.setup, &setup, sizeof setup);
    uint64_t before_us = air.now_us;
    assert_int_equal(bulla_reader_status(&reader, &nobody, &condition), BULLA_MORE);
    assert_int_equal(air.sent, 2);
    assert_int_equal(air.now_us - before_us, 2 * 7 * 1000);
    struct bulla_found found[2];
    size_t n;
    bulla_reader_open(&reader, &transport, &(struct bulla_reader_setup){.window = 1});
    air.broken = false;
    assert_int_equal(bulla_reader_find(&reader, found, 2, &n), BULLA_OK);
    assert_int_equal(n, 2);
}

/* ---- what no answer can make it believe ---- */

static struct bulla_link_message lie;
static bool lie_refused, lie_short;
static void tell_a_lie(struct air *a, uint8_t *frame, size_t *n, bool from_seal)
{
    struct bulla_frame f;
    struct bulla_fault fault;
    uint8_t data[BULLA_FRAME_MAX];
    (void)a;
    if (!from_seal)
        return;
    assert_int_equal(bulla_frame_decode_from_seal((struct bulla_bytes){frame, *n}, BULLA_START_ANY, &f, &fault), BULLA_OK);
    if (lie.code == 0xFF) {
        f.code = 0x7E; /* an answer to something else: passed over */
    } else if (lie_refused) {
        f.status |= BULLA_REPLY_REFUSED;
        f.data = (struct bulla_bytes){(const uint8_t *)"\x08", 1};
    } else {
        if (lie.code != f.code)
            return;
        lie.part = BULLA_PART_ANSWER;
        f.data.at = data;
        assert_int_equal(bulla_link_encode(&lie, data, sizeof data, &f.data.len, &fault), BULLA_OK);
        f.data.len -= lie_short;
    }
    assert_int_equal(bulla_frame_encode_from_seal(&f, frame, BULLA_FRAME_MAX, n, &fault), BULLA_OK);
}

static void lies(void **state)
{
    (void)state;
    uint8_t to[20];
    struct bulla_reader_log log = {0};
    struct bulla_log_record record;
    struct bulla_transfer file;
    struct bulla_condition condition;
    struct bulla_identity identity;
    static uint8_t bytes[BULLA_LINK_CHUNK];
    begin_file(14);
    air.meddle = tell_a_lie;
    const struct bulla_bytes ten = {bytes, 10};
    lie = (struct bulla_link_message){.code = BULLA_ORDER_READ_MEMORY, .value = {BULLA_AREA_CARGO, 0, 357}, .rest = ten};
    assert_int_equal(bulla_reader_read(&reader, &one, BULLA_AREA_NODES, 0, to, 10), BULLA_DAMAGED);
    assert_int_equal(bulla_reader_read(&reader, &one, BULLA_AREA_CARGO, 8, to, 10), BULLA_DAMAGED);
    assert_int_equal(bulla_reader_read(&reader, &one, BULLA_AREA_CARGO, 0, to, 9), BULLA_DAMAGED);
    lie = (struct bulla_link_message){.code = BULLA_ORDER_READ_LOG, .value = {9, 0, 0, 0}, .rest = ten};
    assert_int_equal(bulla_reader_log(&reader, &one, &log, &record), BULLA_DAMAGED);
    lie.rest.len = 30;
    log.next = 10; /* it would go back */
    assert_int_equal(bulla_reader_log(&reader, &one, &log, &record), BULLA_DAMAGED);
    log.next = 0;
    bytes[6] = 17; /* more detail than there is */
    assert_int_equal(bulla_reader_log(&reader, &one, &log, &record), BULLA_DAMAGED);
    lie = (struct bulla_link_message){.code = BULLA_ORDER_FILE_ABOUT, .rest = ten};
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &(struct bulla_attachment){.decides = 1, .size = 9, .name = "x"}), BULLA_OK);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_DAMAGED);
    lie = (struct bulla_link_message){.code = BULLA_ORDER_READ_FILE, .value = {0}, .rest = ten};
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 5, to, 10), BULLA_DAMAGED);
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 0, to, 9), BULLA_DAMAGED);
    lie = (struct bulla_link_message){.code = BULLA_ORDER_MODEL, .value = {0, 1}};
    lie_short = true;
    assert_int_equal(bulla_reader_identify(&reader, &one, &identity), BULLA_DAMAGED);
    lie_short = false;
    lie_refused = true;
    assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_DAMAGED);
    lie_refused = false;
    lie.code = 0xFF;
    assert_int_equal(bulla_reader_status(&reader, &one, &condition), BULLA_MORE);
    struct bulla_found found[2];
    size_t n;
    assert_int_equal(bulla_reader_find(&reader, found, 2, &n), BULLA_OK);
    assert_int_equal(n, 0);
    lie = (struct bulla_link_message){.code = BULLA_ORDER_COLLECT, .rest = {bytes, 16}};
    reader.setup.session++;
    assert_int_equal(bulla_reader_find(&reader, found, 2, &n), BULLA_OK);
    assert_true(n == 1 && !found[0].has_block); /* it is there; its block is none */
    air.meddle = NULL;
    assert_int_equal(bulla_reader_configure(&reader, &one, (enum bulla_setting)9, 0), BULLA_REFUSED); /* never sent */
    assert_int_equal(reader.nack, BULLA_NACK_PARAMETER);
    const struct bulla_moment moment = {NOON, BULLA_TIME_NONE, true};
    assert_int_equal(bulla_reader_session(&reader, &one, &moment), BULLA_DAMAGED); /* without keys */
    assert_int_equal(bulla_reader_session_shared(&reader, &one, &(struct bulla_shared_key){.n = 16}), BULLA_DAMAGED);
}

/* Each function of one seal, without an answer: MORE, and nothing is written. */
static void silence(void **state)
{
    (void)state;
    begin_file(15);
    air.lose = 100;
    reader.setup.tries = 1;
    struct bulla_identity identity = {.model = 77};
    struct bulla_reader_time time = {.bound_ms = 77};
    struct bulla_transfer file = {.received = 77};
    struct bulla_reader_log log = {0};
    struct bulla_log_record record = {.counter = 77};
    struct bulla_attachment about = describe(100);
    uint32_t value = 77;
    int64_t error = 77;
    uint8_t byte = 77;
    assert_int_equal(bulla_reader_identify(&reader, &one, &identity), BULLA_MORE);
    assert_int_equal(bulla_reader_clock(&reader, &one, &time), BULLA_MORE);
    assert_int_equal(bulla_reader_set_clock(&reader, &one, NOON, 1, &error), BULLA_MORE);
    assert_int_equal(bulla_reader_setting(&reader, &one, BULLA_SETTING_ANSWER, &value), BULLA_MORE);
    assert_int_equal(bulla_reader_read(&reader, &one, BULLA_AREA_CARGO, 0, &byte, 1), BULLA_MORE);
    assert_int_equal(bulla_reader_log(&reader, &one, &log, &record), BULLA_MORE);
    assert_false(log.end);
    assert_int_equal(bulla_reader_file(&reader, &one, &file), BULLA_MORE);
    assert_int_equal(bulla_reader_file_begin(&reader, &one, &about), BULLA_MORE);
    assert_int_equal(bulla_reader_file_send(&reader, &one, &from, &file), BULLA_MORE);
    assert_int_equal(bulla_reader_file_fetch(&reader, &one, 0, &byte, 1), BULLA_MORE);
    assert_true(identity.model == 77 && time.bound_ms == 77 && file.received == 77 && record.counter == 77 && value == 77 && error == 77 &&
                byte == 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_seals_in_reach_are_found),
        cmocka_unit_test(more_seals_than_room),
        cmocka_unit_test(what_was_found_sleeps_for_a_while),
        cmocka_unit_test(a_journey_by_the_reader),
        cmocka_unit_test(the_log_is_read_in_pieces),
        cmocka_unit_test(what_is_lost_is_asked_again),
        cmocka_unit_test(a_file_comes_and_goes),
        cmocka_unit_test(chunks_come_in_order),
        cmocka_unit_test(a_file_survives),
        cmocka_unit_test(files_are_erased_with_the_data),
        cmocka_unit_test(files_that_fail),
        cmocka_unit_test(a_reader_is_set_up),
        cmocka_unit_test(lies),
        cmocka_unit_test(silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
