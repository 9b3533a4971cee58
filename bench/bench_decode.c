/* SPDX-License-Identifier: Apache-2.0
 *
 * Decode rate of one core: bench_decode [--json] [--runs N] [--seconds S] [KIND...]
 *
 * For each kind a stream of 4096 messages that differ in all fields (so that branches are not learnt by heart) goes
 * through frame() and decode() as a listener would do it, again and again; observations and answers are counted. Every message must
 * decode, else the program fails. CPU time of the thread, median of the runs.
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/proto.h"

#define MESSAGES   4096
#define STREAM_MAX (MESSAGES * 1024)
#define RUNS_MAX   101

/* ---- messages of our own ---- */

static uint64_t random_state = 1;

static uint32_t below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % n);
}

static uint8_t bcd(uint32_t two_digits)
{
    return (uint8_t)(two_digits / 10 << 4 | two_digits % 10);
}

static void put_digits(struct bulla_writer *w, uint64_t value, size_t digits)
{
    bulla_writer_put_bcd(w, value, digits / 2);
}

/* JT701D `$` report, 62 bytes: table 2.2 of the protocol's wire map. */
static void jt701_report(struct bulla_writer *w)
{
    uint8_t tail[26] = {0};
    bulla_writer_put_u8(w, '$');
    put_digits(w, 8000000000u + below(10000), 10);
    bulla_writer_put_u8(w, 0x19);
    bulla_writer_put_u8(w, (uint8_t)(0x10 + 1 + below(4)));
    bulla_writer_put_u16(w, 52);
    const uint8_t when[6] = {bcd(1 + below(28)), bcd(1 + below(12)), 0x25, bcd(below(24)), bcd(below(60)), bcd(below(60))};
    bulla_writer_put(w, when, sizeof when);
    put_digits(w, below(90) * UINT64_C(1000000) + below(600000), 8);
    uint64_t lon = below(180) * UINT64_C(1000000) + below(600000);
    put_digits(w, lon / 10, 8);
    bulla_writer_put_u8(w, (uint8_t)(lon % 10 << 4 | (8 + below(8))));
    bulla_writer_put_u8(w, (uint8_t)below(60));
    bulla_writer_put_u8(w, (uint8_t)below(180));
    bulla_writer_put_u32(w, below(100000));
    bulla_writer_put_u8(w, (uint8_t)below(20));
    bulla_writer_put_u32(w, 0);
    uint16_t alarms = (uint16_t)(below(8) ? 0 : 1u << (8 + below(5)));
    bulla_writer_put_u16(w, (uint16_t)(0x2020 | below(4) << 6 | alarms | (below(16) ? 0 : 8)));
    bulla_writer_put_u8(w, (uint8_t)(below(20) ? below(101) : 255));
    for (size_t i = 0; i < 5; i++) {
        tail[i] = (uint8_t)below(31);
    }
    tail[6] = (uint8_t)below(10);
    memset(tail + 7, 0x0F, 10);
    tail[19] = 1;
    tail[20] = 0xCC;
    tail[21] = (uint8_t)below(10);
    bulla_writer_put(w, tail, 22);
    bulla_writer_put_u8(w, (uint8_t)below(256));
}

static void put_text(struct bulla_writer *w, const char *text, int n)
{
    if (n < 0) {
        abort();
    }
    bulla_writer_put(w, text, (size_t)n);
}

#define PRINT(w, ...)                                                                                                                      \
    do {                                                                                                                                   \
        char text[1000];                                                                                                                   \
        put_text(w, text, snprintf(text, sizeof text, __VA_ARGS__));                                                                       \
    } while (0)

