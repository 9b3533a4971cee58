// SPDX-License-Identifier: Apache-2.0
// The SQLite back end: opening and closing a data directory, and the table of its functions.

#include "platform/store/migrations.h"
#include "platform/store/sqlite_calls.h"
#include "platform/store/sqlite_image.h"
#include "platform/store/sqlite_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct store_backend store_sqlite;

enum { SEGMENT_ROWS = 1000000, SEGMENT_ROWS_LEAST = 16, SEGMENT_ROWS_MOST = 16000000, SEGMENT_HOURS_LONG = 24 };

/* One "name=number" of the query; returns where the next begins, NULL when it is not one. */
static const char *read_option(const char *at, const char *name, long least, long most, long *out)
{
    size_t n = strlen(name);
    char *end = NULL;
    long value = !strncmp(at, name, n) && at[n] == '=' ? strtol(at + n + 1, &end, 10) : 0;
    if (!end || end == at + n + 1 || (*end && *end != '&') || value < least || value > most) {
        return NULL;
    }
    *out = value;
    return *end ? end + 1 : end;
}

/* DIRECTORY[?segment_rows=N&segment_hours=H] */
static int read_url(const char *rest, char folder[STORE_PATH_SIZE], struct store_history_options *options)
{
    size_t n = strcspn(rest, "?");
    if (n == 0 || n > STORE_PATH_SIZE - 40) {
        return store_fail(STORE_FAILED, "store: expected sqlite:DIRECTORY of 1 to %d characters, got sqlite:%s", STORE_PATH_SIZE - 40,
                          rest);
    }
    memcpy(folder, rest, n);
    folder[n] = '\0';
    long rows = SEGMENT_ROWS, hours = SEGMENT_HOURS_LONG;
    for (const char *at = rest[n] ? rest + n + 1 : ""; *at;) {
        const char *next = read_option(at, "segment_rows", SEGMENT_ROWS_LEAST, SEGMENT_ROWS_MOST, &rows);
        next = next ? next : read_option(at, "segment_hours", 1, 9999, &hours);
        if (!next) {
            return store_fail(STORE_FAILED, "store: expected segment_rows=%d..%d or segment_hours=1..9999, got %s", SEGMENT_ROWS_LEAST,
                              SEGMENT_ROWS_MOST, at);
        }
        at = next;
    }
    *options = (struct store_history_options){&store_disk_machine, (uint32_t)rows, hours * SEGMENT_HOUR_MS};
    return 0;
}

static int make_folder(const struct store_disk *disk, const char *folder)
{
    char path[STORE_PATH_SIZE];
    snprintf(path, sizeof path, "%s", folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        disk->make_folder(disk->host, path); /* what is wrong with it shows at the last */
        *slash = '/';
    }
    int failed = disk->make_folder(disk->host, path);
    if (failed && failed != EEXIST) {
        return store_fail(STORE_FAILED, "%s: %s; give a directory that can be written to", folder, strerror(failed));
    }
    return 0;
}

/* Two programs that append to one history would store a message twice. */
static int take_lock(struct store_sqlite *store)
{
    char path[STORE_PATH_SIZE];
    snprintf(path, sizeof path, "%.*s/lock", STORE_PATH_SIZE - 10, store->folder);
    int failed = store->disk->lock(store->disk->host, path, &store->lock);
    if (failed == EWOULDBLOCK) {
        return store_fail(STORE_FAILED, "%s is in use by another bulla; stop that one first", store->folder);
    }
    return failed ? store_fail(STORE_FAILED, "%s: %s", path, strerror(failed)) : 0;
}

static int open_records(struct store_sqlite *store)
{
    char path[STORE_PATH_SIZE];
    snprintf(path, sizeof path, "%.*s/bulla.db", STORE_PATH_SIZE - 10, store->folder);
    int outcome = store_db_open_on(store->disk, path, STORE_DB_RECORD, &store->writer);
    outcome = outcome ? outcome : store_migrate(store->writer);
    if (!outcome) {
        store_pool_init(&store->readers, store->disk, path, STORE_POOL_IDLE);
    }
    return outcome;
}

static int set_running(struct store_sqlite *store, bool running)
{
    return store_db_run(store->writer,
                        running ? "INSERT INTO setting (name, value) VALUES ('.running', '1') ON CONFLICT (name) DO UPDATE SET value = '1'"
                                : "UPDATE setting SET value = '0' WHERE name = '.running'");
}

/* What the end of the last run left: told once, for the log. */
static void say_found(struct store_sqlite *store, bool running)
{
    size_t used = 0;
    const struct store_history *history = store->history;
    if (running) {
        used = (size_t)snprintf(
            store->found, sizeof store->found,
            "the store was not shut down cleanly; %lld bytes of write-ahead logs of observations were recovered, the open segment %s "
            "holds %u, all whole",
            history->log_bytes, history->hot->name, history->hot->index->n_rows);
    }
    if (history->found[0]) {
        snprintf(store->found + used, sizeof store->found - used, "%s%s", used ? "; " : "", history->found);
    }
}

