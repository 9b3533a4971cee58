/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/policy.h"

#include <stdio.h>
#include <string.h>

enum shape { NUMBER, WORD, FLAG, TEXTS, PHASES };

struct member {
    const char *policy, *name;
    enum shape shape;
    double low, high, number; /* NUMBER: range and default; FLAG: default */
    const char *words;        /* WORD: "|"-separated, the first is the default */
};

#define VERDICT      "release|inspect"
#define PLAN         "field-check|deployment|inform"
#define SEAL_CLASSES "any|active"

/* clang-format off */
static const struct member members[] = {
    {"grade-table", "none", WORD, .words = VERDICT}, {"grade-table", "inform", WORD, .words = VERDICT},
    {"grade-table", "check", WORD, .words = "inspect|release"}, {"grade-table", "intervene", WORD, .words = "inspect|release"},
    {"grade-table", "medium_risk", WORD, .words = VERDICT}, {"grade-table", "high_risk", WORD, .words = "inspect|release"},

    {"risk", "violation", NUMBER, 0, 100, 12}, {"risk", "violations_most", NUMBER, 0, 100, 40}, {"risk", "vehicle_violation", NUMBER, 0, 100, 10},
    {"risk", "unregistered", NUMBER, 0, 100, 15}, {"risk", "new_carrier", NUMBER, 0, 100, 8}, {"risk", "watched_goods", NUMBER, 0, 100, 20},
    {"risk", "dangerous_goods", NUMBER, 0, 100, 10}, {"risk", "cross_border", NUMBER, 0, 100, 5}, {"risk", "route", NUMBER, 0, 100, 20},
    {"risk", "alarm_inform", NUMBER, 0, 100, 4}, {"risk", "alarm_check", NUMBER, 0, 100, 15}, {"risk", "alarm_intervene", NUMBER, 0, 100, 45},
    {"risk", "difference", NUMBER, 0, 100, 15}, {"risk", "skipped_step", NUMBER, 0, 100, 20},
    {"risk", "medium_from", NUMBER, 1, 100, 30}, {"risk", "high_from", NUMBER, 1, 100, 60}, {"risk", "watched_hs", TEXTS},

    {"automatic-release", "enabled", FLAG, .number = 0}, {"automatic-release", "risk_most", NUMBER, 0, 100, 20},
    {"automatic-release", "classes", TEXTS}, {"automatic-release", "modes", TEXTS}, {"automatic-release", "regimes", TEXTS},

    {"goods-excepted", "hs", TEXTS}, {"goods-excepted", "un", TEXTS},
    {"goods-compulsory", "hs", TEXTS}, {"goods-compulsory", "un", TEXTS}, {"goods-compulsory", "class", WORD, .words = SEAL_CLASSES},
    {"phasing", "phases", PHASES},

    {"escalation", "intervene_minutes", NUMBER, 1, 1440, 5}, {"escalation", "check_minutes", NUMBER, 1, 1440, 20},
    {"escalation", "inform_minutes", NUMBER, 1, 10080, 240}, {"escalation", "accept_minutes", NUMBER, 1, 1440, 10},
    {"escalation", "arrive_minutes", NUMBER, 1, 10080, 90}, {"escalation", "close_minutes", NUMBER, 1, 10080, 480},

    {"registration", "required", FLAG, .number = 0},

    {"handling", "illegal_opening", WORD, .words = PLAN}, {"handling", "cable_cut", WORD, .words = PLAN}, {"handling", "body_destroyed", WORD, .words = PLAN},
    {"handling", "cover_opened", WORD, .words = PLAN}, {"handling", "tamper", WORD, .words = PLAN}, {"handling", "seal_missing", WORD, .words = PLAN},
    {"handling", "pairing_mismatch", WORD, .words = PLAN}, {"handling", "clone_suspected", WORD, .words = PLAN},
    {"handling", "spoofing_suspected", WORD, .words = PLAN}, {"handling", "abnormal_oil_volume", WORD, .words = PLAN},
    {"handling", "route_deviation", WORD, .words = PLAN}, {"handling", "illegal_stay", WORD, .words = PLAN},
    {"handling", "signal_lost", WORD, .words = PLAN}, {"handling", "jamming_suspected", WORD, .words = PLAN},
    {"handling", "data_mismatch", WORD, .words = "deployment|field-check|inform"}, {"handling", "others", WORD, .words = "inform|field-check|deployment"},
};
/* clang-format on */
#define N_MEMBERS (sizeof members / sizeof *members)

const char *const policy_names[] = {"grade-table", "risk",       "automatic-release", "goods-excepted", "goods-compulsory",
                                    "phasing",     "escalation", "registration",      "handling",       NULL};

bool policy_exists(const char *name)
{
    for (size_t i = 0; policy_names[i]; i++)
        if (strcmp(policy_names[i], name) == 0)
            return true;
    return false;
}

