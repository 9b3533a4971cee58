/* SPDX-License-Identifier: Apache-2.0
 *
 * The sender over real outboxes and a bus that does everything a bus may do to it, from a seed (BULLA_SEED, else a fixed one): it refuses,
 * stores without saying so, says so twice, late or never, goes down, and forgets what it had acknowledged. Workers take what the
 * streams have, in order, and apply only the number that comes next. In the end every parcel was applied once and the outboxes are empty.
 */
#include "bus_support.h"

#include "platform/bus/sender.h"

enum { PARTITIONS = 5, SOURCES = 2, MOST = 2000, WINDOW_MS = 120000 };

/* --- the bus --- */

struct stored {
    char name[128];
    int64_t at_ms;
    unsigned source;
    size_t len;
    uint8_t *bytes;
};

struct pending { /* an answer under way */
    uint64_t token;
    unsigned source;
    int64_t due_ms;
    bool sent;
};

struct model {
    uint64_t random;
    int64_t now_ms;
    bool faults, up;
    bool strict; /* there was no fault yet: nothing is to be sent twice */
    struct {
        struct stored *messages;
        size_t n, size, taken; /* taken: the worker has come so far */
        int64_t asleep_until_ms;
    } streams[PARTITIONS];
    struct pending *pending;
    size_t n_pending, size_pending;
    uint64_t put[SOURCES][PARTITIONS], applied[SOURCES][PARTITIONS], told[SOURCES][PARTITIONS], high[SOURCES][PARTITIONS];
    uint64_t repeats, gaps, forgotten, refused, restarts;
    struct sender_counts counts; /* of senders that were stopped */
    bool check_again[SOURCES][PARTITIONS];
    struct node *nodes;
};

struct model_bus { /* what one node holds of it */
    struct bus bus;
    struct model *model;
    unsigned source;
};

struct node {
    char folder[64];
    struct outbox *outbox;
    struct sender *sender;
    struct model_bus bus;
};

static void answer(struct model *model, unsigned source, uint64_t token, bool sent, unsigned delay_ms)
{
    if (model->n_pending == model->size_pending) {
        model->size_pending = model->size_pending * 2 + 64;
        model->pending = realloc(model->pending, model->size_pending * sizeof *model->pending);
        assert_non_null(model->pending);
    }
    model->pending[model->n_pending++] = (struct pending){token, source, model->now_ms + delay_ms, sent};
}

static bool chance(struct model *model, unsigned in)
{
    return model->faults && below(&model->random, in) == 0;
}

static void store(struct model *model, unsigned source, unsigned partition, const char *name, struct bulla_bytes bytes)
{
    for (size_t i = model->streams[partition].n; i-- > 0;) {
        const struct stored *old = &model->streams[partition].messages[i];
        if (model->now_ms - old->at_ms >= WINDOW_MS) {
            break;
        }
        if (strcmp(old->name, name) == 0) {
            return; /* known */
        }
    }
    if (model->streams[partition].n == model->streams[partition].size) {
        model->streams[partition].size = model->streams[partition].size * 2 + 64;
        model->streams[partition].messages =
            realloc(model->streams[partition].messages, model->streams[partition].size * sizeof(struct stored));
        assert_non_null(model->streams[partition].messages);
    }
    struct stored *new = &model->streams[partition].messages[model->streams[partition].n++];
    *new = (struct stored){.at_ms = model->now_ms, .source = source, .len = bytes.len, .bytes = malloc(bytes.len)};
    assert_non_null(new->bytes);
    snprintf(new->name, sizeof new->name, "%s", name);
    memcpy(new->bytes, bytes.at, bytes.len);
}

struct range {
    uint64_t first, last;
    size_t n;
};

static void see_range(void *context, const struct sender_parcel *parcel)
{
    struct range *range = context;
    if (range->n++ == 0) {
        range->first = parcel->number;
    } else {
        assert_int_equal(parcel->number, range->last + 1);
    }
    range->last = parcel->number;
}

