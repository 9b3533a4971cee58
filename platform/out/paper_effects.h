/* SPDX-License-Identifier: Apache-2.0
 *
 * What a paper does to the rest when it begins or takes a step: an alarm is dispatched, a seal goes back into stock, a lock may be opened.
 */
#ifndef OUT_PAPER_EFFECTS_H
#define OUT_PAPER_EFFECTS_H

#include "platform/out/papers.h"

/* Before it is written: whether what it names exists, and what follows from that. False: answered. */
bool paper_begins(struct out_request *r, struct paper *p);
/* After. What fails here is said in the log, and can be done by hand. */
void paper_began(struct out_request *r, const struct paper *p);

bool paper_steps(struct out_request *r, struct paper *p, enum paper_state from);
void paper_stepped(struct out_request *r, const struct paper *p, enum paper_state from);

#endif
