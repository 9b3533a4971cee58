// SPDX-License-Identifier: Apache-2.0
// Nodes, leases and work through the port: what must hold on every back end that several nodes use.

#include "partitions_support.h"

#include <pthread.h>

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
    assert_int_equal(beat(other, "b", "SB", LEASE_MS), STORE_OK); /* the same node again */
    assert_int_equal(beat(other, "b", "another", LEASE_MS), STORE_CONFLICT);
    assert_non_null(strstr(store_error(other), "b"));
    wait_ms(LEASE_MS + 50);
    assert_int_equal(beat(other, "b", "another", LEASE_MS), STORE_OK); /* its lease has run out */
    assert_int_equal(beat(store, "b", "SB", LEASE_MS), STORE_CONFLICT);
    assert_int_equal(store_node_leave(other, "b"), STORE_OK);
    assert_int_equal(beat(store, "b", "SB", LEASE_MS), STORE_OK); /* it said that it was gone */
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

static unsigned stored(void)
{
    unsigned n = 0;
    assert_int_equal(store_observations(store, "jt701:7500000000", 0, INT64_MAX, 0, count, &n), STORE_OK);
    return n;
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

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(partitions_are_fixed_once), T(a_name_is_one_nodes), T(leases_run_out_and_epochs_grow), T(a_drained_node_takes_none),
        T(three_nodes_share),         T(callers_at_once),     T(an_older_epoch_writes_nothing),  T(taking_while_the_holder_works),
        T(work_that_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
