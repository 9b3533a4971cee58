// SPDX-License-Identifier: Apache-2.0
// Moving a whole store: every table with something in it, while the source is written to, broken off, gone on with; what is
// changed or dropped meanwhile; a difference is found; a target that is not empty is refused.

#include "store_both.h"

#include "platform/store/move.h"

#include <openssl/sha.h>
#include <unistd.h>

static char folder[64];
static struct test_place target;
static struct store *source, *from, *to;
static int64_t clock_ms;
static int stop_after; /* questions until the move is broken off; negative: never */

static int64_t now_ms(void *context)
{
    (void)context;
    return clock_ms += 5;
}

static bool stop(void *context)
{
    (void)context;
    return stop_after >= 0 && stop_after-- == 0;
}

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    place_make(&target);
    source = open_store(folder, "?segment_rows=1000");
    char url[100], why[400];
    snprintf(url, sizeof url, "sqlite:%s", folder);
    from = store_look(BOTH, url, why, sizeof why);
    assert_non_null(from);
    if (!pg_test_wanted()) { /* its folder is the target's own */
        snprintf(target.url, sizeof target.url, "sqlite:%s/target", target.folder);
    }
    to = place_open(&target);
    stop_after = -1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (source) {
        store_close(source);
    }
    store_close(from);
    store_close(to);
    place_remove(&target);
    remove_folder(folder);
    return 0;
}

static struct move *begin(char why[400])
{
    struct move_options o = {.from = from, .to = to, .name = "a test", .now_ms = now_ms, .stop = stop};
    return move_new(&o, why);
}

/* --- something in every table --- */

/* Two versions of one, the second on. */
static void fill_rule(struct store *store)
{
    struct definition d = {.id = "D1", .name = "Night", .grade = 2, .since_ms = BULLA_TIME_NONE, .n_nodes = 1, .created_ms = 5, .changed_ms = 5};
    d.nodes[0] = (struct definition_node){.until = 1, .field = FIELD_SPEED, .op = OP_MORE, .number = 90};
    assert_int_equal(store_rule_put(store, &d, NULL), 0);
    d.on = true;
    d.since_ms = d.changed_ms = 7;
    assert_int_equal(store_rule_put(store, &d, NULL), 0);
}

static void fill_records(struct store *store)
{
    struct party party = {.id = "P1", .kind = PARTY_KIND_CARRIER, .name = "Alder"};
    struct station station = {
        .id = "S1", .kind = STATION_KIND_BORDER, .name = "Qu\303\251bec", .lat = 1.0 / 3, .lon = -71.2, .radius_m = 300};
    struct user user = {.id = "U1", .name = "admin", .password = "$argon2id$kept", .must_change = true, .created_ms = T0};
    struct seal seal = {.id = "jt701:7500000000", .label = "L", .created_ms = T0};
    struct session session = {.id = "digest", .user = "U1", .csrf = "c", .created_ms = T0, .expires_ms = T0 + 1000000, .used_ms = T0};
    struct command command = {
        .id = "C1", .seal = "jt701:7500000000", .name = "unlock", .args = "password=1", .created_ms = T0, .serial = -1};
    struct audit audit = {.time_ms = T0, .user = "U1", .action = "user.create", .object = "U1"};
    struct store_damage damage = {.received_ms = T0,
                                  .protocol = "jt701",
                                  .peer = "10.0.0.1:5",
                                  .outcome = "damaged",
                                  .why = "sum",
                                  .raw = {(const uint8_t *)"\x00\xff\x7e", 3}};
    static struct paper paper = {
        .id = "T1", .kind = PAPER_TASK, .state = PAPER_OPEN, .subject = "A1", .created_ms = T0, .body = "{\"note\": \"go\"}"};
    paper.version = 0;
    assert_int_equal(store_paper_put(store, &paper, NULL), 0);
    assert_int_equal(store_party_put(store, &party, NULL), 0);
    assert_int_equal(store_station_put(store, &station, NULL), 0);
    fill_rule(store);
    assert_int_equal(store_user_put(store, &user, &audit), 0);
    assert_int_equal(store_seal_put(store, &seal, &audit), 0);
    assert_int_equal(store_session_put(store, &session, &audit), 0);
    assert_int_equal(store_command_put(store, &command, &audit), 0);
    assert_int_equal(store_damage_put(store, &damage, 1), 0);
    assert_int_equal(store_answer_put(store, "key-1", 201, "{\"id\":1}", T0), 0);
    assert_int_equal(store_setting_put(store, "kept", "yes"), 0);
}

