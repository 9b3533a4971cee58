/* SPDX-License-Identifier: Apache-2.0
 *
 * libbulla: messages between reader and seal. Every order of the table, asked and answered, through all of its fields, cut at
 * every byte, with a byte too many, and beyond every range; and what the tables have to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/device.h"
#include "bulla/link.h"
#include "tests/support/random.h"

static const uint8_t codes[] = {
#define X(name, code, text) code,
    BULLA_ORDER_TABLE(X)
#undef X
};

static unsigned fields_of(unsigned code, unsigned part, const struct bulla_link_field *own[BULLA_LINK_VALUES])
{
    size_t n;
    unsigned found = 0;
    const struct bulla_link_field *fields = bulla_link_fields(&n);
    for (size_t i = 0; i < n; i++)
        if (fields[i].code == code && fields[i].part == part)
            own[found++] = &fields[i];
    return found;
}

static void every_order_of_the_frames_has_one_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes; i++) {
        const struct bulla_link_order *order = bulla_link_order(codes[i]);
        assert_non_null(order);
        assert_int_equal(order->code, codes[i]);
        assert_true(bulla_access_text(order->access)[0]);
        assert_true(bulla_on_text(order->event)[0]);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(codes[k], codes[i]);
        if (order->to_all) /* who heard it is not known: it may change nothing that needs proof */
            assert_int_equal(order->access, BULLA_ACCESS_OPEN);
        if (order->access == BULLA_ACCESS_OPEN) /* and so does what needs none */
            assert_true(order->event == BULLA_ON_STATUS || order->event == BULLA_ON_FLIGHT_END);
        else
            assert_true(order->event < BULLA_ON_SHACKLE_OPENED);
    }
    assert_null(bulla_link_order(0x7F));
    assert_string_equal(bulla_access_text(BULLA_ACCESS_TICKET), "ticket");
    assert_string_equal(bulla_access_text(9), "");
}

static void fields_lie_in_their_places_and_fit_into_a_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes; i++)
        for (unsigned part = BULLA_PART_ASK; part <= BULLA_PART_ANSWER; part++) {
            const struct bulla_link_field *own[BULLA_LINK_VALUES];
            unsigned n = fields_of(codes[i], part, own), bytes = 0;
            for (unsigned k = 0; k < n; k++) {
                assert_int_equal(own[k]->place, k);
                assert_true(own[k]->bytes <= 8 && own[k]->least <= own[k]->greatest);
                if (own[k]->bytes == 0)
                    assert_int_equal(k, n - 1);
                bytes += own[k]->bytes ? own[k]->bytes : own[k]->greatest;
            }
            assert_true(bytes + (part == BULLA_PART_ASK ? 14 : 15) <= BULLA_FRAME_MAX);
        }
}

static struct bulla_link_message any_message(unsigned code, unsigned part, struct random *random, uint8_t rest[BULLA_FRAME_MAX])
{
    struct bulla_link_message m = {.code = (uint8_t)code, .part = (uint8_t)part};
    const struct bulla_link_field *own[BULLA_LINK_VALUES];
    unsigned n = fields_of(code, part, own);
    random_fill(random, rest, BULLA_FRAME_MAX);
    for (unsigned k = 0; k < n; k++) {
        uint64_t most = own[k]->greatest;
        if (most == UINT32_MAX && own[k]->bytes == 8)
            most = UINT64_MAX - 1;
        uint64_t value = own[k]->least + random_below(random, most - own[k]->least + 1);
        if (own[k]->bytes)
            m.value[k] = value;
        else
            m.rest = (struct bulla_bytes){rest, value};
    }
    return m;
}

static void assert_same(const struct bulla_link_message *a, const struct bulla_link_message *b)
{
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->part, b->part);
    assert_memory_equal(a->value, b->value, sizeof a->value);
    assert_int_equal(a->rest.len, b->rest.len);
    if (a->rest.len)
        assert_memory_equal(a->rest.at, b->rest.at, a->rest.len);
}

/* What is left out or added is told from what is there; only where the end is a rest may it be shorter. */
static void cut_and_prolonged(const struct bulla_link_message *m, const uint8_t *bytes, size_t len)
{
    const struct bulla_link_field *own[BULLA_LINK_VALUES];
    unsigned n = fields_of(m->code, m->part, own);
    const struct bulla_link_field *rest = n && own[n - 1]->bytes == 0 ? own[n - 1] : NULL;
    size_t fixed = len - m->rest.len;
    struct bulla_link_message got, untouched;
    struct bulla_fault fault;
    memset(&untouched, 0xA5, sizeof untouched);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        got = untouched;
        enum bulla_status status = bulla_link_decode(m->code, (enum bulla_part)m->part, (struct bulla_bytes){exact, cut}, &got, &fault);
        if (rest && cut >= fixed + rest->least) {
            assert_int_equal(status, BULLA_OK);
        } else {
            assert_int_equal(status, BULLA_MORE);
            assert_true(fault.at <= cut);
            assert_memory_equal(&got, &untouched, sizeof got);
        }
        free(exact);
    }
    uint8_t longer[2 * BULLA_FRAME_MAX] = {0};
    memcpy(longer, bytes, len);
    size_t too_long = rest ? fixed + rest->greatest + 1 : len + 1;
    got = untouched;
    assert_int_equal(bulla_link_decode(m->code, (enum bulla_part)m->part, (struct bulla_bytes){longer, too_long}, &got, &fault),
                     BULLA_DAMAGED);
    assert_memory_equal(&got, &untouched, sizeof got);
}

