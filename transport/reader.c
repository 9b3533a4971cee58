/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader's end. In the air a frame is heard when its time is over and nothing else was on the air meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport/inside.h"

#define ON_AIR   64
#define GUARD_US 4000 /* how long after its end a frame may still be met by one that began before, on a busy machine */

struct on_air {
    uint64_t from_us, to_us;
    bool met; /* by another one */
    size_t n;
    uint8_t bytes[BULLA_FRAME_MAX];
};

struct bulla_host {
    struct stream stream; /* fd -1: the air */
    struct air air;
    struct on_air on_air[ON_AIR];
    size_t n;
};

/* ---- the air ---- */

static void take_all(struct bulla_host *t)
{
    struct on_air next = {0};
    for (int n = 0; t->n < ON_AIR && (n = air_take(&t->air, next.bytes, &next.from_us, &next.to_us)) >= 0;) {
        next.n = (size_t)n;
        next.met = false;
        for (size_t i = 0; i < t->n; i++) {
            if (next.from_us < t->on_air[i].to_us && t->on_air[i].from_us < next.to_us) {
                next.met = t->on_air[i].met = true;
            }
        }
        t->on_air[t->n++] = next;
    }
}

/* Those that met are heard as one noise. */
static int hear(struct bulla_host *t, size_t i, uint8_t *to)
{
    struct on_air heard = t->on_air[i];
    t->on_air[i] = t->on_air[--t->n];
    if (!heard.met) {
        memcpy(to, heard.bytes, heard.n);
        return (int)heard.n;
    }
    for (size_t k = t->n; k-- > 0;) {
        if (t->on_air[k].from_us < heard.to_us && heard.from_us < t->on_air[k].to_us) {
            t->on_air[k] = t->on_air[--t->n];
        }
    }
    return BULLA_TRANSPORT_NOISE;
}

static int receive_air(struct bulla_host *t, uint8_t *to, uint64_t until_us)
{
    for (;;) {
        take_all(t);
        uint64_t now_us = bulla_host_now_us(), wait_us = until_us > now_us ? until_us - now_us : 0;
        for (size_t i = 0; i < t->n; i++) {
            uint64_t heard_us = t->on_air[i].to_us + GUARD_US;
            if (heard_us <= now_us) {
                return hear(t, i, to);
            }
            wait_us = heard_us - now_us < wait_us ? heard_us - now_us : wait_us;
        }
        if (now_us >= until_us) {
            return BULLA_TRANSPORT_NONE;
        }
        struct pollfd wait = {.fd = t->air.fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(wait_us / 1000 + 1)) < 0 && errno != EINTR) {
            return BULLA_TRANSPORT_FAILED;
        }
    }
}

/* ---- streams ---- */

static int receive_stream(struct bulla_host *t, uint8_t *to, uint64_t until_us)
{
    for (;;) {
        size_t n = stream_frame(&t->stream, true);
        if (n > 0) {
            memcpy(to, t->stream.bytes, n);
            stream_drop(&t->stream, n);
            return (int)n;
        }
        uint64_t now_us = bulla_host_now_us();
        struct pollfd wait = {.fd = t->stream.fd, .events = POLLIN};
        int ready = poll(&wait, 1, until_us > now_us ? (int)((until_us - now_us + 999) / 1000) : 0);
        if (ready == 0) {
            return BULLA_TRANSPORT_NONE;
        }
        if ((ready < 0 && errno != EINTR) || (ready > 0 && !stream_fill(&t->stream))) {
            return BULLA_TRANSPORT_FAILED;
        }
    }
}

/* ---- the table ---- */

static bool port_send(void *context, struct bulla_bytes frame)
{
    struct bulla_host *t = context;
    return t->stream.fd < 0 ? air_send(&t->air, frame) : stream_send(t->stream.fd, frame);
}

static int port_receive(void *context, uint8_t *to, size_t size, uint32_t timeout_ms)
{
    struct bulla_host *t = context;
    uint64_t until_us = bulla_host_now_us() + timeout_ms * UINT64_C(1000);
    if (size < BULLA_FRAME_MAX) {
        return BULLA_TRANSPORT_FAILED;
    }
    return t->stream.fd < 0 ? receive_air(t, to, until_us) : receive_stream(t, to, until_us);
}

static uint64_t port_now(void *context)
{
    (void)context;
    return bulla_host_now_us() / 1000;
}

static const struct bulla_transport_ops port = {port_send, port_receive, port_now};

struct bulla_transport bulla_host_port(struct bulla_host *transport)
{
    return (struct bulla_transport){&port, transport};
}

struct bulla_host *bulla_host_connect(const char *where, char *why, size_t size)
{
    struct bulla_host *t = calloc(1, sizeof *t);
    bool good;
    if (!t) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    t->stream.fd = -1;
    if (strncmp(where, "air:", 4) == 0) {
        good = air_open(&t->air, where + 4, false, why, size);
    } else {
        t->stream.fd = address_open(where, false, why, size);
        good = t->stream.fd >= 0;
    }
    if (!good) {
        free(t);
        return NULL;
    }
    return t;
}

void bulla_host_close(struct bulla_host *transport)
{
    if (!transport) {
        return;
    }
    if (transport->stream.fd < 0) {
        air_close(&transport->air);
    } else {
        close(transport->stream.fd);
    }
    free(transport);
}
