// SPDX-License-Identifier: Apache-2.0
// Leases, work, progress, handing over and changes through the port: what must hold on every back end that several nodes use.
// Where the back end is one that several processes open, two of them are two stores here; else the one serves both.

#include "store_both.h"

#include "platform/model/journey.h"

#include <pthread.h>
#include <time.h>

enum { PARTITIONS = 16, LEASE_MS = 400 };

static struct test_place place;
static struct store *store, *other; /* the same, where only one may be open */

static int set_up(void **state)
{
    unsigned n = 0;
    (void)state;
    place_make(&place);
    store = other = place_open(&place);
    if (store_is_shared(store)) {
        other = place_open(&place);
    }
    assert_int_equal(store_partitions_fix(store, PARTITIONS, &n), STORE_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (other != store) {
        store_close(other);
    }
    store_close(store);
    place_remove(&place);
    return 0;
}

static void wait_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static struct store_node node_of(const char *name, const char *source)
{
    struct store_node node = {.started_ms = T0, .http = "127.0.0.1:8080", .version = "1"};
    snprintf(node.name, sizeof node.name, "%s", name);
    snprintf(node.source, sizeof node.source, "%s", source);
    return node;
}

static int beat(struct store *from, const char *name, const char *source, int64_t lease_ms)
{
    struct store_node node = node_of(name, source);
    return store_node_beat(from, &node, lease_ms);
}

/* --- nodes and leases --- */

static void partitions_are_fixed_once(void **state)
{
    (void)state;
    unsigned n = 0;
    assert_int_equal(store_partitions_fix(other, 64, &n), STORE_OK);
    assert_int_equal(n, PARTITIONS);
    assert_int_equal(store_partitions_fix(other, 0, &n), STORE_OK);
    assert_int_equal(n, PARTITIONS);
}

struct told {
    unsigned nodes, partitions, draining;
    char names[200];
    int64_t least, most;
};

static void tell_node(void *context, const struct store_node *node)
{
    struct told *told = context;
    told->nodes++;
    told->partitions += node->partitions;
    told->draining += node->draining;
    told->most = node->remaining_ms > told->most ? node->remaining_ms : told->most;
    snprintf(told->names + strlen(told->names), sizeof told->names - strlen(told->names), "%s ", node->name);
}

static void a_name_is_one_nodes(void **state)
{
    (void)state;
    assert_int_equal(beat(store, "b", "SB", LEASE_MS), STORE_OK);
    assert_int_equal(beat(other, "a", "SA", LEASE_MS), STORE_OK);
    assert_int_equal(beat(other, "b", "SB", LEASE_MS), STORE_OK);       /* the same node again */
    assert_int_equal(beat(other, "b", "another", LEASE_MS), STORE_CONFLICT);
    assert_non_null(strstr(store_error(other), "b"));
    wait_ms(LEASE_MS + 50);
    assert_int_equal(beat(other, "b", "another", LEASE_MS), STORE_OK);  /* its lease has run out */
    assert_int_equal(beat(store, "b", "SB", LEASE_MS), STORE_CONFLICT);
    assert_int_equal(store_node_leave(other, "b"), STORE_OK);
    assert_int_equal(beat(store, "b", "SB", LEASE_MS), STORE_OK);       /* it said that it was gone */
    struct told told = {0};
    assert_int_equal(store_nodes(other, tell_node, &told), STORE_OK);
    assert_string_equal(told.names, "a b ");
    assert_in_range(told.most, 1, LEASE_MS);
}

static void leases_run_out_and_epochs_grow(void **state)
{
    (void)state;
    struct store_lease a[STORE_PARTITIONS_MOST], b[STORE_PARTITIONS_MOST];
    unsigned na = 0, nb = 0;
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, PARTITIONS, a, &na), STORE_OK);
    assert_int_equal(na, PARTITIONS);
    assert_int_equal(store_partitions_hold(other, "b", LEASE_MS, PARTITIONS, b, &nb), STORE_OK);
    assert_int_equal(nb, 0);
    for (int beats = 0; beats < 4; beats++) { /* prolonged for longer than a lease */
        wait_ms(LEASE_MS / 3);
        assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, PARTITIONS, a, &na), STORE_OK);
        assert_int_equal(na, PARTITIONS);
        assert_int_equal(store_partitions_hold(other, "b", LEASE_MS, PARTITIONS, b, &nb), STORE_OK);
        assert_int_equal(nb, 0);
    }
    assert_int_equal(a[0].epoch, 1);
    wait_ms(LEASE_MS + 50);
    assert_int_equal(store_partitions_hold(other, "b", LEASE_MS, 10, b, &nb), STORE_OK);
    assert_int_equal(nb, 10);
    for (unsigned i = 0; i < nb; i++) {
        assert_int_equal(b[i].epoch, 2);
    }
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, PARTITIONS, a, &na), STORE_OK);
    assert_int_equal(na, PARTITIONS - 10); /* those that nobody took are still its own, at their epoch */
    for (unsigned i = 0; i < na; i++) {
        assert_int_equal(a[i].epoch, 1);
    }
    struct store_lease gone = b[0];
    assert_int_equal(store_partition_release(other, &gone), STORE_OK);
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, PARTITIONS, a, &na), STORE_OK);
    assert_int_equal(na, PARTITIONS - 10 + 1);
    assert_int_equal(a[na - 1].partition, gone.partition);
    assert_int_equal(a[na - 1].epoch, 3);
    assert_int_equal(store_partition_release(other, &gone), STORE_CONFLICT);
}

