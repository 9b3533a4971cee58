/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf bench: the receiver against theory, against itself on other processors, and against rtl_433 on the same file. One
 * JSON object a measurement.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/rf.h"
#include "reader/modem/fsk.h"
#include "reader/modem/keyed.h"
#include "reader/modem/scene.h"

static const char help[] =
    "Usage: bulla rf bench [OPTIONS]\n"
    "\n"
    "Measures the receiver of a link on frames from seals with random contents, offsets (iso433: within 200 ppm), phases and\n"
    "polarities, and prints one JSON object a measurement: loss against Eb/N0 with theory beside it, other rates, formats, ramps, gaps\n"
    "and clocks, collisions (iso433), what noise is taken for, and how fast it is, beside rtl_433 where that is installed (iso433).\n"
    "\n"
    "Options:\n"
    "  --link NAME   iso433 (default), wco433, wco2450, fhss or narrow915; fhss-forward or narrow915-forward: orders to seals\n"
    "  --shallow     such orders with a modulation index of 11 %\n"
    "  --packets N   a point (1000)\n"
    "  --part NAME   curve, conditions, collisions, noise or speed; all of them otherwise\n"
    "  --noise N     samples of noise (100M), --seed N (1)\n"
    "  --help        this text\n";

#define FORMATS_PIECE 65536

struct conditions {
    const char *name;
    double rate_hz, ebn0_db, gap_least_s, gap_most_s, ramp_s, clock_percent;
    enum modem_format format;
    double depth_db; /* of a passive seal's answer under the carrier; 0: the usual one */
};

static const struct modem_link *measured_link; /* --link */
static bool measured_forward, measured_shallow;

static const struct conditions usual = {"usual", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8};

struct score {
    const struct modem_scene *scene;
    bool *got;
    size_t n_hard, n_corrected, n_wrong, n_bad;
    size_t n_pairs, n_one; /* of frames 0 and 1, 2 and 3 ...: of how many both were read, and one */
    double seconds;        /* of the processor */
};

static void take_frame(void *user, const struct modem_frame *f)
{
    struct score *score = user;
    if (f->crc == MODEM_CRC_BAD) {
        score->n_bad++;
        return;
    }
    for (size_t i = 0; i < score->scene->n_frames; i++) {
        const struct modem_scene_frame *sent = &score->scene->frames[i];
        if (fabs(sent->at_s - f->t_s) > 1e-3 || sent->n != f->n || memcmp(sent->bytes, f->bytes, f->n) != 0)
            continue;
        if (!score->got[i])
            *(f->crc == MODEM_CRC_OK ? &score->n_hard : &score->n_corrected) += 1;
        score->got[i] = true;
        return;
    }
    score->n_wrong++;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Sends the scene through a receiver, and into a file where there is one. False: no memory. */
static bool play(struct modem_scene *scene, enum modem_format format, const struct modem_kernels *kernels, FILE *also, struct score *score)
{
    static float iq[2 * FORMATS_PIECE];
    static uint8_t bytes[8 * FORMATS_PIECE];
    struct modem_settings settings = {.link = measured_link,
                                      .format = format,
                                      .rate_hz = scene->rate_hz,
                                      .start = BULLA_START_ANY,
                                      .kernels = kernels,
                                      .on_frame = take_frame,
                                      .user = score};
    struct modem_receiver *receiver = modem_receiver_new(&settings);
    score->scene = scene;
    score->got = calloc(scene->n_frames + 1, sizeof *score->got);
    if (!receiver || !score->got) {
        modem_receiver_free(receiver);
        return false;
    }
    size_t n, size = modem_format_size(format);
    while ((n = modem_scene_next(scene, iq, FORMATS_PIECE)) > 0) {
        modem_format_put(format, bytes, iq, n);
        if (also)
            (void)!fwrite(bytes, size, n, also);
        double began = processor_seconds();
        modem_receiver_feed(receiver, bytes, n * size);
        score->seconds += processor_seconds() - began;
    }
    modem_receiver_end(receiver);
    modem_receiver_free(receiver);
    for (size_t i = 0; i + 1 < scene->n_frames; i += 2) {
        score->n_pairs += score->got[i] && score->got[i + 1];
        score->n_one += score->got[i] != score->got[i + 1];
    }
    free(score->got);
    return true;
}

static bool is_keyed(void)
{
    return measured_link->family == &modem_family_keyed;
}

/* An order to all, to a seal. */
static void random_order(struct modem_random *random, struct modem_scene_frame *f)
{
    uint64_t bits = modem_random_next(random);
    const uint8_t arguments[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 24), (uint8_t)(bits >> 32), 0};
    struct bulla_frame frame = {.to_all = true,
                                .start = BULLA_START_FFFF,
                                .code = BULLA_ORDER_COLLECT,
                                .session = (uint16_t)bits,
                                .data = {arguments, sizeof arguments}};
    struct bulla_fault fault;
    if (bulla_frame_encode_to_seal(&frame, f->bytes, sizeof f->bytes, &f->n, &fault) != BULLA_OK)
        f->n = 0; /* cannot be: it has all that such a frame has */
}

