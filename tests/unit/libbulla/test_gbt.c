/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the GB/T 23678 record in place. What whole records mean is in tests/vectors/gbt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/libbulla/gbt_support.h"

static void the_table_has_the_sizes_of_the_standard(void **state)
{
    (void)state;
    const unsigned sizes[BULLA_GBT_SEGMENTS] = {29, 88, 249, 1857, 58};
    unsigned sums[BULLA_GBT_SEGMENTS] = {0};
    for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++) {
        const struct bulla_gbt_about *about = &bulla_gbt_about[i];
        assert_int_equal(about->offset, sums[about->segment]);
        assert_int_equal(about->bytes % about->entries, 0);
        sums[about->segment] += about->bytes;
    }
    assert_memory_equal(sums, sizes, sizeof sizes);
    assert_int_equal(bulla_gbt_size(BULLA_GBT_CARGO_NONE, 0), 366);
    assert_int_equal(bulla_gbt_size(BULLA_GBT_CARGO_FULL, 1), 2281);
}

/* Every length that some layout without an extension has is understood as that layout, and no other length is. */
static void the_length_tells_the_layout(void **state)
{
    (void)state;
    static uint8_t big[20000];
    for (size_t n = 0; n < sizeof big; n++) {
        struct bulla_gbt record = {.len = 77};
        struct bulla_fault fault;
        unsigned matches = 0, cargo = 0;
        for (unsigned c = 0; c <= BULLA_GBT_CARGO_FULL; c++) {
            size_t before = bulla_gbt_size((enum bulla_gbt_cargo)c, 0);
            if (n >= before && (n - before) % 58 == 0) {
                matches++;
                cargo = c;
            }
        }
        assert_true(matches <= 1);
        enum bulla_status status = bulla_gbt_over(big, n, BULLA_GBT_READING_RING, &record, &fault);
        assert_int_equal(status, n < 366 ? BULLA_MORE : matches ? BULLA_OK : BULLA_REFUSED);
        if (status != BULLA_OK) {
            assert_int_equal(record.len, 77);
            continue;
        }
        assert_int_equal(record.cargo, cargo);
        assert_int_equal(bulla_gbt_size((enum bulla_gbt_cargo)record.cargo, record.n_nodes), n);
        assert_int_equal(bulla_gbt_extension(&record).len, 0);
    }
}

