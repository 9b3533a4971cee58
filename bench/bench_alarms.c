/* SPDX-License-Identifier: Apache-2.0
 *
 * How good the alarms are: thousands of labelled trips (sim/trip.h) through the rule engine, each judged (alarm_score.h).
 * Prints what was false, missed and late, each with the seed of its trip, then the figures a kind. docs/alarm-quality.md.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/model/group.h"
#include "platform/model/json.h"
#include "tests/support/alarm_score.h"

static const char help[] = "Usage: bench_alarms [OPTIONS]\n"
                           "\n"
                           "  --trips N         how many (10000)\n"
                           "  --seed N          of the first trip; the others count on from it (1)\n"
                           "  --incidents N     of every thousand trips, how many have something wrong (300)\n"
                           "  --scene NAME      only trips of that scene\n"
                           "  --shuffle         every trip again in two other orders of arrival: the same alarms must stand\n"
                           "  --quiet           figures only, no list\n"
                           "  --centre N        also what the persons of a centre with so many journeys under way are asked\n"
                           "  --json            figures as one JSON object\n"
                           "  --dump SEED       write the trip as a scenario for bulla replay, with its labels, and end\n";

struct options {
    uint64_t seed, dump;
    size_t trips;
    int incidents;
    double centre; /* journeys under way, 0: not asked */
    const char *scene;
    int quiet, json, shuffle;
    bool dumps;
};

