/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/machine.h"

#include <stdio.h>
#include <string.h>

#include "platform/model/words.h"

/* clang-format off */
const char *flow_state_text(unsigned value)
{
    static const struct model_word words[] = {FLOW_STATE_TABLE(MODEL_WORD)};
    return model_word_text(words, sizeof words / sizeof *words, value);
}
/* clang-format on */

/* What a skipped step never stands in for: these facts must be true. */
#define NEVER_WAIVED                                                                                                                       \
    (FLOW_BIT(VERIFIED) | FLOW_BIT(ADDRESSED) | FLOW_BIT(SUSPECTED) | FLOW_BIT(PERMIT) | FLOW_BIT(LOCKED) | FLOW_BIT(CHECKED) |            \
     FLOW_BIT(DISCHARGED))

/* --- facts --- */

/* What an act makes true. */
static uint64_t written(const struct flow_step *step, const struct flow_act *act)
{
    switch (act->outcome) {
    case FLOW_DONE:
    case FLOW_FOUND_CLEAN:
        return step->writes | step->done_by;
    case FLOW_FOUND_SUSPECT:
        return step->writes_suspect;
    case FLOW_SKIPPED: /* who skips reading the seal does not find it whole: then there is suspicion */
        return step->judges ? step->writes_suspect & FLOW_BIT(SUSPECTED) : step->writes & ~NEVER_WAIVED;
    default:
        return 0;
    }
}

static uint64_t of_journey(void)
{
    uint64_t bits = 0;
    for (unsigned f = 0; f < FLOW_FACTS; f++)
        if (flow_fact_where((enum flow_fact)f) == FLOW_JOURNEY)
            bits |= UINT64_C(1) << f;
    return bits;
}

static const struct flow_act *find_writer(const struct flow_dossier *d, uint64_t fact)
{
    for (size_t i = 0; i < d->n_acts; i++)
        if (written(flow_act_step(d, &d->acts[i]), &d->acts[i]) & fact)
            return &d->acts[i];
    return NULL;
}

/* A seal that cannot speak is sealed when the officer has locked it and read its number; one that speaks must say so itself, or the reader
 * that sealed it. */
static bool is_sealed(const struct flow_dossier *d, const struct flow_facts *facts, uint64_t acts)
{
    const struct flow_act *order = find_writer(d, FLOW_BIT(ORDERED));
    if (!(acts & FLOW_BIT(LOCKED)))
        return false;
    if (d->class_ == FLOW_PASSIVE)
        return true;
    const char *way = order ? json_string_value(json_object_get(order->values, "way")) : NULL;
    return order && (facts->lock_known ? facts->lock_sealed : way && strcmp(way, "reader") == 0);
}

/* Sent ahead over a platform that this office sees, or taken in from a file, before the journey came here. */
static bool is_advised(const struct flow_dossier *d, const struct flow_visit *visit)
{
    const struct flow_act *sent = find_writer(d, FLOW_BIT(SENT));
    return sent && (visit->imported || sent->imported || (d->shared && sent->time_ms <= visit->opened_ms));
}

static uint64_t looked_up(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, uint64_t acts)
{
    char why[MODEL_WHY_SIZE];
    const struct {
        uint64_t fact;
        bool holds;
    } table[] = {
        {FLOW_BIT(DECLARATION), flow_declaration_complete(d, why)},
        {FLOW_BIT(BINDING), flow_is_bound(d, why)},
        {FLOW_BIT(PAPERS), facts->files > 0},
        {FLOW_BIT(SEALED), is_sealed(d, facts, acts)},
        {FLOW_BIT(PRE_ADVICE), is_advised(d, visit)},
        {FLOW_BIT(SUPERVISED), facts->heard},
        {FLOW_BIT(ALARM), facts->raised > 0},
        {FLOW_BIT(DISPATCHED), facts->dispatched > 0},
        {FLOW_BIT(REPORTED), facts->reported > 0},
        {FLOW_BIT(HANDLED), facts->raised > 0 && facts->open == 0},
    };
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        bits |= table[i].holds ? table[i].fact : 0;
    return bits;
}

uint64_t flow_hold(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit)
{
    uint64_t acts = 0, journey = of_journey();
    for (size_t i = 0; i < d->n_acts; i++) {
        uint64_t bits = written(flow_act_step(d, &d->acts[i]), &d->acts[i]);
        acts |= d->acts[i].visit == visit->number ? bits : bits & journey;
    }
    return acts | looked_up(d, facts, visit, acts);
}

