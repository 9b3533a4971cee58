// SPDX-License-Identifier: Apache-2.0
// The world on real sockets: a small server decodes what the devices say and answers; connections break and come back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/proto.h"
#include "sim/world.h"

#define JOURNEYS 12
#define PEERS    64

struct peer {
    int fd;
    const struct proto *proto;
    struct proto_link link;
    struct proto_profile profile;
    uint8_t in[65536];
    size_t n;
};

struct server {
    int listener[2];
    unsigned port[2];
    struct peer *peers;
    unsigned long decoded, refused, accepted, stored;
};

static void emit(void *host, const struct bulla_observation *o)
{
    ((struct server *)host)->stored += o->stored;
}

static __thread int answer_to;

static void reply(void *host, const uint8_t *bytes, size_t n)
{
    (void)host;
    (void)!send(answer_to, bytes, n, MSG_NOSIGNAL);
}

static void random_bytes(void *host, uint8_t *to, size_t n)
{
    (void)host;
    memset(to, 7, n);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void open_server(struct server *s)
{
    *s = (struct server){.peers = calloc(PEERS, sizeof(struct peer))};
    for (int k = 0; k < 2; k++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof a;
        s->listener[k] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(s->listener[k], (struct sockaddr *)&a, sizeof a), 0);
        assert_int_equal(listen(s->listener[k], 64), 0);
        assert_int_equal(getsockname(s->listener[k], (struct sockaddr *)&a, &size), 0);
        s->port[k] = ntohs(a.sin_port);
    }
    for (int i = 0; i < PEERS; i++)
        s->peers[i].fd = -1;
}

static void drop(struct peer *p)
{
    if (p->fd < 0)
        return;
    close(p->fd);
    free(p->link.state);
    p->fd = -1;
}

static void take_in(struct server *s, int k)
{
    int fd = accept(s->listener[k], NULL, NULL);
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &s->peers[i];
        if (p->fd >= 0)
            continue;
        memset(p, 0, sizeof *p);
        p->fd = fd;
        p->proto = proto_find(k ? "jt808" : "jt701");
        p->link.state = calloc(1, p->proto->state_size);
        p->link.host = s;
        p->link.emit = emit;
        p->link.reply = reply;
        p->link.random = random_bytes;
        s->accepted++;
        return;
    }
    fail_msg("more connections than devices");
}

static void take_bytes(struct server *s, struct peer *p)
{
    ssize_t n = recv(p->fd, p->in + p->n, sizeof p->in - p->n, 0);
    if (n <= 0) {
        drop(p);
        return;
    }
    p->n += (size_t)n;
    p->link.now_ms = now_ms();
    answer_to = p->fd;
    size_t at = 0;
    struct proto_frame f;
    for (;;) {
        f = (struct proto_frame){0, 0};
        if (p->proto->frame(&p->link, p->in + at, p->n - at, &f) != BULLA_OK)
            break;
        enum bulla_status status = p->proto->decode(&p->link, p->in + at + f.skip, f.len);
        s->decoded += status == BULLA_OK;
        s->refused += status != BULLA_OK || f.skip > 0;
        at += f.skip + f.len;
    }
    memmove(p->in, p->in + at, p->n - at);
    p->n -= at;
}

static void serve_until(struct server *s, int64_t until_ms)
{
    while (now_ms() < until_ms) {
        struct pollfd fds[PEERS + 2];
        for (int k = 0; k < 2; k++)
            fds[k] = (struct pollfd){.fd = s->listener[k], .events = POLLIN};
        for (int i = 0; i < PEERS; i++)
            fds[2 + i] = (struct pollfd){.fd = s->peers[i].fd, .events = POLLIN};
        (void)poll(fds, PEERS + 2, 5);
        for (int k = 0; k < 2; k++)
            if (fds[k].revents)
                take_in(s, k);
        for (int i = 0; i < PEERS; i++)
            if (s->peers[i].fd >= 0 && fds[2 + i].fd == s->peers[i].fd && fds[2 + i].revents)
                take_bytes(s, &s->peers[i]);
    }
}

static void close_server(struct server *s)
{
    for (int i = 0; i < PEERS; i++)
        drop(&s->peers[i]);
    for (int k = 0; k < 2; k++)
        close(s->listener[k]);
    free(s->peers);
}

