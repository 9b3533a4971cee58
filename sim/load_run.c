/* SPDX-License-Identifier: Apache-2.0
 *
 * The parent of a load: worker processes, the live stream, a line a second, the sum.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/load_internal.h"
#include "sim/load_stream.h"

#define SPARE_DESCRIPTORS 64
#define CONNECT_S         60 /* and a second for each thousand devices */
#define LEAD_NS           20000000
#define ALARM_WAIT_S      10 /* for alarms after everything else is over */

struct parent {
    struct load_shared *s;
    struct load_result *r;
    const struct load_options *o;
    struct load_api api;
    struct load_stream *stream; /* NULL: none is read */
    pid_t pid[LOAD_PROCESSES_MOST];
    unsigned living;
    int64_t told_ns;
    struct load_counts told;
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

int64_t load_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int64_t load_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* --- counting together --- */
static void add(struct load_counts *to, const struct load_counts *c)
{
    to->made += c->made;
    to->sent += c->sent;
    to->again += c->again;
    to->acknowledged += c->acknowledged;
    to->in_time += c->in_time;
    to->given_up += c->given_up;
    to->behind += c->behind;
    to->late_max_ns = c->late_max_ns > to->late_max_ns ? c->late_max_ns : to->late_max_ns;
    to->waiting += c->waiting;
    to->connects += c->connects;
    to->broken += c->broken;
    to->refused += c->refused;
    to->impatient += c->impatient;
    to->connected += c->connected;
}

/* Words written by one process each: a reader may see one a moment late, never torn. */
static struct load_counts counts(const struct load_shared *s)
{
    struct load_counts all = {0};
    for (unsigned i = 0; i < s->n_workers; i++)
        add(&all, &s->worker[i].counts);
    return all;
}

static void progress(struct parent *p, int64_t now_ns)
{
    struct load_counts c = counts(p->s);
    int64_t start = atomic_load(&p->s->start_ns);
    double over_s = (double)(now_ns - p->told_ns) / 1e9;
    if (now_ns - p->told_ns < INT64_C(1000000000))
        return;
    if (!p->o->quiet)
        fprintf(stderr, "%6.1f s %s %lld connected, %.0f/s sent, %.0f/s acknowledged, %llu waiting, %llu connections lost\n",
                (double)(now_ns - (start ? start : p->s->begun_ns)) / 1e9, start ? "" : "(connecting)", (long long)c.connected,
                (double)(c.sent - p->told.sent) / over_s, (double)(c.acknowledged - p->told.acknowledged) / over_s,
                (unsigned long long)c.waiting, (unsigned long long)(c.broken + c.refused + c.impatient));
    p->told = c;
    p->told_ns = now_ns;
}

/* --- the server on this machine --- */
static uint64_t proc_number(const char *path, const char *name)
{
    char line[256];
    unsigned long long value = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            (void)sscanf(line + strlen(name), ": %llu", &value);
    if (f)
        fclose(f);
    return value;
}

static double server_cpu_s(unsigned pid)
{
    char path[64], text[1024];
    unsigned long long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *at = strrchr(text, ')'); /* the program's name may hold anything */
    if (at)
        (void)sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &kernel);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static void look_at_server(struct parent *p, int when)
{
    char path[64];
    if (!p->o->pid)
        return;
    snprintf(path, sizeof path, "/proc/%u/status", p->o->pid);
    p->r->server_kib[when] = proc_number(path, "VmRSS");
    p->r->slab_kib[when] = proc_number("/proc/meminfo", "Slab");
}

/* --- alarms --- */
static uint64_t digest(const char *at, size_t n)
{
    uint64_t d = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        d = (d ^ (uint8_t)at[i]) * UINT64_C(0x100000001b3);
    return d;
}

static bool member_text(const char *data, const char *name, char *to, size_t size)
{
    const char *at = strstr(data, name), *end = at ? strchr(at + strlen(name), '"') : NULL;
    if (!end || (size_t)(end - at) - strlen(name) >= size)
        return false;
    snprintf(to, size, "%.*s", (int)((size_t)(end - at) - strlen(name)), at + strlen(name));
    return true;
}

/* An alarm on the live stream: is it one of ours, and seen for the first time? */
static void on_alarm(void *context, const char *data)
{
    struct parent *p = context;
    char seal[64], id[64], kind[32], own[LOAD_ID_SIZE];
    if (!member_text(data, "\"seal\":\"", seal, sizeof seal) || !member_text(data, "\"id\":\"", id, sizeof id) ||
        !member_text(data, "\"kind\":\"", kind, sizeof kind) || (strcmp(kind, "cable_cut") != 0 && strcmp(kind, "illegal_opening") != 0))
        return;
    for (unsigned i = 0; i < p->o->alarms; i++) {
        struct load_opening *o = &p->s->opening[i];
        const struct load_protocol *protocol = p->o->protocols[i % p->o->n_protocols];
        int64_t due = atomic_load(&o->due_ns);
        protocol->id(own, o->device);
        if (!due || !strchr(seal, ':') || strcmp(strchr(seal, ':') + 1, own) != 0)
            continue;
        if (!o->seen_ns) {
            o->seen_ns = load_now_ns();
            o->alarm = digest(id, strlen(id));
            p->r->alarms_seen++;
            histogram_add(&p->r->alarm, o->seen_ns - due);
        } else if (o->alarm != digest(id, strlen(id))) {
            p->r->alarms_twice++;
        }
        return;
    }
}

/* Waits a moment, reading the stream meanwhile. */
static void attend(struct parent *p, int wait_ms)
{
    bool open = p->stream && p->stream->fd >= 0;
    struct pollfd wait = {.fd = open ? p->stream->fd : -1, .events = POLLIN};
    if (poll(&wait, 1, wait_ms) <= 0 || !open)
        return;
    if (!load_stream_read(p->stream, on_alarm, p)) {
        p->r->stream_lost = true;
        load_stream_close(p->stream);
    }
}

/* --- processes --- */
static unsigned descriptors(unsigned devices)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t wanted = devices + SPARE_DESCRIPTORS;
    struct rlimit more = {wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) /* above the hard limit: only with the right to */
        return (unsigned)wanted;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return (unsigned)limit.rlim_max;
}

