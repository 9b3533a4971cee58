/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: a port. Back ends are tables of functions (store_sqlite.c; others later); only main.c names one.
 *
 * Two kinds of data with two costs:
 *   observations  append-only and many: written in batches by ONE writer thread, durable when append() returns;
 *                 read by seal and time
 *   records       journeys, seals, alarms, users ...: few and changing: put in transactions, any thread
 *
 * A department or a union of countries has several nodes over one store (decision 011). What devices say is then shared out
 * among them by partition, and only the node that holds a partition may write what comes of it: see "partitions" below.
 *
 * Every function returns 0 when done, STORE_NOT_FOUND or STORE_CONFLICT (the caller must act), or a negative
 * number with store_error() telling a person what failed and what to do. Nothing is half applied.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "platform/model/alarm.h"
#include "platform/model/definition.h"
#include "platform/model/entry.h"
#include "platform/model/paper.h"
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
/* A URL as people may see it: asterisks for its password. */
void store_url_show(const char *url, char *out, size_t size);
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

/* Forgets the history before a time, whole segments or partitions at a time, never one that has a newer row; *rows (may be
 * NULL) is how many observations went. A row's time never counts as later than its arrival: a device whose clock is in the
 * future keeps nothing. */
int store_history_drop(struct store *store, int64_t before_ms, uint64_t *rows);

/* --- tracks: fixes packed by seal and day (track.h); made from the observations, and made again from them at will --- */
struct store_track {
    char seal[MODEL_SEAL_SIZE];
    int64_t day_ms;            /* 00:00 UTC of the day */
    int64_t first_ms, last_ms; /* of its fixes */
    uint32_t fixes;
    uint32_t step_s;           /* thinned to one fix in so many seconds; 0: every fix */
    struct bulla_bytes bytes;  /* in `each`: valid during the call; in put, empty: that day has no block any more */
    int64_t packed_ms;         /* when it was made */
    int64_t mark;              /* put: of the struct store_due that it answers, 0: of none */
    bool stale;                /* out: observations of that day came since it was made */
};
typedef void (*store_track_fn)(void *context, const struct store_track *track);
/* Writes blocks, each in the place of the one of that seal and day; one transaction. */
int store_track_put(struct store *store, const struct store_track *tracks, size_t n);
/* A seal's blocks that overlap [from, until], ascending. seal "": of every seal, ordered by day, then seal. */
int store_tracks(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context);
int store_track_drop(struct store *store, int64_t before_ms, uint64_t *tracks /* may be NULL */);

/* The days of seals that are to be packed: those that got observations since they were packed, if ever. The back end finds
 * them in what arrived; a put with their mark takes them out, unless more came in between. */
struct store_due {
    char seal[MODEL_SEAL_SIZE];
    int64_t day_ms, mark;
};
struct store_due_query {
    bool coarse;               /* instead: packed days that are not thinned to step_s yet; mark is 0 */
    uint32_t step_s;
    int64_t from_ms, until_ms; /* days that begin in [from, until) */
    int64_t packed_before_ms;  /* not coarse: leaves out what was packed later than this */
    unsigned limit;            /* 1 .. 1000 */
};
typedef void (*store_due_fn)(void *context, const struct store_due *due);
/* Ordered by day. `each` may not call the store. */
int store_track_due(struct store *store, const struct store_due_query *q, store_due_fn each, void *context);
struct store_track_size { /* for people */
    uint64_t blocks, fixes, bytes /* of the blocks */, file_bytes /* with all that belongs to them */, due, seals;
    int64_t first_day_ms, last_day_ms;
};
int store_track_size(struct store *store, struct store_track_size *out);

/* --- partitions: whose work is what, and work in one transaction --- */
/* A seal belongs to the partition that store_partition_of() says. A node holds a partition by a lease: `until_ms` by the
 * store's own clock. Each new holder has a greater epoch, and a write under an older epoch is refused: so two nodes may
 * believe that they hold a partition, but only one can write. */
#define STORE_PARTITIONS_MOST 256
#define STORE_NODE_SIZE 64
unsigned store_partition_of(const char *seal, unsigned partitions); /* 0 .. partitions - 1; the same on every machine */

