/* SPDX-License-Identifier: Apache-2.0
 *
 * Authority: a certificate in 121 bytes. Its issuer (the owner of a seal) says of a signing key whose it is, from when to
 * when, and to a reader's what it may do. A seal is commissioned with its owner's public key and its own certificate;
 * readers come with theirs. There are no chains: an issuer is known by its key, or it is not known.
 *
 * The table is the format; numbers are big-endian. What is signed is
 *
 *   digest("bulla authority 1", name of the suite, the bytes before the signature)
 *
 * so the algorithm is in it. What a key is for is its kind: to sign as a reader, or as a seal.
 *
 * Time. A moment is what a device knows of the time: its clock, whether that is good, and a floor: the latest time that
 * was ever proven to it (from a session or a ticket), which it stores. Below the floor the clock was set back, and is not
 * good. Without a good clock an authority that ended before the floor is refused; any other gives only
 * BULLA_RIGHTS_UNDATED: to read, and to set the clock.
 */
#ifndef BULLA_AUTHORITY_H
#define BULLA_AUTHORITY_H

#include "bulla/api.h"
#include "bulla/fault.h"
#include "bulla/suite.h"
#include "bulla/time.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_AUTHORITY_TABLE(X) /* field, offset, bytes, name, meaning */                                          \
    X(KIND,      0,  1,  "kind",      "of the key's owner: 1 a reader, 2 a seal")                                    \
    X(SUITE,     1,  1,  "suite",     "in which it was made and the key is used")                                    \
    X(SUBJECT,   2,  8,  "subject",   "whose key: number of the reader; of a seal 0000, maker 2, serial number 4")   \
    X(RIGHTS,    10, 2,  "rights",    "bits of BULLA_RIGHT_TABLE; of a seal 0")                                      \
    X(FROM,      12, 4,  "from",      "seconds since 1970, UTC")                                                     \
    X(UNTIL,     16, 4,  "until",     "seconds since 1970, UTC: the first one in which it is not valid")             \
    X(ISSUER,    20, 4,  "issuer",    "key id of whoever signs")                                                     \
    X(PUBLIC,    24, 33, "public",    "the key")                                                                     \
    X(SIGNATURE, 57, 64, "signature", "of the issuer")

#define BULLA_AUTHORITY_KIND_TABLE(X) X(READER, 1, "reader") X(SEAL, 2, "seal")

#define BULLA_RIGHT_TABLE(X) /* right, bit, name, to do what */                                    \
    X(READ,       0, "read",       "what is stored")                                               \
    X(WRITE,      1, "write",      "container, cargo, process nodes, files")                       \
    X(SEAL,       2, "seal",       "permit to close")                                              \
    X(UNSEAL,     3, "unseal",     "permit to open")                                               \
    X(CONFIGURE,  4, "configure",  "parameters, schedules, limits")                                \
    X(UPGRADE,    5, "upgrade",    "firmware")                                                     \
    X(EXPORT,     6, "export",     "the event log")                                                \
    X(CLOCK,      7, "clock",      "set the clock")                                                \
    X(COMMISSION, 8, "commission", "give keys")                                                    \
    X(RETIRE,     9, "retire",     "wipe it")

#define BULLA_DOUBT_TABLE(X) /* of certificates, handshakes and records: doubt, number, text */                  \
    X(GOOD,      0,  "good")                                                                                         \
    X(SHAPE,     1,  "not a message of that kind: form, length or a field that cannot be")                           \
    X(ORDER,     2,  "not the message that is awaited")                                                              \
    X(SUITE,     3,  "of another cipher suite")                                                                      \
    X(POINT,     4,  "no public key to agree with")                                                                  \
    X(REFLECTED, 5,  "one's own message, sent back")                                                                 \
    X(CIPHER,    6,  "changed, or not for this session")                                                             \
    X(KIND,      7,  "a key that is not for this")                                                                   \
    X(ISSUER,    8,  "signed by somebody who is not trusted with it")                                                \
    X(SIGNATURE, 9,  "the signature or the proof of a shared key does not hold")                                                                  \
    X(SUBJECT,   10, "another device than the one that was called")                                                  \
    X(EARLY,     11, "not valid yet")                                                                                \
    X(LATE,      12, "not valid any more")                                                                           \
    X(WITHDRAWN, 13, "withdrawn")                                                                                    \
    X(UNKNOWN,   14, "a shared key that is not there")                                                               \
    X(REPLAYED,  15, "a record that is not newer than the newest one")                                               \
    X(ENDED,     16, "the session is over")                                                                          \
    X(BELOW,     17, "randomness or cipher failed: nothing is known about the message")
