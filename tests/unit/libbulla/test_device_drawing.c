/* SPDX-License-Identifier: Apache-2.0
 *
 * docs/device.md says what the seal's tables say. With --write it is drawn anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bulla/energy.h"
#include "bulla/schedule.h"
#include "bulla/sensor.h"
#include "tests/unit/libbulla/device_walk.h"

#define DOCUMENT BULLA_SOURCE_DIR "/docs/device.md"
#define BEGIN    "<!-- drawn from the table: begin -->\n"
#define END      "<!-- drawn from the table: end -->\n"
#define STATES   (BULLA_DEVICE_STATES + 1)

/* ---- kinds of seal ---- */

static void draw_profiles(FILE *to)
{
    fprintf(to, "### Kinds of seal\n\n| |");
    for (unsigned p = 1; p <= BULLA_PROFILES; p++)
        fprintf(to, " %s |", bulla_profile_row(p)->name);
    fprintf(to, "\n|---|");
    for (unsigned p = 1; p <= BULLA_PROFILES; p++)
        fprintf(to, "---|");
    fprintf(to, "\n| class |");
    for (unsigned p = 1; p <= BULLA_PROFILES; p++)
        fprintf(to, " %s |", bulla_class_text(bulla_profile_row(p)->seal_class));
    for (unsigned bit = 0; bulla_condition_text(bit)[0]; bit++) {
        fprintf(to, "\n| %s%s%s |", bulla_condition_text(bit), *bulla_trait_meaning(bit) ? ": " : "", bulla_trait_meaning(bit));
        for (unsigned p = 1; p <= BULLA_PROFILES; p++)
            fprintf(to, " %s |", bulla_profile_row(p)->has >> bit & 1 ? "yes" : "");
    }
    fprintf(to, "\n\n");
}

/* ---- the drawing ---- */

struct edges {
    uint64_t events[STATES][STATES];
};

static void note(const struct walk_step *w, void *context)
{
    struct edges *edges = context;
    if (w->step.refusal == BULLA_REFUSAL_NONE && w->before->state != w->step.after.state && w->event != BULLA_ON_RETIRE)
        edges->events[w->before->state][w->step.after.state] |= UINT64_C(1) << w->event;
}

static void state_id(FILE *to, unsigned state)
{
    for (const char *c = bulla_device_state_text(state); *c; c++)
        fputc(*c == '-' ? '_' : *c, to);
}

static void draw_edges(FILE *to, const char *title, bool reusable)
{
    static struct edges edges;
    memset(&edges, 0, sizeof edges);
    for (unsigned p = 1; p <= BULLA_PROFILES; p++)
        if (!(bulla_profile_row(p)->has & BULLA_TRAIT_BIT(BULLA_TRAIT_REUSABLE)) == !reusable)
            walk_device(p, note, &edges);
    fprintf(to, "### %s\n\n```mermaid\nstateDiagram-v2\n    [*] --> stored\n", title);
    for (unsigned from = 1; from < STATES; from++)
        for (unsigned next = 1; next < STATES; next++) {
            if (!edges.events[from][next])
                continue;
            fprintf(to, "    ");
            state_id(to, from);
            fprintf(to, " --> ");
            state_id(to, next);
            const char *between = " : ";
            for (unsigned event = 0; event < BULLA_EVENTS_OF_DEVICE; event++)
                if (edges.events[from][next] >> event & 1) {
                    fprintf(to, "%s%s", between, bulla_on_text(event));
                    between = ", ";
                }
            fprintf(to, "\n");
        }
    fprintf(to, "```\n\n");
}

/* ---- the table ---- */

static void draw_words(FILE *to, const char *title, const char *head, const char *(*text)(unsigned), const char *(*meaning)(unsigned),
                       unsigned from)
{
    fprintf(to, "### %s\n\n| %s | what it is |\n|---|---|\n", title, head);
    for (unsigned i = from; text(i)[0]; i++)
        fprintf(to, "| %s | %s |\n", text(i), meaning(i));
    fprintf(to, "\n");
}

static void draw_set(FILE *to, uint64_t set, unsigned n, const char *(*text)(unsigned), const char *prefix, const char **between)
{
    for (unsigned i = 0; i < n; i++)
        if (set >> i & 1) {
            fprintf(to, "%s%s%s", *between, prefix, text(i));
            *between = ", ";
        }
}

