/* SPDX-License-Identifier: Apache-2.0
 *
 * The platform's inside, for the .c files of this folder alone. Each part owns its own struct and lock;
 * locks are never held across parts, but `live` may be taken by any.
 */
#ifndef PLATFORM_INTERNAL_H
#define PLATFORM_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

#include "platform/ahead.h"
#include "platform/backtest.h"
#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/bus/outbox.h"
#include "platform/bus/sender.h"
#include "platform/model/identity.h"
#include "platform/parcel.h"
#include "platform/pipeline.h"
#include "platform/rules/engine.h"

/* --- live.c: what each seal last said --- */
struct live_entry {
    struct live_seal state;
    char carrier[MODEL_ID_SIZE];
    bool registered;                /* its seal record exists */
    bool registering;               /* it waits for one */
    bool own;                       /* this node says what it is like: it holds the seal's partition */
    uint32_t via;                   /* digest of the source whose gateway it is connected to */
    struct live_entry *prev, *next; /* in order of change, newest last */
    UT_hash_handle hh;
};

struct live {
    pthread_mutex_t mutex;
    struct live_entry *entries, *changed; /* by seal; by change */
    uint64_t change;
    uint64_t published, relayed; /* change numbers up to which positions went to the stream, to other nodes */
};

/* --- stream.c: the ring behind the live stream --- */
enum audience { AUDIENCE_OFFICERS, AUDIENCE_BOTH, AUDIENCE_CARRIER };

struct stream_event {
    uint64_t number;
    enum live_kind kind;
    enum audience audience;
    char carrier[MODEL_ID_SIZE];
    char *json;
    size_t len;
    bool to_others; /* while it is held: other nodes are to be told as well */
};

struct stream {
    pthread_mutex_t mutex;
    struct stream_event *ring; /* LIMIT_STREAM_EVENTS of them */
    uint64_t next;             /* number of the next event */
    uint64_t oldest;
    size_t bytes;
    void (*wake)(void *context);
    void *wake_context;
    /* engine thread: what waits for the work to be durable */
    struct stream_event *held;
    size_t n_held, held_size;
};

/* --- commands.c --- */
struct pending { /* a command that is queued or waits for its answer */
    struct command command;
    bool ordered; /* handed to the gateways, no word yet */
    int64_t ordered_ms;
    struct pending *next;
};

struct pending_seal {
    char seal[MODEL_SEAL_SIZE];
    struct pending *first;
    UT_hash_handle hh;
};

/* --- journeys.c: which open journey a seal is in --- */
struct supervised {
    char id[MODEL_ID_SIZE];
    char carrier[MODEL_ID_SIZE];
    enum journey_state state;
    bool has_origin, has_destination;
    struct place origin, destination;
    int64_t sealed_at_ms;
    unsigned home;                  /* partition that judges it: of its first seal */
    bool awake, stirs;              /* awake: does not wait to be given to the engine; stirs: it does, but its seals spoke */
    bool judged;                    /* the engine has it */
    bool carried;                   /* a leg of it names a carrier */
    struct binding *bindings;       /* its seals */
    struct supervised *prev, *next; /* those that sleep */
    UT_hash_handle hh;
};

struct binding {
    char seal[MODEL_SEAL_SIZE];
    struct supervised *of;
    struct binding *next; /* of the same journey */
    UT_hash_handle hh;
};

/* --- carriers.c: vessels and trains, by the device that a leg of a journey names --- */
struct carried {
    struct supervised *of;
    int64_t from_ms, until_ms; /* of the leg; BULLA_TIME_NONE: open */
    struct carried *next;      /* of the same carrier */
};

struct carrier {
    char means[MODEL_SEAL_SIZE];
    struct carried *list;
    UT_hash_handle hh;
};

/* --- cluster.c: which partitions this node holds --- */
struct source_seen { /* how far one source's parcels were applied in a partition */
    char source[OUTBOX_ID_SIZE];
    uint64_t number;
    int64_t missed_ms; /* since when one before an early copy is missing, 0: none is */
    uint64_t *ahead;   /* hurried parcels that were applied before their turn */
    size_t n_ahead, ahead_size;
    struct source_seen *next;
};

