/* SPDX-License-Identifier: Apache-2.0
 *
 * What libbulla makes of bytes, as text: lines of "NOUN HEX" on standard input, and for each what its decoder says and what its
 * encoder makes of that again; then what a log, zones and images leave in flash. On every machine the same text has to come out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/attachment.h"
#include "bulla/frame.h"
#include "bulla/gbt.h"
#include "bulla/seal_id.h"
#include "bulla/supervision.h"
#include "bulla/tag.h"
#include "bulla/zone.h"
#include "tests/unit/libbulla/image_support.h"

#define LINE_MAX  (1u << 17)
#define ITEMS_MAX 256

static uint8_t again[1u << 16];

static void say_hex(const char *name, const uint8_t *at, size_t n)
{
    printf(" %s=", name);
    for (size_t i = 0; i < n; i++)
        printf("%02x", at[i]);
}

static void say_status(enum bulla_status status, const struct bulla_fault *fault)
{
    printf(" %s", bulla_status_text(status));
    if (status != BULLA_OK)
        printf(" %s at %u: expected %s", fault->field, (unsigned)fault->at, fault->expected);
}

static void say_block(struct bulla_bytes bytes)
{
    for (unsigned reading = 0; reading < 2; reading++) {
        struct bulla_chain c;
        struct bulla_fault fault;
        size_t n;
        enum bulla_status status = bulla_chain_decode(bytes, (enum bulla_reading)reading, BULLA_START_ANY, &c, &fault);
        say_status(status, &fault);
        if (status != BULLA_OK)
            continue;
        printf(" start=%u battery=%d secure=%d maker=%u spare=%u alpha=%s number=%u container=%s remarks=%u evidence=%u", c.block.start,
               c.block.battery_good, c.block.secure, c.block.maker, c.block.spare, c.block.alpha, (unsigned)c.block.number,
               c.block.container, bulla_block_remarks(&c.block),
               bulla_block_judge(&c.block, c.block.extended ? &c.extension : NULL, 0x5eed));
        if (c.block.extended)
            printf(" random=%04x free=%u", c.extension.random, c.n_free);
        status = bulla_chain_encode(&c, again, &n, &fault);
        say_status(status, &fault);
        say_hex("again", again, status == BULLA_OK ? n : 0);
    }
}

static void say_gbt(struct bulla_bytes bytes)
{
    struct bulla_gbt record;
    struct bulla_fault fault;
    memcpy(again, bytes.at, bytes.len);
    enum bulla_status status = bulla_gbt_over(again, bytes.len, BULLA_GBT_READING_RING, &record, &fault);
    say_status(status, &fault);
    if (status != BULLA_OK)
        return;
    record.rights = BULLA_GBT_RIGHT_CARGO;
    for (unsigned f = 0; f < BULLA_GBT_FIELDS; f++)
        for (unsigned i = 0; i < bulla_gbt_count(&record, (enum bulla_gbt_field)f); i++) {
            struct bulla_bytes value;
            if (bulla_gbt_get(&record, (enum bulla_gbt_field)f, i, &value, &fault) == BULLA_OK && value.len > 0)
                printf(" %s=%.*s(%d)", bulla_gbt_about[f].name, (int)value.len, (const char *)value.at, (int)bulla_gbt_number(value));
        }
    status = bulla_gbt_check(&record, &fault);
    say_status(status, &fault);
    status = bulla_gbt_put_number(&record, BULLA_GBT_TARE, 2345, &fault);
    say_status(status, &fault);
    bulla_gbt_end_trip(&record, NULL);
    printf(" crc=%04x", bulla_crc32(0, (struct bulla_bytes){record.at, record.len}));
}

static void say_container(struct bulla_bytes bytes)
{
    struct bulla_container container;
    struct bulla_candidate candidates[BULLA_CANDIDATES_MAX];
    struct bulla_size_type type;
    struct bulla_fault fault;
    enum bulla_status status = bulla_container_decode(bytes, &container, &fault);
    say_status(status, &fault);
    if (status == BULLA_OK)
        printf(" %s %s %u", container.number, container.category, container.remarks);
    size_t n = bulla_container_candidates(bytes, candidates, BULLA_CANDIDATES_MAX);
    for (size_t i = 0; i < n && i < BULLA_CANDIDATES_MAX; i++)
        printf(" %s:%u:%u", candidates[i].number, candidates[i].slip, candidates[i].at);
    status = bulla_size_type_decode(bytes, &type, &fault);
    say_status(status, &fault);
    if (status == BULLA_OK)
        printf(" %u %u %u-%u %u-%u %c %s %s", type.length_mm, type.length_ft, type.height_from_mm, type.height_to_mm, type.width_from_mm,
               type.width_to_mm, type.group, type.kind, type.detail);
}

static void say_supervision(struct bulla_bytes bytes)
{
    static struct bulla_supervision_item items[ITEMS_MAX];
    struct bulla_fault fault;
    size_t n = 0, len = 0;
    enum bulla_status status = bulla_supervision_decode(bytes, items, ITEMS_MAX, &n, &fault);
    say_status(status, &fault);
    for (size_t i = 0; i < n; i++) {
        printf(" %s=%u", bulla_supervision_about[items[i].field].name, (unsigned)items[i].number);
        say_hex("value", items[i].value.at, items[i].value.len);
    }
    if (status != BULLA_OK)
        return;
    status = bulla_supervision_encode(items, n, again, sizeof again, &len, &fault);
    say_status(status, &fault);
    say_hex("again", again, len);
}

static void say_attachment(struct bulla_bytes bytes)
{
    struct bulla_attachment a;
    struct bulla_fault fault;
    size_t n = 0;
    enum bulla_status status = bulla_attachment_decode(bytes, &a, &fault);
    say_status(status, &fault);
    if (status != BULLA_OK)
        return;
    printf(" %u %u %d %s", a.decides, (unsigned)a.size, a.has_md5, a.name);
    status = bulla_attachment_encode(&a, again, &n, &fault);
    say_status(status, &fault);
    say_hex("again", again, n);
}

static void say_tag(struct bulla_bytes bytes)
{
    struct bulla_tag tag;
    struct bulla_fault fault;
    uint8_t whole[BULLA_TAG_SIZE] = {0};
    memcpy(whole, bytes.at, bytes.len < sizeof whole ? bytes.len : sizeof whole);
    enum bulla_status status = bulla_tag_decode(whole, &tag, &fault);
    say_status(status, &fault);
    if (status != BULLA_OK)
        return;
    printf(" %s %s", tag.document, tag.plate);
    status = bulla_tag_encode(&tag, again, &fault);
    say_status(status, &fault);
    say_hex("again", again, BULLA_TAG_SIZE);
}

static void say_seal_id(struct bulla_bytes bytes)
{
    struct bulla_seal_id id;
    struct bulla_fault fault;
    uint8_t whole[BULLA_SEAL_ID_SIZE] = {0};
    memcpy(whole, bytes.at, bytes.len < sizeof whole ? bytes.len : sizeof whole);
    enum bulla_status status = bulla_seal_id_decode(whole, &id, &fault);
    say_status(status, &fault);
    if (status != BULLA_OK)
        return;
    printf(" %u %u %llu", id.designer, id.model, (unsigned long long)id.serial);
    status = bulla_seal_id_encode(&id, again, &fault);
    say_status(status, &fault);
    say_hex("again", again, BULLA_SEAL_ID_SIZE);
}

static void say_frame(struct bulla_bytes bytes)
{
    for (int from_seal = 0; from_seal < 2; from_seal++) {
        struct bulla_frame f;
        struct bulla_fault fault;
        size_t n = 0;
        enum bulla_status status = from_seal ? bulla_frame_decode_from_seal(bytes, BULLA_START_ANY, &f, &fault)
                                             : bulla_frame_decode_to_seal(bytes, BULLA_START_ANY, &f, &fault);
        say_status(status, &fault);
        if (status != BULLA_OK)
            continue;
        printf(" start=%u code=%02x status=%04x session=%04x maker=%u serial=%u", f.start, f.code, f.status, f.session, f.address.maker,
               (unsigned)f.address.serial);
        say_hex("data", f.data.at, f.data.len);
        status = from_seal ? bulla_frame_encode_from_seal(&f, again, sizeof again, &n, &fault)
                           : bulla_frame_encode_to_seal(&f, again, sizeof again, &n, &fault);
        say_status(status, &fault);
        say_hex("again", again, n);
    }
}

static const struct {
    const char *name;
    void (*say)(struct bulla_bytes bytes);
} nouns[] = {
    {"block", say_block},           {"gbt", say_gbt}, {"container", say_container}, {"supervision", say_supervision},
    {"attachment", say_attachment}, {"tag", say_tag}, {"seal_id", say_seal_id},     {"frame", say_frame},
};

static void say_line(char *line)
{
    char *space = strchr(line, ' ');
    size_t n = space ? strlen(space + 1) / 2 : 0;
    uint8_t *bytes = malloc(n + 1);
    if (space && bytes && bulla_hex_get(bytes, space + 1, n)) {
        *space = '\0';
        for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
            if (strcmp(nouns[i].name, line) == 0) {
                fputs(line, stdout);
                nouns[i].say((struct bulla_bytes){bytes, n});
                putchar('\n');
            }
    }
    free(bytes);
}

/* ---- what stays in flash ---- */

