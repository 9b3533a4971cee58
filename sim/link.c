/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/link.h"

#include <stdio.h>
#include <string.h>

static int no_database(struct sim_link *l)
{
    l->failures++;
    return store_fail(STORE_FAILED, "the simulated database does not answer");
}

/* One more call; false: it does not pass. */
static bool passes(struct sim_link *l, enum sim_stage stage)
{
    bool here = l->stand_before == SIM_STAGE_ANY || l->stand_before == stage;
    if (l->stand_after > 0 && here && !l->depth && --l->stand_after == 0)
        l->stand(l->host);
    l->calls++;
    if (l->cut_after > 0 && --l->cut_after == 0)
        l->cut = true;
    return !l->cut && !l->lost && l->database->store;
}

#define DO(stage, call)                                                                                                                    \
    struct sim_link *l = (struct sim_link *)store;                                                                                         \
    if (!passes(l, stage))                                                                                                                 \
        return no_database(l);                                                                                                             \
    l->depth++;                                                                                                                            \
    int outcome = l->database->store->backend->call;                                                                                       \
    l->depth--

#define PASS(call)                                                                                                                         \
    DO(SIM_STAGE_OTHER, call);                                                                                                             \
    return outcome

/* It is done, and that may not be known. */
static int told(struct sim_link *l, int outcome)
{
    return outcome == STORE_OK && sim_random_chance(&l->random, l->lose_answer) ? no_database(l) : outcome;
}

#define LOSE(call)                                                                                                                         \
    DO(SIM_STAGE_OTHER, call);                                                                                                             \
    return told(l, outcome)

static int link_append(struct store *store, struct store_row *rows, size_t n)
{
    DO(SIM_STAGE_APPEND, append(l->database->store, rows, n));
    if (outcome == STORE_OK && l->database->appended)
        l->database->appended(l->database->host, rows, n);
    return told(l, outcome);
}

static int link_damage_put(struct store *store, const struct store_damage *rows, size_t n)
{
    LOSE(damage_put(l->database->store, rows, n));
}

static int link_observations(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit,
                             store_observation_fn each, void *context)
{
    PASS(observations(l->database->store, seal, from_ms, until_ms, limit, each, context));
}

static int link_observation_get(struct store *store, const char *id, store_observation_fn each, void *context)
{
    PASS(observation_get(l->database->store, id, each, context));
}

static int link_latest(struct store *store, store_observation_fn each, void *context)
{
    PASS(latest(l->database->store, each, context));
}

static int link_damages(struct store *store, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    PASS(damages(l->database->store, limit, each, context));
}

static int link_history_drop(struct store *store, int64_t before_ms, uint64_t *rows)
{
    PASS(history_drop(l->database->store, before_ms, rows));
}

static int link_track_put(struct store *store, const struct store_track *tracks, size_t n)
{
    LOSE(track_put(l->database->store, tracks, n));
}

static int link_tracks(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context)
{
    PASS(tracks(l->database->store, seal, from_ms, until_ms, each, context));
}

static int link_track_drop(struct store *store, int64_t before_ms, uint64_t *tracks)
{
    PASS(track_drop(l->database->store, before_ms, tracks));
}

static int link_track_due(struct store *store, const struct store_due_query *q, store_due_fn each, void *context)
{
    PASS(track_due(l->database->store, q, each, context));
}

static int link_track_size(struct store *store, struct store_track_size *out)
{
    PASS(track_size(l->database->store, out));
}

static int link_node_beat(struct store *store, const struct store_node *node, int64_t lease_ms)
{
    LOSE(node_beat(l->database->store, node, lease_ms));
}

static int link_node_leave(struct store *store, const char *name)
{
    LOSE(node_leave(l->database->store, name));
}

static int link_node_drain(struct store *store, const char *name, bool draining)
{
    PASS(node_drain(l->database->store, name, draining));
}

static int link_nodes(struct store *store, store_node_fn each, void *context)
{
    PASS(nodes(l->database->store, each, context));
}

