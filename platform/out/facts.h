/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a journey for its risk and for the decision at its end: gathered from the store and the live state, without judging.
 */
#ifndef OUT_FACTS_H
#define OUT_FACTS_H

#include "platform/flow/decide.h"
#include "platform/out/papers.h"

/* False: the store failed, answered. */
bool out_facts_risk(struct out_request *r, const struct journey *j, struct risk_input *out);
bool out_facts_decide(struct out_request *r, const struct journey *j, const struct risk *risk, struct decide_input *out);

/* What the dossier adds, when there is one (flow_facts.c): goods, differences, skipped steps, readings. False: answered. */
bool out_flow_add_risk(struct out_request *r, const struct journey *j, struct risk_input *risk);
bool out_flow_add_decide(struct out_request *r, const struct journey *j, struct decide_input *in);

/* The decision that stands, as it was written, with its paper; NULL: none yet. */
json_t *out_decision_standing(struct out_request *r, const char *journey, struct paper *p);
/* What the rules propose from these inputs, whose risk was scored by that version of its policy: the same score in the proposal and in the
 * reasons. The caller owns it. */
json_t *out_decision_proposal(struct out_request *r, const struct decide_input *in, int64_t risk_policy);
/* Whether a person may decide so: against the proposal, or a second time, only with a reason. False: answered. */
bool out_decision_fits(struct out_request *r, const struct journey *j, const char *decision, const char *reason);
/* Writes it, in the place of the one before. NULL: answered. */
json_t *out_decision_take(struct out_request *r, const struct journey *j, const char *decision, const char *reason);

json_t *out_risk_json(const struct risk *risk, int64_t policy);

#endif