struct held_partition {
    bool held, followed;
    int64_t epoch;
    uint64_t place; /* applied, in the store */
    uint64_t taken; /* of what memory has of it */
    struct source_seen *sources;
};

struct node_seen {
    char name[STORE_NODE_SIZE], source[MODEL_ID_SIZE];
    bool alive;
};

#define TURNS_SEEN 8 /* transactions by which the next one is sized */

struct cluster {
    char store[STORE_ID_SIZE]; /* the shared store's own id */
    unsigned partitions;       /* 1: alone with a store of its own */
    bool shared;               /* leases are needed */
    struct store_node self;
    int64_t lease_ms;
    int64_t beat_due_ms, changes_due_ms, handover_due_ms, applied_due_ms, places_due_ms;
    struct held_partition held[STORE_PARTITIONS_MOST];
    struct store_lease leases[STORE_PARTITIONS_MOST];
    unsigned n_leases;
    struct node_seen *nodes; /* of the last look */
    size_t n_nodes, nodes_size;
    bool busy;    /* the last batch was not small */
    bool hurries; /* there are news among what was gathered */
    double row_ms[TURNS_SEEN]; /* of a row, in the last transactions */
    unsigned n_took;
    size_t rows_most; /* of a transaction, by what the last ones took; 0: not known yet */
    bool draining, leaving;
    bool entered;    /* the store knows this process by its name */
    unsigned told;   /* partitions held, as last logged */
    char cursor[64]; /* of store_changes() */
    /* parcels of the turn at hand */
    struct batch *gathered;
    struct store_progress *progress;
    size_t n_progress, progress_size;
    struct parcel_maker *maker;
    struct {
        atomic_ullong parcels, hurried, repeated, gaps, refused, taken_over, given_up;
    } counts; /* read by others */
};

/* --- ingest.c --- */
enum mail_kind { MAIL_EVENT, MAIL_APPLIED, MAIL_AGAIN };
struct mail { /* from the engine thread to the ingest thread */
    enum mail_kind kind;
    struct bus_event event; /* without bytes */
    unsigned partition;
    uint64_t number;
};

struct ingest {
    struct outbox *outbox;
    struct sender *sender;
    struct parcel_maker *maker;
    struct batch *stuck; /* taken, not stored yet */
    int64_t retry_ms;
    struct ahead *ahead; /* of the store */
    bool short_of_memory;
    struct outbox_parcel *parcels;
    size_t n_parcels, parcels_size;
    uint8_t *bytes; /* of the parcels */
    size_t n_bytes, bytes_size;
    pthread_mutex_t mutex; /* guards what follows */
    struct mail *mail;
    size_t n_mail, mail_size;
    struct outbox_counts seen;
    struct sender_counts sent;
};

/* --- inbox: what other threads ask of the engine thread --- */
enum inbox_kind { INBOX_JOURNEY, INBOX_SEAL, INBOX_ALARM, INBOX_COMMAND, INBOX_RULE };

struct inbox_item {
    enum inbox_kind kind;
    char id[MODEL_SEAL_SIZE];
    struct inbox_item *next;
};

struct profile_entry {
    char seal[MODEL_SEAL_SIZE];
    struct proto_profile profile;
    UT_hash_handle hh;
};

struct alarm_change {
    enum engine_change change;
    struct alarm alarm;
};

struct pipeline_counts {
    atomic_ullong batches, stored, duplicates, append_failures, alarms_raised, alarms_withdrawn, alarms_changed, commands_sent,
        commands_done, undone, published, damages, rows_waiting;
    atomic_ullong commit_us_last, commit_us_most; /* of one append */
    atomic_ullong accepted, outbox_us_last, notices_refused;
    atomic_ullong unknown, unknown_refused, unknown_forgotten; /* seal records that nobody entered; reports of devices that got none */
};

