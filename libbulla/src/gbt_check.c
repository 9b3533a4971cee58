/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole record of GB/T 23678: every field, then what fields have to do with each other, one rule a function.
 */
#include "bulla/gbt.h"

struct rules {
    struct bulla_gbt record; /* with the right to look at everything */
    struct bulla_fault *fault;
};

static enum bulla_status every_value(const struct rules *r)
{
    for (unsigned field = 0; field < BULLA_GBT_FIELDS; field++)
        for (unsigned i = 0; i < bulla_gbt_count(&r->record, (enum bulla_gbt_field)field); i++) {
            struct bulla_bytes value;
            enum bulla_status status = bulla_gbt_get(&r->record, (enum bulla_gbt_field)field, i, &value, r->fault);
            if (status != BULLA_OK)
                return status;
        }
    return BULLA_OK;
}

/* What follows comes after every_value(): a value that is there can be got. */
static struct bulla_bytes value_of(const struct rules *r, enum bulla_gbt_field field, unsigned index)
{
    struct bulla_bytes value = {NULL, 0};
    return bulla_gbt_get(&r->record, field, index, &value, r->fault) == BULLA_OK ? value : (struct bulla_bytes){NULL, 0};
}

static bool given(const struct rules *r, enum bulla_gbt_field field, unsigned index)
{
    return value_of(r, field, index).len > 0;
}

static enum bulla_status insane(const struct rules *r, enum bulla_gbt_field field, unsigned index, const char *expected)
{
    return bulla_fault_set(r->fault, BULLA_INSANE, bulla_gbt_about[field].name, expected, bulla_gbt_at(&r->record, field, index));
}

static enum bulla_status inherent_is_given(const struct rules *r)
{
    for (unsigned field = BULLA_GBT_SEAL_ID; field <= BULLA_GBT_TYPE; field++)
        if (!given(r, (enum bulla_gbt_field)field, 0))
            return insane(r, (enum bulla_gbt_field)field, 0, "a value: inherent fields are mandatory");
    return BULLA_OK;
}

/* Container and state are there during a trip, and blank between trips. */
static enum bulla_status container_is_whole(const struct rules *r)
{
    unsigned n = 0;
    for (unsigned field = BULLA_GBT_CONTAINER; field <= BULLA_GBT_STATE; field++)
        n += given(r, (enum bulla_gbt_field)field, 0);
    for (unsigned field = BULLA_GBT_CONTAINER; n > 0 && field <= BULLA_GBT_STATE; field++)
        if (!given(r, (enum bulla_gbt_field)field, 0))
            return insane(r, (enum bulla_gbt_field)field, 0, "a value: all of the container and the state, or none");
    return BULLA_OK;
}

static enum bulla_status masses_agree(const struct rules *r)
{
    int32_t tare = bulla_gbt_number(value_of(r, BULLA_GBT_TARE, 0)), rated = bulla_gbt_number(value_of(r, BULLA_GBT_RATED, 0));
    return rated < tare ? insane(r, BULLA_GBT_RATED, 0, "at least the tare") : BULLA_OK;
}

/* Some lengths of ISO 6346 are no whole number of feet: then nothing is said. */
static enum bulla_status length_agrees(const struct rules *r)
{
    struct bulla_size_type size_type = {0};
    struct bulla_bytes code = value_of(r, BULLA_GBT_SIZE_TYPE, 0);
    if (bulla_size_type_decode(code, &size_type, r->fault) != BULLA_OK || size_type.length_ft == 0)
        return BULLA_OK;
    return bulla_gbt_number(value_of(r, BULLA_GBT_LENGTH, 0)) == size_type.length_ft
               ? BULLA_OK
               : insane(r, BULLA_GBT_LENGTH, 0, "the length of the size and type code");
}

/* The same moment with and without seconds has the same first twelve digits; 12 digits count as 00 seconds. */
static int compare_times(struct bulla_bytes a, struct bulla_bytes b)
{
    int order = bulla_compare(a.at, b.at, 12);
    for (unsigned i = 12; order == 0 && i < 14; i++)
        order = (a.len > i ? a.at[i] : '0') - (b.len > i ? b.at[i] : '0');
    return order;
}

static enum bulla_status ring_is_in_order(const struct rules *r, enum bulla_gbt_field times)
{
    enum bulla_gbt_field places = (enum bulla_gbt_field)(times + 1);
    for (unsigned i = 0; i < bulla_gbt_count(&r->record, times); i++) {
        if (given(r, places, i) && !given(r, times, i))
            return insane(r, times, i, "the time that belongs to the place");
        if (i == 0 || !given(r, times, i))
            continue;
        if (!given(r, times, i - 1))
            return insane(r, times, i - 1, "a time: the newest comes first");
        if (compare_times(value_of(r, times, i - 1), value_of(r, times, i)) < 0)
            return insane(r, times, i, "a time that is not later than the one before it");
    }
    return BULLA_OK;
}

static enum bulla_status closings_are_in_order(const struct rules *r)
{
    return ring_is_in_order(r, BULLA_GBT_CLOSED_AT);
}

static enum bulla_status openings_are_in_order(const struct rules *r)
{
    return ring_is_in_order(r, BULLA_GBT_OPENED_AT);
}

/* A refrigerated cargo is kept between -100 and 100 degrees Celsius. */
static enum bulla_status temperature_has_its_unit(const struct rules *r)
{
    struct bulla_bytes value = value_of(r, BULLA_GBT_TEMPERATURE, 0), unit = value_of(r, BULLA_GBT_UNIT, 0);
    if (value.len == 0 && unit.len == 0)
        return BULLA_OK;
    if (value.len == 0)
        return insane(r, BULLA_GBT_TEMPERATURE, 0, "the temperature that belongs to the unit");
    if (unit.len == 0)
        return insane(r, BULLA_GBT_UNIT, 0, "the unit of the temperature");
    bool fahrenheit = unit.at[0] == 'F';
    int32_t temperature = bulla_gbt_number(value);
    if (temperature < (fahrenheit ? -148 : -100) || temperature > (fahrenheit ? 212 : 100))
        return insane(r, BULLA_GBT_TEMPERATURE, 0, "-100 to 100 degrees Celsius, or -148 to 212 Fahrenheit");
    return BULLA_OK;
}

static enum bulla_status nodes_are_whole(const struct rules *r)
{
    for (unsigned i = 0; i < r->record.n_nodes; i++) {
        bool any = false;
        for (unsigned field = BULLA_GBT_NODE; field <= BULLA_GBT_NODE_BY; field++)
            any |= given(r, (enum bulla_gbt_field)field, i);
        if (any && !given(r, BULLA_GBT_NODE, i))
            return insane(r, BULLA_GBT_NODE, i, "the point of the process");
        if (any && !given(r, BULLA_GBT_NODE_AT, i))
            return insane(r, BULLA_GBT_NODE_AT, i, "the time of the node");
    }
    return BULLA_OK;
}

enum bulla_status bulla_gbt_check(const struct bulla_gbt *record, struct bulla_fault *fault)
{
    static enum bulla_status (*const rules[])(const struct rules *) = {
        every_value,           inherent_is_given,     container_is_whole,       masses_agree,    length_agrees,
        closings_are_in_order, openings_are_in_order, temperature_has_its_unit, nodes_are_whole,
    };
    struct bulla_fault found;
    struct rules r = {*record, &found};
    r.record.rights = BULLA_GBT_RIGHT_CARGO;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        enum bulla_status status = rules[i](&r);
        if (status != BULLA_OK) {
            *fault = found;
            return status;
        }
    }
    return BULLA_OK;
}
