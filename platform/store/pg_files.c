// SPDX-License-Identifier: Apache-2.0
// Files that people attach to alarms, journeys and tasks, whole or in pieces.

#include "platform/store/pg_records.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS "id, alarm, journey, task, name, type, \"user\", added_ms, size, kind, about, in_seal"

/* What it belongs to must exist. */
static const char INSERT[] =
    "INSERT INTO file (" COLUMNS ") SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bigint, $9::bigint, "
    "$10::text, $11::text, $12::boolean WHERE ($2 = '' OR EXISTS (SELECT 1 FROM alarm WHERE id = $2)) AND ($3 = '' OR EXISTS (SELECT 1 "
    "FROM journey WHERE id = $3)) AND ($4 = '' OR EXISTS (SELECT 1 FROM paper WHERE id = $4))";

static int write_file(struct pg_conn *conn, const struct store_file *file, struct bulla_bytes content)
{
    struct pg_params p = {.n = 0}, q = {.n = 0};
    struct pg_owned owned = {.n = 0};
    long changed = 0;
    pg_param_text(&p, file->id);
    pg_param_bytes(&p, content);
    int outcome = pg_do(conn, "INSERT INTO file_content (id, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", &p, "writing a file", NULL);
    outcome = outcome ? outcome : pg_fields_add(&q, &owned, record_file_fields, file);
    outcome = outcome ? outcome : pg_do(conn, INSERT, &q, "writing a file", &changed);
    pg_owned_free(&owned);
    if (outcome && !strcmp(conn->state, "23505")) {
        return store_fail(STORE_CONFLICT, "this file is there already");
    }
    return !outcome && changed == 0
               ? store_fail(STORE_NOT_FOUND, "what the file belongs to does not exist: %s%s%s", file->alarm, file->journey, file->task)
               : outcome;
}

int pg_file_put(struct store *base, const struct store_file *file, struct bulla_bytes content, const struct audit *audit)
{
    struct store_pg *store = store_pg_of(base);
    struct store_file sized = *file;
    struct pg_conn *conn = NULL;
    sized.size = content.len;
    int outcome = pg_write_begin(store, &conn);
    return outcome ? outcome : pg_write_end(store, conn, write_file(conn, &sized, content), audit);
}

static int copy_content(struct bulla_bytes bytes, uint8_t **out)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (!copy) {
        return store_fail(STORE_FAILED, "reading a file: out of memory");
    }
    memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = 0;
    *out = copy;
    return 0;
}

int pg_file_get(struct store *base, const char *id, struct store_file *out, uint8_t **content)
{
    struct store_pg *store = store_pg_of(base);
    struct store_file file = {.size = 0};
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, id);
    PGresult *r = pg_run(conn,
                         "SELECT file.id, alarm, journey, task, name, type, \"user\", added_ms, size, kind, about, in_seal, bytes FROM "
                         "file JOIN file_content ON "
                         "file_content.id = file.id WHERE file.id = $1 ORDER BY number LIMIT 1",
                         &p, "reading a file");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    if (!outcome && PQntuples(r) == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "file %s does not exist", id);
    }
    outcome = outcome ? outcome : pg_fields_read(r, 0, 0, record_file_fields, &file);
    outcome = outcome ? outcome : copy_content(pg_bytes(r, 0, 12), content);
    if (!outcome) {
        *out = file;
    }
    PQclear(r);
    return outcome;
}

int pg_files(struct store *base, enum store_owner of, const char *id, store_each_fn each, void *context)
{
    static const char *const SQL[] = {
        [STORE_OF_ALARM] = "SELECT " COLUMNS " FROM file WHERE alarm = $1 AND alarm <> '' ORDER BY number DESC",
        [STORE_OF_JOURNEY] = "SELECT " COLUMNS " FROM file WHERE journey = $1 AND journey <> '' ORDER BY number DESC",
        [STORE_OF_TASK] = "SELECT " COLUMNS " FROM file WHERE task = $1 AND task <> '' ORDER BY number DESC"};
    struct store_file file;
    return pg_each(store_pg_of(base), SQL[of], id, record_file_fields, &file, sizeof file, each, context);
}

/* --- in pieces --- */

int pg_upload_part(struct store *base, struct store_upload *upload, struct bulla_bytes piece)
{
    struct store_pg *store = store_pg_of(base);
    struct store_upload after = *upload;
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    after.arrived += (int64_t)piece.len;
    pg_param_text(&p, upload->id);
    pg_param_long(&p, upload->arrived);
    pg_param_bytes(&p, piece);
    outcome = pg_record_write(conn, &record_upload, &after, upload->version);
    outcome = outcome
                  ? outcome
                  : pg_do(conn, "INSERT INTO upload_part (upload, at, bytes) VALUES ($1, $2, $3)", &p, "writing a piece of a file", NULL);
    outcome = pg_write_end(store, conn, outcome, NULL);
    if (!outcome) {
        *upload = after;
        upload->version++;
    }
    return outcome;
}

static int gather(const PGresult *r, const struct store_upload *upload, uint8_t *to)
{
    int64_t at = 0;
    for (int row = 0; row < PQntuples(r); row++) {
        struct bulla_bytes bytes = pg_bytes(r, row, 0);
        if ((int64_t)bytes.len > upload->arrived - at) {
            break;
        }
        memcpy(to + at, bytes.at, bytes.len);
        at += (int64_t)bytes.len;
    }
    return at == upload->arrived ? 0
                                 : store_fail(STORE_FAILED, "upload %s: expected %lld bytes in its pieces, got %lld", upload->id,
                                              (long long)upload->arrived, (long long)at);
}

int pg_upload_read(struct store *base, const struct store_upload *upload, uint8_t **content)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, upload->id);
    PGresult *r = pg_run(conn, "SELECT bytes FROM upload_part WHERE upload = $1 ORDER BY at", &p, "reading a file's pieces");
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    uint8_t *to = outcome ? NULL : malloc((size_t)upload->arrived + 1);
    if (!outcome && !to) {
        outcome = store_fail(STORE_FAILED, "reading a file's pieces: out of memory");
    }
    outcome = outcome ? outcome : gather(r, upload, to);
    PQclear(r);
    if (outcome) {
        free(to);
    } else {
        *content = to;
    }
    return outcome;
}

int pg_upload_forget(struct store *base, const char *id, bool record_too)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_text(&p, id);
    outcome = pg_do(conn, "DELETE FROM upload_part WHERE upload = $1", &p, "forgetting an upload", NULL);
    if (!outcome && record_too) {
        outcome = pg_do(conn, "DELETE FROM upload WHERE id = $1", &p, "forgetting an upload", NULL);
    }
    return pg_write_end(store, conn, outcome, NULL);
}