struct store_node { /* a running node */
    char name[STORE_NODE_SIZE];
    char source[MODEL_ID_SIZE]; /* id of its outbox, "" when it has none */
    char http[64], version[24];
    int64_t started_ms, until_ms; /* of its lease, by the store's clock */
    bool draining;                /* it is asked to leave: it takes no partition and gives up what it holds */
    unsigned partitions;          /* out: how many it holds */
    int64_t remaining_ms;         /* out: of the lease, by the store's clock; negative: it has run out */
};
typedef void (*store_node_fn)(void *context, const struct store_node *node);
/* Says that the node lives for `lease_ms` more; made when new. STORE_CONFLICT: another process with another source uses
 * that name and its lease has not run out. */
int store_node_beat(struct store *store, const struct store_node *node, int64_t lease_ms);
int store_node_leave(struct store *store, const char *name);                /* gives up everything it holds */
int store_node_drain(struct store *store, const char *name, bool draining); /* STORE_NOT_FOUND: no such node */
int store_nodes(struct store *store, store_node_fn each, void *context);    /* all that have been, by name; dead ones too, for a day */

struct store_lease {
    unsigned partition;
    int64_t epoch;
};
struct store_partition { /* for people and for metrics */
    unsigned number;
    char node[STORE_NODE_SIZE]; /* "" : nobody's */
    int64_t epoch, remaining_ms;
    uint64_t place; /* how far its stream has been applied (bus.h) */
};
/* How many partitions there are: fixed the first time that it is called with `wanted`; later calls give what was fixed. */
int store_partitions_fix(struct store *store, unsigned wanted, unsigned *partitions);
/* Prolongs those in leases[0 .. *n) that the node still holds (others fall out of the list), then takes free ones (nobody's,
 * or with a lease that has run out) until it holds `most`; *n is how many. New ones have a new epoch. One transaction. */
int store_partitions_hold(struct store *store, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n);
int store_partition_release(struct store *store, const struct store_lease *lease);
int store_partitions(struct store *store, void (*each)(void *context, const struct store_partition *partition), void *context);

/* Work: everything that this thread writes between begin and end is one transaction where the back end can
 * (store_work_joins), and refused as a whole (STORE_CONFLICT) when one of the leases is no longer the newest of its partition.
 * n 0: no lease is checked (one process alone). Begin costs nothing until something is written. Where the back end cannot
 * join (SQLite: history and records are different files), each write stands by itself, in order, the progress last, and
 * what is done again after a crash is known by its identity; leases are checked at begin and at end.
 * Inside work, reads of this thread see what it wrote; an outcome of STORE_CONFLICT or STORE_NOT_FOUND of one write leaves the
 * others standing. A negative outcome spoils the work: end then fails. */
bool store_work_joins(const struct store *store);
int store_work_begin(struct store *store, const struct store_lease *leases, size_t n);
/* keep false: everything is undone. 0: it is durable. Otherwise nothing was kept (where it joins), and what the caller has
 * in memory is to be built again from the store. */
int store_work_end(struct store *store, bool keep);

/* Records that this thread puts between begin and end are one transaction where each would be its own (SQLite): a disk that is
 * slow to write is asked once. One that fails fails all of them; the versions in the caller's records are then to be read again.
 * Reads of this thread see the state before. Elsewhere, and inside work that joins, these two do nothing. */
int store_group_begin(struct store *store);
int store_group_end(struct store *store); /* 0: durable, or as durable as the work around it */

/* How far a partition has come; inside work. `source` numbers its parcels 1, 2, 3 ... in each partition. */
struct store_progress {
    unsigned partition;
    uint64_t place;             /* in the partition's stream */
    char source[MODEL_ID_SIZE]; /* of the parcel */
    uint64_t number;            /* its number */
    /* for tracing one observation across nodes */
    char node[STORE_NODE_SIZE]; /* who applied it */
    uint32_t rows;
    int64_t taken_ms, published_ms, applied_ms; /* by the source's, the source's and the worker's clock */
    bool hurried; /* applied before its turn: only what tracing needs is kept, the stream brings it again */
};
int store_progress_put(struct store *store, const struct store_progress *progress, size_t n);
/* What was applied of a partition: its place (*place, 0: nothing yet), and for every source the last number. */
int store_progress(struct store *store, unsigned partition, uint64_t *place,
                   void (*each)(void *context, const char *source, uint64_t number), void *context);
