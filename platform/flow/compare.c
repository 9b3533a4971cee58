/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries that come later are newer, whatever their clocks say. */
static bool is_newer(const struct flow_statement *a, const struct flow_statement *b)
{
    return a->number != b->number ? a->number > b->number : a > b;
}

const struct flow_statement *flow_declared(const struct flow_dossier *d, enum flow_field field)
{
    const struct flow_statement *best = NULL;
    for (size_t i = 0; i < d->n_statements; i++) {
        const struct flow_statement *s = &d->statements[i];
        if (s->field != field || s->source > FLOW_DECLARED_LAST)
            continue;
        if (!best || s->source < best->source || (s->source == best->source && is_newer(s, best)))
            best = s;
    }
    return best;
}

/* Whether the same source has corrected itself in the same visit. */
static bool is_corrected(const struct flow_dossier *d, const struct flow_statement *s)
{
    for (size_t i = 0; i < d->n_statements; i++) {
        const struct flow_statement *t = &d->statements[i];
        if (t != s && t->field == s->field && t->source == s->source && t->visit == s->visit && is_newer(t, s))
            return true;
    }
    return false;
}

bool flow_compare(const struct flow_dossier *d, enum flow_field field, unsigned visit, struct flow_compared *out)
{
    *out = (struct flow_compared){.field = field, .equal = -1, .declared = flow_declared(d, field)};
    for (size_t i = d->n_statements; i-- > 0 && out->n_others < FLOW_OTHERS_MAX;) {
        const struct flow_statement *s = &d->statements[i];
        bool own = out->declared && s->source == out->declared->source; /* what it corrected, or was corrected by */
        if (s->field != field || own || (visit && s->visit != visit) || is_corrected(d, s))
            continue;
        int equal = out->declared ? flow_field_same(field, out->declared->value, s->value) : -1;
        out->others[out->n_others].said = s;
        out->others[out->n_others++].equal = equal;
        if (equal >= 0)
            out->equal = equal && out->equal != 0;
    }
    return out->declared || out->n_others;
}

static bool is_explained(const struct flow_dossier *d, unsigned visit)
{
    const struct flow_visit *v = flow_visit_get(d, visit);
    for (int i = 0; v && i < FLOW_STEPS_MAX && v->procedure->steps[i]; i++) {
        const struct flow_act *act = flow_act_of(d, visit, i);
        if (act && act->outcome == FLOW_DONE && (v->procedure->steps[i]->writes & FLOW_BIT(ADDRESSED)))
            return true;
    }
    return false;
}

unsigned flow_differences(const struct flow_dossier *d)
{
    unsigned n = 0;
    for (unsigned f = 0; f < FLOW_FIELDS; f++) {
        struct flow_compared c;
        bool differs = false;
        if (!flow_field_is_compared((enum flow_field)f) || !flow_compare(d, (enum flow_field)f, 0, &c))
            continue;
        for (size_t i = 0; i < c.n_others; i++)
            differs |= c.others[i].equal == 0 && !is_explained(d, c.others[i].said->visit);
        n += differs;
    }
    return n;
}

/* --- declarations --- */

static bool lacks(char *why, const char *field, const char *expected)
{
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s, got nothing", field, expected);
    return false;
}

static bool weights_fit(const char *net, const char *gross, const char *field, char *why)
{
    if (strtod(net, NULL) <= strtod(gross, NULL))
        return true;
    bool is_net = strcmp(field, "weight_kg") == 0;
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s %s kg, got %s", field,
             is_net ? "at most the gross weight of" : "at least the net weight of", is_net ? gross : net, is_net ? net : gross);
    return false;
}

bool flow_declaration_complete(const struct flow_dossier *d, char why[MODEL_WHY_SIZE])
{
    const struct flow_statement *net = flow_declared(d, FLOW_WEIGHT_KG), *gross = flow_declared(d, FLOW_GROSS_WEIGHT_KG);
    if (!flow_declared(d, FLOW_DECLARATION_NUMBER) && !flow_declared(d, FLOW_TRANSIT_DOCUMENT))
        return lacks(why, "declaration_number", "a declaration or transit document");
    if (!flow_declared(d, FLOW_GOODS) && !flow_declared(d, FLOW_HS_CODE) && json_array_size(d->goods) == 0)
        return lacks(why, "goods", "the goods");
    if (!flow_declared(d, FLOW_CONTAINER) && !flow_declared(d, FLOW_PLATE) && !flow_declared(d, FLOW_TRAIN) &&
        !flow_declared(d, FLOW_VESSEL))
        return lacks(why, "container", "a container or a vehicle");
    return !net || !gross || weights_fit(net->value, gross->value, "weight_kg", why);
}

