// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL back end: opening and closing, and the table of its functions.

#include "platform/store/pg_calls.h"
#include "platform/store/pg_inside.h"
#include "platform/store/pg_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *recovery(const struct store *base)
{
    return ((const struct store_pg *)base)->found;
}

static void close_pg(struct store *base)
{
    struct store_pg *store = store_pg_of(base);
    pg_history_free(store->history);
    while (store->idle) {
        struct pg_conn *next = store->idle->next;
        pg_disconnect(store->idle);
        store->idle = next;
    }
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* What libpq says of a URL may quote a password out of it, so it is not repeated. */
static int read_url(const char *rest, char *conninfo, size_t size)
{
    static const char EXPECTED[] = "store: expected postgres://USER@HOST:PORT/DATABASE, a password in it with %-signs for its marks";
    int n = snprintf(conninfo, size, "postgres:%s", rest);
    if (strncmp(rest, "//", 2) != 0 || n < 0) {
        return store_fail(STORE_FAILED, "%s; after postgres: come two slashes", EXPECTED);
    }
    if ((size_t)n >= size) {
        return store_fail(STORE_FAILED, "%s; got one of %d characters, %zu are the most", EXPECTED, n, size - 1);
    }
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    if (!options) {
        return store_fail(STORE_FAILED, "%s; got one that cannot be read", EXPECTED);
    }
    PQconninfoFree(options);
    return 0;
}

static struct store *open_pg(const char *rest, char *why, size_t size)
{
    struct store_pg *store = calloc(1, sizeof *store);
    if (!store) {
        snprintf(why, size, "store: out of memory");
        return NULL;
    }
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->returned, NULL);
    int outcome = read_url(rest, store->conninfo, sizeof store->conninfo);
    outcome = outcome ? outcome : pg_schema_bring(store);
    if (!outcome) {
        store->history = pg_history_new(store);
        outcome = store->history ? 0 : store_outcome();
    }
    if (outcome) {
        snprintf(why, size, "%s", store_error(&store->base));
        close_pg(&store->base);
        return NULL;
    }
    return &store->base;
}

/* A kind of record that is no more than its description. */
#define RECORD(type, plural)                                                                                                               \
    static int type##_put(struct store *base, struct type *record, const struct audit *audit)                                              \
    {                                                                                                                                      \
        return pg_record_put(store_pg_of(base), &record_##type, record, audit);                                                            \
    }                                                                                                                                      \
    static int type##_get(struct store *base, const char *id, struct type *out)                                                            \
    {                                                                                                                                      \
        return pg_record_get(store_pg_of(base), &record_##type, "id = $1", id, out);                                                       \
    }                                                                                                                                      \
    static int plural(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])                  \
    {                                                                                                                                      \
        return pg_record_list(store_pg_of(base), &record_##type, q, NULL, each, context, next);                                            \
    }
/* clang-format off */
RECORD(seal, seals)
RECORD(station, stations)
RECORD(party, parties)
RECORD(user, users)
RECORD(paper, papers)
RECORD(command, commands)
/* clang-format on */

static int entry_put(struct store *base, struct dossier_entry *entry, const struct audit *audit)
{
    return pg_record_put(store_pg_of(base), &record_entry, entry, audit);
}

static int entry_get(struct store *base, const char *id, struct dossier_entry *out)
{
    return pg_record_get(store_pg_of(base), &record_entry, "id = $1", id, out);
}

static int entries(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_entry, q, NULL, each, context, next);
}

static int upload_put(struct store *base, struct store_upload *upload, const struct audit *audit)
{
    return pg_record_put(store_pg_of(base), &record_upload, upload, audit);
}

static int upload_get(struct store *base, const char *id, struct store_upload *out)
{
    return pg_record_get(store_pg_of(base), &record_upload, "id = $1", id, out);
}

static int uploads(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_upload, q, NULL, each, context, next);
}

/* Names of users differ in more than the case of their letters. */
static int user_by_name(struct store *base, const char *name, struct user *out)
{
    return pg_record_get(store_pg_of(base), &record_user, "lower(name COLLATE \"C\") = lower($1 COLLATE \"C\")", name, out);
}

