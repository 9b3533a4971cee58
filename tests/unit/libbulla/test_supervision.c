/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: what an active seal stores of the object under supervision.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/crc.h"
#include "bulla/supervision.h"
#include "tests/support/random.h"

#define ITEMS_MAX  64
#define RECORD_MAX 8192

static struct bulla_bytes view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

static struct bulla_supervision_item text(enum bulla_supervision_field field, const char *value)
{
    return (struct bulla_supervision_item){.field = (uint8_t)field, .value = view(value)};
}

static struct bulla_supervision_item number(enum bulla_supervision_field field, uint32_t value)
{
    return (struct bulla_supervision_item){.field = (uint8_t)field, .number = value};
}

/* The least that a record has. */
static size_t least(struct bulla_supervision_item items[ITEMS_MAX])
{
    const struct bulla_supervision_item all[] = {
        text(BULLA_SUPERVISION_PLATE, "UAX 123B"),    text(BULLA_SUPERVISION_CARGO, "cement"),
        number(BULLA_SUPERVISION_QUANTITY, 28000000), text(BULLA_SUPERVISION_UNIT, "KGM"),
        text(BULLA_SUPERVISION_DECLARATION, "T1"),    text(BULLA_SUPERVISION_NATIONALITY, "UG"),
        text(BULLA_SUPERVISION_DRIVER, "A. Driver"),
    };
    memcpy(items, all, sizeof all);
    return sizeof all / sizeof *all;
}

static void put_crc(uint8_t *bytes, size_t n)
{
    uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, n - 2});
    bytes[n - 2] = (uint8_t)(crc >> 8);
    bytes[n - 1] = (uint8_t)crc;
}

/* The bytes, written down by hand from the head of the header. */
static void the_format_is_what_the_header_says(void **state)
{
    (void)state;
    static const char expected[] = "BS\x01\x11\x00\x08UAX 123B\x21\x00\x06"
                                   "cement\x22\x00\x04\x01\xab\x3f\x00\x23\x00\x03KGM\x31\x00\x02T1\x41\x00\x02UG\x42\x00\x09"
                                   "A. Driver";
    struct bulla_supervision_item items[ITEMS_MAX];
    struct bulla_fault fault;
    uint8_t bytes[RECORD_MAX];
    size_t n = least(items), len = 0;
    assert_int_equal(bulla_supervision_encode(items, n, bytes, sizeof bytes, &len, &fault), BULLA_OK);
    assert_int_equal(len, sizeof expected - 1 + 2);
    assert_memory_equal(bytes, expected, sizeof expected - 1);
    assert_int_equal(bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, len}), 0); /* a CRC over its own message leaves nothing */
}

/* ---- random records ---- */

static struct bulla_bytes random_text(struct random *random, char *room, size_t most)
{
    static const char *const characters[] = {"a",
                                             "Z",
                                             "0",
                                             " ",
                                             "~",
                                             "\xc2\xa0",
                                             "\xc3\xa9",
                                             "\xdf\xbf",
                                             "\xe0\xa0\x80",
                                             "\xed\x9f\xbf",
                                             "\xee\x80\x80",
                                             "\xe4\xb8\xad",
                                             "\xef\xbf\xbd",
                                             "\xf0\x90\x80\x80",
                                             "\xf4\x8f\xbf\xbf"};
    size_t n = 0, wanted = 1 + random_below(random, most);
    for (;;) {
        const char *c = characters[random_below(random, sizeof characters / sizeof *characters)];
        if (n + strlen(c) > wanted)
            break;
        memcpy(room + n, c, strlen(c));
        n += strlen(c);
    }
    if (n == 0)
        room[n++] = 'x';
    return (struct bulla_bytes){(const uint8_t *)room, n};
}

static struct bulla_supervision_item random_item(struct random *random, unsigned field, char *room)
{
    const struct bulla_supervision_about *about = &bulla_supervision_about[field];
    struct bulla_supervision_item item = {.field = (uint8_t)field};
    switch (about->kind) {
    case BULLA_SUPERVISION_KIND_NUMBER:
        item.number = (uint32_t)random_below(random, (uint64_t)about->most + 1);
        break;
    case BULLA_SUPERVISION_KIND_CODE:
        item.value = view(random_below(random, 2) ? "KGM" : "C6");
        break;
    case BULLA_SUPERVISION_KIND_CONTAINER:
        item.value = view(random_below(random, 2) ? "CSQU3054383" : "MSKU9070323");
        break;
    case BULLA_SUPERVISION_KIND_BYTES:
        item.value = (struct bulla_bytes){(const uint8_t *)room, 1 + random_below(random, about->most)};
        random_fill(random, room, item.value.len);
        break;
    default:
        item.value = random_text(random, room, about->most);
    }
    return item;
}