/* Sets that would fill a line, by a name of their own. */
static void draw_events(FILE *to, uint64_t events)
{
    static const struct {
        uint64_t events;
        const char *name;
    } names[] = {{(UINT64_C(1) << BULLA_EVENTS_OF_DEVICE) - 1, "anything"},
                 {(UINT64_C(1) << BULLA_ON_SHACKLE_OPENED) - 1, "commands"},
                 {(UINT64_C(1) << BULLA_ON_BATTERY_LOW) - (UINT64_C(1) << BULLA_ON_SHACKLE_OPENED), "what its sensors tell"}};
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t but = names[i].events & ~events;
        if ((events | but) == names[i].events && __builtin_popcountll(but) <= 4) {
            fprintf(to, "%s", names[i].name);
            between = " but ";
            draw_set(to, but, 64, bulla_on_text, "", &between);
            return;
        }
    }
    draw_set(to, events, 64, bulla_on_text, "", &between);
}

static void draw_row(FILE *to, const struct bulla_device_row *row)
{
    const char *between = "| ";
    if (row->from == (UINT32_C(2) << BULLA_DEVICE_STATES) - 2)
        fprintf(to, "| any");
    else
        draw_set(to, row->from, 32, bulla_device_state_text, "", &between);
    fprintf(to, " | ");
    draw_events(to, row->events);
    between = " | ";
    if (!row->needs && !row->lacks)
        fprintf(to, " |");
    draw_set(to, row->needs, 32, bulla_condition_text, "", &between);
    draw_set(to, row->lacks, 32, bulla_condition_text, "not ", &between);
    if (row->refusal) {
        fprintf(to, " | refused | %s |\n", bulla_refusal_text(row->refusal));
        return;
    }
    between = " | ";
    fprintf(to, " | %s", row->next ? bulla_device_state_text(row->next) : "the same");
    draw_set(to, row->actions & ~BULLA_ACT(HOLD), 32, bulla_act_text, "", &between);
    draw_set(to, row->set, 32, bulla_condition_text, "begins ", &between);
    draw_set(to, row->clear, 32, bulla_condition_text, "ends ", &between);
    if (row->passage)
        fprintf(to, "; recorded as %s", bulla_passage_text(row->passage));
    fprintf(to, "%s |\n", *between == ',' ? "" : " |");
}

/* ---- sensors, settings, battery ---- */

static void draw_senses(FILE *to)
{
    fprintf(to, "\n### Sensors\n\n| sensor | unit | range | at its ends |\n|---|---|---|---|\n");
    for (unsigned s = 1; s <= BULLA_SENSES; s++) {
        const struct bulla_sense_row *row = bulla_sense_row(s);
        fprintf(to, "| %s | %s | %g to %g | %s |\n", row->name, row->unit, row->least / 1e3, row->greatest / 1e3,
                row->clips ? "taken as the end, flagged as saturated" : "beyond is refused");
    }
}

static void draw_settings(FILE *to)
{
    fprintf(to, "\n### Settings\n\n| setting | range | default |\n|---|---|---|\n");
    for (unsigned s = 0; s < BULLA_SETTINGS; s++) {
        const struct bulla_setting_row *row = bulla_setting_row((enum bulla_setting)s);
        fprintf(to, "| %s | %s | %u |\n", row->name, row->range, (unsigned)row->usual);
    }
}

static void draw_days(FILE *to, const struct bulla_duty *duty, int32_t celsius, uint32_t interval_s)
{
    struct bulla_energy energy;
    struct bulla_fault fault;
    assert_int_equal(bulla_energy_predict(duty, (struct bulla_energy_conditions){celsius, interval_s}, &energy, &fault), BULLA_OK);
    fprintf(to, "| %d C | ", (int)celsius);
    if (interval_s)
        fprintf(to, "each %u s | ", (unsigned)interval_s);
    else
        fprintf(to, "none | ");
    fprintf(to, "%.3f mAh | %u%s |\n", (double)energy.day_nah / 1e6, (unsigned)energy.days, energy.by_shelf ? " (shelf life)" : "");
}

