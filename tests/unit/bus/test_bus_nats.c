/* SPDX-License-Identifier: Apache-2.0
 *
 * The bus over real nats-servers: one of them, and a cluster of three whose members are killed while two nodes send from their outboxes.
 */
#include "nats_support.h"

static void test_one_server(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard a, b;
    open_bus(&a, servers, "a");
    open_bus(&b, servers, "b");
    assert_true(until_up(&a, true, 5000) && until_up(&b, true, 5000));
    for (uint64_t i = 1; i <= 600; i++) {
        assert_true(send_value(&a, (unsigned)(i % 3), (i + 2) / 3, i));
        bus_take(a.bus, 0, 1000, hear, &a);
    }
    assert_true(until(&a, &a.sent, 600, 5000));
    assert_int_equal(a.unsent, 0);
    assert_true(bus_follow(b.bus, 1, 0));
    assert_true(bus_follow(b.bus, 2, 0));
    assert_true(until(&b, &b.parcels, 400, 5000));
    check_values(&b, 1, 1, 200);
    check_values(&b, 2, 1, 200);
    assert_false(bus_follow(b.bus, PARTITIONS, 0));

    assert_true(send_value(&a, 1, 200, 601)); /* the same name: acknowledged, not stored again */
    assert_true(send_value(&a, 1, 201, 602));
    assert_true(until(&a, &a.sent, 602, 5000));
    assert_true(until(&b, &b.n[1], 201, 5000));
    check_values(&b, 1, 1, 201);

    bus_pause(b.bus, true);
    bus_unfollow(b.bus, 2);
    uint64_t middle = b.last[1];
    for (uint64_t i = 202; i <= 600; i++) {
        assert_true(send_value(&a, 1, i, i + 500));
    }
    assert_true(until(&a, &a.sent, 1001, 5000));
    assert_true(until(&b, &b.n[1], 201, 300));
    bus_take(b.bus, 300, 1000, hear, &b);
    size_t given = b.n[1];
    assert_true(given <= 201 + 64); /* of the pull that was under way */
    bus_pause(b.bus, false);
    assert_true(until(&b, &b.n[1], 600, 5000));
    check_values(&b, 1, 1, 600);
    assert_int_equal(b.n[2], 200);

    static struct heard c; /* from a place in the middle */
    open_bus(&c, servers, "c");
    assert_true(bus_follow(c.bus, 1, middle));
    assert_true(until(&c, &c.n[1], 399, 5000));
    check_values(&c, 1, 202, 600);
    char text[600];
    assert_true(bus_health(c.bus, text, sizeof text));
    assert_non_null(strstr(text, "one replica"));
    struct bus_counts counts = bus_counts(a.bus);
    assert_int_equal(counts.sent, 1001);
    assert_int_equal(counts.acknowledged, 1001);
    bus_close(a.bus);
    bus_close(b.bus);
    bus_close(c.bus);
}

static void count_wake(void *context)
{
    __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
}

static void test_notices(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard a, b;
    int woken = 0;
    char url[300], why[300];
    nats_servers_url(servers, url, sizeof url);
    open_bus(&a, servers, "a");
    memset(&b, 0, sizeof b);
    struct bus_options options = {.node = "b", .store = STORE, .partitions = PARTITIONS, .wake = count_wake, .wake_context = &woken};
    b.bus = bus_open(BACKENDS, url, &options, why, sizeof why);
    assert_non_null(b.bus);
    until_up(&a, true, 3000);
    until_up(&b, true, 3000);
    usleep(100000);
    assert_true(bus_notice(a.bus, "positions", (struct bulla_bytes){(const uint8_t *)"hello", 5}));
    assert_true(until(&b, &b.notices, 1, 3000));
    assert_string_equal(b.topic, "positions");
    assert_string_equal(b.notice, "hello");
    assert_true(__atomic_load_n(&woken, __ATOMIC_RELAXED) > 0);
    assert_false(until(&a, &a.notices, 1, 200)); /* never one's own */
    assert_false(bus_notice(a.bus, "two.words", (struct bulla_bytes){(const uint8_t *)"x", 1}));
    uint8_t *large = calloc(1, BUS_NOTICE_MOST + 1);
    assert_false(bus_notice(a.bus, "large", (struct bulla_bytes){large, BUS_NOTICE_MOST + 1}));
    assert_true(bus_notice(a.bus, "large", (struct bulla_bytes){large, BUS_NOTICE_MOST}));
    assert_true(until(&b, &b.notices, 2, 3000));
    free(large);
    assert_int_equal(bus_counts(a.bus).notices_lost, 2);
    bus_close(a.bus);
    bus_close(b.bus);
}

