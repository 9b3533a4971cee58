/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes for the server in its binary form: big-endian numbers, arrays, rows of COPY. A failure of memory is remembered: the
 * writer asks once at the end.
 */
#ifndef STORE_PG_ARRAY_H
#define STORE_PG_ARRAY_H

#include "platform/store/pg.h"

/* Type numbers of PostgreSQL's catalogue (pg_type.dat); they never change. */
enum pg_type {
    PG_TYPE_BYTEA = 17,
    PG_TYPE_LONG = 20,
    PG_TYPE_INT = 23,
    PG_TYPE_UUID = 2950,
    PG_TYPE_BYTEAS = 1001,
    PG_TYPE_INTS = 1007,
    PG_TYPE_LONGS = 1016,
    PG_TYPE_UUIDS = 2951,
};

struct pg_buffer {
    uint8_t *at; /* heap */
    size_t n, size;
    bool failed;
};

void pg_buffer_free(struct pg_buffer *b);
void pg_put(struct pg_buffer *b, const void *bytes, size_t n);
void pg_put_16(struct pg_buffer *b, uint16_t value);
void pg_put_32(struct pg_buffer *b, uint32_t value);
void pg_put_64(struct pg_buffer *b, uint64_t value);
/* A field: its length, then its bytes. */
void pg_put_field(struct pg_buffer *b, const void *bytes, size_t n);
void pg_put_null(struct pg_buffer *b);
void pg_put_int(struct pg_buffer *b, int32_t value);
void pg_put_long(struct pg_buffer *b, int64_t value);

/* An array's head; its n elements follow, each a field. Empties the buffer first. */
void pg_array_begin(struct pg_buffer *b, enum pg_type element, size_t n);
void pg_param_array(struct pg_params *p, enum pg_type array, const struct pg_buffer *b);

/* COPY ... FROM STDIN BINARY: begin, rows of so many fields, end. The buffer is sent when it is long. */
int pg_copy_begin(struct pg_conn *conn, const char *sql, struct pg_buffer *b, const char *doing);
void pg_copy_row(struct pg_buffer *b, unsigned fields);
int pg_copy_more(struct pg_conn *conn, struct pg_buffer *b, const char *doing);
/* state[6]: the SQLSTATE of a failure, else "". */
int pg_copy_end(struct pg_conn *conn, struct pg_buffer *b, const char *doing, char state[6]);

#endif
