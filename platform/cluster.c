/* SPDX-License-Identifier: Apache-2.0
 *
 * Which partitions this node holds, by leases in the store, and what the bus brings for them.
 *
 * A node says four times in a lease that it lives, and holds its fair share: partitions divided by living nodes, rounded up. It gives up
 * what it has too many of, and takes what is nobody's or what a dead node held. To take one is to read how far it has been
 * applied, to learn of its journeys, and to follow its stream from there. All of it on the engine thread, between transactions.
 *
 * One process alone with a store that others could open holds all partitions, so that a second one is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/base/ulid.h"
#include "platform/platform_internal.h"

#define ALONE              "alone:" /* begins the source of a process without a bus */
#define BEATS_PER_LEASE    4
#define CHANGES_EVERY_MS   100
#define HANDOVERS_EVERY_MS 1000
#define HANDOVERS_AT_ONCE  1000
#define APPLIED_EVERY_MS   500

uint32_t cluster_via(const char *source)
{
    uint32_t h = 2166136261u;
    for (; *source; source++)
        h = (h ^ (uint8_t)*source) * 16777619u;
    return h | 1; /* 0: connected here, alone */
}

unsigned cluster_partition(const struct platform *p, const char *seal)
{
    return store_partition_of(seal, p->cluster.partitions);
}

bool cluster_holds(const struct platform *p, unsigned partition)
{
    return !p->cluster.shared || !p->bus || p->cluster.held[partition].held;
}

bool cluster_mine(const struct platform *p, const char *seal)
{
    return cluster_holds(p, cluster_partition(p, seal));
}

/* --- opening --- */

bool cluster_open(struct platform *p, const struct platform_options *options, char why[MODEL_WHY_SIZE])
{
    struct cluster *c = &p->cluster;
    struct store_node *self = &c->self;
    c->lease_ms = options->lease_ms ? options->lease_ms : PLATFORM_LEASE_MS;
    c->shared = store_is_shared(p->store) || options->bus;
    c->partitions = 1;
    if (!c->shared)
        return true;
    snprintf(self->name, sizeof self->name, "%s", options->node ? options->node : "bulla");
    snprintf(self->http, sizeof self->http, "%s", options->http ? options->http : "");
    snprintf(self->version, sizeof self->version, "%s", BULLA_VERSION);
    self->started_ms = clock_now(&p->clock);
    if (!options->bus) /* a process without an outbox is told apart by its start */
        snprintf(self->source, sizeof self->source, ALONE "%lld.%d", (long long)self->started_ms, options->stepped ? 0 : (int)getpid());
    if (store_partitions_fix(p->store, options->partitions ? options->partitions : PLATFORM_PARTITIONS, &c->partitions) != STORE_OK) {
        snprintf(why, MODEL_WHY_SIZE, "the partitions could not be read: %s", store_error(p->store));
        return false;
    }
    char fresh[ULID_SIZE];
    ulid_put(fresh, self->started_ms);
    if (store_setting_fix(p->store, "store", fresh, c->store, sizeof c->store) != STORE_OK) {
        snprintf(why, MODEL_WHY_SIZE, "the store's id could not be read: %s", store_error(p->store));
        return false;
    }
    c->gathered = batch_new();
    c->maker = parcel_maker_new(c->partitions);
    if (!c->gathered || !c->maker)
        snprintf(why, MODEL_WHY_SIZE, "out of memory");
    return c->gathered && c->maker;
}

static void forget_sources(struct held_partition *h)
{
    while (h->sources) {
        struct source_seen *s = h->sources;
        h->sources = s->next;
        free(s->ahead);
        free(s);
    }
}

void cluster_close(struct platform *p)
{
    struct cluster *c = &p->cluster;
    for (unsigned i = 0; i < STORE_PARTITIONS_MOST; i++)
        forget_sources(&c->held[i]);
    batch_free(c->gathered);
    parcel_maker_free(c->maker);
    free(c->progress);
    free(c->nodes);
}

void platform_set_http(struct platform *p, const char *address)
{
    pthread_mutex_lock(&p->inbox_mutex); /* the engine thread beats already */
    snprintf(p->cluster.self.http, sizeof p->cluster.self.http, "%s", address);
    pthread_mutex_unlock(&p->inbox_mutex);
}

static int say_alive(struct platform *p)
{
    pthread_mutex_lock(&p->inbox_mutex);
    struct store_node self = p->cluster.self;
    pthread_mutex_unlock(&p->inbox_mutex);
    int said = store_node_beat(p->store, &self, p->cluster.lease_ms);
    p->cluster.entered |= said == STORE_OK;
    return said;
}

/* --- taking and giving up --- */