static bool model_send(struct bus *bus, unsigned partition, const char *name, struct bulla_bytes bytes, uint64_t token)
{
    struct model_bus *mine = (struct model_bus *)bus;
    struct model *model = mine->model;
    unsigned source = mine->source;
    struct sender_message message;
    struct range range = {0};
    if (!model->up || chance(model, 10)) {
        model->refused++;
        return false;
    }
    assert_true(bytes.len <= BUS_PARCEL_MOST);
    assert_true(sender_read(bytes, &message, see_range, &range));
    assert_string_equal(message.source, outbox_id(model->nodes[source].outbox));
    /* No number is left out, and nothing is sent that the store is known to have. */
    assert_true(range.first <= model->high[source][partition] + 1);
    assert_true(range.first > model->told[source][partition]);
    if (model->strict) {
        assert_true(range.first == model->high[source][partition] + 1);
    }
    model->high[source][partition] = range.last > model->high[source][partition] ? range.last : model->high[source][partition];
    bool lost = chance(model, 12);
    if (!lost) {
        store(model, source, partition, name, bytes);
    }
    bool silent = chance(model, 40), denied = chance(model, 12);
    if (!silent) {
        answer(model, source, token, !lost && !denied, 1 + below(&model->random, chance(model, 8) ? 3000 : 20));
        if (chance(model, 15)) { /* the same once more, or something that was never true */
            answer(model, source, token + (below(&model->random, 2) << 16), below(&model->random, 2), below(&model->random, 9000));
        }
    }
    return true;
}

static bool model_hurry(struct bus *bus, unsigned partition, struct bulla_bytes bytes)
{
    (void)bus;
    (void)partition;
    (void)bytes;
    return false;
}

static const struct bus_backend MODEL = {.scheme = "model", .send = model_send, .hurry = model_hurry};

static void give_answers(struct model *model, bool all)
{
    for (size_t i = 0; i < model->n_pending;) {
        struct pending pending = model->pending[i];
        if (!all && pending.due_ms > model->now_ms) {
            i++;
            continue;
        }
        model->pending[i] = model->pending[--model->n_pending];
        struct bus_event event = {.kind = pending.sent ? BUS_SENT : BUS_UNSENT, .token = pending.token, .place = 1};
        sender_event(model->nodes[pending.source].sender, &event, model->now_ms);
    }
}

static void change_link(struct model *model)
{
    model->up = !model->up;
    struct bus_event event = {.kind = BUS_LINK, .up = model->up};
    for (unsigned i = 0; i < SOURCES; i++) {
        sender_event(model->nodes[i].sender, &event, model->now_ms);
    }
}

/* The end of a stream that no worker has taken is gone, with the names of its messages. */
static void forget(struct model *model, unsigned partition)
{
    size_t left = model->streams[partition].n - model->streams[partition].taken;
    size_t gone = left ? below(&model->random, (unsigned)left + 1) : 0;
    for (; gone > 0; gone--, model->forgotten++) {
        free(model->streams[partition].messages[--model->streams[partition].n].bytes);
    }
}

/* --- the worker --- */

struct applying {
    struct model *model;
    unsigned source, partition;
};

static void apply(void *context, const struct sender_parcel *parcel)
{
    struct applying *applying = context;
    struct model *model = applying->model;
    uint64_t *applied = &model->applied[applying->source][applying->partition];
    assert_true(parcel->number <= model->put[applying->source][applying->partition]);
    check_bytes(parcel->bytes, MOST, applying->partition + 10 * applying->source, parcel->number);
    assert_int_equal(parcel->rows, parcel->number % 50);
    if (parcel->number == *applied + 1) {
        ++*applied;
    } else if (parcel->number <= *applied) {
        model->repeats++;
    } else {
        model->gaps++;
        model->check_again[applying->source][applying->partition] = true;
    }
}

static void work(struct model *model, unsigned partition, size_t most)
{
    while (most-- > 0 && model->streams[partition].taken < model->streams[partition].n) {
        struct stored *stored = &model->streams[partition].messages[model->streams[partition].taken++];
        struct applying applying = {model, stored->source, partition};
        struct sender_message message;
        assert_true(sender_read((struct bulla_bytes){stored->bytes, stored->len}, &message, apply, &applying));
    }
    for (unsigned i = 0; i < SOURCES; i++) {
        if (model->check_again[i][partition] && !chance(model, 3)) { /* the word gets through */
            sender_again(model->nodes[i].sender, partition);
        }
        model->check_again[i][partition] = false;
    }
}

/* --- the nodes --- */

static void start(struct model *model, unsigned source)
{
    struct node *node = &model->nodes[source];
    node->outbox = open_outbox(node->folder, PARTITIONS);
    node->bus = (struct model_bus){.bus = {&MODEL}, .model = model, .source = source};
    node->sender = sender_new(node->outbox, &node->bus.bus, PARTITIONS);
    assert_non_null(node->sender);
    for (unsigned i = 0; i < PARTITIONS; i++) { /* a new sender knows what the outbox has dropped, and no more */
        uint64_t oldest = outbox_oldest(node->outbox, i);
        model->told[source][i] = oldest ? oldest - 1 : outbox_last(node->outbox, i);
    }
}

