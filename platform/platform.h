/* SPDX-License-Identifier: Apache-2.0
 *
 * The running platform as its outer folders see it: `out` (HTTP, live stream) asks and orders through
 * these functions; pipeline.c implements them. All may be called from any thread.
 *
 * Threads: ONE loop thread (sockets, decoding, replies), ONE engine thread (group commit, rules, commands,
 * publishing), and the HTTP server's. What is shared lies behind the functions below.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <jansson.h>

#include "platform/backtest.h"
#include "platform/rule_list.h"
#include "platform/model/json.h"
#include "platform/store/store.h"

struct platform;

/* The store, for records (any thread). */
struct store *platform_store(struct platform *platform);

/* The clock, ms. */
int64_t platform_now(struct platform *platform);

/* How many times as fast as the machine's the clock of a training runs; 0: it is the machine's. */
double platform_clock_speed(const struct platform *platform);

/* A new record id: 26 characters, ordered by time (ULID). */
void platform_new_id(struct platform *platform, char id[MODEL_ID_SIZE]);

/* What a seal last said, as the live state of the platform. */
struct live_seal {
    char seal[MODEL_SEAL_SIZE], journey[MODEL_ID_SIZE];
    int64_t heard_ms;     /* last arrival of anything */
    int64_t time_ms;      /* event time of the state below */
    uint8_t seal_state, shackle, motor, cover, door;
    bool tampered;        /* inside this journey: never looks secure again */
    uint8_t knowledge;    /* 0 unknown (silent too long), 1 claimed, 2 proven */
    bool has_fix, connected, charging, has_percent;
    double lat, lon, speed_kmh, course_deg;
    int32_t accuracy_m;
    int64_t fix_ms;
    uint8_t percent;
    int grade;            /* worst open alarm, 0 none */
    uint64_t change;      /* grows with every change of any seal: for "what is new since" */
};

/* Calls `each` for every live seal whose change is greater than `since`; returns the newest change number when it began: what
 * changes meanwhile may be told now and again the next time, never not at all. */
uint64_t platform_live(struct platform *platform, uint64_t since, void (*each)(void *context, const struct live_seal *live), void *context);
/* The LiveSeal of openapi.yaml. New reference. */
json_t *platform_live_json(const struct live_seal *live);
bool platform_live_get(struct platform *platform, const char *seal, struct live_seal *out);

/* How far a journey has come, from its track: the Progress of openapi.yaml; null before it is sealed, or when its track cannot be read.
 * New reference. */
json_t *platform_journey_progress(struct platform *platform, const struct journey *journey);

/* Records changed in the store by the caller: the engine must look again. */
void platform_journey_changed(struct platform *platform, const char *journey_id);
void platform_seal_changed(struct platform *platform, const char *seal_id);
void platform_alarm_changed(struct platform *platform, const char *alarm_id);
void platform_rule_changed(struct platform *platform, const char *rule_id);

/* What other rules would have found in stored journeys (platform/backtest.h). 0 and its id; STORE_CONFLICT: too many wait; negative:
 * "field: expected E, got G" in why. */
int platform_backtest(struct platform *platform, const struct backtest_wanted *wanted, char id[MODEL_ID_SIZE], char why[MODEL_WHY_SIZE]);
json_t *platform_backtest_get(struct platform *platform, const char *id); /* new reference; NULL: there is none */
bool platform_backtest_cancel(struct platform *platform, const char *id); /* false: there is none */

/* Takes a command: checks it against the seal's protocol, stores it as queued (with audit), sends it now when the device
 * is connected, else on its next message. An "unlock" for a seal
 * in a journey also grants the permission to open (struct permission) while the command lives and two minutes beyond.
 * STORE_OK, or STORE_CONFLICT / STORE_NOT_FOUND / negative with a sentence in why. command->id is set. */
int platform_command(struct platform *platform, struct command *command, const struct audit *audit, char why[MODEL_WHY_SIZE]);

/* The commands that the seal's protocol offers: [{name, args, about, secret}]. New reference; empty when unknown. */
json_t *platform_commands_of(struct platform *platform, const char *seal);

/* Takes in observations that came over no device port (a program's, an officer's, a gate's) and waits until they are durable:
 * STORE_OK. STORE_CONFLICT: the platform is behind, nothing was taken; STORE_FAILED: it cannot be said whether they are stored (told
 * again, they count once). A sentence in why. */
struct platform_said {
    const struct bulla_observation *o; /* protocol and device set; time, or not */
    struct bulla_bytes raw;            /* the evidence */
};
int platform_observe(struct platform *platform, const struct platform_said *said, size_t n, char why[MODEL_WHY_SIZE]);
/* What a device says in JSON (docs/devices-json.md): an object or an array of them, each read by itself. `device`: its name, "" : each item
 * must have one. Waits as platform_observe() does, whose answers these are. */
struct platform_items {
    json_t *verdicts; /* of each item; new reference */
    size_t accepted, refused; /* both 0: the message as a whole was refused */
    char why[MODEL_WHY_SIZE]; /* of the first refusal, or why it is not stored */
};
int platform_items(struct platform *platform, const char *device, const char *peer, struct bulla_bytes message, struct platform_items *items);
/* A message that was refused, kept for study. */
void platform_refused(struct platform *platform, const char *protocol, const char *peer, const char *why, struct bulla_bytes raw);

/* The live stream: each event has a number that grows by one, kept in a ring for Last-Event-ID. */
enum live_kind { LIVE_POSITION, LIVE_ALARM, LIVE_JOURNEY, LIVE_SEAL, LIVE_COMMAND, LIVE_NOTICE };
struct live_event {
    uint64_t number;
    enum live_kind kind;
    char carrier[MODEL_ID_SIZE]; /* who else than officers may see it, "" : officers alone */
    const char *name;            /* SSE event name */
    const char *json;            /* one line */
};
/* Publishes to the ring and wakes the streams. Positions are published by the pipeline itself, gathered: one event
 * `position` holds {"seals": [LiveSeal, ...]}. */
void platform_publish(struct platform *platform, enum live_kind kind, const char *carrier, json_t *body /* taken */);
/* Copies events after `after` into the caller's buffer as SSE text, for one reader with the given rights; returns bytes
 * written, and the number of the last one. *lost is set when the ring no longer holds `after + 1`. */
size_t platform_live_read(struct platform *platform, uint64_t *after, const char *carrier /* NULL: officer */, char *to, size_t size, bool *lost);
uint64_t platform_live_newest(struct platform *platform);
/* Called after each publish from whatever thread published; `out` uses it to wake suspended streams. */
void platform_on_publish(struct platform *platform, void (*wake)(void *context), void *context);

/* Prometheus text of all counters of pipeline, listeners and engine; heap: free(). */
char *platform_metrics(struct platform *platform);

/* Ready to serve: store open, engine caught up with the stored observations. why: what it waits for; also when
 * it is ready, if something is missing that it can do without for a while (brokers); else empty. */
bool platform_ready(struct platform *platform, char why[MODEL_WHY_SIZE]);

/* The nodes of the platform and what each holds, as openapi.yaml's Cluster says. New reference. */
json_t *platform_cluster(struct platform *platform);

/* Health for the administrator's page: listeners, rates, last errors. New reference. */
json_t *platform_health(struct platform *platform);

#endif
