/* SPDX-License-Identifier: Apache-2.0 */
/* The thirty procedures: their tables have no dead ends, and one machine runs each from its first step to its last, in both branches, with
 * and without a shared platform; out of order nothing goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/flow/machine.h"

#define T0 INT64_C(1780000000000)

static const struct {
    enum flow_scope scope;
    enum flow_class class_;
    enum flow_mode mode;
} chains[] = {{FLOW_DOMESTIC, FLOW_PASSIVE, FLOW_ROAD},
              {FLOW_DOMESTIC, FLOW_PASSIVE, FLOW_RAIL},
              {FLOW_DOMESTIC, FLOW_ACTIVE, FLOW_ROAD},
              {FLOW_DOMESTIC, FLOW_ACTIVE, FLOW_RAIL},
              {FLOW_CROSS_BORDER, FLOW_PASSIVE, FLOW_ROAD},
              {FLOW_CROSS_BORDER, FLOW_PASSIVE, FLOW_RAIL},
              {FLOW_CROSS_BORDER, FLOW_PASSIVE, FLOW_MULTIMODAL},
              {FLOW_CROSS_BORDER, FLOW_ACTIVE, FLOW_ROAD},
              {FLOW_CROSS_BORDER, FLOW_ACTIVE, FLOW_RAIL},
              {FLOW_CROSS_BORDER, FLOW_ACTIVE, FLOW_MULTIMODAL}};
#define CHAINS (sizeof chains / sizeof *chains)

/* --- the tables --- */

static void there_are_thirty(void **state)
{
    (void)state;
    static const char modes[] = "RLM", stages[] = "DEA", classes[] = "PA";
    assert_int_equal(flow_procedures_n, 30);
    for (size_t i = 0; i < flow_procedures_n; i++) {
        const struct flow_procedure *p = &flow_procedures[i];
        char id[16];
        snprintf(id, sizeof id, "WCO-8-%c-%c%c-%c", p->scope == FLOW_DOMESTIC ? 'D' : 'X', modes[p->mode], stages[p->stage],
                 classes[p->class_]);
        assert_string_equal(p->id, id);
        assert_ptr_equal(flow_procedure_find(p->scope, p->class_, p->mode, p->stage), p);
        assert_ptr_equal(flow_procedure_by_id(id), p);
    }
    assert_null(flow_procedure_find(FLOW_DOMESTIC, FLOW_ACTIVE, FLOW_MULTIMODAL, FLOW_DEPARTURE));
    assert_null(flow_procedure_by_id("WCO-8-D-MD-P"));
}

static void steps_are_found_by_their_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < flow_procedures_n; i++)
        for (int k = 0; k < FLOW_STEPS_MAX && flow_procedures[i].steps[k]; k++) {
            const struct flow_step *s = flow_procedures[i].steps[k];
            assert_int_equal(flow_step_find(&flow_procedures[i], s->id), k); /* no two of one id */
            assert_true(s->title[0] != '\0');
            if (s->branch)
                assert_true(flow_step_judge(&flow_procedures[i], k) >= 0);
            if (s->judges)
                assert_true(s->branch == FLOW_ALWAYS); /* a judgement is never in a branch: one is enough */
        }
}

/* Every fact that a step needs is looked up, or written by a step before it in its chain: by one that is always done, or of its own branch.
 */