/* Who follows hears a parcel as it is sent, from others and from itself, and not when it has ceased to. */
static void test_early(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard a, b;
    open_bus(&a, servers, "a");
    open_bus(&b, servers, "b");
    assert_true(until_up(&a, true, 5000) && until_up(&b, true, 5000));
    assert_true(bus_follow(b.bus, 3, 0));
    until(&b, &b.early, 1, 300); /* the broker must have heard of it */
    for (uint64_t i = 1; i <= 20; i++) {
        assert_true(send_value(i % 2 ? &a : &b, 3, 7000 + i, i));
    }
    assert_true(until(&b, &b.early, 20, 5000));
    assert_true(until(&b, &b.parcels, 20, 5000)); /* and the stream has them too */
    assert_true(until(&a, &a.sent, 10, 5000));
    bus_unfollow(b.bus, 3);
    assert_true(send_value(&a, 3, 8000, 30));
    assert_true(until(&a, &a.sent, 11, 5000));
    bus_take(b.bus, 200, 1000, hear, &b);
    assert_int_equal(b.early, 20);
    bus_close(a.bus);
    bus_close(b.bus);
}

/* A hurried copy comes before the parcels that wait, from others and from itself, to who follows alone; no stream has it. */
static void test_hurried(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard a, b;
    const uint64_t value = 1;
    struct bulla_bytes bytes = {(const uint8_t *)&value, sizeof value};
    open_bus(&a, servers, "a");
    open_bus(&b, servers, "b");
    assert_true(until_up(&a, true, 5000) && until_up(&b, true, 5000));
    assert_true(bus_follow(b.bus, 4, 0));
    until(&b, &b.early, 1, 300); /* the broker must have heard of it */
    for (uint64_t i = 1; i <= 20; i++) {
        assert_true(send_value(&a, 4, 9000 + i, i));
    }
    assert_true(until(&a, &a.sent, 20, 5000));
    assert_true(bus_hurry(a.bus, 4, bytes) && bus_hurry(b.bus, 4, bytes) && bus_hurry(a.bus, 5, bytes));
    for (int i = 0; i < 100 && bus_counts(b.bus).hurried_in < 2; i++) {
        usleep(20000);
    }
    assert_int_equal(bus_take(b.bus, 0, 2, hear, &b), 2);
    assert_int_equal(b.hurried, 2);
    assert_int_equal(b.parcels + b.early, 0);
    assert_true(until(&b, &b.parcels, 20, 5000));
    assert_int_equal(b.hurried, 2);
    assert_int_equal(bus_counts(a.bus).hurried_out, 2);
    assert_false(bus_hurry(a.bus, PARTITIONS, bytes));
    bus_close(a.bus);
    bus_close(b.bus);
}

/* The stream is removed, as by somebody who empties a disk: places go on growing, and what is sent then arrives. */
static void test_lost_stream(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard a;
    char url[300];
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    nats_servers_url(servers, url, sizeof url);
    assert_int_equal(natsConnection_ConnectTo(&connection, url), NATS_OK);
    assert_int_equal(natsConnection_JetStream(&js, connection, NULL), NATS_OK);
    js_DeleteStream(js, STREAM, NULL, NULL);
    open_bus(&a, servers, "a");
    until_up(&a, true, 3000);
    bus_follow(a.bus, 0, 0);
    for (uint64_t i = 1; i <= 50; i++) {
        assert_true(send_value(&a, 0, i, i));
    }
    assert_true(until(&a, &a.n[0], 50, 5000));
    uint64_t place = a.last[0];
    assert_int_equal(js_DeleteStream(js, STREAM, NULL, NULL), NATS_OK);
    uint64_t token = 51;
    for (uint64_t i = 51; i <= 60; i++) { /* as the sender does it: again until it is acknowledged */
        size_t sent = a.sent;
        for (int64_t end = machine_ms() + 9000; a.sent == sent && machine_ms() < end; token++) {
            size_t answered = a.sent + a.unsent;
            if (send_value(&a, 0, i, token)) {
                size_t wanted = answered + 1;
                while (a.sent + a.unsent < wanted && machine_ms() < end) {
                    bus_take(a.bus, 20, 100, hear, &a);
                }
            } else {
                bus_take(a.bus, 50, 100, hear, &a);
                token--;
            }
        }
        assert_int_equal(a.sent, sent + 1);
    }
    assert_true(until(&a, &a.n[0], 60, 9000));
    check_values(&a, 0, 1, 60); /* in growing places: hear() looks */
    assert_true(a.last[0] > place);
    bus_close(a.bus);

    /* And a worker that had applied more than the stream has, of its very incarnation. */
    open_bus(&a, servers, "a");
    until_up(&a, true, 3000);
    uint64_t high = (place & ~((UINT64_C(1) << 39) - 1)) + (UINT64_C(1) << 39) + 5000;
    bus_follow(a.bus, 0, high);
    a.last[0] = high; /* whatever comes must lie beyond */
    assert_true(until(&a, &a.n[0], 10, 9000));
    check_values(&a, 0, 51, 60);
    bus_close(a.bus);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
}

