// SPDX-License-Identifier: Apache-2.0
// The bus over NATS JetStream: opened, closed, sent on, taken from. How it is built stands in nats_bus.h.

#include "platform/bus/nats_bus.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEEPER_MS = 100, LOOK_SOON_MS = 250, LOOK_UNREADY_MS = 500, NOTICE_TOPIC = 15 };

int64_t nats_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec nats_in_ms(unsigned ms)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    int64_t ns = then.tv_nsec + (int64_t)ms * 1000000;
    then.tv_sec += ns / 1000000000;
    then.tv_nsec = ns % 1000000000;
    return then;
}

/* --- names --- */

static bool name_stream(struct nats_bus *bus, char *why, size_t size)
{
    const char *store = bus->options.store ? bus->options.store : "";
    bool right = *store && strlen(store) <= BUS_STORE_MOST && strspn(store, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(store);
    snprintf(bus->stream, sizeof bus->stream, "BULLA-%.*s", BUS_STORE_MOST, store);
    snprintf(bus->prefix, sizeof bus->prefix, "bulla.%.*s.", BUS_STORE_MOST, store);
    if (!right) {
        snprintf(why, size, "bus: expected the store's id of 1 to %d digits and capital letters, got \"%.40s\"", BUS_STORE_MOST, store);
    }
    return right;
}

void nats_subject_put(const struct nats_bus *bus, char to[NATS_SUBJECT_SIZE], char kind, unsigned partition)
{
    snprintf(to, NATS_SUBJECT_SIZE, "%s%c.%u", bus->prefix, kind, partition);
}

bool nats_subject_get(const struct nats_bus *bus, const char *subject, char kind, unsigned *partition)
{
    size_t n = strlen(bus->prefix);
    return strncmp(subject, bus->prefix, n) == 0 && subject[n] == kind && sscanf(subject + n + 1, ".%u", partition) == 1 &&
           *partition < bus->options.partitions;
}

/* --- the link --- */

void nats_say_link(struct nats_bus *bus, const char *why)
{
    bool up = bus->connected && bus->ready;
    if (up != bus->counts.up || strcmp(bus->why, why) != 0) {
        bus->counts.up = up;
        snprintf(bus->why, sizeof bus->why, "%s", why);
        bus->link_changed = true;
        nats_signal(bus);
    }
}

/* --- sending --- */

static void free_slot(struct nats_bus *bus, struct nats_slot *slot)
{
    bus->sending_bytes -= slot->bytes;
    bus->slots_used--;
    slot->serial = 0;
}

void nats_slot_resolve(struct nats_bus *bus, struct nats_slot *slot, uint64_t sequence)
{
    struct nats_event *event = calloc(1, sizeof *event);
    if (!event) {
        return; /* the keeper comes to it again */
    }
    event->kind = sequence ? BUS_SENT : BUS_UNSENT;
    event->token = slot->token;
    event->place = sequence ? bus->incarnation << NATS_SEQUENCE | sequence : 0;
    *(sequence ? &bus->counts.acknowledged : &bus->counts.unsent) += 1;
    free_slot(bus, slot);
    nats_push(bus, event);
}

void nats_resolve_all(struct nats_bus *bus, int64_t now_ms)
{
    for (unsigned i = 0; i < LIMIT_BUS_SENDING_MESSAGES && bus->slots_used; i++) {
        if (bus->slots[i].serial && now_ms >= bus->slots[i].until_ms) {
            nats_slot_resolve(bus, &bus->slots[i], 0);
        }
    }
}

static struct nats_slot *take_slot(struct nats_bus *bus, size_t bytes, uint64_t token)
{
    bool room = bus->slots_used < LIMIT_BUS_SENDING_MESSAGES && (!bus->slots_used || bus->sending_bytes + bytes <= LIMIT_BUS_SENDING_BYTES);
    if (!bus->connected || bus->refused || !room || bytes > BUS_PARCEL_MOST) { /* without a leader its early copy goes all the same */
        return NULL;
    }
    while (bus->slots[bus->slot_next].serial) {
        bus->slot_next = (bus->slot_next + 1) % LIMIT_BUS_SENDING_MESSAGES;
    }
    struct nats_slot *slot = &bus->slots[bus->slot_next];
    *slot = (struct nats_slot){token, ++bus->serial, bytes, nats_now_ms() + NATS_ANSWER_MS};
    bus->slots_used++;
    bus->sending_bytes += bytes;
    return slot;
}

static natsStatus publish(struct nats_bus *bus, const char *subject, const char *reply, const char *name, struct bulla_bytes bytes)
{
    natsMsg *message = NULL;
    natsStatus status = natsMsg_Create(&message, subject, reply, (const char *)bytes.at, (int)bytes.len);
    if (status == NATS_OK) {
        status = natsMsgHeader_Set(message, "Nats-Msg-Id", name);
    }
    if (status == NATS_OK) {
        status = natsConnection_PublishMsg(bus->connection, message);
    }
    natsMsg_Destroy(message);
    return status;
}

/* The broker does not give back what this connection has sent. */
static void copy_to_oneself(struct nats_bus *bus, unsigned partition, const char *subject, struct bulla_bytes bytes, bool hurried)
{
    natsMsg *copy = NULL;
    if (bus->followers[partition].wanted && natsMsg_Create(&copy, subject, NULL, (const char *)bytes.at, (int)bytes.len) == NATS_OK &&
        !nats_follow_copy(bus, partition, copy, hurried)) {
        natsMsg_Destroy(copy);
    }
}

static bool nats_send(struct bus *base, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    char subject[NATS_SUBJECT_SIZE], reply[NATS_REPLY_SIZE];
    if (partition >= bus->options.partitions) {
        return false;
    }
    pthread_mutex_lock(&bus->lock);
    struct nats_slot *slot = take_slot(bus, bytes.len, token);
    uint64_t serial = slot ? slot->serial : 0;
    pthread_mutex_unlock(&bus->lock);
    if (!slot) {
        return false;
    }
    nats_subject_put(bus, subject, NATS_PARCELS, partition);
    snprintf(reply, sizeof reply, "%s.a.%u.%" PRIu64, bus->inbox, (unsigned)(slot - bus->slots), serial);
    natsStatus status = publish(bus, subject, reply, name, bytes);
    bool taken = true;
    pthread_mutex_lock(&bus->lock);
    if (status == NATS_OK) {
        bus->counts.sent++;
        bus->counts.bytes_out += bytes.len;
        copy_to_oneself(bus, partition, subject, bytes, false);
    } else if (slot->serial == serial) { /* else its end has been told already */
        free_slot(bus, slot);
        taken = false;
    }
    pthread_mutex_unlock(&bus->lock);
    return taken;
}

/* {"stream":..,"seq":N,..} or {"error":{..}}; with the lock. */
static void on_acknowledgement(struct nats_bus *bus, const char *what, natsMsg *message)
{
    unsigned index = 0;
    uint64_t serial = 0;
    if (sscanf(what, "a.%u.%" SCNu64, &index, &serial) != 2 || index >= LIMIT_BUS_SENDING_MESSAGES || bus->slots[index].serial != serial ||
        !serial) {
        return;
    }
    json_t *answer = json_loadb(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), 0, NULL);
    json_int_t sequence = json_integer_value(json_object_get(answer, "seq"));
    const char *words = json_string_value(json_object_get(json_object_get(answer, "error"), "description"));
    if (sequence <= 0) {
        bus->look_now = true;
        bus->healthy = false;
        snprintf(bus->health, sizeof bus->health, "the broker refuses parcels: %.200s", words ? words : "it has no stream for them now");
    }
    nats_slot_resolve(bus, &bus->slots[index], sequence > 0 ? (uint64_t)sequence : 0);
    json_decref(answer);
}

