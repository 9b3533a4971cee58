/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway over real sockets: framing, recognition, replies after durability and not before, commands,
 * and peers that misbehave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/base/limits.h"
#include "platform/in/gateway.h"

#define NORMAL "##S,eSeal,2000417,256,3.0.6,Normal,%d,2024-05-01,08:14:40,15,A,10.000000N 20.000000E,10,0,Close,0.71,0:0:3:0,3.8,-73,E##"
#define ANSWER "##S,eSeal,2000417,256,3.0.6,Normal ACK,%d,E##\r\n"

struct fixture {
    struct gateway *gateway;
    unsigned eseal, any, udp;
    bool special; /* what profile() tells */
};

static bool profile(void *host, const char *seal, struct proto_profile *out)
{
    struct fixture *f = host;
    if (!f->special || strcmp(seal, "eseal:2000417") != 0)
        return false;
    strcpy(out->settings, "180,30");
    return true;
}

static int set_up(void **state)
{
    char why[200];
    struct fixture *f = calloc(1, sizeof *f);
    struct gateway_host host = {f, profile};
    f->gateway = gateway_new(&host, clock_system());
    f->eseal = gateway_listen(f->gateway, "eseal", "tcp", "127.0.0.1", 0, why, sizeof why);
    f->any = gateway_listen(f->gateway, "auto", "tcp", "127.0.0.1", 0, why, sizeof why);
    f->udp = gateway_listen(f->gateway, "auto", "udp", "127.0.0.1", 0, why, sizeof why);
    if (!f->eseal || !f->any || !f->udp || !gateway_start(f->gateway))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct batch *b;
    gateway_stop(f->gateway);
    while ((b = gateway_take(f->gateway, 0))) {
        gateway_stored(f->gateway, b);
        gateway_done(f->gateway, b);
    }
    gateway_free(f->gateway);
    free(f);
    return 0;
}

static int dial(unsigned port, int type)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, type, 0);
    assert_int_equal(connect(s, (struct sockaddr *)&at, sizeof at), 0);
    return s;
}

