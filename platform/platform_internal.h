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

#include "platform/base/limits.h"
#include "platform/base/log.h"
#include "platform/model/identity.h"
#include "platform/pipeline.h"
#include "platform/rules/engine.h"

/* --- live.c: what each seal last said --- */
struct live_entry {
    struct live_seal state;
    char carrier[MODEL_ID_SIZE];
    bool registered;  /* its seal record exists */
    bool registering; /* it waits for one */
    UT_hash_handle hh;
};

struct live {
    pthread_mutex_t mutex;
    struct live_entry *entries;
    uint64_t change;
    uint64_t published; /* change number up to which positions were published */
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
};

struct stream {
    pthread_mutex_t mutex;
    struct stream_event *ring; /* LIMIT_STREAM_EVENTS of them */
    uint64_t next;             /* number of the next event; 1 at first */
    uint64_t oldest;
    size_t bytes;
    void (*wake)(void *context);
    void *wake_context;
};

/* --- commands.c --- */
struct pending { /* a command that is queued or waits for its answer */
    struct command command;
    bool ordered; /* handed to the gateway, no word yet */
    struct pending *next;
};

struct pending_seal {
    char seal[MODEL_SEAL_SIZE];
    struct pending *first;
    UT_hash_handle hh;
};

/* --- journeys.c: which open journey a seal is in --- */
struct binding {
    char seal[MODEL_SEAL_SIZE];
    char journey[MODEL_ID_SIZE];
    char carrier[MODEL_ID_SIZE];
    enum journey_state state;
    bool has_origin, has_destination;
    struct place origin, destination;
    int64_t sealed_at_ms;
    int32_t silence_minutes;
    UT_hash_handle hh;
};

/* --- inbox: what other threads ask of the engine thread --- */
enum inbox_kind { INBOX_JOURNEY, INBOX_SEAL, INBOX_ALARM, INBOX_COMMAND };

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
    atomic_ullong batches, stored, duplicates, append_failures, alarms_raised, alarms_withdrawn, alarms_changed, commands_sent, commands_done,
        published, damages, rows_waiting;
    atomic_ullong commit_us_last, commit_us_most; /* of one append */
};

struct platform {
    struct clock clock;
    struct store *store;
    struct gateway *gateway;
    struct engine *engine;     /* engine thread */
    struct identity *identity; /* engine thread */
    struct live live;
    struct stream stream;
    struct pipeline_counts counts;
    /* engine thread */
    struct binding *bindings;
    struct pending_seal *pending;
    struct alarm_change *found; /* alarms of the batch at hand */
    size_t n_found, found_size;
    struct store_row *rows;
    size_t rows_size;
    char (*unregistered)[MODEL_SEAL_SIZE];
    size_t n_unregistered;
    int64_t commands_due_ms, register_due_ms;
    bool catching_up;
    /* shared */
    pthread_mutex_t inbox_mutex;
    struct inbox_item *inbox, **inbox_end;
    struct engine_counts engine_seen; /* under inbox_mutex: as of the last turn */
    pthread_rwlock_t profile_lock;
    struct profile_entry *profiles;
    atomic_bool ready, stopping, no_space;
    char waiting_for[MODEL_WHY_SIZE]; /* why not ready; written before ready is cleared */
    pthread_t thread, publisher;
    bool running, publishing;
};

/* live.c */
bool live_init(struct live *live);
void live_clear(struct live *live);
/* Takes an observation in; true when the seal has no record and does not wait for one yet: pipeline_register() it. */
bool live_observe(struct platform *platform, const struct bulla_observation *o, const struct binding *binding);
void live_connected(struct platform *platform, const char *seal, bool connected);
void live_bind(struct platform *platform, const char *seal, const struct binding *binding); /* NULL: in no journey */
/* Looks up the journey's open alarms and sets grade and tampering of its seals. */
void live_grade(struct platform *platform, const char *journey);
void live_publish(struct platform *platform);
void live_mark_registered(struct platform *platform, const char *seal);

/* stream.c */
bool stream_init(struct stream *stream);
void stream_clear(struct stream *stream);
void stream_put(struct platform *platform, enum live_kind kind, enum audience audience, const char *carrier, json_t *body /* taken */);

/* commands.c: engine thread */
void commands_load(struct platform *platform);
void commands_inbox(struct platform *platform, const char *command_id);
void commands_heard(struct platform *platform, const struct bulla_observation *o);
void commands_note(struct platform *platform, const struct batch_note *note);
void commands_tick(struct platform *platform, int64_t now_ms);
void commands_clear(struct platform *platform);

/* journeys.c: engine thread */
bool journeys_catch_up(struct platform *platform, char why[MODEL_WHY_SIZE]);
void journeys_changed(struct platform *platform, const char *journey_id);
struct binding *journeys_of(struct platform *platform, const char *seal);
void journeys_follow(struct platform *platform, struct binding *binding, const struct bulla_observation *o);
void journeys_clear(struct platform *platform);
void profiles_load(struct platform *platform);
void profiles_changed(struct platform *platform, const char *seal);
bool profiles_find(void *host, const char *seal, struct proto_profile *out);

/* pipeline.c */
void pipeline_inbox(struct platform *platform, enum inbox_kind kind, const char *id);
void pipeline_on_alarm(void *host, enum engine_change change, const struct alarm *alarm);
void pipeline_flush_alarms(struct platform *platform);
/* A seal that nobody entered gets a record, in its turn. */
void pipeline_register(struct platform *platform, const char *seal);
void pipeline_audit(struct platform *platform, struct audit *audit, const char *action, const char *object);

#endif
