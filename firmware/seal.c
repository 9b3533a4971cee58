/* SPDX-License-Identifier: Apache-2.0
 *
 * One loop: bytes of readers become frames and answers, bytes of the bench become events, and time goes by.
 */
#include "firmware/seal.h"

#include "firmware/board.h"
#include "firmware/chip.h"
#include "firmware/line.h"

#define FIRMWARE 0x00000100

static struct firmware firmware;
static struct line line;
static struct bulla_seal_reply reply; /* one at a time: a line carries one answer, and who asks again waits no more for the last */

/* ---- the board, as bulla/seal.h wants it ---- */

static bool shackle_out(void *context)
{
    (void)context;
    return board_body_get().out;
}

static unsigned battery(void *context)
{
    return ((const struct firmware *)context)->readings.battery;
}

static int32_t celsius_milli(void *context)
{
    return ((const struct firmware *)context)->readings.celsius_milli;
}

static bool lock(void *context, bool locked)
{
    struct board_body body = board_body_get();
    (void)context;
    if (body.locked == locked)
        return true;
    body.locked = locked;
    board_body_put(body);
    bench_say("motor", locked ? "locked" : "unlocked", NULL);
    return true;
}

static void beep(void *context, unsigned times)
{
    (void)context;
    bench_say_number("beep", times, 0);
}

static const struct bulla_seal_ops ops = {
    .random = board_random, .shackle_out = shackle_out, .battery = battery, .celsius_milli = celsius_milli, .lock = lock, .beep = beep};

static struct bulla_seal_board board;

static void board_fill(void)
{
    board = (struct bulla_seal_board){.ops = &ops,
                                      .context = &firmware,
                                      .log = bulla_flash_part(&board_flash, CHIP_LOG_FIRST, CHIP_LOG_N),
                                      .zones = bulla_flash_part(&board_flash, CHIP_ZONES_FIRST, CHIP_ZONES_N),
                                      .files = bulla_flash_part(&board_flash, CHIP_FILES_FIRST, CHIP_FILES_N),
                                      .crystal = board_crystal,
                                      .firmware = FIRMWARE};
}

/* ---- talk ---- */

void seal_tell(struct firmware *f)
{
    const struct bulla_seal *seal = &f->seal;
    if (f->told == seal->events)
        return;
    f->told = seal->events;
    bench_say(bulla_on_text(seal->note.on), bulla_device_state_text(seal->note.state), bulla_shows_text(bulla_device_shows(&seal->device)));
}

static void hear(size_t n)
{
    bulla_seal_hear(&firmware.seal, (struct bulla_bytes){line.bytes, n}, board_now(), &reply);
    uint32_t wait_us = reply.slot ? (reply.slot - 1u) * BULLA_LINK_SLOT_US : 0;
    firmware.send_ms = bulla_seal_running_ms(&firmware.seal) + wait_us / 1000;
    line_drop(&line, n);
    seal_tell(&firmware);
}

static void send_due(uint64_t now_ms)
{
    if (reply.n && now_ms >= firmware.send_ms) {
        board_put(BOARD_LINK, (struct bulla_bytes){reply.bytes, reply.n});
        reply.n = 0;
    }
}

/* The running time goes on with each turn, frame and event; between them a turn is at most BULLA_SEAL_TURN_MS away. */
static void go(void)
{
    uint32_t wait_ms = 0, turned = board_now();
    while (!firmware.off) {
        uint8_t byte;
        uint32_t now = board_now();
        if ((uint32_t)(now - turned) / (board_crystal.hz / 1000) >= wait_ms) {
            turned = now;
            wait_ms = bulla_seal_turn(&firmware.seal, now);
            seal_tell(&firmware);
        }
        uint64_t now_ms = bulla_seal_running_ms(&firmware.seal) + (uint32_t)(now - firmware.seal.counter) / (board_crystal.hz / 1000);
        while (board_take(BOARD_LINK, &byte)) {
            size_t n = line_put(&line, byte, now_ms);
            if (n)
                hear(n);
        }
        while (!firmware.off && board_take(BOARD_BENCH, &byte)) {
            bench_take(&firmware, byte);
            wait_ms = 0; /* what it measures may be another now */
        }
        send_due(now_ms);
        board_idle();
    }
}

int main(void)
{
    struct bulla_seal_make make;
    board_init();
    firmware.readings.battery = 100;
    firmware.readings.celsius_milli = 20000;
    board_fill();
    bool made = chip_factory(&board_flash, &make);
    enum bulla_status status = bulla_seal_start(&firmware.seal, &board, made ? &make : NULL, board_now());
    bench_say("start", status == BULLA_OK ? bulla_device_state_text(firmware.seal.device.state) : bulla_status_text(status), NULL);
    firmware.told = firmware.seal.events;
    if (status == BULLA_OK)
        go();
    for (;;)
        board_idle();
}
