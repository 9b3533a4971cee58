/* SPDX-License-Identifier: Apache-2.0
 *
 * The GB/T 23678 record: data[0] chooses reading and layout, the rest is the record. Every field is got; a record that passes
 * the check is put again, field by field, to the same bytes; reading changes no byte; a trip that ends leaves a right record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/gbt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* Every field into `copy`, when there is one; false when some value is wrong. */
static bool walk(const struct bulla_gbt *record, struct bulla_gbt *copy)
{
    bool good = true;
    for (unsigned i = 0; i < BULLA_GBT_FIELDS; i++)
        for (unsigned j = 0; j < bulla_gbt_count(record, (enum bulla_gbt_field)i); j++) {
            struct bulla_bytes value = {NULL, 0};
            struct bulla_fault fault = {0};
            enum bulla_status status = bulla_gbt_get(record, (enum bulla_gbt_field)i, j, &value, &fault);
            good &= status == BULLA_OK;
            promise(status == BULLA_OK || (fault.field && fault.expected && fault.at < record->len && !value.at), "a fault has a place");
            promise(value.len == 0 || (value.at >= record->at && value.at + value.len <= record->at + record->len), "a view lies inside");
            if (copy && status == BULLA_OK)
                promise(bulla_gbt_put(copy, (enum bulla_gbt_field)i, j, value, &fault) == BULLA_OK, "what was got can be put");
        }
    return good;
}

static void check_record(struct bulla_gbt *record, const uint8_t *original)
{
    struct bulla_fault fault = {0};
    bool readable = walk(record, NULL);
    enum bulla_status status = bulla_gbt_check(record, &fault);
    promise(memcmp(record->at, original, record->len) == 0, "reading changes nothing");
    promise(status != BULLA_OK || readable, "a right record has right values");
    if (status != BULLA_OK) {
        promise(fault.field && fault.expected && fault.at < record->len, "what is wrong has a name and a place");
        return;
    }
    struct bulla_gbt copy = *record;
    copy.at = malloc(record->len);
    size_t before_extension = bulla_gbt_size((enum bulla_gbt_cargo)record->cargo, record->n_nodes);
    bulla_gbt_init(&copy);
    walk(record, &copy);
    struct bulla_bytes cargo;
    if (record->foreign) {
        promise(bulla_gbt_foreign_get(record, &cargo, &fault) == BULLA_OK && cargo.len == record->len - before_extension, "cargo is got");
        promise(bulla_gbt_foreign_put(&copy, cargo, &fault) == BULLA_OK, "and put");
        before_extension = record->len;
    }
    promise(memcmp(copy.at, original, before_extension) == 0, "what was got is put to the same bytes");
    free(copy.at);
    bulla_gbt_end_trip(record, NULL);
    promise(bulla_gbt_check(record, &fault) == BULLA_OK, "after a trip the record is right");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bulla_gbt record;
    struct bulla_fault fault = {0};
    if (n < 2)
        return 0;
    uint8_t *bytes = malloc(n - 1);
    memcpy(bytes, data + 1, n - 1);
    enum bulla_gbt_reading reading = (enum bulla_gbt_reading)(data[0] & 1);
    unsigned cargo = data[0] >> 1 & 3, nodes = data[0] >> 3;
    enum bulla_status status;
    if (cargo == 3 && nodes > 0)
        status = bulla_gbt_select(bytes, n - 1, reading, (enum bulla_gbt_format)(nodes % 4), &record, &fault);
    else if (cargo == 3)
        status = bulla_gbt_over(bytes, n - 1, reading, &record, &fault);
    else
        status = bulla_gbt_with(bytes, n - 1, reading, (enum bulla_gbt_cargo)cargo, nodes, &record, &fault);
    promise(status == BULLA_OK || (fault.field && fault.expected), "a layout that is refused has a reason");
    if (status == BULLA_OK) {
        record.rights = BULLA_GBT_RIGHT_CARGO | BULLA_GBT_RIGHT_FACTORY;
        check_record(&record, data + 1);
    }
    free(bytes);
    return 0;
}
