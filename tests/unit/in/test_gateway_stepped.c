/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway over a network in memory, stepped: no thread, no waiting, and the same calls give the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/base/limits.h"
#include "platform/in/gateway.h"
#include "platform/in/net.h"

#define NORMAL "##S,eSeal,%d,256,3.0.6,Normal,%d,2024-05-01,08:14:40,15,A,10.000000N 20.000000E,10,0,Close,0.71,0:0:3:0,3.8,-73,E##\n"
#define ANSWER "##S,eSeal,%d,256,3.0.6,Normal ACK,%d,E##\r\n"

#define SOCKETS 64

struct memory_socket {
    struct peer *peer; /* NULL: closed */
    char said[8192];   /* what the gateway sent */
    size_t n_said;
    bool full;
};

struct memory {
    struct gateway *gateway;
    struct listener *tcp, *udp;
    struct memory_socket sockets[SOCKETS];
    char packets[8192];
    size_t n_packets;
    bool deaf, ended;
    unsigned paused;
    int64_t now_ms;
    uint8_t seed;
};

/* --- the network --- */

static void *mem_listen(void *net, struct listener *listener, bool packets, const char *address, unsigned *port, char *why, size_t size)
{
    struct memory *m = net;
    if (*port == 1) {
        snprintf(why, size, "%s:1: not allowed", address);
        return NULL;
    }
    *port = packets ? 2 : 3;
    *(packets ? &m->udp : &m->tcp) = listener;
    return m;
}

static void append(char *to, size_t *n, size_t size, const struct bulla_bytes *parts, size_t n_parts)
{
    for (size_t i = 0; i < n_parts; i++) {
        assert_true(*n + parts[i].len < size);
        memcpy(to + *n, parts[i].at, parts[i].len);
        *n += parts[i].len;
        to[*n] = '\0';
    }
}

static enum net_sent mem_send(void *net, void *socket, const struct bulla_bytes *parts, size_t n)
{
    (void)net;
    struct memory_socket *s = socket;
    assert_non_null(s->peer);
    if (s->full)
        return NET_FULL;
    append(s->said, &s->n_said, sizeof s->said, parts, n);
    return NET_SENT;
}

static enum net_sent mem_send_packet(void *net, void *listening, const struct net_address *to, const struct bulla_bytes *parts, size_t n)
{
    struct memory *m = net;
    (void)listening;
    m->packets[m->n_packets++] = (char)to->bytes[0];
    append(m->packets, &m->n_packets, sizeof m->packets, parts, n);
    return NET_SENT;
}

static void mem_close(void *net, void *socket)
{
    (void)net;
    struct memory_socket *s = socket;
    assert_non_null(s->peer); /* closed once */
    s->peer = NULL;
}

static void mem_reading(void *net, bool on)
{
    struct memory *m = net;
    assert_int_equal(m->deaf, on); /* never told twice */
    m->deaf = !on;
    m->paused += !on;
}

static void mem_name(const struct net_address *from, char to[64])
{
    snprintf(to, 64, "memory %u", from->bytes[0]);
}

static void mem_unlisten(void *net)
{
    ((struct memory *)net)->ended = true;
}

/* --- the fixture --- */

static int64_t now(void *host)
{
    return ((struct memory *)host)->now_ms;
}

static void numbers(void *host, uint8_t *to, size_t n)
{
    struct memory *m = host;
    for (size_t i = 0; i < n; i++)
        to[i] = m->seed++;
}

static int set_up(void **state)
{
    char why[200];
    struct memory *m = calloc(1, sizeof *m);
    struct gateway_net net = {.net = m,
                              .listen = mem_listen,
                              .send = mem_send,
                              .send_packet = mem_send_packet,
                              .close = mem_close,
                              .reading = mem_reading,
                              .name = mem_name,
                              .unlisten = mem_unlisten};
    struct gateway_host host = {.host = m, .random = numbers};
    m->now_ms = INT64_C(1714522480000);
    m->gateway = gateway_new_over(&host, (struct clock){now, m}, &net);
    if (!m->gateway || gateway_listen(m->gateway, "auto", "tcp", "here", 0, why, sizeof why) != 3 ||
        gateway_listen(m->gateway, "auto", "udp", "here", 0, why, sizeof why) != 2 || !gateway_start(m->gateway))
        return -1;
    *state = m;
    return 0;
}

static void step(struct memory *m)
{
    gateway_step(m->gateway, m->now_ms);
}

static void finish(struct memory *m, struct batch *b)
{
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    step(m);
}

