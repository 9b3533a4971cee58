/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every block of tests/vectors/<protocol>/<file>.vec as a test of its own, in two ways: what the message means, and
 * that it means the same however the network cuts it: whole, split at every byte, glued to itself.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/vec.h"
#include "tests/support/wire.h"

#define TESTS_MAX 4000
#define FILES_MAX 400

struct job {
    const struct proto *proto;
    const struct vec_file *file;
    const struct vec_block *block;
};

static struct vec_file *files[FILES_MAX];
static size_t n_files;
static struct job jobs[TESTS_MAX];
static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;
static int broken_files;

/* ---- one block ---- */

static void feed_state(struct wire *wire, const struct job *job, const char *name, int depth)
{
    if (!name) {
        return;
    }
    const struct vec_block *before = vec_find(job->file, name);
    if (!before || depth > 20) {
        fail_msg("%s: state-from: expected a block of the same file, got \"%s\"", job->file->path, name);
    }
    feed_state(wire, job, before->state_from, depth + 1);
    wire_feed(wire, before->bytes, before->n, 0);
    wire_clear(wire);
    wire->n = 0; /* what a damaged block leaves behind is not part of the next one */
}

static void open_for(struct wire *wire, const struct job *job)
{
    wire_open(wire, job->proto, &job->block->profile, job->block->now_ms);
    feed_state(wire, job, job->block->state_from, 0);
}

/* The outcome of the block: of its first message that was not ok. */
static const char *outcome_of(const struct wire *wire)
{
    for (size_t i = 0; i < json_array_size(wire->outcomes); i++) {
        const char *outcome = json_string_value(json_array_get(wire->outcomes, i));
        if (strcmp(outcome, "ok") != 0) {
            return outcome;
        }
    }
    return wire->n ? "need_more" : "ok";
}

static void test_meaning(void **state)
{
    const struct job *job = *state;
    struct wire wire;
    char why[600] = "";
    open_for(&wire, job);
    wire_feed(&wire, job->block->bytes, job->block->n, 0);
    if (json_array_size(wire.outcomes) == 0) { /* no message in it for frame(): then decode() says what is wrong */
        wire.n = 0;
        wire_decode(&wire, job->block->bytes, job->block->n, false);
    }
    json_t *got = json_pack("{s:s,s:O,s:O,s:s}", "outcome", outcome_of(&wire), "observations", wire.observations, "replies", wire.replies,
                            "error", wire.error);
    bool good = vec_match(job->block->expect, got, why, sizeof why);
    char error[sizeof wire.error];
    memcpy(error, wire.error, sizeof error);
    json_decref(got);
    wire_close(&wire);
    if (!good) {
        fail_msg("%s:%d: %s (decoder said: %s)", job->file->path, job->block->line, why, error);
    }
}

static char *said(const struct job *job, size_t times, bool glued, size_t first, size_t piece)
{
    struct wire wire;
    open_for(&wire, job);
    const size_t n = job->block->n;
    if (glued) {
        uint8_t *both = malloc(times * n);
        assert_non_null(both);
        for (size_t i = 0; i < times; i++) {
            memcpy(both + i * n, job->block->bytes, n);
        }
        wire_feed(&wire, both, times * n, piece);
        free(both);
    } else {
        for (size_t i = 0; i < times; i++) {
            wire_feed(&wire, job->block->bytes, first, piece);
            wire_feed(&wire, job->block->bytes + first, n - first, piece);
        }
    }
    char *text = wire_said(&wire);
    wire_close(&wire);
    return text;
}

static void same(char *expected, char *got)
{
    if (strcmp(expected, got) != 0) {
        assert_string_equal(got, expected);
    }
    free(got);
}

static void test_cuts(void **state)
{
    const struct job *job = *state;
    const size_t n = job->block->n;
    char *once = said(job, 1, false, n, 0);
    char *twice = said(job, 2, false, n, 0);
    for (size_t i = 1; i < n; i++) {
        same(once, said(job, 1, false, i, 0));
    }
    same(once, said(job, 1, false, n, 1));
    same(twice, said(job, 2, true, n, 0));
    same(twice, said(job, 2, true, n, 1));
    same(twice, said(job, 2, true, n, 7));
    free(once);
    free(twice);
}

/* ---- all blocks ---- */

static void add_test(const struct job *job, const char *what, CMUnitTestFunction function)
{
    if (n_tests >= TESTS_MAX) {
        fprintf(stderr, "more than %d tests\n", TESTS_MAX);
        exit(1);
    }
    char name[300];
    snprintf(name, sizeof name, "%s: %s: %s", job->proto->name, job->block->name, what);
    jobs[n_tests] = *job;
    tests[n_tests] = (struct CMUnitTest){strdup(name), function, NULL, NULL, &jobs[n_tests]};
    n_tests++;
}

static bool is_vec(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".vec") == 0;
}

static size_t add_file(const struct proto *proto, const char *path)
{
    char why[600];
    struct vec_file *file = n_files < FILES_MAX ? vec_read(path, why, sizeof why) : NULL;
    if (!file) {
        fprintf(stderr, "%s\n", why);
        broken_files++;
        return 0;
    }
    files[n_files++] = file;
    for (size_t i = 0; i < file->n; i++) {
        struct job job = {proto, file, &file->blocks[i]};
        add_test(&job, "means", test_meaning);
        add_test(&job, "cut anywhere", test_cuts);
    }
    return file->n;
}

static size_t add_protocol(const struct proto *proto)
{
    char folder[500], path[900];
    struct dirent **entries;
    size_t blocks = 0;
    snprintf(folder, sizeof folder, "%s/tests/vectors/%s", BULLA_SOURCE_DIR, proto->name);
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (is_vec(entries[i]->d_name)) {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            blocks += add_file(proto, path);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return blocks;
}

static void test_all_protocols_have_vectors(void **state)
{
    const size_t *blocks = *state;
    for (size_t i = 0; i < proto_registry_n; i++) {
        if (blocks[i] == 0) {
            fail_msg("tests/vectors/%s: expected vectors, got none", proto_registry[i]->name);
        }
    }
    if (broken_files) {
        fail_msg("%d files could not be read", broken_files);
    }
}

int main(void)
{
    size_t *blocks = calloc(proto_registry_n, sizeof *blocks);
    for (size_t i = 0; i < proto_registry_n; i++) {
        blocks[i] = add_protocol(proto_registry[i]);
    }
    tests[n_tests++] =
        (struct CMUnitTest){"every protocol of the registry has vectors", test_all_protocols_have_vectors, NULL, NULL, blocks};
    int failed = _cmocka_run_group_tests("vectors", tests, n_tests, NULL, NULL);
    for (size_t i = 0; i + 1 < n_tests; i++) {
        free((char *)tests[i].name);
    }
    for (size_t i = 0; i < n_files; i++) {
        vec_free(files[i]);
    }
    free(blocks);
    return failed;
}
