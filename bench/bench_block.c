/* SPDX-License-Identifier: Apache-2.0
 *
 * What seals store, read and written on one core: bench_block [--json] [--runs N] [--seconds S]
 *
 * ISO/DIS 18185 blocks, GB/T 23678 records (read and written field by field) and supervision records beside straightforward
 * versions that go bit by bit, over the same random values and in turns with them, so that what the machine does otherwise hits
 * both; then records that are checked, and container numbers. The two versions must agree, else the program fails. The
 * straightforward ones check a CRC and no values. CPU time of the thread, median of the runs; ratios of the medians.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bulla/block.h"
#include "bulla/gbt.h"
#include "bulla/supervision.h"
#include "tests/support/random.h"

#define BLOCKS   4096
#define RECORDS  64
#define RUNS_MAX 101
#define ITEMS    24
#define LONGEST  2048

static uint8_t blocks[BLOCKS][BULLA_BLOCK_SIZE];
static struct bulla_block meanings[BLOCKS];
static uint8_t records[RECORDS][2281];
static struct bulla_gbt record_views[RECORDS];
static struct {
    struct bulla_supervision_item items[ITEMS];
    size_t n, len;
    char texts[ITEMS][48];
    uint8_t bytes[LONGEST];
} supervised[RECORDS];
static volatile uint64_t sink; /* keeps the work from being optimised away */

static void fail(const char *what)
{
    fprintf(stderr, "bench_block: %s\n", what);
    exit(1);
}

/* ---- the straightforward version: a bit at a time, as the draft reads ---- */

static unsigned plain_crc(const uint8_t *bytes, unsigned bits)
{
    unsigned crc = 0xFFFF;
    for (unsigned i = 0; i < bits; i++) {
        unsigned bit = bytes[i / 8] >> (7 - i % 8) & 1;
        unsigned top = crc >> 15 & 1;
        crc = crc << 1 & 0xFFFF;
        if (top ^ bit)
            crc ^= 0x1021;
    }
    return crc;
}

static uint32_t plain_get(const uint8_t *bytes, unsigned *at, unsigned width)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++, (*at)++)
        value = value << 1 | (bytes[*at / 8] >> (7 - *at % 8) & 1u);
    return value;
}

static void plain_put(uint8_t *bytes, unsigned *at, unsigned width, uint32_t value)
{
    for (unsigned i = width; i-- > 0; (*at)++)
        if (value >> i & 1)
            bytes[*at / 8] |= (uint8_t)(0x80 >> *at % 8);
}

static void plain_letters(char *to, const uint8_t *bytes, unsigned *at)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t code = plain_get(bytes, at, 5);
        to[i] = code ? (char)('A' + code - 1) : '\0';
    }
}

static bool plain_decode(const uint8_t *bytes, struct bulla_block *block)
{
    unsigned at = 0;
    memset(block, 0, sizeof *block);
    if (plain_get(bytes, &at, 4) != 1)
        return false;
    block->battery_good = plain_get(bytes, &at, 1);
    block->secure = plain_get(bytes, &at, 1);
    block->maker = (uint8_t)plain_get(bytes, &at, 8);
    plain_letters(block->alpha, bytes, &at);
    block->number = plain_get(bytes, &at, 28);
    plain_letters(block->container, bytes, &at);
    uint32_t serial = plain_get(bytes, &at, 24);
    for (unsigned i = 11; i-- > 4; serial /= 10)
        block->container[i] = (char)('0' + serial % 10);
    block->extended = plain_get(bytes, &at, 1);
    block->spare = (uint8_t)plain_get(bytes, &at, 5);
    block->start = BULLA_START_FFFF;
    return plain_get(bytes, &at, 16) == plain_crc(bytes, 112);
}

