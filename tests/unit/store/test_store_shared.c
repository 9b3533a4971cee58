// SPDX-License-Identifier: Apache-2.0
// The SQLite back end as the store of several nodes of one process (the simulation): leases by its clock, the fence in every
// write of work, progress and traces, what is handed over, what others changed.

#include "store_support.h"

#include "platform/store/disk.h"
#include "platform/store/sqlite.h"

static char folder[64];
static struct store *store;
static struct store_disk disk;
static int64_t now_ms;

static int64_t test_now(void *host)
{
    (void)host;
    return now_ms;
}

static void reopen(void)
{
    char why[400] = "";
    store_close(store);
    store = store_sqlite_open_on(&disk, folder, why, sizeof why);
    if (!store) {
        fail_msg("%s", why);
    }
}

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    now_ms = T0;
    disk = store_disk_machine;
    disk.clock = (struct clock){test_now, NULL};
    disk.stepped = true;
    store = NULL;
    reopen();
    unsigned n = 0;
    assert_int_equal(store_partitions_fix(store, 4, &n), 0);
    assert_int_equal(n, 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    remove_folder(folder);
    return 0;
}

static int beat(const char *name, const char *source)
{
    struct store_node node = {.started_ms = now_ms};
    snprintf(node.name, sizeof node.name, "%s", name);
    snprintf(node.source, sizeof node.source, "%s", source);
    return store_node_beat(store, &node, 10000);
}

static void take_node(void *context, const struct store_node *node)
{
    struct store_node *nodes = context;
    nodes[node->name[0] - 'a'] = *node;
}

static void leases_go_by_the_stores_clock(void **state)
{
    (void)state;
    struct store_lease a[8], b[8];
    struct store_node nodes[3] = {{.name = ""}};
    unsigned na = 0, nb = 0;
    assert_int_equal(beat("a", "A"), 0);
    assert_int_equal(beat("b", "B"), 0);
    assert_int_equal(beat("a", "other"), STORE_CONFLICT);
    assert_int_equal(store_partitions_hold(store, "a", 10000, 3, a, &na), 0);
    assert_int_equal(na, 3);
    assert_int_equal(store_partitions_hold(store, "b", 10000, 3, b, &nb), 0);
    assert_int_equal(nb, 1);
    now_ms += 9000;
    assert_int_equal(store_partitions_hold(store, "b", 10000, 3, b, &nb), 0);
    assert_int_equal(nb, 1);
    now_ms += 1000; /* a's have run out */
    assert_int_equal(store_partitions_hold(store, "b", 10000, 3, b, &nb), 0);
    assert_int_equal(nb, 3);
    assert_int_equal(b[1].epoch, 2);
    assert_int_equal(store_partitions_hold(store, "a", 10000, 1, a, &na), 0); /* one was left to it */
    assert_int_equal(na, 1);
    assert_int_equal(a[0].epoch, 1);
    assert_int_equal(store_nodes(store, take_node, nodes), 0);
    assert_int_equal(nodes[0].partitions, 1);
    assert_int_equal(nodes[1].partitions, 3);
    assert_int_equal(store_node_drain(store, "nobody", true), STORE_NOT_FOUND);
    assert_int_equal(store_node_drain(store, "a", true), 0);
    assert_int_equal(store_partition_release(store, &a[0]), 0);
    na = 0;
    assert_int_equal(store_partitions_hold(store, "a", 10000, 4, a, &na), 0); /* takes none while it is drained */
    assert_int_equal(na, 0);
    assert_int_equal(store_node_leave(store, "b"), 0);
    assert_int_equal(beat("b", "another process"), 0);
}

static void an_older_epoch_writes_nothing(void **state)
{
    (void)state;
    struct store_lease a[4], b[4];
    unsigned na = 0, nb = 0;
    struct store_progress progress = {.partition = 0, .place = 7, .source = "S", .number = 1, .rows = 3, .node = "a", .applied_ms = now_ms};
    struct sample sample;
    make_sample(&sample, 1, 1);
    assert_int_equal(store_partitions_hold(store, "a", 10000, 1, a, &na), 0);
    assert_int_equal(store_work_begin(store, a, 1), 0);
    assert_int_equal(append_samples(store, 1, 3, 1, NULL), 0);
    assert_int_equal(store_progress_put(store, &progress, 1), 0);
    assert_int_equal(store_work_end(store, true), 0);
    now_ms += 10000;
    assert_int_equal(store_work_begin(store, a, 1), 0); /* begun before another takes it */
    assert_int_equal(append_samples(store, 4, 1, 1, NULL), 0);
    assert_int_equal(store_partitions_hold(store, "b", 10000, 1, b, &nb), STORE_OK);
    assert_int_equal(append_samples(store, 5, 1, 1, NULL), STORE_CONFLICT);
    progress.place = 9;
    assert_int_equal(store_progress_put(store, &progress, 1), STORE_CONFLICT);
    assert_int_equal(store_work_end(store, true), STORE_CONFLICT);
    assert_int_equal(store_work_begin(store, a, 1), STORE_CONFLICT);
    uint64_t place = 0;
    assert_int_equal(store_progress(store, 0, &place, NULL, NULL), 0);
    assert_int_equal(place, 7);
    struct store_progress trace;
    assert_int_equal(store_trace(store, sample.o.id, &trace), 0);
    assert_int_equal(trace.number, 1);
    assert_string_equal(trace.source, "S");
    assert_int_equal(store_trace(store, "nothing", &trace), STORE_NOT_FOUND);
}

