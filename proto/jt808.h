/* SPDX-License-Identifier: Apache-2.0
 *
 * JT/T 808, between its own files only. The wire map is at the head of jt808.c.
 *
 *   frame   bytes <-> checked messages            location  base fields, profile, time -> observation
 *   parts   sub-packages -> one message           tlv       items behind the base, by one table
 *   session registration, heartbeats, replies     lock      items and words of the lock makers
 *   answer  what devices say about commands       jt705     Jointech 0x5501 / 0x5502
 *   text    the "(...)" frames of Jointech        command, area   what we say to devices
 */
#ifndef PROTO_JT808_H
#define PROTO_JT808_H

#include "proto/proto.h"

#define JT808_FRAME_MAX    4096 /* two delimiters, 1045 bytes all escaped, and room for devices that say too much */
#define JT808_BODY_MAX     1023
#define JT808_ID_MAX       10
#define JT808_BASE         28  /* bytes of a location before its items */
#define JT808_TEXT_MAX     256 /* bytes of a "(...)" frame */
#define JT808_PARTS_MAX    1024
#define JT808_PARTS_SIZE   (4u << 20)
#define JT808_PARTS_MS     120000 /* an unfinished message is dropped this long after its last part */
#define JT808_PARTS_ASK_MS 10000  /* between two requests for the missing parts */
#define JT808_PARTS_ASKS   3
#define JT808_SLOTS        4 /* messages that may be in parts at one time on a link */

#define JT808_DELIMITER    0x7E
#define JT808_DELIMITER_E7 0xE7

enum jt808_attribute { /* of the header */
                       JT808_LENGTH = 0x03FF,
                       JT808_ENCRYPTION = 0x1C00,
                       JT808_PARTED = 0x2000,
                       JT808_VERSIONED = 0x4000,
                       JT808_ANSWER_WANTED = 0x8000, /* Jointech 0x550x alone */
};

enum jt808_id { /* messages that more than one file speaks of */
                JT808_TERMINAL_REPLY = 0x0001,
                JT808_RESEND_ASKED = 0x0005,
                JT808_MEDIA = 0x0801,
                JT808_THROUGH = 0x0900,
                JT808_JT705_NOW = 0x5501,
                JT808_JT705_STORED = 0x5502,
                JT808_REPLY = 0x8001,
                JT808_RESEND = 0x8003,
                JT808_REGISTERED = 0x8100,
                JT808_CONTROL = 0x8105,
                JT808_TEXT = 0x8300,
                JT808_DOOR = 0x8500,
                JT808_MEDIA_REPLY = 0x8800,
                JT808_THROUGH_DOWN = 0x8900,
};

enum jt808_model { /* lock profiles; 0: not known, by the standard */
                   JT808_STANDARD,
                   JT808_JT709,
                   JT808_JT705,
                   JT808_HHD,
                   JT808_HUB,       /* A1L808 */
                   JT808_PADLOCK,   /* G-360P, G-508P */
                   JT808_DOOR_LOCK, /* status bit 12 is the seal itself */
                   JT808_TRACKER,   /* a tracker without a lock: status bit 12 means nothing */
};

struct jt808_head {
    uint16_t id, attributes, serial;
    uint16_t total, number; /* 0: not a sub-package */
    uint8_t version;        /* 0: 2011 or 2013 */
    uint8_t id_len;
    uint8_t phone[JT808_ID_MAX]; /* as sent: replies echo it */
    uint8_t delimiter;
    bool short_serial; /* 0x550x: one byte */
};

struct jt808_slot { /* a message that arrives in parts */
    void *block;    /* of link->memory; jt808_parts.c knows its layout */
    int64_t last_ms, asked_ms;
    uint32_t used; /* bytes of parts in the block */
    uint16_t id, first, total, have;
    uint8_t phone[JT808_ID_MAX];
    uint8_t asks;
};

struct jt808_state {        /* of one link; zero at its start */
    struct jt808_head last; /* header of the last good message; id_len 0: none yet */
    uint16_t serial;        /* next of ours */
    uint8_t delimiter;      /* of the last good message, 0: none yet */
    uint8_t shared;         /* that ended the last frame and may open the next, 0: none */
    uint8_t model;          /* recognised from what the device sent */
    bool cuts_known;
    uint16_t cuts; /* rope cuts counted by the device (item DA) */
    struct jt808_slot slot[JT808_SLOTS];
};

struct jt808_call { /* one message being decoded */
    struct proto_link *link;
    struct jt808_state *state;
    struct jt808_head head;
    struct bulla_bytes body;
    char device[BULLA_DEVICE_SIZE];
    bool answered; /* with the general reply */
};

/* ---- frame ---- */
enum bulla_status jt808_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);
/* Un-escapes into `store` when needed, checks, and fills c->head and c->body. */
enum bulla_status jt808_open(struct jt808_call *c, const uint8_t *at, size_t n, uint8_t store[JT808_FRAME_MAX]);
void jt808_device_put(char to[BULLA_DEVICE_SIZE], const struct jt808_head *head);
/* Header bytes for a device that has not spoken on this link. False: its name is not a number that fits. */
bool jt808_head_for(struct jt808_head *head, const char *device, bool versioned);
/* One whole frame; fails in `out` when it does not fit. */
void jt808_message_put(struct bulla_writer *out, const struct jt808_head *head, uint16_t id, uint16_t serial, struct bulla_bytes body);
void jt808_reply(struct jt808_call *c, uint16_t id, struct bulla_bytes body);