static void a_given_layout_leaves_an_extension(void **state)
{
    (void)state;
    struct bulla_gbt record = {.len = 77};
    struct bulla_fault fault;
    assert_int_equal(bulla_gbt_with(memory, 366 + 357 + 58 + 5, BULLA_GBT_READING_SINGLE, BULLA_GBT_CARGO_SHORT, 1, &record, &fault),
                     BULLA_OK);
    assert_int_equal(bulla_gbt_extension(&record).len, 5);
    assert_ptr_equal(bulla_gbt_extension(&record).at, memory + 366 + 357 + 58);
    struct bulla_gbt before = record;
    assert_int_equal(bulla_gbt_with(memory, 366 + 57, BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 1, &record, &fault), BULLA_MORE);
    assert_int_equal(bulla_gbt_with(memory, 366, BULLA_GBT_READING_RING, (enum bulla_gbt_cargo)3, 0, &record, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_with(memory, 366, BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 65536, &record, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_with(memory, (size_t)UINT32_MAX + 1, BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0, &record, &fault),
                     BULLA_REFUSED);
    assert_int_equal(bulla_gbt_over(memory, 366 + (size_t)58 * 65536, BULLA_GBT_READING_RING, &record, &fault), BULLA_REFUSED);
    assert_memory_equal(&record, &before, sizeof record);
}

/* [GBT-A1-40] and what each kind refuses: nothing is written, and the fault says where. */
static void putting_refuses_and_touches_nothing(void **state)
{
    (void)state;
    const struct {
        enum bulla_gbt_field field;
        unsigned index;
        const char *value;
        unsigned at;
    } cases[] = {
        {BULLA_GBT_MADE, 0, "2026010", 10},
        {BULLA_GBT_MADE, 0, ":0260101", 10},
        {BULLA_GBT_MADE, 0, "20260230", 10},
        {BULLA_GBT_MADE, 0, "2026-101", 10},
        {BULLA_GBT_MAKER, 0, "12345678-", 18},
        {BULLA_GBT_MAKER, 0, "[", 18},
        {BULLA_GBT_MAKER, 0, "{", 18},
        {BULLA_GBT_MAKER, 0, "a b", 18},
        {BULLA_GBT_MAKER, 0, "1234567890", 27},
        {BULLA_GBT_CONTAINER, 0, "CSQU3054384", 29},
        {BULLA_GBT_CONTAINER, 0, "CSQU305438", 29},
        {BULLA_GBT_SIZE_TYPE, 0, "22G9", 40},
        {BULLA_GBT_LENGTH, 0, "2", 44},
        {BULLA_GBT_TARE, 0, "0230x", 46},
        {BULLA_GBT_OPERATOR, 0, "Caf\xc3\xa9", 60},
        {BULLA_GBT_OPERATOR, 0, "blank ", 62},
        {BULLA_GBT_OPERATOR, 0, "a\tb", 58},
        {BULLA_GBT_STATE, 0, "y", 117},
        {BULLA_GBT_CLOSED_AT, 2, "20260301240000", 146},
        {BULLA_GBT_CLOSED_AT, 3, "202603012300", 0},
        {BULLA_GBT_CLOSED_PLACE, 0, "a place of more than 20", 180},
        {BULLA_GBT_UN, 0, "0000", 714},
        {BULLA_GBT_UN, 0, "12", 714},
        {BULLA_GBT_TEMPERATURE, 0, "+018", 718},
        {BULLA_GBT_TEMPERATURE, 0, "-18", 718},
        {BULLA_GBT_TEMPERATURE, 0, "-000", 718},
        {BULLA_GBT_UNIT, 0, "K", 722},
        {BULLA_GBT_DANGER, 0, "10", 711},
        {BULLA_GBT_OTHER, 0, "there is no reserve", 0},
        {BULLA_GBT_NODE, 0, "AB", 723},
        {BULLA_GBT_NODE_AT, 0, "2026", 725},
        {BULLA_GBT_NODE, 1, "VC", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_gbt record = blank(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 1, ALL_RIGHTS);
        static uint8_t before[sizeof memory];
        struct bulla_fault fault;
        memcpy(before, memory, sizeof memory);
        assert_int_equal(bulla_gbt_put(&record, cases[i].field, cases[i].index, view(cases[i].value), &fault), BULLA_REFUSED);
        assert_int_equal(fault.at, cases[i].at ? cases[i].at : record.len);
        assert_string_equal(fault.field, bulla_gbt_about[cases[i].field].name);
        assert_memory_equal(memory, before, sizeof memory);
    }
}

/* [GBT-5.2.1a] What the factory wrote stays. */
static void inherent_fields_are_written_once(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
    struct bulla_fault fault;
    uint8_t before[366];
    memcpy(before, memory, sizeof before);
    for (unsigned rights = 0; rights <= ALL_RIGHTS; rights++) {
        record.rights = (uint8_t)rights;
        assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_MAKER, 0, view("987654321"), &fault), BULLA_REFUSED);
        assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_MAKER, 0, view(""), &fault), BULLA_REFUSED);
        assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_SEAL_ID, 0, (struct bulla_bytes){seal_id, 10}, &fault), BULLA_REFUSED);
    }
    assert_memory_equal(memory, before, sizeof before);
    record = blank(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0, BULLA_GBT_RIGHT_CARGO);
    assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_MAKER, 0, view("987654321"), &fault), BULLA_REFUSED);
    record.rights = BULLA_GBT_RIGHT_FACTORY;
    const uint8_t other[10] = {0xE0};
    assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_SEAL_ID, 0, (struct bulla_bytes){other, 10}, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_SEAL_ID, 0, (struct bulla_bytes){seal_id, 9}, &fault), BULLA_REFUSED);
    assert_value(&record, BULLA_GBT_SEAL_ID, 0, "");
}

static struct bulla_gbt_mark mark(const char *time, const char *place)
{
    return (struct bulla_gbt_mark){view(time), view(place), view("R0000001"), view("12345678900042")};
}