static uint8_t chip[CHIP];

static void say_log(struct nor *nor)
{
    struct bulla_flash flash = nor_flash(nor);
    struct bulla_log log;
    uint32_t counter = 0;
    assert_int_equal(bulla_log_format(&log, &flash, 0x01020304), BULLA_OK);
    for (uint32_t i = 0; i < 100; i++) {
        struct bulla_log_event event = {
            .kind = (uint8_t)i, .state = 3, .clock_set = i % 2, .time_s = 0x0A0B0C0D + i, .n = 3, .detail = "abc"};
        assert_int_equal(bulla_log_append(&log, &event, &counter), BULLA_OK);
    }
    printf("log %08x", (unsigned)counter);
    say_hex("chip", chip, sizeof chip);
    putchar('\n');
}

static void say_zones(struct nor *nor)
{
    static const struct bulla_zone table[] = {{1, 29}, {2, 300}};
    struct bulla_flash flash = nor_flash(nor);
    struct bulla_zones zones;
    uint8_t bytes[300];
    struct random random = {5};
    assert_int_equal(bulla_zones_format(&zones, &flash, table, 2), BULLA_OK);
    for (unsigned i = 0; i < 30; i++) {
        random_fill(&random, bytes, sizeof bytes);
        assert_int_equal(bulla_zones_put(&zones, 2, (uint16_t)i, (struct bulla_bytes){bytes, 200}), BULLA_OK);
        assert_int_equal(bulla_zones_put(&zones, 1, 1, (struct bulla_bytes){bytes, 20}), BULLA_OK);
    }
    fputs("zones", stdout);
    say_hex("chip", chip, sizeof chip);
    putchar('\n');
}

static void say_images(struct nor *nor)
{
    struct bulla_image_places places = places_on(nor);
    struct bulla_images images;
    assert_int_equal(bulla_images_format(&images, &places, 0), BULLA_OK);
    for (uint32_t version = 1; version < 9; version++) {
        struct package p = package_of(version, version / 2, 100 * version);
        install(&images, &p);
    }
    fputs("images", stdout);
    say_hex("chip", chip, sizeof chip);
    putchar('\n');
}

static void say_memory(void **state)
{
    void (*const all[])(struct nor *) = {say_log, say_zones, say_images};
    struct nor nor;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        nor_init(&nor, chip, SECTOR, CHIP / SECTOR, 1);
        all[i](&nor);
    }
}

int main(void)
{
    static char line[LINE_MAX];
    const struct CMUnitTest tests[] = {cmocka_unit_test(say_memory)};
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        say_line(line);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
