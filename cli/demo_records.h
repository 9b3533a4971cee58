/* SPDX-License-Identifier: Apache-2.0
 *
 * What `bulla demo` and `bulla cluster` put into a fresh store for the simulated world: people, the world's records, its
 * journeys, and what becomes of them; and the directory that goes when they end.
 */
#ifndef CLI_DEMO_RECORDS_H
#define CLI_DEMO_RECORDS_H

#include "platform/store/store.h"
#include "sim/world.h"

/* Told after a record was changed in the store, from the thread that changed it; NULL: nobody need be told. */
struct demo_told {
    void (*changed)(void *context, enum store_changed kind, const char *id);
    void *context;
};

/* Nobody has entered anything yet. False also after telling stderr why. */
bool demo_store_is_new(struct store *store);

/* A user as `as` says (role, names, party), with a new id and this password. False: store_error() tells why. */
bool demo_user_put(struct store *store, const struct user *as, const char *password, int64_t now_ms);
/* admin, watch, night, checkpoint, patrol, seals, carrier, all with one password. False: store_error() tells why. */
bool demo_people_put(struct store *store, const struct world_plan *plan, const char *password, int64_t now_ms);
void demo_people_print(const struct world_plan *plan, const char *password);

/* Parties, stations and seals. */
bool demo_records_put(struct store *store, const struct world_plan *plan);

/* Journeys are entered once their seals have delivered what they stored: an officer who enters them now must not first
 * see alarms about hours of which the news is on its way. */
bool demo_journeys_put(struct store *store, const struct world_plan *plan, const struct demo_told *told);

/* Whether the devices have nothing more to deliver at once: ask every DEMO_HISTORY_MS; *before is 0 at first. True also after
 * some seconds. */
#define DEMO_HISTORY_MS 500
struct demo_history {
    uint64_t before;
    unsigned asked;
};
bool demo_history_is_in(struct demo_history *history, struct world *world);

/* Says what happens in the world, and releases a journey that ended as it should. */
void demo_event(struct store *store, const struct world_event *event, int64_t now_ms, const struct demo_told *told);

/* A new or empty directory. *path NULL: one under /tmp is made, whose name stands in made[], and *temporary is set. False after
 * telling stderr. */
bool demo_folder(const char **path, char made[64], bool *temporary);
void demo_folder_remove(const char *path);

/* Reads an option that is a number, where it was given; false after telling stderr. */
bool demo_number(const char *name, const char *text, double min, double max, double *out);

#endif
