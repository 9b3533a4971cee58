/* SPDX-License-Identifier: Apache-2.0
 *
 * Every block of tests/vectors/<noun>/<file>.vec for the nouns of libbulla's data: what the bytes mean, as the
 * subcommand of that noun prints it. `settings` chooses the reading.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/seal_json.h"
#include "tests/support/vec.h"

#define TESTS_MAX 1000

struct noun {
    const char *name;
    json_t *(*read)(const struct vec_block *block);
};

struct job {
    const struct noun *noun;
    const struct vec_file *file;
    const struct vec_block *block;
};

static struct job jobs[TESTS_MAX];
static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

static json_t *read_container(const struct vec_block *block)
{
    bool good = true;
    struct bulla_bytes text = {block->bytes, block->n};
    bool type = strcmp(block->profile.settings, "type") == 0;
    json_t *got = type ? cli_size_type_json(text, &good) : cli_container_json(text, &good);
    assert_int_equal(good, json_is_true(json_object_get(got, "valid")));
    return got;
}

/* settings: READING START RANDOM, each optional from the right; "any" is any start. */
static json_t *read_block(const struct vec_block *block)
{
    char reading[16] = "table", start[8] = "any";
    unsigned random = 0;
    bool good = true;
    int n = sscanf(block->profile.settings, "%15s %7s %4x", reading, start, &random);
    enum bulla_start accepted = strcmp(start, "ffff") == 0   ? BULLA_START_FFFF
                                : strcmp(start, "0000") == 0 ? BULLA_START_0000
                                                             : BULLA_START_ANY;
    json_t *got = cli_block_json((struct bulla_bytes){block->bytes, block->n}, (enum bulla_reading)bulla_reading_from(reading), accepted,
                                 n == 3 ? (int32_t)random : BULLA_RANDOM_UNKNOWN, &good);
    assert_int_equal(good, json_is_null(json_object_get(got, "error")));
    return got;
}

/* settings: READING CARGO NODES, as the options of bulla gbt decode. */
static json_t *read_gbt(const struct vec_block *block)
{
    char reading[16] = "ring", cargo[16] = "";
    unsigned nodes = 0;
    bool good = true;
    struct bulla_gbt record;
    struct bulla_fault fault;
    int n = sscanf(block->profile.settings, "%15s %15s %u", reading, cargo, &nodes);
    enum bulla_gbt_reading number = (enum bulla_gbt_reading)bulla_gbt_reading_from(reading);
    enum bulla_status status =
        n == 3 ? bulla_gbt_with(block->bytes, block->n, number, (enum bulla_gbt_cargo)bulla_gbt_cargo_from(cargo), nodes, &record, &fault)
               : bulla_gbt_over(block->bytes, block->n, number, &record, &fault);
    if (status != BULLA_OK) {
        return json_pack("{s:s, s:o}", "outcome", bulla_status_text(status), "error",
                         json_sprintf("%s: expected %s, got %zu bytes", fault.field, fault.expected, block->n));
    }
    json_t *got = cli_gbt_json(&record, &good);
    assert_int_equal(good, json_is_null(json_object_get(got, "error")));
    if (good) { /* a right record is written again to the same bytes */
        struct bulla_gbt again;
        char why[200];
        assert_true(cli_gbt_from_json(got, -1, &again, why, sizeof why));
        assert_int_equal(again.len, block->n);
        assert_memory_equal(again.at, block->bytes, block->n);
        free(again.at);
    }
    return got;
}

/* A record that is right is written again to the same bytes. */
static json_t *read_record(const struct vec_block *block, json_t *(*to_json)(struct bulla_bytes, bool *), cli_record_from_json *from_json)
{
    bool good = true;
    char why[300] = "";
    uint8_t *again;
    size_t n;
    json_t *got = to_json((struct bulla_bytes){block->bytes, block->n}, &good);
    assert_int_equal(good, json_is_null(json_object_get(got, "error")));
    if (good) {
        if (!from_json(got, &again, &n, why, sizeof why)) {
            fail_msg("%s", why);
        }
        assert_int_equal(n, block->n);
        assert_memory_equal(again, block->bytes, n);
        free(again);
    }
    return got;
}

static json_t *read_supervision(const struct vec_block *block)
{
    if (strcmp(block->profile.settings, "mask") == 0) {
        bool good = true;
        return cli_supervision_masked_json((struct bulla_bytes){block->bytes, block->n}, &good);
    }
    return read_record(block, cli_supervision_json, cli_supervision_from_json);
}

static json_t *read_attachment(const struct vec_block *block)
{
    return read_record(block, cli_attachment_json, cli_attachment_from_json);
}

static json_t *read_tag(const struct vec_block *block)
{
    return read_record(block, cli_tag_json, cli_tag_from_json);
}

static const struct noun nouns[] = {
    {"block", read_block},
    {"container", read_container},
    {"gbt", read_gbt},
    {"supervision", read_supervision},
    {"attachment", read_attachment},
    {"tag", read_tag},
};

static void test_meaning(void **state)
{
    const struct job *job = *state;
    char why[600];
    json_t *got = job->noun->read(job->block);
    if (!vec_match(job->block->expect, got, why, sizeof why)) {
        fail_msg("%s:%d: %s: %s", job->file->path, job->block->line, job->block->name, why);
    }
    json_decref(got);
}

static void add_file(const struct noun *noun, const char *path)
{
    char why[600], name[300];
    const struct vec_file *file = vec_read(path, why, sizeof why); /* lives as long as the process */
    if (!file) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    for (size_t i = 0; i < file->n && n_tests < TESTS_MAX; i++) {
        snprintf(name, sizeof name, "%s: %s", noun->name, file->blocks[i].name);
        jobs[n_tests] = (struct job){noun, file, &file->blocks[i]};
        tests[n_tests] = (struct CMUnitTest){strdup(name), test_meaning, NULL, NULL, &jobs[n_tests]};
        n_tests++;
    }
}

static void add_noun(const struct noun *noun)
{
    char folder[500], path[900];
    struct dirent **entries;
    size_t before = n_tests;
    snprintf(folder, sizeof folder, "%s/tests/vectors/%s", BULLA_SOURCE_DIR, noun->name);
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (len > 4 && strcmp(entries[i]->d_name + len - 4, ".vec") == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            add_file(noun, path);
        }
        free(entries[i]);
    }
    if (n < 0 || n_tests == before) {
        fprintf(stderr, "%s: expected vectors, got none\n", folder);
        exit(1);
    }
    free(entries);
}

int main(void)
{
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        add_noun(&nouns[i]);
    }
    return _cmocka_run_group_tests("vectors", tests, n_tests, NULL, NULL);
}