static void expect_refused(const char *url, const char *words)
{
    char why[300] = "";
    struct bus *bus = try_open(url, "a", why, sizeof why);
    assert_null(bus);
    if (!strstr(why, words) || strstr(why, "secret")) {
        fail_msg("%s: expected \"%s\" in: %s", url, words, why);
    }
}

static void test_refused(void **state)
{
    struct nats_servers *servers = *state;
    char url[400], plain[300];
    (void)state;
    expect_refused("kafka://a", "expected local or a URL");
    expect_refused("nats:/a", "expected nats://HOST:PORT");
    expect_refused("nats://", "expected HOST:PORT");
    expect_refused("nats://a:b:c:99999", "expected HOST");
    expect_refused("nats://u:secret@h:x", "expected HOST");
    expect_refused("nats://usersecret@h:1", "expected USER:PASSWORD");
    expect_refused("nats://a,,b", "expected HOST:PORT");
    expect_refused("nats://a?replicas=9", "expected replicas=1 to 5");
    expect_refused("nats://a?colour=red", "got colour=red");
    expect_refused("nats://a?gib=0", "gib=N");
    nats_servers_url(servers, plain, sizeof plain);
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    const char *subjects[] = {"bulla." STORE ".p.*", "other"};
    assert_int_equal(natsConnection_ConnectTo(&connection, plain), NATS_OK);
    assert_int_equal(natsConnection_JetStream(&js, connection, NULL), NATS_OK);
    js_DeleteStream(js, STREAM, NULL, NULL);
    snprintf(url, sizeof url, "%s?replicas=3", plain);
    expect_refused(url, "expected a cluster for 3 replicas");
    jsStreamConfig_Init(&config);
    config.Name = STREAM;
    config.Subjects = subjects;
    config.SubjectsLen = 2;
    assert_int_equal(js_AddStream(NULL, js, &config, NULL, NULL), NATS_OK);
    expect_refused(plain, "is another's");
    assert_int_equal(js_DeleteStream(js, STREAM, NULL, NULL), NATS_OK);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
}

/* Nobody there at first; then there, killed, there again. With a password. */
static void test_link(void **state)
{
    (void)state;
    struct nats_servers servers;
    static struct heard a;
    char text[600], why[300] = "", url[300];
    nats_servers_start(&servers, 1, "node", "secret");
    nats_servers_kill(&servers, 0);
    nats_servers_url(&servers, url, sizeof url);
    memset(&a, 0, sizeof a);
    a.bus = try_open(url, "a", why, sizeof why);
    assert_non_null(a.bus);
    assert_true(until(&a, &a.links, 1, 1000));
    assert_false(a.up);
    assert_non_null(strstr(a.why, "can be reached"));
    assert_false(send_value(&a, 0, 1, 1));
    assert_false(bus_health(a.bus, text, sizeof text));
    assert_true(bus_follow(a.bus, 0, 0));
    nats_servers_start_one(&servers, 0);
    assert_true(until_up(&a, true, 8000));
    for (uint64_t i = 1; i <= 20; i++) {
        assert_true(send_value(&a, 0, i, i));
    }
    assert_true(until(&a, &a.n[0], 20, 5000));
    assert_true(until(&a, &a.sent, 20, 5000));
    for (uint64_t i = 21; i <= 40; i++) {
        assert_true(send_value(&a, 0, i, i));
    }
    nats_servers_kill(&servers, 0);
    assert_true(until_up(&a, false, 8000));
    for (int i = 0; i < 100 && a.sent + a.unsent < 40; i++) { /* each token has its end, one way or the other */
        bus_take(a.bus, 20, 100, hear, &a);
    }
    assert_int_equal(a.sent + a.unsent, 40);
    nats_servers_start_one(&servers, 0);
    assert_true(until_up(&a, true, 8000));
    for (uint64_t i = 21; i <= 40; i++) {
        assert_true(send_value(&a, 0, i, i + 100));
    }
    assert_true(until(&a, &a.n[0], 40, 9000));
    check_values(&a, 0, 1, 40);
    bus_close(a.bus);
    nats_servers_stop(&servers);
}

