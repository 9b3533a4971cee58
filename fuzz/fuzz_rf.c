/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio on hostile samples: the first bytes choose format, rate and settings, and a part of the input is laid over a frame that
 * a transmitter made, so that what is behind the preamble is reached too. Also the runs of bulla/air.h, the bits of bulla/packet.h, and
 * names of files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/packet.h"
#include "reader/modem/link.h"

#define SAMPLES 12000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_frame(void *user, const struct modem_frame *f)
{
    (void)user;
    promise(f->n >= 1 && f->n <= BULLA_FRAME_MAX, "a frame has 1 to 255 bytes");
    promise((f->crc == MODEM_CRC_BAD) == (f->start == 0), "a good frame has a start, a bad one none");
    promise(f->crc != MODEM_CRC_CORRECTED || (f->corrected >= 1 && f->corrected <= 4), "what is corrected has bits that were turned");
    promise(f->t_s > -1 && f->t_s < 1e6, "a frame has a time");
    promise(f->ebn0_db > -200 && f->ebn0_db < 200 && f->level_db > -400 && f->level_db < 400, "levels are numbers");
}

static void listen(const uint8_t *data, size_t n)
{
    struct bulla_air_receiver receiver;
    struct bulla_packet_receiver packets;
    struct bulla_bytes frame;
    bulla_air_listen(&receiver, n % 2);
    bulla_packet_listen(&packets);
    for (size_t i = 0; i < 8 * n; i++)
        if (bulla_packet_hear(&packets, data[i / 8] >> (7 - i % 8) & 1, &frame) == BULLA_OK)
            promise(frame.len >= 1 && frame.len <= BULLA_PACKET_PAYLOAD_MAX, "a packet has 1 to 255 bytes");
    for (size_t i = 0; i + 1 < n; i += 2) {
        struct bulla_air_run run = {i / 2 % 2, (uint32_t)(data[i] << 8 | data[i + 1]) * 16u};
        if (bulla_air_hear(&receiver, run, &frame) == BULLA_OK)
            promise(frame.len >= 1 && frame.len <= BULLA_FRAME_MAX, "a heard frame has 1 to 255 bytes");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static float iq[2 * SAMPLES];
    static uint8_t bytes[8 * SAMPLES];
    if (n < 8)
        return 0;
    listen(data, n);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n : 60), (const char *)data);
    (void)modem_name_read(name);
    static const double rates[] = {400e3, 850e3, 1e6, 2.4e6};
    const struct modem_link *link = &modem_links[(data[2] >> 1) % modem_n_links];
    struct modem_settings settings = {.link = link,
                                      .format = (enum modem_format)(data[0] % MODEM_FORMATS),
                                      .rate_hz = rates[data[0] >> 2 & 3],
                                      .stop_bit = data[0] >> 4 & 1,
                                      .no_correction = data[0] >> 5 & 1,
                                      .start = (enum bulla_start)(1 + (data[0] >> 6) % 3),
                                      .on_frame = check_frame};
    size_t size = modem_format_size(settings.format), n_frame = 1 + data[1] % 40u;
    n_frame = n_frame < n - 2 ? n_frame : n - 2;
    struct modem_wave wave = {.link = link,
                              .to_seal = data[2] & 1,
                              .bytes = {data + 2, n_frame},
                              .stop_bit = settings.stop_bit,
                              .offset_hz = (data[3] - 128) * 700.0,
                              .clock = 1 + (data[4] - 128) / 2500.0,
                              .ramp_s = data[5] * 4e-6,
                              .amplitude = 0.5};
    memset(iq, 0, sizeof iq);
    modem_wave_add(&wave, settings.rate_hz, 1500, iq, SAMPLES);
    modem_format_put(settings.format, bytes, iq, SAMPLES);
    size_t at = (size_t)data[6] * 64 * size;
    for (size_t i = 8; i < n && at < size * SAMPLES; i++, at++)
        bytes[at] ^= data[i];
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    if (receiver) {
        modem_receiver_feed(receiver, bytes, size * SAMPLES - data[7]);
        modem_receiver_end(receiver);
    }
    modem_receiver_free(receiver);
    return 0;
}
