/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a journey for its risk and for the decision at its end: gathered from the store and the live state, without judging.
 */
#ifndef OUT_FACTS_H
#define OUT_FACTS_H

#include "platform/flow/decide.h"
#include "platform/out/page.h"

/* False: the store failed, answered. */
bool out_facts_risk(struct out_request *r, const struct journey *j, struct risk_input *out);
bool out_facts_decide(struct out_request *r, const struct journey *j, const struct risk *risk, struct decide_input *out);

json_t *out_risk_json(const struct risk *risk, int64_t policy);

#endif
