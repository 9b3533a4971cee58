/* SPDX-License-Identifier: Apache-2.0
 *
 * The ISO/DIS 18185 block: data[0] chooses reading and CRC start, the rest is a chain; as it came, and with its CRCs made
 * right. What is read is written again to the same bytes, or refused; what is refused touches nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/block.h"
#include "bulla/crc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_chain(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start start)
{
    struct bulla_chain chain, before;
    struct bulla_fault fault = {0};
    uint8_t again[BULLA_CHAIN_SIZE];
    size_t n = 0;
    memset(&chain, 0x5A, sizeof chain);
    memcpy(&before, &chain, sizeof before);
    if (bulla_chain_decode(bytes, reading, start, &chain, &fault) != BULLA_OK) {
        promise(memcmp(&chain, &before, sizeof chain) == 0, "a refused chain touches nothing");
        promise(fault.field && fault.expected && fault.at <= 8 * bytes.len, "a fault has a name and a place");
        return;
    }
    enum bulla_evidence evidence = bulla_block_judge(&chain.block, chain.block.extended ? &chain.extension : NULL, 0x1234);
    promise(strcmp(bulla_evidence_text(evidence), "unknown") != 0, "evidence has a word");
    if (bulla_chain_encode(&chain, again, &n, &fault) == BULLA_OK) {
        promise(n == bytes.len && memcmp(again, bytes.at, n) == 0, "what was read is written to the same bytes");
    } else {
        bool remarked = bulla_block_remarks(&chain.block) & (BULLA_BLOCK_SPARE_SET | BULLA_BLOCK_CONTAINER_WRONG);
        promise(remarked || strcmp(fault.field, "spare") == 0, "what is not written again has a remark");
    }
}

static void put_crc(uint8_t *block, size_t n)
{
    uint16_t crc = bulla_crc16(BULLA_CRC_FFFF, (struct bulla_bytes){block, n - 2});
    block[n - 2] = (uint8_t)(crc >> 8);
    block[n - 1] = (uint8_t)crc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t bytes[BULLA_CHAIN_SIZE + BULLA_BLOCK_SIZE];
    if (n < 1)
        return 0;
    enum bulla_reading reading = data[0] & 1 ? BULLA_READING_CLAUSES : BULLA_READING_TABLE;
    enum bulla_start start = (enum bulla_start)(1 + (data[0] >> 1) % 3);
    check_chain((struct bulla_bytes){data + 1, n - 1}, reading, start);
    n = n - 1 < sizeof bytes ? n - 1 : sizeof bytes;
    memcpy(bytes, data + 1, n);
    for (size_t at = 0, size = bulla_block_size(reading); at + size <= n; at += size, size = BULLA_BLOCK_SIZE)
        put_crc(bytes + at, size);
    check_chain((struct bulla_bytes){bytes, n}, reading, BULLA_START_ANY);
    return 0;
}
