/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/duty.h"

#include <stdio.h>
#include <string.h>

const char *duty_text(unsigned value)
{
    switch (value) {
#define X(name, number, text)                                                                                                              \
    case number:                                                                                                                           \
        return text;
        FLOW_DUTY_TABLE(X)
#undef X
    default:
        return "";
    }
}

static bool is_listed(const json_t *policy, const struct duty_goods *goods)
{
    return policy_lists(policy, "hs", goods->hs) || policy_lists(policy, "un", goods->un);
}

static bool phase_holds(const json_t *phase, const struct duty_goods *goods, enum journey_mode mode, int64_t at_ms)
{
    const char *phase_mode = json_string_value(json_object_get(phase, "mode"));
    bool any_mode = !phase_mode || strcmp(phase_mode, "any") == 0 || journey_mode_from(phase_mode) == (int)mode;
    bool any_goods = json_array_size(json_object_get(phase, "hs")) == 0 || policy_lists(phase, "hs", goods->hs);
    return any_mode && any_goods && bulla_time_get(json_string_value(json_object_get(phase, "from"))) <= at_ms;
}

static bool wants_active(const json_t *of)
{
    const char *class_ = json_string_value(json_object_get(of, "class"));
    return class_ && strcmp(class_, "active") == 0;
}

static void say(struct duty *out, enum duty_kind kind, const json_t *by, const char *start, const char *goods, const char *end)
{
    out->kind = kind;
    out->active = kind == DUTY_COMPULSORY && wants_active(by);
    snprintf(out->why, sizeof out->why, "%s%.40s%.80s%s", start, goods, end, out->active ? ", by an active seal" : "");
}

void duty_of(const struct duty_policies *policies, const struct duty_goods *goods, enum journey_mode mode, int64_t at_ms, struct duty *out)
{
    const char *name = goods->hs[0] ? goods->hs : goods->un;
    char since[80];
    size_t i;
    json_t *phase;
    if (is_listed(policies->excepted, goods)) {
        say(out, DUTY_EXCEPTED, NULL, "goods ", name, " are excepted from sealing");
        return;
    }
    if (is_listed(policies->compulsory, goods)) {
        say(out, DUTY_COMPULSORY, policies->compulsory, "goods ", name, " must be sealed");
        return;
    }
    json_array_foreach(json_object_get(policies->phasing, "phases"), i, phase)
    {
        if (!phase_holds(phase, goods, mode, at_ms))
            continue;
        snprintf(since, sizeof since, " since %.30s", json_string_value(json_object_get(phase, "from")));
        say(out, DUTY_COMPULSORY, phase, "sealing is compulsory by ", journey_mode_text(mode), since);
        return;
    }
    say(out, DUTY_NONE, NULL, "no rule asks for a seal", "", "");
}

static const char *text_of(const json_t *goods, const char *member)
{
    const char *text = json_string_value(json_object_get(goods, member));
    return text ? text : "";
}

void duty_of_all(const struct duty_policies *policies, const json_t *goods, enum journey_mode mode, int64_t at_ms, struct duty *out)
{
    size_t i;
    json_t *one;
    if (json_array_size(goods) == 0) {
        duty_of(policies, &(struct duty_goods){"", ""}, mode, at_ms, out);
        return;
    }
    json_array_foreach((json_t *)(uintptr_t)goods, i, one)
    {
        struct duty d;
        duty_of(policies, &(struct duty_goods){text_of(one, "hs"), text_of(one, "un")}, mode, at_ms, &d);
        bool graver = d.kind == DUTY_COMPULSORY ? out->kind != DUTY_COMPULSORY || (d.active && !out->active)
                                                : d.kind == DUTY_NONE && out->kind == DUTY_EXCEPTED;
        if (i == 0 || graver)
            *out = d;
    }
}
