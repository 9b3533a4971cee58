/* SPDX-License-Identifier: Apache-2.0
 *
 * The receiver beside rtl_433, on the same file: what either takes of the processor, and what either loses. rtl_433 prints half bits of
 * what it takes for a transmission; it is credited with every frame that can be found in them, in either polarity.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/rf_bench.h"

#define HALF_BITS (2 * 8 * BULLA_BLOCK_SIZE)

struct beside {
    const struct modem_scene *scene; /* NULL: frames are not looked for */
    bool *got;
    size_t n_got;
    unsigned long lines;
    double seconds; /* of the processor; -1: it is not installed, or was ended */
};

/* ---- what it printed ---- */

static int bit_of(const char *hex, size_t i)
{
    char c = hex[i / 4];
    int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    return digit >> (3 - i % 4) & 1;
}

/* A block of Manchester bits, bytes least significant bit first, that begins at that half bit; false: some bit has no edge. */
static bool block_at(const char *hex, size_t at, uint8_t block[BULLA_BLOCK_SIZE])
{
    memset(block, 0, BULLA_BLOCK_SIZE);
    for (size_t i = 0; i < HALF_BITS / 2; i++) {
        int first = bit_of(hex, at + 2 * i), second = bit_of(hex, at + 2 * i + 1);
        if (first == second)
            return false;
        block[i / 8] = (uint8_t)(block[i / 8] | second << i % 8); /* a one is low, high */
    }
    return true;
}

static void credit(struct beside *b, const uint8_t block[BULLA_BLOCK_SIZE])
{
    uint8_t turned[BULLA_BLOCK_SIZE];
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = (uint8_t)~block[i];
    for (size_t i = 0; i < b->scene->n_frames; i++) {
        const uint8_t *sent = b->scene->frames[i].bytes;
        if (b->got[i] || (memcmp(sent, block, sizeof turned) != 0 && memcmp(sent, turned, sizeof turned) != 0))
            continue;
        b->got[i] = true;
        b->n_got++;
    }
}

/* "{300}aab4...": so many bits. */
static void look_into(struct beside *b, const char *code)
{
    char *hex;
    size_t n = code[0] == '{' ? strtoul(code + 1, &hex, 10) : 0;
    if (n < HALF_BITS || *hex++ != '}' || strspn(hex, "0123456789abcdef") * 4 < n)
        return;
    uint8_t block[BULLA_BLOCK_SIZE];
    for (size_t at = 0; at + HALF_BITS <= n; at++)
        if (block_at(hex, at, block))
            credit(b, block);
}

static void take_line(struct beside *b, const char *line)
{
    b->lines++;
    json_t *said = b->scene ? json_loads(line, 0, NULL) : NULL, *code;
    size_t i;
    json_array_foreach(json_object_get(said, "codes"), i, code)
    {
        if (json_is_string(code))
            look_into(b, json_string_value(code));
    }
    json_decref(said);
}

/* ---- it runs ---- */

static void run_child(const char *path, const int pipes[2])
{
    dup2(pipes[1], STDOUT_FILENO);
    close(pipes[0]);
    (void)!freopen("/dev/null", "w", stderr);
    execlp("rtl_433", "rtl_433", "-R", "0", "-X", "n=seal,m=FSK_PCM,s=18,l=18,r=200", "-s", "1000000", "-F", "json", "-r", path,
           (char *)NULL);
    _exit(127);
}

static void rtl_433(const char *path, struct beside *b)
{
    int pipes[2], status = 0;
    struct rusage usage;
    b->seconds = -1;
    if (pipe(pipes) != 0)
        return;
    pid_t child = fork();
    if (child == 0)
        run_child(path, pipes);
    close(pipes[1]);
    FILE *said = fdopen(pipes[0], "r");
    char *line = NULL;
    size_t size = 0;
    while (said && getline(&line, &size, said) > 0)
        take_line(b, line);
    free(line);
    if (said)
        fclose(said);
    if (child > 0 && wait4(child, &status, 0, &usage) == child && WIFEXITED(status) && WEXITSTATUS(status) != 127)
        b->seconds =
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void it_did_not_run(void)
{
    cli_say("bench: rtl_433 did not run to its end, or is not installed (Debian: rtl-433): nothing to compare with");
}

static FILE *recording(char path[])
{
    int fd = mkstemps(path, 4);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file)
        cli_say("bench: %s: cannot create: %s", path, strerror(errno));
    return file;
}

/* ---- losses ---- */