static void a_drained_node_takes_none(void **state)
{
    (void)state;
    struct store_lease a[STORE_PARTITIONS_MOST];
    unsigned n = 0;
    assert_int_equal(beat(store, "a", "SA", LEASE_MS), STORE_OK);
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, 4, a, &n), STORE_OK);
    assert_int_equal(store_node_drain(other, "nobody", true), STORE_NOT_FOUND);
    assert_int_equal(store_node_drain(other, "a", true), STORE_OK);
    assert_int_equal(beat(store, "a", "SA", LEASE_MS), STORE_OK); /* does not take it back */
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, 8, a, &n), STORE_OK);
    assert_int_equal(n, 4);
    struct told told = {0};
    assert_int_equal(store_nodes(other, tell_node, &told), STORE_OK);
    assert_int_equal(told.draining, 1);
    assert_int_equal(told.partitions, 4);
    assert_int_equal(store_node_drain(other, "a", false), STORE_OK);
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, 8, a, &n), STORE_OK);
    assert_int_equal(n, 8);
}

struct holders { /* by partition; NULL: nobody's */
    char node[PARTITIONS][STORE_NODE_SIZE];
    unsigned held;
};

static void tell_partition(void *context, const struct store_partition *partition)
{
    struct holders *holders = context;
    bool live = partition->node[0] && partition->remaining_ms > 0;
    snprintf(holders->node[partition->number], STORE_NODE_SIZE, "%s", live ? partition->node : "");
    holders->held += live;
}

struct member { /* a node as the cluster's coordinator does it: beat, count, hold its share */
    struct store *store;
    char name[8];
    struct store_lease leases[STORE_PARTITIONS_MOST];
    unsigned n, live;
    bool out;
};

static void count_live(void *context, const struct store_node *node)
{
    *(unsigned *)context += node->remaining_ms > 0;
}

static void turn(struct member *m)
{
    m->live = 0;
    assert_int_equal(beat(m->store, m->name, m->name, LEASE_MS), STORE_OK);
    assert_int_equal(store_nodes(m->store, count_live, &m->live), STORE_OK);
    unsigned most = (PARTITIONS + m->live - 1) / m->live;
    while (m->n > most) {
        assert_int_equal(store_partition_release(m->store, &m->leases[--m->n]), STORE_OK);
    }
    assert_int_equal(store_partitions_hold(m->store, m->name, LEASE_MS, most, m->leases, &m->n), STORE_OK);
}

static void turns(struct member *members, size_t n, int times)
{
    for (int i = 0; i < times; i++) {
        for (size_t k = 0; k < n; k++) {
            if (!members[k].out) {
                turn(&members[k]);
            }
        }
        wait_ms(LEASE_MS / 8);
    }
}

