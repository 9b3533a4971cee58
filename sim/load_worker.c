/* SPDX-License-Identifier: Apache-2.0
 *
 * One process of a load: its share of the devices on epoll, one thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/load_device.h"
#include "sim/load_internal.h"
#include "sim/random.h"

#define CONNECTING_MOST 1024 /* connections being made at once */
#define PER_SOURCE      10000 /* connections from one address of 127.0.0.0/8: below what has ports, and below the platform's limit */
#define EVENTS          512
#define NAP_NS          200000 /* reports are made in bunches of this: sleeping for less costs more than it gives */
#define GRACE_NS        250000000 /* to catch up at the end */
#define NAP_MOST_NS     20000000
#define SWEEP_NS        250000000
#define BACKOFF_NS      100000000
#define BACKOFF_TIMES   5 /* doubled */
#define ACKED_BYTES     65536
#define SECOND_NS       INT64_C(1000000000)

enum member_state { CLOSED, CONNECTING, OPEN };

struct member {
    struct load_device d;
    int fd;
    uint8_t state, to, fails;
    int64_t asked_ns; /* since when it waits for the platform */
    int64_t head_ns;  /* since when its oldest report has been under way */
    uint32_t head;
    uint8_t *rest;    /* what the socket did not take */
    size_t n_rest;
};

struct due { /* a connection to be made */
    int64_t at_ns;
    uint32_t member;
};

struct work {
    struct load_shared *shared;
    struct load_worker *w;
    const struct load_options *o;
    struct member *members;
    struct due *heap;
    size_t n_heap, n_connecting;
    int epoll, acked_fd;
    struct sim_random random;
    int64_t start_ns, warm_ns, end_ns, count_from_ns; /* 0 until the run begins */
    int64_t sweep_ns, storm_begun_ns, flush_ns;
    double gap_ns;
    uint64_t due, due_all; /* reports made by the clock, and to be made */
    uint32_t opening; /* the next one to look at */
    char *lines; /* what was acknowledged */
    size_t n_lines;
    int64_t now_ns;
};

/* --- connections to be made, the earliest first --- */
static void swap(struct due *a, struct due *b)
{
    struct due c = *a;
    *a = *b;
    *b = c;
}

static void heap_put(struct work *k, uint32_t member, int64_t at_ns)
{
    size_t i = k->n_heap++;
    k->heap[i] = (struct due){at_ns, member};
    for (; i && k->heap[(i - 1) / 2].at_ns > k->heap[i].at_ns; i = (i - 1) / 2)
        swap(&k->heap[i], &k->heap[(i - 1) / 2]);
}

static uint32_t heap_take(struct work *k)
{
    uint32_t member = k->heap[0].member;
    k->heap[0] = k->heap[--k->n_heap];
    for (size_t i = 0, child; (child = 2 * i + 1) < k->n_heap; i = child) {
        if (child + 1 < k->n_heap && k->heap[child + 1].at_ns < k->heap[child].at_ns)
            child++;
        if (k->heap[i].at_ns <= k->heap[child].at_ns)
            break;
        swap(&k->heap[i], &k->heap[child]);
    }
    return member;
}

/* --- sockets --- */
static uint32_t index_of(const struct work *k, const struct member *m)
{
    return (uint32_t)(m - k->members);
}

static void watch(struct work *k, int op, const struct member *m)
{
    bool out = m->state == CONNECTING || m->n_rest;
    struct epoll_event e = {.events = EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0), .data.u32 = index_of(k, m)};
    (void)epoll_ctl(k->epoll, op, m->fd, &e);
}

static void hang_up(struct work *k, struct member *m)
{
    struct linger now = {1, 0}; /* as a lost network does: no farewell, and no port that waits a minute */
    k->w->counts.connected -= m->state == OPEN;
    k->n_connecting -= m->state == CONNECTING;
    (void)setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(m->fd);
    free(m->rest);
    m->rest = NULL;
    m->n_rest = 0;
    m->fd = -1;
    m->state = CLOSED;
    load_device_disconnected(&m->d);
}