static size_t random_record(struct random *random, struct bulla_supervision_item items[ITEMS_MAX], char rooms[ITEMS_MAX][256])
{
    size_t n = 0;
    unsigned consignments = 1 + (unsigned)random_below(random, 3);
    for (unsigned field = 0; field < BULLA_SUPERVISION_FIELDS; field++) {
        const struct bulla_supervision_about *about = &bulla_supervision_about[field];
        unsigned times = about->mandatory ? 1 : (unsigned)random_below(random, about->repeated ? 4 : 2);
        for (; times > 0; times--, n++)
            items[n] = random_item(random, field, rooms[n]);
        if (field == BULLA_SUPERVISION_CONSIGNEE && --consignments > 0)
            field = BULLA_SUPERVISION_CARGO - 1;
    }
    return n;
}

/* [WCO-7.2-R5] [WCO-7.2-R6] [WCO-7.2-R7] [WCO-7.2-R8] [WCO-7.1-14] */
static void what_is_written_is_read(void **state)
{
    (void)state;
    static struct bulla_supervision_item items[ITEMS_MAX], got[ITEMS_MAX];
    static char rooms[ITEMS_MAX][256];
    static uint8_t bytes[RECORD_MAX], again[RECORD_MAX];
    struct random random = {31};
    for (int round = 0; round < 3000; round++) {
        struct bulla_fault fault;
        size_t n = random_record(&random, items, rooms), len, len_again, n_got = 0;
        assert_int_equal(bulla_supervision_encode(items, n, bytes, sizeof bytes, &len, &fault), BULLA_OK);
        assert_int_equal(bulla_supervision_decode((struct bulla_bytes){bytes, len}, got, ITEMS_MAX, &n_got, &fault), BULLA_OK);
        assert_int_equal(n, n_got);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(got[i].field, items[i].field);
            assert_int_equal(got[i].number, items[i].number);
            assert_int_equal(got[i].value.len, items[i].value.len);
            assert_true(got[i].value.len == 0 || memcmp(got[i].value.at, items[i].value.at, got[i].value.len) == 0);
        }
        assert_int_equal(bulla_supervision_encode(got, n_got, again, sizeof again, &len_again, &fault), BULLA_OK);
        assert_int_equal(len, len_again);
        assert_memory_equal(bytes, again, len);
    }
}

/* Any byte changed, with its CRC and with the CRC made right: what is read is written to the same bytes. */
static void what_is_read_is_written_again(void **state)
{
    (void)state;
    static struct bulla_supervision_item items[ITEMS_MAX], got[ITEMS_MAX];
    static char rooms[ITEMS_MAX][256];
    static uint8_t bytes[RECORD_MAX], again[RECORD_MAX];
    struct random random = {32};
    unsigned right = 0;
    for (int round = 0; round < 8000; round++) {
        struct bulla_fault fault;
        size_t n = random_record(&random, items, rooms), len, len_again, n_got;
        assert_int_equal(bulla_supervision_encode(items, n, bytes, sizeof bytes, &len, &fault), BULLA_OK);
        bytes[random_below(&random, len)] ^= (uint8_t)(1 + random_below(&random, 255));
        assert_int_not_equal(bulla_supervision_decode((struct bulla_bytes){bytes, len}, got, ITEMS_MAX, &n_got, &fault), BULLA_OK);
        put_crc(bytes, len);
        if (bulla_supervision_decode((struct bulla_bytes){bytes, len}, got, ITEMS_MAX, &n_got, &fault) != BULLA_OK)
            continue;
        right++;
        assert_int_equal(bulla_supervision_encode(got, n_got, again, sizeof again, &len_again, &fault), BULLA_OK);
        assert_int_equal(len, len_again);
        assert_memory_equal(bytes, again, len);
    }
    assert_true(right > 1000);
}

