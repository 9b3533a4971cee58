/* SPDX-License-Identifier: Apache-2.0
 *
 * What the api_*.c handlers have in common: pages of lists, conditions on versions, audit entries, names.
 */
#ifndef OUT_PAGE_H
#define OUT_PAGE_H

#include "platform/out/access.h"
#include "platform/out/server.h"

/* --- lists --- */

/* Reads cursor, limit, search, from and until. False when one was wrong (answered). A carrier's user gets its party as
 * the carrier of the query; one without a party sees nothing. */
bool out_page_query(struct out_request *r, struct store_query *q);

/* Answers {"items": items, "next": ...} with the Link header. Takes items. */
void out_page_answer(struct out_request *r, json_t *items, const char *next);
/* The same beside other members of `body`, which is taken as well. */
void out_page_answer_in(struct out_request *r, json_t *body, json_t *items, const char *next);
void out_page_all(struct out_request *r, json_t *items); /* of a list without pages */

/* --- conditions --- */

/* If-Match against the version: false when it does not hold (answered 412). */
bool out_page_match(struct out_request *r, int64_t version);
/* If-None-Match: true when the client has that version already (answered 304). */
bool out_page_unchanged(struct out_request *r, int64_t version);

/* --- audit --- */

/* An entry by the user of the request; detail is taken, NULL: none. What does not fit is left out and said so. */
struct audit out_page_audit(const struct out_request *r, const char *action, const char *object, json_t *detail);
/* {"member": [before, after]} of the members that differ; borrows both. */
json_t *out_page_changes(const json_t *before, const json_t *after);

/* --- names --- */

/* A user's or party's name, JSON null when there is none; kept for the length of the request. */
json_t *out_page_user_name(struct out_request *r, const char *id);
json_t *out_page_party_name(struct out_request *r, const char *id);

/* Signs a user out everywhere; keys stay. */
int out_session_end_all(struct out_request *r, const char *user);

/* Commands as the interface shows them (api_commands.c): secrets hidden, the user's name beside the id. */
json_t *out_command_json(struct out_request *r, const struct command *c);
int out_command_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120]);

/* The same of alarms (api_alarms.c), reduced for carriers, those of others left out; and of files. */
json_t *out_alarm_json(struct out_request *r, const struct alarm *a);
int out_alarm_find(struct out_request *r, const struct store_query *q, json_t *items, char next[120]);
struct out_alarms {
    struct alarm *list;
    size_t n, room;
    json_t *seen;   /* journeys by id, and whether the user may know of them */
    json_t *policy; /* of escalation, once it was needed */
    bool failed;    /* out of memory: some are missing */
};
/* Adds a page of those that the user may know of; clear() when done, whatever came of it. */
int out_alarms_read(struct out_request *r, const struct store_query *q, struct out_alarms *to, char next[120]);
json_t *out_alarms_json(struct out_request *r, struct out_alarms *alarms, size_t at); /* with since when it waits */
void out_alarms_clear(struct out_alarms *alarms);
json_t *out_file_json(const struct store_file *f);
const char *out_file_type(const uint8_t *at, size_t n);             /* by its first bytes; NULL: of no kind that is kept */
bool out_file_whole(const char *type, const uint8_t *at, size_t n); /* by its structure (file_whole.c) */

/* Whether the journey, as it would be, can be supervised: seals that are free, times in order. False: answered (api_journeys.c). */
bool out_journey_can_be_supervised(struct out_request *r, const struct journey *j);
/* Sets a state with the times that go with it. */
void out_journey_enter(struct journey *j, enum journey_state to, int64_t now_ms);

/* An id given by a client: letters, digits and -_.:, not too long; or a new one when it gave none. */
bool out_page_new_id(struct out_request *r, char id[MODEL_ID_SIZE]);

#endif
