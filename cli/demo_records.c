/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo_records.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "platform/base/log.h"
#include "platform/base/ulid.h"
#include "platform/out/out.h"

#define HISTORY_WAITS 14
#define HISTORY_QUIET 20 /* messages in one wait: live reports, no more history */

static void tell(const struct demo_told *told, enum store_changed kind, const char *id)
{
    if (told && told->changed)
        told->changed(told->context, kind, id);
}

/* --- people --- */

static const struct {
    const char *name, *full_name;
    enum user_role role;
} people[] = {
    {"admin", "Administrator", USER_ROLE_ADMINISTRATOR},
    {"watch", "Watch officer", USER_ROLE_WATCH_OFFICER},
    {"night", "Watch officer of the night", USER_ROLE_WATCH_OFFICER},
    {"checkpoint", "Checkpoint officer", USER_ROLE_CHECKPOINT_OFFICER},
    {"patrol", "Patrol officer", USER_ROLE_PATROL_OFFICER},
    {"seals", "Seal operator", USER_ROLE_SEAL_OPERATOR},
    {"carrier", "Carrier's dispatcher", USER_ROLE_CARRIER},
    {"trader", "Trader", USER_ROLE_TRADER}, /* of the carrier's party: sees the same journeys */
};

static void count_one(void *context, const void *record)
{
    (void)record;
    ++*(size_t *)context;
}

bool demo_store_is_new(struct store *store)
{
    static const struct {
        const char *what;
        int (*list)(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
    } lists[] = {{"users", store_users}, {"seals", store_seals}, {"journeys", store_journeys}};
    const struct store_query one = {.limit = 1};
    char next[120];
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t n = 0;
        if (lists[i].list(store, &one, count_one, &n, next) != STORE_OK) {
            cli_say("--store: %s", store_error(store));
            return false;
        }
        if (n > 0) {
            cli_say("--store: expected a new store, got one that has %s", lists[i].what);
            return false;
        }
    }
    return true;
}

bool demo_user_put(struct store *store, const struct user *as, const char *password, int64_t now_ms)
{
    struct user u = *as;
    u.created_ms = now_ms;
    ulid_put(u.id, now_ms);
    return out_user_password(&u, password) && store_user_put(store, &u, NULL) == STORE_OK;
}

bool demo_people_put(struct store *store, const struct world_plan *plan, const char *password, int64_t now_ms)
{
    const char *carrier = "";
    for (size_t i = 0; i < plan->n_journeys && !carrier[0]; i++)
        carrier = plan->journeys[i]->carrier;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        struct user u = {.role = people[i].role};
        bool of_party = u.role == USER_ROLE_CARRIER || u.role == USER_ROLE_TRADER;
        if (of_party && !carrier[0])
            continue;
        snprintf(u.name, sizeof u.name, "%s", people[i].name);
        snprintf(u.full_name, sizeof u.full_name, "%s", people[i].full_name);
        if (of_party)
            snprintf(u.party, sizeof u.party, "%s", carrier);
        if (!demo_user_put(store, &u, password, now_ms))
            return false;
    }
    return true;
}

void demo_people_print(const struct world_plan *plan, const char *password)
{
    printf("Sign in as admin, watch, night, checkpoint, patrol, seals, carrier or trader; password: %s\n", password);
    printf("Static password of the simulated JT701 seals, for the unlock command: %s\n", plan->password);
    fflush(stdout);
}

/* --- the world's records --- */

/* Records of a plan have version 0 and are const: each is put from a copy. */
#define PUT_ALL(noun, list, n)                                                                                                             \
    for (size_t i = 0; i < (n); i++) {                                                                                                     \
        struct noun record = (list)[i];                                                                                                    \
        if (store_##noun##_put(store, &record, NULL) != STORE_OK)                                                                          \
            return false;                                                                                                                  \
    }

bool demo_records_put(struct store *store, const struct world_plan *plan)
{
    PUT_ALL(party, plan->parties, plan->n_parties)
    PUT_ALL(station, plan->stations, plan->n_stations)
    PUT_ALL(seal, plan->seals, plan->n_seals)
    return true;
}

bool demo_journeys_put(struct store *store, const struct world_plan *plan, const struct demo_told *told)
{
    for (size_t i = 0; i < plan->n_journeys; i++) {
        struct journey *j = journey_copy(plan->journeys[i]);
        bool stored = j && store_journey_put(store, j, NULL) == STORE_OK;
        if (stored)
            tell(told, STORE_CHANGED_JOURNEY, j->id);
        journey_free(j);
        if (!stored)
            return false;
    }
    return true;
}

bool demo_history_is_in(struct demo_history *history, struct world *world)
{
    uint64_t now = world_counts(world).acknowledged, before = history->before;
    history->before = now;
    return ++history->asked >= HISTORY_WAITS || (now > 0 && now - before < HISTORY_QUIET);
}

/* --- what happens in the world --- */

static void release_seal(struct store *store, const char *id, const struct demo_told *told)
{
    struct seal seal;
    if (store_seal_get(store, id, &seal) != STORE_OK)
        return;
    seal.life = SEAL_LIFE_UNSEALED;
    if (store_seal_put(store, &seal, NULL) == STORE_OK)
        tell(told, STORE_CHANGED_SEAL, seal.id);
}

static void release(struct store *store, const struct world_event *event, int64_t now_ms, const struct demo_told *told)
{
    struct journey *j = NULL;
    struct audit audit = {.time_ms = now_ms};
    if (store_journey_get(store, event->journey, &j) != STORE_OK)
        return;
    j->state = JOURNEY_RELEASED;
    j->unsealed_at_ms = event->time_ms;
    snprintf(audit.user_name, sizeof audit.user_name, "demo");
    snprintf(audit.action, sizeof audit.action, "journey.state");
    snprintf(audit.object, sizeof audit.object, "%s", j->id);
    snprintf(audit.detail, sizeof audit.detail, "{\"to\":\"released\"}");
    if (store_journey_put(store, j, &audit) == STORE_OK)
        tell(told, STORE_CHANGED_JOURNEY, j->id);
    journey_free(j);
    release_seal(store, event->seal, told);
}

void demo_event(struct store *store, const struct world_event *event, int64_t now_ms, const struct demo_told *told)
{
    log_say(event->kind == WORLD_REFUSED ? LOG_WARN : LOG_INFO, "demo", "%s", event->text);
    if (event->kind == WORLD_UNSEALED)
        release(store, event, now_ms, told);
}

/* --- directory --- */

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    bool empty = true;
    if (!dir)
        return errno == ENOENT;
    for (struct dirent *e; (e = readdir(dir));)
        empty &= strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

void demo_folder_remove(const char *path)
{
    DIR *dir = opendir(path);
    char inside[1024];
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
        if (e->d_type == DT_DIR)
            demo_folder_remove(inside);
        else
            unlink(inside);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

bool demo_folder(const char **path, char made[64], bool *temporary)
{
    *temporary = !*path;
    snprintf(made, 64, "/tmp/bulla-XXXXXX");
    if (*temporary && !(*path = mkdtemp(made))) {
        cli_say("a directory could not be made: %s", strerror(errno));
        return false;
    }
    if (is_empty(*path))
        return true;
    cli_say("--data: expected a new or empty directory, got %s", *path);
    return false;
}

bool demo_number(const char *name, const char *text, double min, double max, double *out)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : *out;
    if (!text || (end && *text && !*end && value >= min && value <= max)) {
        *out = value;
        return true;
    }
    cli_say("--%s: expected a number from %g to %g, got \"%s\"", name, min, max, text);
    return false;
}
