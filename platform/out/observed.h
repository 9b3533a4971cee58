/* SPDX-License-Identifier: Apache-2.0
 *
 * Observations as the interface shows them, and the span in which a journey's count.
 */
#ifndef OUT_OBSERVED_H
#define OUT_OBSERVED_H

#include "platform/out/page.h"

/* Bytes as hex, as printable text, and their number. */
json_t *out_observed_raw(struct bulla_bytes raw);

/* ObservationDetail: the observation, its message, and what was read out of it, line by line. */
json_t *out_observed_detail(const struct bulla_observation *o, struct bulla_bytes raw);

/* Event time, or arrival when the device did not tell one. */
int64_t out_observed_time(const struct bulla_observation *o);

/* From sealing (or entering, if that was earlier) to the end of supervision or now. */
void out_observed_span(const struct journey *j, int64_t now_ms, int64_t *from_ms, int64_t *until_ms);

/* Query parameters from and until within a span: a carrier's user cannot leave it, others may. */
bool out_observed_read_span(struct out_request *r, int64_t *from_ms, int64_t *until_ms);

#endif