/* It did not work: the next address, a little later each time. */
static void try_later(struct work *k, struct member *m)
{
    int64_t wait = BACKOFF_NS << (m->fails < BACKOFF_TIMES ? m->fails : BACKOFF_TIMES);
    if (m->fails < BACKOFF_TIMES)
        m->fails++;
    m->to = (uint8_t)((m->to + 1u) % k->o->n_to);
    heap_put(k, index_of(k, m), k->now_ns + (int64_t)((double)wait * sim_random_between(&k->random, 0.5, 1.5)));
}

static void lose(struct work *k, struct member *m, uint64_t *counter)
{
    ++*counter;
    hang_up(k, m);
    try_later(k, m);
}

/* Many devices on one machine: addresses of their own, so that ports suffice. */
static void choose_source(int fd, const struct sockaddr_storage *to, uint32_t device)
{
    int one = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    if (to->ss_family != AF_INET || ntohl(((const struct sockaddr_in *)to)->sin_addr.s_addr) >> 24 != 127)
        return;
    from.sin_addr.s_addr = htonl(0x7F010001u + device / PER_SOURCE);
    (void)setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)bind(fd, (struct sockaddr *)&from, sizeof from);
}

static void begin_connect(struct work *k, struct member *m)
{
    int one = 1;
    const struct sockaddr_storage *to = &k->o->to[m->to];
    m->fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd >= 0) {
        (void)setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        choose_source(m->fd, to, m->d.number);
        if (connect(m->fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) {
            close(m->fd);
            m->fd = -1;
        }
    }
    if (m->fd < 0) {
        k->w->counts.refused++;
        try_later(k, m);
        return;
    }
    m->state = CONNECTING;
    m->asked_ns = k->now_ns;
    k->n_connecting++;
    watch(k, EPOLL_CTL_ADD, m);
}

/* --- sending --- */
static void keep_rest(struct member *m, const uint8_t *bytes, size_t n)
{
    m->rest = malloc(n);
    m->n_rest = m->rest ? n : 0;
    if (m->rest)
        memcpy(m->rest, bytes, n);
}

static void pump(struct work *k, struct member *m)
{
    uint8_t bytes[16 * LOAD_MESSAGE_MAX];
    while (m->state == OPEN && !m->n_rest) {
        size_t n = 0, one;
        bool again = false, idle = load_device_under_way(&m->d) == 0;
        while (n + LOAD_MESSAGE_MAX <= sizeof bytes && (one = load_device_send(&m->d, bytes + n, &again))) {
            n += one;
            k->w->counts.sent++;
            k->w->counts.again += again;
        }
        if (!n)
            return;
        if (idle)
            m->asked_ns = k->now_ns;
        ssize_t gone = send(m->fd, bytes, n, MSG_NOSIGNAL);
        if (gone < 0 && errno != EAGAIN) {
            lose(k, m, &k->w->counts.broken);
            return;
        }
        if ((size_t)(gone > 0 ? gone : 0) < n) {
            keep_rest(m, bytes + (gone > 0 ? gone : 0), n - (size_t)(gone > 0 ? gone : 0));
            watch(k, EPOLL_CTL_MOD, m);
        }
    }
}

static void flush_rest(struct work *k, struct member *m)
{
    ssize_t gone = send(m->fd, m->rest, m->n_rest, MSG_NOSIGNAL);
    if (gone < 0 && errno != EAGAIN) {
        lose(k, m, &k->w->counts.broken);
        return;
    }
    if (gone <= 0)
        return;
    m->n_rest -= (size_t)gone;
    memmove(m->rest, m->rest + gone, m->n_rest);
    if (m->n_rest)
        return;
    free(m->rest);
    m->rest = NULL;
    watch(k, EPOLL_CTL_MOD, m);
    pump(k, m);
}

static void make_report(struct work *k, struct member *m, int64_t intended_ns)
{
    int64_t late_ms = (k->now_ns - intended_ns) / 1000000;
    k->w->counts.made++;
    k->w->counts.given_up += !load_device_report(&m->d, (load_wall_ms() - late_ms) / 1000, intended_ns);
    pump(k, m);
}

