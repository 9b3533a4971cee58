/* SPDX-License-Identifier: Apache-2.0
 *
 * What a back end of the store is: its URL scheme and one function for each of the port (store.h, where their
 * contracts are). The port checks nothing twice: arguments come as the caller gave them.
 *
 * A back end's own struct begins with a `struct store`.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "platform/store/image.h"
#include "platform/store/store.h"

struct store {
    const struct store_backend *backend;
};

typedef int (*store_list_fn)(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);

struct store_backend {
    const char *scheme; /* "sqlite" for sqlite:... */
    struct store *(*open)(const char *rest, char *why, size_t size);
    void (*close)(struct store *store);
    const char *(*recovery)(const struct store *store);

    int (*append)(struct store *store, struct store_row *rows, size_t n);
    int (*damage_put)(struct store *store, const struct store_damage *rows, size_t n);
    int (*observations)(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                        void *context);
    int (*observation_get)(struct store *store, const char *id, store_observation_fn each, void *context);
    int (*latest)(struct store *store, store_observation_fn each, void *context);
    int (*damages)(struct store *store, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context);

    int (*history_drop)(struct store *store, int64_t before_ms, uint64_t *rows);
    int (*track_put)(struct store *store, const struct store_track *tracks, size_t n);
    int (*tracks)(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context);
    int (*track_drop)(struct store *store, int64_t before_ms, uint64_t *tracks);
    int (*track_due)(struct store *store, const struct store_due_query *q, store_due_fn each, void *context);
    int (*track_size)(struct store *store, struct store_track_size *out);

    bool joins, shared; /* store_work_joins(), store_is_shared() */
    int (*node_beat)(struct store *store, const struct store_node *node, int64_t lease_ms);
    int (*node_leave)(struct store *store, const char *name);
    int (*node_drain)(struct store *store, const char *name, bool draining);
    int (*nodes)(struct store *store, store_node_fn each, void *context);
    int (*partitions_fix)(struct store *store, unsigned wanted, unsigned *partitions);
    int (*partitions_hold)(struct store *store, const char *node, int64_t lease_ms, unsigned most, struct store_lease *leases, unsigned *n);
    int (*partition_release)(struct store *store, const struct store_lease *lease);
    int (*partitions)(struct store *store, void (*each)(void *context, const struct store_partition *partition), void *context);
    int (*work_begin)(struct store *store, const struct store_lease *leases, size_t n);
    int (*work_end)(struct store *store, bool keep);
    int (*group_begin)(struct store *store); /* both NULL: nothing is gained by it */
    int (*group_end)(struct store *store);
    int (*progress_put)(struct store *store, const struct store_progress *progress, size_t n);
    int (*progress)(struct store *store, unsigned partition, uint64_t *place, void (*each)(void *context, const char *source, uint64_t number),
                    void *context);
    int (*progress_of)(struct store *store, const char *source, void (*each)(void *context, unsigned partition, uint64_t number),
                       void *context);
    int (*trace)(struct store *store, const char *observation, struct store_progress *out);
    int (*handover_put)(struct store *store, unsigned to, const char *seal, const char *observation);
    int (*handover_take)(struct store *store, unsigned partition, unsigned limit, store_observation_fn each, void *context);
    int (*changes)(struct store *store, char cursor[64], void (*each)(void *context, enum store_changed kind, const char *id), void *context);
    int (*clock)(struct store *store, int64_t *now_ms);

    int (*journey_put)(struct store *store, struct journey *journey, const struct audit *audit);
    int (*journey_get)(struct store *store, const char *id, struct journey **out);
    store_list_fn journeys;
    int (*permission_add)(struct store *store, const char *journey, const struct permission *permission, const struct audit *audit);

    int (*alarm_found)(struct store *store, const struct alarm *alarms, size_t n);
    int (*alarm_put)(struct store *store, struct alarm *alarm, const struct audit *audit);
    int (*alarm_get)(struct store *store, const char *id, struct alarm *out);
    store_list_fn alarms;
    int (*file_put)(struct store *store, const struct store_file *file, struct bulla_bytes content, const struct audit *audit);
    int (*file_get)(struct store *store, const char *id, struct store_file *out, uint8_t **content);
    int (*files)(struct store *store, enum store_owner of, const char *id, store_each_fn each, void *context);
    int (*upload_put)(struct store *store, struct store_upload *upload, const struct audit *audit);
    int (*upload_get)(struct store *store, const char *id, struct store_upload *out);
    store_list_fn uploads;
    int (*upload_part)(struct store *store, struct store_upload *upload, struct bulla_bytes piece);
    int (*upload_read)(struct store *store, const struct store_upload *upload, uint8_t **content);
    int (*upload_forget)(struct store *store, const char *id, bool record_too);
    int (*entry_put)(struct store *store, struct dossier_entry *entry, const struct audit *audit);
    int (*entry_get)(struct store *store, const char *id, struct dossier_entry *out);
    store_list_fn entries;

    int (*seal_put)(struct store *store, struct seal *seal, const struct audit *audit);
    int (*seal_get)(struct store *store, const char *id, struct seal *out);
    int (*seals_unknown)(struct store *store, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                         uint64_t *n);
    int (*seal_forget)(struct store *store, const char *id);
    store_list_fn seals;
    int (*station_put)(struct store *store, struct station *station, const struct audit *audit);
    int (*station_get)(struct store *store, const char *id, struct station *out);
    store_list_fn stations;
    int (*paper_put)(struct store *store, struct paper *paper, const struct audit *audit);
    int (*paper_get)(struct store *store, const char *id, struct paper *out);
    int (*papers)(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120]);
    int (*rule_put)(struct store *store, struct definition *definition, const struct audit *audit);
    int (*rule_get)(struct store *store, const char *id, struct definition *out);
    store_list_fn rules, rule_versions;
    int (*party_put)(struct store *store, struct party *party, const struct audit *audit);
    int (*party_get)(struct store *store, const char *id, struct party *out);
    store_list_fn parties;
    int (*user_put)(struct store *store, struct user *user, const struct audit *audit);
    int (*user_get)(struct store *store, const char *id, struct user *out);
    int (*user_by_name)(struct store *store, const char *name, struct user *out);
    store_list_fn users;
    int (*session_put)(struct store *store, const struct session *session, const struct audit *audit);
    int (*session_get)(struct store *store, const char *id, struct session *out);
    int (*session_drop)(struct store *store, const char *id, const struct audit *audit);
    int (*sessions)(struct store *store, const char *user, bool keys, store_each_fn each, void *context);
    int (*command_put)(struct store *store, struct command *command, const struct audit *audit);
    int (*command_order)(struct store *store, struct command *command, const struct permission *permission, const struct audit *audit);
    int (*command_get)(struct store *store, const char *id, struct command *out);
    store_list_fn commands;
    int (*audit_add)(struct store *store, const struct audit *audit);
    store_list_fn audits;
    int (*answer_claim)(struct store *store, const char *key, const char *claim, int64_t now_ms);
    int (*answer_release)(struct store *store, const char *key, const char *claim);
    int (*answer_put)(struct store *store, const char *key, int status, const char *body, int64_t now_ms);
    int (*answer_get)(struct store *store, const char *key, int *status, char **body);
    int (*setting_put)(struct store *store, const char *name, const char *value);
    int (*setting_make)(struct store *store, const char *name, const char *value); /* leaves one that is there as it is */
    int (*setting_get)(struct store *store, const char *name, char *value, size_t size);

    const struct store_image *image; /* for moving a whole store; NULL: this one cannot be moved */
};

/* Writes the sentence that store_error() gives on this thread, and returns `outcome`. */
int store_fail(int outcome, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What store_answer_carry() was given on this thread; key NULL: nothing. A back end marks it before it commits a change of records. */
struct store_carried {
    const char *key, *claim;
};
const struct store_carried *store_carried(void);
#define STORE_CLAIM_LOST "this Idempotency-Key was taken by a repetition of the request: nothing was changed"

/* The outcome that this thread's last store_fail() was given. */
int store_outcome(void);

#endif
