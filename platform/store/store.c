// SPDX-License-Identifier: Apache-2.0
// The port: finds the back end by the URL's scheme and passes every call on to its table.

#include "platform/store/store_backend.h"

#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_error[512];
static _Thread_local int last_outcome;

int store_fail(int outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    last_outcome = outcome;
    return outcome;
}

int store_outcome(void)
{
    return last_outcome;
}

const char *store_error(const struct store *store)
{
    (void)store;
    return last_error;
}

static const struct store_backend *find(const struct store_backend *const *backends, const char *url, size_t scheme)
{
    for (; *backends; backends++) {
        if (strlen((*backends)->scheme) == scheme && !strncmp((*backends)->scheme, url, scheme)) {
            return *backends;
        }
    }
    return NULL;
}

/* Where a password begins and ends: between the first colon of the user and the last @ (a password may have one in it that
 * should be %40), and after password= among the options. */
static bool find_password(const char *url, const char **from, const char **until)
{
    const char *name = strstr(url, "//"), *option = strstr(url, "password=");
    const char *at = name ? memrchr(name, '@', strlen(name)) : NULL;
    const char *colon = at ? memchr(name, ':', (size_t)(at - name)) : NULL;
    if (colon) {
        *from = colon + 1;
        *until = at;
        return true;
    }
    if (option) {
        *from = option + strlen("password=");
        *until = *from + strcspn(*from, "&");
    }
    return option != NULL;
}

void store_url_show(const char *url, char *out, size_t size)
{
    const char *from, *until;
    size_t used = 0;
    out[0] = '\0';
    while (used < size && find_password(url, &from, &until)) {
        used += (size_t)snprintf(out + used, size - used, "%.*s***", (int)(from - url), url);
        url = until;
    }
    if (used < size) {
        snprintf(out + used, size - used, "%s", url);
    }
}

struct store *store_open(const struct store_backend *const *backends, const char *url, char *why, size_t size)
{
    const char *colon = strchr(url, ':');
    const struct store_backend *backend = colon ? find(backends, url, (size_t)(colon - url)) : NULL;
    if (!backend) {
        char shown[200];
        store_url_show(url, shown, sizeof shown);
        snprintf(why, size, "store: expected a URL like sqlite:DIRECTORY or postgres://USER@HOST:PORT/DATABASE, got %s", shown);
        return NULL;
    }
    struct store *store = backend->open(colon + 1, why, size);
    if (store) {
        store->backend = backend;
    }
    return store;
}

void store_close(struct store *store)
{
    if (store) {
        store->backend->close(store);
    }
}

const char *store_recovery(const struct store *store)
{
    return store->backend->recovery(store);
}

int store_append(struct store *store, struct store_row *rows, size_t n)
{
    return store->backend->append(store, rows, n);
}

int store_damage_put(struct store *store, const struct store_damage *rows, size_t n)
{
    return store->backend->damage_put(store, rows, n);
}

int store_observations(struct store *store, const char *seal, int64_t from_ms, int64_t until_ms, size_t limit, store_observation_fn each,
                       void *context)
{
    return store->backend->observations(store, seal, from_ms, until_ms, limit, each, context);
}

int store_observation_get(struct store *store, const char *id, store_observation_fn each, void *context)
{
    return store->backend->observation_get(store, id, each, context);
}

int store_latest(struct store *store, store_observation_fn each, void *context)
{
    return store->backend->latest(store, each, context);
}

int store_damages(struct store *store, unsigned limit, void (*each)(void *context, const struct store_damage *damage), void *context)
{
    return store->backend->damages(store, limit, each, context);
}

int store_history_drop(struct store *store, int64_t before_ms, uint64_t *rows)
{
    return store->backend->history_drop(store, before_ms, rows);
}

int store_journey_put(struct store *store, struct journey *journey, const struct audit *audit)
{
    return store->backend->journey_put(store, journey, audit);
}

int store_journey_get(struct store *store, const char *id, struct journey **out)
{
    return store->backend->journey_get(store, id, out);
}

