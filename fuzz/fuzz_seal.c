/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal that runs, and a reader's half of the link. The first byte chooses the profile and whether the seal was made with keys; then come
 * pieces: an event, waiting, or a frame whose CRC is made right. It is never held up, an answer is always a frame of this
 * seal, and where bare frames may change nothing they do not. Messages are decoded and encoded again, to the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/seal.h"

enum { SECTOR = 1024, LOG = 4, ZONES = 8, FILES = 2, CHIP = (LOG + ZONES + FILES) * SECTOR };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t chip[CHIP];
static bool out;

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static bool chip_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    (void)context;
    promise(at <= CHIP && n <= CHIP - at, "reads are inside the chip");
    memcpy(to, chip + at, n);
    return true;
}

static bool chip_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    (void)context;
    promise(at <= CHIP && n <= CHIP - at && at % 8 == 0 && n % 8 == 0, "programs are whole words inside the chip");
    for (uint32_t i = 0; i < n; i++) {
        promise(chip[at + i] == 0xFF, "what is programmed is blank");
        chip[at + i] = from[i];
    }
    return true;
}

static bool chip_erase(void *context, uint32_t sector)
{
    (void)context;
    promise(sector < CHIP / SECTOR, "erases are inside the chip");
    memset(chip + sector * SECTOR, 0xFF, SECTOR);
    return true;
}

static bool board_random(void *context, uint8_t *to, size_t n)
{
    (void)context;
    memset(to, 0x5A, n);
    return true;
}

static bool board_out(void *context)
{
    (void)context;
    return out;
}

static const struct bulla_flash_ops flash = {chip_read, chip_program, chip_erase};
static const struct bulla_seal_ops ops = {.random = board_random, .shackle_out = board_out};

static void hear(struct bulla_seal *seal, struct bulla_frame frame, uint32_t now)
{
    uint8_t bytes[BULLA_FRAME_MAX];
    size_t n;
    struct bulla_fault fault;
    struct bulla_seal_reply reply;
    const struct bulla_device before = seal->device;
    if (bulla_frame_encode_to_seal(&frame, bytes, sizeof bytes, &n, &fault) != BULLA_OK) {
        return;
    }
    bulla_seal_hear(seal, (struct bulla_bytes){bytes, n}, now, &reply);
    promise(bulla_device_valid(&seal->device), "the device is one that can be");
    promise(!seal->proven || frame.code == BULLA_ORDER_FLIGHT_END ||
                (before.state == seal->device.state && before.modes == seal->device.modes),
            "bare frames change nothing");
    if (reply.n) {
        struct bulla_frame answer;
        promise(bulla_frame_decode_from_seal((struct bulla_bytes){reply.bytes, reply.n}, BULLA_START_FFFF, &answer, &fault) == BULLA_OK,
                "an answer is a frame");
        promise(answer.address.serial == seal->address.serial && answer.code == frame.code, "of this seal, to this order");
        struct bulla_link_message m;
        promise(answer.status & BULLA_REPLY_REFUSED ||
                    bulla_link_decode(answer.code, BULLA_PART_ANSWER, answer.data, &m, &fault) == BULLA_OK,
                "which its table can read");
    }
}

static void there_and_back(unsigned code, struct bulla_bytes data)
{
    for (unsigned part = BULLA_PART_ASK; part <= BULLA_PART_ANSWER; part++) {
        struct bulla_link_message m;
        struct bulla_fault fault;
        uint8_t again[BULLA_FRAME_MAX];
        size_t n;
        if (bulla_link_decode(code, (enum bulla_part)part, data, &m, &fault) == BULLA_OK) {
            promise(bulla_link_encode(&m, again, sizeof again, &n, &fault) == BULLA_OK && n == data.len && memcmp(again, data.at, n) == 0,
                    "what is decoded is encoded to the same");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct bulla_seal seal;
    const struct bulla_flash all = {&flash, NULL, SECTOR, 0, LOG + ZONES + FILES};
    const struct bulla_seal_board board = {.ops = &ops,
                                           .log = bulla_flash_part(&all, 0, LOG),
                                           .zones = bulla_flash_part(&all, LOG, ZONES),
                                           .files = bulla_flash_part(&all, LOG + ZONES, FILES),
                                           .crystal = bulla_crystal_usual};
    uint32_t now = 0;
    if (n < 1) {
        return 0;
    }
    const struct bulla_seal_make make = {.profile = (uint8_t)(1 + data[0] % BULLA_PROFILES), .address = {1, 2}, .proven = data[0] & 0x80};
    memset(chip, 0xFF, sizeof chip);
    out = true;
    promise(bulla_seal_start(&seal, &board, &make, now) == BULLA_OK, "a new seal starts");
    for (size_t at = 1; at + 2 <= n && at < 2000;) {
        uint8_t what = data[at], size = data[at + 1];
        at += 2;
        size_t len = size < n - at ? size : n - at;
        if (what == 0xFF) {
            out = size & 1;
            const struct bulla_seal_event event = {.on = (uint8_t)(size >> 1), .surface = 0};
            promise(bulla_seal_event(&seal, &event, now) != BULLA_FAILED, "an event does not fail where flash does not");
        } else if (what == 0xFE) {
            now += size * 3276800u;
            promise(bulla_seal_turn(&seal, now) > 0, "there is a next turn");
        } else if (what == 0xFD) {
            promise(bulla_seal_start(&seal, &board, NULL, now) == BULLA_OK, "it starts again");
        } else {
            there_and_back(what, (struct bulla_bytes){data + at, len});
            hear(&seal,
                 (struct bulla_frame){
                     .to_all = what & 1 && size & 1, .start = BULLA_START_FFFF, .code = what, .address = {1, 2}, .data = {data + at, len}},
                 now);
            at += len;
        }
    }
    return 0;
}
