/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/ruling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/rules/rule.h"

#define VALUE_MOST 1e6

static int by_id(const void *a, const void *b)
{
    const struct definition *x = a, *y = b;
    return strcmp(x->id, y->id);
}

struct ruling *ruling_new(const struct definition *definitions, size_t n)
{
    size_t on = 0;
    for (size_t i = 0; i < n; i++)
        on += definitions[i].on;
    struct ruling *r = calloc(1, sizeof *r + on * sizeof *r->definitions);
    if (!r)
        return NULL;
    r->users = 1;
    for (size_t i = 0; i < n && r->n < DEFINITIONS_ON_MAX; i++)
        if (definitions[i].on)
            r->definitions[r->n++] = definitions[i];
    if (r->n)
        qsort(r->definitions, r->n, sizeof *r->definitions, by_id); /* the order of the store is nothing that alarms go by */
    for (size_t i = 0; i < rules_count; i++)
        for (size_t p = 0; rules[i]->parameters[p].name; p++)
            r->value[rules[i]->kind][p] = rules[i]->parameters[p].value;
    return r;
}

bool ruling_set(struct ruling *r, const char *parameter, double value, char *why, size_t size)
{
    for (size_t i = 0; i < rules_count; i++) {
        const char *kind = alarm_kind_text(rules[i]->kind);
        size_t n = strlen(kind);
        if (strncmp(parameter, kind, n) != 0 || parameter[n] != '.')
            continue;
        for (size_t p = 0; rules[i]->parameters[p].name; p++) {
            if (strcmp(rules[i]->parameters[p].name, parameter + n + 1) != 0)
                continue;
            if (rules[i]->parameters[p].fixed) {
                snprintf(why, size, "%.60s: expected a parameter that can be set, got one that is the journey's or fixed", parameter);
                return false;
            }
            if (!(value >= 0 && value <= VALUE_MOST)) {
                snprintf(why, size, "%.60s: expected 0 to 1000000 %s, got %g", parameter, rules[i]->parameters[p].unit, value);
                return false;
            }
            r->value[rules[i]->kind][p] = value;
            r->set[rules[i]->kind][p] = true;
            return true;
        }
    }
    snprintf(why, size, "%.60s: expected a parameter of a rule, got one that no rule has", parameter);
    return false;
}

const struct ruling *ruling_hold(const struct ruling *ruling)
{
    ((struct ruling *)(uintptr_t)ruling)->users++;
    return ruling;
}

void ruling_free(const struct ruling *ruling)
{
    struct ruling *r = (struct ruling *)(uintptr_t)ruling;
    if (r && --r->users == 0)
        free(r);
}

const struct definition *ruling_find(const struct ruling *ruling, const char *id)
{
    for (size_t i = 0; i < ruling->n; i++)
        if (strcmp(ruling->definitions[i].id, id) == 0)
            return &ruling->definitions[i];
    return NULL;
}