static void every_need_is_written(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHAINS; c++) {
        uint64_t journey = 0;
        for (unsigned stage = FLOW_DEPARTURE; stage <= FLOW_DESTINATION; stage++) {
            const struct flow_procedure *p = flow_procedure_find(chains[c].scope, chains[c].class_, chains[c].mode, (enum flow_stage)stage);
            uint64_t visit = 0;
            for (int k = 0; k < FLOW_STEPS_MAX && p->steps[k]; k++) {
                const struct flow_step *s = p->steps[k];
                for (unsigned f = 0; f < FLOW_FACTS; f++)
                    if ((s->needs >> f & 1) && flow_fact_where((enum flow_fact)f) != FLOW_LOOKED_UP && !((journey | visit) >> f & 1))
                        fail_msg("%s: %s needs %s, which no step before it writes", p->id, s->id, flow_fact_text((enum flow_fact)f));
                for (unsigned f = 0; f < FLOW_FACTS; f++)
                    if ((s->writes | s->writes_suspect) >> f & 1)
                        *(flow_fact_where((enum flow_fact)f) == FLOW_JOURNEY ? &journey : &visit) |= UINT64_C(1) << f;
            }
        }
    }
}

static void every_written_fact_is_of_use(void **state)
{
    (void)state;
    static const uint64_t results =
        FLOW_BIT(RELEASED) | FLOW_BIT(DISCHARGED) | FLOW_BIT(RECOVERED) | FLOW_BIT(RECOGNISED) | FLOW_BIT(DEPARTED);
    uint64_t needed = results, written = 0;
    for (unsigned i = 0; i < FLOW_STEPS; i++) {
        needed |= flow_steps[i].needs | flow_steps[i].done_by;
        written |= flow_steps[i].writes | flow_steps[i].writes_suspect;
    }
    for (unsigned f = 0; f < FLOW_FACTS; f++)
        if ((written >> f & 1) && !(needed >> f & 1) && f != FLOW_FACT_ORDERED && f != FLOW_FACT_SENT)
            fail_msg("nothing needs %s", flow_fact_text((enum flow_fact)f));
}

/* --- running them --- */

struct run {
    struct flow_dossier *d;
    struct flow_facts facts;
    int64_t n;
    bool shared;
};

static void add(struct run *x, enum entry_kind kind, json_t *body)
{
    struct dossier_entry e = {.kind = kind, .number = ++x->n, .time_ms = T0 + x->n * 60000, .user = "U1", .user_name = "Gate"};
    char why[MODEL_WHY_SIZE] = "", *text = json_dumps(body, 0);
    snprintf(e.journey, sizeof e.journey, "J1");
    snprintf(e.body, sizeof e.body, "%s", text);
    if (!flow_dossier_add(x->d, &e, why))
        fail_msg("%s: %s", e.body, why);
    free(text);
    json_decref(body);
}

static struct run begin(size_t chain, bool shared)
{
    struct run x = {.d = flow_dossier_new(), .shared = shared};
    struct journey *j = journey_new();
    x.facts.heard = x.facts.lock_known = x.facts.lock_sealed = true;
    x.facts.files = 1;
    snprintf(j->reference, sizeof j->reference, "T1-26-1");
    snprintf(j->vehicle, sizeof j->vehicle, "KBA 123X");
    snprintf(j->cargo, sizeof j->cargo, "tea");
    snprintf(j->containers[0], sizeof j->containers[0], "CSQU3054383");
    snprintf(j->seals[0], sizeof j->seals[0], "jt701:7570101998");
    j->n_containers = j->n_seals = 1;
    j->mode = chains[chain].mode == FLOW_RAIL   ? JOURNEY_MODE_RAIL
              : chains[chain].mode == FLOW_ROAD ? JOURNEY_MODE_ROAD
                                                : JOURNEY_MODE_MULTIMODAL;
    assert_true(flow_dossier_add_record(x.d, j));
    journey_free(j);
    add(&x, ENTRY_OPENED,
        json_pack("{s:s, s:s, s:s, s:b}", "scope", flow_scope_text(chains[chain].scope), "class", flow_class_text(chains[chain].class_),
                  "mode", flow_mode_text(chains[chain].mode), "shared_platform", shared));
    return x;
}

