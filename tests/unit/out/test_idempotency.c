/* SPDX-License-Identifier: Apache-2.0
 *
 * A repeated POST acts once, wherever the process ended the first time: on SQLite power fails at each call to the disk; on
 * PostgreSQL the nth row is refused, and then the process ends. And two at once, at two nodes.
 */
#include "tests/unit/store/store_both.h"

#include "platform/out/idempotency.h"
#include "platform/out/routes.h"
#include "platform/out/server.h"
#include "platform/pipeline.h"
#include "sim/disk.h"

enum { WRITES_MOST = 300 };

static int64_t now_ms = T0;

static int64_t now(void *host)
{
    (void)host;
    return now_ms;
}

static const struct clock steady = {now, NULL};

struct answer {
    int status;
    char text[2000];
    bool replayed;
};

/* What the API does with such a request once it knows who asks; false: the platform could not be opened. */
static bool ask(struct store *store, const char *body, struct answer *answer)
{
    char why[MODEL_WHY_SIZE] = "", methods[48];
    struct out out = {.platform = platform_open(store, &(struct platform_options){.clock = steady, .stepped = true}, why)};
    if (!out.platform)
        return false;
    pthread_mutex_init(&out.idempotent, NULL);
    struct out_request *r = out_request_new(&out, "/api/v1/stations", true);
    strcpy(r->method, "POST");
    r->route = out_route_find(r->method, r->path, r->id, sizeof r->id, methods);
    r->now_ms = now_ms;
    r->signed_in = true;
    strcpy(r->user.id, "U");
    r->json = json_loads(body, 0, NULL);
    snprintf(r->idempotency, sizeof r->idempotency, "digest-of-the-key");
    snprintf(r->fingerprint, sizeof r->fingerprint, "%064zx", strlen(body));
    out_idempotency_handle(r);
    answer->status = r->status;
    const char *again = MHD_get_response_header(r->answer, "Idempotency-Replayed");
    answer->replayed = again != NULL;
    snprintf(answer->text, sizeof answer->text, "%s", r->answer_text ? r->answer_text : "");
    out_request_free(r);
    platform_abandon(out.platform);
    pthread_mutex_destroy(&out.idempotent);
    return true;
}

static void count(void *context, const void *record)
{
    (void)record;
    ++*(unsigned *)context;
}

static unsigned stations(struct store *store)
{
    unsigned n = 0;
    char next[120];
    struct store_query q = {.limit = 100};
    assert_int_equal(store_stations(store, &q, count, &n, next), STORE_OK);
    return n;
}

#define BODY "{\"name\": \"Mombasa\", \"kind\": \"port\", \"lat\": -4.04, \"lon\": 39.66, \"radius_m\": 800}"

struct tally {
    unsigned done, told, replayed;
};

/* The first request ended in `first` (NULL: nobody knows how); what its repetition does. */
static void repeat(struct store *store, const struct answer *first, unsigned n, struct tally *tally)
{
    struct answer again, third;
    unsigned before = stations(store);
    assert_in_range(before, 0, 1);
    now_ms += STORE_CLAIM_MS + 1;
    assert_true(ask(store, BODY, &again));
    if (stations(store) != 1)
        fail_msg("write %u: acted %u times (first %d, again %d)", n, stations(store), first ? first->status : 0, again.status);
    assert_true(before == 1 || !first || first->status != 201); /* acknowledged means stored */
    if (before == 1) { /* done; whether its answer was kept, or reached anybody, depends on where it ended */
        assert_true((again.status == 201 && again.replayed) || again.status == 409);
        tally->told += again.status == 409;
        tally->replayed += again.replayed;
    } else {
        assert_int_equal(again.status, 201);
        tally->done++;
    }
    assert_true(ask(store, BODY, &third)); /* and so it stays */
    assert_int_equal(third.status, again.status);
    assert_int_equal(stations(store), 1);
}

/* --- SQLite --- */

static struct store *open_on(struct sim_disk *disk)
{
    char why[400] = "";
    struct store *store = store_sqlite_open_on(sim_disk_port(disk), "/data", why, sizeof why);
    if (!store)
        fail_msg("%s", why);
    return store;
}

static bool break_sqlite(unsigned n, struct tally *tally)
{
    struct sim_disk *disk = sim_disk_new(n, steady);
    sim_disk_seed_sqlite(n);
    struct store *store = open_on(disk);
    struct answer first = {0};
    sim_disk_crash_after(disk, n);
    bool asked = ask(store, BODY, &first);
    bool down = sim_disk_is_down(disk);
    sim_disk_crash(disk, true);
    store_close(store);
    store = open_on(disk);
    repeat(store, asked ? &first : NULL, n, tally);
    store_close(store);
    sim_disk_free(disk);
    return down;
}

/* --- PostgreSQL --- */

