/* SPDX-License-Identifier: Apache-2.0
 *
 * Who asks, whether they may, and what a carrier's user may know of.
 *
 * A request with a cookie that changes something must carry the session's token and come from our own pages
 * (Origin, Sec-Fetch-Site). A key does what its user may, within its scopes. What a carrier may not know of is
 * not there (404), never forbidden.
 */
#ifndef OUT_ACCESS_H
#define OUT_ACCESS_H

#include "platform/out/request.h"

#define OUT_COOKIE     "bulla_session"
#define OUT_KEY_PREFIX "bulla_"

/* Fills r->user and r->session; false when the request was answered with a problem instead. */
bool out_access_check(struct out_request *r);

/* Whether the session behind an open stream still stands. */
bool out_access_still(struct out *out, const struct session *session, int64_t now_ms);

/* True when the request comes from a page of ours, or from no page at all. */
bool out_access_same_site(const struct out_request *r);

bool out_access_is_carrier(const struct out_request *r);
bool out_access_sees_carrier(const struct out_request *r, const char *carrier); /* journeys of that party */

/* Each gets the record and checks that the user may know of it, or answers 404. */
bool out_access_journey(struct out_request *r, const char *id, struct journey **journey); /* journey_free() */
/* The journey that a seal is in now: open and not a draft. Writes "" when it is in none. */
void out_access_journey_of(struct out_request *r, const char *seal, char journey[MODEL_ID_SIZE]);
/* seal->journey is filled in. */
bool out_access_seal(struct out_request *r, const char *id, struct seal *seal);
bool out_access_alarm(struct out_request *r, const char *id, struct alarm *alarm);

/* A span of a session on the platform's clock: a training's day may be minutes long, and its people stay signed in for as long as
 * others. */
int64_t out_access_span(const struct out *out, int64_t span_ms);

#endif
