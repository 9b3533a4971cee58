/* SPDX-License-Identifier: Apache-2.0
 *
 * Ticket: a signed permission to seal or to unseal, once. It holds at the seal without any connection.
 *
 * It names the seal, the journey, a window of time, a place or none, and a counter: the seal keeps the highest counter of
 * a ticket that it acted on, and a ticket whose counter is not above is spent. So a copy is worth nothing after the
 * first use, and of several tickets a later one makes the earlier ones void. A ticket may carry the challenge that the seal
 * gave out (16 random bytes): then it was made after that, and a ticket that was relayed from another moment does nothing.
 *
 * The table is the format; numbers are big-endian. What is signed is
 *
 *   digest("bulla ticket 1", name of the suite, the bytes before the signature)
 *
 * bulla_ticket_check() is the one way to have a ticket accepted: there is none that leaves out the signature. Whoever
 * acts on it does, in this order: store ticket.counter durably (and forget the open challenge), then act. When power goes between the two,
 * the ticket is spent and nothing was opened: another one is needed.
 *
 * Distances are on a sphere of 6,371 km, by whole numbers: wrong by less than 1 % (of which half the flattening) up to 85 degrees.
 */
#ifndef BULLA_TICKET_H
#define BULLA_TICKET_H

#include "bulla/api.h"
#include "bulla/authority.h"
#include "bulla/frame.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_TICKET_TABLE(X) /* field, offset, bytes, name, meaning */                                              \
    X(FORM,      0,  4,  "form",      "BTK1")                                                                        \
    X(SUITE,     4,  1,  "suite",     "in which it is signed")                                                       \
    X(OPERATION, 5,  1,  "operation", "1 seal, 2 unseal")                                                            \
    X(FLAGS,     6,  1,  "flags",     "bit 0: there is a place; bit 1: there is a challenge")                        \
    X(SPARE,     7,  1,  "spare",     "0")                                                                           \
    X(MAKER,     8,  2,  "maker",     "of the seal")                                                                 \
    X(SERIAL,    10, 4,  "serial",    "of the seal")                                                                 \
    X(JOURNEY,   14, 16, "journey",   "its id; zeros: any")                                                          \
    X(COUNTER,   30, 4,  "counter",   "above that of every ticket before it; not 0")                                 \
    X(FROM,      34, 4,  "from",      "seconds since 1970, UTC")                                                     \
    X(UNTIL,     38, 4,  "until",     "seconds since 1970, UTC: the first one in which it is not valid")             \
    X(LAT,       42, 4,  "lat",       "of the place, in 10^-7 degrees; 0 when there is none")                        \
    X(LON,       46, 4,  "lon",       "of the place, in 10^-7 degrees; 0 when there is none")                        \
    X(RADIUS,    50, 4,  "radius",    "around it, in metres, 1 to 200,000; 0 when there is none")                    \
    X(CHALLENGE, 54, 16, "challenge", "that the seal gave out; zeros when there is none")                            \
    X(ISSUER,    70, 4,  "issuer",    "key id of whoever signs")                                                     \
    X(SIGNATURE, 74, 64, "signature", "over the bytes before")

#define BULLA_TICKET_OPERATION_TABLE(X) X(SEAL, 1, "seal") X(UNSEAL, 2, "unseal")

#define BULLA_TICKET_REFUSAL_TABLE(X) /* in the order in which it is looked at */                                    \
    X(GOOD,      0,  "good")                                                                                         \
    X(SHAPE,     1,  "not a ticket: form, length or a field that cannot be")                                         \
    X(SUITE,     2,  "of another cipher suite")                                                                      \
    X(ISSUER,    3,  "signed by somebody who is not trusted with it")                                                \
    X(SIGNATURE, 4,  "the signature does not hold")                                                                  \
    X(BELOW,     5,  "the cipher failed: nothing is known about it")                                                 \
    X(DEVICE,    6,  "for another seal")                                                                             \
    X(OPERATION, 7,  "for another operation")                                                                        \
    X(JOURNEY,   8,  "for another journey")                                                                          \
    X(SPENT,     9,  "used, or made void by a later one")                                                            \
    X(CHALLENGE, 10, "not for the open challenge")                                                                   \
    X(CLOCK,     11, "the seal does not know the time")                                                              \
    X(EARLY,     12, "not valid yet")                                                                                \
    X(LATE,      13, "not valid any more")                                                                           \
    X(NO_PLACE,  14, "the seal does not know where it is")                                                           \
    X(PLACE,     15, "not at that place")