/* [GBT-A1-12] to [GBT-A1-19] The last three closings and openings, newest first. */
static void rings_keep_the_last_three(void **state)
{
    (void)state;
    static const char *const times[] = {"202603010100", "20260301020000", "202603010300", "20260301040000", "202603010500"};
    static const char *const places[] = {"One", "Two", "Three", "Four", "Five"};
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
    struct bulla_fault fault;
    for (unsigned i = 0; i < 5; i++) {
        struct bulla_gbt_mark m = mark(times[i], places[i]);
        m.reader = view(i == 4 ? "R5" : "R1");
        assert_int_equal(bulla_gbt_close(&record, &m, &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_open(&record, &m, &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
        for (unsigned j = 0; j < 3; j++) {
            assert_value(&record, BULLA_GBT_CLOSED_AT, j, j <= i ? times[i - j] : "");
            assert_value(&record, BULLA_GBT_CLOSED_PLACE, j, j <= i ? places[i - j] : "");
            assert_value(&record, BULLA_GBT_OPENED_AT, j, j <= i ? times[i - j] : "");
            assert_value(&record, BULLA_GBT_OPENED_PLACE, j, j <= i ? places[i - j] : "");
        }
    }
    assert_value(&record, BULLA_GBT_CLOSED_READER, 0, "R5");
    assert_value(&record, BULLA_GBT_OPENED_BY, 0, "12345678900042");
}

static void the_single_reading_keeps_the_last_one(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_SINGLE, BULLA_GBT_CARGO_NONE, 0);
    struct bulla_fault fault;
    struct bulla_gbt_mark first = mark("202603010100", "A place whose name needs more than twenty"), second = mark("202603010200", "Short");
    assert_int_equal(bulla_gbt_count(&record, BULLA_GBT_CLOSED_AT), 1);
    assert_int_equal(bulla_gbt_close(&record, &first, &fault), BULLA_OK);
    assert_value(&record, BULLA_GBT_CLOSED_PLACE, 0, "A place whose name needs more than twenty");
    assert_int_equal(bulla_gbt_close(&record, &second, &fault), BULLA_OK);
    assert_value(&record, BULLA_GBT_CLOSED_AT, 0, "202603010200");
    assert_value(&record, BULLA_GBT_CLOSED_PLACE, 0, "Short");
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
}

/* [GBT-5.2.2b] [GBT-A1-34] Each point of the process adds one record, until the nodes are full. */
static void nodes_fill_up(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 2);
    struct bulla_fault fault;
    struct bulla_gbt_mark m = mark("202603010100", "Gate");
    assert_int_equal(bulla_gbt_pass(&record, view(""), &m, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_pass(&record, view("QQ"), &m, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "node");
    struct bulla_gbt_mark timeless = mark("", "Gate");
    assert_int_equal(bulla_gbt_pass(&record, view("TY"), &timeless, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "at");
    assert_value(&record, BULLA_GBT_NODE, 0, "");
    assert_int_equal(bulla_gbt_pass(&record, view("TY"), &m, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_pass(&record, view("ZC"), &m, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_pass(&record, view("YT"), &m, &fault), BULLA_FULL);
    assert_value(&record, BULLA_GBT_NODE, 0, "TY");
    assert_value(&record, BULLA_GBT_NODE, 1, "ZC");
    assert_value(&record, BULLA_GBT_NODE_PLACE, 1, "Gate");
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    assert_string_equal(bulla_gbt_node_text(view("TY")), "into a yard");
    assert_string_equal(bulla_gbt_node_text(view("T")), "unknown");
}

static void a_mark_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 1);
    struct bulla_fault fault;
    static uint8_t before[sizeof memory];
    memcpy(before, memory, sizeof memory);
    struct bulla_gbt_mark m = mark("202603010100", "Gate");
    m.by = view("not a code");
    assert_int_equal(bulla_gbt_close(&record, &m, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "closed_by");
    assert_int_equal(bulla_gbt_open(&record, &m, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_pass(&record, view("IC"), &m, &fault), BULLA_REFUSED);
    m = mark("", "Gate");
    assert_int_equal(bulla_gbt_close(&record, &m, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "closed_at");
    assert_memory_equal(memory, before, sizeof memory);
}

/* [GBT-5.2.1b] [GBT-5.2.2a] [GBT-A1-39] At the end of a trip the variable data goes, with its code; the rest stays. */
static void the_end_of_a_trip_deletes_what_belongs_to_it(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_FULL, 2);
    struct bulla_fault fault;
    struct bulla_gbt_code code = {.set = false};
    const uint8_t digest[32] = {1, 2, 3};
    struct bulla_gbt_mark m = mark("202603010100", "Gate");
    record.len += 7; /* an extension */
    memset(memory + record.len - 7, 0xEE, 7);
    assert_int_equal(bulla_gbt_code_set(&record, &code, digest), BULLA_OK);
    put(&record, BULLA_GBT_SHIPPER, "Shipper");
    put(&record, BULLA_GBT_OTHER, "Other");
    assert_int_equal(bulla_gbt_close(&record, &m, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_pass(&record, view("VC"), &m, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    bulla_gbt_end_trip(&record, &code);
    assert_memory_equal(memory, seal_id, sizeof seal_id);
    assert_value(&record, BULLA_GBT_MAKER, 0, "123456789");
    for (size_t i = 29; i < 2339; i++)
        assert_int_equal(memory[i], ' ');
    for (size_t i = 2339; i < 2346; i++)
        assert_int_equal(memory[i], 0xEE);
    assert_false(code.set);
    assert_int_equal(record.rights, 0);
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    bulla_gbt_end_trip(&record, NULL);
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
}

/* Cargo opens to whoever knows the code; five wrong tries in a row close it until the trip ends. */
static void cargo_needs_its_code(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 0);
    struct bulla_fault fault;
    struct bulla_gbt_code code = {.set = false};
    struct bulla_bytes value = {NULL, 77};
    uint8_t right[32], wrong[32];
    memset(right, 7, sizeof right);
    memcpy(wrong, right, sizeof wrong);
    wrong[31] ^= 1;
    assert_int_equal(bulla_gbt_unlock(&record, &code, right), BULLA_REFUSED); /* none is set */
    assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_GOODS, 0, &value, &fault), BULLA_REFUSED);
    assert_int_equal(value.len, 77);
    assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_GOODS, 0, view("Paint"), &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_code_set(&record, &code, right), BULLA_OK);
    put(&record, BULLA_GBT_GOODS, "Paint");
    record.rights = 0; /* another reader comes */
    assert_int_equal(bulla_gbt_code_set(&record, &code, wrong), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_unlock(&record, &code, wrong), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_GOODS, 0, &value, &fault), BULLA_REFUSED);
    assert_string_equal(fault.expected, "the security code of the cargo first");
    assert_int_equal(bulla_gbt_unlock(&record, &code, right), BULLA_OK);
    assert_int_equal(code.wrong, 0);
    assert_value(&record, BULLA_GBT_GOODS, 0, "Paint");
    code.wrong = 3;
    assert_int_equal(bulla_gbt_code_set(&record, &code, wrong), BULLA_OK); /* who knows it may change it */
    assert_int_equal(code.wrong, 0);
    record.rights = 0;
    for (int i = 0; i < BULLA_GBT_CODE_TRIES; i++)
        assert_int_equal(bulla_gbt_unlock(&record, &code, right), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_unlock(&record, &code, wrong), BULLA_REFUSED); /* the right one by now, but too late */
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);             /* the check looks at all, and tells nothing of it */
    assert_int_equal(record.rights, 0);
}

/* A failing check leaves its arguments alone but for the fault, and a passing one leaves that alone too. */
static void checking_changes_nothing(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 1), before = record;
    struct bulla_fault fault = {"untouched", "untouched", 77};
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    assert_int_equal(fault.at, 77);
    memory[117] = 'Z';
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_INSANE);
    assert_int_equal(fault.at, 117);
    assert_memory_equal(&record, &before, sizeof record);
}

static void the_seconds_count_in_a_ring(void **state)
{
    (void)state;
    const struct {
        const char *newer, *older;
        bool ordered;
    } cases[] = {
        {"202603010815", "202603010815", true},      {"20260301081500", "202603010815", true}, {"202603010815", "20260301081500", true},
        {"202603010815", "20260301081501", false},   {"20260301081501", "202603010815", true}, {"20260301081510", "20260301081509", true},
        {"20260301081509", "20260301081510", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
        struct bulla_fault fault;
        assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_OPENED_AT, 0, view(cases[i].newer), &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_OPENED_AT, 1, view(cases[i].older), &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_check(&record, &fault), cases[i].ordered ? BULLA_OK : BULLA_INSANE);
    }
}

static void values_have_a_length(void **state)
{
    (void)state;
    assert_true(bulla_gbt_valid(BULLA_GBT_KIND_CODE, view("123"), 3));
    assert_false(bulla_gbt_valid(BULLA_GBT_KIND_CODE, view("1234"), 3));
    assert_false(bulla_gbt_valid(BULLA_GBT_KIND_CODE, view(""), 3));
}

/* Some lengths of ISO 6346 are no whole number of feet: the nominal length is then not compared. */
static void a_length_that_is_no_whole_number_of_feet(void **state)
{
    (void)state;
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
    struct bulla_fault fault;
    put(&record, BULLA_GBT_SIZE_TYPE, "A5G1");
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    put(&record, BULLA_GBT_SIZE_TYPE, "42G1");
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_INSANE);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(bulla_gbt_segment_text(BULLA_GBT_SEGMENT_NODE), "nodes");
    assert_string_equal(bulla_gbt_segment_text(BULLA_GBT_SEGMENTS), "unknown");
    assert_string_equal(bulla_gbt_kind_text(BULLA_GBT_KINDS), "unknown");
    assert_int_equal(bulla_gbt_reading_from("single"), BULLA_GBT_READING_SINGLE);
    assert_int_equal(bulla_gbt_reading_from("none"), -1);
    assert_string_equal(bulla_gbt_reading_text(BULLA_GBT_READING_RING), "ring");
    assert_string_equal(bulla_gbt_reading_text(2), "unknown");
    assert_int_equal(bulla_gbt_cargo_from("short"), BULLA_GBT_CARGO_SHORT);
    assert_int_equal(bulla_gbt_cargo_from("ring"), -1);
    assert_string_equal(bulla_gbt_cargo_text(BULLA_GBT_CARGO_FULL), "full");
    assert_string_equal(bulla_gbt_cargo_text(3), "unknown");
}

