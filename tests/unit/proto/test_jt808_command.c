/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808 commands: each as the device must receive it, in both editions, and what is refused. Passwords stay out of
 * observations.
 */
#include "tests/unit/proto/jt808_frames.h"

#define DEVICE    "13900001234"
#define HEAD_2013 "013900001234"
#define HEAD_2019 "00000000013900001234"

/* "name=value name=value" -> args; "~" stands for a blank. */
static struct proto_args args_of(char *text)
{
    struct proto_args args = {.n = 0};
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        for (char *p = value; *p; p++) {
            *p = *p == '~' ? ' ' : *p;
        }
        args.arg[args.n++] = (struct proto_arg){word, value};
    }
    return args;
}

static enum bulla_status encode(struct wire *wire, const char *device, const char *command, const char *arguments, char *hex, size_t size)
{
    char text[800];
    uint8_t buffer[2400];
    assert_true(strlen(arguments) < sizeof text);
    strcpy(text, arguments);
    struct proto_args args = args_of(text);
    struct bulla_writer out = bulla_writer_over(buffer, sizeof buffer);
    enum bulla_status status = proto_jt808.encode(&wire->link, device, command, &args, &out);
    assert_true(2 * out.len < size);
    bulla_hex_put(hex, out.at, out.len);
    return status;
}

struct expected {
    const char *command, *arguments;
    const char *id;                    /* of the message */
    const char *body_2013, *body_2019; /* NULL: the same */
};

static const struct expected table[] = {
    {"unlock", "", "8500", "00", "0001000100"},
    {"lock", "", "8500", "01", "0001000101"},
    {"unlock", "via=8500", "8500", "00", "0001000100"},
    {"unlock", "via=8105 code=65", "8105", "65", NULL},
    {"unlock", "via=8300 text=OPEN,1", "8300", "014F50454E2C31", "01014F50454E2C31"},
    {"lock", "via=8900 text=LOCK#", "8900", "F04C4F434B23", NULL},
    {"lock", "via=8900 type=41 text=LOCK#", "8900", "414C4F434B23", NULL},
    {"interval", "seconds=30", "8103",
     "02"
     "00000020"
     "04"
     "00000000"
     "00000029"
     "04"
     "0000001E",
     NULL},
    {"interval", "seconds=30 sleep=3600", "8103",
     "03"
     "00000020"
     "04"
     "00000000"
     "00000029"
     "04"
     "0000001E"
     "00000027"
     "04"
     "00000E10",
     NULL},
    {"locate", "", "8201", "", NULL},
    {"track", "seconds=10 duration=600", "8202", "000A00000258", NULL},
    {"track", "seconds=0", "8202", "0000", NULL},
    {"restart", "", "8105", "04", NULL},
    {"power-off", "", "8105", "03", NULL},
    {"params-get", "", "8104", "", NULL},
    {"params-get", "ids=13,29,F030", "8106",
     "03"
     "00000013"
     "00000029"
     "0000F030",
     NULL},
    {"params-set", "id=1 value=10", "8103",
     "01"
     "00000001"
     "04"
     "0000000A",
     NULL},
    {"params-set", "id=13 value=a.b.org", "8103",
     "01"
     "00000013"
     "07"
     "612E622E6F7267",
     NULL},
    {"params-set", "id=84 value=2", "8103",
     "01"
     "00000084"
     "01"
     "02",
     NULL},
    {"params-set", "id=31 value=500", "8103",
     "01"
     "00000031"
     "02"
     "01F4",
     NULL},
    {"params-set", "id=F030 value=AT+X~1 type=text", "8103",
     "01"
     "0000F030"
     "06"
     "41542B582031",
     NULL},
    {"params-set", "id=F031 value=7d7e type=hex", "8103",
     "01"
     "0000F031"
     "02"
     "7D7E",
     NULL},
    {"attributes", "", "8107", "", NULL},
    {"text", "text=HELLO", "8300", "0148454C4C4F", "010148454C4C4F"},
    {"text", "text=HELLO flags=9 kind=2", "8300", "0948454C4C4F", "090248454C4C4F"},
    {"pass-through", "type=F0 text=STATUS", "8900", "F0535441545553", NULL},
    {"pass-through", "type=41 hex=7E7D00", "8900", "417E7D00", NULL},
    {"photo", "", "8801",
     "01"
     "0001"
     "0000"
     "00"
     "02"
     "05"
     "80"
     "40"
     "40"
     "80",
     NULL},
    {"photo", "channel=2 count=65535 save=1 quality=10", "8801",
     "02"
     "FFFF"
     "0000"
     "01"
     "02"
     "0A"
     "80"
     "40"
     "40"
     "80",
     NULL},
    {"alarm-confirm", "", "8203",
     "0000"
     "18700009",
     NULL},
    {"alarm-confirm", "serial=9 mask=1", "8203",
     "0009"
     "00000001",
     NULL},
    {"driver-card", "", "8702", "", NULL},
    {"area-circle", "id=7 lat=31.5 lon=121.25 radius=500", "8600",
     "0101"
     "00000007"
     "0028"
     "01E0A6E0"
     "073A20D0"
     "000001F4",
     "0101"
     "00000007"
     "0028"
     "01E0A6E0"
     "073A20D0"
     "000001F4"
     "0000"},
    {"area-circle", "id=7 lat=-31.5 lon=-121.25 radius=500 speed=80 seconds=10 start=2026-01-01T00:00:00Z end=2026-01-02T00:00:00Z", "8600",
     "0101"
     "00000007"
     "00EB"
     "01E0A6E0"
     "073A20D0"
     "000001F4"
     "260101080000"
     "260102080000"
     "0050"
     "0A",
     "0101"
     "00000007"
     "00EB"
     "01E0A6E0"
     "073A20D0"
     "000001F4"
     "260101080000"
     "260102080000"
     "0050"
     "0A"
     "0000"
     "0000"},
    {"area-polygon", "id=8 points=1,2;1,3;2,3 name=YARD", "8604",
     "00000008"
     "0028"
     "0003"
     "000F4240"
     "001E8480"
     "000F4240"
     "002DC6C0"
     "001E8480"
     "002DC6C0",
     "00000008"
     "0028"
     "0003"
     "000F4240"
     "001E8480"
     "000F4240"
     "002DC6C0"
     "001E8480"
     "002DC6C0"
     "0004"
     "59415244"},
    {"area-circle-delete", "ids=7,8", "8601",
     "02"
     "00000007"
     "00000008",
     NULL},
    {"area-polygon-delete", "", "8605", "00", NULL},
    {"raw", "id=8310 body=017e", "8310", "017E", NULL},
    {"raw", "id=8104", "8104", "", NULL},
};