void flow_why_not(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, enum flow_fact fact,
                  char why[MODEL_WHY_SIZE])
{
    const struct flow_act *sent = find_writer(d, FLOW_BIT(SENT));
    snprintf(why, MODEL_WHY_SIZE, "%s", flow_fact_why_not(fact));
    if (fact == FLOW_FACT_DECLARATION)
        (void)flow_declaration_complete(d, why);
    else if (fact == FLOW_FACT_BINDING)
        (void)flow_is_bound(d, why);
    else if (fact == FLOW_FACT_SEALED && find_writer(d, FLOW_BIT(LOCKED)) && facts->lock_why[0])
        snprintf(why, MODEL_WHY_SIZE, "%s", facts->lock_why);
    else if (fact == FLOW_FACT_PRE_ADVICE && sent && !visit->imported)
        snprintf(why, MODEL_WHY_SIZE, "%s",
                 d->shared ? "the transit declaration was sent after it arrived"
                           : "this office does not see that platform: take in the file of its pre-advice");
}

/* --- one visit --- */

/* Whether a later visit has begun: what is open in this one stays so. */
static bool is_over(const struct flow_dossier *d, const struct flow_visit *visit)
{
    return visit->number < d->n_visits;
}

static enum flow_outcome automatic_outcome(const struct flow_dossier *d, const struct flow_visit *visit, const struct flow_step *step,
                                           uint64_t hold)
{
    if (step->done_by && (hold & step->done_by))
        return step->judges ? FLOW_FOUND_SUSPECT : FLOW_DONE;
    return step->judges && flow_step_is_automatic(step) && is_over(d, visit) ? FLOW_FOUND_CLEAN : (enum flow_outcome)0;
}

/* Whether the step belongs to the way that this journey goes: 1 yes, 0 no, -1 not known yet. */
static int applies(const struct flow_dossier *d, const struct flow_visit *visit, int at, const struct flow_visit_view *view)
{
    const struct flow_step *step = visit->procedure->steps[at];
    if ((step->when == FLOW_SHARED && !d->shared) || (step->when == FLOW_ALONE && d->shared))
        return 0;
    int judge = step->branch ? flow_step_judge(visit->procedure, at) : -1;
    if (judge < 0)
        return 1;
    const struct flow_step_view *j = &view->steps[judge];
    if (j->state == FLOW_STEP_IS_SKIPPED)
        return step->branch == FLOW_SUSPECT;
    if (j->state != FLOW_STEP_IS_DONE)
        return -1;
    return (step->branch == FLOW_SUSPECT) == (j->outcome == FLOW_FOUND_SUSPECT);
}

struct turn {
    bool open; /* a step that must be settled is not */
    bool complete;
};

/* A step that nobody has done and no fact has. */
static void look_open(const struct flow_dossier *d, const struct flow_visit *visit, int at, struct flow_visit_view *view, struct turn *turn)
{
    const struct flow_step *step = visit->procedure->steps[at];
    struct flow_step_view *s = &view->steps[at];
    int way = applies(d, visit, at, view);
    bool waits_for_nobody = step->optional || flow_step_is_automatic(step);
    s->state = way == 0 || (way < 0 && is_over(d, visit)) ? FLOW_STEP_IS_NOT_NEEDED : FLOW_STEP_IS_WAITING;
    s->in_turn = !turn->open && way == 1;
    if (way == 0 || waits_for_nobody)
        return;
    if (way == 1)
        turn->complete = false;
    if (s->in_turn && s->lacks == 0) {
        s->state = FLOW_STEP_IS_NEXT;
        view->next = at;
    } else if (s->in_turn) {
        view->blocked |= s->lacks;
    }
    turn->open |= way == 1;
}

