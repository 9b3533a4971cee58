/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define RECORD_MAX (8u << 20) /* more than any record, as bytes or in hexadecimal */

uint8_t *cli_bytes_read(const char *name, size_t *n)
{
    FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    uint8_t *all = from ? malloc(RECORD_MAX) : NULL;
    errno = from ? 0 : errno;
    *n = all ? fread(all, 1, RECORD_MAX, from) : 0;
    if (all && *n == RECORD_MAX) {
        cli_say("%s: expected a record, got %u bytes or more", name, RECORD_MAX);
        free(all);
        all = NULL;
    } else if (!all || ferror(from)) {
        cli_say("%s: %s", name, errno ? strerror(errno) : "cannot be read");
        free(all);
        all = NULL;
    }
    if (from && from != stdin) {
        fclose(from);
    }
    return all;
}

bool cli_bytes_unhex(uint8_t *all, size_t *n)
{
    size_t digits = 0;
    for (size_t i = 0; i < *n; i++) {
        if (!isxdigit(all[i]) && !isspace(all[i])) {
            return false;
        }
        digits += isxdigit(all[i]) != 0;
    }
    if (digits == 0 || digits % 2 != 0) {
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (isxdigit(all[i])) {
            all[kept++] = all[i];
        }
    }
    *n = digits / 2;
    return bulla_hex_get(all, (const char *)all, *n);
}

uint8_t *cli_bytes_of(const char *word, size_t *n)
{
    *n = strlen(word);
    uint8_t *all = (uint8_t *)strdup(word);
    if (all && cli_bytes_unhex(all, n)) {
        return all;
    }
    free(all);
    all = cli_bytes_read(word, n);
    if (all) {
        cli_bytes_unhex(all, n);
    }
    return all;
}

void cli_bytes_print(struct bulla_bytes bytes, bool raw)
{
    if (raw) {
        fwrite(bytes.at, 1, bytes.len, stdout);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        printf("%02x", bytes.at[i]);
    }
    putchar('\n');
}