int store_journeys(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->journeys(store, q, each, context, next);
}

int store_permission_add(struct store *store, const char *journey, const struct permission *permission, const struct audit *audit)
{
    return store->backend->permission_add(store, journey, permission, audit);
}

int store_alarm_found(struct store *store, const struct alarm *alarms, size_t n)
{
    return store->backend->alarm_found(store, alarms, n);
}

int store_alarm_put(struct store *store, struct alarm *alarm, const struct audit *audit)
{
    return store->backend->alarm_put(store, alarm, audit);
}

int store_alarm_get(struct store *store, const char *id, struct alarm *out)
{
    return store->backend->alarm_get(store, id, out);
}

int store_alarms(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->alarms(store, q, each, context, next);
}

static int check_digest(const struct store_file *file, struct bulla_bytes content)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char text[2 * SHA256_DIGEST_LENGTH + 1];
    SHA256(content.at, content.len, digest);
    bulla_hex_put(text, digest, sizeof digest);
    text[sizeof text - 1] = '\0';
    return strcmp(text, file->id) == 0 ? 0 : store_fail(STORE_FAILED, "id: expected the file's SHA-256 %s, got %s", text, file->id);
}

int store_file_put(struct store *store, const struct store_file *file, struct bulla_bytes content, const struct audit *audit)
{
    int outcome = check_digest(file, content);
    return outcome ? outcome : store->backend->file_put(store, file, content, audit);
}

int store_file_get(struct store *store, const char *id, struct store_file *out, uint8_t **content)
{
    return store->backend->file_get(store, id, out, content);
}

int store_files(struct store *store, enum store_owner of, const char *id, store_each_fn each, void *context)
{
    return store->backend->files(store, of, id, each, context);
}

int store_upload_put(struct store *store, struct store_upload *upload, const struct audit *audit)
{
    return store->backend->upload_put(store, upload, audit);
}

int store_upload_get(struct store *store, const char *id, struct store_upload *out)
{
    return store->backend->upload_get(store, id, out);
}

int store_uploads(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->uploads(store, q, each, context, next);
}

int store_upload_part(struct store *store, struct store_upload *upload, struct bulla_bytes piece)
{
    return store->backend->upload_part(store, upload, piece);
}

int store_upload_read(struct store *store, const struct store_upload *upload, uint8_t **content)
{
    return store->backend->upload_read(store, upload, content);
}

int store_upload_forget(struct store *store, const char *id, bool record_too)
{
    return store->backend->upload_forget(store, id, record_too);
}

int store_entry_put(struct store *store, struct dossier_entry *entry, const struct audit *audit)
{
    return store->backend->entry_put(store, entry, audit);
}

int store_entry_get(struct store *store, const char *id, struct dossier_entry *out)
{
    return store->backend->entry_get(store, id, out);
}

int store_entries(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->entries(store, q, each, context, next);
}

int store_seal_put(struct store *store, struct seal *seal, const struct audit *audit)
{
    return store->backend->seal_put(store, seal, audit);
}

int store_seal_get(struct store *store, const char *id, struct seal *out)
{
    return store->backend->seal_get(store, id, out);
}

int store_seals_unknown(struct store *store, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                        uint64_t *n)
{
    return store->backend->seals_unknown(store, before_ms, limit, each, context, n);
}

int store_seal_forget(struct store *store, const char *id)
{
    return store->backend->seal_forget(store, id);
}

int store_seals(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->seals(store, q, each, context, next);
}

int store_station_put(struct store *store, struct station *station, const struct audit *audit)
{
    return store->backend->station_put(store, station, audit);
}

int store_station_get(struct store *store, const char *id, struct station *out)
{
    return store->backend->station_get(store, id, out);
}

int store_stations(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->stations(store, q, each, context, next);
}

int store_paper_put(struct store *store, struct paper *paper, const struct audit *audit)
{
    return store->backend->paper_put(store, paper, audit);
}

int store_paper_get(struct store *store, const char *id, struct paper *out)
{
    return store->backend->paper_get(store, id, out);
}

