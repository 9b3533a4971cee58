/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/seal_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/json.h"
#include "platform/model/digest.h"

#define SECTOR       4096
#define LOG_SECTORS  8
#define ZONE_SECTORS 4
#define FILE_SECTORS 16
#define CHIP_SECTORS (LOG_SECTORS + ZONE_SECTORS + FILE_SECTORS)
#define CHIP         (CHIP_SECTORS * SECTOR)
#define BODY         2 /* bytes behind the chip: shackle, lock */
#define FIRMWARE     0x00000100

/* ---- flash ---- */

static bool chip_read(void *context, uint32_t at, uint8_t *to, uint32_t n)
{
    const struct seal_device *device = context;
    return pread(device->fd, to, n, at) == (ssize_t)n;
}

static bool chip_program(void *context, uint32_t at, const uint8_t *from, uint32_t n)
{
    const struct seal_device *device = context;
    uint8_t bytes[256];
    for (uint32_t done = 0; done < n;) {
        uint32_t part = n - done < sizeof bytes ? n - done : (uint32_t)sizeof bytes;
        if (!chip_read(context, at + done, bytes, part)) {
            return false;
        }
        for (uint32_t i = 0; i < part; i++) {
            bytes[i] &= from[done + i];
        }
        if (pwrite(device->fd, bytes, part, at + done) != (ssize_t)part) {
            return false;
        }
        done += part;
    }
    return true;
}

static bool chip_erase(void *context, uint32_t sector)
{
    const struct seal_device *device = context;
    uint8_t bytes[SECTOR];
    memset(bytes, BULLA_FLASH_ERASED, sizeof bytes);
    return pwrite(device->fd, bytes, sizeof bytes, (off_t)sector * SECTOR) == (ssize_t)sizeof bytes;
}

static const struct bulla_flash_ops chip = {chip_read, chip_program, chip_erase};

/* ---- the board ---- */

static bool body_write(struct seal_device *device)
{
    const uint8_t body[BODY] = {device->out, device->locked};
    if (pwrite(device->fd, body, sizeof body, CHIP) == (ssize_t)sizeof body) {
        return true;
    }
    cli_say("memory: %s", strerror(errno));
    return false;
}

static bool board_random(void *context, uint8_t *to, size_t n)
{
    (void)context;
    return bulla_host_random_system.fill(bulla_host_random_system.context, to, n) == BULLA_OK;
}

static bool board_out(void *context)
{
    return ((struct seal_device *)context)->out;
}

static unsigned board_battery(void *context)
{
    return ((struct seal_device *)context)->battery;
}

static int32_t board_celsius(void *context)
{
    return ((struct seal_device *)context)->celsius_milli;
}

static struct bulla_spot board_position(void *context)
{
    return ((struct seal_device *)context)->spot;
}

static bool board_lock(void *context, bool locked)
{
    struct seal_device *device = context;
    if (device->locked == locked) {
        return true;
    }
    device->locked = locked;
    cli_json_print(json_pack("{s:s,s:b}", "event", "motor", "locked", locked));
    return body_write(device);
}

static void board_show(void *context, const uint8_t looks[BULLA_INDICATORS])
{
    json_t *lamps = json_object();
    (void)context;
    for (unsigned i = 0; i < BULLA_INDICATORS; i++) {
        json_object_set_new(lamps, bulla_indicator_text((enum bulla_indicator)i), json_string(bulla_look_text((enum bulla_look)looks[i])));
    }
    cli_json_print(json_pack("{s:s,s:o}", "event", "lamps", "lamps", lamps));
}

static void board_report(void *context, const struct bulla_seal_note *note)
{
    json_t *json = seal_note_json(note);
    (void)context;
    cli_json_print(json_pack("{s:s,s:o}", "event", "report", "what", json));
}

static void board_beep(void *context, unsigned times)
{
    (void)context;
    cli_json_print(json_pack("{s:s,s:i}", "event", "beep", "times", (int)times));
}

