/* SPDX-License-Identifier: Apache-2.0
 *
 * docs/seal-memory.md draws the tables of the headers: every row, in order, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/image.h"
#include "bulla/zone.h"

#define ROW(field, at, size, name, meaning) "| " #at " | " #size " | " name " | " meaning " |\n"

static const struct {
    const char *heading, *rows;
} tables[] = {
    {"| offset | bytes | record | meaning |\n|---|---|---|---|\n", BULLA_LOG_RECORD_TABLE(ROW)},
    {"| offset | bytes | header of a sector | meaning |\n|---|---|---|---|\n", BULLA_LOG_HEADER_TABLE(ROW)},
    {"| offset | bytes | header of a bank | meaning |\n|---|---|---|---|\n", BULLA_ZONE_BANK_TABLE(ROW)},
    {"| offset | bytes | head of an entry | meaning |\n|---|---|---|---|\n", BULLA_ZONE_HEAD_TABLE(ROW)},
    {"| offset | bytes | header of an image | meaning |\n|---|---|---|---|\n", BULLA_IMAGE_TABLE(ROW)},
    {"| offset | bytes | detail of a state | meaning |\n|---|---|---|---|\n", BULLA_IMAGE_STATE_TABLE(ROW)},
};

static void the_document_has_the_tables_of_the_headers(void **state)
{
    (void)state;
    static char document[65536];
    FILE *file = fopen(BULLA_SOURCE_DIR "/docs/seal-memory.md", "r");
    assert_non_null(file);
    size_t n = fread(document, 1, sizeof document - 1, file);
    fclose(file);
    assert_true(n > 0 && n < sizeof document - 1);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *at = strstr(document, tables[i].heading);
        assert_non_null(at);
        at += strlen(tables[i].heading);
        const char *end = strstr(at, "\n\n");
        assert_non_null(end);
        char *drawn = strndup(at, (size_t)(end + 1 - at));
        assert_string_equal(drawn, tables[i].rows);
        free(drawn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_document_has_the_tables_of_the_headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