static int alarm_get(struct store *base, const char *id, struct alarm *out)
{
    return pg_record_get(store_pg_of(base), &record_alarm, "id = $1", id, out);
}

static int alarms(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_alarm, q, NULL, each, context, next);
}

static int audit_add(struct store *base, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, 0, audit);
}

static int audits(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_audit, q, NULL, each, context, next);
}

static int rule_put(struct store *base, struct definition *definition, const struct audit *audit)
{
    return pg_record_put(store_pg_of(base), &record_rule, definition, audit);
}

static int rule_get(struct store *base, const char *id, struct definition *out)
{
    return pg_record_get(store_pg_of(base), &record_rule, "id = $1", id, out);
}

static int rules(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_rule, q, NULL, each, context, next);
}

static int rule_versions(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return pg_record_list(store_pg_of(base), &record_rule_version, q, NULL, each, context, next);
}

extern const struct store_image store_pg_image; /* pg_image.c */

/* libpq knows both schemes. */
#define POSTGRES(name)                                                                                                                     \
    {                                                                                                                                      \
        .scheme = (name), .open = open_pg, .close = close_pg, .recovery = recovery, .append = pg_append, .damage_put = pg_damage_put,      \
        .observations = pg_observations, .observation_get = pg_observation_get, .latest = pg_latest, .damages = pg_damages,                \
        .history_drop = pg_history_drop, .track_put = pg_track_put, .tracks = pg_tracks, .track_drop = pg_track_drop,                      \
        .track_due = pg_track_due, .track_size = pg_track_size, .joins = true, .shared = true, .node_beat = pg_node_beat,                  \
        .node_leave = pg_node_leave, .node_drain = pg_node_drain, .nodes = pg_nodes, .partitions_fix = pg_partitions_fix,                  \
        .partitions_hold = pg_partitions_hold, .partition_release = pg_partition_release, .partitions = pg_partitions,                     \
        .work_begin = pg_work_begin, .work_end = pg_work_end, .progress_put = pg_progress_put, .progress = pg_progress,                    \
        .progress_of = pg_progress_of, .trace = pg_trace, .handover_put = pg_handover_put, .handover_take = pg_handover_take,              \
        .changes = pg_changes, .clock = pg_clock, .journey_put = pg_journey_put, .journey_get = pg_journey_get, .journeys = pg_journeys,   \
        .permission_add = pg_permission_add, .alarm_found = pg_alarm_found, .alarm_put = pg_alarm_put, .alarm_get = alarm_get,             \
        .alarms = alarms, .file_put = pg_file_put, .file_get = pg_file_get, .files = pg_files, .seal_put = seal_put, .seal_get = seal_get, \
        .seals_unknown = pg_seals_unknown, .seal_forget = pg_seal_forget, .seals = seals, .station_put = station_put,                      \
        .station_get = station_get, .stations = stations, .paper_put = paper_put, .paper_get = paper_get, .papers = papers,                \
        .entry_put = entry_put, .entry_get = entry_get, .entries = entries, .upload_put = upload_put, .upload_get = upload_get,            \
        .uploads = uploads, .upload_part = pg_upload_part, .upload_read = pg_upload_read, .upload_forget = pg_upload_forget,               \
        .rule_put = rule_put, .rule_get = rule_get, .rules = rules, .rule_versions = rule_versions, .party_put = party_put,                \
        .party_get = party_get, .parties = parties, .user_put = user_put, .user_get = user_get, .user_by_name = user_by_name,              \
        .users = users, .session_put = pg_session_put, .session_get = pg_session_get, .session_drop = pg_session_drop,                     \
        .sessions = pg_sessions, .command_put = command_put, .command_order = pg_command_order, .command_get = command_get,                \
        .commands = commands, .audit_add = audit_add, .audits = audits, .answer_claim = pg_answer_claim,                                   \
        .answer_release = pg_answer_release, .answer_put = pg_answer_put, .answer_get = pg_answer_get, .setting_put = pg_setting_put,      \
        .setting_make = pg_setting_make, .setting_get = pg_setting_get, .image = &store_pg_image,                                          \
    }

const struct store_backend store_postgres = POSTGRES("postgres");
const struct store_backend store_postgresql = POSTGRES("postgresql");