static int open_all(struct store_sqlite *store, const struct store_history_options *options)
{
    char segments[STORE_PATH_SIZE];
    int64_t running = 0, partitions = 0;
    snprintf(segments, sizeof segments, "%.*s/segments", STORE_PATH_SIZE - 10, store->folder);
    int outcome = open_records(store);
    outcome = outcome ? outcome : store_db_number(store->writer, "SELECT value = '1' FROM setting WHERE name = '.running'", 0, &running);
    outcome = outcome ? outcome : store_db_number(store->writer, "SELECT count(*) FROM partition", 0, &partitions);
    store->partitions = (unsigned)partitions;
    outcome = outcome ? outcome : store_history_open(segments, options, &store->history);
    outcome = outcome ? outcome : sqlite_tracks_open(&store->tracks, store->folder, store->history);
    outcome = outcome ? outcome : set_running(store, true);
    if (!outcome) {
        say_found(store, running != 0);
    }
    return outcome;
}

static void close_sqlite(struct store *base)
{
    struct store_sqlite *store = store_sqlite_of(base);
    bool whole = store->history != NULL;
    sqlite_tracks_close(&store->tracks); /* before the history, which it asks */
    store_history_close(store->history);
    if (store->readers.path[0]) {
        store_pool_clear(&store->readers);
    }
    if (whole) {
        set_running(store, false); /* after the history: it is closed by now */
    }
    store_db_close(store->writer);
    if (store->lock >= 0) {
        store->disk->unlock(store->disk->host, store->lock);
    }
    pthread_mutex_destroy(&store->writing);
    free(store);
}

struct store *store_sqlite_open_on(const struct store_disk *disk, const char *rest, char *why, size_t size)
{
    struct store_history_options options;
    struct store_sqlite *store = calloc(1, sizeof *store);
    if (!store) {
        snprintf(why, size, "store: out of memory");
        return NULL;
    }
    store->base.backend = &store_sqlite;
    store->disk = disk;
    store->lock = -1;
    pthread_mutex_init(&store->writing, NULL);
    int outcome = read_url(rest, store->folder, &options);
    outcome = outcome ? outcome : make_folder(disk, store->folder);
    outcome = outcome ? outcome : take_lock(store);
    options.disk = disk;
    outcome = outcome ? outcome : open_all(store, &options);
    if (outcome) {
        snprintf(why, size, "%s", store_error(&store->base));
        close_sqlite(&store->base);
        return NULL;
    }
    return &store->base;
}

static struct store *open_sqlite(const char *rest, char *why, size_t size)
{
    return store_sqlite_open_on(&store_disk_machine, rest, why, size);
}

bool store_sqlite_step(struct store *base)
{
    return store_history_step(store_sqlite_of(base)->history);
}

static const char *recovery(const struct store *base)
{
    return ((const struct store_sqlite *)base)->found;
}

static int append(struct store *base, struct store_row *rows, size_t n)
{
    return sqlite_work_append(store_sqlite_of(base), rows, n);
}

static int observations(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                        void *context)
{
    return store_history_range(store_sqlite_of(base)->history, seal, from_ms, until_ms, limit, each, context);
}

static int observation_get(struct store *base, const char *id, store_observation_fn each, void *context)
{
    return store_history_get(store_sqlite_of(base)->history, id, each, context);
}

static int latest(struct store *base, store_observation_fn each, void *context)
{
    return store_history_latest(store_sqlite_of(base)->history, each, context);
}

static int seal_put(struct store *base, struct seal *seal, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_seal, seal, audit);
}

static int seal_get(struct store *base, const char *id, struct seal *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_seal, "id", id, out);
}

static int seals(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_seal, q, NULL, each, context, next);
}

static int rule_put(struct store *base, struct definition *definition, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_rule, definition, audit);
}

static int rule_get(struct store *base, const char *id, struct definition *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_rule, "id", id, out);
}

static int rules(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_rule, q, NULL, each, context, next);
}

static int rule_versions(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_rule_version, q, NULL, each, context, next);
}

static int station_put(struct store *base, struct station *station, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_station, station, audit);
}

static int station_get(struct store *base, const char *id, struct station *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_station, "id", id, out);
}

static int stations(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_station, q, NULL, each, context, next);
}

static int paper_put(struct store *base, struct paper *paper, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_paper, paper, audit);
}

static int paper_get(struct store *base, const char *id, struct paper *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_paper, "id", id, out);
}

static int papers(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_paper, q, NULL, each, context, next);
}

#define RECORD(type, plural)                                                                                                               \
    static int plural##_put(struct store *base, struct type *record, const struct audit *audit)                                            \
    {                                                                                                                                      \
        return sqlite_record_put(store_sqlite_of(base), &record_##plural, record, audit);                                                  \
    }                                                                                                                                      \
    static int plural##_get(struct store *base, const char *id, struct type *out)                                                          \
    {                                                                                                                                      \
        return sqlite_record_get(store_sqlite_of(base), &record_##plural, "id", id, out);                                                  \
    }                                                                                                                                      \
    static int plural##_list(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])           \
    {                                                                                                                                      \
        return sqlite_record_list(store_sqlite_of(base), &record_##plural, q, NULL, each, context, next);                                  \
    }
RECORD(dossier_entry, entry)
RECORD(store_upload, upload)

static int party_put(struct store *base, struct party *party, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_party, party, audit);
}

static int party_get(struct store *base, const char *id, struct party *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_party, "id", id, out);
}

static int parties(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_party, q, NULL, each, context, next);
}

