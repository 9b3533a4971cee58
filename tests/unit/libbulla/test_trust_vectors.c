/* SPDX-License-Identifier: Apache-2.0
 *
 * Every block of tests/vectors/authority and tests/vectors/ticket: what the bytes say, whether they hold, and that writing them again
 * gives the same bytes; and of tests/vectors/session: what two sides say when their random bytes are those of the block.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/session.h"
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

/* ---- sessions ---- */

#define SEAL_SUBJECT bulla_authority_seal(0x4A11, 0xC0FFEE01)

/* What the block gives, in the order in which it is used. */
struct stock {
    struct bulla_bytes left;
};

static enum bulla_status stock_fill(void *context, uint8_t *to, size_t n)
{
    struct stock *stock = context;
    if (n > stock->left.len)
        return BULLA_FAILED;
    memcpy(to, stock->left.at, n);
    stock->left = (struct bulla_bytes){stock->left.at + n, stock->left.len - n};
    return BULLA_OK;
}

static const uint8_t *stock_take(struct stock *stock, size_t n)
{
    assert_true(n <= stock->left.len);
    const uint8_t *at = stock->left.at;
    stock->left = (struct bulla_bytes){at + n, stock->left.len - n};
    return at;
}

static struct bulla_shared_key shared_of(const uint8_t *id_and_key, uint64_t subject)
{
    struct bulla_shared_key key = {.n = 32, .subject = subject};
    memcpy(key.id, id_and_key, BULLA_KEY_ID);
    memcpy(key.bytes, id_and_key + BULLA_KEY_ID, 32);
    return key;
}

static bool shared(void *context, const uint8_t id[BULLA_KEY_ID], struct bulla_shared_key *key)
{
    *key = shared_of(context, 7);
    return memcmp(id, key->id, BULLA_KEY_ID) == 0;
}

static json_t *record_json(struct bulla_session *from, struct bulla_session *to, const char *said)
{
    const struct bulla_bytes head = {(const uint8_t *)"head", 4};
    uint8_t record[BULLA_RECORD_MAX], got[BULLA_RECORD_MAX];
    char text[2 * BULLA_RECORD_MAX + 1];
    size_t n, got_n;
    enum bulla_doubt doubt;
    const struct bulla_bytes plain = {(const uint8_t *)said, strlen(said)};
    assert_int_equal(bulla_session_wrap(from, head, plain, record, sizeof record, &n, &doubt), BULLA_OK);
    assert_int_equal(bulla_session_unwrap(to, head, (struct bulla_bytes){record, n}, got, sizeof got, &got_n, &doubt), BULLA_OK);
    assert_int_equal(got_n, plain.len);
    bulla_hex_put(text, record, n);
    return json_string(text);
}

static json_t *talk_json(const struct bulla_party *party, const struct bulla_shared_key *key)
{
    const struct bulla_moment moment = {INT64_C(2000000), BULLA_TIME_NONE, true};
    struct bulla_session reader, seal;
    uint8_t bytes[3][BULLA_RECORD_MAX];
    char text[3][2 * BULLA_RECORD_MAX + 1] = {{0}};
    size_t n[3] = {0};
    enum bulla_doubt doubt;
    bulla_session_init(&reader, &party[0]);
    bulla_session_init(&seal, &party[1]);
    assert_int_equal(key ? bulla_session_call_shared(&reader, key, bytes[0], BULLA_RECORD_MAX, &n[0], &doubt)
                         : bulla_session_call(&reader, SEAL_SUBJECT, bytes[0], BULLA_RECORD_MAX, &n[0], &doubt),
                     BULLA_OK);
    assert_int_equal(bulla_session_answer(&seal, (struct bulla_bytes){bytes[0], n[0]}, bytes[1], BULLA_RECORD_MAX, &n[1], &doubt),
                     BULLA_OK);
    assert_int_equal(bulla_session_prove(&reader, &moment, (struct bulla_bytes){bytes[1], n[1]}, bytes[2], BULLA_RECORD_MAX, &n[2], &doubt),
                     BULLA_OK);
    if (!key)
        assert_int_equal(bulla_session_accept(&seal, &moment, (struct bulla_bytes){bytes[2], n[2]}, &doubt), BULLA_OK);
    for (unsigned i = 0; i < 3; i++)
        bulla_hex_put(text[i], bytes[i], n[i]);
    json_t *first = record_json(&reader, &seal, "open"), *second = record_json(&seal, &reader, "opened");
    return json_pack("{s:s, s:s, s:s, s:[o,o]}", "call", text[0], "answer", text[1], "proof", text[2], "records", first, second);
}

static json_t *session_json(const struct vec_block *block)
{
    struct stock stock = {{block->bytes, block->n}};
    const struct bulla_host_random random = {stock_fill, &stock};
    struct bulla_suite suite;
    struct bulla_doubts doubts = {{0}};
    char how[16] = "";
    unsigned id = 0;
    assert_int_equal(sscanf(block->profile.settings, "%u %15s", &id, how), 2);
    assert_int_equal(bulla_host_suite_make(id, &random, &suite), BULLA_OK);
    const struct bulla_trust trust = {.context = &suite, .issuer = issuer};
    struct bulla_party party[2] = {{.side = BULLA_SIDE_READER, .suite = &suite, .trust = &trust, .doubts = &doubts},
                                   {.side = BULLA_SIDE_SEAL, .subject = SEAL_SUBJECT, .suite = &suite, .trust = &trust, .doubts = &doubts}};
    struct stock rest = stock;
    if (strcmp(how, "shared") == 0) {
        (void)stock_take(&rest, 32);
        const uint8_t *id_and_key = stock_take(&rest, BULLA_KEY_ID + 32);
        party[1].shared = shared;
        party[1].context = (void *)(uintptr_t)id_and_key;
        struct bulla_shared_key key = shared_of(id_and_key, SEAL_SUBJECT);
        return talk_json(party, &key);
    }
    (void)stock_take(&rest, 64);
    party[0].secret = stock_take(&rest, BULLA_SECRET);
    party[1].secret = stock_take(&rest, BULLA_SECRET);
    for (unsigned side = 0; side < 2; side++)
        party[side].certificate = (struct bulla_bytes){stock_take(&rest, BULLA_AUTHORITY_SIZE), BULLA_AUTHORITY_SIZE};
    return talk_json(party, NULL);
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

/* Sides that know nothing but docs/trust.md would understand each other. */
static void sessions_are_what_others_wrote(void **state)
{
    (void)state;
    expect_file("session/session.vec", 5, session_json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_mean_what_others_wrote),
        cmocka_unit_test(tickets_mean_what_others_wrote),
        cmocka_unit_test(sessions_are_what_others_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
