/* SPDX-License-Identifier: Apache-2.0
 *
 * Several stores on the brokers of one account.
 */
#include "nats_support.h"

/* Two stores on one server: what is sent, copied and said for one does not reach the other; and a stream outlives its bus, so that
 * who follows from an earlier place gets what came after it. */
static void test_stores_apart(void **state)
{
    struct nats_servers *servers = *state;
    static struct heard ours, theirs;
    char why[300] = "", url[300];
    open_bus_of(&ours, servers, "01OURS", "n1");
    open_bus_of(&theirs, servers, "01THEIRS", "n1");
    assert_true(until_up(&ours, true, 5000) && until_up(&theirs, true, 5000));
    assert_true(bus_follow(ours.bus, 1, 0) && bus_follow(theirs.bus, 1, 0));
    for (uint64_t i = 1; i <= 20; i++) {
        assert_true(send_value(&ours, 1, i, i));
    }
    assert_true(bus_notice(ours.bus, "live", (struct bulla_bytes){(const uint8_t *)"x", 1}));
    assert_true(until(&ours, &ours.sent, 20, 5000) && until(&ours, &ours.parcels, 20, 5000));
    assert_true(send_value(&theirs, 1, 77, 1));
    assert_true(until(&theirs, &theirs.parcels, 1, 5000)); /* whatever else was to come has come before it */
    check_values(&theirs, 1, 77, 77);
    assert_int_equal(theirs.early, 1); /* its own copy */
    assert_int_equal(theirs.notices, 0);
    uint64_t restored = ours.last[1] - 5;
    bus_close(ours.bus);
    open_bus_of(&ours, servers, "01OURS", "n2");
    assert_true(until_up(&ours, true, 5000) && bus_follow(ours.bus, 1, restored));
    assert_true(until(&ours, &ours.parcels, 5, 5000));
    check_values(&ours, 1, 16, 20);
    bus_close(ours.bus);
    bus_close(theirs.bus);
    nats_servers_url(servers, url, sizeof url);
    assert_null(try_open_of(url, "", "a", why, sizeof why));
    assert_non_null(strstr(why, "expected the store's id"));
    assert_null(try_open_of(url, "A.B", "a", why, sizeof why));
    assert_non_null(strstr(why, "got \"A.B\""));
}

int main(void)
{
    if (!nats_servers_installed()) {
        puts("nats-server is not installed: skipped");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stores_apart)};
    return cmocka_run_group_tests(tests, start_one, stop_one);
}