/* --- callbacks of libnats, in its threads --- */

void nats_on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
    struct nats_bus *bus = closure;
    const char *subject = natsMsg_GetSubject(message);
    size_t length = strlen(bus->inbox);
    bool kept = false;
    (void)connection;
    (void)subscription;
    pthread_mutex_lock(&bus->lock);
    if (strncmp(subject, bus->inbox, length) != 0) {
        kept = nats_follow_parcel(bus, message);
    } else if (subject[length + 1] == 'a') {
        on_acknowledgement(bus, subject + length + 1, message);
    } else {
        nats_follow_answer(bus, subject + length + 1, message);
    }
    pthread_mutex_unlock(&bus->lock);
    if (!kept) {
        natsMsg_Destroy(message);
    }
}

void nats_on_copy(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
    struct nats_bus *bus = closure;
    unsigned partition = 0;
    (void)connection;
    (void)subscription;
    bool hurried = nats_subject_get(bus, natsMsg_GetSubject(message), NATS_HURRIED, &partition);
    bool ours = hurried || nats_subject_get(bus, natsMsg_GetSubject(message), NATS_PARCELS, &partition);
    pthread_mutex_lock(&bus->lock);
    bool kept = ours && nats_follow_copy(bus, partition, message, hurried);
    pthread_mutex_unlock(&bus->lock);
    if (!kept) {
        natsMsg_Destroy(message);
    }
}