/* clang-format on */

#define BULLA_AUTHORITY_SIZE   121
#define BULLA_AUTHORITY_SIGNED 57 /* bytes that the signature covers */

enum bulla_authority_kind {
#define X(name, number, text) BULLA_AUTHORITY_##name = number,
    BULLA_AUTHORITY_KIND_TABLE(X)
#undef X
};

enum bulla_right {
#define X(name, bit, text, what) BULLA_RIGHT_##name = 1u << (bit),
    BULLA_RIGHT_TABLE(X)
#undef X
#define X(name, bit, text, what) | BULLA_RIGHT_##name
        BULLA_RIGHTS_ALL = 0 BULLA_RIGHT_TABLE(X),
#undef X
    BULLA_RIGHTS_UNDATED = BULLA_RIGHT_READ | BULLA_RIGHT_CLOCK
};

enum bulla_doubt {
#define X(name, number, text) BULLA_DOUBT_##name = number,
    BULLA_DOUBT_TABLE(X)
#undef X
        BULLA_DOUBTS
};

/* What was refused, by reason; each stops at its maximum. */
struct bulla_doubts {
    uint32_t n[BULLA_DOUBTS];
};

struct bulla_authority {
    uint8_t kind, suite;
    uint64_t subject;
    uint16_t rights;
    uint32_t from_s, until_s;
    uint8_t issuer[BULLA_KEY_ID];
    uint8_t public_key[BULLA_PUBLIC];
    uint8_t signature[BULLA_SIGNATURE];
};

struct bulla_moment {
    int64_t now_ms;   /* or BULLA_TIME_NONE */
    int64_t floor_ms; /* the latest that was ever proven; BULLA_TIME_NONE: none */
    bool good;        /* bulla_clock_good() */
};

/* Whom one believes. */
struct bulla_trust {
    void *context;
    /* The key of an issuer of such certificates, or of tickets (kind 0), into public_key; false: nobody known. */
    bool (*issuer)(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC]);
    /* Is a certificate that holds in itself withdrawn? NULL: none is. */
    bool (*withdrawn)(void *context, const struct bulla_authority *authority);
};

/* A seal's address as a subject. */
static inline uint64_t bulla_authority_seal(uint16_t maker, uint32_t serial)
{
    return (uint64_t)maker << 32 | serial;
}

/* Seconds since 1970 that the moment is surely in or after; 0 when nothing is known. *good: whether it is the time itself. */
uint32_t bulla_moment_seconds(const struct bulla_moment *moment, bool *good);

/* Encode puts the fields as they are. REFUSED: kind, rights, subject of a seal above 48 bits, or an end not after the beginning. */
enum bulla_status bulla_authority_encode(const struct bulla_authority *authority, uint8_t bytes[BULLA_AUTHORITY_SIZE],
                                         struct bulla_fault *fault) BULLA_MUST_CHECK;
/* DAMAGED: length; INSANE: what encode refuses. Says nothing about whether it holds. */
enum bulla_status bulla_authority_decode(struct bulla_bytes bytes, struct bulla_authority *authority,
                                         struct bulla_fault *fault) BULLA_MUST_CHECK;

/* For an issuer: fills suite, issuer and signature. REFUSED: what encode refuses; FAILED: the suite. */
enum bulla_status bulla_authority_sign(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                       const uint8_t issuer_public[BULLA_PUBLIC], struct bulla_authority *authority) BULLA_MUST_CHECK;

/* The rights that such an authority gives at this moment, of those that it has. 0 and UINT32_MAX: without a beginning and an end, needs
 * no clock. *doubt: EARLY or LATE when it gives none. */
unsigned bulla_authority_rights(unsigned rights, uint32_t from_s, uint32_t until_s, const struct bulla_moment *moment,
                                enum bulla_doubt *doubt);

/* Whether a certificate of that kind holds now; *authority only when OK.
 * REFUSED: why is in *doubt; FAILED: the suite, BULLA_DOUBT_BELOW. */
enum bulla_status bulla_authority_check(const struct bulla_suite *suite, const struct bulla_trust *trust, const struct bulla_moment *moment,
                                        unsigned kind, struct bulla_bytes bytes, struct bulla_authority *authority,
                                        enum bulla_doubt *doubt) BULLA_MUST_CHECK;

const char *bulla_right_text(unsigned bit); /* name of the right with that bit number; "": none */
const char *bulla_doubt_text(unsigned doubt);

BULLA_END

#endif