struct source_seen *cluster_source(struct held_partition *h, const char *source)
{
    for (struct source_seen *s = h->sources; s; s = s->next)
        if (strcmp(s->source, source) == 0)
            return s;
    struct source_seen *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    snprintf(s->source, sizeof s->source, "%s", source);
    s->next = h->sources;
    h->sources = s;
    return s;
}

static void keep_source(void *context, const char *source, uint64_t number)
{
    struct source_seen *s = cluster_source(context, source);
    if (s)
        s->number = number;
}

/* How far the partition has come, by the store. */
static bool read_progress(struct platform *p, unsigned partition)
{
    struct held_partition *h = &p->cluster.held[partition];
    uint64_t place = 0;
    forget_sources(h);
    if (store_progress(p->store, partition, &place, keep_source, h) != STORE_OK)
        return false;
    h->place = h->taken = place;
    return true;
}

static bool take_up(struct platform *p, const struct store_lease *lease)
{
    struct held_partition *h = &p->cluster.held[lease->partition];
    if (!read_progress(p, lease->partition))
        return false;
    h->held = true;
    h->followed = false;
    h->epoch = lease->epoch;
    p->cluster.counts.taken_over++;
    live_own(p, lease->partition, true);
    return true;
}

static void let_go(struct platform *p, unsigned partition)
{
    struct held_partition *h = &p->cluster.held[partition];
    bus_unfollow(p->bus, partition);
    h->held = h->followed = false;
    forget_sources(h);
    live_own(p, partition, false);
    commands_drop(p, partition);
    p->cluster.counts.given_up++;
}

static const struct store_lease *lease_of(const struct cluster *c, unsigned partition)
{
    for (unsigned i = 0; i < c->n_leases; i++)
        if (c->leases[i].partition == partition)
            return &c->leases[i];
    return NULL;
}

/* Brings what memory holds in line with the leases. */
static bool settle(struct platform *p)
{
    struct cluster *c = &p->cluster;
    bool gone = false, come = false, ok = true;
    for (unsigned i = 0; i < c->partitions; i++) {
        const struct store_lease *lease = lease_of(c, i);
        struct held_partition *h = &c->held[i];
        if (h->held && (!lease || lease->epoch != h->epoch)) {
            let_go(p, i);
            gone = true;
        }
        if (lease && !h->held) {
            ok &= take_up(p, lease);
            come = true;
        }
    }
    if (gone)
        journeys_forget(p);
    if (come && ok) {
        ok = journeys_learn(p);
        commands_load(p, cluster_mine);
    }
    atomic_store(&p->holds, c->n_leases);
    atomic_store(&p->is_first, c->held[0].held);
    if ((gone || come) && c->n_leases != c->told) /* not at every try while the store is away */
        log_say(LOG_INFO, "cluster", "%s holds %u of %u partitions", c->self.name, c->n_leases, c->partitions);
    c->told = c->n_leases;
    return ok;
}

static void follow(struct platform *p)
{
    for (unsigned i = 0; i < p->cluster.partitions; i++) {
        struct held_partition *h = &p->cluster.held[i];
        if (h->held && !h->followed)
            h->followed = bus_follow(p->bus, i, h->place);
    }
}

void cluster_reset(struct platform *p)
{
    struct cluster *c = &p->cluster;
    for (unsigned i = 0; i < c->partitions; i++)
        if (c->held[i].held)
            let_go(p, i);
    c->beat_due_ms = 0;
    c->handover_due_ms = 0;
    p->stale = !settle(p);
}

/* --- nodes --- */

struct census {
    struct platform *platform;
    unsigned alive, working;
};

static struct node_seen *node_seen(struct cluster *c, const struct store_node *n)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (strcmp(c->nodes[i].name, n->name) == 0)
            return &c->nodes[i];
    if (c->n_nodes == c->nodes_size) {
        size_t bigger = c->nodes_size ? c->nodes_size * 2 : 8;
        struct node_seen *grown = realloc(c->nodes, bigger * sizeof *grown);
        if (!grown)
            return NULL;
        c->nodes = grown;
        c->nodes_size = bigger;
    }
    struct node_seen *seen = &c->nodes[c->n_nodes++];
    memset(seen, 0, sizeof *seen);
    snprintf(seen->name, sizeof seen->name, "%s", n->name);
    return seen;
}

static void count_node(void *context, const struct store_node *n)
{
    struct census *census = context;
    struct cluster *c = &census->platform->cluster;
    bool alive = n->remaining_ms > 0, self = strcmp(n->name, c->self.name) == 0;
    census->alive += alive;
    census->working += alive && !n->draining && !(self && c->leaving);
    struct node_seen *seen = node_seen(c, n);
    if (!seen)
        return;
    if (seen->alive && (!alive || strcmp(seen->source, n->source) != 0)) {
        log_say(LOG_WARN, "cluster", "node %s is gone", n->name);
        live_source_gone(census->platform, cluster_via(seen->source));
        stream_lost(census->platform); /* it may have ended between a commit and telling of it */
    }
    if (!seen->alive && alive && !self)
        log_say(LOG_INFO, "cluster", "node %s is here", n->name);
    seen->alive = alive;
    snprintf(seen->source, sizeof seen->source, "%s", n->source);
    if (self)
        c->draining = n->draining;
}

