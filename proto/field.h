/* SPDX-License-Identifier: Apache-2.0
 *
 * What the protocols of trackers that speak text have in common: messages that end in one character, fields
 * that are numbers, a time, a place. Characters that are not a number are damage; a number that cannot be true
 * is insane; an empty field was not said. link->error names the field.
 */
#ifndef PROTO_FIELD_H
#define PROTO_FIELD_H

#include "proto/proto.h"

enum proto_field_to {                    /* where a number goes */
                      PROTO_TO_SPEED,    /* km/h */
                      PROTO_TO_COURSE,   /* degrees */
                      PROTO_TO_ALTITUDE, /* m */
                      PROTO_TO_SATELLITES,
                      PROTO_TO_PERCENT,
                      PROTO_TO_VOLTS,    /* of the battery */
                      PROTO_TO_CHARGING, /* 0 or 1 */
                      PROTO_TO_SENSOR,
};

struct proto_field {
    uint8_t at; /* which field */
    const char *name;
    enum proto_field_to to;
    enum bulla_sensor_kind kind; /* of a sensor */
    const char *id;
    bool metres; /* a mileage in metres */
    bool loose;  /* some devices send what cannot be where they mean nothing: then it was not said */
};

/* Puts the numbers of `table` into o, as far as there are `n_fields`. */
enum bulla_status proto_fields_read(struct proto_link *link, const struct proto_field *table, size_t n, const struct bulla_bytes *field,
                                    size_t n_fields, struct bulla_observation *o);

/* One number, in the unit of the observation (hundredths of km/h, degrees and metres; mV; thousandths of a sensor's unit). */
enum bulla_status proto_field_put(struct proto_link *link, const struct proto_field *row, int64_t value, struct bulla_observation *o);

/* The device's clock; the profile's zone, else UTC. */
enum bulla_status proto_field_time(struct proto_link *link, const struct bulla_calendar *when, struct bulla_observation *o);
void proto_field_put_time(const struct proto_link *link, int64_t local_ms, struct bulla_observation *o);

/* "DDMMYY" and "hhmmss", or the date the other way round. */
enum proto_date_order { PROTO_DMY, PROTO_YMD };
enum bulla_status proto_field_date(struct proto_link *link, enum proto_date_order order, struct bulla_bytes date, struct bulla_bytes clock,
                                   struct bulla_observation *o);

/* Signed degrees. */
enum bulla_status proto_field_place(struct proto_link *link, struct bulla_bytes lat, struct bulla_bytes lon, bool valid,
                                    struct bulla_observation *o);

/* A place in 10^-7 degrees, which need not be one. */
enum bulla_status proto_field_put_place(struct proto_link *link, int64_t lat_e7, int64_t lon_e7, bool valid, struct bulla_observation *o);

/* 0 or 1. */
enum bulla_status proto_field_flag(struct proto_link *link, const char *name, struct bulla_bytes text, bool *out);

/* Digits, or with `letters` letters and - _ as well: a name for a seal. */
enum bulla_status proto_field_device(struct proto_link *link, struct bulla_bytes text, bool letters, struct bulla_observation *o);

/* probe() of protocols whose messages begin with these characters. */
enum bulla_status proto_probe_mark(const char *mark, const uint8_t *at, size_t n);

/* frame() for messages that begin where probe() says OK and end with the character `end`, which stands nowhere in what
 * probe() looks at. One that grows beyond `max`, or in which another begins, is broken off there. */
enum bulla_status proto_frame_until(enum bulla_status (*probe)(const uint8_t *at, size_t n), uint8_t end, size_t max, const uint8_t *at,
                                    size_t n, struct proto_frame *frame);

/* Takes the end character away, and line breaks behind it. Without it the message is damaged, except where it was written down. */
enum bulla_status proto_field_end(struct proto_link *link, uint8_t end, struct bulla_bytes *message);

/* encode() of protocols whose makers have published no commands. */
enum bulla_status proto_no_commands(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                    struct bulla_writer *out);

#endif