static void draw_duty(FILE *to, const struct bulla_duty *duty)
{
    const struct bulla_chemistry *c = duty->chemistry;
    fprintf(to, "\n### Battery: %s\n\n| what | how much | source |\n|---|---|---|\n", duty->name);
    fprintf(to, "| capacity | %u mAh | %s |\n", (unsigned)duty->capacity_mah, duty->capacity_source);
    fprintf(to, "| %s | %g %% a year at 20 C, shelf life %u days; of its capacity", c->name, c->self_discharge_permille / 10.0,
            c->shelf_days);
    for (unsigned i = 0; i < BULLA_ENERGY_POINTS; i++)
        fprintf(to, "%s %g %% at %d C", i ? "," : "", c->permille[i] / 10.0, c->celsius[i]);
    fprintf(to, " | %s |\n| asleep | %g uA | %s |\n", c->source, duty->sleep_na / 1e3, duty->sleep_source);
    for (size_t i = 0; i < BULLA_LOADS_MAX && duty->load[i].name; i++) {
        const struct bulla_load *load = &duty->load[i];
        fprintf(to, "| %s | %g mA for %u ms, %g times a %s | %s |\n", load->name, load->current_ua / 1e3, (unsigned)load->duration_ms,
                load->times_milli / 1e3, load->a_report ? "report" : "day", load->source);
    }
    fprintf(to, "\n| temperature | reports | a day | days of life |\n|---|---|---|---|\n");
}

static void draw_battery(FILE *to)
{
    static const int32_t celsius[] = {-40, -20, 20, 50};
    draw_duty(to, &bulla_duty_gbt);
    for (size_t i = 0; i < 4; i++)
        draw_days(to, &bulla_duty_gbt, celsius[i], 0);
    draw_duty(to, &bulla_duty_semi_active);
    for (size_t i = 1; i < 4; i++)
        draw_days(to, &bulla_duty_semi_active, celsius[i], 0);
    draw_duty(to, &bulla_duty_active);
    static const uint32_t intervals[] = {60, 300, 600, 3600};
    for (size_t i = 0; i < 4; i++)
        draw_days(to, &bulla_duty_active, 20, intervals[i]);
    for (size_t i = 0; i < 4; i++)
        if (celsius[i] != 20)
            draw_days(to, &bulla_duty_active, celsius[i], 600);
    draw_days(to, &bulla_duty_active, 70, 600);
}

static char *draw(void)
{
    char *text = NULL;
    size_t size = 0, n;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    draw_profiles(to);
    draw_words(to, "States", "state", bulla_device_state_text, bulla_device_state_meaning, 1);
    draw_edges(to, "Seals that are used again: gbt, active", true);
    draw_edges(to, "Seals of one use: passive, semi-active, iso", false);
    draw_words(to, "Events", "event", bulla_on_text, bulla_on_meaning, 0);
    draw_words(to, "Modes", "mode", bulla_condition_text, bulla_mode_meaning, BULLA_MODE_AT_JOURNEY);
    draw_words(to, "Actions", "action", bulla_act_text, bulla_act_meaning, 0);
    draw_words(to, "Why an event is refused", "reason", bulla_refusal_text, bulla_refusal_words, 1);
    fprintf(to, "### The rows\n\nThe first that fits counts.\n\n| in | on | when | becomes | does, or why it is refused "
                "|\n|---|---|---|---|---|\n");
    const struct bulla_device_row *rows = bulla_device_rows(&n);
    for (size_t i = 0; i < n; i++)
        draw_row(to, &rows[i]);
    draw_senses(to);
    draw_settings(to);
    draw_battery(to);
    fclose(to);
    return text;
}

static char *read_document(void)
{
    FILE *file = fopen(DOCUMENT, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void the_document_is_drawn_from_the_table(void **state)
{
    (void)state;
    char *drawn = draw(), *document = read_document();
    char *begin = strstr(document, BEGIN), *end = strstr(document, END);
    assert_non_null(begin);
    assert_non_null(end);
    begin += strlen(BEGIN);
    if (strlen(drawn) != (size_t)(end - begin) || memcmp(drawn, begin, strlen(drawn)) != 0)
        fail_msg("docs/device.md is not what the table says: run test_device_drawing --write");
    free(drawn);
    free(document);
}

static int write_document(void)
{
    char *drawn = draw(), *document = read_document();
    char *begin = strstr(document, BEGIN), *end = strstr(document, END);
    FILE *file = begin && end ? fopen(DOCUMENT, "w") : NULL;
    if (!file)
        return 1;
    fprintf(file, "%.*s%s%s", (int)(begin + strlen(BEGIN) - document), document, drawn, end);
    free(drawn);
    free(document);
    return fclose(file) != 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_document();
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_document_is_drawn_from_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