static unsigned fair_share(const struct cluster *c, const struct census *census)
{
    if (c->leaving || c->draining)
        return census->working ? 0 : c->partitions; /* the last one stays until its outbox is empty */
    return census->working ? (c->partitions + census->working - 1) / census->working : c->partitions;
}

static bool hold(struct platform *p, unsigned most)
{
    struct cluster *c = &p->cluster;
    unsigned had = c->n_leases;
    int outcome = store_partitions_hold(p->store, c->self.name, c->lease_ms, most, c->leases, &c->n_leases);
    if (outcome != STORE_OK) {
        c->n_leases = had;
        return false;
    }
    while (c->n_leases > most) {
        if (store_partition_release(p->store, &c->leases[c->n_leases - 1]) != STORE_OK)
            return false;
        c->n_leases--;
    }
    return true;
}

static void keep_applied(void *context, unsigned partition, uint64_t number)
{
    uint64_t *applied = context;
    if (partition < STORE_PARTITIONS_MOST)
        applied[partition] = number;
}

/* How far the store has come with what this node accepted, of every partition: that it stands still is news as well. */
static void tell_sender(struct platform *p)
{
    uint64_t applied[STORE_PARTITIONS_MOST] = {0};
    if (store_progress_of(p->store, p->cluster.self.source, keep_applied, applied) != STORE_OK)
        return;
    for (unsigned i = 0; i < p->cluster.partitions; i++)
        ingest_mail(p, &(struct mail){.kind = MAIL_APPLIED, .partition = i, .number = applied[i]});
}

static void beat(struct platform *p, int64_t now_ms)
{
    static struct log_gate gate;
    struct cluster *c = &p->cluster;
    struct census census = {.platform = p};
    c->beat_due_ms = now_ms + c->lease_ms / BEATS_PER_LEASE;
    cluster_clock_measure(p);
    int said = say_alive(p);
    if (said == STORE_OK && c->leaving && !c->draining) /* or the others would leave its share to it, and its outbox would wait */
        store_node_drain(p->store, c->self.name, true);
    if (said == STORE_OK && store_nodes(p->store, count_node, &census) == STORE_OK && hold(p, p->bus ? fair_share(c, &census) : c->partitions)) {
        if (p->bus && !p->stale)
            p->stale = !settle(p);
        return;
    }
    log_gated(&gate, LOG_ERROR, "cluster", said == STORE_CONFLICT ? "another process uses this node's name: %s" : "the leases could not be prolonged: %s",
              store_error(p->store));
}

void cluster_turn(struct platform *p, int64_t now_ms)
{
    struct cluster *c = &p->cluster;
    if (!c->shared)
        return;
    if (!c->leaving && atomic_load(&p->asked_to_leave)) {
        c->leaving = true;
        c->beat_due_ms = now_ms;
    }
    if (clock_due(c->beat_due_ms, now_ms, c->lease_ms / BEATS_PER_LEASE))
        beat(p, now_ms);
    if (!p->bus)
        return;
    follow(p);
    if (clock_due(c->applied_due_ms, now_ms, APPLIED_EVERY_MS)) {
        c->applied_due_ms = now_ms + APPLIED_EVERY_MS;
        tell_sender(p);
    }
    cluster_changes(p, now_ms);
}

/* Who keeps this one from starting. */
struct others {
    const struct platform *platform;
    char name[STORE_NODE_SIZE];
};

/* Alone, nobody else may live; among several, nobody who is alone. */
static void find_other(void *context, const struct store_node *n)
{
    struct others *others = context;
    const struct platform *p = others->platform;
    bool alone = strncmp(n->source, ALONE, sizeof ALONE - 1) == 0;
    if (n->remaining_ms > 0 && strcmp(n->name, p->cluster.self.name) != 0 && (alone || !p->bus))
        snprintf(others->name, sizeof others->name, "%s", n->name);
}

/* STORE_OK: this process lives, and holds what it must to start; STORE_CONFLICT: another one is in the way. */
static int try_enter(struct platform *p, struct others *others)
{
    struct cluster *c = &p->cluster;
    others->name[0] = '\0';
    int said = store_nodes(p->store, find_other, others);
    if (said == STORE_OK && others->name[0])
        return STORE_CONFLICT;
    said = said == STORE_OK ? say_alive(p) : said;
    if (said != STORE_OK || p->bus)
        return said;
    return hold(p, c->partitions) && c->n_leases == c->partitions ? STORE_OK : STORE_CONFLICT;
}