/* [GBT-5.2.3] Each of the three formats is selected, holds what it has room for, and refuses what it has not. */
static void each_format_is_selected(void **state)
{
    (void)state;
    static const struct {
        enum bulla_gbt_format format;
        size_t len;
        enum bulla_status status;
        unsigned cargo, n_nodes;
        enum bulla_gbt_format is;
    } cases[] = {
        {BULLA_GBT_FORMAT_SEAL, 365, BULLA_MORE, 0, 0, 0},
        {BULLA_GBT_FORMAT_SEAL, 366, BULLA_OK, BULLA_GBT_CARGO_NONE, 0, BULLA_GBT_FORMAT_SEAL},
        {BULLA_GBT_FORMAT_SEAL, 367, BULLA_REFUSED, 0, 0, 0},
        {BULLA_GBT_FORMAT_ANNEX_A, 365, BULLA_MORE, 0, 0, 0},
        {BULLA_GBT_FORMAT_ANNEX_A, 366, BULLA_MORE, 0, 0, 0},
        {BULLA_GBT_FORMAT_ANNEX_A, 366 + 2 * 58, BULLA_OK, BULLA_GBT_CARGO_NONE, 2, BULLA_GBT_FORMAT_ANNEX_A},
        {BULLA_GBT_FORMAT_ANNEX_A, 366 + 357, BULLA_OK, BULLA_GBT_CARGO_SHORT, 0, BULLA_GBT_FORMAT_ANNEX_A},
        {BULLA_GBT_FORMAT_ANNEX_A, 366 + 1857 + 58, BULLA_OK, BULLA_GBT_CARGO_FULL, 1, BULLA_GBT_FORMAT_ANNEX_A},
        {BULLA_GBT_FORMAT_ANNEX_A, 367, BULLA_REFUSED, 0, 0, 0},
        {BULLA_GBT_FORMAT_FOREIGN, 366, BULLA_MORE, 0, 0, 0},
        {BULLA_GBT_FORMAT_FOREIGN, 367, BULLA_OK, BULLA_GBT_CARGO_NONE, 0, BULLA_GBT_FORMAT_FOREIGN},
        {BULLA_GBT_FORMAT_FOREIGN, 366 + 357, BULLA_OK, BULLA_GBT_CARGO_NONE, 0, BULLA_GBT_FORMAT_FOREIGN},
        {(enum bulla_gbt_format)3, 366, BULLA_REFUSED, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_gbt record = {.len = 77};
        struct bulla_fault fault;
        assert_int_equal(bulla_gbt_select(memory, cases[i].len, BULLA_GBT_READING_RING, cases[i].format, &record, &fault), cases[i].status);
        if (cases[i].status == BULLA_OK) {
            assert_int_equal(record.cargo, cases[i].cargo);
            assert_int_equal(record.n_nodes, cases[i].n_nodes);
            assert_int_equal(bulla_gbt_format(&record), cases[i].is);
            assert_int_equal(bulla_gbt_extension(&record).len, 0);
        } else {
            assert_int_equal(record.len, 77);
        }
    }
    for (unsigned format = 0; format < 3; format++)
        assert_int_equal(bulla_gbt_format_from(bulla_gbt_format_text(format)), format);
    assert_string_equal(bulla_gbt_format_text(3), "unknown");
    assert_int_equal(bulla_gbt_format_from("annex-b"), -1);
}

/* [GBT-5.2.3] [GBT-5.2.2c] Cargo in another format is kept as it is, wants the code of the cargo, and goes with the trip. */
static void foreign_cargo_is_kept_guarded_and_deleted(void **state)
{
    (void)state;
    static const uint8_t cargo[40] = {0x00, 0xFF, 0x80, 'x'}, digest[32] = {1};
    uint8_t inherent[29];
    struct bulla_gbt record;
    struct bulla_fault fault;
    struct bulla_bytes got = {NULL, 0};
    struct bulla_gbt_code code = {.set = false};
    hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
    assert_int_equal(bulla_gbt_select(memory, 366 + sizeof cargo, BULLA_GBT_READING_RING, BULLA_GBT_FORMAT_FOREIGN, &record, &fault),
                     BULLA_OK);
    memcpy(inherent, memory, sizeof inherent);
    assert_int_equal(bulla_gbt_code_set(&record, &code, digest), BULLA_OK);
    record.rights = 0; /* somebody else comes */
    assert_int_equal(bulla_gbt_foreign_get(&record, &got, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_foreign_put(&record, (struct bulla_bytes){cargo, sizeof cargo}, &fault), BULLA_REFUSED);
    assert_int_equal(memory[366], 0xA5);
    assert_int_equal(bulla_gbt_unlock(&record, &code, digest), BULLA_OK);
    assert_int_equal(bulla_gbt_foreign_put(&record, (struct bulla_bytes){cargo, sizeof cargo - 1}, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_foreign_put(&record, (struct bulla_bytes){cargo, sizeof cargo}, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_foreign_get(&record, &got, &fault), BULLA_OK);
    assert_int_equal(got.len, sizeof cargo);
    assert_memory_equal(got.at, cargo, sizeof cargo);
    assert_int_equal(memory[366 + sizeof cargo], 0xA5); /* and nothing behind it */
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    assert_int_equal(bulla_gbt_count(&record, BULLA_GBT_GOODS), 0);
    bulla_gbt_end_trip(&record, &code);
    assert_memory_equal(memory, inherent, sizeof inherent);
    for (size_t i = sizeof inherent; i < record.len; i++)
        assert_int_equal(memory[i], ' ');
    assert_int_equal(memory[record.len], 0xA5);
    assert_int_equal(bulla_gbt_foreign_get(&record, &got, &fault), BULLA_REFUSED);
    bulla_gbt_init(&record);
    assert_int_equal(memory[0], ' ');
    record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 0);
    record.rights = BULLA_GBT_RIGHT_CARGO;
    assert_int_equal(bulla_gbt_foreign_get(&record, &got, &fault), BULLA_REFUSED);
    assert_int_equal(bulla_gbt_foreign_put(&record, (struct bulla_bytes){cargo, sizeof cargo}, &fault), BULLA_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_the_sizes_of_the_standard),
        cmocka_unit_test(the_length_tells_the_layout),
        cmocka_unit_test(a_given_layout_leaves_an_extension),
        cmocka_unit_test(putting_refuses_and_touches_nothing),
        cmocka_unit_test(inherent_fields_are_written_once),
        cmocka_unit_test(rings_keep_the_last_three),
        cmocka_unit_test(the_single_reading_keeps_the_last_one),
        cmocka_unit_test(nodes_fill_up),
        cmocka_unit_test(a_mark_is_written_whole_or_not_at_all),
        cmocka_unit_test(the_end_of_a_trip_deletes_what_belongs_to_it),
        cmocka_unit_test(cargo_needs_its_code),
        cmocka_unit_test(checking_changes_nothing),
        cmocka_unit_test(the_seconds_count_in_a_ring),
        cmocka_unit_test(values_have_a_length),
        cmocka_unit_test(a_length_that_is_no_whole_number_of_feet),
        cmocka_unit_test(words),
        cmocka_unit_test(each_format_is_selected),
        cmocka_unit_test(foreign_cargo_is_kept_guarded_and_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
