/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal says to all: the chain of ISO/DIS 18185, made of what it is, how it is and what the reader wrote into it.
 */
#include "libbulla/src/seal_inside.h"

#define MAKER_MASK 0xFFu

/* The container number that the reader wrote: beside the random value, or into the record of GB/T 23678. Blank: "". */
static enum bulla_status container_of(const struct bulla_seal *seal, char container[BULLA_CONTAINER_LENGTH + 1])
{
    static const uint8_t areas[] = {BULLA_AREA_LABEL, BULLA_AREA_CONTAINER};
    enum bulla_status status = BULLA_OK;
    for (size_t i = 0; i < sizeof areas && status == BULLA_OK; i++) {
        uint8_t bytes[BULLA_CONTAINER_LENGTH];
        status = bulla_zones_read(&seal->zones, areas[i], 0, bytes, sizeof bytes);
        bulla_copy(container, bytes, sizeof bytes);
        container[BULLA_CONTAINER_LENGTH] = '\0';
        if (status == BULLA_OK && bytes[0] > ' ')
            return BULLA_OK;
    }
    container[0] = '\0';
    return status;
}

static enum bulla_status random_of(const struct bulla_seal *seal, uint16_t *random)
{
    uint8_t bytes[2];
    enum bulla_status status = bulla_zones_read(&seal->zones, BULLA_AREA_LABEL, BULLA_CONTAINER_LENGTH, bytes, sizeof bytes);
    *random = (uint16_t)((unsigned)bytes[0] << 8 | bytes[1]);
    return status;
}

/* A random value is shown beside "secure", which it proves, and beside "tampered with", where it is cleared; before that it
 * would say more than the seal can. A number that is none (nobody checks what a reader writes) is left out. */
enum bulla_status bulla_seal_block(const struct bulla_seal *seal, uint8_t bytes[BULLA_CHAIN_SIZE], size_t *n)
{
    enum bulla_shows shows = bulla_device_shows(&seal->device);
    uint32_t has = bulla_profile_row(seal->device.profile)->has;
    struct bulla_chain chain = {.block = {.start = BULLA_START_FFFF, .number = seal->address.serial & BULLA_BLOCK_NUMBER_MAX}};
    struct bulla_block *block = &chain.block;
    struct bulla_fault fault;
    block->battery_good = !(seal->device.modes & BULLA_MODE(LOW));
    block->secure = shows == BULLA_SHOWS_SECURE;
    block->maker = (uint8_t)(seal->address.maker & MAKER_MASK);
    block->extended = has & BULLA_TRAIT_BIT(BULLA_TRAIT_RANDOM) && (block->secure || shows == BULLA_SHOWS_TAMPERED);
    bulla_copy(block->alpha, seal->alpha, sizeof seal->alpha);
    if (container_of(seal, block->container) != BULLA_OK || random_of(seal, &chain.extension.random) != BULLA_OK)
        return BULLA_FAILED;
    if (bulla_chain_encode(&chain, bytes, n, &fault) == BULLA_OK)
        return BULLA_OK;
    block->container[0] = '\0';
    block->alpha[0] = '\0';
    return bulla_chain_encode(&chain, bytes, n, &fault);
}
