/* SPDX-License-Identifier: Apache-2.0
 *
 * The dossier of a journey, folded from its entries: visits (one stay at a station in one stage), acts (a step done by somebody),
 * statements (one source says that a field has a value). Pure: no entry is ever taken back; a correction is a newer one.
 *
 * Bodies of entries:
 *   opened     {"scope", "class", "mode", "shared_platform", "goods": [...], "station"}
 *   visit      {"stage", "station"}                        its number is the next one
 *   act        {"visit", "step", "outcome", "values": {}, "source", "reason", "files": []}     outcome "skipped" too
 *   statement  {"field", "value", "source", "station", "time", "visit", "files": []}
 */
#ifndef FLOW_DOSSIER_H
#define FLOW_DOSSIER_H

#include "platform/flow/catalogue.h"
#include "platform/model/entry.h"

#define FLOW_VISITS_MAX  64
#define FLOW_ENTRIES_MAX 4000 /* of one dossier; more are refused */

/* clang-format off */
#define FLOW_OUTCOME_TABLE(X) X(DONE, 1, "done") X(FOUND_CLEAN, 2, "clean") X(FOUND_SUSPECT, 3, "suspect") X(REFUSED, 4, "refused") X(SKIPPED, 5, "skipped")
/* Who says it. Declared ones by rank: the first that has said a field is what was declared. `of` tells which are independent of each other. */
#define FLOW_SOURCE_TABLE(X) \
    X(DECLARATION, 1, "declaration") X(TRANSIT_DOCUMENT, 2, "transit-document") X(MANIFEST, 3, "manifest") X(WAYBILL, 4, "waybill") \
    X(REGISTRATION, 5, "registration") X(CARRIER, 6, "carrier") X(SEAL, 7, "seal") X(READER, 8, "reader") X(WEIGHBRIDGE, 9, "weighbridge") \
    X(ANPR, 10, "anpr") X(OFFICER, 11, "officer") X(IMAGE, 12, "image") X(X_RAY, 13, "x-ray")
/* clang-format on */
#define X(name, number, text) FLOW_##name = number,
enum flow_outcome { FLOW_OUTCOME_TABLE(X) };
#undef X
#define X(name, number, text) FLOW_SAID_##name = number,
enum flow_source { FLOW_SOURCE_TABLE(X) };
#undef X
#define FLOW_DECLARED_LAST FLOW_SAID_WAYBILL /* sources up to here are declarations */

struct flow_visit {
    unsigned number;
    enum flow_stage stage;
    const struct flow_procedure *procedure;
    char station[MODEL_ID_SIZE];
    int64_t opened_ms;
    bool imported;
};

struct flow_act {
    unsigned visit;
    int step; /* in the visit's procedure */
    enum flow_outcome outcome;
    enum flow_source source;
    int64_t number, time_ms;
    char user[MODEL_ID_SIZE], user_name[120], reason[200];
    json_t *values, *files;
    bool imported;
};

struct flow_statement {
    enum flow_field field;
    enum flow_source source;
    char value[FLOW_VALUE_SIZE], station[MODEL_ID_SIZE], user[MODEL_ID_SIZE], user_name[120];
    unsigned visit;          /* 0: none */
    int64_t number, time_ms; /* number 0: from the record of the journey */
    json_t *files;           /* NULL: none */
};

struct flow_dossier {
    char journey[MODEL_ID_SIZE];
    enum flow_scope scope;
    enum flow_class class_;
    enum flow_mode mode;
    bool shared; /* the offices on the way see this platform */
    int64_t opened_ms, version;
    json_t *goods;
    struct flow_visit visits[FLOW_VISITS_MAX];
    size_t n_visits;
    struct flow_act *acts;
    size_t n_acts, room_acts;
    struct flow_statement *statements;
    size_t n_statements, room_statements;
};

struct flow_dossier *flow_dossier_new(void);
void flow_dossier_free(struct flow_dossier *d); /* NULL is fine */

/* Adds the next entry, in order of number. False: it does not fit what is there, with why; the dossier is as it was. */
bool flow_dossier_add(struct flow_dossier *d, const struct dossier_entry *entry, char why[MODEL_WHY_SIZE]);

/* What the record of the journey itself declares: reference, vehicle, containers, seals, driver, cargo. Before the entries. */
bool flow_dossier_add_record(struct flow_dossier *d, const struct journey *j);

/* A decision that was taken elsewhere (a paper) stands for the step "decide" of the destination, unless that was done. */
void flow_dossier_add_decision(struct flow_dossier *d, bool inspect, int64_t time_ms, const char *user);

const struct flow_visit *flow_visit_get(const struct flow_dossier *d, unsigned number); /* NULL: none */
/* The last act of a step that was not a refusal; NULL: none. */
const struct flow_act *flow_act_of(const struct flow_dossier *d, unsigned visit, int step);
/* The last act of a step, refusals too. */
const struct flow_act *flow_act_last(const struct flow_dossier *d, unsigned visit, int step);
static inline const struct flow_step *flow_act_step(const struct flow_dossier *d, const struct flow_act *act)
{
    return d->visits[act->visit - 1].procedure->steps[act->step];
}

const char *flow_outcome_text(unsigned value);
int flow_outcome_from(const char *text);
const char *flow_source_text(unsigned value);
int flow_source_from(const char *text);

#endif