/* Values for every field that the step asks for; those of the record where it has one. */
static json_t *values_for(const struct run *x, const struct flow_step *s)
{
    json_t *values = json_object();
    for (size_t i = 0; i < FLOW_INPUTS_MAX && s->fields[i].named; i++) {
        enum flow_field f = s->fields[i].field;
        const struct flow_statement *declared = flow_declared(x->d, f);
        const struct flow_field_row *row = &flow_fields[f];
        char word[40];
        const char *words = s->ways && strcmp(row->name, "seal_state") != 0 ? s->ways : row->check;
        snprintf(word, sizeof word, "%.*s", (int)strcspn(words, "|"), words);
        json_object_set_new(values, row->name,
                            json_string(declared                   ? declared->value
                                        : row->kind == FLOW_WORD   ? word
                                        : row->kind == FLOW_NUMBER ? "2"
                                                                   : "X1"));
    }
    return values;
}

static void act(struct run *x, unsigned visit, int step, const char *outcome)
{
    const struct flow_step *s = x->d->visits[visit - 1].procedure->steps[step];
    add(x, ENTRY_ACT,
        json_pack("{s:i, s:s, s:s, s:o, s:s}", "visit", (int)visit, "step", s->id, "outcome", outcome, "values", values_for(x, s), "source",
                  s->by == FLOW_BY_DECLARANT ? "declaration" : "officer"));
}

static enum flow_may may(const struct run *x, unsigned visit, int step)
{
    uint64_t lacks;
    uint32_t before;
    return flow_may_act(x->d, &x->facts, &x->d->visits[visit - 1], step, &lacks, &before);
}

/* Does what is next until nothing is; at each moment only what is next, or optional, may be done, and a done step not again. */
static void run_visit(struct run *x, unsigned visit, bool suspect)
{
    const struct flow_procedure *p = x->d->visits[visit - 1].procedure;
    for (int guard = 0; guard < FLOW_STEPS_MAX; guard++) {
        struct flow_visit_view view;
        flow_look(x->d, &x->facts, &x->d->visits[visit - 1], &view);
        for (int k = 0; k < view.n; k++) {
            if (k == view.next || p->steps[k]->optional || p->steps[k]->done_by)
                continue;
            assert_int_not_equal(may(x, visit, k), FLOW_MAY); /* no step can be skipped */
        }
        if (view.next < 0)
            break;
        assert_int_equal(may(x, visit, view.next), FLOW_MAY);
        const struct flow_step *s = p->steps[view.next];
        act(x, visit, view.next, s->judges ? (suspect ? "suspect" : "clean") : "done");
        assert_int_equal(may(x, visit, view.next), FLOW_MAY_NOT_DONE);
    }
    struct flow_visit_view view;
    flow_look(x->d, &x->facts, &x->d->visits[visit - 1], &view);
    if (!view.complete)
        fail_msg("%s (%s, %s) ends before its last step: lacks %s", p->id, suspect ? "suspect" : "clean", x->shared ? "shared" : "alone",
                 view.blocked ? flow_fact_text((enum flow_fact)__builtin_ctzll(view.blocked)) : "nothing");
    for (int k = 0; k < view.n; k++) /* by the platform or by the device, never both */
        assert_false(view.steps[k].state == FLOW_STEP_IS_DONE && p->steps[k]->when == (x->shared ? FLOW_ALONE : FLOW_SHARED));
    for (int k = 0; k < view.n; k++) /* and every step of the branch was done, none of the other */
        if (p->steps[k]->branch && !p->steps[k]->done_by)
            assert_true((view.steps[k].state == FLOW_STEP_IS_DONE) == ((p->steps[k]->branch == FLOW_SUSPECT) == suspect));
}