static unsigned held(void)
{
    struct holders holders = {.held = 0};
    assert_int_equal(store_partitions(store, tell_partition, &holders), STORE_OK);
    return holders.held;
}

/* Nodes join, one leaves, one dies: all partitions are held again, and nobody has more than a share. */
static void three_nodes_share(void **state)
{
    (void)state;
    struct member members[3] = {{store, "n1"}, {other, "n2"}, {store, "n3"}};
    turns(members, 1, 1);
    assert_int_equal(members[0].n, PARTITIONS);
    turns(members, 3, 4);
    for (size_t k = 0; k < 3; k++) {
        assert_in_range(members[k].n, PARTITIONS / 3 - 1, PARTITIONS / 3 + 1);
    }
    assert_int_equal(held(), PARTITIONS);
    members[1].out = true;
    assert_int_equal(store_node_leave(other, "n2"), STORE_OK);
    turns(members, 3, 2);
    assert_int_equal(members[0].n + members[2].n, PARTITIONS);
    members[0].out = true; /* without a word */
    turns(members, 3, 12);
    assert_int_equal(members[2].n, PARTITIONS);
    assert_int_equal(held(), PARTITIONS);
}

struct grab {
    struct store *store;
    char name[8];
    struct store_lease leases[STORE_PARTITIONS_MOST];
    unsigned n;
    int outcome;
};

static void *grab_all(void *context)
{
    struct grab *grab = context;
    for (int i = 0; i < 10 && !grab->outcome; i++) {
        grab->outcome = store_partitions_hold(grab->store, grab->name, 60000, PARTITIONS, grab->leases, &grab->n);
    }
    return NULL;
}

/* However many call at once, each partition is one's, and none is left over. */
static void callers_at_once(void **state)
{
    (void)state;
    struct grab grabs[4] = {{store, "n1"}, {other, "n2"}, {store, "n3"}, {other, "n4"}};
    pthread_t threads[4];
    unsigned all = 0, seen[PARTITIONS] = {0};
    for (size_t k = 0; k < 4; k++) {
        pthread_create(&threads[k], NULL, grab_all, &grabs[k]);
    }
    for (size_t k = 0; k < 4; k++) {
        pthread_join(threads[k], NULL);
        assert_int_equal(grabs[k].outcome, 0);
        all += grabs[k].n;
        for (unsigned i = 0; i < grabs[k].n; i++) {
            assert_int_equal(seen[grabs[k].leases[i].partition]++, 0);
            assert_int_equal(grabs[k].leases[i].epoch, 1);
        }
    }
    assert_int_equal(all, PARTITIONS);
}

/* --- work --- */

static void count(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(unsigned *)context;
}

static unsigned stored(void)
{
    unsigned n = 0;
    assert_int_equal(store_observations(store, "jt701:7500000000", 0, INT64_MAX, 0, count, &n), STORE_OK);
    return n;
}

static struct alarm alarm_of(const char *id)
{
    struct alarm alarm = {.onset_ms = T0, .raised_ms = T0, .has_position = false};
    snprintf(alarm.id, sizeof alarm.id, "%s", id);
    return alarm;
}

