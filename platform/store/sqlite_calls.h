/* SPDX-License-Identifier: Apache-2.0
 *
 * The back end's functions that are more than a record by its description, each as its namesake in store.h.
 */
#ifndef STORE_SQLITE_CALLS_H
#define STORE_SQLITE_CALLS_H

#include "platform/store/sqlite_records.h"

/* sqlite_journey.c */
int sqlite_journey_put(struct store *base, struct journey *journey, const struct audit *audit);
int sqlite_journey_get(struct store *base, const char *id, struct journey **out);
int sqlite_journeys(struct store *base, const struct store_query *q, store_each_fn each, void *context, char next[120]);
int sqlite_command_order(struct store *base, struct command *command, const struct permission *permission, const struct audit *audit);
int sqlite_permission_add(struct store *base, const char *journey, const struct permission *permission, const struct audit *audit);

/* sqlite_alarm.c */
int sqlite_alarm_found(struct store *base, const struct alarm *alarms, size_t n);
int sqlite_alarm_put(struct store *base, struct alarm *alarm, const struct audit *audit);

/* sqlite_files.c */
int sqlite_file_put(struct store *base, const struct store_file *file, struct bulla_bytes content, const struct audit *audit);
int sqlite_file_get(struct store *base, const char *id, struct store_file *out, uint8_t **content);
int sqlite_files(struct store *base, enum store_owner of, const char *id, store_each_fn each, void *context);
int sqlite_upload_part(struct store *base, struct store_upload *upload, struct bulla_bytes piece);
int sqlite_upload_read(struct store *base, const struct store_upload *upload, uint8_t **content);
int sqlite_upload_forget(struct store *base, const char *id, bool record_too);

/* sqlite_small.c */
int sqlite_session_put(struct store *base, const struct session *session, const struct audit *audit);
int sqlite_session_get(struct store *base, const char *id, struct session *out);
int sqlite_session_drop(struct store *base, const char *id, const struct audit *audit);
int sqlite_sessions(struct store *base, const char *user, bool keys, store_each_fn each, void *context);
int sqlite_answer_claim(struct store *base, const char *key, const char *claim, int64_t now_ms);
int sqlite_answer_release(struct store *base, const char *key, const char *claim);
int sqlite_answer_put(struct store *base, const char *key, int status, const char *body, int64_t now_ms);
int sqlite_answer_get(struct store *base, const char *key, int *status, char **body);
int sqlite_seals_unknown(struct store *base, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                         uint64_t *n);
int sqlite_seal_forget(struct store *base, const char *id);
int sqlite_setting_put(struct store *base, const char *name, const char *value);
int sqlite_setting_make(struct store *base, const char *name, const char *value);
int sqlite_setting_get(struct store *base, const char *name, char *value, size_t size);
int sqlite_damage_put(struct store *base, const struct store_damage *rows, size_t n);
int sqlite_damages(struct store *base, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context);

/* sqlite_tracks.c */
int sqlite_history_drop(struct store *base, int64_t before_ms, uint64_t *rows);
int sqlite_track_put(struct store *base, const struct store_track *tracks, size_t n);
int sqlite_track_list(struct store *base, const char *seal, int64_t from_ms, int64_t until_ms, store_track_fn each, void *context);
int sqlite_track_drop(struct store *base, int64_t before_ms, uint64_t *tracks);
int sqlite_track_due(struct store *base, const struct store_due_query *q, store_due_fn each, void *context);
int sqlite_track_size(struct store *base, struct store_track_size *out);

#endif