/* Any rate that the link has, with the same energy of a bit. */
static void random_rate(struct modem_random *random, const struct conditions *c, struct modem_wave *wave)
{
    const struct modem_keyed *links = &modem_keyed_links[measured_link->number];
    const struct bulla_keyed *row = bulla_keyed_of(measured_forward ? links->forward : links->back);
    bool deep = measured_forward && !measured_shallow && measured_link->number == MODEM_KEYED_FHSS;
    double least = deep ? MODEM_KEYED_DEEP_BPS : row->least_bps;
    wave->to_seal = measured_forward;
    wave->depth = c->depth_db < 0 ? pow(10, c->depth_db / 20) : 0;
    wave->low = measured_shallow ? MODEM_KEYED_SHALLOW : 0;
    wave->tag_turns = modem_random_between(random, 0, 1);
    wave->clock = row->nominal_bps / modem_random_between(random, least, row->most_bps);
    wave->amplitude = 1 / sqrt(wave->clock);
    wave->inverted = false;
}

static void random_frame(struct modem_random *random, const struct conditions *c, struct modem_scene_frame *f)
{
    modem_scene_block(random, f->bytes);
    f->n = BULLA_BLOCK_SIZE;
    if (measured_forward)
        random_order(random, f);
    f->wave = (struct modem_wave){.link = measured_link,
                                  .inverted = modem_random_next(random) & 1,
                                  .offset_hz = modem_random_between(random, -measured_link->offset_hz, measured_link->offset_hz),
                                  .clock = 1 + modem_random_between(random, -c->clock_percent, c->clock_percent) / 100,
                                  .ramp_s = c->ramp_s,
                                  .phase_turns = modem_random_between(random, 0, 1),
                                  .amplitude = 1};
    if (is_keyed())
        random_rate(random, c, &f->wave);
    f->wave.bytes = (struct bulla_bytes){f->bytes, f->n};
}

/* Frames one after another; the caller frees scene->frames. */
static bool lay_out(const struct conditions *c, size_t n, uint64_t seed, struct modem_scene *scene)
{
    struct modem_random random = {.state = seed};
    double at = 20e-3;
    *scene = (struct modem_scene){.rate_hz = c->rate_hz, .ebn0_db = c->ebn0_db, .n_frames = n, .seed = seed + 1000003};
    scene->frames = calloc(n + 1, sizeof *scene->frames);
    for (size_t i = 0; scene->frames && i < n; i++) {
        random_frame(&random, c, &scene->frames[i]);
        scene->frames[i].at_s = at + modem_wave_before(&scene->frames[i].wave);
        at += modem_wave_seconds(&scene->frames[i].wave) + modem_random_between(&random, c->gap_least_s, c->gap_most_s);
    }
    scene->seconds = at + 20e-3;
    return scene->frames != NULL;
}

static bool is_fsk(void)
{
    return measured_link->family == &modem_family_fsk;
}

/* Of n bits at least one wrong. */
static double lost(double n, double bit)
{
    return -expm1(n * log1p(-bit));
}

/* Of a packet's body with a block in it: length, block and CRC. */
static double theory_fsk(double ebn0_db)
{
    static struct modem_fsk_shape shape;
    modem_fsk_shape_make(&shape, bulla_packet_of((enum bulla_packet_link)measured_link->number));
    return lost(8 * (BULLA_BLOCK_SIZE + 3), modem_fsk_theory(&shape, pow(10, ebn0_db / 10)));
}

/* Of 128 bits at least one wrong, coherently with perfect synchronisation: the tones of a one and a zero have the correlation
 * 0.0954 (h = 1.35 a half bit). */
