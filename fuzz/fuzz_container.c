/* SPDX-License-Identifier: Apache-2.0
 *
 * Container numbers, tidied and not, their candidates, and size and type codes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_number(struct bulla_bytes text)
{
    struct bulla_candidate candidates[BULLA_CANDIDATES_MAX];
    struct bulla_container container;
    struct bulla_fault fault = {0};
    size_t n = bulla_container_candidates(text, candidates, BULLA_CANDIDATES_MAX);
    promise(n <= BULLA_CANDIDATES_MAX, "there is room for all candidates");
    for (size_t i = 0; i < n; i++) {
        struct bulla_bytes number = {(const uint8_t *)candidates[i].number, strlen(candidates[i].number)};
        promise(bulla_container_decode(number, &container, &fault) == BULLA_OK, "candidates are right");
    }
    if (bulla_container_decode(text, &container, &fault) == BULLA_OK)
        promise(bulla_bytes_is(text, container.number), "a number stays as it is");
    else
        promise(fault.field && fault.expected && fault.at <= text.len && fault.at <= BULLA_CONTAINER_LENGTH, "a fault has a place");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bulla_bytes text = {n > 0 ? data + 1 : data, n > 0 ? n - 1 : 0}; /* the first byte is the seed's number */
    struct bulla_size_type size_type;
    struct bulla_fault fault = {0};
    char tidied[BULLA_CONTAINER_LENGTH + 1];
    check_number(text);
    if (bulla_container_tidy(text, tidied) == BULLA_OK)
        check_number((struct bulla_bytes){(const uint8_t *)tidied, strlen(tidied)});
    if (bulla_size_type_decode(text, &size_type, &fault) == BULLA_OK)
        promise(size_type.height_from_mm <= size_type.height_to_mm && size_type.kind && size_type.detail, "a size is a range");
    else
        promise(fault.at <= BULLA_SIZE_TYPE_LENGTH, "a fault has a place");
    return 0;
}
