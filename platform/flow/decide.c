/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/model/words.h"

#define GRADES    "grade-table"
#define AUTOMATIC "automatic-release"

#define X(name, number, text)                                                                                                              \
    case number:                                                                                                                           \
        return text;
const char *decide_lock_text(unsigned value)
{
    switch (value) {
        DECIDE_LOCK_TABLE(X)
    default:
        return "unknown";
    }
}

const char *decide_supervision_text(unsigned value)
{
    switch (value) {
        DECIDE_SUPERVISION_TABLE(X)
    default:
        return "unknown";
    }
}

const char *decide_integrity_text(unsigned value)
{
    switch (value) {
        DECIDE_INTEGRITY_TABLE(X)
    default:
        return "unknown";
    }
}
#undef X

__attribute__((format(printf, 2, 3))) static void reason(struct decided *d, const char *format, ...)
{
    if (d->n_reasons == DECIDE_REASONS_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(d->reasons[d->n_reasons++], sizeof d->reasons[0], format, args);
    va_end(args);
}

static void inspect_if(struct decided *d, bool inspect, const char *why)
{
    d->inspect |= inspect;
    reason(d, "%s: %s", why, inspect ? "inspect" : "release");
}

/* What the grade table says of the worst open alarm. */
static void judge_alarms(const struct decide_input *in, const json_t *grades, struct decided *d)
{
    static const char *const members[] = {"none", "inform", "check", "intervene"};
    char why[80];
    unsigned worst = 3;
    while (worst > 0 && in->open[worst] == 0)
        worst--;
    bool inspect = strcmp(policy_word(GRADES, grades, members[worst]), "inspect") == 0;
    if (worst == 0)
        snprintf(why, sizeof why, "no open alarm");
    else
        snprintf(why, sizeof why, "%u open alarm%s of grade %s", in->open[worst], in->open[worst] == 1 ? "" : "s", members[worst]);
    inspect_if(d, inspect, why);
    if (in->found_true)
        inspect_if(d, true, "an alarm of this journey was found true");
}

static void judge_risk(const struct decide_input *in, const json_t *grades, struct decided *d)
{
    char why[80];
    const char *member = in->risk.level == RISK_HIGH ? "high_risk" : in->risk.level == RISK_MEDIUM ? "medium_risk" : NULL;
    if (!in->risk_known)
        return;
    snprintf(why, sizeof why, "risk %d (%s)", in->risk.score, risk_level_text(in->risk.level));
    inspect_if(d, member && strcmp(policy_word(GRADES, grades, member), "inspect") == 0, why);
}

static void judge_seal(const struct decide_input *in, struct decided *d)
{
    if (in->integrity == DECIDE_INTEGRITY_VIOLATED)
        inspect_if(d, true, "the seal was violated");
    if (in->lock == DECIDE_LOCK_OPEN)
        inspect_if(d, true, "the lock is open");
    if (in->supervision == DECIDE_SUPERVISION_GAPS)
        inspect_if(d, true, "supervision has gaps");
    if (in->differences)
        inspect_if(d, true, "fields differ from the declaration");
    if (in->skipped)
        reason(d, "%u step%s skipped: no automatic release", in->skipped, in->skipped == 1 ? "" : "s");
}

static void note_missing(const struct decide_input *in, struct decided *d)
{
    const struct {
        bool known;
        const char *name;
    } inputs[] = {{in->risk_known, "risk"},
                  {in->lock != DECIDE_LOCK_UNKNOWN, "lock"},
                  {in->supervision != DECIDE_SUPERVISION_UNKNOWN, "supervision"},
                  {in->alarms_known, "alarms"},
                  {in->integrity != DECIDE_INTEGRITY_UNKNOWN, "integrity"}};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (!inputs[i].known)
            d->missing[d->n_missing++] = inputs[i].name;
}

/* An empty list allows all. */
static bool allows(const json_t *automatic, const char *member, const char *word)
{
    const json_t *list = json_object_get(automatic, member);
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item) if (strcmp(json_string_value(item), word) == 0) return true;
    return json_array_size(list) == 0;
}

static bool releases_itself(const struct decide_input *in, const json_t *automatic, const struct decided *d)
{
    return !d->inspect && d->n_missing == 0 && in->skipped == 0 && policy_flag(AUTOMATIC, automatic, "enabled") &&
           in->risk.score <= policy_number(AUTOMATIC, automatic, "risk_most") &&
           allows(automatic, "classes", seal_class_text(in->seal_class)) && allows(automatic, "modes", journey_mode_text(in->mode)) &&
           allows(automatic, "regimes", journey_regime_text(in->regime));
}

void decide(const struct decide_input *in, const json_t *grades, const json_t *automatic, struct decided *out)
{
    *out = (struct decided){.inspect = false};
    judge_alarms(in, grades, out);
    judge_risk(in, grades, out);
    judge_seal(in, out);
    note_missing(in, out);
    if (out->n_missing)
        reason(out, "not everything is known");
    out->may_release_itself = releases_itself(in, automatic, out);
}