struct platform {
    double clock_speed;   /* of a training, 0: none */
    struct clock machine; /* as the machine has it */
    struct clock clock;   /* with the correction below: everybody's */
    atomic_llong clock_offset_ms, clock_correction_ms;
    int64_t clock_written_ms; /* engine thread */
    bool clock_written;
    struct store *store;
    struct gateway *gateway;
    struct bus *bus;           /* NULL: one process alone */
    struct ingest *ingest;     /* NULL: one process alone */
    struct cluster cluster;    /* engine thread */
    struct engine *engine;     /* engine thread */
    struct backtests *backtests;
    struct identity *identity; /* of the thread that stores first what devices say */
    struct live live;
    struct stream stream;
    struct pipeline_counts counts;
    /* engine thread */
    struct binding *bindings;
    struct carrier *carriers;
    struct supervised *journeys, *sleeping, *stirring; /* stirring: asleep too, but their seals spoke: these first */
    uint64_t woken_us, n_woken;                        /* in this turn */
    struct pending_seal *pending;
    struct alarm_change *found; /* not stored yet */
    size_t n_found, found_size;
    struct store_row *rows;
    size_t rows_size;
    char (*unregistered)[MODEL_SEAL_SIZE];
    size_t n_unregistered, n_entering, register_most; /* register_most: entered in one turn, as fast as the store has shown to be */
    uint64_t unknown_most;
    int64_t unknown_due_ms, unknown_told_ms;
    struct command *orders; /* to be sent when the work is durable */
    size_t n_orders, orders_size;
    struct command *moved; /* to another state, to be written at the end of the turn */
    size_t n_moved, moved_size;
    int64_t commands_due_ms, register_due_ms, look_due_ms, retry_ms;
    struct batch *batch;     /* taken, and not yet done with */
    bool batch_stored;       /* it is durable, and its replies went */
    bool definitions_due;    /* they could not be read: again soon */
    bool catching_up, stale; /* stale: memory is ahead of the store, and is built anew before anything else */
    /* shared */
    pthread_mutex_t inbox_mutex;
    struct inbox_item *inbox, **inbox_end;
    struct engine_counts engine_seen; /* under inbox_mutex: as of the last turn */
    pthread_rwlock_t profile_lock;
    struct profile_entry *profiles;
    atomic_bool ready, stopping, no_space, link_down, outbox_fails, look_for_changes, asked_for_all, asked_to_leave, is_first;
    atomic_uint holds;                /* partitions */
    char waiting_for[MODEL_WHY_SIZE]; /* why not ready; written before ready is cleared */
    pthread_t thread, publisher, ingester;
    bool stepped, running, publishing, ingesting;
    pthread_mutex_t wake_mutex; /* the engine thread of a node sleeps here */
    pthread_cond_t wake;
    bool woken;
};

/* live.c */
bool live_init(struct live *live);
void live_clear(struct live *live);
/* Takes an observation in; true when the seal has no record and does not wait for one yet: pipeline_register() it. */
bool live_observe(struct platform *platform, const struct bulla_observation *o, const struct supervised *journey);
void live_connected(struct platform *platform, const char *seal, bool connected, uint32_t via);
/* A source is gone: whoever was connected through it is not any more. */
void live_source_gone(struct platform *platform, uint32_t via);
void live_bind(struct platform *platform, const char *seal, const struct supervised *journey); /* NULL: in no journey */
/* Looks up the journey's open alarms and sets grade and tampering of its seals. */
void live_grade(struct platform *platform, const char *journey);
void live_publish(struct platform *platform);
/* Who carries a seal's journey; false: nobody is known to. Any thread. */
bool live_carrier(void *platform, const char *seal, char to[GATEWAY_TENANT_SIZE]);
void live_mark_registered(struct platform *platform, const char *seal);
void live_mark_unregistered(struct platform *platform, const char *seal); /* it has no record, and waits for none */
/* Another node says what a seal is like. */
void live_told(struct platform *platform, const struct live_seal *told, const char *carrier);
/* This node speaks for a partition from now on, or no more. */
void live_own(struct platform *platform, unsigned partition, bool own);
/* Copies those that changed after `since` and that this node speaks for; heap list of *n; *newest is the newest change. */
struct live_changed {
    struct live_seal seal;
    char carrier[MODEL_ID_SIZE];
};
struct live_changed *live_changed_since(struct platform *platform, uint64_t since, bool own_only, size_t *n, uint64_t *newest);