bool flow_statement_fits(const struct flow_dossier *d, enum flow_field field, const char *value, enum flow_source source,
                         char why[MODEL_WHY_SIZE])
{
    const struct flow_statement *other = NULL;
    if (source > FLOW_DECLARED_LAST || (field != FLOW_WEIGHT_KG && field != FLOW_GROSS_WEIGHT_KG))
        return true;
    for (size_t i = 0; i < d->n_statements; i++) {
        const struct flow_statement *s = &d->statements[i];
        if (s->source == source && s->field == (field == FLOW_WEIGHT_KG ? FLOW_GROSS_WEIGHT_KG : FLOW_WEIGHT_KG) &&
            (!other || is_newer(s, other)))
            other = s;
    }
    if (!other)
        return true;
    return field == FLOW_WEIGHT_KG ? weights_fit(value, other->value, "weight_kg", why)
                                   : weights_fit(other->value, value, "gross_weight_kg", why);
}

/* --- what belongs together --- */

static const struct {
    const char *text;
    enum flow_field one, other;
} pairs[FLOW_PAIRS] = {
#define X(name, text, one, other) {text, FLOW_##one, FLOW_##other},
    FLOW_PAIR_TABLE(X)
#undef X
};

const char *flow_pair_text(enum flow_pair pair)
{
    return pairs[pair].text;
}

/* By road a plate, by rail a train, by sea a vessel. */
static enum flow_field vehicle_of(const struct flow_dossier *d, enum flow_field field)
{
    if (field != FLOW_PLATE || flow_declared(d, FLOW_PLATE))
        return field;
    return flow_declared(d, FLOW_TRAIN) ? FLOW_TRAIN : flow_declared(d, FLOW_VESSEL) ? FLOW_VESSEL : FLOW_PLATE;
}

/* What a source says of a declaration may be its transit document, or the waybill that came with it. */
static bool is_said_of(const struct flow_statement *s, enum flow_field field)
{
    return s->field == field || (field == FLOW_DECLARATION_NUMBER && (s->field == FLOW_TRANSIT_DOCUMENT || s->field == FLOW_WAYBILL));
}

static bool is_declared(const struct flow_dossier *d, enum flow_field field)
{
    return flow_declared(d, field) ||
           (field == FLOW_DECLARATION_NUMBER && (flow_declared(d, FLOW_TRANSIT_DOCUMENT) || flow_declared(d, FLOW_WAYBILL)));
}

/* What the newest word of each source says of a field, as bits of those that agree with the declared value and those that do not. */
static void weigh(const struct flow_dossier *d, enum flow_field field, unsigned *agree, unsigned *deny)
{
    for (size_t i = 0; i < d->n_statements; i++) {
        const struct flow_statement *s = &d->statements[i], *declared = flow_declared(d, s->field);
        if (!is_said_of(s, field) || !declared || is_corrected(d, s) || (s->source == declared->source && s != declared))
            continue;
        *(flow_field_same(s->field, declared->value, s->value) ? agree : deny) |= 1u << s->source;
    }
}

void flow_bind(const struct flow_dossier *d, enum flow_pair pair, struct flow_bound *out)
{
    enum flow_field one = vehicle_of(d, pairs[pair].one), other = vehicle_of(d, pairs[pair].other);
    unsigned agree_one = 0, agree_other = 0, deny = 0;
    *out = (struct flow_bound){.agrees = -1};
    out->exists = is_declared(d, one) && is_declared(d, other);
    weigh(d, one, &agree_one, &deny);
    weigh(d, other, &agree_other, &deny);
    out->sources = agree_one & agree_other; /* who has said both */
    unsigned independent = (unsigned)__builtin_popcount(out->sources & ~((1u << (FLOW_DECLARED_LAST + 1)) - 1)) +
                           ((out->sources & ((1u << (FLOW_DECLARED_LAST + 1)) - 1)) != 0);
    out->agrees = deny ? 0 : independent >= 2 ? 1 : -1;
    snprintf(out->why, sizeof out->why, "%s",
             !out->exists       ? "one of the two is not known"
             : deny             ? "a source says otherwise: see the comparison"
             : independent >= 2 ? "two independent sources say the same"
                                : "only one independent source has said both");
}

bool flow_is_bound(const struct flow_dossier *d, char why[MODEL_WHY_SIZE])
{
    bool bound = false;
    for (unsigned p = 0; p < FLOW_PAIRS; p++) {
        struct flow_bound b;
        flow_bind(d, (enum flow_pair)p, &b);
        if (b.exists && b.agrees == 0) {
            snprintf(why, MODEL_WHY_SIZE, "%s: %.120s", pairs[p].text, b.why);
            return false;
        }
        bound |= b.exists && b.agrees == 1;
    }
    if (!bound)
        snprintf(why, MODEL_WHY_SIZE, "only one independent source has said which container, vehicle and declaration belong together");
    return bound;
}