static void say(int s, const char *text)
{
    assert_int_equal(send(s, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Everything that arrives within wait_ms of silence; "" when nothing does. `closed` tells whether the peer hung up. */
static const char *hear(int s, int wait_ms, bool *closed)
{
    static char heard[4096];
    size_t n = 0;
    struct pollfd p = {s, POLLIN, 0};
    *closed = false;
    while (n < sizeof heard - 1 && poll(&p, 1, wait_ms) > 0) {
        ssize_t got = recv(s, heard + n, sizeof heard - 1 - n, 0);
        if (got <= 0) {
            *closed = true;
            break;
        }
        n += (size_t)got;
        wait_ms = 30;
    }
    heard[n] = '\0';
    return heard;
}

/* Takes batches until `rows` observations have come, as the engine thread would, and says that they are stored. */
static size_t store_rows(struct fixture *f, size_t rows, struct bulla_observation *last)
{
    size_t n = 0;
    for (int tries = 0; n < rows && tries < 100; tries++) {
        struct batch *b = gateway_take(f->gateway, 100);
        if (!b)
            continue;
        n += b->n_rows;
        if (b->n_rows && last)
            *last = b->rows[b->n_rows - 1].o;
        gateway_stored(f->gateway, b);
        gateway_done(f->gateway, b);
    }
    return n;
}

static char *text_of(const char *format, int index)
{
    static char text[512];
    snprintf(text, sizeof text, format, index);
    return text;
}

static void a_reply_waits_for_the_disk(void **state)
{
    struct fixture *f = *state;
    bool closed;
    int s = dial(f->eseal, SOCK_STREAM);
    say(s, text_of(NORMAL "\n", 34));
    struct batch *b = NULL;
    for (int i = 0; i < 50 && !b; i++) {
        b = gateway_take(f->gateway, 100);
        if (b && b->n_rows == 0) { /* a note that the device has connected may come first */
            gateway_stored(f->gateway, b);
            gateway_done(f->gateway, b);
            b = NULL;
        }
    }
    assert_non_null(b);
    assert_int_equal(b->n_rows, 1);
    assert_string_equal(b->rows[0].o.device, "2000417");
    assert_true(b->rows[0].raw_len >= strlen(text_of(NORMAL, 34)));
    assert_string_equal(hear(s, 150, &closed), ""); /* read, decoded, but not durable: no answer */
    gateway_stored(f->gateway, b);
    gateway_done(f->gateway, b);
    assert_string_equal(hear(s, 2000, &closed), text_of(ANSWER, 34));
    assert_false(closed);
    close(s);
}

static void one_message_in_many_segments(void **state)
{
    struct fixture *f = *state;
    bool closed;
    int s = dial(f->any, SOCK_STREAM);
    const char *text = text_of(NORMAL "\r\n", 7);
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(send(s, text + i, 1, MSG_NOSIGNAL), 1);
        if (i % 20 == 0)
            usleep(1000);
    }
    assert_int_equal(store_rows(f, 1, NULL), 1);
    assert_string_equal(hear(s, 2000, &closed), text_of(ANSWER, 7));
    close(s);
}

static void many_messages_in_one_segment(void **state)
{
    struct fixture *f = *state;
    char all[4096] = "", expected[2048] = "";
    bool closed;
    int s = dial(f->any, SOCK_STREAM);
    for (int i = 0; i < 20; i++) {
        strcat(all, text_of(NORMAL "\n", i));
        strcat(expected, text_of(ANSWER, i));
    }
    say(s, all);
    assert_int_equal(store_rows(f, 20, NULL), 20);
    assert_string_equal(hear(s, 2000, &closed), expected);
    close(s);
}

static void a_damaged_message_harms_only_itself(void **state)
{
    struct fixture *f = *state;
    bool closed;
    int s = dial(f->eseal, SOCK_STREAM), other = dial(f->eseal, SOCK_STREAM);
    say(s, "##S,eSeal,2000417,256,3.0.6,Normal,x,2024-99-01,08:14:40,15,A,10.000000N 20.000000E,10,0,Close,0.71,0:0:3:0,3.8,-73,E##\n");
    say(s, text_of(NORMAL "\n", 5));
    say(other, text_of(NORMAL "\n", 6));
    assert_int_equal(store_rows(f, 2, NULL), 2);
    assert_string_equal(hear(s, 2000, &closed), text_of(ANSWER, 5));
    assert_string_equal(hear(other, 2000, &closed), text_of(ANSWER, 6));
    struct gateway_counts counts = gateway_counts(f->gateway);
    assert_int_equal(counts.outcomes[2] + counts.outcomes[3], 1);
    close(s);
    close(other);
}

static void what_nobody_knows_is_closed(void **state)
{
    struct fixture *f = *state;
    bool closed = false;
    int s = dial(f->any, SOCK_STREAM);
    say(s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    store_rows(f, 1, NULL); /* runs the loop; no row comes */
    hear(s, 2000, &closed);
    assert_true(closed);
    assert_int_equal(gateway_counts(f->gateway).unrecognised, 1);
    close(s);
}

static void too_much_garbage_is_closed(void **state)
{
    struct fixture *f = *state;
    bool closed = false;
    char junk[4096];
    memset(junk, 'z', sizeof junk);
    int s = dial(f->eseal, SOCK_STREAM);
    for (size_t n = 0; n < 4u * LIMIT_GARBAGE_BYTES && !closed; n += sizeof junk) {
        if (send(s, junk, sizeof junk, MSG_NOSIGNAL) < 0)
            closed = true;
        struct batch *b = gateway_take(f->gateway, 0);
        if (b) {
            gateway_stored(f->gateway, b);
            gateway_done(f->gateway, b);
        }
    }
    if (!closed)
        hear(s, 2000, &closed);
    assert_true(closed);
    assert_int_equal(gateway_counts(f->gateway).closed_garbage, 1);
    close(s);
}

static void packets_are_answered_to_their_sender(void **state)
{
    struct fixture *f = *state;
    bool closed;
    int s = dial(f->udp, SOCK_DGRAM), t = dial(f->udp, SOCK_DGRAM);
    say(s, text_of(NORMAL "\n", 1));
    say(t, text_of(NORMAL "\n", 2));
    assert_int_equal(store_rows(f, 2, NULL), 2);
    assert_string_equal(hear(s, 2000, &closed), text_of(ANSWER, 1));
    assert_string_equal(hear(t, 2000, &closed), text_of(ANSWER, 2));
    close(s);
    close(t);
}

/* Collects notes of one kind until one comes. */
static bool wait_note(struct fixture *f, enum batch_note_kind kind, struct batch_note *out)
{
    for (int i = 0; i < 50; i++) {
        struct batch *b = gateway_take(f->gateway, 100);
        bool found = false;
        for (size_t n = 0; b && n < b->n_notes; n++)
            if (b->notes[n].kind == kind) {
                *out = b->notes[n];
                found = true;
            }
        if (b) {
            gateway_stored(f->gateway, b);
            gateway_done(f->gateway, b);
        }
        if (found)
            return true;
    }
    return false;
}

static void commands_reach_the_connected_device(void **state)
{
    struct fixture *f = *state;
    struct batch_note note;
    bool closed;
    int s = dial(f->eseal, SOCK_STREAM);
    say(s, text_of(NORMAL "\n", 9));
    assert_int_equal(store_rows(f, 1, NULL), 1);
    hear(s, 2000, &closed);
    gateway_command(f->gateway, "eseal:2000417", "C1", "unlock", "");
    assert_true(wait_note(f, NOTE_SENT, &note));
    assert_string_equal(note.command, "C1");
    assert_non_null(strstr(hear(s, 2000, &closed), "RC-Unlock"));
    gateway_command(f->gateway, "eseal:7777777", "C2", "unlock", "");
    assert_true(wait_note(f, NOTE_UNSENT, &note));
    assert_string_equal(note.command, "C2");
    close(s);
    assert_true(wait_note(f, NOTE_DISCONNECTED, &note));
    assert_string_equal(note.seal, "eseal:2000417");
}

/* The set-up of a seal counts from its very first message, though only that message tells whose it is. */
static void a_profile_counts_from_the_first_message(void **state)
{
    struct fixture *f = *state;
    bool closed;
    f->special = true;
    int s = dial(f->eseal, SOCK_STREAM);
    say(s, "##S,eSeal,2000417,256,3.0.6,Startup,1,2024-05-01,02:01:19,3,V,0.000000N 0.000000E,0,0,Close,3.25,0:0:5:0,3.8,-93,E##\n");
    assert_int_equal(store_rows(f, 1, NULL), 1);
    assert_string_equal(hear(s, 2000, &closed), "##S,eSeal,2000417,256,3.0.6,Startup ACK,1,180,30,E##\r\n");
    close(s);
}

/* While the disk is behind, reading stops; when it goes on, everything has either come or was shed, counted and not answered. */
static void a_slow_disk_stops_reading(void **state)
{
    struct fixture *f = *state;
    enum { MESSAGES = LIMIT_BATCH_ROWS * 2 };
    int s = dial(f->eseal, SOCK_STREAM);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < MESSAGES; i++) {
            const char *text = text_of(NORMAL "\n", i);
            for (size_t at = 0, n = strlen(text); at < n;) {
                ssize_t sent = send(s, text + at, n - at, MSG_NOSIGNAL);
                if (sent <= 0)
                    _exit(1);
                at += (size_t)sent;
            }
        }
        char drain[65536]; /* the answers must be read, or the connection is closed for not reading */
        struct pollfd p = {s, POLLIN, 0};
        while (poll(&p, 1, 3000) > 0 && recv(s, drain, sizeof drain, 0) > 0)
            ;
        _exit(0);
    }
    close(s);
    for (int i = 0; i < 300 && gateway_counts(f->gateway).stalled + gateway_counts(f->gateway).held == 0; i++)
        usleep(100 * 1000); /* the disk sleeps until the sockets feel it */
    size_t n = 0;
    uint64_t shed = 0;
    for (int i = 0; i < 400 && n + shed < MESSAGES; i++) {
        struct batch *b = gateway_take(f->gateway, 100);
        struct gateway_counts counts = gateway_counts(f->gateway);
        shed = counts.shed[SHED_THINNED] + counts.shed[SHED_FULL];
        if (!b)
            continue;
        assert_true(b->n_rows <= LIMIT_BATCH_ROWS + 1024);
        assert_true(b->n_replies == b->n_rows);
        n += b->n_rows;
        b->n_replies = 0; /* this test is about rows */
        gateway_stored(f->gateway, b);
        gateway_done(f->gateway, b);
    }
    assert_int_equal(n + shed, MESSAGES);
    assert_int_equal(gateway_counts(f->gateway).observations, n);
    assert_true(gateway_counts(f->gateway).stalled + gateway_counts(f->gateway).held > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_reply_waits_for_the_disk),
        TEST(one_message_in_many_segments),
        TEST(many_messages_in_one_segment),
        TEST(a_damaged_message_harms_only_itself),
        TEST(what_nobody_knows_is_closed),
        TEST(too_much_garbage_is_closed),
        TEST(packets_are_answered_to_their_sender),
        TEST(commands_reach_the_connected_device),
        TEST(a_profile_counts_from_the_first_message),
        TEST(a_slow_disk_stops_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