static void there_and_back(void **state)
{
    (void)state;
    struct random random = {1};
    for (unsigned round = 0; round < 200; round++)
        for (size_t i = 0; i < sizeof codes; i++)
            for (unsigned part = BULLA_PART_ASK; part <= BULLA_PART_ANSWER; part++) {
                uint8_t bytes[BULLA_FRAME_MAX], rest[BULLA_FRAME_MAX];
                size_t n = 999, full = 999;
                struct bulla_fault fault;
                struct bulla_link_message m = any_message(codes[i], part, &random, rest), got;
                assert_int_equal(bulla_link_encode(&m, bytes, sizeof bytes, &n, &fault), BULLA_OK);
                assert_int_equal(bulla_link_decode(codes[i], (enum bulla_part)part, (struct bulla_bytes){bytes, n}, &got, &fault),
                                 BULLA_OK);
                assert_same(&got, &m);
                if (n > 0) {
                    assert_int_equal(bulla_link_encode(&m, bytes, n - 1, &full, &fault), BULLA_FULL);
                    assert_int_equal(full, 999);
                }
                if (round % 20 == 0)
                    cut_and_prolonged(&m, bytes, n);
            }
}

/* Each limit of each number, and one beyond. */
static void what_is_out_of_range_is_neither_sent_nor_believed(void **state)
{
    (void)state;
    size_t n_fields, n;
    unsigned limits = 0;
    const struct bulla_link_field *fields = bulla_link_fields(&n_fields);
    struct random random = {2};
    for (size_t i = 0; i < n_fields; i++) {
        const struct bulla_link_field *f = &fields[i];
        uint8_t bytes[2 * BULLA_FRAME_MAX] = {0}, rest[BULLA_FRAME_MAX];
        uint64_t wide = f->bytes == 0 ? BULLA_FRAME_MAX : f->bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * f->bytes) - 1;
        const uint64_t tries[] = {f->least, f->greatest, f->least - UINT64_C(1), f->greatest + UINT64_C(1)};
        for (unsigned t = 0; t < 4; t++) {
            if (tries[t] > wide || (t == 2 && f->least == 0) || (t == 3 && f->greatest == UINT32_MAX))
                continue;
            struct bulla_link_message m = any_message(f->code, f->part, &random, rest), got;
            struct bulla_fault fault = {0};
            if (f->bytes)
                m.value[f->place] = tries[t];
            else
                m.rest = (struct bulla_bytes){rest, tries[t]};
            assert_int_equal(bulla_link_encode(&m, bytes, BULLA_FRAME_MAX, &n, &fault), t < 2 ? BULLA_OK : BULLA_REFUSED);
            if (t < 2)
                continue;
            limits++;
            assert_string_equal(fault.field, f->name);
            if (f->bytes == 0)
                continue; /* cut_and_prolonged() */
            m.value[f->place] = f->least;
            assert_int_equal(bulla_link_encode(&m, bytes, BULLA_FRAME_MAX, &n, &fault), BULLA_OK);
            size_t at = 0;
            for (size_t k = 0; k < n_fields; k++)
                if (fields[k].code == f->code && fields[k].part == f->part && fields[k].place < f->place)
                    at += fields[k].bytes;
            for (unsigned b = 0; b < f->bytes; b++)
                bytes[at + b] = (uint8_t)(tries[t] >> 8 * (f->bytes - 1u - b));
            assert_int_equal(bulla_link_decode(f->code, (enum bulla_part)f->part, (struct bulla_bytes){bytes, n}, &got, &fault),
                             BULLA_INSANE);
            assert_string_equal(fault.field, f->name);
            assert_int_equal(fault.at, at);
        }
    }
    assert_true(limits > 30);
}

/* Byte by byte, as docs/seal.md has them. */
static void worked_examples(void **state)
{
    (void)state;
    static const struct {
        struct bulla_link_message message;
        const char *hex;
    } examples[] = {
        {{.code = BULLA_ORDER_COLLECT, .value = {5, 0x40, 0}}, "00054000"},
        {{.code = BULLA_ORDER_READ_MEMORY, .value = {2, 0x0102, 64}}, "02010240"},
        {{.code = BULLA_ORDER_SET_CLOCK, .value = {1767225600000, 50}}, "0000019b76daa80000000032"},
        {{.code = BULLA_ORDER_SLEEP_ALL_BUT, .value = {0xBEEF, 0x12345678}}, "beef12345678"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t bytes[BULLA_FRAME_MAX], expected[BULLA_FRAME_MAX];
        size_t n;
        struct bulla_fault fault;
        assert_int_equal(bulla_link_encode(&examples[i].message, bytes, sizeof bytes, &n, &fault), BULLA_OK);
        assert_int_equal(n, strlen(examples[i].hex) / 2);
        assert_true(bulla_hex_get(expected, examples[i].hex, n));
        assert_memory_equal(bytes, expected, n);
    }
}

static void an_order_that_there_is_not(void **state)
{
    (void)state;
    uint8_t bytes[8] = {0};
    size_t n = 7;
    struct bulla_fault fault;
    struct bulla_link_message m = {.code = 0x7F}, got;
    assert_int_equal(bulla_link_encode(&m, bytes, sizeof bytes, &n, &fault), BULLA_REFUSED);
    assert_string_equal(fault.field, "order");
    assert_int_equal(n, 7);
    assert_int_equal(bulla_link_decode(0x7F, BULLA_PART_ASK, (struct bulla_bytes){bytes, 0}, &got, &fault), BULLA_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_the_frames_has_one_row),
        cmocka_unit_test(fields_lie_in_their_places_and_fit_into_a_frame),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_out_of_range_is_neither_sent_nor_believed),
        cmocka_unit_test(worked_examples),
        cmocka_unit_test(an_order_that_there_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
