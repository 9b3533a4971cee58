/* SPDX-License-Identifier: Apache-2.0
 *
 * What was declared beside what others say (WCO 7.2, stations verify; 8, "consistent until the destination"), whether a declaration is
 * complete and without contradiction, and which seal, container, vehicle and declaration belong together by two independent sources. Pure.
 */
#ifndef FLOW_COMPARE_H
#define FLOW_COMPARE_H

#include "platform/flow/dossier.h"

#define FLOW_OTHERS_MAX 16

struct flow_compared {
    enum flow_field field;
    int equal;                             /* 1, 0; -1: not declared, or nobody else has said it */
    const struct flow_statement *declared; /* NULL: nobody */
    size_t n_others;                       /* of each source at each visit the newest, newest first */
    struct {
        const struct flow_statement *said;
        int equal;
    } others[FLOW_OTHERS_MAX];
};

/* What was declared: of the first of the declaring sources that said it, the newest. NULL: nobody. */
const struct flow_statement *flow_declared(const struct flow_dossier *d, enum flow_field field);

/* The comparison of one field. visit 0: all of them, else what was said in that one. False: nobody has said this field. */
bool flow_compare(const struct flow_dossier *d, enum flow_field field, unsigned visit, struct flow_compared *out);

/* Fields that differ now: what a source corrected does not count. In a visit whose suspicion is closed, what was said there is explained.
 */
unsigned flow_differences(const struct flow_dossier *d);

/* Whether enough is declared to be checked: a declaration or transit document, the goods, and a container or a vehicle; and whether it
 * holds together. False with why. */
bool flow_declaration_complete(const struct flow_dossier *d, char why[MODEL_WHY_SIZE]);

/* Whether a new value contradicts what the same kind of source has said (net over gross ...). False with "FIELD: expected E, got G". */
bool flow_statement_fits(const struct flow_dossier *d, enum flow_field field, const char *value, enum flow_source source,
                         char why[MODEL_WHY_SIZE]);

/* --- what belongs together --- */

#define FLOW_PAIR_TABLE(X)                                                                                                                 \
    X(SEAL_CONTAINER, "seal-container", SEAL_NUMBER, CONTAINER)                                                                            \
    X(SEAL_VEHICLE, "seal-vehicle", SEAL_NUMBER, PLATE) X(SEAL_DECLARATION, "seal-declaration", SEAL_NUMBER, DECLARATION_NUMBER)           \
        X(CONTAINER_DECLARATION, "container-declaration", CONTAINER, DECLARATION_NUMBER)                                                   \
            X(VEHICLE_DECLARATION, "vehicle-declaration", PLATE, DECLARATION_NUMBER)
#define X(name, text, one, other) FLOW_PAIR_##name,
enum flow_pair { FLOW_PAIR_TABLE(X) FLOW_PAIRS };
#undef X

struct flow_bound {
    bool exists;      /* the journey has both */
    int agrees;       /* 1: by two independent sources; 0: a source says otherwise; -1: fewer than two have said it */
    unsigned sources; /* bits of enum flow_source */
    char why[MODEL_WHY_SIZE];
};
void flow_bind(const struct flow_dossier *d, enum flow_pair pair, struct flow_bound *out);
const char *flow_pair_text(enum flow_pair pair);
/* No pair that exists is denied, and either the container or the vehicle is bound to the seal or the declaration by two sources. */
bool flow_is_bound(const struct flow_dossier *d, char why[MODEL_WHY_SIZE]);

#endif
