/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: a port. Back ends are tables of functions (store_sqlite.c; others later); only main.c names one.
 *
 * Two kinds of data with two costs:
 *   observations  append-only and many: written in batches by ONE writer thread, durable when append() returns;
 *                 read by seal and time
 *   records       journeys, seals, alarms, users ...: few and changing: put in transactions, any thread
 *
 * Every function returns 0 when done, STORE_NOT_FOUND or STORE_CONFLICT (the caller must act), or a negative
 * number with store_error() telling a person what failed and what to do. Nothing is half applied.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "platform/model/alarm.h"
#include "platform/model/records.h"

enum store_outcome {
    STORE_OK = 0,
    STORE_NOT_FOUND = 1,
    STORE_CONFLICT = 2, /* version is not the one expected, or the id or name exists */
    STORE_PARTIAL = 3,  /* observations: a file of the history cannot be read (store_error() names it); the rest was given */
    STORE_FAILED = -1,  /* I/O; nothing was changed */
    STORE_NO_SPACE = -2,
};

struct store;

struct store_row {               /* one observation to append; `raw` is the message it came from */
    struct bulla_observation *o; /* id, protocol, device, received_ms are set; `duplicate` tells what became of it */
    struct bulla_bytes raw;
    bool duplicate; /* out: this id was stored before; not stored again */
};

struct store_damage { /* a message kept for study with its reason */
    int64_t received_ms;
    char protocol[BULLA_PROTOCOL_SIZE];
    char peer[64];
    char outcome[16];
    char why[120];
    struct bulla_bytes raw;
};

typedef void (*store_observation_fn)(void *context, const struct bulla_observation *o, struct bulla_bytes raw);

struct store_query { /* one page of a list; "" and 0 mean "any" */
    char after[120]; /* opaque position from the page before, "" : first page */
    unsigned limit;  /* 1 .. 1000 */
    char search[80]; /* free text: id, reference, plate, container, seal, name */
    char state[32];  /* text of the record's state; "open" for alarms and journeys means not ended */
    char seal[MODEL_SEAL_SIZE], journey[MODEL_ID_SIZE], carrier[MODEL_ID_SIZE], kind[32], user[MODEL_ID_SIZE], object[MODEL_SEAL_SIZE];
    int grade;
    int64_t from_ms, until_ms; /* both 0: any */
};

/* Lists call `each` in the list's order (newest first unless said) and write the next page's position to
 * next[120], "" at the end. */
typedef void (*store_each_fn)(void *context, const void *record);

/* --- life --- */
/* A back end, chosen by the scheme of the URL: each defines one (const struct store_backend store_sqlite). */
struct store_backend;
/* Opens "sqlite:PATH" (PATH is a directory), creates or migrates it, by the first of `backends` (NULL ends them) whose
 * scheme fits. NULL with a sentence in why[size]. */
struct store *store_open(const struct store_backend *const *backends, const char *url, char *why, size_t size);
void store_close(struct store *store);
const char *store_error(const struct store *store); /* of this thread's last failed call */
/* What recovery found when the store was opened: "" or a sentence for the log ("last batch was torn: ..."). */
const char *store_recovery(const struct store *store);

/* --- observations: one writer thread --- */
/* Appends a batch; when it returns STORE_OK every row that is not a duplicate is durable. All or nothing. */
int store_append(struct store *store, struct store_row *rows, size_t n);
int store_damage_put(struct store *store, const struct store_damage *rows, size_t n);
/* A seal's observations with event time (or, without one, arrival) in [from, until], ascending; limit 0: all. */
int store_observations(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                       void *context);
int store_observation_get(struct store *store, const char *id, store_observation_fn each, void *context);
/* The newest observation of every seal, for the start. */
int store_latest(struct store *store, store_observation_fn each, void *context);
int store_damages(struct store *store, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context);

/* --- records: any thread --- */
/* put: inserts when record->version is 0, else updates if the stored version equals it; on success version is the new one.
 * With an audit entry, both are written in one transaction. `audit` may be NULL. */
int store_journey_put(struct store *store, struct journey *journey, const struct audit *audit);
int store_journey_get(struct store *store, const char *id, struct journey **out);
int store_journeys(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_permission_add(struct store *store, const char *journey, const struct permission *permission, const struct audit *audit);

/* Alarms are keyed by id: raising the same one again changes nothing that people set. store_alarm_found() writes what rules
 * know (raised, changed, withdrawn); store_alarm_put() what people do. */
int store_alarm_found(struct store *store, const struct alarm *alarms, size_t n);
int store_alarm_put(struct store *store, struct alarm *alarm, const struct audit *audit);
int store_alarm_get(struct store *store, const char *id, struct alarm *out);
int store_alarms(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Photos and papers of an alarm: bytes with their SHA-256 as the id. */
struct store_file {
    char id[65], alarm[ALARM_ID_SIZE], name[120], type[64], user[MODEL_ID_SIZE];
    int64_t added_ms;
    size_t size;
};
int store_file_put(struct store *store, const struct store_file *file, struct bulla_bytes content, const struct audit *audit);
int store_file_get(struct store *store, const char *id, struct store_file *out, uint8_t **content); /* heap: free() */
int store_files(struct store *store, const char *alarm, store_each_fn each, void *context);

int store_seal_put(struct store *store, struct seal *seal, const struct audit *audit);
int store_seal_get(struct store *store, const char *id, struct seal *out);
int store_seals(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_station_put(struct store *store, struct station *station, const struct audit *audit);
int store_station_get(struct store *store, const char *id, struct station *out);
int store_stations(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_party_put(struct store *store, struct party *party, const struct audit *audit);
int store_party_get(struct store *store, const char *id, struct party *out);
int store_parties(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_user_put(struct store *store, struct user *user, const struct audit *audit);
int store_user_get(struct store *store, const char *id, struct user *out);
int store_user_by_name(struct store *store, const char *name, struct user *out);
int store_users(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_session_put(struct store *store, const struct session *session, const struct audit *audit);
int store_session_get(struct store *store, const char *id, struct session *out);
int store_session_drop(struct store *store, const char *id, const struct audit *audit);
int store_sessions(struct store *store, const char *user, bool keys, store_each_fn each, void *context);
int store_command_put(struct store *store, struct command *command, const struct audit *audit);
int store_command_get(struct store *store, const char *id, struct command *out);
int store_commands(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_audit_add(struct store *store, const struct audit *audit);
int store_audits(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Idempotency-Key of the API: the answer given before, or NOT_FOUND. Kept 24 hours. */
int store_answer_put(struct store *store, const char *key, int status, const char *body, int64_t now_ms);
int store_answer_get(struct store *store, const char *key, int *status, char **body); /* heap: free() */
/* Small settings: "schema", "node" ... */
int store_setting_put(struct store *store, const char *name, const char *value);
int store_setting_get(struct store *store, const char *name, char *value, size_t size);

#endif