static int link_partitions_fix(struct store *store, unsigned wanted, unsigned *partitions)
{
    PASS(partitions_fix(l->database->store, wanted, partitions));
}

static int link_partitions_hold(struct store *store, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases,
                                unsigned *n)
{
    PASS(partitions_hold(l->database->store, node, lease_ms, most, leases, n));
}

static int link_partition_release(struct store *store, const struct store_lease *lease)
{
    PASS(partition_release(l->database->store, lease));
}

static int link_partitions(struct store *store, void (*each)(void *context, const struct store_partition *partition), void *context)
{
    PASS(partitions(l->database->store, each, context));
}

static int link_progress(struct store *store, unsigned partition, uint64_t *place,
                         void (*each)(void *context, const char *source, uint64_t number), void *context)
{
    PASS(progress(l->database->store, partition, place, each, context));
}

static int link_progress_of(struct store *store, const char *source, void (*each)(void *context, unsigned partition, uint64_t number),
                            void *context)
{
    PASS(progress_of(l->database->store, source, each, context));
}

static int link_trace(struct store *store, const char *observation, struct store_progress *out)
{
    PASS(trace(l->database->store, observation, out));
}

static int link_handover_put(struct store *store, unsigned to, const char *seal, const char *observation)
{
    LOSE(handover_put(l->database->store, to, seal, observation));
}

static int link_handover_take(struct store *store, unsigned partition, unsigned limit, store_observation_fn each, void *context)
{
    PASS(handover_take(l->database->store, partition, limit, each, context));
}

static int link_changes(struct store *store, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id),
                        void *context)
{
    PASS(changes(l->database->store, cursor, each, context));
}

static int link_clock(struct store *store, int64_t *now_ms)
{
    PASS(clock(l->database->store, now_ms));
}

static int link_journey_put(struct store *store, struct journey *journey, const struct audit *audit)
{
    PASS(journey_put(l->database->store, journey, audit));
}

static int link_journey_get(struct store *store, const char *id, struct journey **out)
{
    PASS(journey_get(l->database->store, id, out));
}

static int link_permission_add(struct store *store, const char *journey, const struct permission *permission, const struct audit *audit)
{
    PASS(permission_add(l->database->store, journey, permission, audit));
}

static int link_alarm_found(struct store *store, const struct alarm *alarms, size_t n)
{
    LOSE(alarm_found(l->database->store, alarms, n));
}

static int link_file_put(struct store *store, const struct store_file *file, struct bulla_bytes content, const struct audit *audit)
{
    PASS(file_put(l->database->store, file, content, audit));
}

static int link_file_get(struct store *store, const char *id, struct store_file *out, uint8_t **content)
{
    PASS(file_get(l->database->store, id, out, content));
}

static int link_files(struct store *store, enum store_owner of, const char *id, store_each_fn each, void *context)
{
    PASS(files(l->database->store, of, id, each, context));
}

