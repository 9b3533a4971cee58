// SPDX-License-Identifier: Apache-2.0
// Arrays and COPY in PostgreSQL's binary form.

#include "platform/store/pg_array.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPY_LONG = 1 << 18 };

void pg_buffer_free(struct pg_buffer *b)
{
    free(b->at);
    *b = (struct pg_buffer){0};
}

void pg_put(struct pg_buffer *b, const void *bytes, size_t n)
{
    if (b->size - b->n < n) {
        size_t size = (b->n + n) * 2;
        uint8_t *more = b->failed ? NULL : realloc(b->at, size);
        if (!more) {
            b->failed = true;
            return;
        }
        b->at = more;
        b->size = size;
    }
    if (n > 0) {
        memcpy(b->at + b->n, bytes, n);
        b->n += n;
    }
}

void pg_put_16(struct pg_buffer *b, uint16_t value)
{
    value = htobe16(value);
    pg_put(b, &value, sizeof value);
}

void pg_put_32(struct pg_buffer *b, uint32_t value)
{
    value = htobe32(value);
    pg_put(b, &value, sizeof value);
}

void pg_put_64(struct pg_buffer *b, uint64_t value)
{
    value = htobe64(value);
    pg_put(b, &value, sizeof value);
}

void pg_put_field(struct pg_buffer *b, const void *bytes, size_t n)
{
    pg_put_32(b, (uint32_t)n);
    pg_put(b, bytes, n);
}

void pg_put_null(struct pg_buffer *b)
{
    pg_put_32(b, UINT32_MAX);
}

void pg_put_int(struct pg_buffer *b, int32_t value)
{
    pg_put_32(b, sizeof value);
    pg_put_32(b, (uint32_t)value);
}

void pg_put_long(struct pg_buffer *b, int64_t value)
{
    pg_put_32(b, sizeof value);
    pg_put_64(b, (uint64_t)value);
}

void pg_array_begin(struct pg_buffer *b, enum pg_type element, size_t n)
{
    b->n = 0;
    pg_put_32(b, n > 0); /* dimensions */
    pg_put_32(b, 0);     /* no NULLs */
    pg_put_32(b, element);
    if (n > 0) {
        pg_put_32(b, (uint32_t)n);
        pg_put_32(b, 1); /* the first has number 1 */
    }
}

void pg_param_array(struct pg_params *p, enum pg_type array, const struct pg_buffer *b)
{
    pg_param_bytes(p, (struct bulla_bytes){b->at, b->n});
    p->types[p->n - 1] = array;
}

int pg_copy_begin(struct pg_conn *conn, const char *sql, struct pg_buffer *b, const char *doing)
{
    static const char HEAD[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* signature, flags, length of an extension */
    PGresult *r = PQexec(conn->handle, sql);
    if (PQresultStatus(r) != PGRES_COPY_IN) {
        return pg_fail(conn, r, doing);
    }
    PQclear(r);
    b->n = 0;
    pg_put(b, HEAD, 19);
    return 0;
}

void pg_copy_row(struct pg_buffer *b, unsigned fields)
{
    pg_put_16(b, (uint16_t)fields);
}

static int put_all(struct pg_conn *conn, struct pg_buffer *b, const char *doing)
{
    int done = PQputCopyData(conn->handle, (const char *)b->at, (int)b->n);
    b->n = 0;
    return done == 1 ? 0 : pg_fail(conn, NULL, doing);
}

int pg_copy_more(struct pg_conn *conn, struct pg_buffer *b, const char *doing)
{
    return b->n > COPY_LONG && !b->failed ? put_all(conn, b, doing) : 0;
}

/* The first result that tells of a failure; the others are read away. */
static PGresult *last_word(struct pg_conn *conn)
{
    PGresult *bad = NULL;
    PGresult *r = PQgetResult(conn->handle);
    bool some = r != NULL;
    for (; r; r = PQgetResult(conn->handle)) {
        if (PQresultStatus(r) != PGRES_COMMAND_OK && !bad) {
            bad = r;
        } else {
            PQclear(r);
        }
        if (PQstatus(conn->handle) == CONNECTION_BAD) {
            break;
        }
    }
    return bad ? bad : some ? NULL : PQmakeEmptyPGresult(conn->handle, PGRES_FATAL_ERROR);
}

int pg_copy_end(struct pg_conn *conn, struct pg_buffer *b, const char *doing, char state[6])
{
    pg_copy_row(b, UINT16_MAX);
    bool no_memory = b->failed;
    int outcome = no_memory ? 0 : put_all(conn, b, doing);
    int ended = PQputCopyEnd(conn->handle, no_memory ? "out of memory" : NULL);
    if (!outcome && ended != 1) {
        outcome = pg_fail(conn, NULL, doing);
    }
    PGresult *bad = last_word(conn);
    const char *found = bad ? PQresultErrorField(bad, PG_DIAG_SQLSTATE) : NULL;
    snprintf(state, 6, "%s", found ? found : "");
    if (no_memory) {
        PQclear(bad);
        return store_fail(STORE_FAILED, "%s: out of memory", doing);
    }
    if (bad && !outcome) {
        return pg_fail(conn, bad, doing);
    }
    PQclear(bad);
    return outcome;
}
