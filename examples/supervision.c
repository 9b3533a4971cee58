/* SPDX-License-Identifier: Apache-2.0
 *
 * A supervision record with what is mandatory, written and read. For bulla/supervision.h
 *
 * prints: 61 bytes
 * prints: vehicle.plate KBX 123A
 * prints: cargo.type tea
 * prints: cargo.quantity 24000000
 * prints: cargo.unit KGM
 * prints: declaration.number 2026-77
 * prints: driver.nationality KE
 * prints: driver.name J. Kamau
 */
#include <bulla/supervision.h>
#include <stdio.h>

static struct bulla_supervision_item item(enum bulla_supervision_field field, const char *text)
{
    return (struct bulla_supervision_item){.field = (uint8_t)field, .value = {(const uint8_t *)text, bulla_length(text)}};
}

int main(void)
{
    struct bulla_supervision_item items[16] = {
        item(BULLA_SUPERVISION_PLATE, "KBX 123A"),
        item(BULLA_SUPERVISION_CARGO, "tea"),
        {.field = BULLA_SUPERVISION_QUANTITY, .number = 24000000}, /* thousandths: 24 t */
        item(BULLA_SUPERVISION_UNIT, "KGM"),
        item(BULLA_SUPERVISION_DECLARATION, "2026-77"),
        item(BULLA_SUPERVISION_NATIONALITY, "KE"),
        item(BULLA_SUPERVISION_DRIVER, "J. Kamau"),
    };
    struct bulla_fault fault;
    uint8_t bytes[1024];
    size_t len, n;
    if (bulla_supervision_encode(items, 7, bytes, sizeof bytes, &len, &fault) != BULLA_OK)
        return 1;
    printf("%zu bytes\n", len);
    if (bulla_supervision_decode((struct bulla_bytes){bytes, len}, items, 16, &n, &fault) != BULLA_OK)
        return 1;
    for (size_t i = 0; i < n; i++) {
        const struct bulla_supervision_about *about = &bulla_supervision_about[items[i].field];
        printf("%s.%s ", bulla_supervision_group_text(about->group), about->name);
        if (about->kind == BULLA_SUPERVISION_KIND_NUMBER)
            printf("%u\n", (unsigned)items[i].number);
        else
            printf("%.*s\n", (int)items[i].value.len, (const char *)items[i].value.at);
    }
    return 0;
}
