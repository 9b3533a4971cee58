/* SPDX-License-Identifier: Apache-2.0
 *
 * The fuzzers' promises (fuzz/check.h), held against their seeds in every run of the tests: each vector of each
 * protocol as it is, and spoilt in ways that are the same each time.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void broken(const char *what, int line)
{
    fail_msg("broken promise: %s (fuzz/check.c:%d)", what, line);
    abort();
}

#define FUZZ_BROKEN broken
#include "fuzz/check.c"
#include "tests/support/vec.h"

#define SPOILT_PER_VECTOR 40
#define INPUT_MAX         70000

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* One to four changes: a bit turned, a byte set, a part taken out, the end cut off, a part repeated. */
static size_t spoil(uint8_t *at, size_t n, uint64_t *random)
{
    for (uint64_t changes = 1 + next(random) % 4; changes && n > 1; changes--) {
        size_t from = next(random) % n, part = 1 + next(random) % (n - from);
        switch (next(random) % 5) {
        case 0:
            at[from] ^= (uint8_t)(1u << next(random) % 8);
            break;
        case 1:
            at[from] = (uint8_t)next(random);
            break;
        case 2:
            memmove(at + from, at + from + part, n - from - part);
            n -= part;
            break;
        case 3:
            n = from + 1;
            break;
        default:
            if (n + part <= INPUT_MAX) {
                memmove(at + from + part, at + from, n - from);
                n += part;
            }
        }
    }
    return n;
}

static void check_block(const struct proto *proto, const struct vec_block *block, uint64_t *random)
{
    static uint8_t input[INPUT_MAX + 1];
    if (block->n > INPUT_MAX / 2) {
        return;
    }
    for (int i = 0; i <= SPOILT_PER_VECTOR; i++) {
        memcpy(input + 1, block->bytes, block->n);
        size_t n = i ? spoil(input + 1, block->n, random) : block->n;
        input[0] = (uint8_t)i;
        fuzz_check(proto, input, n + 1);
    }
}

static void check_folder(const struct proto *proto, const char *folder)
{
    char why[600], path[900];
    uint64_t random = 1;
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    assert_true(n > 2);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        struct vec_file *file = strstr(path, ".vec") ? vec_read(path, why, sizeof why) : NULL;
        for (size_t b = 0; file && b < file->n; b++) {
            check_block(proto, &file->blocks[b], &random);
        }
        vec_free(file);
        free(entries[i]);
    }
    free(entries);
}

static void test_protocol(void **state)
{
    const struct proto *proto = *state;
    char folder[600];
    snprintf(folder, sizeof folder, "%s/tests/vectors/%s", BULLA_SOURCE_DIR, proto->name);
    check_folder(proto, folder);
}

int main(void)
{
    struct CMUnitTest *tests = calloc(proto_registry_n, sizeof *tests);
    for (size_t i = 0; i < proto_registry_n; i++) {
        tests[i] = (struct CMUnitTest){proto_registry[i]->name, test_protocol, NULL, NULL, (void *)(uintptr_t)proto_registry[i]};
    }
    int failed = _cmocka_run_group_tests("fuzz seeds", tests, proto_registry_n, NULL, NULL);
    free(tests);
    return failed;
}
