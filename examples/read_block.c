/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal says of itself, from the 128 bits that came over the air. For bulla/block.h bulla/bytes.h bulla/fault.h
 * bulla/status.h
 *
 * prints: seal ABC1234567 on MSKU9070323 is secure
 */
#include <bulla/block.h>
#include <stdio.h>

int main(void)
{
    uint8_t bytes[BULLA_BLOCK_SIZE];
    struct bulla_block block;
    struct bulla_fault fault;
    if (!bulla_hex_get(bytes, "1ca82218004b5a1db35d6299bcc07809", sizeof bytes))
        return 2;
    struct bulla_bytes view = {bytes, sizeof bytes};
    enum bulla_status status = bulla_block_decode(view, BULLA_READING_TABLE, BULLA_START_ANY, &block, &fault);
    if (status != BULLA_OK) {
        printf("%s, bit %u: expected %s (%s)\n", fault.field, (unsigned)fault.at, fault.expected, bulla_status_text(status));
        return 1;
    }
    printf("seal %s%u on %s is %s\n", block.alpha, (unsigned)block.number, block.container, block.secure ? "secure" : "tampered with");
    return 0;
}