static void open_visit(struct run *x, const char *stage)
{
    unsigned visit;
    int step;
    char why[MODEL_WHY_SIZE] = "";
    if (!flow_may_open(x->d, &x->facts, (enum flow_stage)flow_stage_from(stage), &visit, &step, why))
        fail_msg("%s: %s", x->d->visits[0].procedure->id, why);
    add(x, ENTRY_VISIT, json_pack("{s:s, s:s}", "stage", stage, "station", "ST1"));
    /* what was read and found at one station says nothing of the next */
    assert_false(flow_hold(x->d, &x->facts, &x->d->visits[x->d->n_visits - 1]) &
                 (FLOW_BIT(ARRIVED) | FLOW_BIT(READ) | FLOW_BIT(VERIFIED) | FLOW_BIT(SUSPECTED) | FLOW_BIT(ADDRESSED) | FLOW_BIT(RELEASED) |
                  FLOW_BIT(CLEARED)));
    if (x->d->visits[x->d->n_visits - 1].procedure->steps[0]->opens)
        act(x, (unsigned)x->d->n_visits, 0, "done");
}

/* As a second platform has it, which took in the file of the first: what was done is imported. */
static void import(struct run *x)
{
    for (size_t i = 0; i < x->d->n_visits; i++)
        x->d->visits[i].imported = true;
    for (size_t i = 0; i < x->d->n_acts; i++)
        x->d->acts[i].imported = true;
}

static void run_chain(size_t chain, bool shared, unsigned suspect)
{
    struct run x = begin(chain, shared);
    bool followed = chains[chain].scope == FLOW_DOMESTIC && chains[chain].class_ == FLOW_ACTIVE;
    run_visit(&x, 1, suspect & 1);
    assert_int_equal(flow_journey_state(x.d, &x.facts), JOURNEY_UNDER_WAY);
    if (!shared)
        import(&x);
    for (unsigned transit = 0; transit < 2; transit++) { /* two countries, or checkpoints, on the way; one stretch that is followed */
        if (followed && transit)
            break;
        open_visit(&x, "en-route");
        if (followed && suspect & 2)
            x.facts =
                (struct flow_facts){.heard = true, .lock_known = true, .lock_sealed = true, .raised = 1, .dispatched = 1, .reported = 1};
        if (!followed)
            run_visit(&x, (unsigned)x.d->n_visits, suspect & 2);
        if (!shared)
            import(&x);
    }
    open_visit(&x, "destination");
    run_visit(&x, (unsigned)x.d->n_visits, suspect & 4);
    assert_int_equal(flow_journey_state(x.d, &x.facts), JOURNEY_RELEASED);
    assert_true(flow_closed_ms(x.d, &x.facts) != BULLA_TIME_NONE);
    bool discharges = flow_step_find(x.d->visits[x.d->n_visits - 1].procedure, "discharge") >= 0;
    assert_int_equal(flow_discharged_ms(x.d) != BULLA_TIME_NONE, discharges);
    unsigned visit;
    int step;
    char why[MODEL_WHY_SIZE];
    assert_false(flow_next(x.d, &x.facts, &visit, &step));
    assert_false(flow_may_open(x.d, &x.facts, FLOW_EN_ROUTE, &visit, &step, why)); /* nothing behind the destination */
    assert_int_equal(flow_skipped(x.d), 0);
    flow_dossier_free(x.d);
}

/* [WCO-8-1] [WCO-8-X1] Ten chains of three stages, every branch, with and without a shared platform. */
static void every_chain_runs_to_its_end(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHAINS; c++)
        for (unsigned suspect = 0; suspect < 8; suspect++) {
            run_chain(c, true, suspect);
            if (chains[c].scope == FLOW_CROSS_BORDER)
                run_chain(c, false, suspect);
        }
}

/* --- what must hold --- */

static int find(const struct run *x, unsigned visit, const char *id)
{
    int step = flow_step_find(x->d->visits[visit - 1].procedure, id);
    assert_true(step >= 0);
    return step;
}

