/* SPDX-License-Identifier: Apache-2.0
 *
 * A file comes in chunks; one is lost, one comes twice. For bulla/attachment.h bulla/digest.h
 *
 * prints: at 0: ok
 * prints: at 16: refused, go on from 8
 * prints: at 0: ok
 * prints: 8 of 20 bytes
 */
#include <bulla/attachment.h>
#include <stdio.h>
#include <string.h>

static uint8_t stored[20];

static bool write_stored(void *context, uint32_t offset, struct bulla_bytes bytes)
{
    memcpy((uint8_t *)context + offset, bytes.at, bytes.len);
    return true;
}

static bool read_stored(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    memcpy(to, (uint8_t *)context + offset, n);
    return true;
}

int main(void)
{
    struct bulla_attachment about = {.decides = BULLA_DIGEST_SHA256, .size = sizeof stored, .name = "manifest.pdf"};
    struct bulla_transfer transfer = bulla_transfer_of(&about);
    struct bulla_medium medium = {stored, write_stored, read_stored};
    struct bulla_bytes chunk = {(const uint8_t *)"%PDF-1.4", 8};
    struct bulla_fault fault;
    printf("at 0: %s\n", bulla_status_text(bulla_transfer_take(&transfer, 0, chunk, &medium, &fault)));
    enum bulla_status status = bulla_transfer_take(&transfer, 16, (struct bulla_bytes){chunk.at, 4}, &medium, &fault);
    printf("at 16: %s, go on from %u\n", bulla_status_text(status), (unsigned)fault.at);
    printf("at 0: %s\n", bulla_status_text(bulla_transfer_take(&transfer, 0, chunk, &medium, &fault)));
    printf("%u of %u bytes\n", (unsigned)transfer.received, (unsigned)about.size);
    return 0;
}