static void check_frame(const char *hex, const struct expected *e, bool versioned, unsigned serial)
{
    const char *body = versioned && e->body_2019 ? e->body_2019 : e->body_2013;
    char expected[1200];
    snprintf(expected, sizeof expected, "%s%04X%s%s%04X%s", e->id, (unsigned)(strlen(body) / 2 | (versioned ? 0x4000 : 0)),
             versioned ? "01" : "", versioned ? HEAD_2019 : HEAD_2013, serial, body);
    struct bytes want = from_hex(expected), got = content_of(hex);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.at, want.at, want.n);
}

static void test_each_command(void **state)
{
    (void)state;
    for (int versioned = 0; versioned < 2; versioned++) {
        struct wire wire;
        open_wire(&wire);
        for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
            char hex[5000], arguments[800];
            snprintf(arguments, sizeof arguments, "%s version=%s", table[i].arguments, versioned ? "2019" : "2013");
            enum bulla_status status = encode(&wire, DEVICE, table[i].command, arguments, hex, sizeof hex);
            if (status != BULLA_OK) {
                fail_msg("%s %s: %s", table[i].command, arguments, wire.link.error);
            }
            check_frame(hex, &table[i], versioned, i);
        }
        wire_close(&wire);
    }
}

/* The device's own words decide the edition, the phone bytes and the delimiter; serials go on behind replies. */
static void test_header_of_the_device(void **state)
{
    (void)state;
    struct wire wire;
    char hex[200];
    open_wire(&wire);
    feed_hex(&wire, "00024000"
                    "05" HEAD_2019 "0007");
    assert_int_equal(encode(&wire, DEVICE, "unlock", "", hex, sizeof hex), BULLA_OK);
    struct bytes want = from_hex("85004005"
                                 "05" HEAD_2019 "0001"
                                 "0001000100"),
                 got = content_of(hex);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.at, want.at, want.n);
    wire_close(&wire);

    open_wire(&wire); /* binary IMEI */
    feed_hex(&wire, "00020000"
                    "4EB6FB4AFD9E"
                    "0007");
    assert_int_equal(encode(&wire, "865478070102068", "lock", "", hex, sizeof hex), BULLA_OK);
    want = from_hex("85000001"
                    "4EB6FB4AFD9E"
                    "0001"
                    "01");
    got = content_of(hex);
    assert_memory_equal(got.at, want.at, want.n);
    wire_close(&wire);

    open_wire(&wire); /* nothing heard: the name tells */
    assert_int_equal(encode(&wire, "865478070102068", "lock", "version=2013", hex, sizeof hex), BULLA_OK);
    assert_memory_equal(content_of(hex).at + 4, from_hex("4EB6FB4AFD9E").at, 6);
    assert_int_equal(encode(&wire, "1234567890123456", "lock", "", hex, sizeof hex), BULLA_OK);
    assert_memory_equal(content_of(hex).at + 4,
                        from_hex("01"
                                 "00001234567890123456")
                            .at,
                        11);
    wire_close(&wire);
}