static int tear_down(void **state)
{
    struct memory *m = *state;
    struct batch *b;
    gateway_stop(m->gateway);
    assert_true(m->ended);
    while ((b = gateway_take(m->gateway, 0))) {
        gateway_stored(m->gateway, b);
        gateway_done(m->gateway, b);
    }
    for (size_t i = 0; i < SOCKETS; i++)
        assert_null(m->sockets[i].peer);
    gateway_free(m->gateway);
    free(m);
    return 0;
}

static struct memory_socket *dial(struct memory *m)
{
    for (size_t i = 0; i < SOCKETS; i++) {
        struct memory_socket *s = &m->sockets[i];
        if (s->peer)
            continue;
        memset(s, 0, sizeof *s);
        s->peer = gateway_opened(m->tcp, "memory", s);
        return s->peer ? s : NULL;
    }
    return NULL;
}

static void say(struct memory_socket *s, const char *text)
{
    gateway_bytes(s->peer, (const uint8_t *)text, strlen(text));
}

static const char *text_of(const char *format, int device, int index)
{
    static char text[512];
    snprintf(text, sizeof text, format, device, index);
    return text;
}

/* --- tests --- */

static void acknowledged_after_the_disk_and_not_before(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m);
    assert_null(gateway_take(m->gateway, 0));
    say(s, text_of(NORMAL, 2000417, 34));
    struct batch *b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_rows, 1);
    assert_int_equal(b->n_notes, 1);
    assert_int_equal(b->notes[0].kind, NOTE_CONNECTED);
    assert_string_equal(b->rows[0].o.device, "2000417");
    assert_int_equal(b->rows[0].o.received_ms, m->now_ms);
    step(m);
    assert_string_equal(s->said, "");
    gateway_stored(m->gateway, b);
    assert_string_equal(s->said, ""); /* nothing is sent from inside of another thread's call */
    step(m);
    assert_string_equal(s->said, text_of(ANSWER, 2000417, 34));
    gateway_done(m->gateway, b);
    assert_null(gateway_take(m->gateway, 0));
}

static void half_messages_are_put_together(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m), *t = dial(m);
    char one[512], other[512];
    snprintf(one, sizeof one, "%s", text_of(NORMAL, 1111111, 1));
    snprintf(other, sizeof other, "%s", text_of(NORMAL, 2222222, 2));
    for (size_t i = 0; one[i]; i++) { /* byte by byte, both in turn */
        gateway_bytes(s->peer, (const uint8_t *)&one[i], 1);
        gateway_bytes(t->peer, (const uint8_t *)&other[i], 1);
    }
    struct batch *b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_rows, 2);
    finish(m, b);
    assert_string_equal(s->said, text_of(ANSWER, 1111111, 1));
    assert_string_equal(t->said, text_of(ANSWER, 2222222, 2));
}

static void gone_before_the_answer(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m);
    say(s, text_of(NORMAL, 2000417, 1));
    struct batch *b = gateway_take(m->gateway, 0);
    gateway_hung_up(s->peer);
    assert_null(s->peer);
    finish(m, b);
    assert_int_equal(gateway_counts(m->gateway).dropped_replies, 1);
    assert_int_equal(gateway_counts(m->gateway).connections, 0);
    b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_notes, 1);
    assert_int_equal(b->notes[0].kind, NOTE_DISCONNECTED);
    finish(m, b);
}

/* Who does not read is closed while others are answered; also when that happens inside of its own next words. */
static void who_does_not_read_is_closed(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m), *t = dial(m);
    say(s, text_of(NORMAL, 1111111, 1));
    say(t, text_of(NORMAL, 2222222, 2));
    struct batch *b = gateway_take(m->gateway, 0);
    s->full = true;
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    say(s, text_of(NORMAL, 1111111, 2));
    assert_null(s->peer);
    assert_string_equal(t->said, text_of(ANSWER, 2222222, 2));
    assert_int_equal(gateway_counts(m->gateway).closed_write, 1);
    assert_int_equal(gateway_counts(m->gateway).observations, 2);
}

static void commands_and_their_notes(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m);
    say(s, text_of(NORMAL, 2000417, 9));
    finish(m, gateway_take(m->gateway, 0));
    gateway_command(m->gateway, "eseal:2000417", "C1", "unlock", "");
    gateway_command(m->gateway, "eseal:7777777", "C2", "unlock", "");
    assert_null(strstr(s->said, "RC-Unlock"));
    step(m);
    assert_non_null(strstr(s->said, "RC-Unlock"));
    struct batch *b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_notes, 2);
    assert_int_equal(b->notes[0].kind, NOTE_SENT);
    assert_string_equal(b->notes[0].command, "C1");
    assert_int_equal(b->notes[1].kind, NOTE_UNSENT);
    finish(m, b);
}