/* --- answers --- */
static void flush_lines(struct work *k)
{
    if (k->n_lines && k->acked_fd >= 0 && write(k->acked_fd, k->lines, k->n_lines) != (ssize_t)k->n_lines)
        atomic_store(&k->w->failed, true);
    k->n_lines = 0;
    k->flush_ns = k->now_ns;
}

static void on_acked(void *context, const struct load_device *d, uint32_t n, const struct load_kept *r)
{
    struct work *k = context;
    k->w->counts.acknowledged++;
    k->w->counts.in_time += k->now_ns >= k->warm_ns && k->now_ns < k->end_ns;
    if (r->intended_ns >= k->count_from_ns)
        histogram_add(&k->w->ack, k->now_ns - r->intended_ns);
    if (k->acked_fd < 0)
        return;
    char id[LOAD_ID_SIZE];
    d->protocol->id(id, d->number);
    k->n_lines += (size_t)snprintf(k->lines + k->n_lines, ACKED_BYTES - k->n_lines, "%s:%s %lld %u %u\n", d->protocol->name, id,
                                   (long long)r->time_s * 1000, n, n & (d->protocol->serials - 1));
    if (k->n_lines > ACKED_BYTES - 128)
        flush_lines(k);
}

static void receive(struct work *k, struct member *m)
{
    uint8_t bytes[4096];
    ssize_t n = recv(m->fd, bytes, sizeof bytes, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        lose(k, m, &k->w->counts.broken);
        return;
    }
    if (n < 0)
        return;
    m->asked_ns = k->now_ns = load_now_ns();
    m->fails = 0;
    load_device_receive(&m->d, bytes, (size_t)n, on_acked, k);
    pump(k, m);
}

/* --- connected --- */
static void all_connected(struct work *k)
{
    if (k->storm_begun_ns) {
        int64_t took = k->now_ns - k->storm_begun_ns;
        if (took > atomic_load(&k->w->storm_ns))
            atomic_store(&k->w->storm_ns, took);
        k->storm_begun_ns = 0;
    }
    if (!atomic_load(&k->w->connected_ns))
        atomic_store(&k->w->connected_ns, k->now_ns);
}

static void connected(struct work *k, struct member *m)
{
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        lose(k, m, &k->w->counts.refused);
        return;
    }
    k->n_connecting--;
    m->state = OPEN;
    m->asked_ns = k->now_ns = load_now_ns();
    watch(k, EPOLL_CTL_MOD, m);
    k->w->counts.connects++;
    bool first_words = !m->d.tail && !k->start_ns && (k->o->scenario->silent || m->d.number - k->o->first < k->o->alarms);
    if (++k->w->counts.connected == k->w->devices)
        all_connected(k);
    if (first_words)
        make_report(k, m, k->now_ns); /* sealed */
    else
        pump(k, m);
}