/* Sparse traffic, at which it is at its best; a third of the packets, for its file is long. */
static bool beside_at(const struct cli_bench *bench, double ebn0_db, uint64_t seed)
{
    char path[] = "/tmp/bulla-rf-XXXXXX.cu8";
    FILE *file = recording(path);
    if (!file)
        return false;
    size_t n = bench->packets / 3 + 1;
    struct cli_bench_conditions c = cli_bench_usual;
    c.ebn0_db = ebn0_db;
    c.gap_least_s = 103e-3;
    c.gap_most_s = 108e-3;
    struct modem_scene scene;
    struct cli_bench_score score = {0};
    bool played = cli_bench_lay_out(bench, &c, n, seed, &scene) && cli_bench_play(bench, &scene, c.format, NULL, file, &score);
    struct beside b = {.scene = &scene, .got = calloc(n, sizeof *b.got)};
    played = fclose(file) == 0 && played && b.got;
    if (played)
        rtl_433(path, &b);
    if (played && b.seconds >= 0)
        cli_json_print(json_pack("{s:s, s:s, s:f, s:I, s:f, s:f}", "measured", "beside", "link", bench->link->name, "ebn0_db", ebn0_db,
                                 "packets", (json_int_t)n, "lost_corrected", (double)(n - score.n_hard - score.n_corrected) / (double)n,
                                 "lost_rtl_433", (double)(n - b.n_got) / (double)n));
    else if (played)
        it_did_not_run();
    unlink(path);
    free(b.got);
    free(score.got);
    free(scene.frames);
    return played;
}

bool cli_bench_beside(const struct cli_bench *bench)
{
    const double points[] = {7, 8, 9, 10, 12, 16, 20, 21, 22, 23, 24, 25, 26, 28, 30};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        if (!beside_at(bench, points[i], bench->seed + 5000 + i))
            return false;
    return true;
}

/* ---- speed ---- */

static void print_speed(const struct cli_bench *bench, const char *content, const char *who, double samples, double seconds,
                        unsigned long frames)
{
    cli_json_print(json_pack("{s:s, s:s, s:s, s:s, s:f, s:I}", "measured", "speed", "link", bench->link->name, "content", content,
                             "receiver", who, "msps_a_core", samples / seconds / 1e6, "frames", (json_int_t)frames));
}

/* What a block takes, with its ramps. */
static double block_seconds(const struct cli_bench *bench)
{
    static const uint8_t block[BULLA_BLOCK_SIZE];
    struct modem_wave wave = {.link = bench->link, .bytes = {block, sizeof block}, .clock = 1, .ramp_s = cli_bench_usual.ramp_s};
    return modem_wave_seconds(&wave);
}

/* The same file for all: 30 MS of cu8 at 1 MS/s. */
static bool speed_of(const struct cli_bench *bench, const char *content, double replies_a_second)
{
    const char *const rows[] = {"plain", "sse2", "avx2", "avx512", "neon"};
    char path[] = "/tmp/bulla-rf-XXXXXX.cu8";
    FILE *file = recording(path);
    if (!file)
        return false;
    struct cli_bench_conditions c = cli_bench_usual;
    c.ebn0_db = 20;
    c.gap_least_s = c.gap_most_s = replies_a_second > 0 ? 1 / replies_a_second - block_seconds(bench) : 0;
    double samples = 30e6;
    bool played = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && played; i++) {
        const struct modem_kernels *kernels = modem_kernels_named(rows[i]);
        struct modem_scene scene;
        struct cli_bench_score score = {0};
        if (!kernels)
            continue;
        played = cli_bench_lay_out(bench, &c, (size_t)(replies_a_second * samples / 1e6), bench->seed, &scene);
        scene.seconds = samples / 1e6 + 0.1;
        played = played && cli_bench_play(bench, &scene, MODEM_CU8, kernels, i == 0 ? file : NULL, &score);
        if (played)
            print_speed(bench, content, rows[i], samples, score.seconds, score.n_hard + score.n_corrected);
        free(score.got);
        free(scene.frames);
    }
    struct beside b = {.seconds = -1};
    if (fclose(file) == 0 && !cli_bench_fsk(bench)) /* it has no decoder for packets */
        rtl_433(path, &b);
    if (b.seconds >= 0)
        print_speed(bench, content, "rtl_433", samples, b.seconds, b.lines);
    else if (!cli_bench_fsk(bench))
        it_did_not_run();
    unlink(path);
    return played;
}

bool cli_bench_speed(const struct cli_bench *bench)
{
    bool long_ones = block_seconds(bench) > 15e-3; /* of which there is no room for 50 */
    return speed_of(bench, "noise", 0) &&
           (long_ones ? speed_of(bench, "25 replies a second", 25) : speed_of(bench, "50 replies a second", 50));
}