static void look_at(const struct flow_dossier *d, const struct flow_visit *visit, int at, uint64_t hold, struct flow_visit_view *view,
                    struct turn *turn)
{
    const struct flow_step *step = visit->procedure->steps[at];
    struct flow_step_view *s = &view->steps[at];
    const struct flow_act *done = flow_act_of(d, visit->number, at);
    s->act = done ? done : flow_act_last(d, visit->number, at);
    s->lacks = step->needs & ~hold;
    s->outcome = done ? done->outcome : automatic_outcome(d, visit, step, hold);
    if (s->outcome == FLOW_SKIPPED) {
        s->state = FLOW_STEP_IS_SKIPPED;
        s->outcome = (enum flow_outcome)0;
    } else if (s->outcome && applies(d, visit, at, view) != 0) {
        s->state = FLOW_STEP_IS_DONE;
    } else {
        look_open(d, visit, at, view, turn);
    }
}

/* "If necessary": what was passed over was not necessary. */
static void settle_optional(const struct flow_visit *visit, struct flow_visit_view *view)
{
    bool later = false;
    for (int i = view->n; i-- > 0;) {
        struct flow_step_view *s = &view->steps[i];
        if (visit->procedure->steps[i]->optional && s->state == FLOW_STEP_IS_WAITING && later)
            s->state = FLOW_STEP_IS_NOT_NEEDED;
        later |= s->state == FLOW_STEP_IS_DONE && !visit->procedure->steps[i]->done_by;
    }
}

static int64_t time_of(const struct flow_dossier *d, const struct flow_visit *visit, uint64_t fact)
{
    for (size_t i = 0; i < d->n_acts; i++)
        if (d->acts[i].visit == visit->number && (written(flow_act_step(d, &d->acts[i]), &d->acts[i]) & fact))
            return d->acts[i].time_ms;
    return BULLA_TIME_NONE;
}

static int64_t last_ms(const struct flow_dossier *d, const struct flow_visit *visit)
{
    int64_t last = visit->opened_ms;
    for (size_t i = 0; i < d->n_acts; i++)
        if (d->acts[i].visit == visit->number && d->acts[i].outcome != FLOW_REFUSED && d->acts[i].time_ms > last)
            last = d->acts[i].time_ms;
    return last;
}

void flow_look(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, struct flow_visit_view *out)
{
    uint64_t hold = flow_hold(d, facts, visit);
    struct turn turn = {false, true};
    *out = (struct flow_visit_view){.next = -1};
    while (out->n < FLOW_STEPS_MAX && visit->procedure->steps[out->n])
        look_at(d, visit, out->n++, hold, out, &turn);
    settle_optional(visit, out);
    out->complete = turn.complete;
    bool runs = visit->procedure->steps[0] && flow_step_is_automatic(visit->procedure->steps[0]); /* between two stations */
    out->arrived_ms = visit->stage == FLOW_DEPARTURE || runs ? visit->opened_ms : time_of(d, visit, FLOW_BIT(ARRIVED));
    out->left_ms = visit->stage == FLOW_DEPARTURE ? time_of(d, visit, FLOW_BIT(DEPARTED))
                   : runs                         ? (is_over(d, visit) ? d->visits[visit->number].opened_ms : BULLA_TIME_NONE)
                   : out->complete                ? last_ms(d, visit)
                                                  : BULLA_TIME_NONE;
}

/* --- the dossier --- */

/* What was left open at another platform is not ours to do. */
static bool is_ours(const struct flow_visit *visit)
{
    return !visit->imported;
}

bool flow_next(const struct flow_dossier *d, const struct flow_facts *facts, unsigned *visit, int *step)
{
    for (size_t i = d->n_visits; i-- > 0;) {
        struct flow_visit_view view;
        if (!is_ours(&d->visits[i]))
            continue;
        flow_look(d, facts, &d->visits[i], &view);
        if (view.next >= 0) {
            *visit = d->visits[i].number;
            *step = view.next;
            return true;
        }
    }
    return false;
}

/* The steps before it that must be settled and are not. */
static uint32_t open_before(const struct flow_visit *visit, const struct flow_visit_view *view, int step)
{
    uint32_t bits = 0;
    for (int i = 0; i < step; i++) {
        const struct flow_step *s = visit->procedure->steps[i];
        bool open = view->steps[i].state == FLOW_STEP_IS_NEXT || view->steps[i].state == FLOW_STEP_IS_WAITING;
        bool other = s->branch && visit->procedure->steps[step]->branch && s->branch != visit->procedure->steps[step]->branch;
        if (open && !other && !s->optional && !flow_step_is_automatic(s))
            bits |= 1u << i;
    }
    return bits;
}