/* A record without one of its mandatory fields, or with an item in another place, is refused in both directions. */
static void order_and_mandatory_fields(void **state)
{
    (void)state;
    for (size_t left_out = 0; left_out < 7; left_out++) {
        struct bulla_supervision_item items[ITEMS_MAX];
        struct bulla_fault fault;
        uint8_t bytes[RECORD_MAX] = {0x5A};
        size_t n = least(items), len = 77;
        memmove(items + left_out, items + left_out + 1, (n - left_out - 1) * sizeof *items);
        assert_int_equal(bulla_supervision_encode(items, n - 1, bytes, sizeof bytes, &len, &fault), BULLA_REFUSED);
        assert_non_null(strstr(fault.expected, "mandatory"));
        assert_int_equal(fault.at, left_out);
        assert_int_equal(len, 77);
        assert_int_equal(bytes[0], 0x5A);
    }
    const struct {
        size_t at;
        struct bulla_supervision_item item;
        bool good;
    } cases[] = {
        {1, text(BULLA_SUPERVISION_PLATE, "again"), false},
        {0, text(BULLA_SUPERVISION_MODEL, "before the plate"), false},
        {1, text(BULLA_SUPERVISION_CONTAINER, "CSQU3054383"), true},
        {4, text(BULLA_SUPERVISION_MODEL, "after the cargo"), false},
        {4, text(BULLA_SUPERVISION_CARGO, "without quantity"), false},
        {2, text(BULLA_SUPERVISION_CARGO, "twice"), false},
        {5, text(BULLA_SUPERVISION_CARGO, "after the declaration"), false},
        {5, text(BULLA_SUPERVISION_DOCUMENT, "x"), true},
        {7, text(BULLA_SUPERVISION_CONTACT, "+256 1"), true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_supervision_item items[ITEMS_MAX];
        struct bulla_fault fault;
        uint8_t bytes[RECORD_MAX];
        size_t n = least(items), len;
        memmove(items + cases[i].at + 1, items + cases[i].at, (n - cases[i].at) * sizeof *items);
        items[cases[i].at] = cases[i].item;
        assert_int_equal(bulla_supervision_encode(items, n + 1, bytes, sizeof bytes, &len, &fault),
                         cases[i].good ? BULLA_OK : BULLA_REFUSED);
    }
}

static void values_are_checked(void **state)
{
    (void)state;
    static char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct {
        size_t at;
        struct bulla_supervision_item item;
    } wrong[] = {
        {0, text(BULLA_SUPERVISION_PLATE, "")},
        {0, text(BULLA_SUPERVISION_PLATE, long_text)},
        {0, text(BULLA_SUPERVISION_PLATE, "a\tb")},
        {0, text(BULLA_SUPERVISION_PLATE, "a\x7f")},
        {0, text(BULLA_SUPERVISION_PLATE, "\x80")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xc1\xbf")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xc2")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xc2\x41")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xc2\x80")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xe0\x9f\xbf")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xed\xa0\x80")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xf0\x8f\xbf\xbf")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xf4\x90\x80\x80")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xf5\x80\x80\x80")},
        {0, text(BULLA_SUPERVISION_PLATE, "\xc2\xc0")},
        {3, text(BULLA_SUPERVISION_UNIT, "K")},
        {3, text(BULLA_SUPERVISION_UNIT, "kgm")},
        {3, text(BULLA_SUPERVISION_UNIT, "K/M")},
        {3, text(BULLA_SUPERVISION_UNIT, "K[")},
        {3, text(BULLA_SUPERVISION_UNIT, "K:")},
        {3, text(BULLA_SUPERVISION_UNIT, "KGMX")},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bulla_supervision_item items[ITEMS_MAX];
        struct bulla_fault fault;
        uint8_t bytes[RECORD_MAX];
        size_t n = least(items), len;
        items[wrong[i].at] = wrong[i].item;
        assert_int_equal(bulla_supervision_encode(items, n, bytes, sizeof bytes, &len, &fault), BULLA_REFUSED);
        assert_int_equal(fault.at, wrong[i].at);
        assert_string_equal(fault.field, bulla_supervision_about[wrong[i].item.field].name);
    }
    const struct bulla_supervision_item inserted[] = {
        text(BULLA_SUPERVISION_CONTAINER, "CSQU3054384"),
        number(BULLA_SUPERVISION_LENGTH, 100001),
        {.field = BULLA_SUPERVISION_FIELDS},
    };
    for (size_t i = 0; i < sizeof inserted / sizeof *inserted; i++) {
        struct bulla_supervision_item items[ITEMS_MAX];
        struct bulla_fault fault;
        uint8_t bytes[RECORD_MAX];
        size_t n = least(items), len;
        memmove(items + 2, items + 1, (n - 1) * sizeof *items);
        items[1] = inserted[i];
        assert_int_equal(bulla_supervision_encode(items, n + 1, bytes, sizeof bytes, &len, &fault), BULLA_REFUSED);
        assert_int_equal(fault.at, 1);
    }
}