/* A work that was begun under an epoch which has passed fails at its end and leaves nothing. */
static void an_older_epoch_writes_nothing(void **state)
{
    (void)state;
    struct store_lease a[STORE_PARTITIONS_MOST], b[STORE_PARTITIONS_MOST];
    unsigned na = 0, nb = 0;
    struct store_progress progress = {.partition = 0, .place = 7, .source = "S", .number = 1, .rows = 3, .node = "a", .applied_ms = T0};
    struct alarm alarm = alarm_of("A1");
    assert_int_equal(store_partitions_hold(store, "a", LEASE_MS, PARTITIONS, a, &na), STORE_OK);
    struct store_lease lease = a[0];
    progress.partition = lease.partition;
    assert_int_equal(store_work_begin(store, &lease, 1), STORE_OK);
    assert_int_equal(append_samples(store, 0, 3, 1, NULL), STORE_OK);
    assert_int_equal(store_progress_put(store, &progress, 1), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    assert_int_equal(stored(), 3);
    wait_ms(LEASE_MS + 50); /* it sleeps; its lease runs out */
    assert_int_equal(store_work_begin(store, &lease, 1), STORE_OK);
    assert_int_equal(append_samples(store, 3, 1, 1, NULL), STORE_OK);
    assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    assert_int_equal(store_partitions_hold(other, "b", 60000, PARTITIONS, b, &nb), STORE_OK);
    assert_int_equal(nb, PARTITIONS);
    progress.place = 9;
    progress.number = 2;
    int outcome = store_progress_put(store, &progress, 1);
    assert_int_equal(store_work_end(store, true), STORE_CONFLICT);
    uint64_t place_now = 0;
    assert_int_equal(store_progress(other, lease.partition, &place_now, NULL, NULL), STORE_OK);
    assert_int_equal(place_now, 7);
    if (store_work_joins(store)) {
        struct alarm got;
        assert_int_equal(outcome, STORE_OK); /* only the end tells */
        assert_int_equal(stored(), 3);
        assert_int_equal(store_alarm_get(store, "A1", &got), STORE_NOT_FOUND);
    }
    for (unsigned i = 0; i < nb; i++) { /* the new holder goes on from there */
        lease = b[i].partition == lease.partition ? b[i] : lease;
    }
    assert_int_equal(store_work_begin(other, &lease, 1), STORE_OK);
    assert_int_equal(append_samples(other, 3, 1, 1, NULL), STORE_OK);
    assert_int_equal(store_progress_put(other, &progress, 1), STORE_OK);
    assert_int_equal(store_work_end(other, true), STORE_OK);
    assert_int_equal(stored(), 4);
}

struct end { /* a work's end, by another thread */
    struct store *store;
    struct store_lease *lease;
    int outcome;
};

static void *work_slowly(void *context)
{
    struct end *end = context;
    end->outcome = store_work_begin(end->store, end->lease, 1);
    for (uint64_t i = 0; i < 40 && !end->outcome; i++) {
        end->outcome = append_samples(end->store, 100 * i, 100, 1, NULL);
        wait_ms(5);
    }
    int outcome = store_work_end(end->store, end->outcome == 0);
    end->outcome = end->outcome ? end->outcome : outcome;
    return NULL;
}

/* Taking while the holder works: whichever is first, work that ended well was the holder's. */
static void taking_while_the_holder_works(void **state)
{
    (void)state;
    struct store_lease a[STORE_PARTITIONS_MOST], b[STORE_PARTITIONS_MOST];
    unsigned na = 0, nb = 0;
    assert_int_equal(store_partitions_hold(store, "a", 50, 1, a, &na), STORE_OK);
    struct end end = {store, &a[0], 0};
    pthread_t thread;
    pthread_create(&thread, NULL, work_slowly, &end);
    wait_ms(120);
    for (int i = 0; i < 20 && nb < PARTITIONS; i++) {
        assert_int_equal(store_partitions_hold(other, "b", 60000, PARTITIONS, b, &nb), STORE_OK);
    }
    pthread_join(thread, NULL);
    assert_int_equal(nb, PARTITIONS);
    assert_int_equal(end.outcome, STORE_CONFLICT);
    if (store_work_joins(store)) {
        assert_int_equal(stored(), 0);
    }
}

static void work_that_is_not_kept(void **state)
{
    (void)state;
    if (!store_work_joins(store)) {
        skip();
    }
    struct store_progress progress = {.partition = 3, .place = 7, .source = "S", .number = 1};
    struct alarm alarm = alarm_of("A1"), got;
    uint64_t place_now = 1;
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(append_samples(store, 0, 3, 1, NULL), STORE_OK);
    assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    assert_int_equal(store_progress_put(store, &progress, 1), STORE_OK);
    assert_int_equal(stored(), 3); /* it sees itself */
    assert_int_equal(store_alarm_get(store, "A1", &got), STORE_OK);
    assert_int_equal(store_work_end(store, false), STORE_OK);
    assert_int_equal(stored(), 0);
    assert_int_equal(store_alarm_get(store, "A1", &got), STORE_NOT_FOUND);
    assert_int_equal(store_progress(store, 3, &place_now, NULL, NULL), STORE_OK);
    assert_int_equal(place_now, 0);
}

/* --- progress --- */

static void take_number(void *context, const char *source, uint64_t number)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 100 - used, "%s=%llu ", source, (unsigned long long)number);
}

