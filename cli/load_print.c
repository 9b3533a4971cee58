/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "cli/load.h"

static const struct {
    const char *name;
    double percent;
} percentiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}};
#define PERCENTILES_N (sizeof percentiles / sizeof *percentiles)

/* What is counted: one row each, in the table and in JSON. */
static const struct count_row {
    const char *name, *words;
    size_t at;
} rows[] = {
    {"made", "reports made", offsetof(struct load_counts, made)},
    {"sent", "messages sent", offsetof(struct load_counts, sent)},
    {"again", "of them sent again", offsetof(struct load_counts, again)},
    {"acknowledged", "reports acknowledged", offsetof(struct load_counts, acknowledged)},
    {"unacknowledged", "reports unacknowledged", offsetof(struct load_counts, waiting)},
    {"given_up", "given up by full devices", offsetof(struct load_counts, given_up)},
    {"behind", "not made: load fell behind", offsetof(struct load_counts, behind)},
    {"connects", "connections made", offsetof(struct load_counts, connects)},
    {"broken", "connections broken", offsetof(struct load_counts, broken)},
    {"refused", "connections refused", offsetof(struct load_counts, refused)},
    {"impatient", "left without an answer", offsetof(struct load_counts, impatient)},
};

static unsigned long long count(const struct load_result *r, const struct count_row *row)
{
    return *(const uint64_t *)((const char *)&r->counts + row->at);
}

static double per_second(const struct load_result *r)
{
    return r->measured_s > 0 ? (double)r->counts.in_time / r->measured_s : 0;
}

static void print_latency(const char *what, const struct histogram *h)
{
    printf("%-28s", what);
    for (size_t i = 0; i < PERCENTILES_N; i++)
        printf(" %10.2f", histogram_ms(h, percentiles[i].percent));
    printf("\n");
}

static void print_server(const struct load_options *o, const struct load_result *r)
{
    double kib = (double)r->server_kib[1] - (double)r->server_kib[0], slab = (double)r->slab_kib[1] - (double)r->slab_kib[0];
    printf("server %u: %.0f MiB before, %.0f MiB after: %.2f KiB a device; the system's slab %+.0f MiB: %.2f KiB a device, both ends\n", o->pid,
           (double)r->server_kib[0] / 1024, (double)r->server_kib[1] / 1024, kib / o->devices, slab / 1024, slab / o->devices);
    if (r->server_cpu_s > 0)
        printf("server %u: %.2f s of processor, %.0f reports acknowledged a second of processor\n", o->pid, r->server_cpu_s,
               (double)r->counts.acknowledged / r->server_cpu_s);
}

void load_print_table(const struct load_options *o, const struct load_result *r)
{
    printf("%s: %u devices, %.0f reports a second asked for, %.1f s measured, %u process%s%s\n", o->scenario->name, o->devices,
           o->rate * o->scenario->rate, r->measured_s, r->processes, r->processes == 1 ? "" : "es", r->stopped ? ", stopped early" : "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf("%-28s %10llu\n", rows[i].words, count(r, &rows[i]));
    printf("%-28s %10.0f\n", "acknowledged a second", per_second(r));
    printf("%-28s %10.1f\n", "seconds until all connected", r->connect_s);
    if (r->storms)
        printf("%-28s %10.1f  (of %u storms)\n", "longest until all were again", r->storm_s, r->storms);
    printf("%-28s", "ms");
    for (size_t i = 0; i < PERCENTILES_N; i++)
        printf(" %10s", percentiles[i].name);
    printf("\n");
    print_latency("intended to acknowledged", &r->ack);
    if (o->alarms && o->http)
        print_latency("opening to live alarm", &r->alarm);
    if (o->alarms)
        printf("openings %u, alarms seen %u, seen twice %u%s\n", r->alarms_due, r->alarms_seen, r->alarms_twice,
               r->stream_lost ? "; the live stream was lost" : "");
    if (o->pid)
        print_server(o, r);
}

static json_t *latency(const struct histogram *h)
{
    json_t *object = json_object();
    for (size_t i = 0; i < PERCENTILES_N; i++)
        json_object_set_new(object, percentiles[i].name, json_real(histogram_ms(h, percentiles[i].percent)));
    return object;
}

void load_print_json(const struct load_options *o, const struct load_result *r)
{
    json_t *object = json_pack("{s:s, s:i, s:f, s:f, s:i, s:b}", "scenario", o->scenario->name, "devices", (int)o->devices, "rate",
                               o->rate * o->scenario->rate, "seconds", r->measured_s, "processes", (int)r->processes, "stopped", r->stopped);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        json_object_set_new(object, rows[i].name, json_integer((json_int_t)count(r, &rows[i])));
    json_object_set_new(object, "acknowledged_per_s", json_real(per_second(r)));
    json_object_set_new(object, "late_max_ms", json_real((double)r->counts.late_max_ns / 1e6));
    json_object_set_new(object, "connect_s", json_real(r->connect_s));
    json_object_set_new(object, "storms", json_pack("{s:i, s:f}", "number", (int)r->storms, "longest_s", r->storm_s));
    json_object_set_new(object, "ack_ms", latency(&r->ack));
    json_t *alarms = json_pack("{s:i, s:i, s:i, s:b, s:o}", "openings", (int)r->alarms_due, "seen", (int)r->alarms_seen, "twice",
                               (int)r->alarms_twice, "stream_lost", r->stream_lost, "ms", latency(&r->alarm));
    json_object_set_new(object, "alarms", o->alarms ? alarms : json_null());
    if (!o->alarms)
        json_decref(alarms);
    if (o->pid)
        json_object_set_new(object, "server",
                            json_pack("{s:i, s:I, s:I, s:I, s:I, s:f}", "pid", (int)o->pid, "kib_before", (json_int_t)r->server_kib[0],
                                      "kib_after", (json_int_t)r->server_kib[1], "slab_kib_before", (json_int_t)r->slab_kib[0],
                                      "slab_kib_after", (json_int_t)r->slab_kib[1], "cpu_s", r->server_cpu_s));
    (void)json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    printf("\n");
    json_decref(object);
}
