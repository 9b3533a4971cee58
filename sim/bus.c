/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/bus.h"

#include "sim/bus_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MOST = 8, PARTITIONS_MOST = 256, UNDER_WAY_MOST = 64, NAMES_KEPT = 4096, NODE_SIZE = 64, QUEUE_MOST = 256 };

#define LATE_MS       600000                   /* up to, when a connection hangs */
#define NAMES_KEPT_US (INT64_C(120) * 1000000) /* the window in which a repeat is known */

struct message {
    uint64_t place;
    char name[128];
    int64_t at_us;
    size_t n;
    uint8_t *bytes;
};

struct stream {
    struct message *messages;
    size_t n, size;
    uint64_t last;
};

struct followed {
    bool on, asked;
    uint64_t number; /* of the following: what was given for an older one is passed over */
    uint64_t next;   /* place after which to go on */
};

struct client {
    struct bus base;
    struct sim_brokers *brokers;
    char node[NODE_SIZE];
    struct bus_options options;
    uint64_t life;
    bool open, parted, told_up, paused;
    struct followed follows[PARTITIONS_MOST];
    unsigned under_way;
    struct sim_waits waits;
    struct bus_counts counts;
};

struct sim_brokers {
    struct sim_events *events;
    struct sim_random random;
    struct sim_bus_faults faults;
    struct sim_bus_counts counts;
    unsigned partitions;
    struct stream streams[PARTITIONS_MOST];
    struct client *clients[CLIENTS_MOST];
    uint64_t lives, follows;
    int64_t no_leader_until_us;
    void (*came)(void *host, const char *node);
    void *host;
};

static struct sim_brokers *current; /* what "sim:" is opened on */

struct post { /* something under way between a client and the brokers */
    struct sim_brokers *brokers;
    struct client *client;
    uint64_t life;
    struct bus_event event;
    char name[128];
    size_t n;
    uint8_t bytes[];
};

/* The client that it is for, unless it has gone. */
static bool lives(const struct sim_brokers *b, const struct client *c, uint64_t life)
{
    for (int i = 0; i < CLIENTS_MOST; i++)
        if (b->clients[i] == c)
            return c->life == life;
    return false;
}

static int64_t latency(struct sim_brokers *b)
{
    return 100 + (b->faults.latency_us ? sim_random_below(&b->random, b->faults.latency_us) : 0);
}

static bool is_reachable(const struct client *c)
{
    return !c->parted;
}

static void queue(struct client *c, const struct bus_event *event, uint64_t follow, const void *bytes, size_t n)
{
    sim_waits_put(&c->waits, event, follow, bytes, n);
    if (c->options.wake)
        c->options.wake(c->options.wake_context);
}

/* --- giving parcels --- */

static size_t first_after(const struct stream *s, uint64_t place)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->messages[middle].place <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void give(struct client *c, unsigned partition)
{
    struct sim_brokers *b = c->brokers;
    struct followed *f = &c->follows[partition];
    const struct stream *s = &b->streams[partition];
    if (!f->on || c->paused || !is_reachable(c) || b->events->now_us < b->no_leader_until_us)
        return;
    if (b->faults.give_again > 0 && s->n && sim_random_chance(&b->random, b->faults.give_again)) {
        uint64_t older = s->messages[sim_random_below(&b->random, (uint32_t)s->n)].place - 1;
        b->counts.given_again += older < f->next;
        f->next = older < f->next ? older : f->next;
    }
    for (size_t i = first_after(s, f->next); i < s->n && c->waits.parcels.n < QUEUE_MOST; i++) {
        const struct message *m = &s->messages[i];
        f->next = m->place;
        b->counts.given++;
        c->counts.received++;
        c->counts.bytes_in += m->n;
        queue(c, &(struct bus_event){.kind = BUS_PARCEL, .partition = partition, .place = m->place}, f->number, m->bytes, m->n);
    }
}

static void give_all(void *context, uint64_t argument)
{
    struct sim_brokers *b = context;
    (void)argument;
    for (int i = 0; i < CLIENTS_MOST; i++)
        for (unsigned p = 0; b->clients[i] && p < b->partitions; p++)
            give(b->clients[i], p);
}

/* --- storing --- */

static const struct message *find_name(const struct stream *s, const char *name, int64_t since_us)
{
    for (size_t i = s->n; i-- > 0 && s->messages[i].at_us >= since_us;)
        if (strcmp(s->messages[i].name, name) == 0)
            return &s->messages[i];
    return NULL;
}

static void drop_oldest(struct stream *s, size_t n)
{
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        free(s->messages[i].bytes);
    memmove(s->messages, s->messages + n, (s->n - n) * sizeof *s->messages);
    s->n -= n;
}