static int user_put(struct store *base, struct user *user, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_user, user, audit);
}

static int user_get(struct store *base, const char *id, struct user *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_user, "id", id, out);
}

static int users(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_user, q, NULL, each, context, next);
}

static int command_put(struct store *base, struct command *command, const struct audit *audit)
{
    return sqlite_record_put(store_sqlite_of(base), &record_command, command, audit);
}

static int command_get(struct store *base, const char *id, struct command *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_command, "id", id, out);
}

static int commands(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_command, q, NULL, each, context, next);
}

static int user_by_name(struct store *base, const char *name, struct user *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_user, "name", name, out);
}

static int alarm_get(struct store *base, const char *id, struct alarm *out)
{
    return sqlite_record_get(store_sqlite_of(base), &record_alarm, "id", id, out);
}

static int alarms(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_alarm, q, NULL, each, context, next);
}

static int audit_add(struct store *base, const struct audit *audit)
{
    struct store_sqlite *store = store_sqlite_of(base);
    return sqlite_write_begin(store) ? sqlite_write_end(store, 0, audit) : store_outcome();
}

static int audits(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return sqlite_record_list(store_sqlite_of(base), &record_audit, q, NULL, each, context, next);
}

const struct store_backend store_sqlite = {
    .scheme = "sqlite",
    .open = open_sqlite,
    .close = close_sqlite,
    .recovery = recovery,
    .append = append,
    .observations = observations,
    .observation_get = observation_get,
    .latest = latest,
    .history_drop = sqlite_history_drop,
    .track_put = sqlite_track_put,
    .tracks = sqlite_track_list,
    .track_drop = sqlite_track_drop,
    .track_due = sqlite_track_due,
    .track_size = sqlite_track_size,
    .damage_put = sqlite_damage_put,
    .damages = sqlite_damages,
    .node_beat = sqlite_node_beat,
    .node_leave = sqlite_node_leave,
    .node_drain = sqlite_node_drain,
    .nodes = sqlite_nodes,
    .partitions_fix = sqlite_partitions_fix,
    .partitions_hold = sqlite_partitions_hold,
    .partition_release = sqlite_partition_release,
    .partitions = sqlite_partitions,
    .work_begin = sqlite_work_begin,
    .work_end = sqlite_work_end,
    .group_begin = sqlite_group_begin,
    .group_end = sqlite_group_end,
    .progress_put = sqlite_progress_put,
    .progress = sqlite_progress,
    .progress_of = sqlite_progress_of,
    .trace = sqlite_trace,
    .handover_put = sqlite_handover_put,
    .handover_take = sqlite_handover_take,
    .changes = sqlite_changes,
    .clock = sqlite_clock,
    .journey_put = sqlite_journey_put,
    .journey_get = sqlite_journey_get,
    .journeys = sqlite_journeys,
    .permission_add = sqlite_permission_add,
    .alarm_found = sqlite_alarm_found,
    .alarm_put = sqlite_alarm_put,
    .file_put = sqlite_file_put,
    .file_get = sqlite_file_get,
    .files = sqlite_files,
    .session_put = sqlite_session_put,
    .session_get = sqlite_session_get,
    .session_drop = sqlite_session_drop,
    .sessions = sqlite_sessions,
    .answer_claim = sqlite_answer_claim,
    .answer_release = sqlite_answer_release,
    .answer_put = sqlite_answer_put,
    .answer_get = sqlite_answer_get,
    .setting_put = sqlite_setting_put,
    .setting_make = sqlite_setting_make,
    .setting_get = sqlite_setting_get,
    .image = &store_sqlite_image,
    .alarm_get = alarm_get,
    .alarms = alarms,
    .user_by_name = user_by_name,
    .audit_add = audit_add,
    .audits = audits,
    .seal_put = seal_put,
    .seal_get = seal_get,
    .seals_unknown = sqlite_seals_unknown,
    .seal_forget = sqlite_seal_forget,
    .seals = seals,
    .rule_put = rule_put,
    .rule_get = rule_get,
    .rules = rules,
    .rule_versions = rule_versions,
    .station_put = station_put,
    .station_get = station_get,
    .stations = stations,
    .paper_put = paper_put,
    .paper_get = paper_get,
    .papers = papers,
    .entry_put = entry_put,
    .entry_get = entry_get,
    .entries = entry_list,
    .upload_put = upload_put,
    .upload_get = upload_get,
    .uploads = upload_list,
    .upload_part = sqlite_upload_part,
    .upload_read = sqlite_upload_read,
    .upload_forget = sqlite_upload_forget,
    .party_put = party_put,
    .party_get = party_get,
    .parties = parties,
    .user_put = user_put,
    .user_get = user_get,
    .users = users,
    .command_put = command_put,
    .command_order = sqlite_command_order,
    .command_get = command_get,
    .commands = commands,
};
