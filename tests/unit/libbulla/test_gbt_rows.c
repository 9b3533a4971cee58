/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: table A.1 of GB/T 23678, row by row as the standard prints it, not as our table has it: where a field lies, how long
 * it is, what it takes and what it refuses, and that it is padded with blanks.
 */
#include "tests/unit/libbulla/gbt_support.h"

#define VALUES 24

struct row {
    enum bulla_gbt_field field;
    unsigned at, bytes; /* of the first entry */
    const char *good[VALUES], *wrong[VALUES];
};

/* The value lies where the standard puts it, blanks follow it to the end of the field, and nothing else changes. */
static void takes(const struct row *row, const char *value)
{
    static uint8_t expected[SIZE_MAX_TESTED];
    struct bulla_gbt record = blank(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_FULL, 1, ALL_RIGHTS);
    memcpy(expected, memory, sizeof expected);
    memset(expected + row->at, ' ', row->bytes);
    memcpy(expected + row->at, value, strlen(value));
    put(&record, row->field, value);
    assert_memory_equal(memory, expected, sizeof memory);
    assert_value(&record, row->field, 0, value);
}

static void refuses(const struct row *row, const char *value)
{
    static uint8_t before[SIZE_MAX_TESTED];
    struct bulla_gbt record = blank(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_FULL, 1, ALL_RIGHTS);
    struct bulla_fault fault;
    memcpy(before, memory, sizeof before);
    if (bulla_gbt_put(&record, row->field, 0, view(value), &fault) != BULLA_REFUSED)
        fail_msg("%s takes \"%s\"", bulla_gbt_about[row->field].name, value);
    assert_string_equal(fault.field, bulla_gbt_about[row->field].name);
    assert_in_range(fault.at, row->at, row->at + row->bytes);
    assert_memory_equal(memory, before, sizeof memory);
}

/* As many characters as the field has, and one more. */
static void has_its_length(const struct row *row)
{
    char chars[1502];
    unsigned kind = bulla_gbt_about[row->field].kind;
    if (kind != BULLA_GBT_KIND_TEXT && kind != BULLA_GBT_KIND_CODE)
        return;
    memset(chars, 'A', row->bytes + 1);
    chars[row->bytes + 1] = '\0';
    refuses(row, chars);
    chars[row->bytes] = '\0';
    takes(row, chars);
}

static void try_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned j = 0; j < VALUES && rows[i].good[j]; j++)
            takes(&rows[i], rows[i].good[j]);
        for (unsigned j = 0; j < VALUES && rows[i].wrong[j]; j++)
            refuses(&rows[i], rows[i].wrong[j]);
        has_its_length(&rows[i]);
    }
}

#define TRY(rows) try_rows((rows), sizeof(rows) / sizeof *(rows))

/* clang-format off */
static void inherent_fields(void **state)
{
    static const struct row rows[] = {
        /* [GBT-A1-2] */ {BULLA_GBT_MADE, 10, 8, {"20260228", "20240229", "20001231"},
                          {"20260229", "20261301", "20260100", "20260132", "2026010", "202601011", "2026-1-1"}},
        /* [GBT-A1-3] */ {BULLA_GBT_MAKER, 18, 9, {"123456789", "AB1"}, {"1234 6789", "12345678-"}},
    };
    (void)state;
    TRY(rows);
}

static void container_fields(void **state)
{
    static const struct row rows[] = {
        /* [GBT-A1-7] */  {BULLA_GBT_LENGTH, 44, 2, {"20", "40", "45"}, {"2", "4O", "-4", "020"}},
        /* [GBT-A1-8] */  {BULLA_GBT_TARE, 46, 5, {"02300", "00000", "99999"}, {"2300", "100000", "-2300", "0230x", "2.300"}},
        /* [GBT-A1-9] */  {BULLA_GBT_RATED, 51, 6, {"030480", "999999"}, {"30480", "1030480", "03048x"}},
        /* [GBT-A1-10] */ {BULLA_GBT_OPERATOR, 57, 60, {"COSCO", "A & B, Co."}, {"COSCO ", "Caf\xc3\xa9", "a\tb"}},
    };
    (void)state;
    TRY(rows);
}

