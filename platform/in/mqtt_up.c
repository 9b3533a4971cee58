/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT: messages of devices on their way to the gateway, and whether they are durable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/base/limits.h"
#include "platform/in/items.h"
#include "platform/in/mqtt.h"

#define FULL_REST_MS 5 /* between tries while the gateway has no room */

/* --- the ledger --- */

struct mqtt_ledger *mqtt_ledger_new(void)
{
    struct mqtt_ledger *l = calloc(1, sizeof *l);
    pthread_condattr_t steady;
    if (!l)
        return NULL;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->told, &steady);
    pthread_condattr_destroy(&steady);
    l->holders = 1;
    return l;
}

/* Under the ledger's mutex, which is let go of. */
static void let_go(struct mqtt_ledger *l)
{
    bool last = --l->holders == 0;
    pthread_mutex_unlock(&l->mutex);
    if (!last)
        return;
    pthread_mutex_destroy(&l->mutex);
    pthread_cond_destroy(&l->told);
    free(l);
}

void mqtt_ledger_leave(struct mqtt_ledger *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    let_go(l);
}

static void enter(struct mqtt_ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    l->holders++;
    l->pending++;
    pthread_mutex_unlock(&l->mutex);
}

static void settle(void *context, bool stored)
{
    struct mqtt_ledger *l = context;
    pthread_mutex_lock(&l->mutex);
    l->pending--;
    l->failed |= !stored;
    pthread_cond_signal(&l->told);
    let_go(l);
}

bool mqtt_ledger_wait(struct mqtt_ledger *l, unsigned wait_ms, bool *known)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(wait_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&l->mutex);
    while (l->pending && pthread_cond_timedwait(&l->told, &l->mutex, &until) == 0) {
    }
    *known = l->pending == 0;
    bool good = *known && !l->failed;
    pthread_mutex_unlock(&l->mutex);
    return good;
}

int64_t mqtt_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- one message --- */

struct taking {
    struct mqtt *m;
    const struct mosquitto_message *message;
    const char *device; /* as the topic names it */
    struct bulla_observation *list;
    struct gateway_row *rows;
    size_t n, size;
    bool short_of_memory;
};

static void refuse(struct mqtt *m, const struct mosquitto_message *message, const char *why, struct bulla_bytes raw)
{
    char peer[64];
    snprintf(peer, sizeof peer, "mqtt %.58s", message->topic);
    gateway_tell_damage(m->gateway, "json", peer, why, raw);
}

static void bad(void *host, size_t item, const char *why, struct bulla_bytes raw)
{
    const struct taking *t = host;
    char said[ITEMS_WHY_SIZE + 16];
    snprintf(said, sizeof said, "[%zu].%s", item, why);
    refuse(t->m, t->message, item ? said : why, raw);
}

static void good(void *host, size_t item, const struct bulla_observation *o, bool through_server, struct bulla_bytes raw)
{
    struct taking *t = host;
    if (t->message->retain && !bulla_observation_knows(o, BULLA_HAS_TIME)) {
        bad(t, item, "time: expected one in a message that the broker has kept, got nothing", raw);
        return;
    }
    if (t->n == t->size) {
        size_t bigger = t->size ? t->size * 2 : 4;
        struct bulla_observation *list = realloc(t->list, bigger * sizeof *list);
        t->list = list ? list : t->list;
        struct gateway_row *rows = list ? realloc(t->rows, bigger * sizeof *rows) : NULL;
        t->rows = rows ? rows : t->rows;
        if (!rows) {
            t->short_of_memory = true;
            return;
        }
        t->size = bigger;
    }
    t->list[t->n] = *o;
    t->list[t->n].stored |= t->message->retain; /* kept by the broker: it may be old */
    t->rows[t->n++].raw = raw;
    if (t->device[0] && !through_server)
        mqtt_heard(t->m, o->device, t->message->topic);
}

/* The gateway is full while the store is behind: then the broker waits with us, for so long. */
static bool tell(struct mqtt *m, struct taking *t)
{
    int64_t end_ms = mqtt_now_ms() + LIMIT_OBSERVE_S * 1000;
    for (size_t i = 0; i < t->n; i++)
        t->rows[i].o = &t->list[i];
    for (;;) {
        enter(m->ledger);
        enum gateway_told told = gateway_tell(m->gateway, t->rows, t->n, settle, m->ledger);
        if (told == GATEWAY_TOLD)
            return true;
        settle(m->ledger, true);
        if (told == GATEWAY_CLOSED || mqtt_now_ms() >= end_ms)
            return false;
        nanosleep(&(struct timespec){0, FULL_REST_MS * 1000000L}, NULL);
    }
}

/* The level of the topic that stands for the device; "" : none does. False: it is no device's name. */
static bool device_of(const struct mqtt *m, const char *topic, char device[BULLA_DEVICE_SIZE])
{
    device[0] = '\0';
    if (m->device_level == 0)
        return true;
    for (unsigned level = 1; topic && level < m->device_level; level++) {
        topic = strchr(topic, '/');
        topic = topic ? topic + 1 : NULL;
    }
    struct bulla_bytes name = {(const uint8_t *)topic, topic ? strcspn(topic, "/") : 0};
    if (!proto_json_is_device(name))
        return false;
    memcpy(device, name.at, name.len);
    device[name.len] = '\0';
    return true;
}

void mqtt_on_message(struct mosquitto *mosquitto, void *context, const struct mosquitto_message *message)
{
    struct mqtt *m = context;
    char device[BULLA_DEVICE_SIZE], why[ITEMS_WHY_SIZE];
    struct taking t = {.m = m, .message = message, .device = device};
    const struct items_host host = {&t, good, bad};
    struct bulla_bytes payload = {message->payload, message->payloadlen > 0 ? (size_t)message->payloadlen : 0};
    (void)mosquitto;
    atomic_fetch_add(&m->messages, 1);
    m->round += message->qos > 0;
    if (!device_of(m, message->topic, device))
        refuse(m, message, "topic: expected 1 to 31 letters, digits, - . _ for the device, got something else", payload);
    else if (items_read(payload, device, &host, why) == 0)
        refuse(m, message, why, payload);
    /* Also when all of it was refused: its damage is to be kept before it is acknowledged. */
    m->not_taken |= t.short_of_memory || m->not_taken || !tell(m, &t);
    free(t.list);
    free(t.rows);
}