struct bench {
    struct options options;
    struct sim_roads *roads;
    struct score score;
    double make_s, judge_s;
    uint64_t by_scene[TRIP_SCENES_N], shuffled, differ;
    struct alarm *alarms; /* heap: all that was told, for the centre */
    size_t n_alarms;
    const struct trip *trip;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- one trip --- */

static void tell(void *context, const char *what, const struct trip_label *label, const struct score_told *told)
{
    struct bench *b = context;
    char at[BULLA_TIME_TEXT] = "", onset[BULLA_TIME_TEXT] = "";
    if (b->options.quiet || b->options.json)
        return;
    if (label)
        bulla_time_put(at, label->truth_ms);
    if (told)
        bulla_time_put(onset, told->alarm.onset_ms);
    printf("seed %" PRIu64 " %s, every %" PRId64 " s: %s: %s%s%s%s%s %s\n", b->trip->seed, trip_scene_text(b->trip->scene),
           b->trip->interval_ms / 1000, what, alarm_kind_text(label ? (unsigned)label->kind : (unsigned)told->alarm.kind),
           label ? ", true at " : "", at, told ? ", onset " : "", onset, told ? told->alarm.why : "");
}

static void shuffle(struct bench *b, const struct trip *trip, struct score_trip *in_order)
{
    static struct score_trip other;
    struct sim_random r = sim_random_new(~trip->seed);
    size_t *order = malloc((trip->n + 1) * sizeof *order);
    for (int way = 0; order && way < 2; way++) {
        size_t n = score_shuffle(trip, &r, way ? trip->n : 40, order); /* near by, and anywhere */
        score_run(trip, order, n, &other);
        b->shuffled++;
        if (!score_same(in_order, &other)) {
            b->differ++;
            printf("seed %" PRIu64 " %s: another order of arrival gives other alarms\n", trip->seed, trip_scene_text(trip->scene));
        }
    }
    free(order);
}

/* --- a centre --- */

static void keep(struct bench *b, const struct score_trip *run)
{
    struct alarm *grown = realloc(b->alarms, (b->n_alarms + run->n_told + 1) * sizeof *grown);
    if (!grown)
        return;
    b->alarms = grown;
    for (size_t i = 0; i < run->n_told; i++)
        b->alarms[b->n_alarms++] = run->told[i].alarm;
}

/* Every alarm that was told, also what was withdrawn, as questions to a person: one a group; what only informs is no question. */
static void print_centre(const struct bench *b)
{
    struct groups groups;
    struct group_item *items = calloc(b->n_alarms + 1, sizeof *items);
    size_t asked = 0, check = 0;
    for (size_t i = 0; items && i < b->n_alarms; i++) {
        items[i].alarm = &b->alarms[i];
        check += b->alarms[i].grade > 1;
    }
    if (!items || !group_alarms(items, b->n_alarms, &groups)) {
        free(items);
        return;
    }
    for (size_t i = 0; i < groups.n; i++)
        asked += groups.group[i].grade > 1;
    double per_10_min = b->options.centre / b->score.hours / 6;
    printf("a centre of %.0f journeys, %d of 1,000 with something wrong, every 10 min: %.2f alarms, %.2f of grade 2 or 3, %.2f questions: "
           "%.0f persons with one each "
           "(%zu alarms in %zu groups)\n ",
           b->options.centre, b->options.incidents, (double)b->n_alarms * per_10_min, (double)check * per_10_min,
           (double)asked * per_10_min, ceil((double)asked * per_10_min), b->n_alarms, groups.n);
    for (unsigned kind = 0; kind < SCORE_KINDS; kind++) {
        size_t n = 0;
        for (size_t i = 0; i < b->n_alarms; i++)
            n += b->alarms[i].kind == kind;
        if (n)
            printf(" %s %.2f", alarm_kind_text(kind), (double)n * per_10_min);
    }
    puts("");
    groups_clear(&groups);
    free(items);
}

static bool one(struct bench *b, uint64_t seed)
{
    static struct score_trip run;
    struct trip trip;
    double from = now_s();
    if (!trip_make(b->roads, seed, b->options.incidents, &trip))
        return false;
    double made = now_s();
    b->make_s += made - from;
    if (!b->options.scene || strcmp(b->options.scene, trip_scene_text(trip.scene)) == 0) {
        b->trip = &trip;
        b->by_scene[trip.scene]++;
        score_run(&trip, NULL, 0, &run);
        b->judge_s += now_s() - made;
        score_match(&trip, &run, &b->score, tell, b);
        if (b->options.centre > 0)
            keep(b, &run);
        if (b->options.shuffle)
            shuffle(b, &trip, &run);
    }
    trip_clear(&trip);
    return true;
}

/* --- the figures --- */

static void sum(const struct score *s, struct score_kind *all)
{
    for (size_t i = 0; i < SCORE_KINDS; i++) {
        all->must += s->kind[i].must;
        all->found += s->kind[i].found;
        all->late += s->kind[i].late;
        all->false_stood += s->kind[i].false_stood;
        all->false_withdrawn += s->kind[i].false_withdrawn;
    }
}

static void print_kind(const char *name, const struct score_kind *k, double trips)
{
    printf("%-20s %7" PRIu64 " %7" PRIu64 " %6" PRIu64 " %6" PRIu64 " %9" PRIu64 " %9" PRIu64 " %10.2f\n", name, k->must, k->found,
           k->must - k->found, k->late, k->false_stood, k->false_withdrawn, 1000 * (double)(k->false_stood + k->false_withdrawn) / trips);
}

static void print_text(struct bench *b)
{
    struct score *s = &b->score;
    struct score_kind all = {0};
    double trips = (double)s->trips;
    sum(s, &all);
    printf("%" PRIu64 " trips from seed %" PRIu64 " (%" PRIu64 " clean), %.0f km, %.0f h, %" PRIu64
           " messages; %.0f trips a second judged\n",
           s->trips, b->options.seed, s->clean_trips, s->km, s->hours, s->observations, trips / b->judge_s);
    printf("%-20s %7s %7s %6s %6s %9s %9s %10s\n", "kind", "must", "found", "missed", "late", "false", "withdrawn", "per 1,000");
    for (unsigned i = 0; i < SCORE_KINDS; i++)
        if (s->kind[i].must || s->kind[i].false_stood || s->kind[i].false_withdrawn)
            print_kind(alarm_kind_text(i), &s->kind[i], trips);
    print_kind("all", &all, trips);
    printf("trips with a false alarm: %" PRIu64 " (%.2f per 1,000)\n", s->with_false, 1000 * (double)s->with_false / trips);
    printf("from the first message that could tell of it to the alarm: median %.0f s, p99 %.0f s\n",
           score_quantile(s->delay_s, s->n_delays, 0.5), score_quantile(s->delay_s, s->n_delays, 0.99));
    printf("from the event to the alarm: median %.0f s, p99 %.0f s\n", score_quantile(s->event_s, s->n_delays, 0.5),
           score_quantile(s->event_s, s->n_delays, 0.99));
    if (b->options.centre > 0)
        print_centre(b);
    if (b->options.shuffle)
        printf("%" PRIu64 " other orders of arrival, %" PRIu64 " with other alarms\n", b->shuffled, b->differ);
}

static json_t *kind_json(const struct score_kind *k)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "must", (json_int_t)k->must, "found", (json_int_t)k->found, "late", (json_int_t)k->late,
                     "false", (json_int_t)k->false_stood, "false_withdrawn", (json_int_t)k->false_withdrawn);
}