/* ---- session ---- */
enum jt808_result { JT808_DONE, JT808_FAILED, JT808_BAD, JT808_UNSUPPORTED, JT808_ALARM_CONFIRMED };
void jt808_reply_general(struct jt808_call *c, enum jt808_result result);
void jt808_begin(struct jt808_call *c, struct bulla_observation *o); /* names the device in o */
void jt808_emit(struct jt808_call *c, const struct bulla_observation *o);
enum bulla_status jt808_bare(struct jt808_call *c, bool answer); /* an observation that says no more than who */
enum bulla_status jt808_heartbeat(struct jt808_call *c);
enum bulla_status jt808_register(struct jt808_call *c);
enum bulla_status jt808_authenticate(struct jt808_call *c);
enum bulla_status jt808_time(struct jt808_call *c);        /* 0x0004 */
enum bulla_status jt808_time_vendor(struct jt808_call *c); /* 0x0109 */

/* ---- location ---- */
enum jt808_model jt808_model_of(const struct jt808_call *c);
int jt808_zone_minutes(const struct jt808_call *c);
int64_t jt808_clock(const uint8_t bcd[6], int zone_minutes); /* BULLA_TIME_NONE: zero or not a time */
void jt808_put_clock(struct bulla_observation *o, const uint8_t bcd[6], int zone_minutes);
void jt808_judge_zone(const struct jt808_call *c, struct bulla_observation *o); /* marks a clock that is whole hours away */
/* A 0x0200 body (base and items). False: shorter than the base. */
bool jt808_location(struct jt808_call *c, struct bulla_bytes body, bool stored, struct bulla_observation *o);
void jt808_place(struct bulla_observation *o, const uint8_t *at, uint32_t status); /* latitude to course: 14 bytes */
enum bulla_status jt808_report(struct jt808_call *c);                              /* 0x0200 */
enum bulla_status jt808_batch(struct jt808_call *c);                               /* 0x0704 */
enum bulla_status jt808_batch_hhd(struct jt808_call *c);                           /* 0x0210 */

/* ---- tlv, lock ---- */
struct jt808_walk { /* the items of one location */
    struct jt808_call *call;
    struct bulla_observation *o;
    enum jt808_model model;
    uint32_t alarm, status;
    int zone_minutes;
    bool zone_said, area_said;
};

void jt808_walk(struct jt808_walk *w, struct bulla_bytes items);
/* Whether the items fill the view exactly; *model is set when they are a lock maker's own. */
bool jt808_look(struct bulla_bytes items, enum jt808_model *model);

typedef void jt808_item(struct jt808_walk *w, const uint8_t *at, size_t n);
jt808_item jt808_item_lock_event, jt808_item_hhd_event, jt808_item_hhd_locks, jt808_item_hub, jt808_item_string, jt808_item_rope;
enum jt808_model jt808_model_named(const char *name);
void jt808_alarm_put(struct jt808_walk *w, bool versioned);
void jt808_status_put(struct jt808_walk *w);
void jt808_attempt_put(struct bulla_observation *o, unsigned type, struct bulla_bytes credential, bool card, int result);

/* ---- jt705, text ---- */
enum bulla_status jt808_jt705(struct jt808_call *c);
enum bulla_status jt808_text(struct proto_link *link, const uint8_t *at, size_t n);
/* OK: a "(digits,...)" frame of *len bytes; MORE; NOT_MINE. */
enum bulla_status jt808_text_frame(const uint8_t *at, size_t n, size_t *len);
/* Whether a stream that begins with '(' is ours and not that of the Jointech text protocol. */
enum bulla_status jt808_text_probe(const uint8_t *at, size_t n);

/* ---- answer ---- */
enum bulla_status jt808_answer_general(struct jt808_call *c);    /* 0x0001 */
enum bulla_status jt808_answer_location(struct jt808_call *c);   /* 0x0201, 0x0500 */
enum bulla_status jt808_answer_parameters(struct jt808_call *c); /* 0x0104 */
enum bulla_status jt808_answer_attributes(struct jt808_call *c); /* 0x0107 */
enum bulla_status jt808_answer_text(struct jt808_call *c);       /* 0x1300, 0x6006, 0x0701 */
enum bulla_status jt808_answer_upgrade(struct jt808_call *c);    /* 0x0108 */
enum bulla_status jt808_answer_photo(struct jt808_call *c);      /* 0x0805, 0x0802 */
enum bulla_status jt808_card(struct jt808_call *c);              /* 0x0702 */
enum bulla_status jt808_media(struct jt808_call *c);             /* 0x0800, 0x0801 */
enum bulla_status jt808_through(struct jt808_call *c);           /* 0x0900 */
void jt808_result_put(struct bulla_observation *o, uint16_t command, int32_t serial, enum bulla_verdict verdict, struct bulla_bytes text);

/* ---- parts ---- */
/* OK: c->body is the whole message, until jt808_parts_drop(). MORE: kept, answered, wait for the others. */
enum bulla_status jt808_parts_add(struct jt808_call *c, struct jt808_slot **slot);
void jt808_parts_drop(struct proto_link *link, struct jt808_slot *slot);
void jt808_parts_nudge(struct jt808_call *c); /* asks for what is missing too long, drops what is too old */

/* ---- command ---- */
extern const struct proto_command jt808_commands[];
enum bulla_status jt808_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out);

struct jt808_order { /* a command being written */
    struct proto_link *link;
    const struct proto_args *args;
    bool versioned;
    uint16_t id;
    struct bulla_writer body;
};

typedef enum bulla_status jt808_order_put(struct jt808_order *order);
jt808_order_put jt808_area_circle, jt808_area_polygon, jt808_area_delete;
/* Argument or `otherwise` when absent; REFUSED when not a number in range. */
enum bulla_status jt808_number(struct jt808_order *order, const char *name, uint64_t min, uint64_t max, uint64_t otherwise, uint64_t *out);

#endif