bool cluster_enter(struct platform *p, char why[MODEL_WHY_SIZE])
{
    struct cluster *c = &p->cluster;
    struct others others = {.platform = p};
    if (!c->shared || (p->stepped && p->bus))
        return true;
    int said = try_enter(p, &others);
    for (int64_t waited_ms = 0; said == STORE_CONFLICT && !p->stepped && waited_ms <= c->lease_ms + 500; waited_ms += 100) {
        nanosleep(&(struct timespec){0, 100 * 1000000L}, NULL); /* the last run may have been killed */
        said = try_enter(p, &others);
    }
    if (said == STORE_CONFLICT && (others.name[0] || !p->bus))
        snprintf(why, MODEL_WHY_SIZE, p->bus ? "the store is in use by %s, which runs alone: stop that one first, or give it a bus too (--bus nats://...)"
                                             : "the store is in use by %s: stop that one first, or give both a bus (--bus nats://...)",
                 others.name[0] ? others.name : "another bulla");
    else if (said != STORE_OK)
        snprintf(why, MODEL_WHY_SIZE, "%s", store_error(p->store));
    return said == STORE_OK;
}

/* --- what other nodes hand over, and what they change --- */

static void take_handover(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct platform *p = context;
    char seal[MODEL_SEAL_SIZE];
    (void)raw;
    snprintf(seal, sizeof seal, "%s:%s", o->protocol, o->device);
    struct supervised *s = journeys_of(p, seal);
    carriers_heard(p, seal, o, s && s->judged && cluster_holds(p, s->home), false);
    if (!s || !cluster_holds(p, s->home))
        return; /* the journey ended, or this node has not heard of it: it reads all when it does */
    if (!s->judged) {
        journeys_wake(p, s);
        return;
    }
    engine_observe(p->engine, o);
    journeys_follow(p, s, o);
}

void cluster_take_handovers(struct platform *p, int64_t now_ms)
{
    struct cluster *c = &p->cluster;
    if (!clock_due(c->handover_due_ms, now_ms, HANDOVERS_EVERY_MS))
        return;
    c->handover_due_ms = now_ms + HANDOVERS_EVERY_MS;
    for (unsigned i = 0; i < c->partitions; i++)
        if (c->held[i].held)
            store_handover_take(p->store, i, HANDOVERS_AT_ONCE, take_handover, p);
}

static void keep_change(void *context, enum store_changed kind, const char *id)
{
    static const enum inbox_kind kinds[] = {
        [STORE_CHANGED_JOURNEY] = INBOX_JOURNEY,
        [STORE_CHANGED_SEAL] = INBOX_SEAL,
        [STORE_CHANGED_ALARM] = INBOX_ALARM,
        [STORE_CHANGED_COMMAND] = INBOX_COMMAND,
        [STORE_CHANGED_RULE] = INBOX_RULE,
    };
    pipeline_inbox(context, kinds[kind], id);
}

void cluster_changes(struct platform *p, int64_t now_ms)
{
    struct cluster *c = &p->cluster;
    bool asked = atomic_exchange(&p->look_for_changes, false);
    if (!asked && !clock_due(c->changes_due_ms, now_ms, CHANGES_EVERY_MS))
        return;
    c->changes_due_ms = now_ms + CHANGES_EVERY_MS;
    store_changes(p->store, c->cursor, keep_change, p);
}

/* --- coming and leaving --- */

static void hear(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)raw;
    live_observe(context, o, NULL);
}

bool cluster_hear_latest(struct platform *p, char why[MODEL_WHY_SIZE])
{
    struct cluster *c = &p->cluster;
    if (store_changes(p->store, c->cursor, keep_change, p) != STORE_OK || store_latest(p->store, hear, p) < 0) {
        snprintf(why, MODEL_WHY_SIZE, "the store could not be read: %s", store_error(p->store));
        return false;
    }
    return true;
}

bool platform_is_first(void *platform)
{
    struct platform *p = platform;
    return !p->bus || atomic_load(&p->is_first);
}

bool platform_drained(struct platform *p)
{
    return !p->bus || (atomic_load(&p->holds) == 0 && ingest_empty(p));
}

/* Gives up its partitions and waits, not for long, until others have applied what it accepted. Without brokers or a store that
 * would be for nothing: the outbox keeps it for the next start. */
void cluster_leave(struct platform *p)
{
    atomic_store(&p->asked_to_leave, true);
    for (int waited_ms = 0; waited_ms < LIMIT_LEAVE_MS && !ingest_empty(p) && !atomic_load(&p->link_down) && !atomic_load(&p->no_space); waited_ms += 20)
        nanosleep(&(struct timespec){0, 20 * 1000000L}, NULL);
}

void cluster_left(struct platform *p)
{
    if (p->cluster.entered) /* or the name is another's, who lives */
        store_node_leave(p->store, p->cluster.self.name);
}