/* stream.c */
bool stream_init(struct stream *stream, uint64_t base);
void stream_clear(struct stream *stream);
/* An event that came of this node's work: other nodes are told. */
void stream_put(struct platform *platform, enum live_kind kind, enum audience audience, const char *carrier, json_t *body /* taken */);
/* One that every node finds out for itself. */
void stream_put_here(struct platform *platform, enum live_kind kind, enum audience audience, const char *carrier, json_t *body /* taken */);
/* The same, of a text that is there: heap, taken. */
void stream_put_text(struct platform *platform, enum live_kind kind, enum audience audience, const char *carrier, char *json, size_t n);
/* One that another node told. */
void stream_put_told(struct platform *platform, enum live_kind kind, enum audience audience, const char *carrier, const char *json,
                     size_t n);
/* Events of other nodes may have been missed: whoever reads the stream is told to look anew. */
void stream_lost(struct platform *platform);
/* Engine thread: from here until release, its events wait for the work to be durable; keep false: they are dropped. */
void stream_hold(struct platform *platform);
void stream_release(struct platform *platform, bool keep);

/* commands.c: engine thread */
void commands_load(struct platform *platform, bool (*wanted)(const struct platform *platform, const char *seal) /* NULL: all */);
void commands_inbox(struct platform *platform, const char *command_id);
void commands_heard(struct platform *platform, const struct bulla_observation *o);
void commands_note(struct platform *platform, const struct batch_note *note);
void commands_tick(struct platform *platform, int64_t now_ms);
void commands_clear(struct platform *platform);
/* Writes the states to which commands have moved in this turn, as far as it goes without a failure; they are kept (n_moved). */
int commands_put(struct platform *platform);
/* The same one by one, where one may not be writable any more; none is kept. */
void commands_put_each(struct platform *platform);
void commands_send(struct platform *platform); /* what was ordered during the work, now that it is durable */
void commands_drop(struct platform *platform, unsigned partition);
/* Another node asks this one to send a command, if its device is connected here. */
void commands_ordered(struct platform *platform, const char *command_id);

/* journeys.c: engine thread */
bool journeys_catch_up(struct platform *platform, char why[MODEL_WHY_SIZE]);
void journeys_changed(struct platform *platform, const char *journey_id);
struct supervised *journeys_of(struct platform *platform, const char *seal);
void journeys_follow(struct platform *platform, struct supervised *journey, const struct bulla_observation *o);
void journeys_clear(struct platform *platform);
/* Learns of the open journeys with a seal in a partition that was just taken; they wake when they are heard, or in turn. */
bool journeys_learn(struct platform *platform);
/* Forgets those of which no seal lies in a held partition any more. */
void journeys_forget(struct platform *platform);
/* The engine gets the journey and what its seals have said so far. False: the store could not be read. */
bool journeys_wake(struct platform *platform, struct supervised *journey);
/* Wakes sleepers for at most so long; true when some are left. */
void journeys_wake_some(struct platform *platform);      /* at least one, when there is one */
bool journeys_may_wake(const struct platform *platform); /* there is time for it in this turn */
/* Its seal spoke: it is to be woken before others, and before those whose seals spoke when it is `first`. */
void journeys_stir(struct platform *platform, struct supervised *journey, bool first);
bool journeys_asleep(const struct platform *platform); /* some journey is */

/* carriers.c: engine thread */
/* The legs of a journey as it is now; NULL: it has none any more. */
void carriers_bind(struct platform *platform, struct supervised *journey, const struct journey *legs);
/* Whether a device that carries it lies in one of this node's partitions. */
bool carriers_mine(const struct platform *platform, const struct supervised *journey);
/* A device spoke. Tells the engine, unless it has been, and follows the journeys that it carries; what another node judges is handed
 * over to it with `hand_over`. False: it could not be. */
bool carriers_heard(struct platform *platform, const char *device, const struct bulla_observation *o, bool told, bool hand_over);
void carriers_clear(struct platform *platform);

/* profiles.c: set-up of seals, for the gateway */
void profiles_load(struct platform *platform);
void profiles_changed(struct platform *platform, const char *seal);
bool profiles_find(void *host, const char *seal, struct proto_profile *out);

/* work.c: engine thread */
#define WORK_WAIT_MOST_MS 200
unsigned work_turn(struct platform *platform, unsigned wait_ms);
void work_on_alarm(void *host, enum engine_change change, const struct alarm *alarm);
/* Writes what the rules found and to which states commands have moved, and publishes it; false: it could not be, and is kept. */
bool work_flush(struct platform *platform);
bool work_engine_new(struct platform *platform);