static void attend(struct work *k, int64_t wait_ns)
{
    struct epoll_event events[EVENTS];
    struct timespec wait = {wait_ns / SECOND_NS, wait_ns % SECOND_NS};
    int n = epoll_pwait2(k->epoll, events, EVENTS, &wait, NULL);
    k->now_ns = load_now_ns();
    for (int i = 0; i < n; i++) {
        struct member *m = &k->members[events[i].data.u32];
        if (m->state == CONNECTING) {
            connected(k, m);
            continue;
        }
        if (m->state == OPEN && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            receive(k, m);
        if (m->state == OPEN && (events[i].events & EPOLLOUT) && m->n_rest)
            flush_rest(k, m);
    }
}

/* --- what time brings --- */
static void make_connections(struct work *k)
{
    while (k->n_heap && k->heap[0].at_ns <= k->now_ns && k->n_connecting < CONNECTING_MOST)
        begin_connect(k, &k->members[heap_take(k)]);
}

static void sweep(struct work *k)
{
    int64_t longest = (int64_t)(k->o->patience_s * 1e9);
    k->sweep_ns = k->now_ns + SWEEP_NS;
    for (uint32_t i = 0; i < k->w->devices; i++) {
        struct member *m = &k->members[i];
        bool under_way = m->state == OPEN && load_device_under_way(&m->d);
        if (m->head != m->d.head || !under_way) {
            m->head = m->d.head;
            m->head_ns = k->now_ns;
        } else if (k->now_ns - m->head_ns > (int64_t)(k->o->retry_s * 1e9)) {
            m->head_ns = k->now_ns;
            load_device_send_again(&m->d);
            pump(k, m);
        }
        bool waits = m->state == CONNECTING || (m->state == OPEN && under_way);
        if (waits && k->now_ns - m->asked_ns > longest)
            lose(k, m, &k->w->counts.impatient);
    }
}

static struct member *whose_turn(struct work *k)
{
    const struct load_scenario *s = k->o->scenario;
    uint32_t n = k->w->devices, busy = (uint32_t)(n * s->busy_share);
    if (s->busy_rate <= 0)
        return &k->members[k->due % n];
    busy = busy ? busy : 1;
    if (busy >= n || sim_random_chance(&k->random, s->busy_rate))
        return &k->members[sim_random_below(&k->random, busy)];
    return &k->members[busy + sim_random_below(&k->random, n - busy)];
}

/* Returns the moment of the next report; INT64_MAX: there is none. */
static int64_t make_reports(struct work *k)
{
    if (k->due >= k->due_all || k->now_ns >= k->end_ns + GRACE_NS)
        return INT64_MAX;
    int64_t intended = k->start_ns + (int64_t)((double)k->due * k->gap_ns);
    for (unsigned n = 0; n < EVENTS && intended <= k->now_ns && k->due < k->due_all; n++) {
        uint64_t late = (uint64_t)(k->now_ns - intended);
        k->w->counts.late_max_ns = late > k->w->counts.late_max_ns ? late : k->w->counts.late_max_ns;
        make_report(k, whose_turn(k), intended);
        intended = k->start_ns + (int64_t)((double)++k->due * k->gap_ns);
    }
    return k->due < k->due_all ? intended : INT64_MAX;
}

static void open_seals(struct work *k)
{
    const struct load_options *o = k->o;
    for (; k->opening < o->alarms; k->opening++) {
        struct load_opening *opening = &k->shared->opening[k->opening];
        int64_t due = k->warm_ns + (int64_t)((k->opening + 0.5) * (double)(k->end_ns - k->warm_ns) / o->alarms);
        if (due > k->now_ns)
            return;
        uint32_t i = opening->device - o->first - k->w->first;
        if (i >= k->w->devices)
            continue;
        k->members[i].d.cut = true;
        atomic_store(&opening->due_ns, due);
        make_report(k, &k->members[i], due);
    }
}

static void storm(struct work *k)
{
    unsigned had = atomic_load(&k->w->storms);
    double every = k->o->scenario->storm_every;
    int64_t at = k->start_ns + (int64_t)((double)(k->end_ns - k->start_ns) * every * (had + 1));
    if (every <= 0 || at > k->now_ns || every * (had + 1) > 0.99)
        return;
    atomic_store(&k->w->storms, had + 1);
    k->storm_begun_ns = k->now_ns;
    for (uint32_t i = 0; i < k->w->devices; i++)
        if (k->members[i].state == OPEN) {
            hang_up(k, &k->members[i]);
            heap_put(k, i, k->now_ns + (int64_t)(sim_random_unit(&k->random) * k->o->jitter_s * 1e9));
        }
}

/* The run begins: the moments of everything are known. */
static void begin(struct work *k)
{
    const struct load_options *o = k->o;
    k->start_ns = atomic_load(&k->shared->start_ns);
    k->warm_ns = k->start_ns + (int64_t)(o->warm_s * 1e9);
    k->end_ns = k->warm_ns + (int64_t)(o->seconds * 1e9);
    k->count_from_ns = o->scenario->silent ? 0 : k->warm_ns;
    double rate = o->rate * o->scenario->rate * k->w->devices / o->devices;
    k->gap_ns = rate > 0 ? 1e9 / rate : 0;
    k->due_all = (uint64_t)((o->warm_s + o->seconds) * rate + 0.5);
    for (uint32_t i = 0; i < k->w->devices && o->scenario->offline_first; i++) {
        int64_t at = k->start_ns + (int64_t)(sim_random_unit(&k->random) * o->jitter_s * 1e9);
        heap_put(k, i, at);
        if (!o->scenario->night)
            continue;
        load_device_night(&k->members[i].d, o->stored, load_wall_ms() / 1000, at);
        k->w->counts.made += o->stored;
    }
}

static int64_t step(struct work *k)
{
    int64_t next = k->now_ns + NAP_MOST_NS;
    make_connections(k);
    if (k->now_ns >= k->sweep_ns)
        sweep(k);
    if (k->start_ns) {
        int64_t report = make_reports(k);
        next = report < next ? report : next;
        open_seals(k);
        storm(k);
    }
    if (k->now_ns - k->flush_ns > NAP_MOST_NS)
        flush_lines(k);
    k->w->counts.waiting = k->w->counts.made - k->w->counts.acknowledged - k->w->counts.given_up;
    return next - k->now_ns < NAP_NS ? NAP_NS : next - k->now_ns;
}

static void run(struct work *k)
{
    const struct load_counts *c = &k->w->counts;
    bool late = k->o->scenario->offline_first;
    for (;;) {
        int phase = atomic_load(&k->shared->phase);
        if (phase == LOAD_STOP)
            break;
        if (phase == LOAD_RUN && !k->start_ns)
            begin(k);
        attend(k, step(k));
        if (!k->start_ns && (late || (c->connected == k->w->devices && c->made == c->acknowledged)))
            atomic_store(&k->w->ready, true);
        bool over = k->start_ns && k->now_ns >= k->end_ns && (k->due == k->due_all || k->now_ns >= k->end_ns + GRACE_NS);
        if (over && (c->made == c->acknowledged + c->given_up || k->now_ns >= k->end_ns + (int64_t)(k->o->drain_s * 1e9)))
            break;
    }
    if (k->start_ns && k->now_ns >= k->end_ns) /* it was not stopped before */
        k->w->counts.behind = k->due_all - k->due;
    k->now_ns = load_now_ns();
    flush_lines(k);
    k->w->counts.waiting = c->made - c->acknowledged - c->given_up;
}

static bool prepare(struct work *k)
{
    const struct load_options *o = k->o;
    k->members = calloc(k->w->devices, sizeof *k->members);
    k->heap = calloc(k->w->devices, sizeof *k->heap);
    k->lines = malloc(ACKED_BYTES);
    k->epoll = epoll_create1(EPOLL_CLOEXEC);
    k->acked_fd = o->acked ? open(o->acked, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (!k->members || !k->heap || !k->lines || k->epoll < 0 || (o->acked && k->acked_fd < 0))
        return false;
    k->now_ns = load_now_ns();
    k->warm_ns = k->end_ns = k->count_from_ns = INT64_MAX;
    struct sim_random seed = sim_random_new(o->seed);
    k->random = sim_random_split(&seed, k->w->first);
    for (uint32_t i = 0; i < k->w->devices; i++) {
        struct member *m = &k->members[i];
        uint32_t global = k->w->first + i;
        load_device_init(&m->d, o->protocols[global % o->n_protocols], o->first + global);
        m->fd = -1;
        m->to = (uint8_t)(global % o->n_to);
        struct sim_random own = sim_random_split(&seed, UINT64_C(1) << 32 | global);
        if (sim_random_chance(&own, o->scenario->wrong_clock))
            m->d.clock_s = (int32_t)sim_random_between(&own, -43200, 43200);
        if (!o->scenario->offline_first)
            heap_put(k, i, k->now_ns);
    }
    return true;
}

int load_work(struct load_shared *shared, struct load_worker *worker)
{
    struct work k = {.shared = shared, .w = worker, .o = &shared->o};
    if (!prepare(&k)) {
        fprintf(stderr, "load: %s\n", k.o->acked && k.acked_fd < 0 ? strerror(errno) : "out of memory");
        atomic_store(&worker->failed, true);
        return 1;
    }
    if (k.o->scenario->silent)
        k.count_from_ns = 0;
    run(&k);
    return 0;
}