/* [WCO-9.1-12] Whatever is skipped, there is no exit permit while the seal is not sealed. */
static void no_exit_permit_without_a_seal(void **state)
{
    (void)state;
    struct run x = begin(2, true);
    x.facts.lock_sealed = false;
    static const char *const before[] = {"enter-data", "check-declaration", "hang-lock", "seal"};
    act(&x, 1, find(&x, 1, before[0]), "done");
    act(&x, 1, find(&x, 1, before[1]), "clean");
    act(&x, 1, find(&x, 1, before[2]), "done");
    add(&x, ENTRY_ACT,
        json_pack("{s:i, s:s, s:s, s:{s:s}, s:s}", "visit", 1, "step", "seal", "outcome", "done", "values", "way", "remote", "source",
                  "officer"));
    assert_int_equal(may(&x, 1, find(&x, 1, "exit-permit")), FLOW_MAY_NOT_YET);
    x.facts.lock_known = false; /* ordered, and nothing heard */
    assert_int_equal(may(&x, 1, find(&x, 1, "exit-permit")), FLOW_MAY_NOT_YET);
    x.facts.lock_known = x.facts.lock_sealed = true;
    assert_int_equal(may(&x, 1, find(&x, 1, "exit-permit")), FLOW_MAY);
    flow_dossier_free(x.d);
    x = begin(0, true);
    act(&x, 1, find(&x, 1, "check-declaration"), "clean");
    act(&x, 1, find(&x, 1, "write-seal"), "done");
    act(&x, 1, find(&x, 1, "lock-seal"), "skipped");
    assert_int_equal(may(&x, 1, find(&x, 1, "exit-permit")), FLOW_MAY_NOT_YET);
    assert_int_equal(flow_skipped(x.d), 1);
    flow_dossier_free(x.d);
}

/* Who skips the comparison does not find that it agrees: it is suspect, and the transit document stays open until that is closed. */
static void a_skipped_check_is_a_suspicion(void **state)
{
    (void)state;
    struct run x = begin(0, true);
    run_visit(&x, 1, false);
    open_visit(&x, "destination");
    act(&x, 2, find(&x, 2, "read-seal"), "done");
    act(&x, 2, find(&x, 2, "compare"), "skipped");
    assert_int_equal(may(&x, 2, find(&x, 2, "discharge")), FLOW_MAY_NOT_NEEDED);
    assert_int_equal(may(&x, 2, find(&x, 2, "discharge-after-inspection")), FLOW_MAY_NOT_YET);
    assert_int_equal(may(&x, 2, find(&x, 2, "address-suspicion")), FLOW_MAY);
    flow_dossier_free(x.d);
}

/* [WCO-8-2] The seal is not hung until the check of the declaration has an outcome. */
static void nothing_is_sealed_before_the_declaration_is_checked(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHAINS; c++) {
        struct run x = begin(c, true);
        for (int k = 0; k < FLOW_STEPS_MAX && x.d->visits[0].procedure->steps[k]; k++)
            if (x.d->visits[0].procedure->steps[k]->writes & FLOW_BIT(LOCKED))
                assert_int_equal(may(&x, 1, k), FLOW_MAY_NOT_YET);
        flow_dossier_free(x.d);
    }
}

/* Without a platform that both see, and without its file, an office holds no pre-advice; what was sent after arrival came too late. */
static void pre_advice_comes_before_arrival(void **state)
{
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++) {
        struct run x = begin(4, shared);
        run_visit(&x, 1, false);
        open_visit(&x, "en-route");
        act(&x, 2, find(&x, 2, "read-seal"), "done");
        assert_int_equal(may(&x, 2, find(&x, 2, "compare")), shared ? FLOW_MAY : FLOW_MAY_NOT_YET);
        for (size_t i = 0; i < x.d->n_acts; i++)
            if (strcmp(flow_act_step(x.d, &x.d->acts[i])->id, "send-declaration") == 0)
                x.d->acts[i].time_ms = T0 + 3600000;
        assert_int_equal(may(&x, 2, find(&x, 2, "compare")), FLOW_MAY_NOT_YET);
        flow_dossier_free(x.d);
    }
}