int store_papers(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->papers(store, q, each, context, next);
}

int store_rule_put(struct store *store, struct definition *definition, const struct audit *audit)
{
    return store->backend->rule_put(store, definition, audit);
}

int store_rule_get(struct store *store, const char *id, struct definition *out)
{
    return store->backend->rule_get(store, id, out);
}

int store_rules(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->rules(store, q, each, context, next);
}

int store_rule_versions(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->rule_versions(store, q, each, context, next);
}

int store_party_put(struct store *store, struct party *party, const struct audit *audit)
{
    return store->backend->party_put(store, party, audit);
}

int store_party_get(struct store *store, const char *id, struct party *out)
{
    return store->backend->party_get(store, id, out);
}

int store_parties(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->parties(store, q, each, context, next);
}

int store_user_put(struct store *store, struct user *user, const struct audit *audit)
{
    return store->backend->user_put(store, user, audit);
}

int store_user_get(struct store *store, const char *id, struct user *out)
{
    return store->backend->user_get(store, id, out);
}

int store_user_by_name(struct store *store, const char *name, struct user *out)
{
    return store->backend->user_by_name(store, name, out);
}

int store_users(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->users(store, q, each, context, next);
}

int store_session_put(struct store *store, const struct session *session, const struct audit *audit)
{
    return store->backend->session_put(store, session, audit);
}

int store_session_get(struct store *store, const char *id, struct session *out)
{
    return store->backend->session_get(store, id, out);
}

int store_session_drop(struct store *store, const char *id, const struct audit *audit)
{
    return store->backend->session_drop(store, id, audit);
}

int store_sessions(struct store *store, const char *user, bool keys, store_each_fn each, void *context)
{
    return store->backend->sessions(store, user, keys, each, context);
}

int store_command_put(struct store *store, struct command *command, const struct audit *audit)
{
    return store->backend->command_put(store, command, audit);
}

int store_command_order(struct store *store, struct command *command, const struct permission *permission, const struct audit *audit)
{
    return store->backend->command_order(store, command, permission, audit);
}

int store_command_get(struct store *store, const char *id, struct command *out)
{
    return store->backend->command_get(store, id, out);
}

int store_commands(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->commands(store, q, each, context, next);
}

int store_audit_add(struct store *store, const struct audit *audit)
{
    return store->backend->audit_add(store, audit);
}

int store_audits(struct store *store, const struct store_query *q, store_each_fn each, void *context, char next[120])
{
    return store->backend->audits(store, q, each, context, next);
}

static _Thread_local struct store_carried carried;

int store_answer_claim(struct store *store, const char *key, const char *claim, int64_t now_ms)
{
    return store->backend->answer_claim(store, key, claim, now_ms);
}

void store_answer_carry(const char *key, const char *claim)
{
    carried = (struct store_carried){key, claim};
}

const struct store_carried *store_carried(void)
{
    return &carried;
}

int store_answer_release(struct store *store, const char *key, const char *claim)
{
    return store->backend->answer_release(store, key, claim);
}

int store_answer_put(struct store *store, const char *key, int status, const char *body, int64_t now_ms)
{
    return store->backend->answer_put(store, key, status, body, now_ms);
}

int store_answer_get(struct store *store, const char *key, int *status, char **body)
{
    return store->backend->answer_get(store, key, status, body);
}

int store_setting_put(struct store *store, const char *name, const char *value)
{
    return store->backend->setting_put(store, name, value);
}

int store_setting_get(struct store *store, const char *name, char *value, size_t size)
{
    return store->backend->setting_get(store, name, value, size);
}

int store_setting_fix(struct store *store, const char *name, const char *wanted, char *value, size_t size)
{
    int outcome = store->backend->setting_get(store, name, value, size);
    if (outcome == STORE_NOT_FOUND) {
        outcome = store->backend->setting_make(store, name, wanted);
        outcome = outcome < 0 ? outcome : store->backend->setting_get(store, name, value, size);
    }
    return outcome;
}
