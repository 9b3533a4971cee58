/* SPDX-License-Identifier: Apache-2.0
 *
 * Code 128: the input as widths (a nibble each), and as a text. What is written is read; what is refused touches nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/code128.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_widths(const uint8_t *widths, size_t n)
{
    char text[BULLA_CODE128_TEXT_MAX + 1] = "untouched";
    struct bulla_fault fault = {0};
    if (bulla_code128_decode(widths, n, text, &fault) != BULLA_OK) {
        promise(strcmp(text, "untouched") == 0, "a refused code touches nothing");
        promise(fault.field && fault.expected && fault.at <= n, "a fault has a name and a place");
        return;
    }
    promise(strlen(text) >= 1 && strlen(text) <= BULLA_CODE128_TEXT_MAX, "a text has characters");
}

static void check_text(struct bulla_bytes bytes)
{
    uint8_t widths[BULLA_CODE128_WIDTHS_MAX];
    char text[BULLA_CODE128_TEXT_MAX + 1];
    struct bulla_fault fault;
    size_t n;
    if (bulla_code128_encode(bytes, widths, &n, &fault) != BULLA_OK)
        return;
    promise(n <= sizeof widths && bulla_code128_decode(widths, n, text, &fault) == BULLA_OK, "what is written is read");
    promise(strlen(text) == bytes.len && memcmp(text, bytes.at, bytes.len) == 0, "to the same text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t *widths = malloc(2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        widths[2 * i] = data[i] >> 4;
        widths[2 * i + 1] = data[i] & 15;
    }
    check_widths(widths, 2 * n);
    check_widths(widths, n > 0 ? 2 * n - 1 : 0); /* a code has an odd number of them */
    free(widths);
    check_text((struct bulla_bytes){data, n});
    return 0;
}