/* --- three servers, two sources --- */

enum { SOURCES = 2, ROWS_MOST = 1500 };

struct source {
    char folder[64];
    struct outbox *outbox;
    struct sender *sender;
    struct heard bus; /* only .bus is used */
    uint64_t put[PARTITIONS];
};

struct reader {
    struct bus *bus;
    struct source *sources;
    uint64_t applied[SOURCES][PARTITIONS], place[PARTITIONS];
    uint64_t repeats, parcels;
    int64_t last_ms, longest_ms;
    bool again[SOURCES][PARTITIONS];
};

struct parcel_of {
    struct reader *reader;
    unsigned source, partition;
};

static void apply(void *context, const struct sender_parcel *parcel)
{
    struct parcel_of *of = context;
    uint64_t *applied = &of->reader->applied[of->source][of->partition];
    if (parcel->number == *applied + 1) {
        check_bytes(parcel->bytes, ROWS_MOST, of->partition + 10 * of->source, parcel->number);
        ++*applied;
        of->reader->parcels++;
    } else if (parcel->number <= *applied) {
        of->reader->repeats++;
    } else {
        of->reader->again[of->source][of->partition] = true;
    }
}

static void read_event(void *context, const struct bus_event *event)
{
    struct reader *reader = context;
    struct sender_message message;
    if (event->kind != BUS_PARCEL || event->place <= reader->place[event->partition]) {
        return;
    }
    reader->place[event->partition] = event->place;
    struct parcel_of of = {reader, 0, event->partition};
    memcpy(&message.source, event->bytes.at + 4, 26);
    message.source[26] = '\0';
    while (of.source < SOURCES && strcmp(outbox_id(reader->sources[of.source].outbox), message.source) != 0) {
        of.source++;
    }
    assert_true(of.source < SOURCES);
    assert_true(sender_read(event->bytes, &message, apply, &of));
    int64_t now = machine_ms();
    if (reader->last_ms && now - reader->last_ms > reader->longest_ms) {
        reader->longest_ms = now - reader->last_ms;
    }
    reader->last_ms = now;
}

static void source_event(void *context, const struct bus_event *event)
{
    struct source *source = context;
    sender_event(source->sender, event, machine_ms());
}

static void put_some(struct source *source, unsigned which, uint64_t *random)
{
    static uint8_t bytes[10][ROWS_MOST];
    struct outbox_parcel parcels[10];
    size_t n = 1 + below(random, 10);
    for (size_t i = 0; i < n; i++) {
        unsigned partition = below(random, PARTITIONS);
        parcels[i] = (struct outbox_parcel){.partition = partition, .taken_ms = machine_ms(), .rows = 1, .bytes = {bytes[i], 0}};
        parcels[i].bytes.len = fill_bytes(bytes[i], ROWS_MOST, partition + 10 * which, ++source->put[partition]);
    }
    assert_int_equal(outbox_put(source->outbox, parcels, n), OUTBOX_OK);
}

/* Runs everything for a time, or until all is applied and the outboxes are empty. */
static bool run(struct reader *reader, struct source *sources, unsigned ms, bool putting, uint64_t *random)
{
    int64_t asked = 0;
    for (int64_t now = machine_ms(), end = now + ms; now < end; now = machine_ms()) {
        size_t waiting = 0;
        for (unsigned i = 0; i < SOURCES; i++) {
            if (putting) {
                put_some(&sources[i], i, random);
            }
            sender_turn(sources[i].sender, now);
            bus_take(sources[i].bus.bus, 1, 1000, source_event, &sources[i]);
            for (unsigned p = 0; p < PARTITIONS && now - asked > 200; p++) {
                sender_applied(sources[i].sender, p, reader->applied[i][p], now);
            }
            for (unsigned p = 0; p < PARTITIONS; p++) {
                if (reader->again[i][p]) {
                    sender_again(sources[i].sender, p);
                    reader->again[i][p] = false;
                }
            }
            waiting += outbox_counts(sources[i].outbox).parcels;
        }
        asked = now - asked > 200 ? now : asked;
        bus_take(reader->bus, 5, 1000, read_event, reader);
        if (!putting && !waiting) {
            return true;
        }
    }
    return putting;
}