static uint64_t store(struct sim_brokers *b, const struct post *post)
{
    struct stream *s = &b->streams[post->event.partition];
    const struct message *known = find_name(s, post->name, b->events->now_us - NAMES_KEPT_US);
    if (known) {
        b->counts.known++;
        return known->place;
    }
    if (s->n >= NAMES_KEPT) /* days are kept; here, as many as matter */
        drop_oldest(s, NAMES_KEPT / 2);
    if (s->n == s->size) {
        s->size = s->size * 2 + 64;
        s->messages = realloc(s->messages, s->size * sizeof *s->messages);
        if (!s->messages)
            abort();
    }
    struct message *m = &s->messages[s->n++];
    s->last += 1 + sim_random_below(&b->random, 3); /* one stream holds all partitions: places have gaps */
    *m = (struct message){.place = s->last, .at_us = b->events->now_us, .n = post->n, .bytes = malloc(post->n ? post->n : 1)};
    if (!m->bytes)
        abort();
    memcpy(m->bytes, post->bytes, post->n);
    memcpy(m->name, post->name, sizeof m->name);
    b->counts.stored++;
    return m->place;
}

static void tell_sender(void *context, uint64_t argument)
{
    struct post *post = context;
    (void)argument;
    if (lives(post->brokers, post->client, post->life)) {
        struct client *c = post->client;
        c->under_way--;
        if (post->event.kind == BUS_SENT)
            c->counts.acknowledged++;
        else
            c->counts.unsent++;
        queue(c, &post->event, 0, NULL, 0);
    }
    free(post);
}

static void arrive(void *context, uint64_t argument)
{
    struct post *post = context;
    struct sim_brokers *b = post->brokers;
    (void)argument;
    bool here = lives(b, post->client, post->life), reaches = here && is_reachable(post->client);
    bool lost = !reaches || b->events->now_us < b->no_leader_until_us || sim_random_chance(&b->random, b->faults.lose_message);
    int64_t later_us = latency(b);
    post->event.kind = BUS_UNSENT;
    if (!lost) {
        post->event.place = store(b, post);
        bool ack_lost = sim_random_chance(&b->random, b->faults.lose_ack);
        post->event.kind = ack_lost ? BUS_UNSENT : BUS_SENT;
        b->counts.lost_acks += ack_lost;
        later_us += ack_lost ? 3000000 : 0; /* it waits so long for it */
        sim_events_in(b->events, latency(b), give_all, b, 0);
    } else {
        later_us += 3000000;
    }
    sim_events_in(b->events, later_us, tell_sender, post, 0);
}

static struct post *new_post(struct client *c, struct bulla_bytes bytes)
{
    struct post *post = malloc(sizeof *post + bytes.len);
    if (!post)
        abort();
    memset(post, 0, sizeof *post);
    post->brokers = c->brokers;
    post->client = c;
    post->life = c->life;
    post->n = bytes.len;
    memcpy(post->bytes, bytes.at, bytes.len);
    return post;
}

/* --- early copies --- */

static void take_copy(struct client *c, const struct bus_event *copy, const void *bytes, size_t n)
{
    const struct followed *f = &c->follows[copy->partition];
    bool taken = f->on && !c->paused && sim_waits_queue(&c->waits, copy)->n < QUEUE_MOST / 4;
    *(taken ? &c->brokers->counts.early : &c->brokers->counts.early_lost) += 1;
    if (!taken)
        return;
    c->counts.bytes_in += n;
    c->counts.hurried_in += copy->hurried;
    queue(c, copy, f->number, bytes, n);
    if (c->brokers->came)
        c->brokers->came(c->brokers->host, c->node);
}

static void arrive_copy(void *context, uint64_t argument)
{
    struct post *post = context;
    (void)argument;
    if (lives(post->brokers, post->client, post->life) && is_reachable(post->client))
        take_copy(post->client, &post->event, post->bytes, post->n);
    free(post);
}

static void send_copy(struct client *to, const struct bus_event *copy, struct bulla_bytes bytes)
{
    struct sim_brokers *b = to->brokers;
    struct post *post = new_post(to, bytes);
    bool late = sim_random_chance(&b->random, b->faults.late_early);
    int64_t delay_us = 100 + (b->faults.early_us ? sim_random_below(&b->random, b->faults.early_us) : 0);
    delay_us += late ? (int64_t)sim_random_below(&b->random, LATE_MS) * 1000 : 0;
    post->event = *copy;
    sim_events_in(b->events, delay_us, arrive_copy, post, 0);
}

