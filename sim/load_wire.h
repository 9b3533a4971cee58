/* SPDX-License-Identifier: Apache-2.0
 *
 * The cheapest possible device of each protocol: one report, one opening, and the serial numbers out of the platform's
 * acknowledgements. Every report of a device has a different serial, time or course, so that each is one observation.
 */
#ifndef SIM_LOAD_WIRE_H
#define SIM_LOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_MESSAGE_MAX 256
#define LOAD_ID_SIZE     24

struct load_report { /* what a device has to tell */
    uint32_t n;      /* its number: the serial number is the low bits */
    int64_t time_ms; /* of the event, by the device's clock */
    bool cut;        /* the seal is open */
    bool stored;     /* kept in memory while there was no connection */
};

struct load_protocol {
    const char *name;
    const char *model;    /* of the seal's record, "" : none is needed */
    unsigned serials;     /* how many serial numbers there are */
    unsigned window;      /* reports under way at once, less than half of them */
    void (*id)(char to[LOAD_ID_SIZE], unsigned device);
    /* Writes the device's message to[LOAD_MESSAGE_MAX]; returns its bytes. */
    size_t (*message)(uint8_t *to, unsigned device, const struct load_report *report);
    /* Takes acknowledgements from bytes, calling acked for each; returns the bytes used up. */
    size_t (*answers)(const uint8_t *at, size_t n, void (*acked)(void *context, unsigned serial), void *context);
};

extern const struct load_protocol load_protocols[]; /* name NULL ends them */
const struct load_protocol *load_protocol_find(const char *name); /* NULL: none */

/* Where the devices report from: a journey's corridor must hold it. */
#define LOAD_LAT (-1.31)
#define LOAD_LON 36.80

#endif