/* JT701 lock event, text. */
static void jt701_lock(struct bulla_writer *w)
{
    static const unsigned events[][2] = {{1, 1}, {1, 98}, {1, 99}, {2, 0}, {4, 1}, {4, 0}, {5, 0}, {6, 98}, {7, 1}};
    const unsigned *event = events[below(9)];
    PRINT(w, "(%u,P45,%02u%02u25,%02u%02u%02u,%u.%06u,%c,%u.%06u,%c,%c,%u,%u,%u,%u,%010u,%u,%u,%u,%u)", 2050000000u + below(10000),
          1 + below(28), 1 + below(12), below(24), below(60), below(60), below(90), below(1000000), below(2) ? 'N' : 'S', below(180),
          below(1000000), below(2) ? 'E' : 'W', below(10) ? 'A' : 'V', below(90), below(360), event[0], event[1],
          event[0] < 3 ? 1 + below(4000000) : 0, event[0] > 5, below(5), below(256), below(100000));
}

/* JT/T 808 location 0x0200 with the additional items that locks send, checksum and escapes. */
static void jt808_location(struct bulla_writer *w)
{
    static uint16_t serial;
    uint8_t body[128], check = 0;
    struct bulla_writer b = bulla_writer_over(body, sizeof body);
    bulla_writer_put_u16(&b, 0x0200);
    bulla_writer_put_u16(&b, 28 + 6 + 4 + 3 + 3 + 3);
    put_digits(&b, UINT64_C(138000000000) + below(10000), 12);
    bulla_writer_put_u16(&b, serial++);
    bulla_writer_put_u32(&b, below(8) ? 0 : 1u << below(32));
    bulla_writer_put_u32(&b, 2 | below(2) | below(2) << 2 | below(2) << 3 | below(2) << 12);
    bulla_writer_put_u32(&b, below(90000000));
    bulla_writer_put_u32(&b, below(180000000));
    bulla_writer_put_u16(&b, (uint16_t)below(3000));
    bulla_writer_put_u16(&b, (uint16_t)below(1200));
    bulla_writer_put_u16(&b, (uint16_t)below(360));
    const uint8_t when[6] = {0x25, bcd(1 + below(12)), bcd(1 + below(28)), bcd(below(24)), bcd(below(60)), bcd(below(60))};
    bulla_writer_put(&b, when, sizeof when);
    bulla_writer_put_u16(&b, 0x0104);
    bulla_writer_put_u32(&b, below(1000000));
    bulla_writer_put_u16(&b, 0x0302);
    bulla_writer_put_u16(&b, (uint16_t)below(1200));
    const uint8_t items[9] = {0x30, 1, (uint8_t)below(31), 0x31, 1, (uint8_t)below(24), 0xD4, 1, (uint8_t)below(101)};
    bulla_writer_put(&b, items, sizeof items);
    for (size_t i = 0; i < b.len; i++) {
        check ^= body[i];
    }
    bulla_writer_put_u8(&b, check);
    bulla_writer_put_u8(w, 0x7E);
    for (size_t i = 0; i < b.len; i++) {
        bool special = body[i] == 0x7E || body[i] == 0x7D;
        bulla_writer_put_u8(w, special ? 0x7D : body[i]);
        if (special) {
            bulla_writer_put_u8(w, body[i] == 0x7E ? 2 : 1);
        }
    }
    bulla_writer_put_u8(w, 0x7E);
}

static void eseal_report(struct bulla_writer *w)
{
    static const char *const kinds[] = {"Normal",      "Normal",     "Normal",          "Event-Door",
                                        "Event-Shock", "Event-Lock", "Event-RC-Unlock", "Startup"};
    PRINT(w,
          "##S,eSeal,%u,256,3.0.6,%s,%u,2025-%02u-%02u,%02u:%02u:%02u,15,%c,%u.%06u%c %u.%06u%c,%u,%u,%s,%u.%02u,0:0:3:0,%u.%u,-%u,E##\r\n",
          2000000 + below(10000), kinds[below(8)], below(5000), 1 + below(12), 1 + below(28), below(24), below(60), below(60),
          below(10) ? 'A' : 'V', below(90), below(1000000), below(2) ? 'N' : 'S', below(180), below(1000000), below(2) ? 'E' : 'W',
          below(360), below(90), below(2) ? "Open" : "Close", below(4), below(100), 3 + below(2), below(10), 50 + below(60));
}