static void take_partition(void *context, unsigned partition, uint64_t number)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 100 - used, "%u=%llu ", partition, (unsigned long long)number);
}

static int put(unsigned partition, uint64_t to, const char *source, uint64_t number)
{
    struct store_progress progress = {.partition = partition, .place = to, .number = number, .node = "a"};
    snprintf(progress.source, sizeof progress.source, "%s", source);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    int outcome = store_progress_put(store, &progress, 1);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    return outcome;
}

static void progress_goes_forward(void **state)
{
    (void)state;
    char text[100] = "";
    uint64_t place_now = 99;
    assert_int_equal(store_progress(other, 5, &place_now, take_number, text), STORE_OK);
    assert_int_equal(place_now, 0);
    assert_int_equal(put(5, 10, "S1", 1), STORE_OK);
    assert_int_equal(put(5, 12, "S2", 1), STORE_OK);
    assert_int_equal(put(5, 13, "S1", 2), STORE_OK);
    assert_int_equal(put(6, 3, "S1", 8), STORE_OK);
    assert_int_equal(put(5, 15, "S1", 2), STORE_OK); /* a parcel that was in the stream twice */
    if (store_work_joins(store)) {
        assert_int_equal(put(5, 15, "S1", 2), STORE_CONFLICT);
        assert_int_equal(put(5, 14, "S1", 3), STORE_CONFLICT);
        assert_int_equal(put(5, 16, "S1", 1), STORE_CONFLICT);
    }
    assert_int_equal(store_progress(other, 5, &place_now, take_number, text), STORE_OK);
    assert_int_equal(place_now, 15);
    assert_string_equal(text, "S1=2 S2=1 ");
    *text = '\0';
    assert_int_equal(store_progress_of(other, "S1", take_partition, text), STORE_OK);
    assert_string_equal(text, "5=2 6=8 ");
}

/* Two parcels in one work, some of whose rows were stored before. */
static void an_observation_is_traced(void **state)
{
    (void)state;
    struct sample sample;
    struct store_progress trace;
    int64_t now_ms = 0;
    assert_int_equal(store_clock(store, &now_ms), STORE_OK);
    struct store_progress progress[2] = {
        {.place = 20, .source = "S1", .number = 4, .rows = 10, .node = "a", .taken_ms = now_ms - 2, .published_ms = now_ms - 1, .applied_ms = now_ms},
        {.place = 21, .source = "S2", .number = 1, .rows = 5, .node = "a", .taken_ms = now_ms - 2, .published_ms = now_ms - 1, .applied_ms = now_ms}};
    make_sample(&sample, 0, 1);
    progress[0].partition = progress[1].partition = store_partition_of("jt701:7500000000", PARTITIONS);
    struct store_lease lease[STORE_PARTITIONS_MOST];
    unsigned n = 0, own = 0;
    assert_int_equal(append_samples(store, 500, 1, 1, NULL), STORE_OK); /* without a parcel */
    assert_int_equal(store_partitions_hold(store, "a", 60000, PARTITIONS, lease, &n), STORE_OK);
    while (lease[own].partition != progress[0].partition) {
        own++;
    }
    assert_int_equal(store_work_begin(store, &lease[own], 1), STORE_OK);
    assert_int_equal(append_samples(store, 0, 10, 1, NULL), STORE_OK);
    assert_int_equal(append_samples(store, 8, 5, 1, NULL), STORE_OK);
    assert_int_equal(store_progress_put(store, progress, 2), STORE_OK);
    assert_int_equal(store_work_end(store, true), STORE_OK);
    static const struct {
        uint64_t sample, number;
        const char *source;
    } WANTED[] = {{0, 4, "S1"}, {9, 4, "S1"}, {10, 1, "S2"}, {12, 1, "S2"}};
    for (size_t i = 0; i < 4; i++) {
        make_sample(&sample, WANTED[i].sample, 1);
        assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_OK);
        assert_string_equal(trace.source, WANTED[i].source);
        assert_int_equal(trace.number, WANTED[i].number);
        assert_int_equal(trace.partition, progress[0].partition);
        assert_int_equal(trace.taken_ms, now_ms - 2);
        assert_int_equal(trace.applied_ms, now_ms);
        assert_string_equal(trace.node, "a");
    }
    make_sample(&sample, 500, 1);
    assert_int_equal(store_trace(other, sample.o.id, &trace), STORE_NOT_FOUND);
    assert_int_equal(store_trace(other, "nothing", &trace), STORE_NOT_FOUND);
}

