/* SPDX-License-Identifier: Apache-2.0
 *
 * A node whose clock is wrong: it says so once, goes by the store's clock, and by its own again when that was set.
 */
#include "tests/unit/store/store_support.h"

#include "platform/pipeline.h"
#include "platform/store/sqlite.h"
#include "sim/bus.h"
#include "sim/disk.h"

extern const struct bus_backend sim_bus_backend;
static const struct bus_backend *const BUSES[] = {&sim_bus_backend, NULL};

static int64_t node_ms, store_ms;

static int64_t read_clock(void *host)
{
    return *(const int64_t *)host;
}

static struct platform *open_node(struct store *store, const char *folder)
{
    char why[MODEL_WHY_SIZE] = "";
    struct platform *p = platform_open(store,
                                       &(struct platform_options){.clock = {read_clock, &node_ms},
                                                                  .node = "n1",
                                                                  .buses = BUSES,
                                                                  .bus = "sim:",
                                                                  .folder = folder,
                                                                  .partitions = 4,
                                                                  .stepped = true},
                                       why);
    if (!p || !platform_start(p, why))
        fail_msg("%s", why);
    return p;
}

/* Time passes at both, and the node renews its leases. */
static void pass(struct platform *p, int64_t ms)
{
    node_ms += ms;
    store_ms += ms;
    platform_work_turn(p);
}

static void check(struct platform *p, int64_t offset_ms, int64_t correction_ms)
{
    char line[80];
    json_t *cluster = platform_cluster(p);
    json_t *node = json_array_get(json_object_get(cluster, "nodes"), 0);
    assert_int_equal(json_integer_value(json_object_get(node, "clock_offset_ms")), offset_ms);
    assert_int_equal(platform_now(p), node_ms - correction_ms);
    char *metrics = platform_metrics(p);
    snprintf(line, sizeof line, "\nbulla_clock_offset_ms %lld\n", (long long)offset_ms);
    assert_non_null(strstr(metrics, line));
    free(metrics);
    json_decref(cluster);
}

static void it_goes_by_the_stores(void **state)
{
    (void)state;
    char folder[64], value[24] = "";
    struct sim_events events = {.now_us = T0 * 1000};
    struct sim_brokers *brokers = sim_brokers_new(&events, 1, 4);
    store_ms = T0;
    node_ms = T0 + 37000;
    make_temporary(folder);
    struct sim_disk *disk = sim_disk_new(1, (struct clock){read_clock, &store_ms});
    char why[400] = "";
    struct store *store = store_sqlite_open_on(sim_disk_port(disk), "/data", why, sizeof why);
    assert_non_null(store);
    struct platform *p = open_node(store, folder);
    assert_int_equal(platform_now(p), T0); /* before any device is heard */
    pass(p, 2000);
    check(p, 37000, 37000);
    node_ms -= 500; /* right to 2 s: the correction does not tremble */
    pass(p, 2000);
    check(p, 36500, 37000);
    node_ms -= 36500 + 300; /* set by its time service */
    pass(p, 2000);
    check(p, -300, 0);
    node_ms += 1500;
    pass(p, 2000);
    check(p, 1200, 0);
    node_ms -= 90000;
    pass(p, 2000);
    check(p, -88800, -88800);
    assert_int_equal(store_setting_get(store, ".clock.n1", value, sizeof value), STORE_OK); /* what the others show */
    assert_string_equal(value, "-88800");
    platform_close(p);
    store_close(store);
    sim_disk_free(disk);
    sim_brokers_free(brokers);
    sim_events_clear(&events);
    remove_folder(folder);
}

/* [WCO-2.3-9] A training's clock begins where it is told, is that many times as fast, and never goes back. */
static void a_training_has_a_clock_of_its_own(void **state)
{
    (void)state;
    struct clock_pace pace;
    struct clock fast = clock_paced(&pace, T0, 1000);
    int64_t first = clock_now(&fast);
    assert_true(first >= T0 && first < T0 + 60000);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    int64_t then = clock_now(&fast);
    assert_true(then - first >= 20000);
    pace.began_us -= 1000000; /* as if a second had passed */
    assert_true(clock_now(&fast) - then >= 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_goes_by_the_stores), cmocka_unit_test(a_training_has_a_clock_of_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