/* A journey that is followed: an alarm, a patrol, its report, the end of the alarm; each from what comes in. [WCO-8-D-RE-A] */
static void alarms_drive_the_way(void **state)
{
    (void)state;
    struct run x = begin(2, true);
    struct flow_visit_view view;
    run_visit(&x, 1, false);
    open_visit(&x, "en-route");
    flow_look(x.d, &x.facts, &x.d->visits[1], &view);
    assert_int_equal(view.next, -1);
    assert_int_equal(view.steps[0].state, FLOW_STEP_IS_DONE); /* heard of */
    for (int k = 1; k < view.n; k++)
        assert_int_equal(view.steps[k].state, FLOW_STEP_IS_WAITING); /* no alarm yet, and nothing that was handled */
    x.facts.raised = x.facts.open = 1;
    flow_look(x.d, &x.facts, &x.d->visits[1], &view);
    assert_int_equal(view.steps[1].outcome, FLOW_FOUND_SUSPECT);
    assert_int_equal(view.next, find(&x, 2, "dispatch"));
    x.facts.dispatched = 1;
    flow_look(x.d, &x.facts, &x.d->visits[1], &view);
    assert_int_equal(view.steps[2].state, FLOW_STEP_IS_DONE);
    assert_true(view.blocked & FLOW_BIT(HANDLED));
    x.facts.reported = 1;
    x.facts.open = 0;
    flow_look(x.d, &x.facts, &x.d->visits[1], &view);
    for (int k = 0; k < view.n; k++)
        assert_int_equal(view.steps[k].state, FLOW_STEP_IS_DONE);
    assert_true(view.complete);
    flow_dossier_free(x.d);
    x = begin(2, true); /* and without one it was a clean way */
    run_visit(&x, 1, false);
    open_visit(&x, "en-route");
    open_visit(&x, "destination");
    flow_look(x.d, &x.facts, &x.d->visits[1], &view);
    assert_int_equal(view.steps[1].outcome, FLOW_FOUND_CLEAN);
    assert_int_equal(view.steps[2].state, FLOW_STEP_IS_NOT_NEEDED);
    flow_dossier_free(x.d);
}

/* A refused step is seen and not done. A decision taken elsewhere does the step "decide". */
static void refusals_and_decisions(void **state)
{
    (void)state;
    struct run x = begin(2, true);
    act(&x, 1, 0, "refused");
    struct flow_visit_view view;
    flow_look(x.d, &x.facts, &x.d->visits[0], &view);
    assert_int_equal(view.next, 0);
    assert_int_equal(view.steps[0].act->outcome, FLOW_REFUSED);
    run_visit(&x, 1, false);
    open_visit(&x, "destination");
    act(&x, 2, find(&x, 2, "check-seal"), "done");
    flow_dossier_add_decision(x.d, true, T0, "U2"); /* before it arrived: not this one */
    assert_int_equal(may(&x, 2, find(&x, 2, "decide")), FLOW_MAY);
    flow_dossier_add_decision(x.d, true, T0 + 86400000, "U2");
    assert_int_equal(may(&x, 2, find(&x, 2, "decide")), FLOW_MAY_NOT_DONE);
    assert_int_equal(may(&x, 2, find(&x, 2, "inspect")), FLOW_MAY);
    flow_dossier_free(x.d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_thirty),
        cmocka_unit_test(steps_are_found_by_their_ids),
        cmocka_unit_test(every_need_is_written),
        cmocka_unit_test(every_written_fact_is_of_use),
        cmocka_unit_test(every_chain_runs_to_its_end),
        cmocka_unit_test(no_exit_permit_without_a_seal),
        cmocka_unit_test(a_skipped_check_is_a_suspicion),
        cmocka_unit_test(nothing_is_sealed_before_the_declaration_is_checked),
        cmocka_unit_test(pre_advice_comes_before_arrival),
        cmocka_unit_test(alarms_drive_the_way),
        cmocka_unit_test(refusals_and_decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
