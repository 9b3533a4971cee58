/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech, between its own files only. The wire map is at the head of topflytech.c.
 *
 *   frame    where a message is, session, answers     place    times, positions, cells, position reports
 *   lock     main lock, sub-lock                      ble      sensors in the air
 *   command  what we say to devices, and their answers
 */
#ifndef PROTO_TOPFLYTECH_H
#define PROTO_TOPFLYTECH_H

#include "proto/proto.h"

#define TOPFLYTECH_HEAD       15 /* mark, type, length, serial, IMEI */
#define TOPFLYTECH_LENGTH_MAX 2048
#define TOPFLYTECH_TEXT_MAX   200 /* of a command */
#define TOPFLYTECH_COMMAND    "81"

enum topflytech_mark { /* each twice */
                       TOPFLYTECH_OLD = 0x23,
                       TOPFLYTECH_VEHICLE = 0x25,
                       TOPFLYTECH_OBD = 0x26,
                       TOPFLYTECH_ASSET = 0x27, /* locks too */
                       TOPFLYTECH_PTT = 0x28,
};

#define TOPFLYTECH_TYPE_COMMAND 0x81

struct topflytech {  /* link->state */
    uint8_t mark;    /* of the device's last message, which its commands bear too; 0: none yet */
    bool has_lock;   /* it has spoken of its lock: then a position's lock type 00 means locked, and not that there is none */
    uint16_t serial; /* of our commands */
    char device[BULLA_DEVICE_SIZE];
};

struct topflytech_call { /* one message on its way */
    struct proto_link *link;
    struct topflytech *self;
    const uint8_t *at; /* the whole message: offsets are those of the maps */
    size_t n;
    uint8_t mark, type, alarm;
    struct bulla_observation o;
};

typedef enum bulla_status (*topflytech_reader)(struct topflytech_call *call);

extern const struct proto proto_topflytech;
extern const struct proto_command topflytech_commands[];

/* From an offset of the message to its end; failed where it is shorter. */
struct bulla_cursor topflytech_from(const struct topflytech_call *call, size_t offset);
enum bulla_status topflytech_short(struct topflytech_call *call);
/* A float of 32 bits times `scale`; false: not a number, or of no use. */
bool topflytech_float(uint32_t bits, uint32_t scale, int64_t *to);

/* Six bytes of packed decimal, UTC. */
enum bulla_status topflytech_date(struct topflytech_call *call, size_t offset);
/* Status byte, then 16 bytes elsewhere: altitude, longitude, latitude, speed, course; or cells, where the status has no position. */
enum bulla_status topflytech_place(struct topflytech_call *call, size_t status_offset, size_t place_offset);
void topflytech_alarm(struct topflytech_call *call, uint8_t code, uint64_t *events, struct bulla_state *state);
void topflytech_volts(struct topflytech_call *call, uint8_t bcd_tenths);

/* Lock type: what it says of state, events and attempt. `moment`: the message is about it, not one that bears it along. */
void topflytech_lock_type(struct topflytech_call *call, uint8_t code, bool moment, uint64_t *events, struct bulla_state *state);

enum bulla_status topflytech_read_asset(struct topflytech_call *call);
enum bulla_status topflytech_read_vehicle(struct topflytech_call *call);
enum bulla_status topflytech_read_driving(struct topflytech_call *call);
enum bulla_status topflytech_read_wifi(struct topflytech_call *call);
enum bulla_status topflytech_read_lock(struct topflytech_call *call);
enum bulla_status topflytech_read_sublock(struct topflytech_call *call);
enum bulla_status topflytech_read_ble(struct topflytech_call *call);
enum bulla_status topflytech_read_answer(struct topflytech_call *call);

enum bulla_status topflytech_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                    struct bulla_writer *out);

#endif