static void fill_journey(struct store *store)
{
    struct journey *j = journey_new();
    const double lat[] = {0.1, 0.2, 0.3}, lon[] = {30.1, 30.2, 30.3};
    struct permission p = {.id = "C1", .seal = "jt701:7500000000", .from_ms = T0, .until_ms = T0 + 5, .unseals = true};
    struct alarm a = {.id = "A1",
                      .journey = "J1",
                      .seal = "jt701:7500000000",
                      .kind = ALARM_CABLE_CUT,
                      .grade = 3,
                      .onset_ms = T0,
                      .raised_ms = T0,
                      .ended_ms = BULLA_TIME_NONE,
                      .count = 1,
                      .why = "cut",
                      .has_position = true,
                      .lat = 0.1,
                      .lon = 30.1,
                      .changed_ms = T0};
    struct store_file file = {.alarm = "A1", .name = "photo.png", .type = "image/png", .user = "U1", .added_ms = T0};
    uint8_t digest[SHA256_DIGEST_LENGTH];
    snprintf(j->id, sizeof j->id, "J1");
    snprintf(j->carrier, sizeof j->carrier, "P1");
    snprintf(j->vehicle, sizeof j->vehicle, "KAA 123B");
    snprintf(j->seals[0], sizeof j->seals[0], "jt701:7500000000");
    j->n_seals = 1;
    j->created_ms = T0;
    assert_true(journey_set_route(j, lat, lon, 3, 500));
    assert_int_equal(store_journey_put(store, j, NULL), 0);
    assert_int_equal(store_permission_add(store, "J1", &p, NULL), 0);
    assert_int_equal(store_alarm_found(store, &a, 1), 0);
    SHA256((const uint8_t *)"bytes", 5, digest);
    bulla_hex_put(file.id, digest, sizeof digest);
    assert_int_equal(store_file_put(store, &file, (struct bulla_bytes){(const uint8_t *)"bytes", 5}, NULL), 0);
    struct dossier_entry entry = {.journey = "J1", .kind = ENTRY_OPENED, .number = 1, .time_ms = T0, .user = "U1", .body = "{}"};
    struct store_upload upload = {.id = "UP1", .journey = "J1", .user = "U1", .size = 9, .in_seal = true, .created_ms = T0};
    entry_name(&entry);
    assert_int_equal(store_entry_put(store, &entry, NULL), 0);
    assert_int_equal(store_upload_put(store, &upload, NULL), 0);
    assert_int_equal(store_upload_part(store, &upload, (struct bulla_bytes){(const uint8_t *)"part", 4}), 0);
    journey_free(j);
}

static void fill_tracks(struct store *store)
{
    struct store_track t = {.seal = "jt701:7500000000",
                            .day_ms = T0 / 86400000 * 86400000,
                            .first_ms = T0,
                            .last_ms = T0 + 1000,
                            .fixes = 2,
                            .bytes = {(const uint8_t *)"a block", 7}};
    assert_int_equal(store_track_put(store, &t, 1), 0);
}

/* --- the comparison --- */

struct compared {
    unsigned lines, different, empty;
    uint64_t observations;
    char names[200];
};

static void take_line(void *context, const struct move_line *line)
{
    struct compared *c = context;
    c->lines++;
    c->different += !line->equal;
    c->empty += line->from_rows == 0;
    if (line->from_rows == 0 || !line->equal) {
        snprintf(c->names + strlen(c->names), sizeof c->names - strlen(c->names), " %s", line->name);
    }
    if (!strcmp(line->name, "observations")) {
        c->observations = line->from_rows;
    }
}

static void moves_everything_while_it_is_written(void **state)
{
    char why[400] = "";
    int64_t ms;
    uint64_t written;
    struct compared c = {0};
    bool equal = false;
    struct user user;
    struct journey *j = NULL;
    int pid = 0;
    (void)state;
    fill_records(source);
    fill_journey(source);
    fill_tracks(source);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(append_samples(source, i * 700, 700, 9, NULL), 0);
    }
    struct move *m = begin(why);
    assert_non_null(m);
    stop_after = 2; /* broken off in the middle of the observations */
    assert_int_equal(move_round(m, &ms, &written), MOVE_STOPPED);
    move_free(m);
    stop_after = -1;
    m = begin(why);
    assert_non_null(m);
    if (move_round(m, &ms, &written)) {
        fail_msg("%s", store_error(to));
    }
    assert_int_equal(move_read_back(m), 0);
    /* Meanwhile: more arrives, also late; a record changes; a session ends. */
    assert_int_equal(append_samples(source, 3500, 400, 9, NULL), 0);
    assert_int_equal(append_samples(source, 90000, 10, 9, NULL), 0);
    assert_int_equal(store_user_get(source, "U1", &user), 0);
    snprintf(user.full_name, sizeof user.full_name, "Changed");
    assert_int_equal(store_user_put(source, &user, NULL), 0);
    assert_int_equal(store_session_drop(source, "digest", NULL), 0);
    assert_int_equal(store_image_hold(from, &pid), STORE_CONFLICT);
    assert_int_equal(pid, getpid());
    store_close(source);
    source = NULL;
    assert_int_equal(store_image_hold(from, &pid), 0);
    assert_int_equal(move_rest(m), 0);
    assert_int_equal(move_compare(m, take_line, &c, &equal), 0);
    if (!equal || c.empty != 1) { /* the session */
        fail_msg("not equal, or empty:%s", c.names);
    }
    assert_int_equal(c.lines, 24);
    assert_int_equal(c.observations, 3910);
    move_free(m);
    assert_null(begin(why));
    assert_non_null(strstr(why, "finished before"));
    assert_int_equal(store_user_get(to, "U1", &user), 0);
    assert_string_equal(user.password, "$argon2id$kept");
    assert_int_equal(user.version, 2);
    assert_int_equal(store_journey_get(to, "J1", &j), 0);
    assert_int_equal(j->n_permissions, 1);
    assert_int_equal(j->route.n, 3);
    journey_free(j);
}