static void a_full_batch_stops_reading_and_never_waits(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m);
    const int most[] = {SHED_ROWS_FIRST, LIMIT_BATCH_ROWS}; /* while nobody knows how long a batch takes, and then */
    for (int i = 0; i < 2; i++) {
        int sent = 0;
        for (; !m->deaf && sent < 2 * LIMIT_BATCH_ROWS; sent++)
            say(s, text_of(NORMAL, 2000417, sent));
        assert_int_equal(sent, most[i]);
        step(m);
        assert_true(m->deaf); /* nobody has taken it yet */
        struct batch *b = gateway_take(m->gateway, 0);
        assert_int_equal(b->n_rows, most[i]);
        step(m);
        assert_false(m->deaf);
        b->n_replies = 0; /* this test is about rows */
        finish(m, b);
        assert_int_equal(m->paused, i + 1);
        assert_int_equal(gateway_counts(m->gateway).stalled, i + 1);
        for (uint64_t known = 0; i == 0 && known < LIMIT_BATCH_ROWS; known = gateway_counts(m->gateway).most_rows) { /* a strong store */
            say(s, text_of(NORMAL, 2000417, 1));
            b = gateway_take(m->gateway, 0);
            b->n_replies = 0;
            finish(m, b);
            step(m);
        }
    }
}

static void limits_in_time(void **state)
{
    struct memory *m = *state;
    struct memory_socket *silent = dial(m), *half = dial(m), *good = dial(m);
    say(good, text_of(NORMAL, 2000417, 1));
    say(half, text_of(NORMAL, 2000418, 1));
    say(half, "##S,eSeal,2000418,");
    m->now_ms += LIMIT_FIRST_MESSAGE_MS - LIMIT_SWEEP_MS;
    step(m);
    assert_non_null(silent->peer);
    m->now_ms += 2 * LIMIT_SWEEP_MS;
    step(m);
    assert_null(silent->peer);
    assert_null(half->peer);
    assert_non_null(good->peer);
    assert_int_equal(gateway_counts(m->gateway).closed_slow, 2);
    m->now_ms -= 3600 * 1000; /* the clock is set back: the sweep goes on, and closes nobody for it */
    step(m);
    assert_non_null(good->peer);
    m->now_ms += 3600 * 1000 + LIMIT_IDLE_MS + LIMIT_SWEEP_MS;
    step(m);
    assert_null(good->peer);
    assert_int_equal(gateway_counts(m->gateway).closed_idle, 1);
}

/* A clock for training that goes 700 times as fast takes nobody's connection away for that. */
static void limits_are_of_the_machines_time(void **state)
{
    struct memory *m = *state;
    struct memory_socket *silent = dial(m), *good = dial(m);
    gateway_pace(m->gateway, 700);
    say(good, text_of(NORMAL, 2000417, 1));
    m->now_ms += 699 * INT64_C(60000);
    step(m);
    assert_non_null(silent->peer);
    m->now_ms += 700 * INT64_C(2000);
    step(m);
    assert_null(silent->peer);
    m->now_ms += 699 * (INT64_C(1000) * 60 * 29);
    step(m);
    assert_non_null(good->peer);
    m->now_ms += 700 * INT64_C(60000);
    step(m);
    assert_null(good->peer);
}

static void garbage_closes_and_harms_only_itself(void **state)
{
    struct memory *m = *state;
    struct memory_socket *s = dial(m), *t = dial(m);
    say(t, text_of(NORMAL, 2000417, 1));
    say(s, "GET / HTTP/1.1\r\n\r\n");
    assert_null(s->peer);
    assert_int_equal(gateway_counts(m->gateway).unrecognised, 1);
    struct batch *b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_rows, 1);
    assert_int_equal(b->n_damages, 1);
    finish(m, b);
}

static void packets_and_their_senders(void **state)
{
    struct memory *m = *state;
    struct net_address a = {{'a'}}, b = {{'b'}};
    char text[512];
    snprintf(text, sizeof text, "%s", text_of(NORMAL, 1111111, 1));
    gateway_packet(m->udp, &a, (const uint8_t *)text, strlen(text));
    snprintf(text, sizeof text, "%s", text_of(NORMAL, 2222222, 2));
    gateway_packet(m->udp, &b, (const uint8_t *)text, strlen(text));
    finish(m, gateway_take(m->gateway, 0));
    snprintf(text, sizeof text, "a" ANSWER "b" ANSWER, 1111111, 1, 2222222, 2);
    assert_string_equal(m->packets, text);
    assert_int_equal(gateway_counts(m->gateway).udp_peers, 2);
}