static double theory(double ebn0_db)
{
    double bit = 0.5 * erfc(sqrt(pow(10, ebn0_db / 10) * (1 - 0.0954) / 2));
    return lost(128, bit);
}

static double theory_of(double ebn0_db)
{
    if (is_keyed())
        return modem_keyed_theory(!measured_forward, measured_forward ? 12 : BULLA_BLOCK_SIZE, pow(10, ebn0_db / 10));
    return is_fsk() ? theory_fsk(ebn0_db) : theory(ebn0_db);
}

static json_t *measured(const char *what, const struct conditions *c)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:s, s:f}", "measured", what, "link", measured_link->name, "conditions", c->name, "rate_hz",
                     c->rate_hz, "format", modem_format_text(c->format), "ebn0_db", c->ebn0_db);
}

static bool point(const char *what, const struct conditions *c, size_t packets, uint64_t seed)
{
    struct modem_scene scene;
    struct score score = {0};
    bool played = lay_out(c, packets, seed, &scene) && play(&scene, c->format, NULL, NULL, &score);
    free(scene.frames);
    if (!played)
        return false;
    double n = (double)packets, hard = (double)(packets - score.n_hard) / n,
           corrected = (double)(packets - score.n_hard - score.n_corrected) / n;
    json_t *row = measured(what, c);
    json_object_update_new(row, json_pack("{s:I, s:f, s:f, s:f, s:I, s:I}", "packets", (json_int_t)packets, "lost_hard", hard,
                                          "lost_corrected", corrected, "theory_hard", theory_of(c->ebn0_db), "wrong",
                                          (json_int_t)score.n_wrong, "bad", (json_int_t)score.n_bad));
    if (is_fsk())
        json_object_set_new(row, "theory_noncoherent",
                            json_real(lost(8 * (BULLA_BLOCK_SIZE + 3), modem_fsk_theory_noncoherent(pow(10, c->ebn0_db / 10)))));
    if (is_keyed())
        json_object_set_new(row, "direction", json_string(measured_forward ? "forward" : "return"));
    if (is_keyed() && measured_forward)
        json_object_set_new(row, "theory_noncoherent", json_real(modem_keyed_theory_noncoherent(12, pow(10, c->ebn0_db / 10))));
    cli_json_print(row);
    return true;
}

static bool curve(size_t packets, uint64_t seed)
{
    const double points[] = {6, 7, 7.5, 8, 8.5, 8.8, 9, 9.5, 10, 10.2, 10.6, 11, 11.5, 12, 13, 14, 16, 20, 30};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct conditions c = usual;
        c.ebn0_db = points[i];
        if (!point("curve", &c, packets, seed + i))
            return false;
    }
    return true;
}

static bool conditions(size_t packets, uint64_t seed)
{
    const struct conditions cases[] = {
        {"0.5 MS/s", 0.5e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"0.85 MS/s", 0.85e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"1.6 MS/s", 1.6e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"2 MS/s", 2e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"2.4 MS/s", 2.4e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CU8},
        {"cs8", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS8},
        {"cs16", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS16},
        {"cf32", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CF32},
        {"ramps of 1 ms", 1e6, 0, 3e-3, 15e-3, 1e-3, 0, MODEM_CU8},
        {"gaps of 100 ms", 1e6, 0, 100e-3, 101e-3, 50e-6, 0, MODEM_CU8},
        {"no gaps", 1e6, 0, 0, 0, 50e-6, 0, MODEM_CU8},
        {is_fsk() ? "clock +-1 %" : "clock +-5 %", 1e6, 0, 3e-3, 15e-3, 50e-6, is_fsk() ? 1 : 5, MODEM_CU8},
        {"40 dB under the carrier", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CS16, -40},
        {"60 dB under the carrier", 1e6, 0, 3e-3, 15e-3, 50e-6, 0, MODEM_CF32, -60},
    };
    const double points[] = {8.8, 9.3, 9.8, 10.2, 10.6, 11.1, 11.6, 30}, points_fsk[] = {7.5, 9, 9.5, 10, 10.5, 11, 12, 30};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].depth_db < 0 && !(is_keyed() && !measured_forward))
            continue;
        for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
            struct conditions c = cases[i];
            c.ebn0_db = is_fsk() ? points_fsk[k] : points[k];
            if (!point("conditions", &c, packets, seed + 100 * (i + 1) + k))
                return false;
        }
    }
    return true;
}

