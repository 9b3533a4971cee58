// SPDX-License-Identifier: Apache-2.0
//
// Load and latency of the platform from outside: real TCP connections that speak a device protocol at a given rate.
// Open loop: each message has its intended time, and latency counts from there, also when the sender came late, so that
// a stalled platform cannot hide by slowing its own load (coordinated omission). JSON to stdout, a table to stderr.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/load_histogram.h"
#include "bench/load_http.h"
#include "bench/load_messages.h"

#define SLOTS      256 /* messages under way on one connection */
#define CONNECTING 256 /* connections being made at once */
#define BACKLOG    2048
#define DRAIN_S    5
#define EVENTS     512

struct options {
    const char *host, *port, *sse, *key;
    const struct load_protocol *protocol;
    unsigned connections, seconds, warm_s, first_device;
    bool prepared; /* bench_prepare has made the seals and journeys */
    double rate, alarm_every_s;
};

struct peer {
    int fd;
    bool open;
    uint16_t serial;
    uint8_t in[512], out[BACKLOG];
    size_t n_in, n_out;
    int64_t intended_ns[SLOTS]; /* 0: nothing under way */
};

struct bench {
    struct options o;
    int epoll;
    struct peer *peers;
    unsigned n_open, n_alarm; /* the first n_alarm connections are for openings alone */
    int64_t start_ns, warm_ns, end_ns;
    uint64_t sent, acked, overrun, unsent, broken;
    uint64_t behind;      /* messages whose time came but that this program had no time to send */
    uint64_t late_max_ns; /* how far the sender itself fell behind */
    int64_t *alarm_ns;    /* when each opening was due; negative: seen */
    unsigned alarms_sent, alarms_seen;
    struct load_stream stream;
    struct histogram ack, alarm;
    struct peer *at; /* whose answers are being read */
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* --- connections --- */
static void watch(struct bench *b, int op, int fd, uint32_t events, uint32_t index)
{
    struct epoll_event e = {.events = events, .data.u32 = index};
    (void)epoll_ctl(b->epoll, op, fd, &e);
}

static void drop(struct bench *b, struct peer *p)
{
    b->n_open -= p->open;
    b->broken++;
    p->open = false;
    close(p->fd);
    p->fd = -1;
}

static bool begin_connect(struct bench *b, unsigned i, const struct addrinfo *to)
{
    int one = 1;
    b->peers[i].fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (b->peers[i].fd < 0)
        return false;
    (void)setsockopt(b->peers[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(b->peers[i].fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS)
        return false;
    watch(b, EPOLL_CTL_ADD, b->peers[i].fd, EPOLLOUT, i);
    return true;
}

static bool connected(struct bench *b, uint32_t i)
{
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(b->peers[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        fprintf(stderr, "connection %u: %s\n", i, strerror(error));
        return false;
    }
    watch(b, EPOLL_CTL_MOD, b->peers[i].fd, EPOLLIN, i);
    b->peers[i].open = true;
    b->n_open++;
    return true;
}

static bool connect_all(struct bench *b)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *to = NULL;
    struct epoll_event events[EVENTS];
    unsigned begun = 0;
    bool ok = getaddrinfo(b->o.host, b->o.port, &hints, &to) == 0;
    while (ok && b->n_open < b->o.connections) {
        while (ok && begun < b->o.connections && begun - b->n_open < CONNECTING)
            ok = begin_connect(b, begun++, to);
        int n = ok ? epoll_wait(b->epoll, events, EVENTS, 10000) : 0;
        if (n <= 0) {
            fprintf(stderr, "connecting: expected %u connections, got %u: %s\n", b->o.connections, b->n_open, strerror(errno));
            ok = false;
        }
        for (int i = 0; ok && i < n; i++)
            ok = connected(b, events[i].data.u32);
    }
    if (to)
        freeaddrinfo(to);
    return ok;
}

/* --- sending --- */
static void want_out(struct bench *b, struct peer *p)
{
    watch(b, EPOLL_CTL_MOD, p->fd, EPOLLIN | (p->n_out ? (uint32_t)EPOLLOUT : 0), (uint32_t)(p - b->peers));
}

static void flush(struct bench *b, struct peer *p)
{
    ssize_t n = send(p->fd, p->out, p->n_out, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        drop(b, p);
        return;
    }
    if (n > 0) {
        memmove(p->out, p->out + n, p->n_out - (size_t)n);
        p->n_out -= (size_t)n;
    }
    want_out(b, p);
}

static void transmit(struct bench *b, struct peer *p, const uint8_t *bytes, size_t n)
{
    ssize_t gone = p->n_out ? 0 : send(p->fd, bytes, n, MSG_NOSIGNAL);
    if (gone < 0 && errno != EAGAIN) {
        drop(b, p);
        return;
    }
    size_t done = gone > 0 ? (size_t)gone : 0;
    if (done == n)
        return;
    memcpy(p->out + p->n_out, bytes + done, n - done);
    p->n_out += n - done;
    want_out(b, p);
}

static void send_one(struct bench *b, unsigned i, int64_t intended_ns, bool cut)
{
    uint8_t bytes[LOAD_MESSAGE_MAX];
    struct peer *p = &b->peers[i];
    if (!p->open || p->n_out + sizeof bytes > sizeof p->out) {
        b->unsent++;
        return;
    }
    int64_t *slot = &p->intended_ns[p->serial % SLOTS];
    if (*slot) { /* 256 later and still no answer: given up */
        b->overrun++;
    }
    *slot = intended_ns;
    size_t n = b->o.protocol->message(bytes, b->o.first_device + i, p->serial++, wall_ms(), cut);
    b->sent++;
    transmit(b, p, bytes, n);
}

/* --- receiving --- */
static void acked(void *context, uint16_t serial)
{
    struct bench *b = context;
    int64_t *slot = &b->at->intended_ns[serial % SLOTS];
    if (!*slot)
        return;
    b->acked++;
    if (*slot >= b->warm_ns)
        histogram_add(&b->ack, now_ns() - *slot);
    *slot = 0;
}

static void receive(struct bench *b, struct peer *p)
{
    ssize_t n = recv(p->fd, p->in + p->n_in, sizeof p->in - p->n_in, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        drop(b, p);
        return;
    }
    if (n < 0)
        return;
    p->n_in += (size_t)n;
    b->at = p;
    size_t used = b->o.protocol->answers(p->in, p->n_in, acked, b);
    if (!used && p->n_in == sizeof p->in)
        used = p->n_in;
    memmove(p->in, p->in + used, p->n_in - used);
    p->n_in -= used;
}

/* An alarm on the live stream: which of our seals is it about? */
static void on_alarm(void *context, const char *data)
{
    struct bench *b = context;
    int64_t now = now_ns();
    for (unsigned i = 0; i < b->alarms_sent; i++) {
        char id[32], member[80];
        b->o.protocol->id(id, b->o.first_device + i);
        snprintf(member, sizeof member, "%s:%s\"", b->o.protocol->name, id);
        if (b->alarm_ns[i] > 0 && strstr(data, member)) {
            histogram_add(&b->alarm, now - b->alarm_ns[i]);
            b->alarm_ns[i] = -1;
            b->alarms_seen++;
        }
    }
}

static void read_stream(struct bench *b)
{
    char bytes[16384];
    ssize_t n = recv(b->stream.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    bool ok = n > 0 || (n < 0 && errno == EAGAIN);
    for (ssize_t i = 0; ok && i < n; i++)
        ok = load_stream_put(&b->stream, bytes[i], on_alarm, b);
    if (!ok) {
        fprintf(stderr, "live stream: closed\n");
        (void)epoll_ctl(b->epoll, EPOLL_CTL_DEL, b->stream.fd, NULL);
        close(b->stream.fd);
        b->stream.fd = -1;
    }
}

static void attend(struct bench *b, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(b->epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        uint32_t index = events[i].data.u32;
        if (index == UINT32_MAX) {
            read_stream(b);
            continue;
        }
        struct peer *p = &b->peers[index];
        if (p->open && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            receive(b, p);
        if (p->open && (events[i].events & EPOLLOUT))
            flush(b, p);
    }
}

/* --- preparation of openings: a seal and a journey each --- */
static bool prepare_journey(const struct bench *b, const struct load_url *url, unsigned i)
{
    char id[32], body[1024], since[BULLA_TIME_TEXT];
    b->o.protocol->id(id, b->o.first_device + i);
    bulla_time_put(since, (wall_ms() / 1000 - 60) * 1000);
    snprintf(body, sizeof body, "{\"id\":\"%s:%s\",\"class\":\"active\",\"life\":\"sealed\",\"model\":%s}", b->o.protocol->name, id,
             strcmp(b->o.protocol->name, "jt808") == 0 ? "\"JT709\"" : "null");
    if (!load_post_patiently(url, "/api/v1/seals", b->o.key, body))
        return false;
    snprintf(body, sizeof body,
             "{\"id\":\"LOAD-%s-%lld\",\"state\":\"sealed\",\"mode\":\"road\",\"regime\":\"internal\",\"seals\":[\"%s:%s\"],"
             "\"sealed_at\":\"%s\",\"destination\":{\"name\":\"Load\",\"lat\":5,\"lon\":30,\"radius_m\":500}}",
             id, (long long)(wall_ms() / 1000), b->o.protocol->name, id, since);
    return load_post_patiently(url, "/api/v1/journeys", b->o.key, body);
}

static bool prepare_alarms(struct bench *b)
{
    struct load_url url;
    if (!load_url_get(b->o.sse, &url)) {
        fprintf(stderr, "--sse: expected http://host:port/path, got %s\n", b->o.sse);
        return false;
    }
    b->n_alarm = (unsigned)(b->o.seconds / b->o.alarm_every_s);
    b->alarm_ns = calloc(b->n_alarm + 1, sizeof *b->alarm_ns);
    if (!b->alarm_ns || b->n_alarm >= b->o.connections) {
        fprintf(stderr, "--alarm-every: expected fewer openings than connections, got %u\n", b->n_alarm);
        return false;
    }
    for (unsigned i = 0; i < b->n_alarm && !b->o.prepared; i++)
        if (!prepare_journey(b, &url, i))
            return false;
    if (!load_stream_open(&b->stream, &url, b->o.key)) {
        fprintf(stderr, "live stream: cannot connect to %s\n", b->o.sse);
        return false;
    }
    watch(b, EPOLL_CTL_ADD, b->stream.fd, EPOLLIN, UINT32_MAX);
    for (unsigned i = 0; i < b->n_alarm; i++)
        send_one(b, i, now_ns(), false); /* sealed, first */
    return true;
}

/* --- the run --- */
static void drive(struct bench *b)
{
    double gap_ns = 1e9 / b->o.rate;
    unsigned ordinary = b->o.connections - b->n_alarm;
    uint64_t due = 0;
    b->start_ns = now_ns();
    b->warm_ns = b->start_ns + b->o.warm_s * INT64_C(1000000000);
    b->end_ns = b->warm_ns + b->o.seconds * INT64_C(1000000000);
    for (int64_t now = b->start_ns; now < b->end_ns; now = now_ns()) {
        int64_t intended = b->start_ns + (int64_t)((double)due * gap_ns);
        for (unsigned burst = 0; intended <= now && burst < EVENTS; burst++) {
            uint64_t late = (uint64_t)(now - intended);
            b->late_max_ns = late > b->late_max_ns ? late : b->late_max_ns;
            send_one(b, b->n_alarm + (unsigned)(due % ordinary), intended, false);
            intended = b->start_ns + (int64_t)((double)++due * gap_ns);
        }
        while (b->alarms_sent < b->n_alarm && now >= b->warm_ns + (int64_t)(b->alarms_sent * b->o.alarm_every_s * 1e9)) {
            b->alarm_ns[b->alarms_sent] = b->warm_ns + (int64_t)(b->alarms_sent * b->o.alarm_every_s * 1e9);
            send_one(b, b->alarms_sent, now, true);
            b->alarms_sent++;
        }
        attend(b, intended > now_ns() + 1000000 ? 1 : 0);
    }
    uint64_t all = (uint64_t)((double)(b->end_ns - b->start_ns) / gap_ns);
    b->behind = all > due ? all - due : 0;
    while (now_ns() < b->end_ns + DRAIN_S * INT64_C(1000000000) && (b->acked < b->sent || b->alarms_seen < b->alarms_sent))
        attend(b, 10);
}

static void report(const struct bench *b)
{
    double seconds = (double)b->ack.n / (b->o.seconds ? b->o.seconds : 1);
    static const double percents[] = {50, 90, 99, 99.9, 100};
    printf("{\"bench\":\"load\",\"protocol\":\"%s\",\"connections\":%u,\"rate\":%.0f,\"seconds\":%u,\"sent\":%llu,\"acked\":%llu,"
           "\"lost\":%llu,\"unsent\":%llu,\"overrun\":%llu,\"broken\":%llu,\"behind\":%llu,\"acked_per_s\":%.0f,\"sender_late_max_ms\":%."
           "1f,\"ack_ms\":{",
           b->o.protocol->name, b->o.connections, b->o.rate, b->o.seconds, (unsigned long long)b->sent, (unsigned long long)b->acked,
           (unsigned long long)(b->sent - b->acked), (unsigned long long)b->unsent, (unsigned long long)b->overrun,
           (unsigned long long)b->broken, (unsigned long long)b->behind, seconds, (double)b->late_max_ns / 1e6);
    for (size_t i = 0; i < 5; i++)
        printf("%s\"p%g\":%.3f", i ? "," : "", percents[i], histogram_ms(&b->ack, percents[i]));
    printf("},\"alarms_sent\":%u,\"alarms_seen\":%u,\"alarm_ms\":{", b->alarms_sent, b->alarms_seen);
    for (size_t i = 0; i < 5; i++)
        printf("%s\"p%g\":%.3f", i ? "," : "", percents[i], histogram_ms(&b->alarm, percents[i]));
    printf("}}\n");
    fprintf(stderr, "%-8s %7s %9s %9s %6s %9s %9s %9s %9s %9s\n", "protocol", "conns", "rate/s", "acked/s", "lost", "p50 ms", "p90 ms",
            "p99 ms", "p99.9 ms", "max ms");
    fprintf(stderr, "%-8s %7u %9.0f %9.0f %6llu %9.2f %9.2f %9.2f %9.2f %9.2f\n", b->o.protocol->name, b->o.connections, b->o.rate, seconds,
            (unsigned long long)(b->sent - b->acked + b->unsent), histogram_ms(&b->ack, 50), histogram_ms(&b->ack, 90),
            histogram_ms(&b->ack, 99), histogram_ms(&b->ack, 99.9), histogram_ms(&b->ack, 100));
    if (b->behind)
        fprintf(stderr, "the sender was too slow: %llu messages were not sent in time to count\n", (unsigned long long)b->behind);
    if (b->n_alarm)
        fprintf(stderr, "alarms: %u sent, %u seen; opening to live stream p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", b->alarms_sent,
                b->alarms_seen, histogram_ms(&b->alarm, 50), histogram_ms(&b->alarm, 99), histogram_ms(&b->alarm, 100));
}

static const char usage[] =
    "bench_load --port P [--host 127.0.0.1] [--protocol jt701|jt808] [--connections 1000] [--rate 10000] [--seconds 10]\n"
    "           [--warm 2] [--first 0] [--alarm-every S --sse http://HOST:PORT/api/v1/live --key bulla_...]\n"
    "--rate is messages a second over all connections; --first is the number of the first device id;\n"
    "--alarm-every cuts a seal every S seconds and measures until its alarm is on the live stream (the key must have the\n"
    "scopes read, seals and journeys); --prepared says that bench_prepare has made their seals and journeys.\n";

static bool options_get(struct options *o, int argc, char **argv)
{
    static const struct option names[] = {{"host", 1, 0, 'h'},     {"port", 1, 0, 'p'},        {"connections", 1, 0, 'c'},
                                          {"rate", 1, 0, 'r'},     {"seconds", 1, 0, 's'},     {"warm", 1, 0, 'w'},
                                          {"protocol", 1, 0, 'q'}, {"alarm-every", 1, 0, 'a'}, {"sse", 1, 0, 'u'},
                                          {"key", 1, 0, 'k'},      {"first", 1, 0, 'f'},       {"prepared", 0, 0, 'P'}, {0}};
    *o = (struct options){
        .host = "127.0.0.1", .protocol = &load_protocols[0], .connections = 1000, .rate = 10000, .seconds = 10, .warm_s = 2};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) >= 0;) {
        switch (c) {
        case 'h':
            o->host = optarg;
            break;
        case 'p':
            o->port = optarg;
            break;
        case 'c':
            o->connections = (unsigned)atoi(optarg);
            break;
        case 'r':
            o->rate = atof(optarg);
            break;
        case 's':
            o->seconds = (unsigned)atoi(optarg);
            break;
        case 'w':
            o->warm_s = (unsigned)atoi(optarg);
            break;
        case 'f':
            o->first_device = (unsigned)atoi(optarg);
            break;
        case 'P':
            o->prepared = true;
            break;
        case 'q':
            o->protocol = strcmp(optarg, "jt808") == 0 ? &load_protocols[1] : strcmp(optarg, "jt701") == 0 ? &load_protocols[0] : NULL;
            break;
        case 'a':
            o->alarm_every_s = atof(optarg);
            break;
        case 'u':
            o->sse = optarg;
            break;
        case 'k':
            o->key = optarg;
            break;
        default:
            return false;
        }
    }
    return o->port && o->protocol && o->connections && o->rate > 0 && o->seconds && (o->alarm_every_s <= 0 || (o->sse && o->key));
}

static bool raise_descriptors(unsigned connections)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max > connections + 16)
        return true;
    fprintf(stderr, "--connections: expected at most %llu (descriptors), got %u\n", (unsigned long long)limit.rlim_max - 16, connections);
    return false;
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (!options_get(&b.o, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    b.epoll = epoll_create1(0);
    b.stream.fd = -1;
    b.peers = calloc(b.o.connections, sizeof *b.peers);
    if (!raise_descriptors(b.o.connections) || !b.peers || !connect_all(&b) || (b.o.alarm_every_s > 0 && !prepare_alarms(&b)))
        return 3;
    drive(&b);
    report(&b);
    return b.acked == b.sent && b.alarms_seen == b.alarms_sent && !b.unsent ? 0 : 1;
}
