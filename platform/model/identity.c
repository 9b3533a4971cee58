/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/identity.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "bulla/cursor.h"

#define HOUR_MS 3600000

/* Events that depend on when or after what a message came: the same message sent again may lack them. */
#define DERIVED_EVENTS (BULLA_EVENT_BIT(BULLA_EVENT_TIME_ZONE_SUSPECT) | BULLA_EVENT_BIT(BULLA_EVENT_OPENED_WHILE_SEALED))

struct identity {
    EVP_MD *sha256;
    EVP_MD_CTX *context;
};

struct identity *identity_new(void)
{
    struct identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return NULL;
    identity->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    identity->context = EVP_MD_CTX_new();
    if (!identity->sha256 || !identity->context) {
        identity_free(identity);
        return NULL;
    }
    return identity;
}

void identity_free(struct identity *identity)
{
    if (!identity)
        return;
    EVP_MD_CTX_free(identity->context);
    EVP_MD_free(identity->sha256);
    free(identity);
}

static void put_position(struct bulla_writer *w, const struct bulla_observation *o)
{
    bulla_writer_put_u8(w, o->fix_valid);
    bulla_writer_put_u32(w, (uint32_t)o->lat_e7);
    bulla_writer_put_u32(w, (uint32_t)o->lon_e7);
    bulla_writer_put_u32(w, (uint32_t)o->speed_cmh);
    bulla_writer_put_u32(w, (uint32_t)o->course_cdeg);
    bulla_writer_put_u8(w, o->satellites);
}

static void put_seal(struct bulla_writer *w, const struct bulla_observation *o)
{
    const uint8_t state[] = {o->state.seal, o->state.shackle, o->state.motor, o->state.cover, o->state.door, o->fence, o->wake, o->percent};
    bulla_writer_put(w, state, sizeof state);
    bulla_writer_put_u64(w, o->events & ~DERIVED_EVENTS);
    bulla_writer_put_u32(w, (uint32_t)o->millivolts);
    if (o->has & BULLA_HAS_UNLOCK) {
        const uint8_t attempt[] = {o->unlock.channel, o->unlock.verdict, o->unlock.reason, o->unlock.tries, o->unlock.fence};
        bulla_writer_put(w, attempt, sizeof attempt);
        bulla_writer_put_text(w, o->unlock.credential);
        bulla_writer_put_u8(w, 0);
    }
    if (o->has & BULLA_HAS_RESULT) {
        bulla_writer_put_text(w, o->result.command);
        bulla_writer_put_u32(w, (uint32_t)o->result.serial);
        bulla_writer_put_text(w, o->result.text);
        bulla_writer_put_u8(w, 0);
    }
    if (o->has & BULLA_HAS_NOTE) {
        bulla_writer_put_text(w, o->note.by);
        bulla_writer_put_u8(w, 0);
        bulla_writer_put_text(w, o->note.about);
        bulla_writer_put_u8(w, 0);
        bulla_writer_put_text(w, o->note.text);
        bulla_writer_put_u8(w, 0);
    }
}

static void put_arrays(struct bulla_writer *w, const struct bulla_observation *o)
{
    for (size_t i = 0; i < o->n_sensors; i++) {
        bulla_writer_put_text(w, o->sensors[i].id);
        bulla_writer_put_u8(w, o->sensors[i].kind);
        bulla_writer_put_u32(w, (uint32_t)o->sensors[i].milli);
    }
    for (size_t i = 0; i < o->n_sublocks; i++) {
        bulla_writer_put_text(w, o->sublocks[i].id);
        bulla_writer_put_u64(w, o->sublocks[i].events);
        bulla_writer_put_u8(w, o->sublocks[i].state.shackle);
        bulla_writer_put_u8(w, o->sublocks[i].state.motor);
    }
}

static void put_when(struct bulla_writer *w, const struct bulla_observation *o)
{
    bool has_time = bulla_observation_knows(o, BULLA_HAS_TIME);
    bool has_counter = bulla_observation_knows(o, BULLA_HAS_COUNTER);
    bulla_writer_put_u64(w, has_counter ? (uint64_t)o->counter : UINT64_MAX);
    bulla_writer_put_u64(w, has_time ? (uint64_t)o->time_ms : (uint64_t)(has_counter ? o->received_ms / HOUR_MS : o->received_ms));
    bulla_writer_put_u8(w, (uint8_t)(has_time << 1 | has_counter));
}

void identity_name(struct identity *identity, struct bulla_observation *o)
{
    uint8_t said[1280]; /* more than all fields and arrays can fill */
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct bulla_writer w = bulla_writer_over(said, sizeof said);
    bulla_writer_put_text(&w, o->protocol);
    bulla_writer_put_u8(&w, ':');
    bulla_writer_put_text(&w, o->device);
    bulla_writer_put_u8(&w, 0);
    put_when(&w, o);
    put_position(&w, o);
    put_seal(&w, o);
    put_arrays(&w, o);
    EVP_DigestInit_ex(identity->context, identity->sha256, NULL);
    EVP_DigestUpdate(identity->context, said, w.len);
    EVP_DigestFinal_ex(identity->context, digest, NULL);
    bulla_hex_put(o->id, digest, 16);
}