static void delivers_over_sockets_and_comes_back(void **state)
{
    struct world_options o = {.seed = 5, .journeys = JOURNEYS, .speed = 10, .start_ms = now_ms()};
    struct world *world = world_new(&o);
    struct server s;
    char why[200] = "";
    (void)state;
    assert_non_null(world);
    open_server(&s);
    assert_true(world_start(world, "127.0.0.1", s.port[0], s.port[1], why, sizeof why));
    serve_until(&s, now_ms() + 5000);
    struct world_counts c = world_counts(world);
    assert_true(c.connected >= JOURNEYS - 3 && c.connected <= JOURNEYS); /* one is silent, some without network */
    assert_true(s.decoded > 200 && s.stored > 1000);
    assert_int_equal(s.refused, 0);

    unsigned long accepted = s.accepted;
    for (int i = 0; i < PEERS; i++) /* the platform goes away: all come back with what they kept */
        drop(&s.peers[i]);
    serve_until(&s, now_ms() + 5500);
    c = world_counts(world);
    assert_true(s.accepted >= accepted + JOURNEYS - 3);
    assert_true(c.connected >= JOURNEYS - 3);
    assert_true(c.acknowledged + c.waiting + JOURNEYS * 4 >= c.sent / 2);
    assert_true(c.waiting < 200);
    assert_int_equal(s.refused, 0);
    world_stop(world);
    world_free(world);
    close_server(&s);
}

/* How many connections are open to a server. */
static unsigned open_peers(const struct server *s)
{
    unsigned n = 0;
    for (int i = 0; i < PEERS; i++)
        n += s->peers[i].fd >= 0;
    return n;
}

static void serve_all(struct server *s, size_t n, int64_t until_ms)
{
    while (now_ms() < until_ms)
        for (size_t i = 0; i < n; i++)
            serve_until(&s[i], now_ms() + 5);
}

static void spreads_over_nodes_and_goes_to_another(void **state)
{
    struct world_options o = {.seed = 5, .journeys = JOURNEYS, .speed = 10, .start_ms = now_ms()};
    struct world *world = world_new(&o);
    struct server s[3];
    struct world_place places[3];
    char why[200] = "";
    (void)state;
    assert_non_null(world);
    for (int i = 0; i < 3; i++) {
        open_server(&s[i]);
        places[i] = (struct world_place){"127.0.0.1", s[i].port[0], s[i].port[1]};
    }
    assert_false(world_start_places(world, places, 0, why, sizeof why));
    assert_non_null(strstr(why, "expected 1 to"));
    assert_true(world_start_places(world, places, 3, why, sizeof why));
    serve_all(s, 3, now_ms() + 4000);
    for (int i = 0; i < 3; i++)
        assert_in_range(open_peers(&s[i]), 1, JOURNEYS / 3);
    unsigned before[2] = {open_peers(&s[0]), open_peers(&s[2])}, lost = open_peers(&s[1]);
    close_server(&s[1]); /* a node is killed: its devices are shared out among the others at once */
    struct server rest[2] = {s[0], s[2]};
    serve_all(rest, 2, now_ms() + 3500);
    assert_true(open_peers(&rest[0]) + open_peers(&rest[1]) + 1 >= before[0] + before[1] + lost);
    assert_true(open_peers(&rest[0]) > before[0] || open_peers(&rest[1]) > before[1]);
    assert_true(world_counts(world).waiting < 200);
    assert_int_equal(rest[0].refused + rest[1].refused, 0);
    world_stop(world);
    world_free(world);
    close_server(&rest[0]);
    close_server(&rest[1]);
}

static void count_refusals(void *host, const struct world_event *event)
{
    unsigned *told = host;
    told[0] += event->kind == WORLD_REFUSED;
}

static void survives_without_a_platform(void **state)
{
    struct world_options o = {.seed = 5, .journeys = 1, .speed = 1, .start_ms = now_ms()};
    struct world *world = world_new(&o);
    struct server s;
    unsigned told = 0;
    char why[200] = "";
    (void)state;
    open_server(&s);
    close_server(&s); /* ports that were free a moment ago */
    world_on_event(world, count_refusals, &told);
    assert_false(world_start(world, "no-such-host", 1, 2, why, sizeof why));
    assert_non_null(strstr(why, "no-such-host"));
    assert_true(world_start(world, "127.0.0.1", s.port[0], s.port[1], why, sizeof why));
    usleep(4500000);
    world_stop(world);
    assert_int_equal(told, 1);
    assert_int_equal(world_counts(world).connected, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_over_sockets_and_comes_back),
        cmocka_unit_test(spreads_over_nodes_and_goes_to_another),
        cmocka_unit_test(survives_without_a_platform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
