/* SPDX-License-Identifier: Apache-2.0
 *
 * A wire between a device and a protocol, for tests: bytes go in as a listener would bring them, in pieces
 * of any size; observations and replies come out as JSON. Clock and randomness are fixed, so that the same
 * bytes always give the same answers.
 */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <jansson.h>
#include <stdalign.h>

#include "proto/proto.h"

#define WIRE_NOW "2026-01-31T08:00:00Z"

struct wire_block;

struct wire {
    const struct proto *proto;
    struct proto_profile profile;
    struct proto_link link;
    json_t *observations; /* in the order in which they were emitted */
    json_t *replies;      /* hexadecimal */
    json_t *outcomes;     /* of each message that frame() found: "ok", "damaged" ... */
    char error[120];      /* why the first message that was not ok was not */
    size_t skipped;       /* bytes that belong to nothing */
    uint8_t *buffer;      /* what waits for more */
    size_t n, size;
    struct wire_block *blocks; /* memory that the protocol holds */
    uint64_t random;
    alignas(max_align_t) uint8_t state[PROTO_STATE_MAX];
};

void wire_open(struct wire *wire, const struct proto *proto, const struct proto_profile *profile, int64_t now_ms);
void wire_close(struct wire *wire);

/* Brings n bytes, `piece` at a time (0: all at once). Fails the test when the protocol breaks its contract with
 * frame(): no progress, more than was given, MORE that can never end. */
void wire_feed(struct wire *wire, const uint8_t *at, size_t n, size_t piece);

/* Decodes one message without framing. */
enum bulla_status wire_decode(struct wire *wire, const uint8_t *at, size_t n, bool whole);

/* Everything that was said, as one text to compare: caller frees. */
char *wire_said(const struct wire *wire);

/* Forgets what was said, keeps the link. */
void wire_clear(struct wire *wire);

#endif