void nats_on_notice(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
    struct nats_bus *bus = closure;
    (void)connection;
    (void)subscription;
    pthread_mutex_lock(&bus->lock);
    bool room = bus->first.n < LIMIT_BUS_EVENTS && bus->first.bytes < LIMIT_BUS_EVENT_BYTES;
    bool fits = strlen(natsMsg_GetSubject(message)) <= strlen(bus->prefix) + strlen("n.") + NOTICE_TOPIC;
    struct nats_event *event = room && fits ? calloc(1, sizeof *event) : NULL;
    if (event) {
        event->kind = BUS_NOTICE;
        event->message = message;
        bus->counts.notices_in++;
        nats_push(bus, event);
    } else {
        bus->counts.notices_lost++;
    }
    pthread_mutex_unlock(&bus->lock);
    if (!event) {
        natsMsg_Destroy(message);
    }
}

/* --- the keeper --- */

static void *keep(void *context)
{
    struct nats_bus *bus = context;
    pthread_setname_np(pthread_self(), "bus");
    pthread_mutex_lock(&bus->lock);
    while (!bus->closing) {
        int64_t now_ms = nats_now_ms(), since = now_ms - bus->looked_ms;
        nats_resolve_all(bus, now_ms);
        if (bus->connected && since >= (bus->look_now ? LOOK_SOON_MS : bus->ready ? NATS_LOOK_MS : LOOK_UNREADY_MS)) {
            pthread_mutex_unlock(&bus->lock);
            nats_stream_look(bus);
            pthread_mutex_lock(&bus->lock);
            now_ms = nats_now_ms();
        }
        if (bus->connected && bus->ready && !bus->closing) {
            nats_follow_tend(bus, now_ms);
        }
        struct timespec until = nats_in_ms(KEEPER_MS);
        if (!bus->closing) {
            pthread_cond_timedwait(&bus->keep, &bus->lock, &until);
        }
    }
    pthread_mutex_unlock(&bus->lock);
    return NULL;
}

/* --- opening and closing --- */

static void nats_close(struct bus *base)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    pthread_mutex_lock(&bus->lock);
    bus->closing = true;
    pthread_cond_broadcast(&bus->keep);
    pthread_mutex_unlock(&bus->lock);
    if (bus->keeper_runs) {
        pthread_join(bus->keeper, NULL);
    }
    nats_link_close(bus);
    nats_queue_free(bus);
    pthread_cond_destroy(&bus->keep);
    pthread_cond_destroy(&bus->taken);
    pthread_mutex_destroy(&bus->lock);
    free(bus);
}

static struct bus *nats_open(const char *url, const struct bus_options *options, char *why, size_t size)
{
    struct nats_bus *bus = calloc(1, sizeof *bus + options->partitions * sizeof bus->followers[0]);
    pthread_condattr_t attributes;
    if (!bus) {
        snprintf(why, size, "bus: out of memory");
        return NULL;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&bus->lock, NULL);
    pthread_cond_init(&bus->keep, &attributes);
    pthread_cond_init(&bus->taken, &attributes);
    pthread_condattr_destroy(&attributes);
    bus->options = *options;
    bool right = name_stream(bus, why, size) && nats_url_read(url, &bus->url, why, size) && nats_link_open(bus, why, size);
    if (right && pthread_create(&bus->keeper, NULL, keep, bus) == 0) {
        bus->keeper_runs = true;
        return &bus->bus;
    }
    if (right) {
        snprintf(why, size, "bus: no thread can be made");
    }
    nats_close(&bus->bus);
    return NULL;
}

/* --- following, hurrying, notices --- */

