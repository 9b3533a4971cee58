/* SPDX-License-Identifier: Apache-2.0
 *
 * Memo: what is asked of the store again and again and changes seldom, remembered for a short while of the machine's time: policies, and
 * what a year of journeys says about a carrier, a vehicle and a route. Any thread.
 */
#ifndef OUT_MEMO_H
#define OUT_MEMO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MEMO_POLICY_MS 1000  /* another node may have written one; who writes one here forgets at once */
#define MEMO_PAST_MS   30000 /* journeys of a year: one more changes no score by much */
#define MEMO_KEY_SIZE  512
#define MEMO_PASTS     1024 /* journeys that are remembered; another takes the place of the one whose digest it shares */

struct memo;

struct memo *memo_new(void); /* NULL: out of memory */
void memo_free(struct memo *memo);

/* The body of a policy (new reference) and its number; NULL: not remembered, and *age says what to keep it under. */
json_t *memo_policy(struct memo *memo, const char *name, int64_t now_ms, int64_t *number, uint64_t *age);
/* What the store said; passed over when policies were forgotten since memo_policy() was asked. */
void memo_policy_keep(struct memo *memo, const char *name, int64_t now_ms, const json_t *body, int64_t number, uint64_t age);
void memo_policy_forget(struct memo *memo);

struct memo_past {
    unsigned carrier_journeys, carrier_violations, vehicle_violations, route_journeys, route_violations;
};
/* key: of the journey, its carrier, vehicle and places; of whatever the answer depends on. */
bool memo_past(struct memo *memo, const char *key, int64_t now_ms, struct memo_past *out);
void memo_past_keep(struct memo *memo, const char *key, int64_t now_ms, const struct memo_past *past);

#endif
