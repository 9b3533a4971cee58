/* SPDX-License-Identifier: Apache-2.0
 *
 * A device under load, without a socket: the reports it has made and the platform has not yet acknowledged. It keeps them,
 * also over a broken connection, and sends them again. Under 1 KB each, so that a hundred thousand fit anywhere; the whole
 * device, with lock, settings and commands, is sim/device.h.
 *
 *   head          next          tail          reports by number, in a ring
 *   | under way   | waiting     |             serial number = number modulo what the protocol has
 */
#ifndef SIM_LOAD_DEVICE_H
#define SIM_LOAD_DEVICE_H

#include "sim/load_wire.h"

#define LOAD_KEPT_MOST 8192 /* reports in a device's memory; beyond it new ones are given up */

struct load_kept {
    int64_t intended_ns; /* when it should have gone out */
    uint32_t time_s;     /* of the event */
    bool done, sent, cut, stored;
};

struct load_device {
    const struct load_protocol *protocol;
    uint32_t number;
    uint32_t head, next, tail, size; /* of the ring; size is a power of two */
    struct load_kept *ring;
    uint32_t stored_left, stored_n; /* of the night's records, those not yet put into the ring */
    uint32_t dawn_s;                /* the night's records end here, a minute apart */
    int64_t dawn_ns;                /* when they should go out */
    int32_t clock_s;                /* how wrong its clock is */
    bool cut;                       /* from now on it reports an open seal */
    bool said_cut;                  /* as of the last report, */
    uint32_t said_s;                /* and its time */
    uint8_t n_in;
    uint8_t in[48]; /* an answer that has not wholly come */
};

void load_device_init(struct load_device *d, const struct load_protocol *protocol, uint32_t number);
void load_device_clear(struct load_device *d);

/* A night without a connection: n records, a minute apart, the last one a minute before time_s. */
void load_device_night(struct load_device *d, uint32_t n, int64_t time_s, int64_t intended_ns);

/* A report is made. The first of an open seal is at least a second after that of a closed one: devices tell whole seconds, and what a
 * seal was first within one nobody can know; it would have opened twice. False: the device's memory was full and the report is given up. */
bool load_device_report(struct load_device *d, int64_t time_s, int64_t intended_ns);

/* Writes the next message to[LOAD_MESSAGE_MAX]; 0: nothing may be sent now. *again: it was sent before. */
size_t load_device_send(struct load_device *d, uint8_t *to, bool *again);

/* The platform's bytes; `acked` is told of each report that they acknowledge. */
typedef void (*load_acked_fn)(void *context, const struct load_device *d, uint32_t n, const struct load_kept *report);
void load_device_receive(struct load_device *d, const uint8_t *at, size_t n, load_acked_fn acked, void *context);

/* The connection is gone: what is under way waits again. */
void load_device_disconnected(struct load_device *d);

/* No answer for too long: what is under way goes out once more, on the same connection. */
void load_device_send_again(struct load_device *d);

uint32_t load_device_under_way(const struct load_device *d); /* sent on this connection, not acknowledged */
uint32_t load_device_waiting(const struct load_device *d);   /* all that is not acknowledged */

#endif