/* --- definitions.c: alarms that officers defined, for the engine. False: they could not be read, which is tried again --- */
bool definitions_load(struct platform *platform);
void definitions_changed(struct platform *platform, const char *id);
uint64_t elapsed_us(const struct timespec *since); /* of the machine's clock: for counters alone */

/* register.c: engine thread */
/* A seal that nobody entered gets a record, in its turn, if there is room for one. */
void work_register(struct platform *platform, const char *seal);
void register_turn(struct platform *platform, int64_t now_ms); /* writes some of them */
void register_done(struct platform *platform);                 /* what was written is durable */

/* ingest.c */
struct ingest *ingest_new(struct platform *platform, const struct platform_options *options, char why[MODEL_WHY_SIZE]);
bool ingest_connect(struct platform *platform, char why[MODEL_WHY_SIZE]); /* the bus is open now */
void ingest_free(struct ingest *ingest);
void ingest_last(struct platform *platform);
unsigned ingest_turn(struct platform *platform, unsigned wait_ms);
void ingest_mail(struct platform *platform, const struct mail *mail);
bool ingest_empty(struct platform *platform);
struct ingest_view { /* for people; any thread */
    struct outbox_counts outbox;
    struct sender_counts sender;
    uint64_t oldest_s;
};
struct ingest_view ingest_view(struct platform *platform);

/* cluster.c: engine thread */
bool cluster_open(struct platform *platform, const struct platform_options *options, char why[MODEL_WHY_SIZE]);
void cluster_close(struct platform *platform);
void cluster_turn(struct platform *platform, int64_t now_ms); /* beats, takes, gives up */
void cluster_reset(struct platform *platform);                /* memory is built anew from the store */
bool cluster_mine(const struct platform *platform, const char *seal);
bool cluster_holds(const struct platform *platform, unsigned partition);
unsigned cluster_partition(const struct platform *platform, const char *seal);
struct source_seen *cluster_source(struct held_partition *held, const char *source); /* found or made; NULL: out of memory */
/* What the bus has brought, as one batch; waits up to wait_ms. NULL: nothing. */
struct batch *cluster_gather(struct platform *platform, unsigned wait_ms);
void cluster_serve(struct platform *platform);                         /* the same while nothing can be applied */
void cluster_applied(struct platform *platform);                       /* what was gathered is in the store */
void cluster_took(struct platform *platform, size_t rows, int64_t ms); /* what a transaction with rows took */
void cluster_take_handovers(struct platform *platform, int64_t now_ms);
void cluster_changes(struct platform *platform, int64_t now_ms);
uint32_t cluster_via(const char *source);
/* At the start of a node: what every seal last said. */
bool cluster_hear_latest(struct platform *platform, char why[MODEL_WHY_SIZE]);
void cluster_leave(struct platform *platform);
void cluster_left(struct platform *platform);
/* At the start, with a shared store: its name is its own, and nobody is in the way; alone: waits until every partition is this one's. */
bool cluster_enter(struct platform *platform, char why[MODEL_WHY_SIZE]);

/* cluster_clock.c */
int64_t cluster_clock_now(void *platform); /* a struct clock's */
void cluster_clock_measure(struct platform *platform);
json_t *cluster_clock_of(struct platform *platform, const char *node); /* ms from the store's; null: not known */

/* relay.c */
void relay_event(struct platform *platform, const struct stream_event *event);
void relay_positions(struct platform *platform);
void relay_notice(struct platform *platform, const struct bus_event *event);
void relay_order(struct platform *platform, const struct command *command);
void relay_again(struct platform *platform, const char *source, unsigned partition);
void relay_handover(struct platform *platform, unsigned partition);
void relay_hello(struct platform *platform);

/* pipeline.c */
void platform_command_changed(struct platform *platform, const char *command_id);
void pipeline_inbox(struct platform *platform, enum inbox_kind kind, const char *id);
void pipeline_wake(void *platform);
bool pipeline_history(void *platform, const char *seal, int64_t from_ms, int64_t until_ms,
                      void (*each)(void *context, const struct bulla_observation *o), void *context);
void pipeline_audit(struct platform *platform, struct audit *audit, const char *action, const char *object);

#endif
