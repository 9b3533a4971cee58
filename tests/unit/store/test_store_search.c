// SPDX-License-Identifier: Apache-2.0
// Searching and filtering against a plain reading of all records: whatever leads (a rare filter, the words, the end of a
// word), the same records come, in the same order, over all pages.

#include "store_both.h"

#include "platform/store/fold.h"
#include "platform/store/record.h"

enum { JOURNEYS = 8000, QUERIES = 400, QUERIES_OVER_A_SOCKET = 60 };

static struct test_place place;
static struct store *store;

struct known {
    char id[16], carrier[16], text[200];
    int state;
};
static struct known known[JOURNEYS]; /* newest first */

static const struct record_field *field_of(const char *name)
{
    const struct record_field *f = record_journey.fields;
    while (strcmp(f->name, name) != 0) {
        f++;
    }
    return f;
}

/* One of 8000 journeys: plates and names in several scripts, words that many have and words that few have. */
static void write_journey(char *to, size_t size, int n)
{
    static const char *const DRIVERS[] = {"Иванов", "Müller", "王伟"};
    snprintf(
        to, size,
        "%s(%lld, 'J%05d', 1, %d, 0, 0, '%s', '', 'T1-%04d-%05d', 'K%c%c %03dA', '%s', '', '[\"CSQU%07d\"]', '[\"jt701:757010%04d\"]', "
        "%d, 0, 0, 0, 0, 0, '0', '{}', '0', '{}', '[]', '[]', '[]', '[]', 0, 0, 0, 500, '')",
        n == 1 ? "" : ", ", (long long)n << 20, n,
        n % 997 == 3 ? 0
        : n % 2      ? 2
                     : 4,
        n % 500 == 7 ? "small"
        : n % 2      ? "large"
                     : "other",
        2026 + n % 2, n * 7919 % 100003, 65 + n % 26, 65 + n / 26 % 26, n % 1000, DRIVERS[n % 3], n * 13 % 10000, n % 5000, n);
}

static void collect(void *context, const void *record)
{
    struct known **at = context;
    const struct journey *j = record;
    char *containers = record_field_encode(field_of("containers"), j), *seals = record_field_encode(field_of("seals"), j);
    snprintf((*at)->id, sizeof(*at)->id, "%.15s", j->id);
    snprintf((*at)->carrier, sizeof(*at)->carrier, "%.15s", j->carrier);
    snprintf((*at)->text, sizeof(*at)->text, "%.15s\n%.30s\n%.20s\n%.20s\n%.40s\n%.40s", j->id, j->reference, j->vehicle, j->driver,
             containers, seals);
    (*at)->state = (int)j->state;
    free(containers);
    free(seals);
    ++*at;
}

static void make_journeys(void)
{
    size_t size = JOURNEYS * 400, used;
    char *sql = malloc(size), next[120];
    struct store_query q = {.limit = 1000};
    struct known *at = known;
    used = (size_t)snprintf(sql, size,
                            "INSERT INTO journey (position, id, version, state, mode, regime, carrier, administration, reference, vehicle, "
                            "driver, cargo, containers, seals, created_ms, sealed_at_ms, depart_by_ms, arrive_by_ms, arrived_at_ms, "
                            "unsealed_at_ms, has_origin, origin, has_destination, destination, stops, dead_zones, limits, credentials, "
                            "silence_minutes, stay_minutes, battery_percent, corridor_m, route) VALUES ");
    for (int n = 1; n <= JOURNEYS; n++) {
        write_journey(sql + used, size - used, n);
        used += strlen(sql + used);
    }
    assert_int_equal(run_sql(store, sql), 0);
    free(sql);
    do {
        assert_int_equal(store_journeys(store, &q, collect, &at, next), STORE_OK);
        snprintf(q.after, sizeof q.after, "%s", next);
    } while (*next);
    assert_ptr_equal(at, known + JOURNEYS);
}

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    store = place_open(&place);
    make_journeys();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    place_remove(&place);
    return 0;
}

static bool fits(const struct known *k, const struct store_query *q)
{
    char words[80], *rest = words;
    if (*q->carrier && strcmp(q->carrier, k->carrier) != 0) {
        return false;
    }
    if (*q->state && (strcmp(q->state, "open") == 0 ? k->state >= 4 : journey_state_from(q->state) != k->state)) {
        return false;
    }
    snprintf(words, sizeof words, "%s", q->search);
    for (char *word = strtok_r(rest, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!(strlen(word) < 3 ? store_fold_begins : store_fold_holds)(k->text, word)) {
            return false;
        }
    }
    return true;
}

struct expected {
    const struct store_query *q;
    size_t at, n; /* next of known[]; given so far */
};

