/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: the ISO/DIS 18185 block. What single messages mean is in tests/vectors/block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/block.h"
#include "bulla/crc.h"
#include "tests/support/random.h"

#define ROUNDS 20000

static const uint8_t secure[BULLA_BLOCK_SIZE] = {0x1c, 0xa8, 0x22, 0x18, 0x00, 0x4b, 0x5a, 0x1d,
                                                 0xb3, 0x5d, 0x62, 0x99, 0xbc, 0xc0, 0x78, 0x09};

static void random_container(struct random *random, char to[12])
{
    for (int i = 0; i < 3; i++)
        to[i] = (char)('A' + random_below(random, 26));
    to[3] = "UJZR"[random_below(random, 4)];
    snprintf(to + 4, 8, "%06u0", (unsigned)random_below(random, 1000000));
    to[10] = (char)('0' + bulla_container_remainder(to) % 10);
}

static struct bulla_block random_block(struct random *random)
{
    struct bulla_block block = {
        .reading = (uint8_t)random_below(random, 2),
        .start = (uint8_t)(1 + random_below(random, 2)),
        .battery_good = random_below(random, 2),
        .secure = random_below(random, 2),
        .maker = (uint8_t)random_next(random),
        .number = (uint32_t)random_below(random, BULLA_BLOCK_NUMBER_MAX + UINT64_C(1)),
    };
    unsigned letters = (unsigned)random_below(random, block.reading == BULLA_READING_CLAUSES ? 4 : 5);
    for (unsigned i = 0; i < letters; i++)
        block.alpha[i] = (char)('A' + random_below(random, 26));
    if (random_below(random, 4) != 0)
        random_container(random, block.container);
    return block;
}

static struct bulla_chain random_chain(struct random *random)
{
    struct bulla_chain chain = {.block = random_block(random)};
    chain.block.extended = random_below(random, 2);
    if (!chain.block.extended)
        return chain;
    chain.extension.random = (uint16_t)random_next(random);
    chain.n_free = (uint8_t)random_below(random, BULLA_CHAIN_FREE_MAX + 1);
    chain.extension.extended = chain.n_free > 0;
    for (unsigned i = 0; i < chain.n_free; i++) {
        random_fill(random, chain.free[i].bits, sizeof chain.free[i].bits);
        chain.free[i].bits[0] &= 0x7F;
        chain.free[i].extended = i + 1u < chain.n_free;
    }
    return chain;
}

static void assert_same_block(const struct bulla_block *a, const struct bulla_block *b)
{
    assert_int_equal(a->reading, b->reading);
    assert_int_equal(a->start, b->start);
    assert_int_equal(a->battery_good, b->battery_good);
    assert_int_equal(a->secure, b->secure);
    assert_int_equal(a->extended, b->extended);
    assert_int_equal(a->maker, b->maker);
    assert_int_equal(a->spare, b->spare);
    assert_int_equal(a->number, b->number);
    assert_string_equal(a->alpha, b->alpha);
    assert_string_equal(a->container, b->container);
}

static void assert_same_chain(const struct bulla_chain *a, const struct bulla_chain *b)
{
    assert_same_block(&a->block, &b->block);
    assert_int_equal(a->extension.extended, b->extension.extended);
    assert_int_equal(a->extension.random, b->extension.random);
    assert_memory_equal(a->extension.spare, b->extension.spare, sizeof a->extension.spare);
    assert_int_equal(a->n_free, b->n_free);
    for (unsigned i = 0; i < a->n_free; i++) {
        assert_int_equal(a->free[i].extended, b->free[i].extended);
        assert_memory_equal(a->free[i].bits, b->free[i].bits, sizeof a->free[i].bits);
    }
}

