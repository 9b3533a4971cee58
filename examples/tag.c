/* SPDX-License-Identifier: Apache-2.0
 *
 * A tag is written; one bit of it rots. For bulla/tag.h bulla/crc.h
 *
 * prints: C-2026/77 on KBX 123A
 * prints: crc: expected the CRC of the bits before it
 */
#include <bulla/tag.h>
#include <stdio.h>

int main(void)
{
    struct bulla_tag tag = {"C-2026/77", "KBX 123A"}, got;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_TAG_SIZE];
    if (bulla_tag_encode(&tag, bytes, &fault) != BULLA_OK || bulla_tag_decode(bytes, &got, &fault) != BULLA_OK)
        return 1;
    printf("%s on %s\n", got.document, got.plate);
    bytes[5] ^= 0x10;
    if (bulla_tag_decode(bytes, &got, &fault) != BULLA_OK)
        printf("%s: expected %s\n", fault.field, fault.expected);
    return 0;
}