static void teratrack_report(struct bulla_writer *w)
{
    PRINT(w,
          "{\"MDeviceID\":\"0990%08u\",\"DiviceType\":\"1\",\"DataType\":\"%u\",\"DataLength\":\"69\",\"DateTime\":\"2025-%02u-%02u "
          "%02u:%02u:%02u\",\"Latitude\":\"%s%u.%06u\",\"Longitude\":\"%s%u.%06u\",\"LongitudeState\":\"1\",\"LatitudeState\":\"0\","
          "\"Speed\":"
          "\"%u\",\"Mileage\":\"%u\",\"FenceAlarm\":\"0\",\"AreaAlarmID\":\"0\",\"LockCutOff\":\"%u\",\"SealTampered\":\"%u\","
          "\"MessageAck\":\"1\",\"LockRope\":\"%u\",\"LockStatus\":\"%u\",\"LockOpen\":\"0\",\"PasswordError\":\"0\",\"CardNo\":\"%u\","
          "\"IllegalCard\":\"%u\",\"LowPower\":\"%u\",\"UnCoverBack\":\"0\",\"CoverStatus\":\"1\",\"LockStuck\":\"0\",\"Power\":\"%u\","
          "\"GSM\":\"%u\",\"IMEI\":\"86%013u\",\"Index\":\"%u\",\"Slave\":[]}",
          below(10000), 1 + below(3), 1 + below(12), 1 + below(28), below(24), below(60), below(60), below(2) ? "-" : "", below(90),
          below(1000000), below(2) ? "-" : "", below(180), below(1000000), below(100), below(100000), below(20) == 0, below(8) == 0,
          below(2), below(2), below(3) ? 0 : below(99999999), below(30) == 0, below(10) == 0, below(101), below(32), below(1000000),
          below(256));
}

static uint16_t crc_x25(const uint8_t *at, size_t n)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1;
        }
    }
    return (uint16_t)(crc ^ 0xFFFF);
}

/* One login, then alarms with position, cell and status. */
static void gt06_alarm(struct bulla_writer *w)
{
    static bool logged_in;
    size_t start = w->len + 2;
    bulla_writer_put_u16(w, 0x7878);
    if (!logged_in) {
        logged_in = true;
        bulla_writer_put_u16(w, 0x0D01);
        put_digits(w, 359000000000011u, 16);
    } else {
        const uint8_t when[6] = {
            25, (uint8_t)(1 + below(12)), (uint8_t)(1 + below(28)), (uint8_t)below(24), (uint8_t)below(60), (uint8_t)below(60)};
        bulla_writer_put_u16(w, 0x2516);
        bulla_writer_put(w, when, sizeof when);
        bulla_writer_put_u8(w, (uint8_t)(0xC0 + below(12)));
        bulla_writer_put_u32(w, below(162000000));
        bulla_writer_put_u32(w, below(324000000));
        bulla_writer_put_u8(w, (uint8_t)below(120));
        bulla_writer_put_u16(w, (uint16_t)(0x1000 + 0x400 * below(4) + below(360)));
        bulla_writer_put_u8(w, 9);
        bulla_writer_put_u16(w, 460);
        bulla_writer_put_u32(w, below(0x1000000)); /* network, area, first byte of the cell */
        bulla_writer_put_u16(w, (uint16_t)below(65536));
        bulla_writer_put_u8(w, (uint8_t)below(8));
        bulla_writer_put_u32(w, below(7) << 24 | below(5) << 16 | below(0x40) << 8 | 2);
    }
    bulla_writer_put_u16(w, (uint16_t)below(65536));
    bulla_writer_put_u16(w, crc_x25(w->at + start, w->len - start));
    bulla_writer_put_u16(w, 0x0D0A);
}