static void plain_encode(const struct bulla_block *block, uint8_t *bytes)
{
    unsigned at = 0;
    uint32_t serial = 0;
    memset(bytes, 0, BULLA_BLOCK_SIZE);
    plain_put(bytes, &at, 4, 1);
    plain_put(bytes, &at, 1, block->battery_good);
    plain_put(bytes, &at, 1, block->secure);
    plain_put(bytes, &at, 8, block->maker);
    for (unsigned i = 0; i < 4; i++)
        plain_put(bytes, &at, 5, block->alpha[i] ? (uint32_t)(block->alpha[i] - 'A' + 1) : 0);
    plain_put(bytes, &at, 28, block->number);
    for (unsigned i = 0; i < 4; i++)
        plain_put(bytes, &at, 5, (uint32_t)(block->container[i] - 'A' + 1));
    for (unsigned i = 4; i < 11; i++)
        serial = serial * 10 + (uint32_t)(block->container[i] - '0');
    plain_put(bytes, &at, 24, serial);
    plain_put(bytes, &at, 1, block->extended);
    plain_put(bytes, &at, 5, block->spare);
    plain_put(bytes, &at, 16, plain_crc(bytes, 112));
}

/* One field of a record without its padding, into `to`. */
static unsigned plain_get_field(const uint8_t *bytes, size_t offset, unsigned n, char *to)
{
    unsigned at = 8 * (unsigned)offset;
    for (unsigned i = 0; i < n; i++)
        to[i] = (char)plain_get(bytes, &at, 8);
    while (n > 0 && to[n - 1] == ' ')
        n--;
    return n;
}

static void plain_put_field(uint8_t *bytes, size_t offset, unsigned n, const char *from, unsigned len)
{
    unsigned at = 8 * (unsigned)offset;
    for (unsigned i = 0; i < n; i++)
        plain_put(bytes, &at, 8, (uint8_t)(i < len ? from[i] : ' '));
}

static unsigned field_size(unsigned field)
{
    return bulla_gbt_about[field].bytes / bulla_gbt_about[field].entries;
}

static bool plain_decode_items(const uint8_t *bytes, size_t len, struct bulla_supervision_item *items, size_t *n)
{
    unsigned at = 24, end = 8 * (unsigned)len - 16, crc_at = end;
    if (plain_get(bytes, &crc_at, 16) != plain_crc(bytes, end))
        return false;
    for (*n = 0; at < end; (*n)++) {
        uint32_t tag = plain_get(bytes, &at, 8), size = plain_get(bytes, &at, 16);
        struct bulla_supervision_item *item = &items[*n];
        item->field = 0;
        while (bulla_supervision_about[item->field].tag != tag)
            item->field++;
        item->number = 0;
        item->value = (struct bulla_bytes){bytes + at / 8, size};
        if (bulla_supervision_about[item->field].kind == BULLA_SUPERVISION_KIND_NUMBER)
            item->number = plain_get(bytes, &at, 32);
        else
            at += 8 * size;
    }
    return true;
}

static size_t plain_encode_items(const struct bulla_supervision_item *items, size_t n, uint8_t *bytes)
{
    unsigned at = 0;
    memset(bytes, 0, LONGEST);
    plain_put(bytes, &at, 24, 0x425301);
    for (size_t i = 0; i < n; i++) {
        bool number = bulla_supervision_about[items[i].field].kind == BULLA_SUPERVISION_KIND_NUMBER;
        plain_put(bytes, &at, 8, bulla_supervision_about[items[i].field].tag);
        plain_put(bytes, &at, 16, number ? 4 : (uint32_t)items[i].value.len);
        if (number)
            plain_put(bytes, &at, 32, items[i].number);
        for (size_t j = 0; !number && j < items[i].value.len; j++)
            plain_put(bytes, &at, 8, items[i].value.at[j]);
    }
    plain_put(bytes, &at, 16, plain_crc(bytes, at));
    return at / 8;
}

/* ---- what is measured: each returns how many items it handled ---- */

static unsigned decode_blocks(void)
{
    struct bulla_block block;
    struct bulla_fault fault;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (bulla_block_decode((struct bulla_bytes){blocks[i], BULLA_BLOCK_SIZE}, BULLA_READING_TABLE, BULLA_START_FFFF, &block, &fault) !=
            BULLA_OK)
            fail("a block is not read");
        sink += block.number;
    }
    return BLOCKS;
}