/* After a move, what the store numbers itself goes on behind what was moved. */
static void numbers_go_on(void **state)
{
    char why[400] = "";
    int64_t ms;
    uint64_t written;
    struct permission p = {.id = "C2", .seal = "", .from_ms = T0, .until_ms = T0 + 5};
    struct audit audit = {.time_ms = T0 + 1, .action = "later"};
    (void)state;
    fill_records(source);
    fill_journey(source);
    struct move *m = begin(why);
    assert_non_null(m);
    assert_int_equal(move_round(m, &ms, &written), 0);
    move_free(m);
    assert_int_equal(store_permission_add(to, "J1", &p, &audit), 0);
    struct station station = {.id = "S2", .name = "second"};
    assert_int_equal(store_station_put(to, &station, NULL), 0);
    struct store_damage damage = {.received_ms = T0, .protocol = "x", .outcome = "damaged"};
    assert_int_equal(store_damage_put(to, &damage, 1), 0);
}

static void finds_what_is_not_equal(void **state)
{
    char why[400] = "";
    int64_t ms;
    uint64_t written;
    struct compared c = {0};
    struct station station;
    bool equal = true;
    (void)state;
    fill_records(source);
    assert_int_equal(append_samples(source, 0, 100, 3, NULL), 0);
    struct move *m = begin(why);
    assert_int_equal(move_round(m, &ms, &written), 0);
    /* A row too many on one side, a field on the other. */
    assert_int_equal(append_samples(to, 5000, 1, 3, NULL), 0);
    assert_int_equal(store_station_get(to, "S1", &station), 0);
    station.radius_m += 1e-9;
    assert_int_equal(store_station_put(to, &station, NULL), 0);
    assert_int_equal(move_compare(m, take_line, &c, &equal), 0);
    assert_false(equal);
    assert_int_equal(c.different, 2);
    assert_non_null(strstr(c.names, "observations"));
    assert_non_null(strstr(c.names, "station"));
    move_free(m);
}

static void refuses_a_target_in_use(void **state)
{
    char why[400] = "";
    (void)state;
    assert_int_equal(append_samples(to, 0, 1, 1, NULL), 0);
    assert_null(begin(why));
    assert_non_null(strstr(why, "not empty"));
    assert_null(store_look(BOTH, "sqlite:/nowhere/at/all", why, sizeof why));
    assert_non_null(strstr(why, "/nowhere/at/all"));
    assert_null(store_look(BOTH, "mysql://x", why, sizeof why));
}

struct arrivals {
    int64_t first_ms;
    size_t n;
};

static void take_arrival(void *context, const struct bulla_observation *o, struct bulla_bytes raw)
{
    struct arrivals *a = context;
    (void)raw;
    if (a->n++ == 0) {
        a->first_ms = o->received_ms;
    }
}

static struct arrivals since(int64_t arrival_ms)
{
    struct arrivals a = {0};
    char place[120] = "";
    assert_int_equal(store_image_since(from, arrival_ms, place), STORE_OK);
    while (store_image_observations(from, place, 500, take_arrival, &a) == STORE_OK) {
    }
    return a;
}

/* Only the segments from that in which the time lies are read; nothing that arrived since is missing. */
static void what_arrived_since_a_time(void **state)
{
    (void)state;
    assert_int_equal(since(T0).n, 0); /* nothing yet */
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(append_samples(source, i * 700, 700, 9, NULL), 0);
    }
    struct arrivals all = since(0);
    assert_int_equal(all.n, 3500);
    int64_t last_ms = all.first_ms;
    for (int64_t ms = all.first_ms; ms < all.first_ms + 3500000; ms += 250000) {
        struct arrivals a = since(ms);
        assert_true(a.first_ms <= ms); /* begins before it, so that nothing is missed */
        assert_true(a.first_ms >= last_ms);
        last_ms = a.first_ms;
    }
    struct arrivals late = since(all.first_ms + 86400000);
    assert_true(late.n < 3500 && late.first_ms > all.first_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moves_everything_while_it_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_what_is_not_equal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_target_in_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_arrived_since_a_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
