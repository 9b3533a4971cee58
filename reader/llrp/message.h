/* SPDX-License-Identifier: Apache-2.0
 *
 * LLRP 1.0.1 and 1.1, the protocol of commercial UHF readers: messages, and the parameters that they consist of. Nothing here reads
 * a socket or a clock. Lengths are believed only within what is there: a parameter ends inside of what it is part of.
 *
 *   message: version and type (u16), length of all of it (u32), id (u32), fields and parameters
 *   parameter: type and length (TLV), or a type whose length is known (TV)
 */
#ifndef LLRP_MESSAGE_H
#define LLRP_MESSAGE_H

#include "bulla/cursor.h"

#define LLRP_PORT        5084
#define LLRP_HEADER      10
#define LLRP_MESSAGE_MAX (1u << 20) /* of what a reader says that is believed; the standard has no limit */
#define LLRP_ALL         0          /* id of all specs, or antennas */

enum llrp_type {
    LLRP_GET_READER_CAPABILITIES = 1,
    LLRP_GET_READER_CAPABILITIES_RESPONSE = 11,
    LLRP_SET_READER_CONFIG = 3,
    LLRP_SET_READER_CONFIG_RESPONSE = 13,
    LLRP_CLOSE_CONNECTION_RESPONSE = 4,
    LLRP_CLOSE_CONNECTION = 14,
    LLRP_ADD_ROSPEC = 20,
    LLRP_DELETE_ROSPEC = 21,
    LLRP_START_ROSPEC = 22,
    LLRP_STOP_ROSPEC = 23,
    LLRP_ENABLE_ROSPEC = 24,
    LLRP_ADD_ROSPEC_RESPONSE = 30,
    LLRP_DELETE_ROSPEC_RESPONSE = 31,
    LLRP_START_ROSPEC_RESPONSE = 32,
    LLRP_STOP_ROSPEC_RESPONSE = 33,
    LLRP_ENABLE_ROSPEC_RESPONSE = 34,
    LLRP_ADD_ACCESSSPEC = 40,
    LLRP_DELETE_ACCESSSPEC = 41,
    LLRP_ENABLE_ACCESSSPEC = 42,
    LLRP_ADD_ACCESSSPEC_RESPONSE = 50,
    LLRP_DELETE_ACCESSSPEC_RESPONSE = 51,
    LLRP_ENABLE_ACCESSSPEC_RESPONSE = 52,
    LLRP_RO_ACCESS_REPORT = 61,
    LLRP_KEEPALIVE = 62,
    LLRP_READER_EVENT_NOTIFICATION = 63,
    LLRP_ENABLE_EVENTS_AND_REPORTS = 64,
    LLRP_KEEPALIVE_ACK = 72,
    LLRP_ERROR_MESSAGE = 100,
};

struct llrp_message {
    uint8_t version; /* 1: 1.0.1; 2: 1.1 */
    uint16_t type;
    uint32_t id;
    struct bulla_bytes body; /* behind the header, in the caller's bytes */
};

/* How long the message that begins there is: 0 when more bytes are needed to say so, or to have it all; SIZE_MAX: it is none. */
size_t llrp_framed(const uint8_t *at, size_t n);

/* A whole message, as llrp_framed() has it. */
struct llrp_message llrp_message_of(struct bulla_bytes whole);

struct llrp_parameter {
    uint16_t type;
    struct bulla_bytes fields; /* and parameters in it */
};

/* The next parameter. False: there is none, or (body->failed) it is none, or of a length that cannot be. */
bool llrp_next(struct bulla_cursor *body, struct llrp_parameter *parameter);

/* The first one of that type; false: there is none. */
bool llrp_find(struct bulla_cursor body, uint16_t type, struct llrp_parameter *parameter);

/* ---- to a reader ---- */

/* What is between begin and end is its body; returns what end wants. */
size_t llrp_begin(struct bulla_writer *to, enum llrp_type type, uint32_t id);
void llrp_end(struct bulla_writer *to, size_t begun);

size_t llrp_parameter_begin(struct bulla_writer *to, uint16_t type);
void llrp_parameter_end(struct bulla_writer *to, size_t begun);

#endif
