/* SPDX-License-Identifier: Apache-2.0
 *
 * Every message of the corpus of real devices, through frame() and decode() as the network may bring it: whole, split at
 * every byte, one byte at a time, glued between its neighbours. What it means and what is answered must be what the row
 * says, and the same each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/corpus.h"
#include "tests/support/wire.h"

static struct corpus corpus;

static const char *const sets[][2] = {
    {"jt600", "jt701"},       {"jt701_manual", "jt701"}, {"jt701_streams", "jt701"}, {"jt701_commands", "jt701"}, {"jt808", "jt808"},
    {"jt808_other", "jt808"}, {"eseal", "eseal"},        {"teratrack", "teratrack"}, {"starcom", "starcom"},      {"bstpl", "bstpl"},
    {"jido", "jido"},         {"niot", "niot"},          {"upro", "upro"},           {"meitrack", "meitrack"}, {"gt06", "gt06"}, {"t800x", "topflytech"},
};

static void open_for(struct wire *wire, const struct corpus_row *row)
{
    wire_open(wire, row->proto, &row->profile, bulla_time_get(WIRE_NOW));
    corpus_precede(row, wire);
}

static void test_meaning(void **state)
{
    const struct corpus_row *row = *state;
    struct wire wire;
    char why[700] = "";
    open_for(&wire, row);
    wire_feed(&wire, row->bytes, row->n, 0);
    bool good = corpus_match(row, &wire, why, sizeof why);
    wire_close(&wire);
    if (!good) {
        fail_msg("%s", why);
    }
}

/* Sets whose other values are compared too; those of the larger ones have tests of their own. */
static const char *const valued[] = {"starcom", "bstpl", "jido", "niot", "upro", "meitrack"};

static bool has_values(const struct corpus_row *row)
{
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++) {
        if (strcmp(valued[i], row->set) == 0) {
            return true;
        }
    }
    return false;
}

static void test_values(void **state)
{
    const struct corpus_row *row = *state;
    struct wire wire;
    char why[700] = "";
    open_for(&wire, row);
    wire_feed(&wire, row->bytes, row->n, 0);
    bool good = corpus_match_values(row, &wire, why, sizeof why);
    wire_close(&wire);
    if (!good) {
        fail_msg("%s", why);
    }
}

static char *said_in_pieces(const struct corpus_row *row, size_t first, size_t piece)
{
    struct wire wire;
    open_for(&wire, row);
    wire_feed(&wire, row->bytes, first, piece);
    wire_feed(&wire, row->bytes + first, row->n - first, piece);
    char *text = wire_said(&wire);
    wire_close(&wire);
    return text;
}

static void same(const char *expected, char *got)
{
    if (strcmp(expected, got) != 0) {
        assert_string_equal(got, expected);
    }
    free(got);
}

static void test_cuts(void **state)
{
    const struct corpus_row *row = *state;
    char *once = said_in_pieces(row, row->n, 0);
    for (size_t i = 1; i < row->n; i++) {
        same(once, said_in_pieces(row, i, 0));
    }
    same(once, said_in_pieces(row, row->n, 1));
    free(once);
}

/* The row with the rows before and after it, on one link: apart, and as one segment. */
static char *said_among(const struct corpus_row *rows, size_t n, bool glued)
{
    struct wire wire;
    size_t all = 0;
    open_for(&wire, &rows[0]);
    for (size_t i = 0; i < n; i++) {
        all += rows[i].n;
    }
    uint8_t *bytes = malloc(all), *to = bytes;
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        memcpy(to, rows[i].bytes, rows[i].n);
        to += rows[i].n;
        if (!glued) {
            wire_feed(&wire, rows[i].bytes, rows[i].n, 0);
        }
    }
    if (glued) {
        wire_feed(&wire, bytes, all, 0);
    }
    free(bytes);
    char *text = wire_said(&wire);
    wire_close(&wire);
    return text;
}

static void test_neighbours(void **state)
{
    const struct corpus_row *row = *state;
    const struct corpus_row *first = row > corpus.rows && row[-1].proto == row->proto ? row - 1 : row;
    const struct corpus_row *last = row + 1 < corpus.rows + corpus.n && row[1].proto == row->proto ? row + 1 : row;
    size_t n = (size_t)(last - first) + 1;
    char *apart = said_among(first, n, false);
    same(apart, said_among(first, n, true));
    free(apart);
}