static unsigned decode_blocks_plainly(void)
{
    struct bulla_block block;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (!plain_decode(blocks[i], &block))
            fail("a block is not read bit by bit");
        sink += block.number;
    }
    return BLOCKS;
}

static unsigned encode_blocks(void)
{
    uint8_t bytes[BULLA_BLOCK_SIZE];
    struct bulla_fault fault;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (bulla_block_encode(&meanings[i], bytes, &fault) != BULLA_OK)
            fail("a block is not written");
        sink += bytes[15];
    }
    return BLOCKS;
}

static unsigned encode_blocks_plainly(void)
{
    uint8_t bytes[BULLA_BLOCK_SIZE];
    for (unsigned i = 0; i < BLOCKS; i++) {
        plain_encode(&meanings[i], bytes);
        sink += bytes[15];
    }
    return BLOCKS;
}

static unsigned check_records(void)
{
    struct bulla_fault fault;
    for (unsigned i = 0; i < RECORDS; i++)
        if (bulla_gbt_check(&record_views[i], &fault) != BULLA_OK)
            fail("a record is wrong");
    return RECORDS;
}

static unsigned read_records(void)
{
    struct bulla_fault fault;
    struct bulla_bytes value;
    for (unsigned i = 0; i < RECORDS; i++)
        for (unsigned field = 0; field < BULLA_GBT_FIELDS; field++)
            for (unsigned j = 0; j < bulla_gbt_count(&record_views[i], (enum bulla_gbt_field)field); j++) {
                if (bulla_gbt_get(&record_views[i], (enum bulla_gbt_field)field, j, &value, &fault) != BULLA_OK)
                    fail("a field is not read");
                sink += value.len;
            }
    return RECORDS;
}

static unsigned write_records(void)
{
    static uint8_t copy[sizeof *records];
    struct bulla_fault fault;
    struct bulla_bytes value = {NULL, 0};
    for (unsigned i = 0; i < RECORDS; i++) {
        struct bulla_gbt to = record_views[i];
        to.at = copy;
        bulla_gbt_init(&to);
        for (unsigned field = 0; field < BULLA_GBT_FIELDS; field++)
            for (unsigned j = 0; j < bulla_gbt_count(&to, (enum bulla_gbt_field)field); j++)
                if (bulla_gbt_get(&record_views[i], (enum bulla_gbt_field)field, j, &value, &fault) != BULLA_OK ||
                    bulla_gbt_put(&to, (enum bulla_gbt_field)field, j, value, &fault) != BULLA_OK)
                    fail("a field is not written");
        if (memcmp(copy, records[i], sizeof copy) != 0)
            fail("a record is not written as it was");
    }
    return RECORDS;
}

static unsigned read_records_plainly(void)
{
    char value[1500];
    for (unsigned i = 0; i < RECORDS; i++)
        for (unsigned field = 0; field < BULLA_GBT_FIELDS; field++)
            for (unsigned j = 0; j < bulla_gbt_count(&record_views[i], (enum bulla_gbt_field)field); j++)
                sink +=
                    plain_get_field(records[i], bulla_gbt_at(&record_views[i], (enum bulla_gbt_field)field, j), field_size(field), value);
    return RECORDS;
}

static unsigned write_records_plainly(void)
{
    static uint8_t copy[sizeof *records];
    struct bulla_fault fault;
    struct bulla_bytes value = {NULL, 0};
    for (unsigned i = 0; i < RECORDS; i++) {
        memset(copy, 0, sizeof copy);
        for (unsigned field = 0; field < BULLA_GBT_FIELDS; field++)
            for (unsigned j = 0; j < bulla_gbt_count(&record_views[i], (enum bulla_gbt_field)field); j++) {
                if (bulla_gbt_get(&record_views[i], (enum bulla_gbt_field)field, j, &value, &fault) != BULLA_OK)
                    fail("a field is not read");
                plain_put_field(copy, bulla_gbt_at(&record_views[i], (enum bulla_gbt_field)field, j), field_size(field),
                                (const char *)value.at, (unsigned)value.len);
            }
        if (memcmp(copy, records[i], sizeof copy) != 0)
            fail("a record is not written bit by bit as it was");
    }
    return RECORDS;
}