static bool share_out(struct parent *p, char *why, size_t size)
{
    unsigned most = descriptors(p->o->devices) - SPARE_DESCRIPTORS, n = p->o->processes;
    if (!n)
        n = (p->o->devices + most - 1) / most;
    if (n > p->o->devices)
        n = p->o->devices;
    if (n > LOAD_PROCESSES_MOST || (p->o->devices + n - 1) / n > most) {
        snprintf(why, size, "--devices: expected at most %u for each of %u processes (descriptors), got %u", most, n, p->o->devices);
        return false;
    }
    p->s->n_workers = p->r->processes = n;
    for (unsigned i = 0; i < n; i++) {
        unsigned first = (unsigned)((uint64_t)p->o->devices * i / n), next = (unsigned)((uint64_t)p->o->devices * (i + 1) / n);
        p->s->worker[i].first = first;
        p->s->worker[i].devices = next - first;
    }
    return true;
}

static bool start_workers(struct parent *p, char *why, size_t size)
{
    fflush(NULL);
    for (unsigned i = 0; i < p->s->n_workers; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            signal(SIGINT, SIG_IGN); /* the parent says when to stop */
            signal(SIGTERM, SIG_IGN);
            _exit(load_work(p->s, &p->s->worker[i]));
        }
        if (pid < 0) {
            snprintf(why, size, "a process could not be made: %s", strerror(errno));
            return false;
        }
        p->pid[p->living++] = pid;
    }
    return true;
}

static bool all_ready(const struct load_shared *s)
{
    bool ready = true;
    for (unsigned i = 0; i < s->n_workers; i++)
        ready &= atomic_load(&s->worker[i].ready);
    return ready;
}

static bool any_failed(const struct load_shared *s)
{
    bool failed = false;
    for (unsigned i = 0; i < s->n_workers; i++)
        failed |= atomic_load(&s->worker[i].failed);
    return failed;
}

static bool wait_connected(struct parent *p, char *why, size_t size)
{
    int64_t end = p->s->begun_ns + (CONNECT_S + p->o->devices / 1000) * INT64_C(1000000000);
    while (!all_ready(p->s) && !stop_asked && !any_failed(p->s)) {
        int64_t now = load_now_ns();
        attend(p, 10);
        progress(p, now);
        if (now > end) {
            struct load_counts c = counts(p->s);
            snprintf(why, size, "expected %u connections, each with its first report acknowledged, got %lld, %llu reports waiting",
                     p->o->devices, (long long)c.connected, (unsigned long long)c.waiting);
            return false;
        }
    }
    if (any_failed(p->s))
        snprintf(why, size, "a process failed");
    return !any_failed(p->s);
}

