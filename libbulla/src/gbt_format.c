/* SPDX-License-Identifier: Apache-2.0
 *
 * The formats of clause 5.2.3 of GB/T 23678, one of which is not that of table A.1.
 */
#include "bulla/gbt.h"

static const char *const names[] = {
#define X(format, number, name, meaning) [number] = name,
    BULLA_GBT_FORMAT_TABLE(X)
#undef X
};

#define FORMATS (sizeof names / sizeof *names)

const char *bulla_gbt_format_text(unsigned format)
{
    return format < FORMATS ? names[format] : "unknown";
}

int bulla_gbt_format_from(const char *text)
{
    for (unsigned format = 0; format < FORMATS; format++)
        if (bulla_text_is(names[format], text))
            return (int)format;
    return -1;
}

enum bulla_status bulla_gbt_select(uint8_t *at, size_t len, enum bulla_gbt_reading reading, enum bulla_gbt_format format,
                                   struct bulla_gbt *record, struct bulla_fault *fault)
{
    struct bulla_gbt got;
    if (format > BULLA_GBT_FORMAT_FOREIGN)
        return bulla_fault_set(fault, BULLA_REFUSED, "format", "one of clause 5.2.3", 0);
    if (len < BULLA_GBT_MANDATORY || (format != BULLA_GBT_FORMAT_SEAL && len == BULLA_GBT_MANDATORY))
        return bulla_fault_set(fault, BULLA_MORE, "record", "the 366 bytes of the mandatory fields, and what this format has behind them",
                               len);
    if (format == BULLA_GBT_FORMAT_SEAL && len > BULLA_GBT_MANDATORY)
        return bulla_fault_set(fault, BULLA_REFUSED, "record", "the 366 bytes of the mandatory fields alone", len);
    enum bulla_status status = format == BULLA_GBT_FORMAT_ANNEX_A ? bulla_gbt_over(at, len, reading, &got, fault)
                                                                  : bulla_gbt_with(at, len, reading, BULLA_GBT_CARGO_NONE, 0, &got, fault);
    if (status != BULLA_OK)
        return status;
    got.foreign = format == BULLA_GBT_FORMAT_FOREIGN;
    *record = got;
    return BULLA_OK;
}

enum bulla_gbt_format bulla_gbt_format(const struct bulla_gbt *record)
{
    if (record->foreign)
        return BULLA_GBT_FORMAT_FOREIGN;
    return record->len == BULLA_GBT_MANDATORY ? BULLA_GBT_FORMAT_SEAL : BULLA_GBT_FORMAT_ANNEX_A;
}

static enum bulla_status allowed(const struct bulla_gbt *record, struct bulla_fault *fault)
{
    if (!record->foreign)
        return bulla_fault_set(fault, BULLA_REFUSED, "cargo", "a record with cargo in another format", BULLA_GBT_MANDATORY);
    if (!(record->rights & BULLA_GBT_RIGHT_CARGO))
        return bulla_fault_set(fault, BULLA_REFUSED, "cargo", "the security code of the cargo first", BULLA_GBT_MANDATORY);
    return BULLA_OK;
}

enum bulla_status bulla_gbt_foreign_get(const struct bulla_gbt *record, struct bulla_bytes *cargo, struct bulla_fault *fault)
{
    enum bulla_status status = allowed(record, fault);
    if (status == BULLA_OK)
        *cargo = (struct bulla_bytes){record->at + BULLA_GBT_MANDATORY, record->len - BULLA_GBT_MANDATORY};
    return status;
}

enum bulla_status bulla_gbt_foreign_put(struct bulla_gbt *record, struct bulla_bytes cargo, struct bulla_fault *fault)
{
    enum bulla_status status = allowed(record, fault);
    if (status == BULLA_OK && cargo.len != record->len - BULLA_GBT_MANDATORY)
        status = bulla_fault_set(fault, BULLA_REFUSED, "cargo", "as many bytes as the record has room for", BULLA_GBT_MANDATORY);
    if (status == BULLA_OK)
        bulla_copy(record->at + BULLA_GBT_MANDATORY, cargo.at, cargo.len);
    return status;
}