static const struct member *member_of(const char *policy, const char *name)
{
    for (size_t i = 0; i < N_MEMBERS; i++)
        if (strcmp(members[i].policy, policy) == 0 && strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

static json_t *default_of(const struct member *m)
{
    switch (m->shape) {
    case NUMBER:
        return json_integer((json_int_t)m->number);
    case FLAG:
        return json_boolean(m->number != 0);
    case WORD:
        return json_stringn(m->words, strcspn(m->words, "|"));
    default:
        return json_array();
    }
}

json_t *policy_default(const char *name)
{
    if (!policy_exists(name))
        return NULL;
    json_t *body = json_object();
    for (size_t i = 0; i < N_MEMBERS; i++)
        if (strcmp(members[i].policy, name) == 0)
            json_object_set_new(body, members[i].name, default_of(&members[i]));
    return body;
}

static bool refuse(char *why, const char *member, const char *expected, const json_t *got)
{
    char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s, got %.60s", member, expected, text ? text : "nothing");
    free(text);
    return false;
}

/* Whether `word` is one of "a|b|c". */
static bool is_one_of(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; at && *at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (n == strcspn(at, "|") && strncmp(at, word, n) == 0)
            return true;
    return false;
}

static bool all_texts(const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i,
                       item) if (!json_is_string(item) || json_string_length(item) == 0 || json_string_length(item) > 40) return false;
    return json_is_array(list);
}

/* [{"from": time, "mode": word or "any", "hs": [headings, or none for all], "class": "active", or any}] */
static bool all_phases(const json_t *list)
{
    size_t i;
    json_t *phase;
    json_array_foreach((json_t *)(uintptr_t)list, i, phase)
    {
        const char *from = json_string_value(json_object_get(phase, "from")), *mode = json_string_value(json_object_get(phase, "mode"));
        const json_t *hs = json_object_get(phase, "hs"), *class_ = json_object_get(phase, "class");
        if ((class_ && (!json_is_string(class_) || !is_one_of(SEAL_CLASSES, json_string_value(class_)))) || !from ||
            bulla_time_get(from) == BULLA_TIME_NONE || (mode && strcmp(mode, "any") != 0 && journey_mode_from(mode) < 0) ||
            (hs && !all_texts(hs)))
            return false;
    }
    return json_is_array(list);
}

static bool check_member(const struct member *m, const json_t *value, char *why)
{
    char expected[96];
    switch (m->shape) {
    case NUMBER:
        snprintf(expected, sizeof expected, "a number from %g to %g", m->low, m->high);
        return (json_is_number(value) && json_number_value(value) >= m->low && json_number_value(value) <= m->high) ||
               refuse(why, m->name, expected, value);
    case FLAG:
        return json_is_boolean(value) || refuse(why, m->name, "true or false", value);
    case WORD:
        snprintf(expected, sizeof expected, "one of %s", m->words);
        return (json_is_string(value) && is_one_of(m->words, json_string_value(value))) || refuse(why, m->name, expected, value);
    case TEXTS:
        return all_texts(value) || refuse(why, m->name, "a list of short texts", value);
    default:
        return all_phases(value) ||
               refuse(why, m->name, "a list of {from: a time, mode: a mode or any, hs: headings, class: any or active}", value);
    }
}

bool policy_check(const char *name, const json_t *body, char why[MODEL_WHY_SIZE])
{
    const char *key;
    json_t *value;
    if (!policy_exists(name))
        return refuse(why, "name", "the name of a policy", NULL);
    if (!json_is_object(body))
        return refuse(why, "body", "an object", body);
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        const struct member *m = member_of(name, key);
        if (!m)
            return refuse(why, key, "a member of this policy", value);
        if (!check_member(m, value, why))
            return false;
    }
    if (strcmp(name, "risk") == 0 && policy_number(name, body, "medium_from") >= policy_number(name, body, "high_from"))
        return refuse(why, "high_from", "more than medium_from", json_object_get(body, "high_from"));
    return true;
}

double policy_number(const char *name, const json_t *body, const char *member)
{
    const json_t *value = json_object_get(body, member);
    const struct member *m = member_of(name, member);
    return json_is_number(value) ? json_number_value(value) : m ? m->number : 0;
}

const char *policy_word(const char *name, const json_t *body, const char *member)
{
    static _Thread_local char word[40];
    const char *value = json_string_value(json_object_get(body, member));
    const struct member *m = member_of(name, member);
    if (!value && m && m->words) {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(m->words, "|"), m->words);
        return word;
    }
    return value ? value : "";
}

bool policy_flag(const char *name, const json_t *body, const char *member)
{
    const json_t *value = json_object_get(body, member);
    const struct member *m = member_of(name, member);
    return json_is_boolean(value) ? json_is_true(value) : m && m->number != 0;
}

/* HS codes are written with points or without. */
static bool begins(const char *code, const char *with)
{
    for (;; code++, with++) {
        code += strspn(code, ". ");
        with += strspn(with, ". ");
        if (!*with)
            return true;
        if (*code != *with)
            return false;
    }
}

bool policy_lists(const json_t *body, const char *member, const char *code)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, member), i, item)
    {
        const char *text = json_string_value(item);
        if (code[0] && text && begins(code, text))
            return true;
    }
    return false;
}