/* [ISO-5.2-T1] [ISO-5.2.12] [ISO-5.3.1] Fields do not overlap and leave no bit out. */
static void the_tables_fill_their_blocks(void **state)
{
    (void)state;
    const struct {
        unsigned at, width, clauses_at, clauses_width;
    } fields[] =
        {
#define X(field, name, at, width, clauses_at, clauses_width, meaning) {at, width, clauses_at, clauses_width},
            BULLA_BLOCK_TABLE(X)
#undef X
        },
      extension[] = {
#define X(field, name, at, width, meaning) {at, width},
          BULLA_EXTENSION_TABLE(X)
#undef X
      };
    unsigned table[128] = {0}, clauses[120] = {0}, second[128] = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        for (unsigned bit = 0; bit < fields[i].width; bit++)
            table[fields[i].at + bit]++;
        for (unsigned bit = 0; bit < fields[i].clauses_width; bit++)
            clauses[fields[i].clauses_at + bit]++;
    }
    for (size_t i = 0; i < sizeof extension / sizeof *extension; i++)
        for (unsigned bit = 0; bit < extension[i].width; bit++)
            second[extension[i].at + bit]++;
    for (unsigned bit = 0; bit < 128; bit++) {
        assert_int_equal(table[bit], 1);
        assert_int_equal(second[bit], 1);
        assert_true(bit >= 120 || clauses[bit] == 1);
    }
    assert_int_equal(bulla_block_size(BULLA_READING_TABLE), 16);
    assert_int_equal(bulla_block_size(BULLA_READING_CLAUSES), 15);
}

/* [ISO-1-1] [ISO-1-2] [ISO-1-3] [ISO-1-4] [ISO-1-5] [ISO-5.1] [ISO-5.2.7] [ISO-5.2.8] [ISO-5.2.9] [ISO-5.2.10] [ISO-5.4] */
static void what_is_written_is_read(void **state)
{
    (void)state;
    struct random random = {1};
    for (int round = 0; round < ROUNDS; round++) {
        struct bulla_chain chain = random_chain(&random), got;
        struct bulla_fault fault;
        uint8_t bytes[BULLA_CHAIN_SIZE];
        size_t n = 0;
        assert_int_equal(bulla_chain_encode(&chain, bytes, &n, &fault), BULLA_OK);
        size_t first = bulla_block_size(chain.block.reading);
        assert_int_equal(n, first + (chain.block.extended ? 16u : 0u) + 16u * chain.n_free);
        assert_int_equal(bulla_chain_decode((struct bulla_bytes){bytes, n}, chain.block.reading, BULLA_START_ANY, &got, &fault), BULLA_OK);
        assert_same_chain(&chain, &got);
        assert_int_equal(bulla_chain_decode((struct bulla_bytes){bytes, n}, chain.block.reading, chain.block.start, &got, &fault),
                         BULLA_OK);
        assert_same_chain(&chain, &got);
    }
}

/* Random bits with a right CRC: whatever is read can be written again to the same bits, or is refused with a reason. */
static void what_is_read_is_written_again_or_refused(void **state)
{
    (void)state;
    struct random random = {2};
    unsigned same = 0, refused = 0;
    for (int round = 0; round < 20 * ROUNDS; round++) {
        uint8_t bytes[BULLA_BLOCK_SIZE], again[BULLA_BLOCK_SIZE];
        struct bulla_block block;
        struct bulla_fault fault;
        enum bulla_reading reading = (enum bulla_reading)random_below(&random, 2);
        size_t n = bulla_block_size(reading);
        random_fill(&random, bytes, n);
        bytes[0] = reading == BULLA_READING_TABLE ? (uint8_t)(0x10 | (bytes[0] & 15)) : (uint8_t)(0x08 | (bytes[0] & 0x87));
        if (random_below(&random, 2)) { /* no container, so that more are good */
            if (reading == BULLA_READING_TABLE) {
                bytes[7] &= 0xFC, bytes[8] = bytes[9] = bytes[10] = bytes[11] = bytes[12] = 0, bytes[13] &= 0x20;
            } else {
                bytes[7] &= 0xF0, bytes[8] = bytes[9] = bytes[10] = bytes[11] = bytes[12] = 0, bytes[0] &= 0xFE, bytes[1] &= 0x7F;
            }
        }
        uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){bytes, n - 2});
        bytes[n - 2] = (uint8_t)(crc >> 8);
        bytes[n - 1] = (uint8_t)crc;
        enum bulla_status status = bulla_block_decode((struct bulla_bytes){bytes, n}, reading, BULLA_START_ANY, &block, &fault);
        if (status != BULLA_OK) {
            assert_int_equal(status, BULLA_INSANE);
            continue;
        }
        status = bulla_block_encode(&block, again, &fault);
        if (status == BULLA_OK) {
            assert_memory_equal(bytes, again, n);
            same++;
        } else {
            assert_int_equal(status, BULLA_REFUSED);
            assert_true(bulla_block_remarks(&block) & (BULLA_BLOCK_SPARE_SET | BULLA_BLOCK_CONTAINER_WRONG));
            refused++;
        }
    }
    assert_true(same > 1000);
    assert_true(refused > 10);
}

