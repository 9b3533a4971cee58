/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a virtual seal: flash in a file, a shackle, a battery, a motor, as a board of bulla/seal.h. The file holds the chip's bytes
 * as they are, and behind them what is mechanical (shackle, lock): both are there when the process is killed.
 */
#ifndef CLI_SEAL_DEVICE_H
#define CLI_SEAL_DEVICE_H

#include <stddef.h>

#include "bulla/seal.h"
#include "cli/seal.h"

struct seal_device {
    int fd;
    bool out, locked;
    unsigned battery;
    int32_t celsius_milli;
    struct bulla_spot spot; /* of its own receiver */
    const char *keys_path;
    struct seal_key_file keys;
    bool has_keys;
    uint8_t chunk[4096];
    max_align_t digest_state[32];
    struct bulla_seal_board board;
    struct bulla_seal seal;
};

/* Opens the memory, made anew when it is not there; *blank: it was. False after telling stderr. */
bool seal_device_open(struct seal_device *device, const char *path, bool *blank);
void seal_device_close(struct seal_device *device);

/* Durable; false after telling stderr. */
bool seal_device_move(struct seal_device *device, bool out);

/* The crystal, counted since the machine started. */
uint32_t seal_device_now(void);

/* One line of words, as `cut` or `temperature 31.5`. What is wrong goes to stdout as JSON. False: power is off. */
bool seal_control(struct seal_device *device, char *line);

#endif
