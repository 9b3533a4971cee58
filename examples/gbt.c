/* SPDX-License-Identifier: Apache-2.0
 *
 * A record in memory: its container is written, it is closed, and it is read. For bulla/gbt.h
 *
 * prints: CSQU3054383 closed at 202602281200 in Ningbo
 * prints: container: expected an ISO 6346 number with its check digit
 */
#include <bulla/gbt.h>
#include <stdio.h>

static struct bulla_bytes text(const char *characters)
{
    return (struct bulla_bytes){(const uint8_t *)characters, bulla_length(characters)};
}

int main(void)
{
    static uint8_t bytes[BULLA_GBT_MANDATORY];
    struct bulla_gbt record;
    struct bulla_fault fault;
    struct bulla_bytes number, time, place;
    struct bulla_gbt_mark mark = {text("202602281200"), text("Ningbo"), text("R1"), text("GATE4")};
    if (bulla_gbt_over(bytes, sizeof bytes, BULLA_GBT_READING_RING, &record, &fault) != BULLA_OK)
        return 1;
    bulla_gbt_init(&record);
    if (bulla_gbt_put(&record, BULLA_GBT_CONTAINER, 0, text("CSQU3054383"), &fault) != BULLA_OK ||
        bulla_gbt_close(&record, &mark, &fault) != BULLA_OK ||
        bulla_gbt_get(&record, BULLA_GBT_CONTAINER, 0, &number, &fault) != BULLA_OK ||
        bulla_gbt_get(&record, BULLA_GBT_CLOSED_AT, 0, &time, &fault) != BULLA_OK ||
        bulla_gbt_get(&record, BULLA_GBT_CLOSED_PLACE, 0, &place, &fault) != BULLA_OK)
        return 1;
    printf("%.*s closed at %.*s in %.*s\n", (int)number.len, (const char *)number.at, (int)time.len, (const char *)time.at, (int)place.len,
           (const char *)place.at);
    if (bulla_gbt_put(&record, BULLA_GBT_CONTAINER, 0, text("CSQU3054384"), &fault) != BULLA_OK)
        printf("%s: expected %s\n", fault.field, fault.expected);
    return 0;
}
