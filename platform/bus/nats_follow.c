// SPDX-License-Identifier: Apache-2.0
// Following a partition: consumers made, pulled from, watched and made anew. All with the bus's lock; nothing here waits.

#include "platform/bus/nats_bus.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCE_MASK ((UINT64_C(1) << NATS_SEQUENCE) - 1)

static void publish(struct nats_bus *bus, const char *subject, const char *reply, const char *text)
{
    /* A failure is noticed by the answer that does not come. */
    if (reply) {
        natsConnection_PublishRequestString(bus->connection, subject, reply, text);
    } else {
        natsConnection_PublishString(bus->connection, subject, text);
    }
}

static void give_up(struct nats_bus *bus, struct nats_follower *follower)
{
    if (follower->consumer[0]) {
        char subject[160];
        snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DELETE.%s.%s", bus->stream, follower->consumer);
        publish(bus, subject, NULL, "");
    }
    follower->consumer[0] = '\0';
    follower->state = NATS_NEEDS;
    follower->attempt++;
}

void nats_follow_restart(struct nats_bus *bus)
{
    for (unsigned i = 0; i < bus->options.partitions; i++) {
        if (bus->followers[i].wanted) {
            give_up(bus, &bus->followers[i]);
        }
    }
}

/* The sequence to begin with, 0: not yet, the stream must be looked at again. */
static uint64_t start_of(struct nats_bus *bus, struct nats_follower *follower)
{
    uint64_t incarnation = follower->last >> NATS_SEQUENCE, sequence = follower->last & SEQUENCE_MASK;
    if (follower->last == 0 || incarnation < bus->incarnation) {
        return 1; /* another stream than the one that was applied: all of it */
    }
    if (incarnation == bus->incarnation && sequence <= bus->last_sequence) {
        follower->doubt = false;
        return sequence + 1;
    }
    /* The stream ends before what was applied: it was made anew, or has lost its end. It must be seen twice. */
    if (follower->doubt) {
        bus->missed = bus->missed > incarnation ? bus->missed : incarnation;
        follower->doubt = false;
    } else {
        follower->doubt = true;
    }
    bus->look_now = true;
    return 0;
}

static void create(struct nats_bus *bus, unsigned partition, int64_t now_ms)
{
    struct nats_follower *follower = &bus->followers[partition];
    char reply[NATS_REPLY_SIZE], text[500], subject[NATS_SUBJECT_SIZE], filter[NATS_SUBJECT_SIZE];
    uint64_t start = start_of(bus, follower);
    if (!start) {
        return;
    }
    follower->state = NATS_CREATING;
    follower->heard_ms = now_ms;
    snprintf(reply, sizeof reply, "%s.c.%u.%" PRIu64, bus->inbox, partition, ++follower->attempt);
    nats_subject_put(bus, filter, NATS_PARCELS, partition);
    snprintf(text, sizeof text,
             "{\"stream_name\":\"%s\",\"config\":{\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":%" PRIu64
             ",\"ack_policy\":\"none\",\"replay_policy\":\"instant\",\"filter_subject\":\"%s\",\"max_waiting\":16,"
             "\"num_replicas\":1,\"mem_storage\":true,\"inactive_threshold\":60000000000}}",
             bus->stream, start, filter);
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.CREATE.%s", bus->stream);
    publish(bus, subject, reply, text);
}

static void pull(struct nats_bus *bus, unsigned partition, int64_t now_ms)
{
    struct nats_follower *follower = &bus->followers[partition];
    follower->state = NATS_IDLE;
    if (bus->paused || !bus->connected || nats_is_full(bus)) {
        return; /* bus_take() makes room and calls the keeper */
    }
    char subject[160], reply[NATS_REPLY_SIZE];
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", bus->stream, follower->consumer);
    snprintf(reply, sizeof reply, "%s.p.%u.%" PRIu64, bus->inbox, partition, follower->attempt);
    follower->state = NATS_PULLING;
    follower->left = NATS_PULL;
    follower->heard_ms = now_ms;
    char text[120];
    snprintf(text, sizeof text, "{\"batch\":%d,\"max_bytes\":%d,\"expires\":20000000000,\"idle_heartbeat\":1000000000}", NATS_PULL,
             NATS_PULL_BYTES);
    publish(bus, subject, reply, text);
}

static void created(struct nats_bus *bus, unsigned partition, natsMsg *message)
{
    struct nats_follower *follower = &bus->followers[partition];
    json_t *answer = json_loadb(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), 0, NULL);
    const char *name = json_string_value(json_object_get(answer, "name"));
    if (name && strlen(name) < sizeof follower->consumer) {
        snprintf(follower->consumer, sizeof follower->consumer, "%s", name);
        follower->delivered = 0;
        pull(bus, partition, nats_now_ms());
    } else { /* the stream is gone, or has no leader: the keeper looks, and tries again soon */
        bus->look_now = true;
        follower->heard_ms -= NATS_CREATE_MS - NATS_SOON_MS;
    }
    json_decref(answer);
}

