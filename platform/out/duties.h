/* SPDX-License-Identifier: Apache-2.0
 *
 * The duty to seal over HTTP: the three policies as they hold, and what they say of goods and journeys.
 */
#ifndef OUT_DUTIES_H
#define OUT_DUTIES_H

#include "platform/flow/duty.h"
#include "platform/out/dossiers.h"

struct out_duties {
    json_t *bodies[3]; /* excepted, compulsory, phasing; in the order of out_duty_policies */
    int64_t numbers[3];
};
extern const char *const out_duty_policies[3];

void out_duties_load(struct out_request *r, struct out_duties *d);
void out_duties_free(struct out_duties *d);

/* {"duty", "class", "why", "policies": {name: version}}. */
json_t *out_duty_json(const struct out_duties *d, const struct duty *duty);
/* What holds for these goods, by the policies as they are now. */
json_t *out_duty_of_goods(struct out_request *r, const json_t *goods, enum journey_mode mode, int64_t at_ms, struct duty *duty);

/* Of a dossier: of the goods that it was opened with, and of what is declared since. */
json_t *out_duty_of_dossier(struct out_request *r, const struct out_dossier *x, struct duty *duty);

#endif