static bool nats_follow(struct bus *base, unsigned partition, uint64_t after)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    if (partition >= bus->options.partitions) {
        return false;
    }
    pthread_mutex_lock(&bus->lock);
    struct nats_follower *follower = &bus->followers[partition];
    bool first = !follower->copies[0];
    follower->wanted = true;
    follower->doubt = false;
    follower->generation++;
    follower->attempt++;
    follower->state = NATS_NEEDS;
    follower->consumer[0] = '\0'; /* an older one ends by itself */
    follower->last = after;
    pthread_cond_broadcast(&bus->keep);
    pthread_mutex_unlock(&bus->lock);
    for (int i = 0; first && i < 2; i++) {
        char subject[NATS_SUBJECT_SIZE];
        nats_subject_put(bus, subject, i ? NATS_HURRIED : NATS_PARCELS, partition);
        nats_link_subscribe(bus, &follower->copies[i], subject, nats_on_copy); /* without them the stream alone brings parcels */
    }
    return true;
}

static void nats_unfollow(struct bus *base, unsigned partition)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    if (partition < bus->options.partitions) {
        pthread_mutex_lock(&bus->lock);
        bus->followers[partition].wanted = false;
        bus->followers[partition].generation++;
        bus->followers[partition].attempt++;
        natsSubscription *copies[2];
        memcpy(copies, bus->followers[partition].copies, sizeof copies);
        memset(bus->followers[partition].copies, 0, sizeof copies);
        pthread_mutex_unlock(&bus->lock);
        for (int i = 0; i < 2; i++) {
            natsSubscription_Unsubscribe(copies[i]);
            natsSubscription_Destroy(copies[i]);
        }
    }
}

static void nats_pause(struct bus *base, bool paused)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    pthread_mutex_lock(&bus->lock);
    bus->paused = paused;
    pthread_cond_broadcast(&bus->keep);
    pthread_mutex_unlock(&bus->lock);
}

static bool nats_hurry(struct bus *base, unsigned partition, struct bulla_bytes bytes)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    char subject[NATS_SUBJECT_SIZE];
    if (partition >= bus->options.partitions || bytes.len > BUS_PARCEL_MOST) {
        return false;
    }
    nats_subject_put(bus, subject, NATS_HURRIED, partition);
    pthread_mutex_lock(&bus->lock);
    bool tried = bus->connected;
    pthread_mutex_unlock(&bus->lock);
    tried = tried && natsConnection_Publish(bus->connection, subject, bytes.at, (int)bytes.len) == NATS_OK;
    pthread_mutex_lock(&bus->lock);
    copy_to_oneself(bus, partition, subject, bytes, true);
    bus->counts.hurried_out += tried;
    pthread_mutex_unlock(&bus->lock);
    return tried;
}

static bool nats_notice(struct bus *base, const char *topic, struct bulla_bytes bytes)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    char subject[NATS_SUBJECT_SIZE];
    bool right = *topic && strlen(topic) <= NOTICE_TOPIC && !strpbrk(topic, ".*> \t\r\n") && bytes.len <= BUS_NOTICE_MOST;
    snprintf(subject, sizeof subject, "%sn.%.*s", bus->prefix, NOTICE_TOPIC, topic);
    pthread_mutex_lock(&bus->lock);
    bool connected = bus->connected;
    pthread_mutex_unlock(&bus->lock);
    right = right && connected && natsConnection_Publish(bus->connection, subject, bytes.at, (int)bytes.len) == NATS_OK;
    pthread_mutex_lock(&bus->lock);
    *(right ? &bus->counts.notices_out : &bus->counts.notices_lost) += 1;
    pthread_mutex_unlock(&bus->lock);
    return right;
}

static struct bus_counts nats_counts(struct bus *base)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    pthread_mutex_lock(&bus->lock);
    struct bus_counts counts = bus->counts;
    pthread_mutex_unlock(&bus->lock);
    return counts;
}

static bool nats_health(struct bus *base, char *text, size_t size)
{
    struct nats_bus *bus = (struct nats_bus *)base;
    pthread_mutex_lock(&bus->lock);
    bool healthy = bus->healthy && bus->ready;
    snprintf(text, size, "%s", bus->health);
    pthread_mutex_unlock(&bus->lock);
    return healthy;
}

#define NATS_BACKEND(NAME)                                                                                                                 \
    {                                                                                                                                      \
        .scheme = NAME, .open = nats_open, .close = nats_close, .send = nats_send, .follow = nats_follow, .unfollow = nats_unfollow,       \
        .pause = nats_pause, .hurry = nats_hurry, .notice = nats_notice, .take = nats_take, .counts = nats_counts, .health = nats_health,  \
    }

const struct bus_backend bus_nats = NATS_BACKEND("nats");
const struct bus_backend bus_nats_tls = NATS_BACKEND("tls");