/* clang-format on */

#define BULLA_TICKET_SIZE           138
#define BULLA_TICKET_SIGNED         74 /* bytes that the signature covers */
#define BULLA_TICKET_JOURNEY_SIZE   16
#define BULLA_TICKET_CHALLENGE_SIZE 16
#define BULLA_TICKET_RADIUS_MAX     200000

enum bulla_ticket_operation {
#define X(name, number, text) BULLA_TICKET_TO_##name = number,
    BULLA_TICKET_OPERATION_TABLE(X)
#undef X
};

enum bulla_ticket_refusal {
#define X(name, number, text) BULLA_TICKET_##name = number,
    BULLA_TICKET_REFUSAL_TABLE(X)
#undef X
        BULLA_TICKET_REFUSALS
};

struct bulla_ticket {
    uint8_t suite, operation;
    bool has_place, has_challenge;
    struct bulla_address device;
    uint8_t journey[BULLA_TICKET_JOURNEY_SIZE];
    uint32_t counter, from_s, until_s;
    int32_t lat_e7, lon_e7;
    uint32_t radius_m;
    uint8_t challenge[BULLA_TICKET_CHALLENGE_SIZE];
    uint8_t issuer[BULLA_KEY_ID];
    uint8_t signature[BULLA_SIGNATURE];
};

/* What the seal knows when a ticket comes. */
struct bulla_ticket_facts {
    struct bulla_address device;
    uint8_t operation;          /* that is asked for */
    const uint8_t *journey;     /* BULLA_TICKET_JOURNEY_SIZE bytes; NULL: it has none, any ticket's is taken */
    uint32_t counter;           /* of the newest ticket that it acted on; 0: none */
    const uint8_t *challenge;   /* that is open; NULL: none */
    bool challenge_needed;      /* a ticket without one is refused */
    struct bulla_moment moment; /* the clock must be good */
    bool has_position;          /* and it is fresh */
    int32_t lat_e7, lon_e7;
};

/* Encode puts the fields as they are. REFUSED: a field that cannot be; `fault->at` counts bytes. */
enum bulla_status bulla_ticket_encode(const struct bulla_ticket *ticket, uint8_t bytes[BULLA_TICKET_SIZE],
                                      struct bulla_fault *fault) BULLA_MUST_CHECK;
/* To show one: says nothing about whether it holds. NOT_MINE: no ticket; DAMAGED: length; INSANE: a field that cannot be. */
enum bulla_status bulla_ticket_decode(struct bulla_bytes bytes, struct bulla_ticket *ticket, struct bulla_fault *fault) BULLA_MUST_CHECK;

/* For an issuer: fills suite, issuer and signature. REFUSED: what encode refuses; FAILED: the suite. */
enum bulla_status bulla_ticket_sign(const struct bulla_suite *suite, const uint8_t secret[BULLA_SECRET],
                                    const uint8_t issuer_public[BULLA_PUBLIC], struct bulla_ticket *ticket) BULLA_MUST_CHECK;

/* Whether it permits here and now; *ticket only when OK. REFUSED: why is in *refusal; FAILED: the suite, BULLA_TICKET_BELOW. */
enum bulla_status bulla_ticket_check(const struct bulla_suite *suite, const struct bulla_trust *trust,
                                     const struct bulla_ticket_facts *facts, struct bulla_bytes bytes, struct bulla_ticket *ticket,
                                     enum bulla_ticket_refusal *refusal) BULLA_MUST_CHECK;

/* True when two positions are at most `metres` apart (at most BULLA_TICKET_RADIUS_MAX). */
bool bulla_ticket_within(int32_t lat_e7, int32_t lon_e7, int32_t of_lat_e7, int32_t of_lon_e7, uint32_t metres);

const char *bulla_ticket_operation_text(unsigned operation); /* "": none of the table */
const char *bulla_ticket_refusal_text(unsigned refusal);

BULLA_END

#endif