/* A sign of life, or the end of a pull. */
static void status(struct nats_bus *bus, unsigned partition, natsMsg *message)
{
    struct nats_follower *follower = &bus->followers[partition];
    const char *code = NULL, *words = NULL;
    if (natsMsg_IsNoResponders(message)) {
        give_up(bus, follower);
        bus->look_now = true;
        return;
    }
    if (natsMsgHeader_Get(message, "Status", &code) != NATS_OK || strcmp(code, "100") == 0) {
        return;
    }
    natsMsgHeader_Get(message, "Description", &words);
    bool over = strcmp(code, "408") == 0 || strcmp(code, "404") == 0 || (words && (strstr(words, "MaxBytes") || strstr(words, "Batch")));
    if (over) {
        pull(bus, partition, nats_now_ms());
    } else { /* deleted, moved */
        give_up(bus, follower);
        bus->look_now = true;
    }
}

void nats_follow_answer(struct nats_bus *bus, const char *what, natsMsg *message)
{
    unsigned partition = 0;
    uint64_t attempt = 0;
    char kind = 0;
    if (sscanf(what, "%c.%u.%" SCNu64, &kind, &partition, &attempt) != 3 || partition >= bus->options.partitions) {
        return;
    }
    struct nats_follower *follower = &bus->followers[partition];
    if (!follower->wanted || follower->attempt != attempt) {
        return;
    }
    follower->heard_ms = nats_now_ms();
    if (kind == 'c' && follower->state == NATS_CREATING) {
        created(bus, partition, message);
    } else if (kind == 'p' && follower->state == NATS_PULLING) {
        status(bus, partition, message);
    }
}

/* $JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.TIMES.SEQUENCE.DELIVERED.TIME.PENDING[.TOKEN] */
static bool read_reply(const char *reply, char consumer[64], uint64_t *sequence, uint64_t *delivered)
{
    char copy[256], *tokens[16], *save = NULL;
    int n = 0;
    if (!reply || strncmp(reply, "$JS.ACK.", 8) != 0 || strlen(reply) >= sizeof copy) {
        return false;
    }
    snprintf(copy, sizeof copy, "%s", reply);
    for (char *token = strtok_r(copy, ".", &save); token && n < 16; token = strtok_r(NULL, ".", &save)) {
        tokens[n++] = token;
    }
    int at = n == 9 ? 2 : n >= 11 ? 4 : 0;
    if (!at) {
        return false;
    }
    snprintf(consumer, 64, "%s", tokens[at + 1]);
    *sequence = strtoull(tokens[at + 3], NULL, 10);
    *delivered = strtoull(tokens[at + 4], NULL, 10);
    return *sequence > 0 && *sequence <= SEQUENCE_MASK;
}

bool nats_follow_parcel(struct nats_bus *bus, natsMsg *message)
{
    unsigned partition = 0;
    uint64_t sequence = 0, delivered = 0;
    char consumer[64];
    if (!nats_subject_get(bus, natsMsg_GetSubject(message), NATS_PARCELS, &partition) ||
        !read_reply(natsMsg_GetReply(message), consumer, &sequence, &delivered)) {
        return false;
    }
    struct nats_follower *follower = &bus->followers[partition];
    if (!follower->wanted || follower->state != NATS_PULLING || strcmp(follower->consumer, consumer) != 0) {
        return false; /* of a consumer that was given up */
    }
    struct nats_event *event = calloc(1, sizeof *event);
    if (!event || delivered != follower->delivered + 1) { /* one was lost on the way: again from the last that came */
        free(event);
        give_up(bus, follower);
        return false;
    }
    follower->delivered = delivered;
    follower->heard_ms = nats_now_ms();
    follower->last = bus->incarnation << NATS_SEQUENCE | sequence;
    *event = (struct nats_event){
        .kind = BUS_PARCEL, .partition = partition, .place = follower->last, .generation = follower->generation, .message = message};
    bus->counts.received++;
    nats_push(bus, event);
    if (--follower->left == 0) {
        pull(bus, partition, follower->heard_ms);
    }
    return true;
}

bool nats_follow_copy(struct nats_bus *bus, unsigned partition, natsMsg *message, bool hurried)
{
    struct nats_follower *follower = &bus->followers[partition];
    const struct nats_queue *queue = hurried ? &bus->first : &bus->parcels;
    bool room = !bus->paused && queue->bytes < LIMIT_BUS_EVENT_BYTES / 4 && queue->n < LIMIT_BUS_EVENTS / 4;
    struct nats_event *event = follower->wanted && room ? calloc(1, sizeof *event) : NULL;
    if (!event) {
        return false; /* the stream brings it */
    }
    *event = (struct nats_event){
        .kind = BUS_PARCEL, .partition = partition, .hurried = hurried, .generation = follower->generation, .message = message};
    bus->counts.hurried_in += hurried;
    nats_push(bus, event);
    return true;
}

void nats_follow_tend(struct nats_bus *bus, int64_t now_ms)
{
    for (unsigned i = 0; i < bus->options.partitions; i++) {
        struct nats_follower *follower = &bus->followers[i];
        if (!follower->wanted) {
            continue;
        }
        int64_t since = now_ms - follower->heard_ms;
        if ((follower->state == NATS_CREATING && since > NATS_CREATE_MS) || (follower->state == NATS_PULLING && since > NATS_SILENT_MS)) {
            give_up(bus, follower);
            bus->look_now = true; /* it may be another stream by now */
        } else if (follower->state == NATS_NEEDS) {
            create(bus, i, now_ms);
        } else if (follower->state == NATS_IDLE) {
            pull(bus, i, now_ms);
        }
    }
}
