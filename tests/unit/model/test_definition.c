/* SPDX-License-Identifier: Apache-2.0
 *
 * Definitions of alarms as JSON, both ways, and what is wrong with one. [WCO-7.2-B1]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/model/json.h"

static void both_ways(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"Night stop\",\"grade\":2,\"when\":{\"all\":["
        "{\"field\":\"stay\",\"op\":\">\",\"value\":15.0},"
        "{\"any\":[{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"22:00-06:00\"},{\"field\":\"hs\",\"op\":\"begins\",\"value\":"
        "\"2402\"}]},"
        "{\"field\":\"zone\",\"op\":\"outside\",\"value\":\"authorised-stop\"},"
        "{\"field\":\"place\",\"op\":\"outside\",\"value\":{\"name\":\"Port\",\"lat\":1.5,\"lon\":2.5,\"radius_m\":800.0}},"
        "{\"field\":\"event\",\"op\":\"is\",\"value\":\"door-opened\"},"
        "{\"field\":\"state\",\"op\":\"is-not\",\"value\":\"sealed\"},"
        "{\"field\":\"mode\",\"op\":\"is\",\"value\":\"rail\"},"
        "{\"field\":\"regime\",\"op\":\"is\",\"value\":\"transit\"}]},"
        "\"for_minutes\":5,\"cooldown_minutes\":60}";
    char why[MODEL_WHY_SIZE];
    struct definition d, again;
    json_t *json = json_loads(text, 0, NULL);
    assert_true(definition_from_json(json, &d, why));
    assert_int_equal(d.n_nodes, 11);
    assert_int_equal(d.nodes[0].until, 11);
    assert_int_equal(d.nodes[2].until, 5);
    json_t *back = definition_to_json(&d);
    assert_true(json_equal(json_object_get(json, "when"), json_object_get(back, "when")));
    assert_true(definition_from_json(back, &again, why));
    assert_memory_equal(d.nodes, again.nodes, sizeof d.nodes);
    assert_int_equal(again.for_minutes, 5);
    assert_int_equal(again.cooldown_minutes, 60);
    json_decref(json);
    json_decref(back);
}

/* Each mistake is named by its place, what was expected and what came; the definition is left alone. */
static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"{\"when\":{}}", "name: expected a name, got nothing"},
        {"{\"name\":\"N\"}", "when: expected conditions, got nothing"},
        {"{\"name\":\"N\",\"grade\":4,\"when\":{}}", "grade: "},
        {"{\"name\":\"N\",\"when\":{\"field\":\"sped\",\"op\":\">\",\"value\":1}}",
         "when.field: expected a field that rules know, got \"sped\""},
        {"{\"name\":\"N\",\"when\":{\"field\":\"speed\",\"op\":\"is\",\"value\":1}}",
         "when.op: expected an operation of that field, got \"is\""},
        {"{\"name\":\"N\",\"when\":{\"all\":[{\"field\":\"speed\",\"op\":\">\",\"value\":1},{\"field\":\"speed\",\"op\":\">\",\"value\":"
         "\"fast\"}]}}",
         "when.all[1].value: expected a number of km/h, got \"fast\""},
        {"{\"name\":\"N\",\"when\":{\"any\":[]}}", "when.any: expected a list of conditions, got []"},
        {"{\"name\":\"N\",\"when\":{\"any\":[1]}}", "when.any[0]: expected one of: field, op and value; all; any, got 1"},
        {"{\"name\":\"N\",\"when\":{\"all\":[],\"any\":[]}}", "when: expected one of: field, op and value; all; any"},
        {"{\"name\":\"N\",\"when\":{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"25:00-06:00\"}}",
         "when.value: expected hours of UTC"},
        {"{\"name\":\"N\",\"when\":{\"field\":\"time_of_day\",\"op\":\"between\",\"value\":\"06:00-06:00\"}}",
         "when.value: expected hours of UTC"},
        {"{\"name\":\"N\",\"when\":{\"field\":\"place\",\"op\":\"inside\",\"value\":{\"lat\":91,\"lon\":0}}}", "when.value.lat: "},
        {"{\"name\":\"N\",\"when\":{\"field\":\"place\",\"op\":\"inside\",\"value\":7}}",
         "when.value: expected a place, or the id of a station, got 7"},
        {"{\"name\":\"N\",\"when\":{\"field\":\"event\",\"op\":\"is\",\"value\":\"explosion\"}}",
         "when.value: expected an event, got \"explosion\""},
        {"{\"name\":\"N\",\"when\":{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"field\":\"speed\",\"op\":\">\",\"value\":1}]}]}]}]}}",
         "when.all[0].all[0].all[0].all[0]: expected at most 4 joins within each other"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[MODEL_WHY_SIZE];
        struct definition d = {.grade = 77};
        json_t *json = json_loads(rows[i].text, 0, NULL);
        assert_non_null(json);
        assert_false(definition_from_json(json, &d, why));
        assert_memory_equal(why, rows[i].why, strlen(rows[i].why));
        assert_int_equal(d.grade, 77);
        json_decref(json);
    }
}

static void no_more_than_there_is_room_for(void **state)
{
    (void)state;
    char why[MODEL_WHY_SIZE];
    struct definition d;
    json_t *list = json_array(), *json = json_pack("{s:s, s:{s:o}}", "name", "N", "when", "any", list);
    for (int i = 0; i < DEFINITION_NODES_MAX - 1; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:i}", "field", "speed", "op", ">", "value", i));
    assert_true(definition_from_json(json, &d, why));
    json_array_append_new(list, json_pack("{s:s, s:s, s:i}", "field", "speed", "op", ">", "value", 1));
    assert_false(definition_from_json(json, &d, why));
    assert_string_equal(why, "when.any[31]: expected at most 32 conditions and joins, got nothing");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(mistakes),
                                       cmocka_unit_test(no_more_than_there_is_room_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