enum flow_may flow_may_act(const struct flow_dossier *d, const struct flow_facts *facts, const struct flow_visit *visit, int step,
                           uint64_t *lacks, uint32_t *before)
{
    struct flow_visit_view view;
    flow_look(d, facts, visit, &view);
    const struct flow_step_view *s = &view.steps[step];
    *lacks = s->lacks;
    *before = open_before(visit, &view, step);
    if (s->state == FLOW_STEP_IS_DONE || s->state == FLOW_STEP_IS_SKIPPED)
        return FLOW_MAY_NOT_DONE;
    if (s->state == FLOW_STEP_IS_NOT_NEEDED && (!visit->procedure->steps[step]->optional || s->lacks))
        return FLOW_MAY_NOT_NEEDED;
    return *lacks || *before ? FLOW_MAY_NOT_YET : FLOW_MAY;
}

/* The step whose turn it is. */
static int turn_of(const struct flow_visit *visit, const struct flow_visit_view *view)
{
    for (int i = 0; i < view->n && view->next < 0; i++)
        if (view->steps[i].in_turn && view->steps[i].state == FLOW_STEP_IS_WAITING && !visit->procedure->steps[i]->optional)
            return i;
    return view->next;
}

bool flow_may_open(const struct flow_dossier *d, const struct flow_facts *facts, enum flow_stage stage, unsigned *visit, int *step,
                   char why[MODEL_WHY_SIZE])
{
    *visit = 0;
    for (size_t i = 0; i < d->n_visits; i++) {
        const struct flow_visit *v = &d->visits[i];
        struct flow_visit_view view;
        if (!is_ours(v))
            continue;
        if (v->stage == FLOW_DESTINATION) {
            snprintf(why, MODEL_WHY_SIZE, "stage: expected no visit after the destination, got %s", flow_stage_text(stage));
            return false;
        }
        flow_look(d, facts, v, &view);
        if (view.complete || flow_step_is_automatic(v->procedure->steps[0]))
            continue;
        *visit = v->number;
        *step = turn_of(v, &view);
        snprintf(why, MODEL_WHY_SIZE, "%s of visit %u is not done", v->procedure->steps[*step]->id, v->number);
        return false;
    }
    return true;
}

static bool any_visit_holds(const struct flow_dossier *d, enum flow_stage stage, uint64_t fact)
{
    for (size_t i = 0; i < d->n_visits; i++)
        if (d->visits[i].stage == stage && time_of(d, &d->visits[i], fact) != BULLA_TIME_NONE)
            return true;
    return false;
}

enum journey_state flow_journey_state(const struct flow_dossier *d, const struct flow_facts *facts)
{
    if (any_visit_holds(d, FLOW_DESTINATION, FLOW_BIT(RELEASED)) ||
        (any_visit_holds(d, FLOW_DESTINATION, FLOW_BIT(ADDRESSED)) && any_visit_holds(d, FLOW_DESTINATION, FLOW_BIT(UNSEALED))))
        return JOURNEY_RELEASED;
    if (any_visit_holds(d, FLOW_DESTINATION, FLOW_BIT(ARRIVED)))
        return JOURNEY_ARRIVED;
    if (find_writer(d, FLOW_BIT(DEPARTED)))
        return JOURNEY_UNDER_WAY;
    return flow_hold(d, facts, &d->visits[0]) & FLOW_BIT(SEALED) ? JOURNEY_SEALED : JOURNEY_DRAFT;
}

int64_t flow_discharged_ms(const struct flow_dossier *d)
{
    const struct flow_act *act = find_writer(d, FLOW_BIT(DISCHARGED));
    return act ? act->time_ms : BULLA_TIME_NONE;
}

int64_t flow_closed_ms(const struct flow_dossier *d, const struct flow_facts *facts)
{
    const struct flow_visit *last = &d->visits[d->n_visits - 1];
    struct flow_visit_view view;
    if (last->stage != FLOW_DESTINATION)
        return BULLA_TIME_NONE;
    flow_look(d, facts, last, &view);
    return view.complete ? view.left_ms : BULLA_TIME_NONE;
}

unsigned flow_skipped(const struct flow_dossier *d)
{
    unsigned n = 0;
    for (size_t i = 0; i < d->n_acts; i++)
        n += d->acts[i].outcome == FLOW_SKIPPED;
    return n;
}