/* Two frames in one slot: the stronger one is `step_db` above the other, which is at 18 dB; either may begin first, by up to 100 us. */
static bool collision(double step_db, double ppm, size_t slots, uint64_t seed)
{
    struct conditions c = usual;
    struct modem_random random = {.state = seed};
    struct modem_scene scene = {.rate_hz = c.rate_hz, .ebn0_db = 18 + step_db, .n_frames = 2 * slots, .seed = seed + 1};
    scene.frames = calloc(2 * slots, sizeof *scene.frames);
    struct score score = {0};
    double at = 20e-3;
    for (size_t i = 0; scene.frames && i < 2 * slots; i++) {
        random_frame(&random, &c, &scene.frames[i]);
        scene.frames[i].wave.offset_hz *= ppm / 200;
        scene.frames[i].wave.amplitude = i % 2 ? pow(10, -step_db / 20) : 1;
        scene.frames[i].at_s = at + modem_random_between(&random, 0, 100e-6);
        at += i % 2 ? 12e-3 : 0;
    }
    scene.seconds = at + 20e-3;
    bool played = scene.frames && play(&scene, c.format, NULL, NULL, &score);
    free(scene.frames);
    if (!played)
        return false;
    cli_json_print(json_pack("{s:s, s:f, s:f, s:f, s:I, s:f, s:f, s:I}", "measured", "collision", "step_db", step_db, "within_ppm", ppm,
                             "weaker_ebn0_db", 18.0, "slots", (json_int_t)slots, "both", (double)score.n_pairs / (double)slots, "one",
                             (double)score.n_one / (double)slots, "wrong", (json_int_t)score.n_wrong));
    return true;
}

