/* SPDX-License-Identifier: Apache-2.0
 * The deeds that scenes are made of: each is a step of a script (trip_acts.c, trip_everyday.c). */
#ifndef SIM_TRIP_ACTS_H
#define SIM_TRIP_ACTS_H

#include "sim/trip_internal.h"

enum trip_way { TRIP_BY_FORCE, TRIP_BY_CARD, TRIP_SLOWLY };

#define TRIP_ACT(name) void trip_act_##name(struct trip_run *run, const struct trip_step *step)
TRIP_ACT(open); /* number: enum trip_way */
TRIP_ACT(pull); /* what was unlocked is now open */
TRIP_ACT(close);
TRIP_ACT(cut);
TRIP_ACT(cover);
TRIP_ACT(body);     /* number: the event */
TRIP_ACT(sense);    /* number: bits of events at a lorry that stands */
TRIP_ACT(light);    /* light that stays */
TRIP_ACT(refused);  /* number: of the attempt, text: the password's stand-in */
TRIP_ACT(stranger); /* a card that the seal does not know */
TRIP_ACT(silence);  /* number: minutes without network */
TRIP_ACT(bag);      /* number: minutes without network and sky */
TRIP_ACT(die);
TRIP_ACT(motor);
TRIP_ACT(fault);
TRIP_ACT(mended);
TRIP_ACT(jam);    /* number: minutes */
TRIP_ACT(leap);   /* number: minutes */
TRIP_ACT(freeze); /* number: minutes */
TRIP_ACT(drag);   /* number: minutes */
TRIP_ACT(clock);  /* number: ms */
TRIP_ACT(clock_fixed);
TRIP_ACT(clock_drift);
TRIP_ACT(swap);
TRIP_ACT(stammer); /* a sensor fault of minutes */
TRIP_ACT(unwrap);
#undef TRIP_ACT

/* A device tells of something at once, if it is one that tells; the others are silent until their next report. */
struct bulla_observation *trip_tell(struct trip_run *run, int device, uint64_t events);
void trip_attempt(struct bulla_observation *o, const char *card, enum bulla_verdict verdict, enum bulla_reason reason);
void trip_set_seal(struct trip_device *d, enum bulla_seal_state seal);

#endif