/* --- handing over --- */

static void handed_over_once(void **state)
{
    (void)state;
    struct sample sample;
    unsigned n = 0;
    assert_int_equal(store_handover_take(store, 2, 10, count, &n), STORE_FAILED); /* outside of work */
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(append_samples(store, 0, 5, 1, NULL), STORE_OK);
    for (uint64_t i = 0; i < 5; i++) {
        make_sample(&sample, i, 1);
        assert_int_equal(store_handover_put(store, 2, "jt701:7500000000", sample.o.id), STORE_OK);
        assert_int_equal(store_handover_put(store, 2, "jt701:7500000000", sample.o.id), STORE_OK); /* again: once */
    }
    assert_int_equal(store_work_end(store, true), STORE_OK);
    static const unsigned WANTED[] = {3, 3, 2, 0}; /* taken; taken again because the work was undone; the rest; none */
    for (int round = 0; round < 4; round++) {
        struct seen seen = {0};
        assert_int_equal(store_work_begin(other, NULL, 0), STORE_OK);
        assert_int_equal(store_handover_take(other, 2, 3, see_sample, &seen), STORE_OK);
        assert_int_equal(seen.n, WANTED[round]);
        assert_int_equal(seen.wrong, 0);
        assert_int_equal(seen.out_of_order, 0); /* oldest first */
        assert_int_equal(store_work_end(other, round > 0), STORE_OK);
    }
    n = 0;
    assert_int_equal(store_work_begin(other, NULL, 0), STORE_OK);
    assert_int_equal(store_handover_take(other, 3, 10, count, &n), STORE_OK);
    assert_int_equal(store_work_end(other, true), STORE_OK);
    assert_int_equal(n, 0);
}

/* --- changes --- */

static void take_change(void *context, enum store_changed kind, const char *id)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 200 - used, "%d:%s ", (int)kind, id);
}

static void what_others_changed(void **state)
{
    (void)state;
    char cursor[64] = "", told[200] = "";
    struct seal seal = {.id = "jt701:1"}, quiet = {.id = "jt701:2"};
    struct alarm alarm = alarm_of("A1");
    struct command command = {.id = "C1"};
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK); /* from now on */
    assert_string_equal(told, "");
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK);
    assert_int_equal(store_work_begin(store, NULL, 0), STORE_OK);
    assert_int_equal(store_seal_put(store, &quiet, NULL), STORE_OK); /* a worker tells of its own */
    assert_int_equal(store_work_end(store, true), STORE_OK);
    struct journey *journey = journey_new();
    snprintf(journey->id, sizeof journey->id, "J1");
    assert_int_equal(store_journey_put(store, journey, NULL), STORE_OK);
    journey_free(journey);
    assert_int_equal(store_command_put(store, &command, NULL), STORE_OK);
    assert_int_equal(store_alarm_found(store, &alarm, 1), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_string_equal(told, "1:jt701:1 0:J1 3:C1 2:A1 ");
    *told = '\0';
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_string_equal(told, "");
    char rubbish[64] = "rubbish";
    assert_int_equal(store_changes(other, rubbish, take_change, told), STORE_FAILED);
    assert_string_equal(rubbish, "rubbish");
}