static void stop(struct model *model, unsigned source)
{
    struct sender_counts counts = sender_counts(model->nodes[source].sender);
    model->counts.messages += counts.messages;
    model->counts.parcels += counts.parcels;
    model->counts.resent += counts.resent;
    model->counts.stalls += counts.stalls;
    sender_free(model->nodes[source].sender);
    outbox_close(model->nodes[source].outbox);
    for (size_t i = 0; i < model->n_pending;) {
        if (model->pending[i].source == source) {
            model->pending[i] = model->pending[--model->n_pending];
        } else {
            i++;
        }
    }
}

static void put(struct model *model, unsigned source)
{
    static uint8_t bytes[8][MOST];
    struct outbox_parcel parcels[8];
    size_t n = below(&model->random, 9);
    for (size_t i = 0; i < n; i++) {
        unsigned partition = below(&model->random, PARTITIONS);
        uint64_t number = ++model->put[source][partition];
        parcels[i] = (struct outbox_parcel){
            .partition = partition, .taken_ms = model->now_ms, .rows = (uint32_t)(number % 50), .bytes = {bytes[i], 0}};
        parcels[i].bytes.len = fill_bytes(bytes[i], MOST, partition + 10 * source, number);
    }
    assert_int_equal(outbox_put(model->nodes[source].outbox, parcels, n), OUTBOX_OK);
    for (size_t i = 0; i < n && model->faults; i++) { /* else everything leaves at once */
        parcels[i].news = below(&model->random, 3) == 0;
        sender_put(model->nodes[source].sender, &parcels[i], model->now_ms);
    }
}

static void tell(struct model *model, unsigned source)
{
    struct node *node = &model->nodes[source];
    for (unsigned i = 0; i < PARTITIONS; i++) {
        model->told[source][i] = model->applied[source][i];
        sender_applied(node->sender, i, model->applied[source][i], model->now_ms);
    }
}

static void check_kept(struct model *model)
{
    for (unsigned source = 0; source < SOURCES; source++) {
        for (unsigned i = 0; i < PARTITIONS; i++) {
            uint64_t oldest = outbox_oldest(model->nodes[source].outbox, i);
            uint64_t told = model->told[source][i];
            assert_int_equal(outbox_last(model->nodes[source].outbox, i), model->put[source][i]);
            assert_true(oldest ? oldest <= told + 1 : told == model->put[source][i]);
        }
    }
}

static void round_of(struct model *model, bool putting)
{
    model->now_ms += 1 + below(&model->random, 40);
    for (unsigned source = 0; source < SOURCES; source++) {
        if (putting && below(&model->random, 2)) {
            put(model, source);
        }
        unsigned wait = sender_turn(model->nodes[source].sender, model->now_ms);
        assert_true(wait >= 1 && wait <= 1000);
        if (below(&model->random, 20) == 0) {
            tell(model, source);
        }
        if (chance(model, 500)) {
            model->restarts++;
            stop(model, source);
            start(model, source);
        }
    }
    give_answers(model, false);
    for (unsigned i = 0; i < PARTITIONS; i++) {
        if (chance(model, 400)) { /* its holder has died */
            model->streams[i].asleep_until_ms = model->now_ms + below(&model->random, 20000);
        }
        if (model->now_ms >= model->streams[i].asleep_until_ms) {
            work(model, i, below(&model->random, 6));
        }
        if (chance(model, 300)) {
            forget(model, i);
        }
    }
    if (model->faults && below(&model->random, model->up ? 200 : 30) == 0) {
        change_link(model);
    }
    check_kept(model);
}

static bool all_applied(const struct model *model)
{
    for (unsigned source = 0; source < SOURCES; source++) {
        if (memcmp(model->put[source], model->applied[source], sizeof model->put[source]) != 0 ||
            outbox_counts(model->nodes[source].outbox).parcels) {
            return false;
        }
    }
    return true;
}

static void finish(struct model *model)
{
    model->faults = false;
    model->up = true;
    int64_t until = model->now_ms + 20 * 60 * 1000;
    while (!all_applied(model)) {
        if (model->now_ms > until) {
            fail_msg("not all applied 20 minutes after the last fault");
        }
        round_of(model, false);
    }
}