/* [ISO-5.2.11] All errors of one bit and of two, in both readings, whichever start is accepted. */
static void errors_of_one_and_two_bits_are_found(void **state)
{
    (void)state;
    struct random random = {3};
    for (int round = 0; round < 4; round++) {
        struct bulla_block block = random_block(&random), got;
        struct bulla_fault fault;
        uint8_t bytes[BULLA_BLOCK_SIZE];
        block.reading = (uint8_t)(round & 1);
        block.alpha[3] = '\0';
        assert_int_equal(bulla_block_encode(&block, bytes, &fault), BULLA_OK);
        unsigned bits = 8 * (unsigned)bulla_block_size(block.reading);
        for (unsigned a = 0; a < bits; a++)
            for (unsigned b = a; b < bits; b++) {
                uint8_t wrong[BULLA_BLOCK_SIZE];
                memcpy(wrong, bytes, sizeof wrong);
                wrong[a / 8] ^= (uint8_t)(0x80 >> a % 8);
                if (b != a)
                    wrong[b / 8] ^= (uint8_t)(0x80 >> b % 8);
                assert_int_equal(bulla_block_decode((struct bulla_bytes){wrong, bits / 8}, block.reading, BULLA_START_ANY, &got, &fault),
                                 BULLA_DAMAGED);
                assert_string_equal(fault.field, "crc");
            }
    }
}

/* [ISO-5.2.1] [ISO-5.2.2] [ISO-5.2.3] [ISO-5.2.4] [ISO-5.2.5] [ISO-5.2.6] */
static void single_bits_mean_what_the_draft_says(void **state)
{
    (void)state;
    struct bulla_block block;
    struct bulla_fault fault;
    assert_int_equal(bulla_block_decode((struct bulla_bytes){secure, 16}, BULLA_READING_TABLE, BULLA_START_FFFF, &block, &fault), BULLA_OK);
    assert_true(block.secure && block.battery_good && !block.extended);
    assert_int_equal(block.maker, 0x2A);
    assert_int_equal(bulla_block_remarks(&block), 0);
    uint8_t bytes[BULLA_BLOCK_SIZE];
    const struct {
        unsigned bit;
        bool *member;
    } bits[] = {{4, &block.battery_good}, {5, &block.secure}, {106, &block.extended}};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        *bits[i].member = !*bits[i].member;
        assert_int_equal(bulla_block_encode(&block, bytes, &fault), BULLA_OK);
        for (unsigned bit = 0; bit < 112; bit++) {
            unsigned differs = (bytes[bit / 8] ^ secure[bit / 8]) >> (7 - bit % 8) & 1;
            assert_int_equal(differs, bit == bits[i].bit);
        }
        *bits[i].member = !*bits[i].member;
    }
}

static void remarks(void **state)
{
    (void)state;
    struct bulla_block block = {.alpha = "ABC", .container = "MSKU9070323"};
    assert_int_equal(bulla_block_remarks(&block), 0);
    block.container[10] = '4';
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_CONTAINER_WRONG);
    block.container[0] = '\0';
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_NO_CONTAINER);
    block.spare = 1;
    block.alpha[3] = 'D';
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_NO_CONTAINER | BULLA_BLOCK_SPARE_SET | BULLA_BLOCK_FOUR_LETTERS);
    strcpy(block.alpha, "AB");
    block.alpha[3] = 'D'; /* lies behind the end of the text */
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_NO_CONTAINER | BULLA_BLOCK_SPARE_SET);
    strcpy(block.alpha, "A");
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_NO_CONTAINER | BULLA_BLOCK_SPARE_SET);
    strcpy(block.alpha, "");
    assert_int_equal(bulla_block_remarks(&block), BULLA_BLOCK_NO_CONTAINER | BULLA_BLOCK_SPARE_SET);
}

