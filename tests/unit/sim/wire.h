/* SPDX-License-Identifier: Apache-2.0
 * A wire between a simulated device and the project's own decoder of its protocol, for the tests of this folder. */
#ifndef TEST_SIM_WIRE_H
#define TEST_SIM_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/proto.h"
#include "sim/device.h"

struct wire {
    struct sim_device *device;
    const struct proto *proto;
    struct proto_link link;
    struct proto_profile profile;
    bool deaf; /* the platform does not answer */
    void (*each)(void *context, const struct bulla_observation *o);
    void *context;
    unsigned long messages, observations;
    uint64_t digest; /* of all bytes that the device sent: FNV-1a */
    struct bulla_observation last;
};

static void wire_emit(void *host, const struct bulla_observation *o)
{
    struct wire *w = host;
    w->observations++;
    w->last = *o;
    if (w->each)
        w->each(w->context, o);
}

static void wire_reply(void *host, const uint8_t *bytes, size_t n)
{
    struct wire *w = host;
    if (!w->deaf)
        sim_device_receive(w->device, w->link.now_ms, bytes, n);
}

static void wire_random(void *host, uint8_t *to, size_t n)
{
    (void)host;
    memset(to, 0x5A, n);
}

static void wire_open(struct wire *w, struct sim_device *device, int64_t now_ms)
{
    w->device = device;
    w->proto = proto_find(device->kind->protocol);
    assert_non_null(w->proto);
    free(w->link.state);
    memset(&w->link, 0, sizeof w->link);
    strcpy(w->profile.model, device->kind->profile);
    w->link.state = calloc(1, w->proto->state_size ? w->proto->state_size : 1);
    w->link.profile = &w->profile;
    w->link.host = w;
    w->link.now_ms = now_ms;
    w->link.emit = wire_emit;
    w->link.reply = wire_reply;
    w->link.random = wire_random;
    if (!w->digest)
        w->digest = UINT64_C(0xcbf29ce484222325);
    sim_device_connected(device, now_ms);
}

static void wire_close(struct wire *w)
{
    free(w->link.state);
    w->link.state = NULL;
}

/* Everything that the device says now goes through frame() and decode(); nothing may be skipped or refused. */
static void wire_run(struct wire *w, int64_t now_ms)
{
    static uint8_t out[16384];
    size_t n;
    w->link.now_ms = now_ms;
    while ((n = sim_device_send(w->device, now_ms, out, sizeof out)) > 0) {
        for (size_t at = 0; at < n;) {
            struct proto_frame f = {0, 0};
            assert_int_equal(w->proto->frame(&w->link, out + at, n - at, &f), BULLA_OK);
            assert_int_equal(f.skip, 0);
            enum bulla_status status = w->proto->decode(&w->link, out + at, f.len);
            if (status != BULLA_OK)
                print_error("%s %s: %s\n", w->device->kind->name, w->device->id, w->link.error);
            assert_int_equal(status, BULLA_OK);
            at += f.len;
            w->messages++;
        }
        for (size_t i = 0; i < n; i++)
            w->digest = (w->digest ^ out[i]) * UINT64_C(0x100000001b3);
    }
}

#endif