/* Takes those that have ended; true while any lives. */
static bool reap(struct parent *p, char *why, size_t size, bool *ok)
{
    for (unsigned i = 0; i < p->s->n_workers; i++) {
        int status = 0;
        if (!p->pid[i] || waitpid(p->pid[i], &status, WNOHANG) != p->pid[i])
            continue;
        p->pid[i] = 0;
        p->living--;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            snprintf(why, size, "a process of the load died");
            atomic_store(&p->s->phase, LOAD_STOP);
            *ok = false;
        }
    }
    return p->living > 0;
}

static bool wait_over(struct parent *p, char *why, size_t size)
{
    bool ok = true;
    int64_t end = p->s->start_ns + (int64_t)((p->o->warm_s + p->o->seconds) * 1e9);
    bool looked = false;
    while (reap(p, why, size, &ok)) {
        int64_t now = load_now_ns();
        attend(p, 20);
        progress(p, now);
        if (!looked && now >= end) {
            look_at_server(p, 1);
            looked = true;
        }
        if (stop_asked)
            atomic_store(&p->s->phase, LOAD_STOP);
    }
    if (!looked)
        look_at_server(p, 1);
    int64_t last = load_now_ns() + ALARM_WAIT_S * INT64_C(1000000000);
    while (!stop_asked && p->stream && p->stream->fd >= 0 && p->r->alarms_seen < p->o->alarms && load_now_ns() < last)
        attend(p, 100);
    return ok;
}

static void sum_up(struct parent *p)
{
    struct load_shared *s = p->s;
    struct load_result *r = p->r;
    r->counts = counts(s);
    for (unsigned i = 0; i < s->n_workers; i++) {
        struct load_worker *w = &s->worker[i];
        int64_t from = p->o->scenario->offline_first ? atomic_load(&s->start_ns) : s->begun_ns;
        double took = (double)(atomic_load(&w->connected_ns) - from) / 1e9, storm = (double)atomic_load(&w->storm_ns) / 1e9;
        histogram_join(&r->ack, &w->ack);
        r->connect_s = took > r->connect_s ? took : r->connect_s;
        r->storm_s = storm > r->storm_s ? storm : r->storm_s;
        r->storms = atomic_load(&w->storms) > r->storms ? atomic_load(&w->storms) : r->storms;
    }
    for (unsigned i = 0; i < p->o->alarms; i++)
        r->alarms_due += atomic_load(&s->opening[i].due_ns) != 0;
    double since = (double)(load_now_ns() - s->start_ns) / 1e9;
    r->run_s = s->start_ns ? since : 0;
    r->measured_s = r->stopped && since - p->o->warm_s < p->o->seconds ? since - p->o->warm_s : p->o->seconds;
}

static bool begin(struct parent *p, char *why, size_t size)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < p->o->alarms; i++)
        p->s->opening[i].device = p->o->first + i;
    if (p->o->http && !load_api_open(&p->api, p->o->http, p->o->key, p->o->user, p->o->password, why, size))
        return false;
    if (p->o->http && p->o->alarms) {
        p->stream = calloc(1, sizeof *p->stream);
        if (!p->stream || !load_stream_open(p->stream, &p->api)) {
            snprintf(why, size, "the live stream of %s cannot be opened", p->o->http);
            return false;
        }
    }
    return share_out(p, why, size);
}

bool load_run(const struct load_options *options, struct load_result *result, char *why, size_t size)
{
    struct parent p = {.r = result, .o = options};
    *result = (struct load_result){0};
    p.s = mmap(NULL, sizeof *p.s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p.s == MAP_FAILED) {
        snprintf(why, size, "out of memory");
        return false;
    }
    p.s->o = *options;
    look_at_server(&p, 0);
    bool ok = begin(&p, why, size);
    p.s->begun_ns = p.told_ns = load_now_ns();
    ok = ok && start_workers(&p, why, size) && wait_connected(&p, why, size);
    if (ok) {
        double cpu_s = server_cpu_s(options->pid);
        atomic_store(&p.s->start_ns, load_now_ns() + LEAD_NS);
        atomic_store(&p.s->phase, stop_asked ? LOAD_STOP : LOAD_RUN);
        ok = wait_over(&p, why, size);
        result->server_cpu_s = server_cpu_s(options->pid) - cpu_s;
        result->stopped = stop_asked;
        sum_up(&p);
    } else {
        atomic_store(&p.s->phase, LOAD_STOP);
        for (bool ignored = true; p.living;)
            if (reap(&p, (char[64]){0}, 64, &ignored))
                poll(NULL, 0, 10);
    }
    if (p.stream)
        load_stream_close(p.stream);
    free(p.stream);
    munmap(p.s, sizeof *p.s);
    return ok;
}
