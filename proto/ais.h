/* SPDX-License-Identifier: Apache-2.0
 *
 * AIS, between its own files only. The wire map is at the head of ais.c.
 *
 *   frame     lines <-> checked sentences        parts    several sentences -> one message, session
 *   message   six bits a character -> observation
 */
#ifndef PROTO_AIS_H
#define PROTO_AIS_H

#include "proto/proto.h"

#define AIS_LINE_MAX  512 /* a sentence has 82 characters, a tag block before it about as many; receivers say more */
#define AIS_CHARS_MAX 76  /* of a message that is read here: 424 bits are 71 */
#define AIS_SLOTS     4   /* messages that may be in parts at one time on a link */
#define AIS_PARTS_MS  5000

struct ais_slot { /* a message that arrives in parts */
    char id, channel;
    uint8_t total, next; /* total 0: free */
    uint8_t n;
    bool ignored; /* of a type that is not read */
    bool done;    /* read: the last part may be decoded once more at the same moment, when its vessel is set up otherwise */
    uint32_t at_ms;
    char chars[AIS_CHARS_MAX];
};

struct ais { /* link->state */
    struct ais_slot slots[AIS_SLOTS];
    int64_t behind_ms, behind_at_ms; /* how late the last base station's time was here, and when that was */
};

struct ais_sentence {
    struct bulla_bytes payload;
    unsigned total, number, fill;
    char id, channel;
    bool empty;     /* of another kind, or without a payload: nothing to read */
    int64_t tag_ms; /* when the receiver heard it, BULLA_TIME_NONE: it does not say */
};

struct ais_bits { /* a payload as bits; the characters are known to be good */
    const uint8_t *chars;
    size_t n; /* bits */
};

extern const struct proto proto_ais;

enum bulla_status ais_probe(const uint8_t *at, size_t n);
enum bulla_status ais_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);
/* Checks the sums of one sentence and its tag block, and takes it apart. */
enum bulla_status ais_open(struct proto_link *link, const uint8_t *at, size_t n, struct ais_sentence *s);
/* The six bits of a character, 0x80 where it is none of a payload. */
extern const uint8_t ais_six_bits[256];

/* Whether messages of that type become observations. */
bool ais_is_read(unsigned type);
/* One whole message. heard_ms: when it was heard. Emits nothing for types that are not read and for rescue transmitters. */
enum bulla_status ais_read(struct proto_link *link, struct ais_bits bits, int64_t heard_ms);

#endif