static void put_float(struct bulla_writer *w, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bulla_writer_put_u32(w, __builtin_bswap32(bits));
}

static void topflytech_lock(struct bulla_writer *w)
{
    static const uint8_t types[] = {0x00, 0x01, 0x11, 0x25, 0x33, 0x17, 0xFF, 0x05};
    bulla_writer_put(w, "\x27\x27\x17\0\x2C", 5);
    bulla_writer_put_u16(w, (uint16_t)below(65536));
    put_digits(w, 864112055000000u + below(10000), 16);
    const uint8_t when[6] = {0x25, bcd(1 + below(12)), bcd(1 + below(28)), bcd(below(24)), bcd(below(60)), bcd(below(60))};
    bulla_writer_put(w, when, sizeof when);
    bulla_writer_put_u8(w, (uint8_t)(0x40 + below(12)));
    put_float(w, (float)below(3000));
    put_float(w, (float)below(360000) / 1000 - 180);
    put_float(w, (float)below(180000) / 1000 - 90);
    put_digits(w, below(1200), 4);
    bulla_writer_put_u16(w, (uint16_t)below(360));
    bulla_writer_put_u8(w, types[below(sizeof types)]);
    bulla_writer_put_u8(w, 4);
    bulla_writer_put_u32(w, below(UINT32_MAX));
}

/* Message 1 of class A: 168 bits, six a character. */
static void ais_position(struct bulla_writer *w)
{
    static const uint8_t widths[] = {6, 2, 30, 4, 8, 10, 1, 28, 27, 12, 9, 6, 25};
    const uint32_t values[] = {
        1,         0, 200000000 + below(500000000), 0, 128, below(300), below(2), below(108000000), below(54000000), below(3600), 511,
        below(60), 0};
    char line[100] = "AIVDM,1,1,,A,";
    size_t n = strlen(line);
    unsigned held = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof widths; i++) {
        bits = bits << widths[i] | values[i];
        for (held += widths[i]; held >= 6; held -= 6) {
            unsigned six = (unsigned)(bits >> (held - 6)) & 63;
            line[n++] = (char)(six < 40 ? six + 48 : six + 56);
        }
    }
    snprintf(line + n, sizeof line - n, ",0");
    uint8_t sum = 0;
    for (const char *c = line; *c; c++) {
        sum ^= (uint8_t)*c;
    }
    PRINT(w, "!%s*%02X\r\n", line, sum);
}

static const struct kind {
    const char *name, *protocol, *about;
    void (*put)(struct bulla_writer *w);
} kinds[] = {
    {"jt701-report", "jt701", "JT701 $ reports", jt701_report},
    {"jt701-event", "jt701", "JT701 P45 lock events", jt701_lock},
    {"jt808-location", "jt808", "JT/T 808 locations", jt808_location},
    {"eseal", "eseal", "eSeal CT-C reports", eseal_report},
    {"teratrack", "teratrack", "TeraTrack JSON", teratrack_report},
    {"gt06", "gt06", "GT06 alarms", gt06_alarm},
    {"topflytech", "topflytech", "Topflytech lock messages", topflytech_lock},
    {"ais", "ais", "AIS positions", ais_position},
};

/* ---- measuring ---- */

struct count {
    uint64_t observations, answers, sum; /* sum keeps the work from being optimised away */
};

static void emit(void *host, const struct bulla_observation *o)
{
    struct count *count = host;
    count->observations++;
    count->sum += (uint64_t)o->lat_e7 ^ o->events ^ o->state.seal;
}

static void reply(void *host, const uint8_t *bytes, size_t n)
{
    struct count *count = host;
    count->answers++;
    count->sum += bytes[n - 1];
}