static bool collisions(size_t packets, uint64_t seed)
{
    const double steps[] = {0, 1, 2, 4, 6, 10, 15}, ppms[] = {200, 20};
    for (size_t k = 0; k < sizeof ppms / sizeof *ppms; k++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (!collision(steps[i], ppms[k], packets / 2 > 0 ? packets / 2 : 1, seed + 1000 + 100 * k + i))
                return false;
    return true;
}

static bool noise(double samples, uint64_t seed)
{
    struct modem_scene scene = {.rate_hz = 1e6, .ebn0_db = -40, .seconds = samples / 1e6, .seed = seed};
    struct score score = {0};
    if (!play(&scene, MODEM_CU8, NULL, NULL, &score))
        return false;
    cli_json_print(json_pack("{s:s, s:f, s:I, s:I}", "measured", "noise", "samples", samples, "frames", (json_int_t)score.n_wrong, "bad",
                             (json_int_t)score.n_bad));
    return true;
}

/* ---- speed ---- */

/* What rtl_433 takes of the processor for a file, in s; -1: it is not installed, or was ended. *n: lines that it printed. */
static double rtl_433_seconds(const char *path, unsigned long *n)
{
    int pipes[2];
    struct rusage usage;
    *n = 0;
    if (pipe(pipes) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        (void)!freopen("/dev/null", "w", stderr);
        execlp("rtl_433", "rtl_433", "-R", "0", "-X", "n=seal,m=FSK_PCM,s=18,l=18,r=200", "-s", "1000000", "-F", "json", "-r", path,
               (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    char text[65536];
    ssize_t got;
    while ((got = read(pipes[0], text, sizeof text)) > 0 || (got < 0 && errno == EINTR))
        for (ssize_t i = 0; i < got; i++)
            *n += text[i] == '\n';
    close(pipes[0]);
    int status = 0;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return -1;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void print_speed(const char *content, const char *who, double samples, double seconds, unsigned long frames)
{
    cli_json_print(json_pack("{s:s, s:s, s:s, s:f, s:I}", "measured", "speed", "content", content, "receiver", who, "msps_a_core",
                             samples / seconds / 1e6, "frames", (json_int_t)frames));
}

/* What a block takes, with its ramps. */
static double block_seconds(void)
{
    static const uint8_t block[BULLA_BLOCK_SIZE];
    struct modem_wave wave = {.link = measured_link, .bytes = {block, sizeof block}, .clock = 1, .ramp_s = usual.ramp_s};
    return modem_wave_seconds(&wave);
}

/* The same file for all: 30 MS of cu8 at 1 MS/s. */
static bool speed_of(const char *content, double replies_a_second, uint64_t seed)
{
    const char *const rows[] = {"plain", "sse2", "avx2"};
    char path[] = "/tmp/bulla-rf-XXXXXX.cu8";
    int fd = mkstemps(path, 4);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file) {
        cli_say("bench: %s: cannot create: %s", path, strerror(errno));
        return false;
    }
    struct conditions c = usual;
    c.ebn0_db = 20;
    c.gap_least_s = c.gap_most_s = replies_a_second > 0 ? 1 / replies_a_second - block_seconds() : 0;
    double samples = 30e6;
    bool played = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && played; i++) {
        const struct modem_kernels *kernels = modem_kernels_named(rows[i]);
        struct modem_scene scene;
        struct score score = {0};
        if (!kernels)
            continue;
        played = lay_out(&c, (size_t)(replies_a_second * samples / 1e6), seed, &scene);
        scene.seconds = samples / 1e6 + 0.1;
        played = played && play(&scene, MODEM_CU8, kernels, i == 0 ? file : NULL, &score);
        free(scene.frames);
        if (played)
            print_speed(content, rows[i], samples, score.seconds, score.n_hard + score.n_corrected);
    }
    unsigned long n;
    bool closed = fclose(file) == 0;
    double seconds = closed && !is_fsk() ? rtl_433_seconds(path, &n) : -1; /* which has no decoder for packets */
    if (seconds >= 0)
        print_speed(content, "rtl_433", samples, seconds, n);
    else if (!is_fsk())
        cli_say("bench: rtl_433 did not run to its end, or is not installed (Debian: rtl-433): nothing to compare with");
    unlink(path);
    return played;
}

static bool speeds(uint64_t seed)
{
    bool long_ones = block_seconds() > 15e-3; /* of which there is no room for 50 */
    return speed_of("noise", 0, seed) && speed_of(long_ones ? "25 replies a second" : "50 replies a second", long_ones ? 25 : 50, seed);
}

static bool wanted(const char *part, const char *name)
{
    return !part || strcmp(part, name) == 0;
}

int cli_rf_bench(int argc, char **argv)
{
    static const struct cli_command self = {"rf", "", help, NULL};
    const char *link_text = NULL, *packets_text = NULL, *part = NULL, *noise_text = NULL, *seed_text = NULL;
    const struct cli_option options[] = {{"link", &link_text, NULL}, {"packets", &packets_text, NULL},
                                         {"part", &part, NULL},      {"noise", &noise_text, NULL},
                                         {"seed", &seed_text, NULL}, {"shallow", NULL, &measured_shallow}};
    double packets = 1000, samples = 100e6, seed = 1;
    argc = cli_options(&self, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if ((packets_text && !cli_rf_number("--packets", packets_text, 1, 1e6, &packets)) ||
        (noise_text && !cli_rf_number("--noise", noise_text, 1e4, 1e12, &samples)) ||
        (seed_text && !cli_rf_number("--seed", seed_text, 0, 9e15, &seed)))
        return CLI_USAGE;
    int way;
    measured_link = cli_rf_link(link_text, false, &way);
    if (!measured_link)
        return CLI_USAGE;
    measured_forward = way == 2;
    if ((measured_forward || measured_shallow) && !(is_keyed() && (measured_forward || !measured_shallow))) {
        cli_say("bench: expected fhss-forward or narrow915-forward where it is not about seals, or for --shallow, got \"%s\"", link_text);
        return CLI_USAGE;
    }
    const char *const parts[] = {"curve", "conditions", "collisions", "noise", "speed"};
    bool known = !part;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        known = known || strcmp(part, parts[i]) == 0;
    if (!known || argc > 1) {
        cli_say("bench: expected --part curve, conditions, collisions, noise or speed, got \"%s\"", argc > 1 ? argv[1] : part);
        return CLI_USAGE;
    }
    uint64_t first = (uint64_t)seed;
    bool done = (!wanted(part, "curve") || curve((size_t)packets, first)) &&
                (!wanted(part, "conditions") || conditions((size_t)packets, first)) &&
                (!wanted(part, "collisions") || is_fsk() || collisions((size_t)packets, first)) &&
                (!wanted(part, "noise") || noise(samples, first)) && (!wanted(part, "speed") || speeds(first));
    return done ? CLI_OK : CLI_IO;
}