static void security_fields(void **state)
{
    static const struct row rows[] = {
        /* [GBT-A1-11] */ {BULLA_GBT_STATE, 117, 1, {"Y", "N"}, {"y", "n", "1", "X", "YN"}},
        /* [GBT-A1-13] */ {BULLA_GBT_CLOSED_PLACE, 160, 20, {"Shanghai"}, {"\xe4\xb8\x8a\xe6\xb5\xb7"}},
        /* [GBT-A1-14] */ {BULLA_GBT_CLOSED_READER, 220, 8, {"R0000001", "1"}, {"R-1", "R 1"}},
        /* [GBT-A1-15] */ {BULLA_GBT_CLOSED_BY, 228, 14, {"12345678900042"}, {"123456789/0042"}},
        /* [GBT-A1-16] */ {BULLA_GBT_OPENED_AT, 242, 14, {"202602281200", "20260228120059"},
                           {"2026022812", "2026022812000", "202602282400", "202602281260", "20260228120060", "202602301200"}},
        /* [GBT-A1-17] */ {BULLA_GBT_OPENED_PLACE, 284, 20, {"Ningbo"}, {"Ning\nbo"}},
        /* [GBT-A1-18] */ {BULLA_GBT_OPENED_READER, 344, 8, {"R0000002"}, {"R_2"}},
    };
    (void)state;
    TRY(rows);
}

static void cargo_fields(void **state)
{
    static const struct row rows[] = {
        /* [GBT-A1-20] */ {BULLA_GBT_TRANSPORT, 366, 35, {"MV Example", "K123"}, {"\xff"}},
        /* [GBT-A1-21] */ {BULLA_GBT_SHIP, 401, 12, {"9074729"}, {"IMO 9074729"}},
        /* [GBT-A1-22] */ {BULLA_GBT_VOYAGE, 413, 8, {"012W", "K123"}, {"012-W"}},
        /* [GBT-A1-23] */ {BULLA_GBT_WAYBILL, 421, 20, {"BL-2026/00042"}, {"\x7f"}},
        /* [GBT-A1-24] */ {BULLA_GBT_ORIGIN, 441, 20, {"Ningbo"}, {"Ningbo "}},
        /* [GBT-A1-25] */ {BULLA_GBT_DESTINATION, 461, 20, {"Mombasa"}, {"Mombasa\r"}},
        /* [GBT-A1-26] */ {BULLA_GBT_SHIPPER, 481, 100, {"Sender Ltd"}, {"S\xc3\xa9nder"}},
        /* [GBT-A1-27] */ {BULLA_GBT_CONSIGNEE, 581, 100, {"Receiver BV"}, {"R\x01"}},
        /* [GBT-A1-28] */ {BULLA_GBT_GOODS, 681, 30, {"fish, frozen"}, {"fish\n"}},
        /* [GBT-A1-29] */ {BULLA_GBT_DANGER, 711, 3,
                           {"1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2", "2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1", "5.2",
                            "6.1", "6.2", "7", "8", "9"},
                           {"0", "10", "1.7", "1.0", "2.4", "3.1", "4", "4.4", "5", "5.3", "6", "6.3", "9.1", "A"}},
        /* [GBT-A1-30] */ {BULLA_GBT_UN, 714, 4, {"0004", "1203", "9999"}, {"0000", "123", "12034", "UN12", "-123"}},
        /* [GBT-A1-31] */ {BULLA_GBT_TEMPERATURE, 718, 4, {"0005", "-018", "0000", "-100"}, {"5", "-18", "+018", "-000", "-1.5", "00 5"}},
        /* [GBT-A1-32] */ {BULLA_GBT_UNIT, 722, 1, {"F", "C"}, {"K", "c", "f", "0"}},
        /* [GBT-A1-33] */ {BULLA_GBT_OTHER, 723, 1500, {"<any:characters/that=somebody+has*agreed#on>"}, {"\x80"}},
    };
    (void)state;
    TRY(rows);
}

static void process_fields(void **state)
{
    static const struct row rows[] = {
        /* [GBT-A1-35] */ {BULLA_GBT_NODE_AT, 2225, 14, {"202602281200", "20260228120001"}, {"20260228", "2026022812000", "202602291200"}},
        /* [GBT-A1-36] */ {BULLA_GBT_NODE_PLACE, 2239, 20, {"Gate 4"}, {"\xc3\xa9"}},
        /* [GBT-A1-37] */ {BULLA_GBT_NODE_READER, 2259, 8, {"R0000003"}, {"R.3"}},
    };
    (void)state;
    TRY(rows);
}
/* clang-format on */

/* [GBT-A1-2] [GBT-A1-3] What the factory wrote is only read from then on. */
static void inherent_fields_are_read_only(void **state)
{
    (void)state;
    static const enum bulla_gbt_field fields[] = {BULLA_GBT_MADE, BULLA_GBT_MAKER, BULLA_GBT_TYPE};
    static const char *const values[] = {"20260102", "987654321", "24"};
    for (unsigned rights = 0; rights < 4; rights++)
        for (unsigned i = 0; i < 3; i++) {
            struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
            struct bulla_fault fault;
            record.rights = (uint8_t)rights;
            assert_int_equal(bulla_gbt_put(&record, fields[i], 0, view(values[i]), &fault), BULLA_REFUSED);
            assert_int_equal(bulla_gbt_put(&record, fields[i], 0, view(""), &fault), BULLA_REFUSED);
        }
}