static void a_listener_that_cannot_be(void **state)
{
    struct memory *m = *state;
    char why[200];
    assert_int_equal(gateway_listen(m->gateway, "auto", "tcp", "here", 1, why, sizeof why), 0);
    assert_string_equal(why, "here:1: not allowed");
    assert_int_equal(gateway_listen(m->gateway, "nothing", "tcp", "here", 0, why, sizeof why), 0);
    assert_non_null(strstr(why, "expected"));
}

/* jt808 gives out an authentication code: 0x0100 register, whose answer holds random bytes. */
static void the_same_calls_give_the_same_bytes(void **state)
{
    static const uint8_t enlist[] = {0x7e, 0x01, 0x00, 0x00, 0x25, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
                                     'B',  'U',  'L',  'L',  'A',  'J',  'T',  '7',  '0',  '9',  0,    0,    0,    0,    0,    0,    0,
                                     0,    0,    0,    0,    0,    0,    0,    'D',  'E',  'V',  '0',  '0',  '0',  '1',  0,    0};
    char first[64] = "";
    (void)state;
    for (int run = 0; run < 2; run++) {
        void *fresh = NULL;
        uint8_t message[80], check = 0;
        size_t n = sizeof enlist;
        assert_int_equal(set_up(&fresh), 0);
        struct memory *m = fresh;
        memcpy(message, enlist, n);
        for (size_t i = 1; i < n; i++)
            check ^= message[i];
        message[n++] = check;
        message[n++] = 0x7e;
        struct memory_socket *s = dial(m);
        gateway_bytes(s->peer, message, n);
        struct batch *b = gateway_take(m->gateway, 0);
        assert_non_null(b);
        finish(m, b);
        assert_true(s->n_said > 16 && s->n_said < sizeof first);
        if (run == 0)
            memcpy(first, s->said, s->n_said);
        else
            assert_memory_equal(first, s->said, s->n_said);
        tear_down(&fresh);
    }
}

struct heard {
    unsigned stored, lost;
};

static void hear(void *context, bool stored)
{
    struct heard *h = context;
    h->stored += stored;
    h->lost += !stored;
}

/* What comes over no socket goes the same way, and who told it hears when it is durable, or that it is not. */
static void told_from_inside(void **state)
{
    struct memory *m = *state;
    struct heard heard = {0};
    struct bulla_observation o;
    bulla_observation_init(&o, "json");
    strcpy(o.device, "D1");
    o.has |= BULLA_HAS_NOTE;
    o.note = (struct bulla_note){.by = "gate-1", .text = "seen"};
    struct gateway_row row = {&o, {(const uint8_t *)"raw", 3}};
    assert_int_equal(gateway_tell(m->gateway, &row, 1, hear, &heard), GATEWAY_TOLD);
    struct batch *b = gateway_take(m->gateway, 0);
    assert_int_equal(b->n_rows, 1);
    assert_string_equal(b->rows[0].o.note.by, "gate-1");
    assert_true(b->rows[0].o.received_ms == m->now_ms && b->rows[0].news);
    assert_memory_equal(b->bytes + b->rows[0].raw_at, "raw", 3);
    assert_int_equal(heard.stored, 0);
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    assert_int_equal(heard.stored, 1);
    assert_int_equal(gateway_tell(m->gateway, &row, 1, hear, &heard), GATEWAY_TOLD);
    b = gateway_take(m->gateway, 0);
    batch_lose(b);
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    assert_true(heard.stored == 1 && heard.lost == 1);
    o.has = 0;
    o.events = BULLA_EVENT_BIT(BULLA_EVENT_STATE_REPORT);
    assert_int_equal(gateway_tell(m->gateway, &row, 1, hear, &heard), GATEWAY_TOLD);
    o.state.door = BULLA_COVER_OPEN;
    assert_int_equal(gateway_tell(m->gateway, &row, 1, NULL, NULL), GATEWAY_TOLD);
    b = gateway_take(m->gateway, 0);
    assert_true(!b->rows[0].news && b->rows[1].news);
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    assert_int_equal(heard.stored, 2);
    static struct gateway_row many[LIMIT_BATCH_ROWS + 1];
    for (size_t i = 0; i <= LIMIT_BATCH_ROWS; i++)
        many[i] = row;
    assert_int_equal(gateway_tell(m->gateway, many, LIMIT_BATCH_ROWS + 1, hear, &heard), GATEWAY_FULL);
    gateway_tell_damage(m->gateway, "json", "127.0.0.1", "time: expected a time, got 7", row.raw);
    b = gateway_take(m->gateway, 0);
    assert_true(b->n_rows == 0 && b->n_damages == 1);
    assert_string_equal(b->damages[0].why, "time: expected a time, got 7");
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    gateway_stop(m->gateway);
    assert_int_equal(gateway_tell(m->gateway, &row, 1, hear, &heard), GATEWAY_CLOSED);
    assert_true(heard.stored == 2 && heard.lost == 1);
}