static void test_jointech_text(void **state)
{
    (void)state;
    struct wire wire;
    char hex[200];
    open_wire(&wire);
    assert_int_equal(encode(&wire, "794100001234", "jointech", "group=BASE number=5 fields=30,60", hex, sizeof hex), BULLA_OK);
    struct bytes got = from_hex(hex);
    static const char want[] = "(794100001234,1,001,BASE,5,30,60)";
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.at, want, got.n);
    assert_int_equal(encode(&wire, "794100001234", "jointech", "group=BASE number=5 fields=1)(2", hex, sizeof hex), BULLA_REFUSED);
    wire_close(&wire);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *device, *command, *arguments, *names; /* what the error must name */
    } wrong[] = {
        {DEVICE, "fly", "", "command"},
        {DEVICE, "interval", "", "seconds"},
        {DEVICE, "interval", "seconds=0", "seconds"},
        {DEVICE, "interval", "seconds=30 colour=1", "colour"},
        {DEVICE, "unlock", "via=9999", "via"},
        {DEVICE, "unlock", "via=8105", "code"},
        {DEVICE, "unlock", "via=8105 code=100", "code"},
        {DEVICE, "unlock", "via=8300", "text"},
        {DEVICE, "unlock", "version=2020", "version"},
        {"AB1", "unlock", "", "device"},
        {"", "unlock", "", "device"},
        {"1234567890123", "unlock", "version=2013", "device"},
        {"123456789012345678901", "unlock", "", "device"},
        {DEVICE, "params-set", "id=XY value=1", "id"},
        {DEVICE, "params-set", "id=1 value=4294967296", "value"},
        {DEVICE, "params-set", "id=1 value=1 type=float", "type"},
        {DEVICE, "params-set", "id=F031 value=123 type=hex", "value"},
        {DEVICE, "params-set", "id=13 value=\xe4\xb8\xad", "value"},
        {DEVICE, "params-get", "ids=13,", "ids"},
        {DEVICE, "params-get", "ids=zz", "ids"},
        {DEVICE, "photo", "quality=11", "quality"},
        {DEVICE, "alarm-confirm", "mask=2", "mask"},
        {DEVICE, "area-circle", "id=1 lat=90.1 lon=0 radius=5", "lat"},
        {DEVICE, "area-circle", "id=1 lat=1 lon=180.5 radius=5", "lon"},
        {DEVICE, "area-circle", "id=1 lat=1 lon=x radius=5", "lon"},
        {DEVICE, "area-circle", "id=1 lat=1 lon=1 radius=0", "radius"},
        {DEVICE, "area-circle", "id=1 lat=1 lon=1 radius=5 start=2026-01-01T00:00:00Z", "end"},
        {DEVICE, "area-polygon", "id=1 points=1,2;3,4", "points"},
        {DEVICE, "area-polygon", "id=1 points=1,2;-3,4;5,6", "points"},
        {DEVICE, "area-polygon", "id=1 points=1,2;3", "points"},
        {DEVICE, "area-circle-delete", "ids=1,x", "ids"},
        {DEVICE, "raw", "id=10000", "id"},
        {DEVICE, "raw", "id=8300 body=0", "body"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct wire wire;
        char hex[5000];
        open_wire(&wire);
        enum bulla_status status = encode(&wire, wrong[i].device, wrong[i].command, wrong[i].arguments, hex, sizeof hex);
        if (status != BULLA_REFUSED) {
            fail_msg("%s %s: expected refused, got %s", wrong[i].command, wrong[i].arguments, bulla_status_text(status));
        }
        if (!strstr(wire.link.error, wrong[i].names)) {
            fail_msg("%s %s: expected an error about %s, got: %s", wrong[i].command, wrong[i].arguments, wrong[i].names, wire.link.error);
        }
        assert_int_equal(strlen(hex), 0);
        wire_close(&wire);
    }
}

