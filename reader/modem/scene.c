/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/scene.h"

#include <string.h>

#include "bulla/container.h"

#define SIGNAL_MOST 0.5f /* of full scale */
#define NOISE_MOST  0.2f

void modem_scene_levels(const struct modem_scene *scene, float *amplitude, float *sigma)
{
    /* A carrier of amplitude 1 has the energy bit_s in a bit; N0 times the rate is the noise of a sample, half of it in either part. */
    const struct modem_wave any = {0};
    double bit_s = scene->bit_s > 0 ? scene->bit_s : modem_wave_bit_s(scene->n_frames > 0 ? &scene->frames[0].wave : &any);
    float noise = isinf(scene->ebn0_db) ? 0 : (float)sqrt(bit_s * scene->rate_hz / pow(10, scene->ebn0_db / 10) / 2);
    float scale = noise * SIGNAL_MOST > NOISE_MOST ? NOISE_MOST / noise : SIGNAL_MOST;
    *amplitude = scale;
    *sigma = noise * scale;
}

static void begin(struct modem_scene *s)
{
    modem_scene_levels(s, &s->amplitude, &s->sigma);
    s->random = (struct modem_random){.state = s->seed};
    s->begun = true;
}

static void add_frames(struct modem_scene *s, float *iq, size_t n)
{
    for (size_t i = s->current; i < s->n_frames; i++) {
        struct modem_scene_frame *frame = &s->frames[i];
        frame->wave.bytes = (struct bulla_bytes){frame->bytes, frame->n};
        double edge = frame->at_s * s->rate_hz - (double)s->at;
        if (edge - modem_wave_before(&frame->wave) * s->rate_hz > (double)n)
            break;
        struct modem_wave wave = frame->wave;
        wave.amplitude *= s->amplitude;
        modem_wave_add(&wave, s->rate_hz, edge, iq, n);
        if (i == s->current && edge + modem_wave_seconds(&wave) * s->rate_hz < (double)n)
            s->current++;
    }
}

size_t modem_scene_next(struct modem_scene *scene, float *iq, size_t most)
{
    if (!scene->begun)
        begin(scene);
    uint64_t all = (uint64_t)(scene->seconds * scene->rate_hz);
    size_t n = scene->at + most > all ? (size_t)(all - scene->at) : most;
    if (scene->sigma > 0) {
        for (size_t i = 0; i < 2 * n; i++)
            iq[i] = scene->sigma * modem_random_normal(&scene->random);
    } else {
        memset(iq, 0, 2 * n * sizeof *iq);
    }
    add_frames(scene, iq, n);
    scene->at += n;
    return n;
}

static void letters(struct modem_random *random, char *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (char)('A' + modem_random_next(random) % 26);
}

void modem_scene_block(struct modem_random *random, uint8_t bytes[BULLA_BLOCK_SIZE])
{
    struct bulla_block block = {.reading = BULLA_READING_TABLE, .start = BULLA_START_FFFF};
    struct bulla_fault fault;
    do { /* a number whose check digit would be 10 is not given out */
        uint64_t bits = modem_random_next(random);
        block.battery_good = bits & 1;
        block.secure = bits >> 1 & 1;
        block.maker = (uint8_t)(bits >> 8);
        block.number = (uint32_t)(bits >> 16) & BULLA_BLOCK_NUMBER_MAX;
        letters(random, block.alpha, 3);
        letters(random, block.container, 3);
        block.container[3] = 'U';
        for (size_t i = 4; i < 10; i++)
            block.container[i] = (char)('0' + modem_random_next(random) % 10);
        block.container[10] = (char)('0' + bulla_container_remainder(block.container) % 10);
    } while (bulla_block_encode(&block, bytes, &fault) != BULLA_OK);
}
