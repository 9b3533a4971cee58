/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands for seals that no connection speaks for, and who carries them.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "platform/in/gateway_internal.h"

/* The command as its protocol writes it for a device that is not at hand; 0: it cannot be written. */
static size_t written(struct gateway *g, struct order *order, uint8_t *to, size_t size)
{
    max_align_t state[PROTO_STATE_MAX / sizeof(max_align_t) + 1] = {{0}};
    char name[BULLA_PROTOCOL_SIZE] = "", args[sizeof order->args];
    struct proto_args list;
    struct proto_link link = {.state = state, .now_ms = clock_now(&g->clock)};
    struct bulla_writer w = bulla_writer_over(to, size);
    size_t n = strcspn(order->seal, ":");
    if (n >= sizeof name || !order->seal[n])
        return 0;
    memcpy(name, order->seal, n);
    memcpy(args, order->args, sizeof args);
    const struct proto *proto = proto_find(name);
    bool good = proto && gateway_args(args, &list) && proto->encode(&link, order->seal + n + 1, order->name, &list, &w) == BULLA_OK;
    OPENSSL_cleanse(args, sizeof args);
    return good && !w.failed ? w.len : 0;
}

bool gateway_carry_order(struct gateway *g, struct order *order)
{
    uint8_t bytes[4096];
    pthread_mutex_lock(&g->mutex);
    bool carries = g->carrier.send != NULL;
    pthread_mutex_unlock(&g->mutex);
    size_t n = carries ? written(g, order, bytes, sizeof bytes) : 0;
    pthread_mutex_lock(&g->mutex); /* held, so that it is still there while it is asked */
    bool taken =
        n > 0 && g->carrier.send && g->carrier.send(g->carrier.context, order->seal, order->command, (struct bulla_bytes){bytes, n});
    pthread_mutex_unlock(&g->mutex);
    OPENSSL_cleanse(bytes, n);
    return taken;
}

void gateway_carry(struct gateway *g, const struct gateway_carrier *carrier)
{
    pthread_mutex_lock(&g->mutex);
    g->carrier = carrier ? *carrier : (struct gateway_carrier){NULL};
    pthread_mutex_unlock(&g->mutex);
}

void gateway_carried(struct gateway *g, const char *seal, const char *command_id, bool sent)
{
    pthread_mutex_lock(&g->mutex);
    gateway_note(g, sent ? NOTE_SENT : NOTE_UNSENT, seal, command_id);
    pthread_mutex_unlock(&g->mutex);
    pthread_cond_signal(&g->filled);
}

bool gateway_carrier_counts(struct gateway *g, struct gateway_carrier_counts *out)
{
    pthread_mutex_lock(&g->mutex);
    bool carries = g->carrier.counts != NULL;
    if (carries)
        g->carrier.counts(g->carrier.context, out);
    pthread_mutex_unlock(&g->mutex);
    return carries;
}