static void check(void *context, const void *record)
{
    struct expected *e = context;
    const struct journey *j = record;
    while (e->at < JOURNEYS && !fits(&known[e->at], e->q)) {
        e->at++;
    }
    if (e->at == JOURNEYS || strcmp(known[e->at].id, j->id) != 0) {
        fail_msg("search \"%s\" state \"%s\" carrier \"%s\": record %zu: expected %s, got %s", e->q->search, e->q->state, e->q->carrier,
                 e->n, e->at < JOURNEYS ? known[e->at].id : "the end", j->id);
    }
    e->at++;
    e->n++;
}

static size_t compare(struct store_query *q)
{
    struct expected e = {q, 0, 0};
    char next[120];
    do {
        assert_int_equal(store_journeys(store, q, check, &e, next), STORE_OK);
        snprintf(q->after, sizeof q->after, "%s", next);
    } while (*next);
    for (; e.at < JOURNEYS; e.at++) {
        if (fits(&known[e.at], q)) {
            fail_msg("search \"%s\" state \"%s\" carrier \"%s\": %s was not given", q->search, q->state, q->carrier, known[e.at].id);
        }
    }
    return e.n;
}

static uint32_t seed = 4711;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* Three characters or more out of some record's text, in other letters' case now and then. */
static void add_word(char search[80])
{
    const char *text = known[any(JOURNEYS)].text;
    size_t len = strlen(text), from = any((uint32_t)len), n = 3 + any(18), used = strlen(search);
    char word[24] = "";
    for (size_t i = 0; i < n && from + i < len && text[from + i] > ' ' && text[from + i] != '"'; i++) {
        word[i] = (unsigned char)text[from + i] < 0x80 && any(2) ? (char)(text[from + i] | 0x20) : text[from + i];
    }
    if (strlen(word) >= 3 && (unsigned char)word[0] < 0x80 && used + strlen(word) + 2 < 80) {
        bool ascii = true;
        for (const char *c = word; *c; c++) {
            ascii = ascii && (unsigned char)*c < 0x80;
        }
        if (ascii) {
            sprintf(search + used, "%s%s", used ? " " : "", word);
        }
    }
}

/* [WCO-13.5-B10] */
static void every_way_finds_the_same(void **state)
{
    (void)state;
    static const char *const STATES[] = {"", "", "open", "draft", "released", "under-way"};
    static const char *const CARRIERS[] = {"", "", "small", "large", "nobody"};
    size_t found = 0, empty = 0;
    const size_t queries = pg_test_wanted() ? QUERIES_OVER_A_SOCKET : QUERIES;
    for (size_t i = 0; i < queries; i++) {
        struct store_query q = {.limit = 1 + any(400)};
        snprintf(q.state, sizeof q.state, "%s", STATES[any(6)]);
        snprintf(q.carrier, sizeof q.carrier, "%s", CARRIERS[any(5)]);
        for (uint32_t words = any(3); words > 0; words--) {
            add_word(q.search);
        }
        size_t n = compare(&q);
        found += n;
        empty += n == 0;
    }
    assert_true(found > 250 * queries && empty < queries / 2);
}

static void letters_of_other_scripts(void **state)
{
    (void)state;
    struct store_query cases[] = {{.limit = 999, .search = "ИВАН"},
                                  {.limit = 999, .search = "иванов", .carrier = "small"},
                                  {.limit = 999, .search = "MÜLLER", .carrier = "small"},
                                  {.limit = 999, .search = "王伟", .carrier = "small"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(compare(&cases[i]) > 0);
    }
}

static void beginnings_of_words_are_found_by_one_or_two_characters(void **state)
{
    (void)state;
    struct store_query cases[] = {{.limit = 100, .search = "kb"},
                                  {.limit = 100, .search = "kb 13a"},
                                  {.limit = 100, .search = "kb", .carrier = "small"},
                                  {.limit = 100, .search = "k", .state = "open"},
                                  {.limit = 100, .search = "kb 2"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (compare(&cases[i]) == 0) {
            fail_msg("search \"%s\" found nothing", cases[i].search);
        }
    }
}

static void folding(void **state)
{
    (void)state;
    assert_true(store_fold_holds("KBX 123A", "bx 1"));
    assert_true(store_fold_holds("ГАЗель", "газЕЛЬ"));
    assert_true(store_fold_holds("Ärger", "äRG"));
    assert_true(store_fold_holds("ŁÓDŹ", "łódź"));
    assert_true(store_fold_holds("anything", ""));
    assert_false(store_fold_holds("", "a"));
    assert_false(store_fold_holds("KBX", "kbxa"));
    assert_true(store_fold_begins("KKB KBX", "kb"));
    assert_false(store_fold_begins("KKB 1KB", "kb"));
    assert_true(store_fold_holds("aaab", "aab"));
    assert_false(store_fold_holds("\xC3", "\xC3\x84")); /* cut in the middle: no reading behind the end */
    assert_false(store_fold_holds("\xF0\x9F", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* one set of journeys: nothing is written but in the beginning */
        cmocka_unit_test(every_way_finds_the_same),
        cmocka_unit_test(letters_of_other_scripts),
        cmocka_unit_test(beginnings_of_words_are_found_by_one_or_two_characters),
        cmocka_unit_test(folding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
