/* SPDX-License-Identifier: Apache-2.0
 *
 * The dossier of a journey over HTTP: read from the store and folded, what is known outside of it, one more entry, as JSON. What the
 * handlers of dossiers, steps, statements, files and pre-advices share.
 */
#ifndef OUT_DOSSIERS_H
#define OUT_DOSSIERS_H

#include "platform/flow/machine.h"
#include "platform/out/papers.h"

struct out_dossier {
    struct journey *j;
    struct flow_dossier *d;
    struct flow_facts facts;
    struct risk risk;
    int64_t risk_policy;
    json_t *documents; /* Document of openapi.yaml */
    json_t *decision;  /* the one that stands; NULL: none */
};

/* The journey of the request's {id}, its dossier and what is known. False: answered (404 until it is opened). */
bool out_dossier_load(struct out_request *r, struct out_dossier *x);
void out_dossier_free(struct out_dossier *x);

/* Only what was written: *d is NULL when it is not opened. False: the store failed, answered. */
bool out_dossier_read(struct out_request *r, const struct journey *j, struct flow_dossier **d);

/* Writes the next entry and takes it into x->d. False: answered; of two at once the second hears who was first. */
bool out_dossier_append(struct out_request *r, struct out_dossier *x, enum entry_kind kind, json_t *body /* taken */, const char *action);

/* If-Match against the version: false, with 409 and what was done since. */
bool out_dossier_match(struct out_request *r, const struct out_dossier *x);

/* As it is now; facts are looked up again. */
void out_dossier_answer(struct out_request *r, struct out_dossier *x, int status);
json_t *out_dossier_json(struct out_request *r, const struct out_dossier *x);
json_t *out_visit_json(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v);
json_t *out_comparison_json(struct out_request *r, const struct flow_dossier *d, unsigned visit);
bool out_documents(struct out_request *r, const char *journey, const struct flow_dossier *d, json_t **out);

/* What the facts say anew (flow_facts.c). False: answered. */
bool out_flow_facts(struct out_request *r, struct out_dossier *x);
bool out_flow_risk(struct out_request *r, struct out_dossier *x); /* looks back over a year: for answers */

/* --- effects (flow_effects.c) --- */

/* Before an act is written: whether what follows from it can be done. False: answered. */
bool out_act_can(struct out_request *r, const struct out_dossier *x, const struct flow_visit *v, int step, const json_t *values);
/* After: the journey's state, commands, papers, observations. What fails is said in the log and can be done by hand. */
void out_act_done(struct out_request *r, struct out_dossier *x, const struct flow_act *act);
void out_visit_opened(struct out_request *r, struct out_dossier *x, const struct flow_visit *v);
/* A value that differs from what was declared, or agrees again, is told as an observation of the seal. */
void out_statement_told(struct out_request *r, struct out_dossier *x, enum flow_field field, const char *value, enum flow_source source,
                        const char *station);
/* Brings the journey's record into the state that follows from the dossier. */
void out_journey_follows(struct out_request *r, struct out_dossier *x);

#endif
