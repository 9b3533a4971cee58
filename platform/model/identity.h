/* SPDX-License-Identifier: Apache-2.0
 *
 * Identity of an observation: what makes the same message sent twice one observation.
 *
 * A digest of protocol, device, counter, event time and what was said; not of `stored` or of the arrival,
 * so that a record which a device sends live, and again from its memory, is one. Messages without a time
 * (heartbeats) repeat the same words for ever: for them the hour of arrival counts too, and without a
 * counter the arrival itself.
 */
#ifndef MODEL_IDENTITY_H
#define MODEL_IDENTITY_H

#include "bulla/observation.h"

struct identity; /* a digest context: one for each thread */

struct identity *identity_new(void);
void identity_free(struct identity *identity);

/* Fills o->id with 32 hexadecimal characters. received_ms must be set. */
void identity_name(struct identity *identity, struct bulla_observation *o);

#endif