static void test_does_not_fit(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    for (size_t size = 0; size < 15; size++) {
        uint8_t *exact = malloc(size ? size : 1);
        struct bulla_writer out = bulla_writer_over(exact, size);
        struct proto_args args = {.n = 0};
        assert_int_equal(proto_jt808.encode(&wire.link, DEVICE, "locate", &args, &out), BULLA_FULL);
        free(exact);
    }
    wire_close(&wire);
}

/* Every command says which answer belongs to it, and the decoder names that answer so. */
static void test_answers_are_named(void **state)
{
    (void)state;
    for (const struct proto_command *c = proto_jt808.commands; c->name; c++) {
        if (!c->answers) {
            continue;
        }
        struct wire wire;
        char content[100];
        open_wire(&wire);
        snprintf(content, sizeof content,
                 "00010005" PHONE "0001"
                 "0009%s00",
                 c->answers);
        feed_hex(&wire, content);
        json_t *result = json_object_get(json_array_get(wire.observations, 0), "result");
        assert_string_equal(text_at(result, NULL, "command"), c->answers);
        assert_int_equal(json_integer_value(json_object_get(result, "serial")), 9);
        assert_string_equal(text_at(result, NULL, "verdict"), "accepted");
        wire_close(&wire);
    }
}

/* ---- secrets ---- */

static void test_passwords_stay_out(void **state)
{
    (void)state;
    static const char *const contents[] = {
        "02000037" PHONE "0001"
        "00000000"
        "00000002" PLACE "6708"
        "3234363831303132"
        "6902019F"
        "6A0114"
        "6B010960040001003100", /* HHD */
        "0200002D" PHONE "0001"
        "00000000"
        "00040002" PLACE "F9020007"
        "D50201A2"
        "0B0801323436383130"
        "65", /* JT709 */
        "02000052" PHONE "0001"
        "00000000"
        "00000002" PLACE "3334"
        "2A4D30302C34352C313133383630304F70657230303031263030303030303030303030302632343638313032343638313030303026"
        "23",
        "60060010" PHONE "0001"
        "00"
        "505744"
        "3D"
        "323436383130"
        "2C4F4B0D",
        "01040017" PHONE "0001"
        "000901"
        "00000012"
        "0F"
        "323436383130323436383130323436",
    };
    static const char text[] = "(794100001234,1,001,ELOCK,3,246810)(794100001234,1,001,ELOCK,9,1,246810)";
    struct wire wire;
    open_wire(&wire);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        struct bytes content = from_hex(contents[i]);
        size_t body = content.n - 12;
        content.at[2] = (uint8_t)(body >> 8);
        content.at[3] = (uint8_t)body;
        char hex[2 * BYTES_MAX + 1];
        bulla_hex_put(hex, content.at, content.n);
        feed_hex(&wire, hex);
    }
    wire_feed(&wire, (const uint8_t *)text, sizeof text - 1, 0);
    assert_int_equal(observed(&wire), sizeof contents / sizeof *contents + 2);
    char *said = json_dumps(wire.observations, 0);
    assert_null(strstr(said, "246810"));
    free(said);
    wire_close(&wire);
}

/* A code is 128 random bits, another one each time, and never made without randomness. */
static void test_authentication_code(void **state)
{
    (void)state;
    struct wire wire;
    open_wire(&wire);
    const char *content = "01000025" PHONE "0001"
                          "002C0133"
                          "4D414B4552"
                          "4D4F44454C000000000000000000000000000000"
                          "49443030303031"
                          "02";
    feed_hex(&wire, content);
    feed_hex(&wire, content);
    struct bytes a = content_of(reply_at(&wire, 0)), b = content_of(reply_at(&wire, 1));
    assert_int_equal(a.n, 12 + 3 + 32);
    assert_int_equal(a.at[14], 0);
    assert_memory_not_equal(a.at + 15, b.at + 15, 32);
    wire.link.random = NULL;
    feed_hex(&wire, content);
    struct bytes c = content_of(reply_at(&wire, 2));
    assert_int_equal(c.n, 12 + 3);
    assert_int_equal(c.at[14], 4);
    wire_close(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_command),       cmocka_unit_test(test_header_of_the_device),
        cmocka_unit_test(test_jointech_text),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_does_not_fit),       cmocka_unit_test(test_answers_are_named),
        cmocka_unit_test(test_passwords_stay_out), cmocka_unit_test(test_authentication_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