static void begin(struct model *model, struct node *nodes, uint64_t seed)
{
    *model = (struct model){.random = seed, .strict = true, .now_ms = 1790000000000, .up = true, .nodes = nodes};
    for (unsigned i = 0; i < SOURCES; i++) {
        /* In memory where there is such a place: ten thousand fsyncs are another test's. */
        snprintf(nodes[i].folder, sizeof nodes[i].folder, "%s/bulla-bus-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(nodes[i].folder));
        start(model, i);
    }
}

static void end(struct model *model)
{
    for (unsigned i = 0; i < SOURCES; i++) {
        stop(model, i);
        remove_folder(model->nodes[i].folder);
    }
    for (unsigned i = 0; i < PARTITIONS; i++) {
        for (size_t k = 0; k < model->streams[i].n; k++) {
            free(model->streams[i].messages[k].bytes);
        }
        free(model->streams[i].messages);
    }
    free(model->pending);
}

static uint64_t seed_of_run(void)
{
    const char *seed = getenv("BULLA_SEED");
    return seed ? strtoull(seed, NULL, 10) : 20260921;
}

/* --- the tests --- */

static void test_no_faults(void **state)
{
    (void)state;
    struct node nodes[SOURCES];
    struct model *model = malloc(sizeof *model);
    assert_non_null(model);
    begin(model, nodes, seed_of_run());
    for (unsigned i = 0; i < 1500; i++) {
        round_of(model, true);
    }
    finish(model);
    for (unsigned i = 0; i < SOURCES; i++) {
        struct sender_counts counts = sender_counts(nodes[i].sender);
        assert_int_equal(counts.resent + counts.stalls + counts.ahead + counts.under_way, 0);
        assert_true(counts.messages > 500 && counts.parcels > counts.messages);
    }
    assert_int_equal(model->repeats + model->gaps, 0);
    end(model);
    free(model);
}

static void test_faults(void **state)
{
    (void)state;
    struct node nodes[SOURCES];
    const char *wanted = getenv("BULLA_ROUNDS");
    unsigned rounds = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 10000;
    struct model *model = malloc(sizeof *model);
    assert_non_null(model);
    begin(model, nodes, seed_of_run());
    model->faults = true;
    model->strict = false;
    for (unsigned i = 0; i < rounds; i++) {
        round_of(model, true);
    }
    int64_t from = model->now_ms;
    finish(model);
    double whole_s = (double)(model->now_ms - from) / 1000;
    end(model);
    print_message(
        "seed %llu: %llu restarts, %llu refused, %llu messages forgotten; %llu messages, %llu parcels, %llu of them again, %llu stalls; "
        "workers saw %llu repeats, %llu gaps; whole %.1f s after the last fault\n",
        (unsigned long long)seed_of_run(), (unsigned long long)model->restarts, (unsigned long long)model->refused,
        (unsigned long long)model->forgotten, (unsigned long long)model->counts.messages, (unsigned long long)model->counts.parcels,
        (unsigned long long)model->counts.resent, (unsigned long long)model->counts.stalls, (unsigned long long)model->repeats,
        (unsigned long long)model->gaps, whole_s);
    if (rounds >= 10000) {
        assert_true(model->forgotten > 20 && model->repeats > 100 && model->gaps > 20);
    }
    free(model);
}

/* The stream forgets everything and nothing new comes: no worker can see a gap, only the store's standing still tells. */
static void test_stall(void **state)
{
    (void)state;
    struct node nodes[SOURCES];
    struct model *model = malloc(sizeof *model);
    assert_non_null(model);
    begin(model, nodes, 7);
    model->strict = false;
    for (unsigned i = 0; i < 40; i++) { /* put and sent, not worked on */
        model->now_ms += 50;
        put(model, 0);
        sender_turn(nodes[0].sender, model->now_ms);
        give_answers(model, true);
    }
    for (unsigned i = 0; i < PARTITIONS; i++) {
        while (model->streams[i].n > 0) {
            free(model->streams[i].messages[--model->streams[i].n].bytes);
        }
    }
    uint64_t before = sender_counts(nodes[0].sender).messages;
    for (unsigned i = 0; i < 3600; i++) { /* an hour in which the store cannot be asked: nothing is sent again */
        model->now_ms += 1000;
        sender_turn(nodes[0].sender, model->now_ms);
    }
    assert_int_equal(sender_counts(nodes[0].sender).messages, before);
    for (unsigned i = 0; i < 3600; i++) { /* an hour in which nobody works: some tries, not the whole again and again */
        model->now_ms += 1000;
        sender_turn(nodes[0].sender, model->now_ms);
        give_answers(model, true);
        tell(model, 0);
    }
    uint64_t tries = sender_counts(nodes[0].sender).messages - before;
    assert_in_range(tries, PARTITIONS * 5, PARTITIONS * 20);
    finish(model);
    assert_true(sender_counts(nodes[0].sender).stalls > 0);
    end(model);
    free(model);
}

static void test_large(void **state)
{
    (void)state;
    struct node nodes[SOURCES];
    struct model *model = malloc(sizeof *model);
    uint8_t *bytes = calloc(1, OUTBOX_PARCEL_MOST);
    assert_non_null(model);
    assert_non_null(bytes);
    begin(model, nodes, 9);
    struct outbox_parcel parcels[4] = {{.partition = 1, .rows = 1, .bytes = {bytes, OUTBOX_PARCEL_MOST}},
                                       {.partition = 1, .rows = 1, .bytes = {bytes, 400000}},
                                       {.partition = 1, .rows = 1, .bytes = {bytes, 300000}},
                                       {.partition = 1, .rows = 1, .bytes = {bytes, 200000}}};
    assert_int_equal(outbox_put(nodes[0].outbox, parcels, 4), OUTBOX_OK);
    static const uint64_t expected[3][2] = {{1, 1}, {2, 3}, {4, 4}};
    for (unsigned i = 0; i < 3; i++) {
        struct sender_message message;
        struct range range = {0};
        sender_turn(nodes[0].sender, model->now_ms++);
        assert_int_equal(model->streams[1].n, i + 1); /* one under way, not more */
        sender_turn(nodes[0].sender, model->now_ms++);
        assert_int_equal(model->streams[1].n, i + 1);
        struct stored *stored = &model->streams[1].messages[i];
        assert_true(sender_read((struct bulla_bytes){stored->bytes, stored->len}, &message, see_range, &range));
        assert_int_equal(range.first, expected[i][0]);
        assert_int_equal(range.last, expected[i][1]);
        give_answers(model, true);
    }
    sender_applied(nodes[0].sender, 1, 5, model->now_ms); /* never put: an old copy of the outbox; nothing is dropped */
    assert_int_equal(sender_counts(nodes[0].sender).ahead, 1);
    assert_int_equal(outbox_oldest(nodes[0].outbox, 1), 1);
    model->now_ms -= 3600 * 1000; /* the clock was set back: no stop for an hour */
    sender_applied(nodes[0].sender, 1, 4, model->now_ms);
    sender_turn(nodes[0].sender, model->now_ms);
    sender_turn(nodes[0].sender, model->now_ms + 1001);
    assert_int_equal(outbox_oldest(nodes[0].outbox, 1), 0);
    end(model);
    free(bytes);
    free(model);
}

static void count_parcel(void *context, const struct sender_parcel *parcel)
{
    assert_true(parcel->number > 0 && parcel->bytes.len > 0);
    ++*(size_t *)context;
}

/* A message that was cut or changed is refused whole, or is another message that is whole. */
static void test_message(void **state)
{
    (void)state;
    struct node nodes[SOURCES];
    struct model *model = malloc(sizeof *model);
    assert_non_null(model);
    begin(model, nodes, 11);
    while (model->put[0][2] < 3) {
        put(model, 0);
    }
    sender_turn(nodes[0].sender, model->now_ms);
    assert_int_equal(model->streams[2].n, 1);
    struct stored *stored = &model->streams[2].messages[0];
    struct sender_message message = {.n = 99};
    size_t n = 0;
    uint8_t *copy = malloc(stored->len + 1);
    assert_non_null(copy);
    assert_true(sender_read((struct bulla_bytes){stored->bytes, stored->len}, &message, count_parcel, &n));
    assert_int_equal(message.n, n);
    assert_int_equal(message.published_ms, model->now_ms);
    for (size_t cut = 0; cut < stored->len; cut++) {
        struct sender_message other;
        size_t seen = 0;
        if (sender_read((struct bulla_bytes){stored->bytes, cut}, &other, count_parcel, &seen)) {
            assert_true(seen < n && seen == other.n); /* cut between two parcels */
        } else {
            assert_int_equal(seen, 0);
        }
    }
    uint64_t random = 3;
    for (unsigned i = 0; i < 100000; i++) {
        size_t seen = 0, size = below(&random, 4) ? stored->len : below(&random, (unsigned)stored->len + 1);
        memcpy(copy, stored->bytes, size);
        for (unsigned k = 0; k < 3 && size; k++) {
            copy[below(&random, (unsigned)(size < 120 || below(&random, 2) ? size : 120))] = (uint8_t)next_random(&random);
        }
        struct sender_message other = {.n = 0};
        bool right = sender_read((struct bulla_bytes){copy, size}, &other, count_parcel, &seen);
        assert_int_equal(seen, right ? other.n : 0);
    }
    free(copy);
    end(model);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_faults), cmocka_unit_test(test_faults),  cmocka_unit_test(test_stall),
        cmocka_unit_test(test_large),     cmocka_unit_test(test_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