static unsigned decode_supervision(void)
{
    struct bulla_supervision_item items[ITEMS];
    struct bulla_fault fault;
    size_t n;
    for (unsigned i = 0; i < RECORDS; i++) {
        if (bulla_supervision_decode((struct bulla_bytes){supervised[i].bytes, supervised[i].len}, items, ITEMS, &n, &fault) != BULLA_OK)
            fail("a supervision record is not read");
        sink += n;
    }
    return RECORDS;
}

static unsigned decode_supervision_plainly(void)
{
    struct bulla_supervision_item items[ITEMS];
    size_t n;
    for (unsigned i = 0; i < RECORDS; i++) {
        if (!plain_decode_items(supervised[i].bytes, supervised[i].len, items, &n))
            fail("a supervision record is not read bit by bit");
        sink += n;
    }
    return RECORDS;
}

static unsigned encode_supervision(void)
{
    static uint8_t bytes[LONGEST];
    struct bulla_fault fault;
    size_t len;
    for (unsigned i = 0; i < RECORDS; i++) {
        if (bulla_supervision_encode(supervised[i].items, supervised[i].n, bytes, sizeof bytes, &len, &fault) != BULLA_OK)
            fail("a supervision record is not written");
        sink += bytes[len - 1];
    }
    return RECORDS;
}

static unsigned encode_supervision_plainly(void)
{
    static uint8_t bytes[LONGEST];
    for (unsigned i = 0; i < RECORDS; i++)
        sink += bytes[plain_encode_items(supervised[i].items, supervised[i].n, bytes) - 1];
    return RECORDS;
}

static unsigned check_numbers(void)
{
    struct bulla_container container;
    struct bulla_fault fault;
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct bulla_bytes number = {(const uint8_t *)meanings[i].container, BULLA_CONTAINER_LENGTH};
        if (bulla_container_decode(number, &container, &fault) != BULLA_OK)
            fail("a container number is wrong");
        sink += container.remarks;
    }
    return BLOCKS;
}

/* One with a straightforward version is followed by that. */
static const struct kind {
    const char *name;
    unsigned (*run)(void);
    bool plain;
} kinds[] = {
    {"block-decode", decode_blocks, false},
    {"block-decode-bit-by-bit", decode_blocks_plainly, true},
    {"block-encode", encode_blocks, false},
    {"block-encode-bit-by-bit", encode_blocks_plainly, true},
    {"record-read", read_records, false},
    {"record-read-bit-by-bit", read_records_plainly, true},
    {"record-write", write_records, false},
    {"record-write-bit-by-bit", write_records_plainly, true},
    {"supervision-decode", decode_supervision, false},
    {"supervision-decode-bit-by-bit", decode_supervision_plainly, true},
    {"supervision-encode", encode_supervision, false},
    {"supervision-encode-bit-by-bit", encode_supervision_plainly, true},
    {"record-check", check_records, false},
    {"container-check", check_numbers, false},
};

#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- what they work on ---- */

static void random_container(struct random *random, char to[12])
{
    snprintf(to, 12, "%c%c%cU%06u0", (char)('A' + random_below(random, 26)), (char)('A' + random_below(random, 26)),
             (char)('A' + random_below(random, 26)), (unsigned)random_below(random, 1000000));
    to[10] = (char)('0' + bulla_container_remainder(to) % 10);
}