struct carried {
    char seal[48], command[40], bytes[200];
    unsigned n;
    bool takes;
};

static bool carry(void *context, const char *seal, const char *command_id, struct bulla_bytes bytes)
{
    struct carried *c = context;
    c->n++;
    snprintf(c->seal, sizeof c->seal, "%s", seal);
    snprintf(c->command, sizeof c->command, "%s", command_id);
    snprintf(c->bytes, sizeof c->bytes, "%.*s", (int)bytes.len, bytes.at);
    return c->takes;
}

static void count_carried(void *context, struct gateway_carrier_counts *out)
{
    *out = (struct gateway_carrier_counts){.commands = ((struct carried *)context)->n};
}

static enum batch_note_kind noted(struct memory *m, const char *command)
{
    struct batch *b = gateway_take(m->gateway, 0);
    assert_non_null(b);
    assert_int_equal(b->n_notes, 1);
    assert_string_equal(b->notes[0].command, command);
    enum batch_note_kind kind = b->notes[0].kind;
    gateway_stored(m->gateway, b);
    gateway_done(m->gateway, b);
    return kind;
}

/* A command for a seal that no connection speaks for goes to who carries such; it is sent when that says so. */
static void commands_are_carried(void **state)
{
    struct memory *m = *state;
    struct carried c = {.takes = true};
    struct gateway_carrier_counts counts;
    gateway_command(m->gateway, "json:D1", "C0", "lock", "");
    gateway_step(m->gateway, m->now_ms);
    assert_int_equal(noted(m, "C0"), NOTE_UNSENT); /* nobody carries */
    assert_false(gateway_carrier_counts(m->gateway, &counts));
    gateway_carry(m->gateway, &(struct gateway_carrier){&c, carry, count_carried});
    gateway_command(m->gateway, "json:D1", "C1", "unlock", "password=1\"2");
    gateway_step(m->gateway, m->now_ms);
    assert_true(c.n == 1 && strcmp(c.seal, "json:D1") == 0 && strcmp(c.command, "C1") == 0);
    assert_string_equal(c.bytes, "{\"command\":\"unlock\",\"args\":{\"password\":\"1\\\"2\"}}");
    assert_null(gateway_take(m->gateway, 0));
    gateway_carried(m->gateway, "json:D1", "C1", true);
    assert_int_equal(noted(m, "C1"), NOTE_SENT);
    gateway_command(m->gateway, "json:D1", "C2", "interval", "seconds=0"); /* which cannot be written */
    gateway_step(m->gateway, m->now_ms);
    assert_int_equal(noted(m, "C2"), NOTE_UNSENT);
    c.takes = false;
    gateway_command(m->gateway, "json:D2", "C3", "lock", "");
    gateway_step(m->gateway, m->now_ms);
    assert_int_equal(noted(m, "C3"), NOTE_UNSENT);
    assert_true(gateway_carrier_counts(m->gateway, &counts) && counts.commands == 2);
    gateway_carry(m->gateway, NULL);
    gateway_command(m->gateway, "json:D1", "C4", "lock", "");
    gateway_step(m->gateway, m->now_ms);
    assert_int_equal(noted(m, "C4"), NOTE_UNSENT);
    assert_int_equal(c.n, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(acknowledged_after_the_disk_and_not_before),
        TEST(half_messages_are_put_together),
        TEST(gone_before_the_answer),
        TEST(who_does_not_read_is_closed),
        TEST(commands_and_their_notes),
        TEST(a_full_batch_stops_reading_and_never_waits),
        TEST(limits_in_time),
        TEST(limits_are_of_the_machines_time),
        TEST(garbage_closes_and_harms_only_itself),
        TEST(packets_and_their_senders),
        TEST(a_listener_that_cannot_be),
        cmocka_unit_test(the_same_calls_give_the_same_bytes),
        TEST(told_from_inside),
        TEST(commands_are_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