static void set_reading(struct bulla_chain *c)
{
    c->block.reading = 2;
}
static void set_start(struct bulla_chain *c)
{
    c->block.start = BULLA_START_ANY;
}
static void set_letter(struct bulla_chain *c)
{
    c->block.alpha[1] = 'b';
}
static void set_digit(struct bulla_chain *c)
{
    c->block.alpha[1] = '1';
}
static void set_fourth(struct bulla_chain *c)
{
    c->block.reading = BULLA_READING_CLAUSES;
    strcpy(c->block.alpha, "ABCD");
}
static void set_unended(struct bulla_chain *c)
{
    memset(c->block.alpha, 'A', sizeof c->block.alpha);
}
static void set_number(struct bulla_chain *c)
{
    c->block.number = BULLA_BLOCK_NUMBER_MAX + 1;
}
static void set_check_digit(struct bulla_chain *c)
{
    c->block.container[10] ^= 1;
}
static void set_short_container(struct bulla_chain *c)
{
    c->block.container[10] = '\0';
}
static void set_long_container(struct bulla_chain *c)
{
    memset(c->block.container, 'A', sizeof c->block.container);
}
static void set_spare(struct bulla_chain *c)
{
    c->block.spare = 1;
}
static void set_free_alone(struct bulla_chain *c)
{
    c->block.extended = false;
}
static void set_too_many(struct bulla_chain *c)
{
    c->n_free = BULLA_CHAIN_FREE_MAX + 1;
}
static void set_second_flag(struct bulla_chain *c)
{
    c->extension.extended = false;
}
static void set_last_flag(struct bulla_chain *c)
{
    c->free[1].extended = true;
}
static void set_extension_spare(struct bulla_chain *c)
{
    c->extension.spare[11] = 1;
}
static void set_free_flag(struct bulla_chain *c)
{
    c->free[1].bits[0] = 0x80;
}

/* What the field cannot hold is refused, and nothing is written. */
static void encoding_refuses_and_touches_nothing(void **state)
{
    (void)state;
    const struct {
        void (*spoil)(struct bulla_chain *chain);
        const char *field;
        unsigned at;
    } cases[] = {
        {set_reading, "reading", 0},         {set_start, "crc", 112},
        {set_letter, "alpha", 14},           {set_digit, "alpha", 14},
        {set_fourth, "alpha", 17},           {set_unended, "alpha", 14},
        {set_number, "number", 34},          {set_check_digit, "prefix", 62},
        {set_short_container, "prefix", 62}, {set_long_container, "prefix", 62},
        {set_spare, "spare", 107},           {set_free_alone, "extended", 0},
        {set_too_many, "extended", 0},       {set_second_flag, "extended", 0},
        {set_last_flag, "extended", 0},      {set_extension_spare, "spare", 145},
        {set_free_flag, "free", 384},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulla_chain chain = {
            .block =
                {.reading = BULLA_READING_TABLE, .start = BULLA_START_FFFF, .extended = true, .alpha = "ABC", .container = "MSKU9070323"},
            .extension = {.extended = true},
            .n_free = 2,
            .free = {{.extended = true}},
        };
        struct bulla_fault fault;
        uint8_t bytes[BULLA_CHAIN_SIZE], before[BULLA_CHAIN_SIZE];
        size_t n = 77;
        memset(bytes, 0x5A, sizeof bytes);
        memcpy(before, bytes, sizeof before);
        cases[i].spoil(&chain);
        assert_int_equal(bulla_chain_encode(&chain, bytes, &n, &fault), BULLA_REFUSED);
        assert_string_equal(fault.field, cases[i].field);
        assert_int_equal(fault.at, cases[i].at);
        assert_int_equal(n, 77);
        assert_memory_equal(bytes, before, sizeof bytes);
    }
}