static void make_blocks(struct random *random)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct bulla_block *block = &meanings[i], plain;
        struct bulla_fault fault;
        uint8_t bytes[BULLA_BLOCK_SIZE];
        block->start = BULLA_START_FFFF;
        block->secure = random_below(random, 2);
        block->battery_good = random_below(random, 2);
        block->maker = (uint8_t)random_next(random);
        block->number = (uint32_t)random_below(random, BULLA_BLOCK_NUMBER_MAX + UINT64_C(1));
        for (unsigned j = 0; j < 3; j++)
            block->alpha[j] = (char)('A' + random_below(random, 26));
        random_container(random, block->container);
        plain_encode(block, bytes);
        if (bulla_block_encode(block, blocks[i], &fault) != BULLA_OK || memcmp(bytes, blocks[i], sizeof bytes) != 0)
            fail("the two versions do not write the same");
        if (!plain_decode(blocks[i], &plain) || plain.number != block->number || strcmp(plain.container, block->container) != 0)
            fail("the two versions do not read the same");
    }
}

static void put(struct bulla_gbt *record, enum bulla_gbt_field field, const char *text, size_t n)
{
    struct bulla_fault fault;
    if (bulla_gbt_put(record, field, 0, (struct bulla_bytes){(const uint8_t *)text, n}, &fault) != BULLA_OK)
        fail(fault.field);
}

static void make_record(struct random *random, struct bulla_gbt *record)
{
    static const struct {
        enum bulla_gbt_field field;
        const char *text;
    } values[] = {
        {BULLA_GBT_MADE, "20260101"},
        {BULLA_GBT_MAKER, "123456789"},
        {BULLA_GBT_TYPE, "43"},
        {BULLA_GBT_SIZE_TYPE, "22G1"},
        {BULLA_GBT_LENGTH, "20"},
        {BULLA_GBT_TARE, "02300"},
        {BULLA_GBT_RATED, "030480"},
        {BULLA_GBT_OPERATOR, "Operator Co"},
        {BULLA_GBT_STATE, "Y"},
        {BULLA_GBT_TRANSPORT, "MV Test"},
        {BULLA_GBT_SHIPPER, "Shipper Ltd"},
        {BULLA_GBT_CONSIGNEE, "Consignee BV"},
        {BULLA_GBT_DANGER, "6.1"},
        {BULLA_GBT_UN, "2810"},
        {BULLA_GBT_TEMPERATURE, "-018"},
        {BULLA_GBT_UNIT, "C"},
    };
    uint8_t id[10] = {0xE2};
    char number[12];
    for (unsigned i = 1; i < sizeof id; i++)
        id[i] = (uint8_t)random_next(random);
    random_container(random, number);
    put(record, BULLA_GBT_SEAL_ID, (const char *)id, sizeof id);
    put(record, BULLA_GBT_CONTAINER, number, 11);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        put(record, values[i].field, values[i].text, strlen(values[i].text));
    for (unsigned i = 0; i < 3; i++) {
        char time[13];
        struct bulla_fault fault;
        snprintf(time, sizeof time, "2026030%u%02u%02u", i + 1, (unsigned)random_below(random, 24), (unsigned)random_below(random, 60));
        struct bulla_gbt_mark mark = {{(const uint8_t *)time, 12}, {(const uint8_t *)"Gate", 4}, {(const uint8_t *)"R1", 2}, {NULL, 0}};
        if (bulla_gbt_close(record, &mark, &fault) != BULLA_OK || bulla_gbt_open(record, &mark, &fault) != BULLA_OK)
            fail(fault.field);
    }
}

static void make_records(struct random *random)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        struct bulla_fault fault;
        if (bulla_gbt_with(records[i], sizeof records[i], BULLA_GBT_READING_RING, BULLA_GBT_CARGO_FULL, 1, &record_views[i], &fault) !=
            BULLA_OK)
            fail(fault.field);
        record_views[i].rights = BULLA_GBT_RIGHT_FACTORY | BULLA_GBT_RIGHT_CARGO;
        bulla_gbt_init(&record_views[i]);
        make_record(random, &record_views[i]);
    }
}

