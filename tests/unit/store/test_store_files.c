// SPDX-License-Identifier: Apache-2.0
// Files of alarms and journeys, whole and in pieces, and the entries of dossiers, through the port.

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

static void reopen(void)
{
    store_close(store);
    store = place_open(&place);
}

/* Every record begins with its id. */
static void collect(void *context, const void *record)
{
    strcat(strcat(context, record), " ");
}

/* Each piece follows the one before; a second writer of the same piece hears that it was not first. */
static void a_file_comes_in_pieces(void **state)
{
    (void)state;
    struct store_upload u = {.id = "u1", .journey = "j", .size = 6, .created_ms = 5}, other, got;
    uint8_t *content = NULL;
    assert_int_equal(store_upload_put(store, &u, NULL), STORE_OK);
    other = u;
    assert_int_equal(store_upload_part(store, &u, (struct bulla_bytes){(const uint8_t *)"abc", 3}), STORE_OK);
    assert_int_equal(store_upload_part(store, &other, (struct bulla_bytes){(const uint8_t *)"xyz", 3}), STORE_CONFLICT);
    assert_int_equal(other.arrived, 0);
    reopen();
    assert_int_equal(store_upload_get(store, "u1", &got), STORE_OK);
    assert_int_equal(got.arrived, 3);
    assert_int_equal(store_upload_part(store, &got, (struct bulla_bytes){(const uint8_t *)"def", 3}), STORE_OK);
    assert_int_equal(store_upload_read(store, &got, &content), STORE_OK);
    assert_memory_equal(content, "abcdef", 6);
    free(content);
    assert_int_equal(store_upload_forget(store, "u1", false), STORE_OK);
    assert_int_equal(store_upload_read(store, &got, &content), STORE_FAILED);
    assert_int_equal(store_upload_get(store, "u1", &got), STORE_OK);
    assert_int_equal(store_upload_forget(store, "u1", true), STORE_OK);
    assert_int_equal(store_upload_get(store, "u1", &got), STORE_NOT_FOUND);
}

/* Of two who write the same number of a dossier one does. */
static void entries_are_numbered_once(void **state)
{
    (void)state;
    struct dossier_entry a = {.journey = "j", .kind = ENTRY_OPENED, .number = 1, .body = "{}"}, b = a;
    entry_name(&a);
    entry_name(&b);
    a.time_ms = 7;
    snprintf(a.user, sizeof a.user, "U1");
    snprintf(a.user_name, sizeof a.user_name, "Gate");
    snprintf(a.origin, sizeof a.origin, "P/1");
    assert_int_equal(store_entry_put(store, &a, NULL), STORE_OK);
    assert_int_equal(store_entry_put(store, &b, NULL), STORE_CONFLICT);
    reopen();
    struct dossier_entry *got = calloc(1, sizeof *got);
    assert_int_equal(store_entry_get(store, a.id, got), STORE_OK);
    assert_memory_equal(got, &a, sizeof a);
    free(got);
    b.number = 2;
    entry_name(&b);
    assert_int_equal(store_entry_put(store, &b, NULL), STORE_OK);
    struct store_query q = {.limit = 10, .journey = "j"};
    char ids[1000] = "", next[120];
    assert_int_equal(store_entries(store, &q, collect, ids, next), STORE_OK);
    assert_non_null(strstr(ids, "j.1"));
    assert_non_null(strstr(ids, "j.2"));
}

static void files_belong_to_alarms(void **state)
{
    (void)state;
    struct alarm alarms[2] = {{.id = "a1", .journey = "J1", .kind = ALARM_CABLE_CUT, .grade = 3},
                              {.id = "a2", .journey = "J1", .kind = ALARM_TAMPER, .grade = 2}};
    assert_int_equal(store_alarm_found(store, alarms, 2), STORE_OK);
    struct store_file file = {.id = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", /* "abc" */
                              .alarm = "a1",
                              .name = "seal.jpg",
                              .type = "image/jpeg",
                              .user = "u1",
                              .added_ms = T0},
                      got;
    struct bulla_bytes abc = {(const uint8_t *)"abc", 3}, abd = {(const uint8_t *)"abd", 3};
    uint8_t *content = NULL;
    char ids[300] = "";
    assert_int_equal(store_file_put(store, &file, abd, NULL), STORE_FAILED);
    assert_non_null(strstr(store_error(store), "SHA-256"));
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_OK);
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_CONFLICT);
    snprintf(file.alarm, sizeof file.alarm, "a2");
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_OK);
    snprintf(file.alarm, sizeof file.alarm, "a3");
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_NOT_FOUND);
    assert_int_equal(store_file_get(store, file.id, &got, &content), STORE_OK);
    assert_memory_equal(content, "abc", 3);
    assert_int_equal(got.size, 3);
    assert_string_equal(got.name, "seal.jpg");
    free(content);
    assert_int_equal(store_files(store, STORE_OF_ALARM, "a2", collect, ids), STORE_OK);
    assert_int_equal(strlen(ids), 65);
    assert_int_equal(store_file_get(store, "none", &got, &content), STORE_NOT_FOUND);
}

static void files_belong_to_journeys(void **state)
{
    (void)state;
    struct store_file file = {.id = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", /* "abc" */
                              .journey = "none",
                              .name = "waybill.pdf",
                              .type = "application/pdf",
                              .kind = "waybill",
                              .in_seal = true};
    struct bulla_bytes abc = {(const uint8_t *)"abc", 3};
    struct journey *j = journey_new();
    char ids[300] = "";
    snprintf(j->id, sizeof j->id, "J1");
    assert_int_equal(store_journey_put(store, j, NULL), STORE_OK);
    journey_free(j);
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_NOT_FOUND);
    snprintf(file.journey, sizeof file.journey, "J1");
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_OK);
    assert_int_equal(store_file_put(store, &file, abc, NULL), STORE_CONFLICT);
    assert_int_equal(store_files(store, STORE_OF_JOURNEY, "J1", collect, ids), STORE_OK);
    assert_int_equal(strlen(ids), 65);
    ids[0] = '\0';
    assert_int_equal(store_files(store, STORE_OF_TASK, "J1", collect, ids), STORE_OK);
    assert_int_equal(store_files(store, STORE_OF_ALARM, "", collect, ids), STORE_OK); /* "" is nobody */
    assert_string_equal(ids, "");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {T(a_file_comes_in_pieces), T(entries_are_numbered_once), T(files_belong_to_alarms),
                                       T(files_belong_to_journeys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
