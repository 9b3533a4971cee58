// SPDX-License-Identifier: Apache-2.0
// Definitions of alarms in either store: every condition comes back, and every version stays. [WCO-7.2-B1]

#include "store_both.h"

static struct test_place place;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    store = place_open(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    place_remove(&place);
    return 0;
}

static void make(struct definition *d, const char *id)
{
    *d = (struct definition){
        .grade = 3, .on = true, .since_ms = T0 + 5, .n_nodes = DEFINITION_NODES_MAX, .for_minutes = 7, .cooldown_minutes = 9};
    snprintf(d->id, sizeof d->id, "%s", id);
    snprintf(d->name, sizeof d->name, "Qu\303\251bec by \"night\"");
    snprintf(d->author, sizeof d->author, "U1");
    d->created_ms = T0;
    d->changed_ms = T0 + 1;
    for (size_t i = 0; i < DEFINITION_NODES_MAX; i++) {
        struct definition_node *n = &d->nodes[i];
        *n = (struct definition_node){.join = (int32_t)i % 3,
                                      .until = (int32_t)i + 1,
                                      .field = FIELD_PLACE,
                                      .op = OP_INSIDE,
                                      .number = (double)i / 3,
                                      .number_until = -1.5,
                                      .place = {.lat = 1.0 / 3, .lon = -71.2, .radius_m = 300}};
        snprintf(n->text, sizeof n->text, "text %zu", i);
        snprintf(n->place.name, sizeof n->place.name, "place %zu", i);
    }
}

static void same(const struct definition *a, const struct definition *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->author, b->author);
    assert_int_equal(a->grade, b->grade);
    assert_int_equal(a->on, b->on);
    assert_int_equal(a->since_ms, b->since_ms);
    assert_int_equal(a->for_minutes, b->for_minutes);
    assert_int_equal(a->cooldown_minutes, b->cooldown_minutes);
    assert_int_equal(a->n_nodes, b->n_nodes);
    assert_memory_equal(a->nodes, b->nodes, sizeof a->nodes);
}

static void collect(void *context, const void *record)
{
    struct definition **to = context;
    memcpy((*to)++, record, sizeof **to);
}

static size_t list(const char *on, const char *id, struct definition *to)
{
    char next[120];
    struct definition *end = to;
    struct store_query q = {.limit = 10};
    snprintf(q.state, sizeof q.state, "%s", on);
    snprintf(q.object, sizeof q.object, "%s", id);
    assert_int_equal((id[0] ? store_rule_versions : store_rules)(store, &q, collect, &end, next), 0);
    return (size_t)(end - to);
}

static void a_rule_and_its_versions(void **state)
{
    (void)state;
    static struct definition first, second, got, found[10];
    make(&first, "D1");
    make(&second, "D1");
    second.on = false;
    second.since_ms = BULLA_TIME_NONE;
    second.n_nodes = 2;
    memset(second.nodes + 2, 0, sizeof second.nodes - 2 * sizeof *second.nodes);
    assert_int_equal(store_rule_get(store, "D1", &got), STORE_NOT_FOUND);
    assert_int_equal(store_rule_put(store, &first, NULL), 0);
    assert_int_equal(list("on", "", found), 1);
    second.version = first.version;
    assert_int_equal(store_rule_put(store, &second, NULL), 0);
    assert_int_equal(second.version, 2);
    assert_int_equal(store_rule_put(store, &first, NULL), STORE_CONFLICT); /* somebody was first: no version of it is kept */
    store_close(store);
    store = place_open(&place);
    assert_int_equal(store_rule_get(store, "D1", &got), 0);
    same(&got, &second);
    assert_int_equal(list("", "D1", found), 2);
    same(&found[0], &second);
    same(&found[1], &first);
    assert_int_equal(found[1].version, 1);
    assert_int_equal(list("on", "", found), 0);
    assert_int_equal(list("off", "", found), 1);
    assert_int_equal(list("", "D2", found), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_rule_and_its_versions, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