/* A transaction that began before what was told, and commits after it, is told too. */
static void a_change_that_commits_late(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip();
    }
    char cursor[64] = "", told[200] = "";
    struct pg_conn *conn = NULL;
    struct seal early = {.id = "late"}, seal = {.id = "young"};
    assert_int_equal(store_seal_put(store, &early, NULL), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_int_equal(pg_write_begin(store_pg_of(store), &conn), STORE_OK);
    assert_int_equal(pg_script(conn, "UPDATE seal SET label = 'x' WHERE id = 'late'", "a test"), STORE_OK);
    assert_int_equal(store_seal_put(store, &seal, NULL), STORE_OK); /* younger, and committed before */
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_int_equal(pg_write_end(store_pg_of(store), conn, 0, NULL), STORE_OK);
    assert_int_equal(store_changes(other, cursor, take_change, told), STORE_OK);
    assert_string_equal(told, "1:late 1:young ");
}

static void the_clock_goes(void **state)
{
    (void)state;
    int64_t first = 0, second = 0;
    assert_int_equal(store_clock(store, &first), STORE_OK);
    wait_ms(20);
    assert_int_equal(store_clock(other, &second), STORE_OK);
    assert_in_range(second - first, 19, 5000);
}

/* --- tracks --- */

static void take_track(void *context, const struct store_track *track)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 300 - used, "%s/%lld=%.*s ", track->seal, (long long)(track->day_ms / 86400000), (int)track->bytes.len,
             (const char *)track->bytes.at);
}

static struct store_track track_of(const char *seal, int64_t day, const char *bytes)
{
    struct store_track track = {.day_ms = day * 86400000,
                                .first_ms = day * 86400000 + 1000,
                                .last_ms = day * 86400000 + 2000,
                                .fixes = 2,
                                .bytes = {(const uint8_t *)bytes, strlen(bytes)}};
    snprintf(track.seal, sizeof track.seal, "%s", seal);
    return track;
}

static void tracks_by_seal_and_day(void **state)
{
    (void)state;
    if (!pg_test_wanted()) {
        skip(); /* its blocks are proven to be blocks, in its own tests */
    }
    char told[300] = "";
    uint64_t gone = 0;
    struct store_track tracks[] = {track_of("b", 20000, "b0"), track_of("a", 20001, "a1"), track_of("a", 20000, "old"),
                                   track_of("a", 20000, "a0"), track_of("c", 20002, "c2"), track_of("a", 20002, "a2")};
    assert_int_equal(store_track_put(store, tracks, 6), STORE_OK);
    assert_int_equal(store_tracks(other, "", INT64_MIN, INT64_MAX, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20000=a0 b/20000=b0 a/20001=a1 a/20002=a2 c/20002=c2 ");
    *told = '\0';
    assert_int_equal(store_tracks(other, "a", tracks[3].last_ms, tracks[1].first_ms, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20000=a0 a/20001=a1 "); /* both ends overlap */
    *told = '\0';
    assert_int_equal(store_tracks(other, "a", tracks[3].last_ms + 1, tracks[1].first_ms - 1, take_track, told), STORE_OK);
    assert_string_equal(told, "");
    struct store_track empty = track_of("a", 20001, "");
    assert_int_equal(store_track_put(store, &empty, 1), STORE_OK);
    assert_int_equal(store_track_drop(store, tracks[0].last_ms + 1, &gone), STORE_OK);
    assert_int_equal(gone, 2);
    assert_int_equal(store_tracks(other, "", 0, INT64_MAX, take_track, told), STORE_OK);
    assert_string_equal(told, "a/20002=a2 c/20002=c2 ");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(partitions_are_fixed_once),
        T(a_name_is_one_nodes),
        T(leases_run_out_and_epochs_grow),
        T(a_drained_node_takes_none),
        T(three_nodes_share),
        T(callers_at_once),
        T(an_older_epoch_writes_nothing),
        T(taking_while_the_holder_works),
        T(work_that_is_not_kept),
        T(progress_goes_forward),
        T(an_observation_is_traced),
        T(handed_over_once),
        T(what_others_changed),
        T(a_change_that_commits_late),
        T(the_clock_goes),
        T(tracks_by_seal_and_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
