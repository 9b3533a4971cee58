// SPDX-License-Identifier: Apache-2.0
// Seal records that nobody entered: counted, and forgotten.

#include "platform/store/pg_records.h"

/* Version 1: as the platform made it. */
#define UNTOUCHED "life = $1 AND version = 1 AND journey = '' AND NOT EXISTS (SELECT 1 FROM journey_seal WHERE journey_seal.seal = seal.id)"

int pg_seals_unknown(struct store *base, int64_t before_ms, unsigned limit, void (*each)(void *context, const char *id), void *context,
                     uint64_t *n)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params life = {.n = 0}, old = {.n = 0};
    struct pg_conn *conn = NULL;
    int outcome = pg_read_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_int(&life, SEAL_LIFE_UNREGISTERED);
    pg_param_int(&old, SEAL_LIFE_UNREGISTERED);
    pg_param_long(&old, record_position(before_ms));
    pg_param_long(&old, limit);
    PGresult *count = pg_run(conn, "SELECT count(*) FROM seal WHERE life = $1", &life, "counting unknown seals");
    PGresult *r = count ? pg_run(conn, "SELECT id FROM seal WHERE " UNTOUCHED " AND position < $2 ORDER BY position LIMIT $3", &old,
                                 "reading unknown seals")
                        : NULL;
    outcome = r ? 0 : store_outcome();
    pg_read_end(store, conn);
    for (int i = 0; r && i < PQntuples(r); i++) {
        each(context, pg_text(r, i, 0));
    }
    if (!outcome) {
        *n = (uint64_t)pg_long(count, 0, 0);
    }
    PQclear(count);
    PQclear(r);
    return outcome;
}

int pg_seal_forget(struct store *base, const char *id)
{
    struct store_pg *store = store_pg_of(base);
    struct pg_params p = {.n = 0};
    struct pg_conn *conn = NULL;
    long changed = 0;
    int outcome = pg_write_begin(store, &conn);
    if (outcome) {
        return outcome;
    }
    pg_param_int(&p, SEAL_LIFE_UNREGISTERED);
    pg_param_text(&p, id);
    outcome = pg_do(conn, "DELETE FROM seal WHERE " UNTOUCHED " AND id = $2", &p, "forgetting a seal", &changed);
    if (!outcome && changed == 0) {
        outcome = store_fail(STORE_NOT_FOUND, "seal %s is none that may be forgotten", id);
    }
    return pg_write_end(store, conn, outcome, NULL);
}