/* The sender's own copy does not go by the brokers. */
static void copy_to_all(struct client *from, const struct bus_event *copy, struct bulla_bytes bytes)
{
    struct sim_brokers *b = from->brokers;
    for (int i = 0; i < CLIENTS_MOST; i++) {
        struct client *to = b->clients[i];
        if (!to || to == from)
            continue;
        if (sim_random_chance(&b->random, b->faults.lose_early)) {
            b->counts.early_lost += to->follows[copy->partition].on;
            continue;
        }
        send_copy(to, copy, bytes);
        if (sim_random_chance(&b->random, b->faults.repeat_early))
            send_copy(to, copy, bytes);
    }
    take_copy(from, copy, bytes.at, bytes.len);
}

static bool do_send(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token)
{
    struct client *c = (struct client *)bus;
    struct sim_brokers *b = c->brokers;
    if (c->under_way >= UNDER_WAY_MOST || !is_reachable(c))
        return false;
    struct post *post = new_post(c, bytes);
    post->event = (struct bus_event){.partition = partition, .token = token};
    snprintf(post->name, sizeof post->name, "%s", name);
    c->under_way++;
    c->counts.sent++;
    c->counts.bytes_out += bytes.len;
    b->counts.sent++;
    sim_events_in(b->events, latency(b), arrive, post, 0);
    copy_to_all(c, &(struct bus_event){.kind = BUS_PARCEL, .partition = partition}, bytes);
    return true;
}

static bool do_hurry(struct bus *bus, unsigned partition, struct bulla_bytes bytes)
{
    struct client *c = (struct client *)bus;
    if (!is_reachable(c))
        return false;
    c->counts.hurried_out++;
    copy_to_all(c, &(struct bus_event){.kind = BUS_PARCEL, .partition = partition, .hurried = true}, bytes);
    return true;
}

/* --- following --- */

static bool do_follow(struct bus *bus, unsigned partition, uint64_t after)
{
    struct client *c = (struct client *)bus;
    if (!is_reachable(c))
        return false;
    c->follows[partition] = (struct followed){.on = true, .number = ++c->brokers->follows, .next = after};
    sim_events_in(c->brokers->events, latency(c->brokers), give_all, c->brokers, 0);
    return true;
}

static void do_unfollow(struct bus *bus, unsigned partition)
{
    ((struct client *)bus)->follows[partition].on = false;
}

static void do_pause(struct bus *bus, bool paused)
{
    struct client *c = (struct client *)bus;
    c->paused = paused;
    if (!paused)
        sim_events_in(c->brokers->events, latency(c->brokers), give_all, c->brokers, 0);
}

/* --- notices --- */

static void arrive_notice(void *context, uint64_t argument)
{
    struct post *post = context;
    (void)argument;
    if (lives(post->brokers, post->client, post->life) && is_reachable(post->client)) {
        post->client->counts.notices_in++;
        queue(post->client, &post->event, 0, post->bytes, post->n);
    }
    free(post);
}

static void send_notice(struct client *to, const char *topic, struct bulla_bytes bytes)
{
    struct sim_brokers *b = to->brokers;
    struct post *post = new_post(to, bytes);
    post->event = (struct bus_event){.kind = BUS_NOTICE};
    snprintf(post->event.topic, sizeof post->event.topic, "%s", topic);
    sim_events_in(b->events, latency(b), arrive_notice, post, 0);
}

static bool do_notice(struct bus *bus, const char *topic, struct bulla_bytes bytes)
{
    struct client *c = (struct client *)bus;
    struct sim_brokers *b = c->brokers;
    if (!is_reachable(c) || bytes.len > BUS_NOTICE_MOST) {
        c->counts.notices_lost++;
        return false;
    }
    c->counts.notices_out++;
    b->counts.notices++;
    for (int i = 0; i < CLIENTS_MOST; i++) {
        struct client *to = b->clients[i];
        if (!to || to == c || sim_random_chance(&b->random, b->faults.lose_notice))
            continue;
        send_notice(to, topic, bytes);
        if (sim_random_chance(&b->random, b->faults.repeat_notice))
            send_notice(to, topic, bytes);
    }
    return true;
}

/* --- taking --- */

static bool tell_link(struct client *c, bus_event_fn each, void *context)
{
    struct bus_event event = {.kind = BUS_LINK, .up = is_reachable(c)};
    if (c->told_up == event.up)
        return false;
    c->told_up = event.up;
    c->counts.up = event.up;
    c->counts.reconnects += event.up;
    if (!event.up)
        snprintf(event.why, sizeof event.why, "no broker can be reached");
    each(context, &event);
    return true;
}

static bool is_stale(const struct client *c, const struct sim_waiting *w)
{
    const struct followed *f = &c->follows[w->event.partition];
    return w->event.kind == BUS_PARCEL && (!f->on || f->number != w->follow);
}