#define REFUSING                                                                                                                           \
    "CREATE TABLE refuse (n integer); INSERT INTO refuse VALUES (0); CREATE SEQUENCE written; "                                            \
    "CREATE FUNCTION refuse_nth() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "                                                           \
    "IF nextval('written') >= (SELECT n FROM refuse) THEN RAISE EXCEPTION 'this row is refused'; END IF; RETURN NEW; END $$; "             \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON station FOR EACH ROW EXECUTE FUNCTION refuse_nth(); "                                \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON answer FOR EACH ROW EXECUTE FUNCTION refuse_nth(); "                                 \
    "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_nth()"

/* From the nth row on all are refused, as when the process had ended. */
static bool break_postgres(struct store *store, unsigned n, struct tally *tally)
{
    char sql[300], after[40] = "";
    struct answer first;
    snprintf(sql, sizeof sql, "DELETE FROM answer; DELETE FROM station; SELECT setval('written', 1, false); UPDATE refuse SET n = %u", n);
    assert_int_equal(run_sql(store, sql), 0);
    assert_true(ask(store, BODY, &first));
    snprintf(after, sizeof after, "UPDATE refuse SET n = 1000000");
    assert_int_equal(run_sql(store, after), 0);
    repeat(store, &first, n, tally);
    return tally->replayed == 0; /* nothing was refused any more */
}

static void it_acts_once_wherever_it_ended(void **state)
{
    (void)state;
    struct tally tally = {0};
    unsigned n = 1;
    if (pg_test_wanted()) {
        struct test_place place;
        place_make(&place);
        struct store *store = place_open(&place);
        assert_int_equal(run_sql(store, REFUSING), 0);
        while (n < 10 && break_postgres(store, n, &tally))
            n++;
        store_close(store);
        place_remove(&place);
    } else {
        while (n < WRITES_MOST && break_sqlite(n, &tally))
            n++;
    }
    print_message("%u places to end in: %u acted at the repetition, %u were told that it was done, %u answered again\n", n, tally.done,
                  tally.told, tally.replayed);
    assert_true(n > 4 && n < WRITES_MOST && tally.done > 2 && tally.told > 0 && tally.replayed > 0);
}

/* --- several nodes --- */

static void a_claim_is_one_requests(void **state)
{
    (void)state;
    struct test_place place;
    struct answer answer;
    int status = -1;
    char *body = NULL;
    place_make(&place);
    struct store *store = place_open(&place);
    struct station station = {.id = "S", .name = "Busia"};
    assert_int_equal(store_answer_claim(store, "digest-of-the-key", "of the other node", now_ms), STORE_OK);
    assert_int_equal(store_answer_claim(store, "digest-of-the-key", "mine", now_ms + STORE_CLAIM_MS), STORE_CONFLICT);
    assert_true(ask(store, BODY, &answer)); /* another body: said before anything else */
    assert_int_equal(answer.status, 422);
    now_ms += STORE_CLAIM_MS + 1;
    assert_true(ask(store, BODY, &answer)); /* the other node has done nothing for so long: this one acts */
    assert_int_equal(answer.status, 201);
    store_answer_carry("digest-of-the-key", "of the other node");
    assert_int_equal(store_station_put(store, &station, NULL), STORE_CONFLICT); /* and that one can no more */
    assert_non_null(strstr(store_error(store), "Idempotency-Key"));
    store_answer_carry(NULL, NULL);
    assert_int_equal(stations(store), 1);
    assert_int_equal(store_answer_claim(store, "k2", "a", now_ms), STORE_OK);
    assert_int_equal(store_answer_release(store, "k2", "b"), STORE_OK); /* not b's */
    assert_int_equal(store_answer_get(store, "k2", &status, &body), STORE_OK);
    free(body);
    assert_int_equal(store_answer_release(store, "k2", "a"), STORE_OK);
    assert_int_equal(store_answer_get(store, "k2", &status, &body), STORE_NOT_FOUND);
    assert_int_equal(store_answer_claim(store, "k2", "a", now_ms), STORE_OK);
    store_answer_carry("k2", "a");
    assert_int_equal(store_station_put(store, &station, NULL), STORE_OK);
    store_answer_carry(NULL, NULL);
    assert_int_equal(store_answer_release(store, "k2", "a"), STORE_OK); /* it acted: nothing to release */
    assert_int_equal(store_answer_get(store, "k2", &status, &body), STORE_OK);
    free(body);
    assert_int_equal(status, STORE_ANSWER_ACTED);
    assert_int_equal(store_answer_claim(store, "k2", "c", now_ms + 10 * STORE_CLAIM_MS), STORE_CONFLICT);
    store_close(store);
    place_remove(&place);
}

static void a_failure_frees_its_key(void **state)
{
    (void)state;
    struct test_place place;
    struct answer answer;
    place_make(&place);
    struct store *store = place_open(&place);
    assert_true(ask(store, "{\"name\": \"\"}", &answer));
    assert_int_equal(answer.status, 422);
    assert_true(ask(store, BODY, &answer)); /* at once, and with another body */
    assert_int_equal(answer.status, 201);
    store_close(store);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_acts_once_wherever_it_ended), cmocka_unit_test(a_claim_is_one_requests),
                                       cmocka_unit_test(a_failure_frees_its_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