static void *memory(void *host, void *block, size_t size)
{
    (void)host;
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The stream once; false when some message does not decode. */
static bool pass(const struct proto *proto, struct proto_link *link, const uint8_t *at, size_t n, size_t *messages)
{
    while (n) {
        struct proto_frame frame;
        if (proto->frame(link, at, n < proto->frame_max * 2 ? n : proto->frame_max * 2, &frame) != BULLA_OK) {
            return n <= 2; /* the last line break */
        }
        if (proto->decode(link, at + frame.skip, frame.len) != BULLA_OK) {
            return false;
        }
        (*messages)++;
        at += frame.skip + frame.len;
        n -= frame.skip + frame.len;
    }
    return true;
}

static double run(const struct proto *proto, struct proto_link *link, const uint8_t *at, size_t n, double seconds)
{
    size_t messages = 0;
    double start = cpu_seconds(), now = start;
    while (now - start < seconds) {
        if (!pass(proto, link, at, n, &messages)) {
            fprintf(stderr, "%s: %s\n", proto->name, link->error);
            exit(1);
        }
        now = cpu_seconds();
    }
    return (double)messages / (now - start);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct options {
    bool json;
    int runs;
    double seconds;
};

static void measure(const struct kind *kind, const struct options *options, uint8_t *stream)
{
    alignas(max_align_t) uint8_t state[PROTO_STATE_MAX] = {0};
    struct count count = {0};
    double rates[RUNS_MAX];
    struct bulla_writer w = bulla_writer_over(stream, STREAM_MAX);
    const struct proto *proto = proto_find(kind->protocol);
    struct proto_link link = {
        .state = state, .host = &count, .emit = emit, .reply = reply, .memory = memory, .now_ms = INT64_C(1769846400000)};
    for (int i = 0; i < MESSAGES; i++) {
        kind->put(&w);
    }
    if (!proto || w.failed) {
        fprintf(stderr, "%s: no such protocol, or no room\n", kind->name);
        exit(1);
    }
    size_t messages = 0;
    if (!pass(proto, &link, stream, w.len, &messages) || messages != MESSAGES || count.observations < MESSAGES) {
        fprintf(stderr, "%s: expected %d messages with observations, got %zu with %llu (%s)\n", kind->name, MESSAGES, messages,
                (unsigned long long)count.observations, link.error);
        exit(1);
    }
    for (int i = 0; i < options->runs; i++) {
        rates[i] = run(proto, &link, stream, w.len, options->seconds);
    }
    qsort(rates, (size_t)options->runs, sizeof *rates, by_value);
    double median = rates[options->runs / 2];
    printf(options->json ? "{\"kind\":\"%s\",\"per_second\":%.0f,\"lowest\":%.0f,\"highest\":%.0f,\"bytes\":%zu,\"runs\":%d}\n"
                         : "%-16s %10.0f %10.0f %10.0f %6zu   %d runs\n",
           kind->name, median, rates[0], rates[options->runs - 1], w.len / MESSAGES, options->runs);
    fflush(stdout);
}

static bool wanted(const struct kind *kind, char **names, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], kind->name) == 0) {
            return true;
        }
    }
    return n == 0;
}

int main(int argc, char **argv)
{
    struct options options = {false, 7, 0.5};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--json") == 0) {
            options.json = true;
        } else if (strcmp(argv[at], "--runs") == 0 && at + 1 < argc) {
            options.runs = atoi(argv[++at]);
        } else if (strcmp(argv[at], "--seconds") == 0 && at + 1 < argc) {
            options.seconds = atof(argv[++at]);
        } else {
            options.runs = 0;
        }
    }
    if (options.runs < 1 || options.runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_decode [--json] [--runs 1-%d] [--seconds S] [KIND...]\n", RUNS_MAX);
        return 2;
    }
    uint8_t *stream = malloc(STREAM_MAX);
    if (!stream) {
        return 3;
    }
    if (!options.json) {
        printf("%-16s %10s %10s %10s %6s\n", "kind", "median/s", "lowest", "highest", "bytes");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (wanted(&kinds[i], argv + at, argc - at)) {
            measure(&kinds[i], &options, stream);
        }
    }
    free(stream);
    return 0;
}
