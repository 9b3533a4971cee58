/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts: the named conditions that steps of a procedure need and write (WCO 8). Some are written by acts, once in a visit or once in the
 * dossier; the others are looked up outside, in what seals say, in alarms, papers and files: struct flow_facts is all that the pure
 * functions of this folder know of that.
 */
#ifndef FLOW_FACTS_H
#define FLOW_FACTS_H

#include "platform/flow/decide.h"

/* clang-format off */
/* name, text, where it holds, why it does not.
 * VISIT: written by an act, for its visit. JOURNEY: written by an act, for good. LOOKED_UP: flow_facts.c says. */
#define FLOW_FACT_TABLE(X) \
    X(DECLARATION, "declaration", LOOKED_UP, "what is declared is not complete") \
    X(EXPORT_DECLARED, "export-declaration", JOURNEY, "the export declaration is not complete") \
    X(ENTERED, "data-entered", JOURNEY, "vehicle, cargo, driver and declaration are not entered") \
    X(CHECKED, "declaration-checked", JOURNEY, "the check of the declaration has no outcome") \
    X(BINDING, "binding", LOOKED_UP, "seal, container, vehicle and declaration are not bound") \
    X(WRITTEN, "seal-written", JOURNEY, "the seal is not written") \
    X(PAPERS, "papers", LOOKED_UP, "no document or image of this journey is on the platform") \
    X(KEPT, "documents-stored", JOURNEY, "documents and images are not in the seal and on the platform") \
    X(LOCKED, "locked", JOURNEY, "the seal is not hung and locked") \
    X(ORDERED, "seal-ordered", JOURNEY, "sealing was not ordered") \
    X(SEALED, "sealed", LOOKED_UP, "the seal has not confirmed that it is locked") \
    X(PERMIT, "exit-permit", JOURNEY, "there is no exit permit") \
    X(SENT, "pre-advice-sent", JOURNEY, "the transit declaration was not sent") \
    X(DEPARTED, "departed", JOURNEY, "it has not departed") \
    X(PRE_ADVICE, "pre-advice", LOOKED_UP, "this office does not hold the transit declaration") \
    X(CLEARED, "cleared", VISIT, "it was not cleared before arrival") \
    X(ARRIVED, "arrived", VISIT, "it has not arrived") \
    X(STORED, "in-warehouse", VISIT, "it is not in the warehouse") \
    X(READ, "seal-read", VISIT, "the seal was not read") \
    X(VERIFIED, "verified", VISIT, "it was not found to agree with the declaration") \
    X(SUSPECTED, "suspected", VISIT, "nothing is suspected") \
    X(ADDRESSED, "suspicion-closed", VISIT, "the suspicion is not closed") \
    X(RELEASED, "released", VISIT, "it is not released") \
    X(DISCHARGED, "discharged", JOURNEY, "the transit document is not discharged") \
    X(UNSEALED, "unsealed", VISIT, "the seal is not taken off") \
    X(RECOVERED, "recovered", VISIT, "the seal is not recovered") \
    X(RECOGNISED, "recognised", VISIT, "the result is not recorded for mutual recognition") \
    X(SUPERVISED, "supervision", LOOKED_UP, "no position or state has come in since departure") \
    X(ALARM, "alarm", LOOKED_UP, "no alarm to check was raised") \
    X(DISPATCHED, "dispatched", LOOKED_UP, "nobody was sent, and the destination was not told") \
    X(REPORTED, "patrol-report", LOOKED_UP, "the patrol has not reported") \
    X(HANDLED, "alarms-handled", LOOKED_UP, "alarms are open")
/* clang-format on */
#define X(name, text, where, why) FLOW_FACT_##name,
enum flow_fact { FLOW_FACT_TABLE(X) FLOW_FACTS };
#undef X
enum flow_where { FLOW_LOOKED_UP, FLOW_VISIT, FLOW_JOURNEY };
#define FLOW_BIT(fact) (UINT64_C(1) << FLOW_FACT_##fact)

const char *flow_fact_text(enum flow_fact fact);
enum flow_where flow_fact_where(enum flow_fact fact);
const char *flow_fact_why_not(enum flow_fact fact);

/* What is known outside of the dossier. */
struct flow_facts {
    struct decide_input decide; /* alarms open by grade, risk, integrity, lock, supervision, differences, skipped */
    enum journey_state state;
    bool imported;   /* what was done before came in another platform's file */
    bool lock_known; /* seals of the journey say what they are; otherwise the act of locking is the word */
    bool lock_sealed;
    int64_t sealed_ms;   /* since when, BULLA_TIME_NONE */
    char lock_why[120];  /* why lock_sealed is false, in words; "" : as the table says */
    bool heard;          /* a seal has spoken since departure */
    unsigned raised;     /* alarms of grade 2 and 3 that were ever raised and not found false */
    unsigned open;       /* of them, not resolved */
    unsigned dispatched; /* of them, dispatched or beyond; and tasks given */
    unsigned reported;   /* tasks that are reported or closed */
    unsigned files, files_in_seal;
};

#endif