static void count(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    (void)o;
    (void)raw;
    ++*(unsigned *)context;
}

static void handed_over_until_the_work_ends_well(void **state)
{
    (void)state;
    struct sample sample;
    unsigned n = 0;
    make_sample(&sample, 1, 1);
    assert_int_equal(store_handover_take(store, 2, 10, count, &n), STORE_FAILED); /* outside of work */
    assert_int_equal(store_work_begin(store, NULL, 0), 0);
    assert_int_equal(append_samples(store, 1, 2, 1, NULL), 0);
    assert_int_equal(store_handover_put(store, 2, "jt701:1", sample.o.id), 0);
    assert_int_equal(store_handover_put(store, 2, "jt701:1", sample.o.id), 0); /* again: once */
    assert_int_equal(store_work_end(store, true), 0);
    for (int round = 0; round < 2; round++) {
        n = 0;
        assert_int_equal(store_work_begin(store, NULL, 0), 0);
        assert_int_equal(store_handover_take(store, 2, 10, count, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(store_handover_take(store, 2, 10, count, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(store_work_end(store, round == 1), 0);
    }
    n = 0;
    assert_int_equal(store_work_begin(store, NULL, 0), 0);
    assert_int_equal(store_handover_take(store, 2, 10, count, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_work_end(store, true), 0);
}

static void take_change(void *context, enum store_changed kind, const char *id)
{
    size_t used = strlen(context);
    snprintf((char *)context + used, 200 - used, "%d:%s ", (int)kind, id);
}

static void what_others_changed(void **state)
{
    (void)state;
    char cursor[64] = "", told[200] = "";
    struct seal seal = {.id = "jt701:1"};
    assert_int_equal(store_seal_put(store, &seal, NULL), 0);
    assert_int_equal(store_changes(store, cursor, take_change, told), 0); /* from now on */
    assert_string_equal(told, "");
    assert_int_equal(store_seal_put(store, &seal, NULL), 0);
    assert_int_equal(store_work_begin(store, NULL, 0), 0);
    assert_int_equal(store_seal_put(store, &seal, NULL), 0);
    assert_int_equal(store_work_end(store, true), 0);
    struct journey *journey = journey_new();
    snprintf(journey->id, sizeof journey->id, "J1");
    assert_int_equal(store_journey_put(store, journey, NULL), 0);
    journey_free(journey);
    reopen();
    now_ms += 1000;
    assert_int_equal(store_changes(store, cursor, take_change, told), 0);
    assert_string_equal(told, "1:jt701:1 0:J1 ");
    now_ms += 2 * 3600 * 1000;
    assert_int_equal(store_seal_put(store, &seal, NULL), 0); /* old ones are forgotten, and numbers not given again */
    *told = '\0';
    assert_int_equal(store_changes(store, cursor, take_change, told), 0);
    assert_string_equal(told, "1:jt701:1 ");
    assert_int_equal(store_changes(store, (char[64]){"rubbish"}, take_change, told), STORE_FAILED);
}

static void partitions_are_fixed_once(void **state)
{
    (void)state;
    unsigned n = 0;
    assert_int_equal(store_partitions_fix(store, 64, &n), 0);
    assert_int_equal(n, 4);
    reopen();
    assert_int_equal(store_partitions_fix(store, 0, &n), 0);
    assert_int_equal(n, 4);
    assert_false(store_is_shared(store));
    assert_false(store_work_joins(store));
    int64_t now = 0;
    assert_int_equal(store_clock(store, &now), 0);
    assert_int_equal(now, now_ms);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(leases_go_by_the_stores_clock), T(an_older_epoch_writes_nothing), T(handed_over_until_the_work_ends_well),
        T(what_others_changed),           T(partitions_are_fixed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