static void add_item(unsigned record, enum bulla_supervision_field field, struct random *random)
{
    size_t n = supervised[record].n++;
    char *text = supervised[record].texts[n];
    const struct bulla_supervision_about *about = &bulla_supervision_about[field];
    struct bulla_supervision_item *item = &supervised[record].items[n];
    size_t len = about->kind == BULLA_SUPERVISION_KIND_CODE ? 3 : 4 + random_below(random, about->most < 40 ? about->most - 4 : 36);
    *item = (struct bulla_supervision_item){.field = (uint8_t)field};
    if (about->kind == BULLA_SUPERVISION_KIND_NUMBER) {
        item->number = (uint32_t)random_below(random, about->most);
        return;
    }
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('A' + random_below(random, 26));
    if (about->kind == BULLA_SUPERVISION_KIND_CONTAINER) {
        random_container(random, text);
        len = BULLA_CONTAINER_LENGTH;
    }
    item->value = (struct bulla_bytes){(const uint8_t *)text, len};
}

/* All fields, containers twice. */
static void make_supervised(struct random *random)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        static uint8_t plain[LONGEST];
        struct bulla_supervision_item items[ITEMS];
        struct bulla_fault fault;
        size_t n;
        for (unsigned field = 0; field < BULLA_SUPERVISION_FIELDS; field++)
            for (unsigned times = field == BULLA_SUPERVISION_CONTAINER ? 2 : 1; times > 0; times--)
                add_item(i, (enum bulla_supervision_field)field, random);
        if (bulla_supervision_encode(supervised[i].items, supervised[i].n, supervised[i].bytes, LONGEST, &supervised[i].len, &fault) !=
            BULLA_OK)
            fail(fault.field);
        if (plain_encode_items(supervised[i].items, supervised[i].n, plain) != supervised[i].len ||
            memcmp(plain, supervised[i].bytes, supervised[i].len) != 0)
            fail("the two versions do not write the same supervision record");
        if (!plain_decode_items(plain, supervised[i].len, items, &n) || n != supervised[i].n)
            fail("the two versions do not read the same supervision record");
    }
}

/* ---- measuring ---- */

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rate(const struct kind *kind, double seconds)
{
    uint64_t items = 0;
    double start = cpu_seconds(), now = start;
    while (now - start < seconds) {
        items += kind->run();
        now = cpu_seconds();
    }
    return (double)items / (now - start);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(bool json, int runs, double seconds)
{
    static double rates[KINDS][RUNS_MAX];
    for (int run = 0; run < runs; run++)
        for (size_t i = 0; i < KINDS; i++)
            rates[i][run] = rate(&kinds[i], seconds);
    for (size_t i = 0; i < KINDS; i++) {
        qsort(rates[i], (size_t)runs, sizeof **rates, by_value);
        printf(json ? "{\"kind\":\"%s\",\"per_second\":%.0f,\"lowest\":%.0f,\"highest\":%.0f,\"runs\":%d}\n"
                    : "%-30s %11.0f %11.0f %11.0f   %d runs\n",
               kinds[i].name, rates[i][runs / 2], rates[i][0], rates[i][runs - 1], runs);
        if (kinds[i].plain)
            printf(json ? "{\"ratio\":\"%s\",\"times\":%.2f}\n" : "  %s: %.1f times as fast\n", kinds[i - 1].name,
                   rates[i - 1][runs / 2] / rates[i][runs / 2]);
    }
}

int main(int argc, char **argv)
{
    struct random random = {1};
    bool json = false;
    int runs = 7;
    double seconds = 0.2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = atoi(argv[++i]);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = atof(argv[++i]);
        else
            runs = 0;
    }
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_block [--json] [--runs 1-%d] [--seconds S]\n", RUNS_MAX);
        return 2;
    }
    make_blocks(&random);
    make_records(&random);
    make_supervised(&random);
    if (!json)
        printf("%-30s %11s %11s %11s\n", "kind", "median/s", "lowest", "highest");
    measure(json, runs, seconds);
    return 0;
}
