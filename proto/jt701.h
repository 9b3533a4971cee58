/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of protocol jt701 share. The wire map is at the head of jt701.c (frames), jt701_binary.c
 * ($ frames), jt701_text.c (text words), jt701_lock.c (P45), jt701_vehicle.c (U01, W01), jt701_wlnet.c (sub-locks, sensors),
 * jt701_answer.c (answers to commands) and jt701_command.c (commands).
 */
#ifndef PROTO_JT701_H
#define PROTO_JT701_H

#include "proto/proto.h"

#define JT701_TEXT_MAX    4096 /* no text frame is longer */
#define JT701_ID_DIGITS   10
#define JT701_FIELDS_MAX  48
#define JT701_DEVICES_MAX 8    /* devices of one connection whose version is remembered */
#define JT701_VERSION_D   0x19 /* from this version on P69 acknowledges, below P35 and P46 */

struct jt701_state {
    uint64_t devices[JT701_DEVICES_MAX]; /* id as ten packed digits << 8 | version; 0: free */
    uint16_t sequence;                   /* of commands with a head: 000 .. 999 */
    uint8_t oldest;                      /* the device forgotten next */
    uint8_t resend_serial, resends;      /* the frame asked for again last, and how often */
};

/* A text frame, split at its commas. Views into the message. */
struct jt701_text {
    struct bulla_bytes field[JT701_FIELDS_MAX]; /* [0] is the id; what does not fit is in the last */
    size_t n;
    size_t word; /* index of the command word: 1, or more behind a head */
};

#define JT701_POSITION_SIZE 17 /* date, time, latitude, longitude and flags, speed, course */

enum jt701_flag { JT701_FLAG_FIX = 1, JT701_FLAG_NORTH = 2, JT701_FLAG_EAST = 4 };

/* ---- jt701.c ---- */
unsigned jt701_version(const struct jt701_state *state, uint64_t id); /* 0: not known yet */
void jt701_version_learn(struct jt701_state *state, uint64_t id, unsigned version);
uint64_t jt701_id_of_text(const uint8_t digits[JT701_ID_DIGITS]);
void jt701_reply(struct proto_link *link, const char *text);
void jt701_acknowledge(struct proto_link *link, const char *head, uint64_t serial); /* "(P69,0," -> "(P69,0,7)" */

/* ---- jt701_binary.c ---- */
/* The length of the $ frame whose first n bytes are at hand: OK, MORE, or NOT_MINE when it cannot be one. */
enum bulla_status jt701_binary_length(const uint8_t *at, size_t n, size_t *len);
/* Whether n bytes look like the start of a $ frame beyond its length: kind of data, digits, day and month. */
bool jt701_binary_plausible(const uint8_t *at, size_t n);
/* False when 15 bytes of date, time, latitude and longitude hold a nibble that is no digit. */
bool jt701_position_digits(const uint8_t *at);
enum bulla_status jt701_position_decode(struct proto_link *link, const uint8_t at[JT701_POSITION_SIZE], struct bulla_observation *o);
/* Six packed bytes DDMMYYhhmmss. *out is BULLA_TIME_NONE when the device's clock is not set. */
enum bulla_status jt701_time_decode(struct proto_link *link, const uint8_t at[6], int64_t *out);
enum bulla_status jt701_binary_decode(struct proto_link *link, const uint8_t *at, size_t n);

/* ---- jt701_text.c ---- */
enum bulla_status jt701_text_decode(struct proto_link *link, const uint8_t *at, size_t n);
void jt701_text_begin(const struct jt701_text *text, struct bulla_observation *o);
bool jt701_number(struct bulla_bytes digits, uint64_t max, uint64_t *out);
/* "22.56035" as a whole number of 10^-decimals; further decimals are cut off, with
 * none wanted there must be no point. False when it is none or above max. */
bool jt701_decimal(struct bulla_bytes digits, unsigned decimals, uint64_t max, uint64_t *out);
bool jt701_letter(struct bulla_bytes field, char yes, char no, bool *out);
/* DDMMYY and hhmmss. */
enum bulla_status jt701_text_time(struct proto_link *link, struct bulla_bytes date, struct bulla_bytes time, int64_t *out);
/* Decimal degrees with their hemisphere letters, in this order: latitude, N|S, longitude, E|W. */
enum bulla_status jt701_text_place(struct proto_link *link, const struct bulla_bytes field[4], bool valid, struct bulla_observation *o);
void jt701_add_mileage(struct bulla_observation *o, uint64_t km);
void jt701_add_csq(struct bulla_observation *o, uint64_t csq);
void jt701_result(struct bulla_observation *o, struct bulla_bytes command, enum bulla_verdict verdict, struct bulla_bytes text);

/* ---- one message each ---- */
enum bulla_status jt701_lock_decode(struct proto_link *link, const struct jt701_text *text);
enum bulla_status jt701_vehicle_decode(struct proto_link *link, const struct jt701_text *text);
enum bulla_status jt701_waypoint_decode(struct proto_link *link, const struct jt701_text *text);
enum bulla_status jt701_wlnet_decode(struct proto_link *link, const struct jt701_text *text, struct bulla_bytes body);
enum bulla_status jt701_answer_decode(struct proto_link *link, const struct jt701_text *text);

/* ---- jt701_wlnet.c ---- */
/* Where the binary body of a WLNET frame begins; 0 when it is not one, or not yet to be seen. */
size_t jt701_wlnet_body(const uint8_t *at, size_t n);
/* Where a WLNET body ends, given n bytes of it and the first ')' among them. MORE when that needs more bytes,
 * DAMAGED when what ends there is no body. */
enum bulla_status jt701_wlnet_end(const uint8_t *body, size_t n, size_t first_close, size_t *end);

/* ---- jt701_command.c ---- */
extern const struct proto_command jt701_commands[];
enum bulla_status jt701_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out);

#endif