/* The first bytes tell whose it is, however few have come: its own protocol, or nobody yet. Never another. */
static void test_recognised(void **state)
{
    const struct corpus_row *row = *state;
    const struct proto *found = NULL;
    bool more = true;
    for (size_t n = 1; n <= row->n && more; n++) {
        found = proto_recognise(row->bytes, n, &more);
    }
    if (found != row->proto && !corpus_is_damaged(row)) {
        fail_msg("expected %s, got %s", row->proto->name, found ? found->name : more ? "that more bytes are needed" : "nobody");
    }
}

/* The row that holds part k of the message that `last` ends; NULL when the corpus lacks it. */
static const struct corpus_row *part_of(const struct corpus_row *last, json_int_t k)
{
    const json_t *header = json_object_get(json_object_get(last->json, "expects"), "header");
    for (const struct corpus_row *row = corpus.rows; row < corpus.rows + corpus.n; row++) {
        const json_t *other = json_object_get(json_object_get(row->json, "expects"), "header");
        json_int_t total, part, of;
        if (corpus_part(row, &total, &part) && part == k && corpus_part(last, &of, &part) && total == of &&
            json_equal(json_object_get(header, "phoneBcd"), json_object_get(other, "phoneBcd")) &&
            json_equal(json_object_get(header, "msgId"), json_object_get(other, "msgId"))) {
            return row;
        }
    }
    return NULL;
}

/* All parts of a message, one after the other: the whole is answered as the row of its last part says. */
static void test_reassembly(void **state)
{
    const struct corpus_row *last = *state;
    struct wire wire;
    json_int_t total, k;
    char why[700] = "";
    corpus_part(last, &total, &k);
    open_for(&wire, last);
    for (k = 1; k <= total; k++) {
        const struct corpus_row *row = part_of(last, k);
        if (!row) {
            wire_close(&wire);
            skip();
        }
        wire_feed(&wire, row->bytes, row->n, 0);
        assert_string_equal(json_string_value(json_array_get(wire.outcomes, (size_t)k - 1)), "ok");
    }
    size_t answers = json_array_size(wire.replies), n = json_array_size(json_object_get(last->json, "ack"));
    bool good = n == 0;
    for (size_t i = 0; i < answers && !good; i++) {
        good = corpus_match_answer(last, 0, json_string_value(json_array_get(wire.replies, i)), why, sizeof why);
    }
    wire_close(&wire);
    if (!good) {
        fail_msg("%s", why);
    }
}

static char *name_of(const struct corpus_row *row, const char *what)
{
    char name[200];
    snprintf(name, sizeof name, "%s %s: %s", row->set, row->id, what);
    return strdup(name);
}

int main(void)
{
    if (!corpus_folder()) {
        fprintf(stderr, "skipped: the corpus of device messages is not here (set BULLA_SHARED)\n");
        return 77;
    }
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        corpus_load(&corpus, sets[i][0], sets[i][1]);
    }
    struct CMUnitTest *tests = calloc(corpus.n, 6 * sizeof *tests);
    size_t n = 0;
    for (size_t i = 0; i < corpus.n; i++) {
        struct corpus_row *row = &corpus.rows[i];
        json_int_t total, part;
        tests[n++] = (struct CMUnitTest){name_of(row, "means"), test_meaning, NULL, NULL, row};
        tests[n++] = (struct CMUnitTest){name_of(row, "cut anywhere"), test_cuts, NULL, NULL, row};
        tests[n++] = (struct CMUnitTest){name_of(row, "among neighbours"), test_neighbours, NULL, NULL, row};
        tests[n++] = (struct CMUnitTest){name_of(row, "recognised"), test_recognised, NULL, NULL, row};
        if (has_values(row)) {
            tests[n++] = (struct CMUnitTest){name_of(row, "says its values"), test_values, NULL, NULL, row};
        }
        if (corpus_part(row, &total, &part) && part == total) {
            tests[n++] = (struct CMUnitTest){name_of(row, "from its parts"), test_reassembly, NULL, NULL, row};
        }
    }
    int failed = _cmocka_run_group_tests("corpus", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        free((char *)tests[i].name);
    }
    free(tests);
    corpus_clear(&corpus);
    return failed;
}
