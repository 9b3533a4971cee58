/* SPDX-License-Identifier: Apache-2.0
 *
 * Every block of tests/vectors/authority and tests/vectors/ticket: what the bytes say, whether they hold, and that writing them again
 * gives the same bytes.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/ticket.h"
#include "bulla/time.h"
#include "suite/suite.h"
#include "tests/support/vec.h"

static struct bulla_suite suite_of(unsigned id)
{
    struct bulla_suite suite;
    assert_int_equal(bulla_host_suite_make(id, &bulla_host_random_system, &suite), BULLA_OK);
    return suite;
}

/* The issuer of all vectors. */
static bool issuer(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    const struct bulla_suite *suite = context;
    uint8_t secret[BULLA_SECRET], own[BULLA_KEY_ID];
    (void)kind;
    memset(secret, 0x42, sizeof secret);
    assert_int_equal(bulla_host_key_public(suite, secret, public_key), BULLA_OK);
    assert_int_equal(bulla_suite_key_id(suite, public_key, own), BULLA_OK);
    return memcmp(own, id, sizeof own) == 0;
}

static struct bulla_moment moment_of(const char *settings)
{
    long long now_s;
    if (sscanf(settings, "%lld", &now_s) == 1)
        return (struct bulla_moment){1000 * now_s, BULLA_TIME_NONE, true};
    return (struct bulla_moment){BULLA_TIME_NONE, BULLA_TIME_NONE, false};
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
    char text[2 * BULLA_SIGNATURE + 1];
    bulla_hex_put(text, bytes, n);
    return json_stringn(text, 2 * n);
}

static json_t *rights(unsigned bits)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < 16; bit++)
        if (bits >> bit & 1)
            json_array_append_new(list, json_string(bulla_right_text(bit)));
    return list;
}

static json_t *fault_json(enum bulla_status status, const struct bulla_fault *fault)
{
    return json_pack("{s:s, s:s, s:i}", "outcome", bulla_status_text(status), "field", fault->field, "at", (int)fault->at);
}

static json_t *authority_json(const struct vec_block *block)
{
    struct bulla_authority authority, checked;
    struct bulla_fault fault;
    enum bulla_doubt doubt;
    uint8_t again[BULLA_AUTHORITY_SIZE];
    char subject[17];
    const struct bulla_bytes bytes = {block->bytes, block->n};
    enum bulla_status status = bulla_authority_decode(bytes, &authority, &fault);
    if (status != BULLA_OK)
        return fault_json(status, &fault);
    assert_int_equal(bulla_authority_encode(&authority, again, &fault), BULLA_OK);
    assert_memory_equal(again, block->bytes, block->n);
    struct bulla_suite suite = suite_of(authority.suite);
    const struct bulla_trust trust = {.context = &suite, .issuer = issuer};
    const struct bulla_moment moment = moment_of(block->profile.settings);
    (void)!bulla_authority_check(&suite, &trust, &moment, authority.kind, bytes, &checked, &doubt);
    snprintf(subject, sizeof subject, "%016llx", (unsigned long long)authority.subject);
    enum bulla_doubt then;
    unsigned may = bulla_authority_rights(authority.rights, authority.from_s, authority.until_s, &moment, &then);
    return json_pack("{s:s, s:i, s:i, s:s, s:o, s:I, s:I, s:o, s:o, s:s, s:o}", "outcome", "ok", "kind", authority.kind, "suite",
                     authority.suite, "subject", subject, "rights", rights(authority.rights), "from", (json_int_t)authority.from_s, "until",
                     (json_int_t)authority.until_s, "issuer", hex(authority.issuer, BULLA_KEY_ID), "public",
                     hex(authority.public_key, BULLA_PUBLIC), "doubt", bulla_doubt_text(doubt), "may", rights(may));
}

/* Tried at a seal for which all but time and signature is right. */
static const char *ticket_refusal(const struct bulla_ticket *ticket, const struct vec_block *block)
{
    struct bulla_suite suite = suite_of(ticket->suite);
    const struct bulla_trust trust = {.context = &suite, .issuer = issuer};
    const struct bulla_ticket_facts facts = {.device = ticket->device,
                                             .operation = ticket->operation,
                                             .journey = ticket->journey,
                                             .counter = ticket->counter - 1,
                                             .challenge = ticket->challenge,
                                             .moment = moment_of(block->profile.settings),
                                             .has_position = true,
                                             .lat_e7 = ticket->lat_e7,
                                             .lon_e7 = ticket->lon_e7};
    struct bulla_ticket got;
    enum bulla_ticket_refusal refusal;
    (void)!bulla_ticket_check(&suite, &trust, &facts, (struct bulla_bytes){block->bytes, block->n}, &got, &refusal);
    return bulla_ticket_refusal_text(refusal);
}

static json_t *ticket_json(const struct vec_block *block)
{
    struct bulla_ticket ticket;
    struct bulla_fault fault;
    uint8_t again[BULLA_TICKET_SIZE];
    enum bulla_status status = bulla_ticket_decode((struct bulla_bytes){block->bytes, block->n}, &ticket, &fault);
    if (status != BULLA_OK)
        return fault_json(status, &fault);
    assert_int_equal(bulla_ticket_encode(&ticket, again, &fault), BULLA_OK);
    assert_memory_equal(again, block->bytes, block->n);
    json_t *place = ticket.has_place ? json_pack("[i,i,I]", ticket.lat_e7, ticket.lon_e7, (json_int_t)ticket.radius_m) : json_null();
    return json_pack("{s:s, s:i, s:s, s:i, s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:s}", "outcome", "ok", "suite", ticket.suite,
                     "operation", bulla_ticket_operation_text(ticket.operation), "maker", ticket.device.maker, "serial",
                     (json_int_t)ticket.device.serial, "journey", hex(ticket.journey, sizeof ticket.journey), "counter",
                     (json_int_t)ticket.counter, "from", (json_int_t)ticket.from_s, "until", (json_int_t)ticket.until_s, "place", place,
                     "challenge", ticket.has_challenge ? hex(ticket.challenge, sizeof ticket.challenge) : json_null(), "issuer",
                     hex(ticket.issuer, BULLA_KEY_ID), "refusal", ticket_refusal(&ticket, block));
}

static void expect_file(const char *name, size_t least, json_t *(*read)(const struct vec_block *))
{
    char path[900], why[600];
    snprintf(path, sizeof path, "%s/tests/vectors/%s", BULLA_SOURCE_DIR, name);
    struct vec_file *file = vec_read(path, why, sizeof why);
    if (!file)
        fail_msg("%s", why);
    assert_true(file->n >= least);
    for (size_t i = 0; i < file->n; i++) {
        json_t *got = read(&file->blocks[i]);
        if (!vec_match(file->blocks[i].expect, got, why, sizeof why))
            fail_msg("%s:%d: %s: %s", path, file->blocks[i].line, file->blocks[i].name, why);
        json_decref(got);
    }
    vec_free(file);
}

/* */
static void authorities_mean_what_others_wrote(void **state)
{
    (void)state;
    expect_file("authority/authority.vec", 14, authority_json);
}

/* */
static void tickets_mean_what_others_wrote(void **state)
{
    (void)state;
    expect_file("ticket/ticket.vec", 16, ticket_json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_mean_what_others_wrote),
        cmocka_unit_test(tickets_mean_what_others_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