static void print_json(struct bench *b)
{
    struct score *s = &b->score;
    struct score_kind all = {0};
    sum(s, &all);
    json_t *kinds = json_object();
    for (unsigned i = 0; i < SCORE_KINDS; i++)
        if (s->kind[i].must || s->kind[i].false_stood || s->kind[i].false_withdrawn)
            json_object_set_new(kinds, alarm_kind_text(i), kind_json(&s->kind[i]));
    json_t *json =
        json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:o,s:o,s:I,s:I}", "bench", "alarms", "seed", (json_int_t)b->options.seed,
                  "trips", (json_int_t)s->trips, "clean", (json_int_t)s->clean_trips, "messages", (json_int_t)s->observations,
                  "trips_with_false", (json_int_t)s->with_false, "trips_per_cpu_s", (double)s->trips / b->judge_s, "delay_p50_s",
                  score_quantile(s->delay_s, s->n_delays, 0.5), "delay_p99_s", score_quantile(s->delay_s, s->n_delays, 0.99), "event_p50_s",
                  score_quantile(s->event_s, s->n_delays, 0.5), "event_p99_s", score_quantile(s->event_s, s->n_delays, 0.99), "all",
                  kind_json(&all), "kinds", kinds, "orders", (json_int_t)b->shuffled, "orders_that_differ", (json_int_t)b->differ);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    puts(text ? text : "{}");
    free(text);
    json_decref(json);
}

/* --- a trip as a scenario --- */

static json_t *label_json(const struct trip *trip, const struct trip_label *label)
{
    json_t *json = json_pack("{s:s,s:b,s:o,s:o,s:o}", "kind", alarm_kind_text(label->kind), "must", label->must, "true_at",
                             json_time(label->truth_ms), "onset_from", json_time(label->from_ms), "onset_until", json_time(label->upto_ms));
    if (json && label->device >= 0)
        json_object_set_new(json, "seal", json_string(trip->journey->seals[label->device]));
    return json;
}

static int dump(struct bench *b)
{
    struct trip trip;
    if (!trip_make(b->roads, b->options.dump, b->options.incidents, &trip))
        return 3;
    json_t *observations = json_array(), *labels = json_array();
    for (size_t i = 0; i < trip.n; i++)
        json_array_append_new(observations, observation_to_json(&trip.said[i]));
    for (size_t i = 0; i < trip.n_labels; i++)
        json_array_append_new(labels, label_json(&trip, &trip.labels[i]));
    json_t *json = json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "comment", "a labelled trip of bench_alarms", "scene",
                             trip_scene_text(trip.scene), "journey", journey_to_json(trip.journey), "until", json_time(trip.until_ms),
                             "labels", labels, "observations", observations);
    bool done = json && json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) == 0;
    json_decref(json);
    trip_clear(&trip);
    return done ? 0 : 3;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {{"trips", 1, NULL, 't'},   {"seed", 1, NULL, 's'},  {"incidents", 1, NULL, 'i'},
                                          {"scene", 1, NULL, 'c'},   {"quiet", 0, NULL, 'q'}, {"json", 0, NULL, 'j'},
                                          {"shuffle", 0, NULL, 'x'}, {"dump", 1, NULL, 'd'},  {"help", 0, NULL, 'h'},
                                          {"centre", 1, NULL, 'n'},  {NULL, 0, NULL, 0}};
    *o = (struct options){.seed = 1, .trips = 10000, .incidents = TRIP_INCIDENTS_PERMILLE};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
        switch (c) {
        case 't':
            o->trips = strtoul(optarg, NULL, 10);
            break;
        case 's':
            o->seed = strtoull(optarg, NULL, 10);
            break;
        case 'i':
            o->incidents = atoi(optarg);
            break;
        case 'n':
            o->centre = strtod(optarg, NULL);
            break;
        case 'c':
            o->scene = optarg;
            break;
        case 'd':
            o->dump = strtoull(optarg, NULL, 10);
            o->dumps = true;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'j':
            o->json = true;
            break;
        case 'x':
            o->shuffle = true;
            break;
        default:
            return false;
        }
    return optind == argc;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (!parse(argc, argv, &bench.options)) {
        fputs(help, stderr);
        return 2;
    }
    bench.roads = sim_roads_new();
    int code = bench.roads ? 0 : 3;
    if (code == 0 && bench.options.dumps) {
        code = dump(&bench);
    } else if (code == 0) {
        for (size_t i = 0; i < bench.options.trips && code == 0; i++)
            code = one(&bench, bench.options.seed + i) ? 0 : 3;
        (bench.options.json ? print_json : print_text)(&bench);
    }
    if (code == 3)
        fputs("bench_alarms: out of memory, or more labels than there is room for\n", stderr);
    free(bench.alarms);
    score_clear(&bench.score);
    sim_roads_free(bench.roads);
    return code;
}