static const struct bulla_party *board_party(void *context)
{
    struct seal_device *device = context;
    return device->has_keys ? &device->keys.party : NULL;
}

/* The file of keys is its secure element: overwritten, then removed. */
static bool board_wipe(void *context)
{
    struct seal_device *device = context;
    struct stat about;
    bulla_wipe(&device->keys, sizeof device->keys);
    if (!device->has_keys) {
        return true;
    }
    device->has_keys = false;
    int fd = open(device->keys_path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        cli_say("%s: %s", device->keys_path, strerror(errno));
        return false;
    }
    for (off_t at = 0; at < about.st_size; at++) {
        if (pwrite(fd, "", 1, at) != 1) {
            break;
        }
    }
    bool good = fsync(fd) == 0;
    close(fd);
    return unlink(device->keys_path) == 0 && good;
}

static const struct bulla_seal_ops ops = {.random = board_random,
                                          .shackle_out = board_out,
                                          .battery = board_battery,
                                          .celsius_milli = board_celsius,
                                          .position = board_position,
                                          .lock = board_lock,
                                          .show = board_show,
                                          .report = board_report,
                                          .beep = board_beep,
                                          .party = board_party,
                                          .wipe_keys = board_wipe};

uint32_t seal_device_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    uint32_t hz = bulla_crystal_usual.hz;
    return (uint32_t)((uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec * hz / 1000000000);
}

/* ---- the memory ---- */

static bool fill_blank(struct seal_device *device)
{
    for (uint32_t i = 0; i < CHIP_SECTORS; i++) {
        if (!chip_erase(device, i)) {
            cli_say("memory: %s", strerror(errno));
            return false;
        }
    }
    return body_write(device);
}

static bool load_body(struct seal_device *device, const char *path, bool *blank)
{
    struct stat about;
    uint8_t body[BODY];
    if (fstat(device->fd, &about) != 0) {
        cli_say("%s: %s", path, strerror(errno));
        return false;
    }
    *blank = about.st_size < CHIP + BODY;
    if (about.st_size > CHIP + BODY) {
        cli_say("%s: expected the memory of a seal (%d bytes), got %lld bytes", path, CHIP + BODY, (long long)about.st_size);
        return false;
    }
    if (*blank) {
        return fill_blank(device); /* also one whose making was cut off */
    }
    if (pread(device->fd, body, sizeof body, CHIP) != (ssize_t)sizeof body) {
        cli_say("%s: %s", path, strerror(errno));
        return false;
    }
    device->out = body[0];
    device->locked = body[1];
    return true;
}

bool seal_device_open(struct seal_device *device, const char *path, bool *blank)
{
    struct bulla_flash all = {&chip, device, SECTOR, 0, CHIP_SECTORS};
    device->out = true;
    device->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (device->fd < 0) {
        cli_say("%s: %s", path, strerror(errno));
        return false;
    }
    if (flock(device->fd, LOCK_EX | LOCK_NB) != 0) {
        cli_say("%s: another process is this seal", path);
        close(device->fd);
        return false;
    }
    if (!load_body(device, path, blank)) {
        close(device->fd);
        return false;
    }
    device->board = (struct bulla_seal_board){.ops = &ops,
                                              .context = device,
                                              .log = bulla_flash_part(&all, 0, LOG_SECTORS),
                                              .zones = bulla_flash_part(&all, LOG_SECTORS, ZONE_SECTORS),
                                              .files = bulla_flash_part(&all, LOG_SECTORS + ZONE_SECTORS, FILE_SECTORS),
                                              .crystal = bulla_crystal_usual,
                                              .firmware = FIRMWARE,
                                              .digest = digest_find(BULLA_DIGEST_SHA256),
                                              .scratch = {device->chunk, sizeof device->chunk, device->digest_state}};
    return true;
}

void seal_device_close(struct seal_device *device)
{
    bulla_wipe(&device->keys, sizeof device->keys);
    close(device->fd);
}

bool seal_device_move(struct seal_device *device, bool out)
{
    device->out = out;
    return body_write(device);
}