/* For every partition the last number applied of one source: the source may forget what is not newer. */
int store_progress_of(struct store *store, const char *source, void (*each)(void *context, unsigned partition, uint64_t number), void *context);
/* The parcel that brought an observation; STORE_NOT_FOUND when it came without (one process alone) or is no longer known (kept
 * three days). */
int store_trace(struct store *store, const char *observation, struct store_progress *out);

/* A journey whose seals lie in several partitions is judged in that of its first seal; what its other seals say is handed
 * over there. Inside work, by the one who stored the observation. */
int store_handover_put(struct store *store, unsigned to, const char *seal, const char *observation);
/* Takes what was handed over to a partition, oldest first, at most `limit`; it is gone when the work ends well. */
int store_handover_take(struct store *store, unsigned partition, unsigned limit, store_observation_fn each, void *context);

/* What other processes changed in journeys, seals, alarms and commands (not what was written inside work), in the order in
 * which it can be seen. *cursor is opaque, "" at first: from now on. A change may be told twice, never not at all, if asked
 * for within an hour. Back ends with one process give none. */
enum store_changed { STORE_CHANGED_JOURNEY, STORE_CHANGED_SEAL, STORE_CHANGED_ALARM, STORE_CHANGED_COMMAND, STORE_CHANGED_RULE };
int store_changes(struct store *store, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context);

/* The store's own clock, ms: what leases go by. */
int store_clock(struct store *store, int64_t *now_ms);
/* Whether several processes may have this store open at once. */
bool store_is_shared(const struct store *store);

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
/* Photos and papers: bytes with their SHA-256 as the id; of an alarm, a journey or a task, the others are "". */
struct store_file {
    char id[65], alarm[ALARM_ID_SIZE], journey[MODEL_ID_SIZE], task[MODEL_ID_SIZE];
    char name[120], type[64], user[MODEL_ID_SIZE];
    int64_t added_ms;
    size_t size;
    char kind[16], about[40]; /* "photo", "waybill" ...; the field or step it is about, "" : none */
    bool in_seal;             /* a reader has written it to the seal as well */
};
enum store_owner { STORE_OF_ALARM, STORE_OF_JOURNEY, STORE_OF_TASK };
int store_file_put(struct store *store, const struct store_file *file, struct bulla_bytes content, const struct audit *audit);
int store_file_get(struct store *store, const char *id, struct store_file *out, uint8_t **content); /* heap: free() */
int store_files(struct store *store, enum store_owner of, const char *id, store_each_fn each, void *context); /* newest first */

