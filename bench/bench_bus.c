/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus: bench_bus [--json] [--seconds S] [--replicas N] [--partitions N] [--bytes N] [--rows N]
 *
 * Starts nats-servers of its own (without --replicas: one server with one replica, then three with three). Three figures each: parcels sent
 * with as many under way as the bus takes, and read by a second connection at the same time; the same through outbox and sender, from
 * outbox_put() (fsynced) until read; and the first at a tenth of the rate. The times are those of an
 * acknowledgement, and with the outbox from put until read. Every parcel must come out, else it fails.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "platform/bus/sender.h"
#include "tests/support/nats.h"

extern const struct bus_backend bus_nats;
static const struct bus_backend *const BACKENDS[] = {&bus_nats, NULL};

enum { SAMPLES = 1 << 20 };

static struct {
    double seconds;
    unsigned replicas, partitions, rows;
    size_t bytes;
    bool json;
} options = {.seconds = 5, .partitions = 64, .bytes = 4096, .rows = 40};

struct run {
    struct bus *out, *in;
    struct sender *sender;
    uint64_t acked, unsent, read, parcels_read, next_token;
    double *sent_s, *times;
    size_t n_times;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cpu_s(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + 1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void on_out(void *context, const struct bus_event *event)
{
    struct run *run = context;
    if (run->sender) {
        sender_event(run->sender, event, (int64_t)(now_s() * 1000));
    } else if (event->kind == BUS_SENT) {
        run->acked++;
        if (run->n_times < SAMPLES) {
            run->times[run->n_times++] = now_s() - run->sent_s[event->token % SAMPLES];
        }
    }
    run->unsent += event->kind == BUS_UNSENT;
}

/* Here taken_ms is in microseconds. */
static void count_parcel(void *context, const struct sender_parcel *parcel)
{
    struct run *run = context;
    run->parcels_read++;
    if (run->n_times < SAMPLES) {
        run->times[run->n_times++] = now_s() - (double)parcel->taken_ms * 1e-6;
    }
}

static void on_in(void *context, const struct bus_event *event)
{
    struct run *run = context;
    struct sender_message message;
    if (event->kind == BUS_PARCEL && event->place) { /* not the early copy */
        run->read++;
        if (run->sender && !sender_read(event->bytes, &message, count_parcel, run)) {
            fprintf(stderr, "bench_bus: a message cannot be read\n");
            exit(1);
        }
    }
}

static struct bus *open_one(const char *url, const char *node)
{
    char why[300];
    struct bus_options bus_options = {.node = node, .store = "BENCH", .partitions = options.partitions};
    struct bus *bus = bus_open(BACKENDS, url, &bus_options, why, sizeof why);
    for (int i = 0; bus && i < 1000 && !bus_counts(bus).up; i++) {
        usleep(10000);
    }
    if (!bus || !bus_counts(bus).up) {
        fprintf(stderr, "bench_bus: %s\n", bus ? "no link" : why);
        exit(1);
    }
    return bus;
}

static void report(const struct run *run, const char *name, unsigned replicas, uint64_t n, double wall, double cpu, double servers_cpu)
{
    double p50 = 0, p99 = 0;
    if (run->n_times) {
        qsort(run->times, run->n_times, sizeof *run->times, compare);
        p50 = run->times[run->n_times / 2] * 1e3;
        p99 = run->times[run->n_times * 99 / 100] * 1e3;
    }
    double rate = (double)n / wall;
    const char *format =
        options.json ? "{\"bench\":\"bus\",\"what\":\"%s\",\"replicas\":%u,\"parcels_s\":%.0f,\"mb_s\":%.1f,\"observations_s\":%.0f,"
                       "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"client_cores\":%.2f,\"server_cores\":%.2f}\n"
                     : "%-16s R%u  %8.0f parcels/s  %7.1f MB/s  %9.0f observations/s  p50 %7.2f ms p99 %7.2f ms  cores: client "
                       "%.2f, servers %.2f\n";
    printf(format, name, replicas, rate, rate * (double)options.bytes / 1e6, rate * options.rows, p50, p99, cpu / wall, servers_cpu / wall);
    fflush(stdout);
}

static void drain(struct run *run, const uint64_t *what, uint64_t wanted)
{
    for (double end = now_s() + 60; *what < wanted; bus_take(run->in, 5, 4096, on_in, run)) {
        bus_take(run->out, 0, 4096, on_out, run);
        if (now_s() > end) {
            fprintf(stderr, "bench_bus: %llu of %llu came out\n", (unsigned long long)*what, (unsigned long long)wanted);
            exit(1);
        }
    }
}

/* rate 0: as many as the bus takes. */
static double plain(struct run *run, const struct nats_servers *servers, unsigned replicas, double rate)
{
    uint8_t *bytes = malloc(options.bytes);
    char name[40];
    double begun = now_s(), cpu = cpu_s(), servers_cpu = nats_servers_cpu_s(servers);
    uint64_t first = run->next_token, read = run->read, acked = run->acked;
    run->n_times = 0;
    for (size_t i = 0; i < options.bytes; i++) {
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    while (now_s() - begun < options.seconds) {
        uint64_t token = run->next_token;
        snprintf(name, sizeof name, "bench-%llu", (unsigned long long)token);
        run->sent_s[token % SAMPLES] = now_s();
        bool due = rate == 0 || (double)(token - first) < (now_s() - begun) * rate;
        if (due && bus_send(run->out, (unsigned)(token % options.partitions), name, (struct bulla_bytes){bytes, options.bytes}, token)) {
            run->next_token++;
            if (token % 64) {
                continue;
            }
        } else {
            bus_take(run->out, 1, 4096, on_out, run);
        }
        bus_take(run->out, 0, 4096, on_out, run);
        bus_take(run->in, 0, 4096, on_in, run);
    }
    uint64_t n = run->next_token - first;
    drain(run, &run->acked, acked + n);
    drain(run, &run->read, read + n);
    double wall = now_s() - begun;
    report(run, rate > 0 ? "a tenth" : "sent and read", replicas, n, wall, cpu_s() - cpu, nats_servers_cpu_s(servers) - servers_cpu);
    free(bytes);
    return (double)n / wall;
}

static void through_outbox(struct run *run, const struct nats_servers *servers, unsigned replicas)
{
    char folder[] = "/tmp/bulla-bench-XXXXXX", command[80], why[500];
    struct outbox_options outbox_options = {.partitions = options.partitions};
    struct outbox *outbox = mkdtemp(folder) ? outbox_open(folder, &outbox_options, why, sizeof why) : NULL;
    struct outbox_parcel *parcels = calloc(options.partitions, sizeof *parcels);
    uint8_t *bytes = calloc(1, options.bytes);
    uint64_t put = 0, read = run->parcels_read;
    if (!outbox) {
        fprintf(stderr, "bench_bus: %s\n", why);
        exit(1);
    }
    run->n_times = 0;
    run->sender = sender_new(outbox, run->out, options.partitions);
    double begun = now_s(), cpu = cpu_s(), servers_cpu = nats_servers_cpu_s(servers);
    while (now_s() - begun < options.seconds || run->parcels_read - read < put) {
        /* Not more than a second ahead of what is read: a queue that only grows would measure memory. */
        if (now_s() - begun < options.seconds && put - (run->parcels_read - read) < 20000) {
            for (unsigned i = 0; i < options.partitions; i++) { /* one transaction, as a batch of the gateway */
                parcels[i] = (struct outbox_parcel){
                    .partition = i, .taken_ms = (int64_t)(now_s() * 1e6), .rows = options.rows, .bytes = {bytes, options.bytes}};
            }
            if (outbox_put(outbox, parcels, options.partitions) != OUTBOX_OK) {
                fprintf(stderr, "bench_bus: %s\n", outbox_error(outbox));
                exit(1);
            }
            put += options.partitions;
        }
        sender_turn(run->sender, (int64_t)(now_s() * 1000));
        bus_take(run->out, 0, 4096, on_out, run);
        bus_take(run->in, 0, 4096, on_in, run);
        if (now_s() - begun > options.seconds + 60) {
            fprintf(stderr, "bench_bus: not all came out\n");
            exit(1);
        }
    }
    report(run, "outbox to reader", replicas, put, now_s() - begun, cpu_s() - cpu, nats_servers_cpu_s(servers) - servers_cpu);
    sender_free(run->sender);
    run->sender = NULL;
    outbox_close(outbox);
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) {
        fprintf(stderr, "bench_bus: %s is left\n", folder);
    }
    free(parcels);
    free(bytes);
}

static void measure(unsigned replicas)
{
    struct nats_servers servers;
    struct run run = {.next_token = 1, .sent_s = calloc(SAMPLES, sizeof(double)), .times = calloc(SAMPLES, sizeof(double))};
    char url[300];
    nats_servers_start(&servers, replicas, NULL, NULL);
    nats_servers_url(&servers, url, sizeof url);
    run.out = open_one(url, "out");
    run.in = open_one(url, "in");
    for (unsigned i = 0; i < options.partitions; i++) {
        bus_follow(run.in, i, 0);
    }
    usleep(300000);
    double rate = plain(&run, &servers, replicas, 0);
    plain(&run, &servers, replicas, rate / 10);
    through_outbox(&run, &servers, replicas);
    if (run.unsent) {
        printf("%llu were told unsent\n", (unsigned long long)run.unsent);
    }
    bus_close(run.out);
    bus_close(run.in);
    nats_servers_stop(&servers);
    free(run.sent_s);
    free(run.times);
}

int main(int argc, char **argv)
{
    static const struct option LONG[] = {{"json", no_argument, NULL, 'j'},
                                         {"seconds", required_argument, NULL, 's'},
                                         {"replicas", required_argument, NULL, 'r'},
                                         {"partitions", required_argument, NULL, 'p'},
                                         {"bytes", required_argument, NULL, 'b'},
                                         {"rows", required_argument, NULL, 'o'},
                                         {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case 'j':
            options.json = true;
            break;
        case 's':
            options.seconds = strtod(optarg, NULL);
            break;
        case 'r':
            options.replicas = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            options.partitions = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'b':
            options.bytes = strtoul(optarg, NULL, 10);
            break;
        case 'o':
            options.rows = (unsigned)strtoul(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    if (options.replicas > 5 || !options.partitions || options.bytes < 16 || options.bytes > OUTBOX_PARCEL_MOST || !(options.seconds > 0)) {
        fprintf(stderr, "bench_bus: expected --replicas 1 to 5, --partitions from 1, --bytes 16 to %d, --seconds above 0\n",
                OUTBOX_PARCEL_MOST);
        return 2;
    }
    if (!nats_servers_installed()) {
        fprintf(stderr, "bench_bus: nats-server is not installed\n");
        return 77;
    }
    if (options.replicas) {
        measure(options.replicas);
    } else {
        measure(1);
        measure(3);
    }
    return 0;
}
