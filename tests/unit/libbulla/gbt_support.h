/* SPDX-License-Identifier: Apache-2.0
 *
 * GB/T 23678 records for tests: blank ones, and a seal as it hangs on a container.
 */
#ifndef TESTS_GBT_SUPPORT_H
#define TESTS_GBT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bulla/gbt.h"

#define SIZE_MAX_TESTED 2500
#define ALL_RIGHTS      (BULLA_GBT_RIGHT_FACTORY | BULLA_GBT_RIGHT_CARGO)

static uint8_t memory[SIZE_MAX_TESTED];

static inline struct bulla_bytes view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)text, strlen(text)};
}

static inline struct bulla_gbt blank(enum bulla_gbt_reading reading, enum bulla_gbt_cargo cargo, unsigned n_nodes, uint8_t rights)
{
    struct bulla_gbt record;
    struct bulla_fault fault;
    size_t n = bulla_gbt_size(cargo, n_nodes);
    assert_true(n <= sizeof memory);
    memset(memory, 0xA5, sizeof memory);
    assert_int_equal(bulla_gbt_with(memory, n, reading, cargo, n_nodes, &record, &fault), BULLA_OK);
    bulla_gbt_init(&record);
    record.rights = rights;
    return record;
}

static inline void put(struct bulla_gbt *record, enum bulla_gbt_field field, const char *text)
{
    struct bulla_fault fault;
    assert_int_equal(bulla_gbt_put(record, field, 0, view(text), &fault), BULLA_OK);
}

static const uint8_t seal_id[] = {0xE2, 0x80, 0x11, 0x05, 0x20, 0x00, 0x12, 0x34, 0x56, 0x20}; /* its last byte looks like a blank */

/* A seal as it leaves the factory, hung on a container. [GBT-5.1.1] */
static inline struct bulla_gbt hung(enum bulla_gbt_reading reading, enum bulla_gbt_cargo cargo, unsigned n_nodes)
{
    struct bulla_gbt record = blank(reading, cargo, n_nodes, ALL_RIGHTS);
    struct bulla_fault fault;
    assert_int_equal(bulla_gbt_put(&record, BULLA_GBT_SEAL_ID, 0, (struct bulla_bytes){seal_id, sizeof seal_id}, &fault), BULLA_OK);
    put(&record, BULLA_GBT_MADE, "20260101");
    put(&record, BULLA_GBT_MAKER, "123456789");
    put(&record, BULLA_GBT_TYPE, "43");
    put(&record, BULLA_GBT_CONTAINER, "CSQU3054383");
    put(&record, BULLA_GBT_SIZE_TYPE, "22G1");
    put(&record, BULLA_GBT_LENGTH, "20");
    put(&record, BULLA_GBT_TARE, "02300");
    put(&record, BULLA_GBT_RATED, "030480");
    put(&record, BULLA_GBT_OPERATOR, "COSCO");
    put(&record, BULLA_GBT_STATE, "Y");
    assert_int_equal(bulla_gbt_check(&record, &fault), BULLA_OK);
    record.rights = 0;
    return record;
}

static inline void assert_value(const struct bulla_gbt *record, enum bulla_gbt_field field, unsigned index, const char *expected)
{
    struct bulla_bytes value;
    struct bulla_fault fault;
    assert_int_equal(bulla_gbt_get(record, field, index, &value, &fault), BULLA_OK);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.len ? (const void *)value.at : expected, expected, value.len);
}

#endif
