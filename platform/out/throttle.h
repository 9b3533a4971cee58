/* SPDX-License-Identifier: Apache-2.0
 *
 * Two brakes, in one table of fixed size (a full table forgets who was quiet longest):
 *   tries   wrong passwords of a name or an address: after the free ones, a delay that doubles
 *   rate    a token bucket for the requests of a session, key or address
 * The clock is an argument and never goes back. Any thread.
 */
#ifndef OUT_THROTTLE_H
#define OUT_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out_throttle;

struct out_throttle *out_throttle_new(size_t slots);
void out_throttle_free(struct out_throttle *throttle);

/* How long `who` must wait before the next try, 0: now. */
int64_t out_throttle_wait(struct out_throttle *throttle, const char *who, int64_t now_ms);
void out_throttle_failed(struct out_throttle *throttle, const char *who, unsigned free_tries, int64_t longest_ms, int64_t now_ms);
void out_throttle_passed(struct out_throttle *throttle, const char *who);

/* Takes a token; returns 0, or the ms until there is one. */
int64_t out_throttle_take(struct out_throttle *throttle, const char *who, double per_s, double burst, int64_t now_ms);

#endif
