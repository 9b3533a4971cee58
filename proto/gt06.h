/* SPDX-License-Identifier: Apache-2.0
 *
 * GT06, between its own files only. The wire map is at the head of gt06.c.
 *
 *   frame    bytes <-> checked messages           report   positions, cells, status: one table of layouts
 *   crc      CRC-16/X-25                          modular  messages that are lists of items: 70, 36
 *   gt06     session, dispatch, answers           info     messages of a form of their own: 94, 95, 21, 15, wifi, photos
 *   command  what we say to devices
 */
#ifndef PROTO_GT06_H
#define PROTO_GT06_H

#include "proto/proto.h"

#define GT06_SHORT      0x78 /* 78 78: one byte of length */
#define GT06_LONG       0x79 /* 79 79: two */
#define GT06_LENGTH_MIN 5    /* type, serial, CRC */
#define GT06_LENGTH_MAX 2048 /* a photo's piece of 1024 bytes, a page of text in two bytes a character */
#define GT06_FRAME_MAX  (GT06_LENGTH_MAX + 6)
#define GT06_TEXT_MAX   200 /* of a command */
#define GT06_COMMAND    "80"

enum gt06_type { /* that more than one file speaks of */
                 GT06_LOGIN = 0x01,
                 GT06_WIFI = 0x17,
                 GT06_ADDRESS = 0x2A,
                 GT06_PHOTO = 0x35,
                 GT06_STATUS_LIST = 0x36,
                 GT06_WIFI_2 = 0x69,
                 GT06_MODULAR = 0x70,
                 GT06_SEND = 0x80,
                 GT06_TIME = 0x8A,
                 GT06_ADDRESS_ANSWER = 0x97,
};

struct gt06 {                       /* link->state: what the login said, and what a photo still lacks */
    char device[BULLA_DEVICE_SIZE]; /* "": nobody has logged in */
    int16_t zone_minutes;
    uint16_t serial; /* of our commands */
    uint32_t photo, photo_size;
};

struct gt06_message { /* one that is whole and whose check value fits */
    uint8_t header, type;
    uint16_t serial;
    size_t length;           /* as its length field says */
    struct bulla_bytes body; /* between type and serial */
};

struct gt06_call { /* one message on its way */
    struct proto_link *link;
    struct gt06 *self;
    const struct gt06_message *m;
    struct bulla_cursor c; /* over the body */
    struct bulla_observation o;
    int terminal, alarm; /* information byte and alarm byte, -1: not said */
    bool silent;         /* the device wants no answer to this one */
};

extern const struct proto proto_gt06;
extern const struct proto_command gt06_commands[];

uint16_t gt06_crc(const uint8_t *at, size_t n);

enum bulla_status gt06_probe(const uint8_t *at, size_t n);
enum bulla_status gt06_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);
/* Checks length, ending and CRC of one message, and takes it apart. */
enum bulla_status gt06_open(struct proto_link *link, const uint8_t *at, size_t n, struct gt06_message *m);
/* Whether it is a list of wifi stations, which has neither serial nor CRC; its whole length once its counts are there, else 0. */
bool gt06_is_wifi(const uint8_t *at, size_t n);
size_t gt06_wifi_length(const uint8_t *at, size_t n);
/* A frame around a body; serial and CRC behind it. */
void gt06_put(struct bulla_writer *w, uint8_t header, uint8_t type, uint16_t serial, struct bulla_bytes body);
void gt06_say(struct proto_link *link, uint8_t header, uint8_t type, uint16_t serial, struct bulla_bytes body);

bool gt06_model(const struct proto_link *link, const char *names);
enum bulla_status gt06_short(struct gt06_call *call);
/* Six bytes of date, binary; unix seconds. Zeros are a clock that was never set. */
enum bulla_status gt06_date(struct gt06_call *call);
enum bulla_status gt06_unix(struct gt06_call *call);
/* The same into *to alone: BULLA_TIME_NONE for zeros. */
enum bulla_status gt06_calendar(struct gt06_call *call, struct bulla_bytes date, int64_t *to);
/* Latitude, longitude, [speed,] flags: what all positions share. */
enum bulla_status gt06_place(struct gt06_call *call, uint32_t lat, uint32_t lon, unsigned speed_kmh, unsigned flags);
void gt06_event(struct bulla_observation *o, unsigned event);
/* Adds what information and alarm byte say, and the event of a plain report where there is no other. */
void gt06_finish(struct gt06_call *call);

/* How a message is read: fills call->o. */
enum bulla_status gt06_read_report(struct gt06_call *call);
enum bulla_status gt06_read_modular(struct gt06_call *call);
enum bulla_status gt06_read_status_list(struct gt06_call *call);
enum bulla_status gt06_read_info(struct gt06_call *call);
enum bulla_status gt06_read_camera(struct gt06_call *call);
enum bulla_status gt06_read_answer(struct gt06_call *call);
enum bulla_status gt06_read_string(struct gt06_call *call);
enum bulla_status gt06_read_photo(struct gt06_call *call);
enum bulla_status gt06_read_wifi(struct gt06_call *call);

enum bulla_status gt06_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                              struct bulla_writer *out);

#endif