static int leader_of(struct reader *reader, const struct nats_servers *servers)
{
    char text[600] = "", name[8] = "";
    for (int i = 0; i < 400; i++) {
        bus_health(reader->bus, text, sizeof text);
        const char *at = strstr(text, "leader ");
        if (at && sscanf(at, "leader %7[a-z0-9]", name) == 1 && nats_servers_find(servers, name) >= 0) {
            return nats_servers_find(servers, name);
        }
        usleep(20000);
    }
    fail_msg("no leader: %s", text);
    return -1;
}

static void test_cluster(void **state)
{
    (void)state;
    struct nats_servers servers;
    static struct reader reader;
    static struct source sources[SOURCES];
    static struct heard first;
    char text[600] = "";
    uint64_t random = 17, total = 0;
    int64_t started = machine_ms();
    nats_servers_start(&servers, 3, NULL, NULL);
    open_bus(&first, &servers, "worker");
    assert_true(until_up(&first, true, 15000));
    reader = (struct reader){.bus = first.bus, .sources = sources};
    for (unsigned i = 0; i < SOURCES; i++) {
        make_temporary(sources[i].folder);
        sources[i].outbox = open_outbox(sources[i].folder, PARTITIONS);
        open_bus(&sources[i].bus, &servers, i ? "two" : "one");
        sources[i].sender = sender_new(sources[i].outbox, sources[i].bus.bus, PARTITIONS);
    }
    for (unsigned p = 0; p < PARTITIONS; p++) {
        bus_follow(reader.bus, p, 0);
    }
    run(&reader, sources, 2000, true, &random);
    assert_true(reader.parcels > 0);
    int leader = leader_of(&reader, &servers);
    print_message("cluster ready and read after %lld ms; %llu parcels, longest gap %lld ms; killing the leader n%d\n",
                  (long long)(machine_ms() - started - 2000), (unsigned long long)reader.parcels, (long long)reader.longest_ms, leader + 1);
    reader.longest_ms = 0;
    nats_servers_kill(&servers, (unsigned)leader);
    run(&reader, sources, 9000, true, &random);
    assert_false(bus_health(reader.bus, text, sizeof text));
    print_message("leader killed: longest gap %lld ms, %llu parcels; %s\n", (long long)reader.longest_ms,
                  (unsigned long long)reader.parcels, text);
    assert_in_range(reader.longest_ms, 1, 9500);
    nats_servers_start_one(&servers, (unsigned)leader);
    run(&reader, sources, 1000, true, &random);
    reader.longest_ms = 0;
    for (unsigned i = 0; i < 3; i++) { /* all at once: what they had not written is lost with them */
        nats_servers_kill(&servers, i);
    }
    run(&reader, sources, 300, true, &random);
    for (unsigned i = 0; i < 3; i++) {
        nats_servers_start_one(&servers, i);
    }
    bool whole = run(&reader, sources, 90000, false, &random); /* at an election and a stall; a slow machine takes them slowly */
    for (unsigned i = 0; i < SOURCES; i++) {
        for (unsigned p = 0; p < PARTITIONS; p++) {
            total += sources[i].put[p];
            assert_int_equal(reader.applied[i][p], sources[i].put[p]);
        }
    }
    assert_true(whole);
    print_message("all three killed: longest gap %lld ms; %llu parcels put, all applied in order, %llu repeats; whole test %lld ms\n",
                  (long long)reader.longest_ms, (unsigned long long)total, (unsigned long long)reader.repeats,
                  (long long)(machine_ms() - started));
    for (unsigned i = 0; i < SOURCES; i++) {
        sender_free(sources[i].sender);
        bus_close(sources[i].bus.bus);
        outbox_close(sources[i].outbox);
        remove_folder(sources[i].folder);
    }
    bus_close(reader.bus);
    nats_servers_stop(&servers);
}

int main(void)
{
    if (!nats_servers_installed()) {
        puts("nats-server is not installed: skipped");
        return 77;
    }
    const struct CMUnitTest one[] = {cmocka_unit_test(test_one_server), cmocka_unit_test(test_notices),     cmocka_unit_test(test_early),
                                     cmocka_unit_test(test_hurried),    cmocka_unit_test(test_lost_stream), cmocka_unit_test(test_refused)};
    const struct CMUnitTest own[] = {cmocka_unit_test(test_link), cmocka_unit_test(test_cluster)};
    int failed = cmocka_run_group_tests(one, start_one, stop_one);
    return failed + cmocka_run_group_tests(own, NULL, NULL);
}