static size_t do_take(struct bus *bus, unsigned wait_ms, size_t most, bus_event_fn each, void *context)
{
    struct client *c = (struct client *)bus;
    size_t given = tell_link(c, each, context);
    (void)wait_ms;
    for (struct sim_waiting *w; given < most && (w = sim_waits_pop(&c->waits));) {
        if (!is_stale(c, w)) {
            w->event.bytes = (struct bulla_bytes){w->bytes, w->n};
            bus->again = false;
            each(context, &w->event);
            given++;
            if (bus->again) {
                sim_waits_put_back(&c->waits, w);
                break;
            }
        }
        free(w);
    }
    if (c->waits.parcels.n < QUEUE_MOST / 2)
        for (unsigned p = 0; p < c->brokers->partitions; p++)
            give(c, p);
    return given;
}

static struct bus_counts do_counts(struct bus *bus)
{
    return ((struct client *)bus)->counts;
}

static bool do_health(struct bus *bus, char *text, size_t size)
{
    bool up = is_reachable((struct client *)bus);
    snprintf(text, size, up ? "simulated brokers" : "no broker can be reached");
    return up;
}

/* --- life --- */

static struct bus *do_open(const char *url, const struct bus_options *options, char *why, size_t size)
{
    (void)url;
    for (int i = 0; current && i < CLIENTS_MOST; i++) {
        if (current->clients[i])
            continue;
        struct client *c = calloc(1, sizeof *c);
        if (!c)
            break;
        c->brokers = current;
        c->options = *options;
        c->life = ++current->lives;
        sim_waits_begin(&c->waits);
        snprintf(c->node, sizeof c->node, "%s", options->node);
        current->clients[i] = c;
        return &c->base;
    }
    snprintf(why, size, "there are no simulated brokers, or too many nodes");
    return NULL;
}

static void do_close(struct bus *bus)
{
    struct client *c = (struct client *)bus;
    for (int i = 0; i < CLIENTS_MOST; i++)
        if (c->brokers->clients[i] == c)
            c->brokers->clients[i] = NULL;
    for (struct sim_waiting *w; (w = sim_waits_pop(&c->waits));)
        free(w);
    free(c);
}

const struct bus_backend sim_bus_backend = {
    .scheme = "sim",
    .open = do_open,
    .close = do_close,
    .send = do_send,
    .follow = do_follow,
    .unfollow = do_unfollow,
    .pause = do_pause,
    .hurry = do_hurry,
    .notice = do_notice,
    .take = do_take,
    .counts = do_counts,
    .health = do_health,
};

struct sim_brokers *sim_brokers_new(struct sim_events *events, uint64_t seed, unsigned partitions)
{
    struct sim_brokers *b = calloc(1, sizeof *b);
    if (b) {
        b->events = events;
        b->random = sim_random_new(seed);
        b->partitions = partitions < PARTITIONS_MOST ? partitions : PARTITIONS_MOST;
        current = b;
    }
    return b;
}

void sim_brokers_free(struct sim_brokers *b)
{
    for (unsigned p = 0; b && p < PARTITIONS_MOST; p++) {
        drop_oldest(&b->streams[p], b->streams[p].n);
        free(b->streams[p].messages);
    }
    current = current == b ? NULL : current;
    free(b);
}

void sim_brokers_set_faults(struct sim_brokers *b, const struct sim_bus_faults *faults)
{
    b->faults = *faults;
}

void sim_brokers_tell(struct sim_brokers *b, void (*came)(void *host, const char *node), void *host)
{
    b->came = came;
    b->host = host;
}

struct sim_bus_counts sim_brokers_counts(const struct sim_brokers *b)
{
    return b->counts;
}

void sim_brokers_elect(struct sim_brokers *b, int64_t for_us)
{
    b->counts.elections++;
    b->no_leader_until_us = b->events->now_us + for_us;
    sim_events_in(b->events, for_us, give_all, b, 0);
}

void sim_brokers_power_cut(struct sim_brokers *b, unsigned most)
{
    b->counts.power_cuts++;
    for (unsigned p = 0; p < b->partitions; p++) {
        struct stream *s = &b->streams[p];
        size_t lost = most ? sim_random_below(&b->random, most + 1) : 0;
        lost = lost < s->n ? lost : s->n;
        b->counts.lost_messages += lost;
        for (size_t i = 0; i < lost; i++)
            free(s->messages[--s->n].bytes);
        s->last = lost ? (s->n ? s->messages[s->n - 1].place : 0) : s->last; /* the places are given again */
    }
    sim_brokers_elect(b, 5000000);
}

void sim_brokers_part(struct sim_brokers *b, const char *node, bool parted)
{
    for (int i = 0; i < CLIENTS_MOST; i++) {
        struct client *c = b->clients[i];
        if (!c || strcmp(c->node, node) != 0)
            continue;
        c->parted = parted;
        if (c->options.wake)
            c->options.wake(c->options.wake_context);
    }
    if (!parted)
        sim_events_in(b->events, latency(b), give_all, b, 0);
}