/* A file that is being brought in pieces. Each piece follows the one before; none is stored twice. */
struct store_upload {
    char id[MODEL_ID_SIZE], journey[MODEL_ID_SIZE], task[MODEL_ID_SIZE], user[MODEL_ID_SIZE];
    char name[120], type[64], kind[16], about[40], sha256[65];
    int64_t size, arrived; /* bytes */
    bool in_seal, complete;
    int64_t created_ms, version;
};
int store_upload_put(struct store *store, struct store_upload *upload, const struct audit *audit);
int store_upload_get(struct store *store, const char *id, struct store_upload *out);
int store_uploads(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* The piece at upload->arrived; upload->arrived and version are then the new ones. STORE_CONFLICT: another piece was first. */
int store_upload_part(struct store *store, struct store_upload *upload, struct bulla_bytes piece);
/* All pieces in order, heap: free(). */
int store_upload_read(struct store *store, const struct store_upload *upload, uint8_t **content);
int store_upload_forget(struct store *store, const char *id, bool record_too); /* its pieces; the record too */

int store_seal_put(struct store *store, struct seal *seal, const struct audit *audit);
int store_seal_get(struct store *store, const char *id, struct seal *out);
/* Records that nobody entered (life: unregistered): *n of them. Calls `each`, which may not call the store, for the oldest that were made
 * before a time, were never changed, and that no journey ever had, at most `limit`. */
int store_seals_unknown(struct store *store, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                        uint64_t *n);
int store_seal_forget(struct store *store, const char *id); /* one of those; STORE_NOT_FOUND: it is none */
int store_seals(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_station_put(struct store *store, struct station *station, const struct audit *audit);
int store_station_get(struct store *store, const char *id, struct station *out);
int store_stations(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Papers: version 0 makes one, another must be the stored one (STORE_CONFLICT: somebody was first). */
int store_paper_put(struct store *store, struct paper *paper, const struct audit *audit);
int store_paper_get(struct store *store, const char *id, struct paper *out);
int store_papers(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Entries are only added: version 0. STORE_CONFLICT: that number is taken. Lists are in the order of entry, newest first. */
int store_entry_put(struct store *store, struct dossier_entry *entry, const struct audit *audit);
int store_entry_get(struct store *store, const char *id, struct dossier_entry *out);
int store_entries(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_party_put(struct store *store, struct party *party, const struct audit *audit);
int store_party_get(struct store *store, const char *id, struct party *out);
int store_parties(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Alarms that officers define (model/definition.h). Every version is kept beside the present one. */
int store_rule_put(struct store *store, struct definition *definition, const struct audit *audit);
int store_rule_get(struct store *store, const char *id, struct definition *out);
int store_rules(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Those of query->object, newest first. */
int store_rule_versions(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_user_put(struct store *store, struct user *user, const struct audit *audit);
int store_user_get(struct store *store, const char *id, struct user *out);
int store_user_by_name(struct store *store, const char *name, struct user *out);
int store_users(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_session_put(struct store *store, const struct session *session, const struct audit *audit);
int store_session_get(struct store *store, const char *id, struct session *out);
int store_session_drop(struct store *store, const char *id, const struct audit *audit);
int store_sessions(struct store *store, const char *user, bool keys, store_each_fn each, void *context);
int store_command_put(struct store *store, struct command *command, const struct audit *audit);
/* A new command with the permission of the opening that it causes in journey command->journey: both or neither. */
int store_command_order(struct store *store, struct command *command, const struct permission *permission, const struct audit *audit);
int store_command_get(struct store *store, const char *id, struct command *out);
int store_commands(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int store_audit_add(struct store *store, const struct audit *audit);
int store_audits(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
/* Idempotency-Key of the API. A request claims its key first, each transaction of it marks the claim as well, and the answer takes the
 * claim's place. So whenever the process ends, it is known of every key whether something was changed under it. Kept 24 hours. */
enum { STORE_ANSWER_CLAIMED = 0, STORE_ANSWER_ACTED = 1 }; /* the status of a claim; that of an answer is 100 or more */
#define STORE_CLAIM_MS 10000 /* a claim under which nothing was changed for so long may be taken by a repetition */
/* `claim`: a text that no other request has. STORE_CONFLICT: there is a claim or an answer, see store_answer_get(). */
int store_answer_claim(struct store *store, const char *key, const char *claim, int64_t now_ms);
/* From here on each transaction of this thread that changes records marks this claim as acted, and is refused (STORE_CONFLICT) when the
 * key is no longer this claim's. Both texts stay the caller's. NULL, NULL: no more. */
void store_answer_carry(const char *key, const char *claim);
int store_answer_release(struct store *store, const char *key, const char *claim); /* forgets it, unless it acted */
/* The answer, in the place of the claim; STORE_CONFLICT: there is one already. get: NOT_FOUND: neither. */
int store_answer_put(struct store *store, const char *key, int status, const char *body, int64_t now_ms);
int store_answer_get(struct store *store, const char *key, int *status, char **body); /* heap: free() */
#define STORE_ID_SIZE 27 /* of a ULID, as the setting "store" has it: which store this is, for the brokers and the outboxes of its nodes   \
                          */
/* Small settings: "schema", "node" ... */
int store_setting_put(struct store *store, const char *name, const char *value);
int store_setting_get(struct store *store, const char *name, char *value, size_t size);
/* Puts it unless it is there; value is what is there then, the same for all who ask at once. */
int store_setting_fix(struct store *store, const char *name, const char *wanted, char *value, size_t size);

#endif