static void decoding_refuses_and_touches_nothing(void **state)
{
    (void)state;
    struct bulla_supervision_item items[ITEMS_MAX], got[ITEMS_MAX], before[ITEMS_MAX];
    struct bulla_fault fault;
    uint8_t bytes[RECORD_MAX], spoilt[RECORD_MAX];
    size_t n = least(items), len, n_got = 77;
    memset(got, 0x5A, sizeof got);
    memcpy(before, got, sizeof before);
    assert_int_equal(bulla_supervision_encode(items, n, bytes, sizeof bytes, &len, &fault), BULLA_OK);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(bulla_supervision_decode((struct bulla_bytes){bytes, cut}, got, ITEMS_MAX, &n_got, &fault),
                         cut < 5 ? BULLA_MORE : BULLA_DAMAGED);
    for (size_t max = 0; max < n; max++)
        assert_int_equal(bulla_supervision_decode((struct bulla_bytes){bytes, len}, got, max, &n_got, &fault), BULLA_FULL);
    const struct {
        size_t at;
        uint8_t value;
        enum bulla_status status;
        size_t fault_at;
    } cases[] = {
        {0, 'b', BULLA_NOT_MINE, 0}, {2, 2, BULLA_NOT_MINE, 2},    {3, 0x18, BULLA_INSANE, 3},
        {3, 0x31, BULLA_INSANE, 3},  {5, 0xFF, BULLA_DAMAGED, 3},  {6, 0x01, BULLA_INSANE, 6},
        {25, 3, BULLA_INSANE, 26},   {14, 0x22, BULLA_INSANE, 14}, {len - 14, 0x43, BULLA_INSANE, len - 14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(spoilt, bytes, len);
        spoilt[cases[i].at] = cases[i].value;
        put_crc(spoilt, len);
        assert_int_equal(bulla_supervision_decode((struct bulla_bytes){spoilt, len}, got, ITEMS_MAX, &n_got, &fault), cases[i].status);
        assert_int_equal(fault.at, cases[i].fault_at);
    }
    size_t short_len = len - 12; /* without the driver's name */
    memcpy(spoilt, bytes, len);
    put_crc(spoilt, short_len);
    assert_int_equal(bulla_supervision_decode((struct bulla_bytes){spoilt, short_len}, got, ITEMS_MAX, &n_got, &fault), BULLA_INSANE);
    assert_int_equal(fault.at, short_len - 2);
    assert_memory_equal(got, before, sizeof got);
    assert_int_equal(n_got, 77);
    assert_int_equal(bulla_supervision_encode(items, n, spoilt, len - 1, &n_got, &fault), BULLA_FULL);
    assert_int_equal(n_got, 77);
}

/* [WCO-7.2-R8] Exactly the driver's fields are personal; tags go up and none occurs twice. */
static void the_table_is_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BULLA_SUPERVISION_FIELDS; i++) {
        assert_int_equal(bulla_supervision_about[i].personal, bulla_supervision_about[i].group == BULLA_SUPERVISION_GROUP_DRIVER);
        assert_true(i == 0 || bulla_supervision_about[i].tag > bulla_supervision_about[i - 1].tag);
        assert_true(bulla_supervision_about[i].most <= UINT16_MAX || bulla_supervision_about[i].kind == BULLA_SUPERVISION_KIND_NUMBER);
    }
    assert_string_equal(bulla_supervision_group_text(BULLA_SUPERVISION_GROUP_DRIVER), "driver");
    assert_string_equal(bulla_supervision_group_text(BULLA_SUPERVISION_GROUPS), "unknown");
}

static const char *kind_text(unsigned kind)
{
    static const char *const texts[] = {
#define X(kind, expected) expected,
        BULLA_SUPERVISION_KIND_TABLE(X)
#undef X
    };
    return texts[kind];
}

/* The page has a row for each field, as the table has it. */
static void the_page_says_what_the_table_says(void **state)
{
    (void)state;
    static char page[65536];
    FILE *from = fopen(BULLA_SOURCE_DIR "/docs/format.md", "rb");
    assert_non_null(from);
    page[fread(page, 1, sizeof page - 1, from)] = '\0';
    fclose(from);
    for (unsigned i = 0; i < BULLA_SUPERVISION_FIELDS; i++) {
        const struct bulla_supervision_about *a = &bulla_supervision_about[i];
        char row[400];
        snprintf(row, sizeof row, "\n| %02x | %s | `%s` | %s | %u | %s%s%s | %s |\n", a->tag, bulla_supervision_group_text(a->group),
                 a->name, kind_text(a->kind), a->most, a->mandatory ? "mandatory" : "", a->repeated ? "repeated" : "",
                 a->personal ? " personal" : "", a->meaning);
        if (!strstr(page, row))
            fail_msg("docs/format.md: expected the row %s", row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_what_the_header_says),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_read_is_written_again),
        cmocka_unit_test(order_and_mandatory_fields),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(decoding_refuses_and_touches_nothing),
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(the_page_says_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