/* Cut anywhere, lengthened, or with any byte changed: the outcome is not ok, and nothing is written. */
static void decoding_refuses_and_touches_nothing(void **state)
{
    (void)state;
    struct random random = {4};
    for (int round = 0; round < 300; round++) {
        struct bulla_chain chain = random_chain(&random), got, before;
        struct bulla_fault fault;
        uint8_t bytes[BULLA_CHAIN_SIZE + 1] = {0};
        size_t n;
        assert_int_equal(bulla_chain_encode(&chain, bytes, &n, &fault), BULLA_OK);
        memset(&got, 0x5A, sizeof got);
        memcpy(&before, &got, sizeof before);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(bulla_chain_decode((struct bulla_bytes){bytes, cut}, chain.block.reading, BULLA_START_ANY, &got, &fault),
                             BULLA_MORE);
        assert_int_equal(bulla_chain_decode((struct bulla_bytes){bytes, n + 1}, chain.block.reading, BULLA_START_ANY, &got, &fault),
                         BULLA_DAMAGED);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            assert_int_not_equal(bulla_chain_decode((struct bulla_bytes){bytes, n}, chain.block.reading, BULLA_START_ANY, &got, &fault),
                                 BULLA_OK);
            bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        }
        assert_memory_equal(&got, &before, sizeof got);
    }
    struct bulla_block block;
    struct bulla_fault fault;
    assert_int_equal(bulla_block_decode((struct bulla_bytes){secure, 16}, BULLA_READING_CLAUSES, BULLA_START_ANY, &block, &fault),
                     BULLA_DAMAGED);
    assert_int_equal(fault.at, 120);
}

/* [ISO-5.3] The seal clears its random value when it is tampered with; a seal that says otherwise is found out. */
static void tampering_shows(void **state)
{
    (void)state;
    struct bulla_block block = {.secure = true};
    struct bulla_extension extension = {.random = 0x5EED};
    assert_int_equal(bulla_block_judge(&block, NULL, 0x5EED), BULLA_EVIDENCE_UNPROVEN);
    assert_int_equal(bulla_block_judge(&block, &extension, BULLA_RANDOM_UNKNOWN), BULLA_EVIDENCE_UNPROVEN);
    assert_int_equal(bulla_block_judge(&block, &extension, 0x5EED), BULLA_EVIDENCE_SECURE);
    assert_int_equal(bulla_block_judge(&block, &extension, 0x5EEE), BULLA_EVIDENCE_RANDOM_WRONG);
    bulla_block_tamper(&block, &extension);
    assert_int_equal(bulla_block_judge(&block, &extension, 0x5EED), BULLA_EVIDENCE_TAMPERED);
    assert_int_equal(bulla_block_judge(&block, NULL, 0x5EED), BULLA_EVIDENCE_TAMPERED);
    block.secure = true; /* somebody sets the status back */
    assert_int_equal(bulla_block_judge(&block, &extension, 0x5EED), BULLA_EVIDENCE_RANDOM_CLEARED);
    assert_int_equal(bulla_block_judge(&block, &extension, 0), BULLA_EVIDENCE_RANDOM_CLEARED);
    extension.random = 1;
    bulla_block_tamper(&block, NULL);
    assert_int_equal(bulla_block_judge(&block, &extension, 1), BULLA_EVIDENCE_RANDOM_KEPT);
}

static void words(void **state)
{
    (void)state;
    assert_int_equal(bulla_reading_from("table"), BULLA_READING_TABLE);
    assert_int_equal(bulla_reading_from("clauses"), BULLA_READING_CLAUSES);
    assert_int_equal(bulla_reading_from("clause"), -1);
    assert_string_equal(bulla_reading_text(1), "clauses");
    assert_string_equal(bulla_reading_text(2), "unknown");
    assert_string_equal(bulla_evidence_text(BULLA_EVIDENCE_RANDOM_KEPT), "random-kept");
    assert_string_equal(bulla_evidence_text(6), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_fill_their_blocks),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_read_is_written_again_or_refused),
        cmocka_unit_test(errors_of_one_and_two_bits_are_found),
        cmocka_unit_test(single_bits_mean_what_the_draft_says),
        cmocka_unit_test(remarks),
        cmocka_unit_test(encoding_refuses_and_touches_nothing),
        cmocka_unit_test(decoding_refuses_and_touches_nothing),
        cmocka_unit_test(tampering_shows),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