/* [GBT-A1-7] The nominal length is that of the size and type code. [GBT-A1-9] The rated mass is at least the tare. */
static void length_and_masses_agree(void **state)
{
    (void)state;
    static const struct {
        const char *size_type, *length, *tare, *rated, *wrong;
    } cases[] = {
        {"22G1", "20", "02300", "030480", NULL},        {"45R1", "40", "04000", "034000", NULL},
        {"L5G1", "45", "04700", "004700", NULL},        {"22G1", "40", "02300", "030480", "length_ft"},
        {"45R1", "20", "04000", "034000", "length_ft"}, {"22G1", "20", "02300", "002299", "rated_kg"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0);
        struct bulla_fault fault = {.field = NULL};
        put(&record, BULLA_GBT_SIZE_TYPE, cases[i].size_type);
        put(&record, BULLA_GBT_LENGTH, cases[i].length);
        put(&record, BULLA_GBT_TARE, cases[i].tare);
        put(&record, BULLA_GBT_RATED, cases[i].rated);
        assert_int_equal(bulla_gbt_check(&record, &fault), cases[i].wrong ? BULLA_INSANE : BULLA_OK);
        if (cases[i].wrong)
            assert_string_equal(fault.field, cases[i].wrong);
    }
}

/* [GBT-A1-31] The number with its sign, and the range that can be: -100 to 100 C, or the same in Fahrenheit. */
static void temperatures_have_a_sign_and_a_range(void **state)
{
    (void)state;
    static const struct {
        int32_t number;
        const char *unit, *chars;
        bool can_be;
    } cases[] = {
        {-100, "C", "-100", true}, {100, "C", "0100", true}, {-101, "C", "-101", false}, {101, "C", "0101", false},
        {-148, "F", "-148", true}, {212, "F", "0212", true}, {-149, "F", "-149", false}, {213, "F", "0213", false},
        {0, "C", "0000", true},    {-1, "F", "-001", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_SHORT, 0);
        struct bulla_fault fault;
        struct bulla_bytes value;
        record.rights = BULLA_GBT_RIGHT_CARGO;
        assert_int_equal(bulla_gbt_put_number(&record, BULLA_GBT_TEMPERATURE, cases[i].number, &fault), BULLA_OK);
        put(&record, BULLA_GBT_UNIT, cases[i].unit);
        assert_value(&record, BULLA_GBT_TEMPERATURE, 0, cases[i].chars);
        assert_int_equal(bulla_gbt_get(&record, BULLA_GBT_TEMPERATURE, 0, &value, &fault), BULLA_OK);
        assert_int_equal(bulla_gbt_number(value), cases[i].number);
        assert_int_equal(bulla_gbt_check(&record, &fault), cases[i].can_be ? BULLA_OK : BULLA_INSANE);
    }
}

/* [GBT-5.1.1] After initialisation a seal holds its own identity and the container's data, and says so field by field. */
static void a_seal_keeps_itself_and_its_container(void **state)
{
    (void)state;
    static const struct {
        enum bulla_gbt_field field;
        const char *value;
    } held[] = {
        {BULLA_GBT_MADE, "20260101"},  {BULLA_GBT_MAKER, "123456789"}, {BULLA_GBT_TYPE, "43"},    {BULLA_GBT_CONTAINER, "CSQU3054383"},
        {BULLA_GBT_SIZE_TYPE, "22G1"}, {BULLA_GBT_LENGTH, "20"},       {BULLA_GBT_TARE, "02300"}, {BULLA_GBT_RATED, "030480"},
        {BULLA_GBT_OPERATOR, "COSCO"}, {BULLA_GBT_STATE, "Y"},
    };
    struct bulla_gbt record = hung(BULLA_GBT_READING_RING, BULLA_GBT_CARGO_NONE, 0), again;
    struct bulla_fault fault;
    struct bulla_bytes id;
    assert_int_equal(bulla_gbt_over(record.at, record.len, BULLA_GBT_READING_RING, &again, &fault), BULLA_OK); /* from its bytes alone */
    assert_int_equal(bulla_gbt_get(&again, BULLA_GBT_SEAL_ID, 0, &id, &fault), BULLA_OK);
    assert_int_equal(id.len, sizeof seal_id);
    assert_memory_equal(id.at, seal_id, sizeof seal_id);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        assert_value(&again, held[i].field, 0, held[i].value);
    assert_int_equal(bulla_gbt_check(&again, &fault), BULLA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inherent_fields),
        cmocka_unit_test(container_fields),
        cmocka_unit_test(security_fields),
        cmocka_unit_test(cargo_fields),
        cmocka_unit_test(process_fields),
        cmocka_unit_test(inherent_fields_are_read_only),
        cmocka_unit_test(length_and_masses_agree),
        cmocka_unit_test(temperatures_have_a_sign_and_a_range),
        cmocka_unit_test(a_seal_keeps_itself_and_its_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