#define PUTS(name, type)                                                                                                                   \
    static int link_##name##_put(struct store *store, struct type *record, const struct audit *audit)                                      \
    {                                                                                                                                      \
        PASS(name##_put(l->database->store, record, audit));                                                                               \
    }
#define GETS(name, type)                                                                                                                   \
    static int link_##name##_get(struct store *store, const char *id, struct type *out)                                                    \
    {                                                                                                                                      \
        PASS(name##_get(l->database->store, id, out));                                                                                     \
    }
#define LISTS(names)                                                                                                                       \
    static int link_##names(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])           \
    {                                                                                                                                      \
        PASS(names(l->database->store, q, each, context, next));                                                                           \
    }
#define RECORDS(X)                                                                                                                         \
    X(seal, seal) X(station, station) X(party, party) X(user, user) X(alarm, alarm) X(entry, dossier_entry) X(paper, paper) X(rule, definition)
#define LISTED(X)                                                                                                                          \
    X(journeys) X(alarms) X(seals) X(stations) X(parties) X(users) X(commands) X(audits) X(entries) X(papers) X(rules) X(rule_versions)

/* clang-format off */
RECORDS(PUTS)
RECORDS(GETS)
LISTED(LISTS)
/* clang-format on */

static int link_seals_unknown(struct store *store, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id),
                              void *context, uint64_t *n)
{
    PASS(seals_unknown(l->database->store, before_ms, limit, each, context, n));
}

static int link_seal_forget(struct store *store, const char *id)
{
    PASS(seal_forget(l->database->store, id));
}

static int link_user_by_name(struct store *store, const char *name, struct user *out)
{
    PASS(user_by_name(l->database->store, name, out));
}

static int link_session_put(struct store *store, const struct session *session, const struct audit *audit)
{
    PASS(session_put(l->database->store, session, audit));
}

static int link_session_get(struct store *store, const char *id, struct session *out)
{
    PASS(session_get(l->database->store, id, out));
}

static int link_session_drop(struct store *store, const char *id, const struct audit *audit)
{
    PASS(session_drop(l->database->store, id, audit));
}

static int link_sessions(struct store *store, const char *user, bool keys, store_each_fn each, void *context)
{
    PASS(sessions(l->database->store, user, keys, each, context));
}

static int link_command_put(struct store *store, struct command *command, const struct audit *audit)
{
    PASS(command_put(l->database->store, command, audit));
}

static int link_command_order(struct store *store, struct command *command, const struct permission *permission, const struct audit *audit)
{
    PASS(command_order(l->database->store, command, permission, audit));
}

static int link_command_get(struct store *store, const char *id, struct command *out)
{
    PASS(command_get(l->database->store, id, out));
}

static int link_audit_add(struct store *store, const struct audit *audit)
{
    PASS(audit_add(l->database->store, audit));
}

static int link_answer_claim(struct store *store, const char *key, const char *claim, int64_t now_ms)
{
    PASS(answer_claim(l->database->store, key, claim, now_ms));
}

static int link_answer_release(struct store *store, const char *key, const char *claim)
{
    PASS(answer_release(l->database->store, key, claim));
}

static int link_answer_put(struct store *store, const char *key, int status, const char *body, int64_t now_ms)
{
    PASS(answer_put(l->database->store, key, status, body, now_ms));
}

static int link_answer_get(struct store *store, const char *key, int *status, char **body)
{
    PASS(answer_get(l->database->store, key, status, body));
}

static int link_setting_put(struct store *store, const char *name, const char *value)
{
    PASS(setting_put(l->database->store, name, value));
}

static int link_setting_make(struct store *store, const char *name, const char *value)
{
    PASS(setting_make(l->database->store, name, value));
}

static int link_setting_get(struct store *store, const char *name, char *value, size_t size)
{
    PASS(setting_get(l->database->store, name, value, size));
}

/* --- work --- */

static int link_work_begin(struct store *store, const struct store_lease *leases, size_t n)
{
    DO(SIM_STAGE_BEGIN, work_begin(l->database->store, leases, n));
    if (outcome != STORE_OK)
        return outcome;
    l->in_work = true;
    l->working = l->database->store;
    l->n_leases = n;
    if (n)
        memcpy(l->leases, leases, n * sizeof *leases);
    return STORE_OK;
}

static int link_work_end(struct store *store, bool keep)
{
    struct sim_link *l = (struct sim_link *)store;
    if (!l->in_work)
        return store_fail(STORE_FAILED, "work: it was not begun");
    bool here = passes(l, SIM_STAGE_END), lost = l->lost;
    l->in_work = l->lost = false;
    if (lost)
        return no_database(l);
    /* The store forgets it in any case, as a database does when the connection ends. */
    int outcome = l->working->backend->work_end(l->working, keep && here);
    return here ? told(l, outcome) : no_database(l);
}

void sim_link_break(struct sim_link *l)
{
    if (l->in_work && !l->lost)
        l->working->backend->work_end(l->working, false);
    l->lost = l->in_work;
}

static int link_progress_put(struct store *store, const struct store_progress *progress, size_t n)
{
    DO(SIM_STAGE_PROGRESS, progress_put(l->database->store, progress, n));
    for (size_t i = 0; outcome == STORE_OK && i < n; i++)
        for (size_t k = 0; k < l->n_leases; k++)
            if (l->leases[k].partition == progress[i].partition && l->database->wrote)
                l->database->wrote(l->database->host, l->node, &l->leases[k]);
    return told(l, outcome);
}

static void link_close(struct store *store)
{
    (void)store;
}

static const char *link_recovery(const struct store *store)
{
    (void)store;
    return "";
}

static const struct store_backend backend = {
    .scheme = "simulated",
    .close = link_close,
    .recovery = link_recovery,
    .joins = false,
    .shared = true,
    .append = link_append,
    .damage_put = link_damage_put,
    .observations = link_observations,
    .observation_get = link_observation_get,
    .latest = link_latest,
    .damages = link_damages,
    .history_drop = link_history_drop,
    .track_put = link_track_put,
    .tracks = link_tracks,
    .track_drop = link_track_drop,
    .track_due = link_track_due,
    .track_size = link_track_size,
    .node_beat = link_node_beat,
    .node_leave = link_node_leave,
    .node_drain = link_node_drain,
    .nodes = link_nodes,
    .partitions_fix = link_partitions_fix,
    .partitions_hold = link_partitions_hold,
    .partition_release = link_partition_release,
    .partitions = link_partitions,
    .work_begin = link_work_begin,
    .work_end = link_work_end,
    .progress_put = link_progress_put,
    .progress = link_progress,
    .progress_of = link_progress_of,
    .trace = link_trace,
    .handover_put = link_handover_put,
    .handover_take = link_handover_take,
    .changes = link_changes,
    .clock = link_clock,
    .journey_put = link_journey_put,
    .journey_get = link_journey_get,
    .permission_add = link_permission_add,
    .alarm_found = link_alarm_found,
    .alarm_put = link_alarm_put,
    .alarm_get = link_alarm_get,
    .file_put = link_file_put,
    .file_get = link_file_get,
    .files = link_files,
    .seal_put = link_seal_put,
    .seal_get = link_seal_get,
    .seals_unknown = link_seals_unknown,
    .seal_forget = link_seal_forget,
    .station_put = link_station_put,
    .station_get = link_station_get,
    .entry_put = link_entry_put,
    .entry_get = link_entry_get,
    .entries = link_entries,
    .paper_put = link_paper_put,
    .paper_get = link_paper_get,
    .papers = link_papers,
    .rule_put = link_rule_put,
    .rule_get = link_rule_get,
    .rules = link_rules,
    .rule_versions = link_rule_versions,
    .party_put = link_party_put,
    .party_get = link_party_get,
    .user_put = link_user_put,
    .user_get = link_user_get,
    .user_by_name = link_user_by_name,
    .session_put = link_session_put,
    .session_get = link_session_get,
    .session_drop = link_session_drop,
    .sessions = link_sessions,
    .command_put = link_command_put,
    .command_order = link_command_order,
    .command_get = link_command_get,
    .audit_add = link_audit_add,
    .answer_claim = link_answer_claim,
    .answer_release = link_answer_release,
    .answer_put = link_answer_put,
    .answer_get = link_answer_get,
    .setting_put = link_setting_put,
    .setting_make = link_setting_make,
    .setting_get = link_setting_get,
    .journeys = link_journeys,
    .alarms = link_alarms,
    .seals = link_seals,
    .stations = link_stations,
    .parties = link_parties,
    .users = link_users,
    .commands = link_commands,
    .audits = link_audits,
};

void sim_link_init(struct sim_link *link, struct sim_database *database, unsigned node, uint64_t seed)
{
    *link = (struct sim_link){.base.backend = &backend, .database = database, .node = node, .random = sim_random_new(seed)};
}
