/* SPDX-License-Identifier: Apache-2.0
 *
 * The records as data: for each kind its table, its fields (where they lie in the struct, how they are stored) and what
 * its list can be filtered by. A back end makes its SQL from these and moves the values by them; nothing here knows one.
 *
 * A stored field is a column of the same name. Arrays and places are JSON text in their column.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "platform/store/store.h"

#include <jansson.h>

enum record_kind {
    RECORD_TEXT,  /* char[size] */
    RECORD_INT,   /* int32_t, uint32_t, int or an enum */
    RECORD_LONG,  /* int64_t */
    RECORD_BOOL,  /* bool */
    RECORD_REAL,  /* double; NAN is NULL */
    RECORD_TEXTS, /* char[most][size], size_t count */
    RECORD_ONE,   /* a struct with fields of its own */
    RECORD_MANY,  /* an array of such, size_t count */
    RECORD_ROUTE, /* struct route: bytes, lat and lon of each point as little-endian doubles */
};

struct record_field {
    const char *name;
    enum record_kind kind;
    size_t offset, size;               /* of the member; of one element for arrays */
    size_t count, most;                /* arrays: offset of the count, elements there is room for */
    const struct record_field *fields; /* ONE and MANY; a NULL name ends them */
};

struct record_filter {             /* one member of store_query that this list understands */
    size_t offset;                 /* of the member, a text unless `from` says otherwise */
    const char *where;             /* SQL; each `?` is the value */
    int (*from)(const char *text); /* text -> stored number; NULL: the text itself */
    const char *open;              /* SQL without `?` for the text "open" */
};

struct record_table {
    const char *name;                       /* of the table */
    const char *noun;                       /* for sentences */
    const struct record_field *fields;      /* the first is the id; a NULL name ends them */
    size_t size;                            /* of the struct */
    size_t version;                         /* offset */
    size_t time;                            /* offset of the time that orders the list; RECORD_NONE: order of entry */
    const char *also_columns, *also_values; /* SQL: columns set at insertion from other tables; each `?` is `also` */
    size_t also;                            /* offset of a text */
    const struct record_filter *filters;    /* a NULL `where` ends them */
};
#define RECORD_NONE SIZE_MAX

extern const struct record_table record_journey, record_alarm, record_seal, record_station, record_party, record_user, record_command,
    record_audit, record_paper, record_entry, record_upload, record_rule, record_rule_version;
extern const struct record_field record_permission_fields[], record_session_fields[], record_file_fields[];
/* What rules know of an alarm, in the order of the parameters of each back end's FOUND. */
extern const struct record_field record_found_fields[];

/* The list's filters that the query sets but the table does not have are refused: a filter that is passed over would
 * show what was not asked for. NULL when all is well, else the member's name. */
const char *record_query_unknown(const struct record_table *table, const struct store_query *q);

/* --- pages of a list (record_page.c) --- */
#define RECORD_POSITION_BITS 20 /* a position is the record's time in ms times 2^20, and what tells apart those of one ms */
struct record_page {
    int64_t from, until; /* positions, inclusive */
    unsigned limit;      /* 1 .. 1000 */
};
/* The page that a query asks for; STORE_FAILED: a filter that the table does not have, an `after` that no page gave. */
int record_page_read(const struct record_table *table, const struct store_query *q, struct record_page *out);
/* Where the page after one that ends with this position begins. */
void record_page_next(char next[120], int64_t last);
/* The first position of a time; times before 1970 and beyond 2^42 ms count as those. */
int64_t record_position(int64_t time_ms);
bool record_filter_is_set(const struct record_filter *filter, const struct store_query *q);
/* Of UTF-8: characters, not bytes. Words of one or two are searched for as beginnings, longer ones anywhere. */
size_t record_characters(const char *word, size_t n);

/* The JSON text of a TEXTS, ONE or MANY field, heap; NULL: out of memory. */
char *record_field_encode(const struct record_field *field, const void *record);
/* Fills the field from such text. False: it is not such text; the field is then empty. */
bool record_field_decode(const struct record_field *field, const char *text, void *record);

/* RECORD_ROUTE both ways. encode: heap bytes of *n; decode: fills a struct route whose corridor it leaves. */
uint8_t *record_route_encode(const struct route *route, size_t *n);
bool record_route_decode(struct bulla_bytes bytes, struct route *route);

#endif
