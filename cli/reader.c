/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla reader: tags of a commercial UHF reader as JSON lines. The connection is made anew when it is lost.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "reader/llrp/client.h"

extern const struct cli_command cli_reader;

#define TICK_MS      500
#define GOODBYE_MS   2000
#define PAUSE_MS     1000 /* before the second try; twice as long each time, up to the next */
#define PAUSE_MOST   30000
#define HOST_MAX     256
#define SESSION_MOST 3

static const char help[] =
    "Usage: bulla reader tags [OPTIONS] HOST[:PORT]\n"
    "\n"
    "Tags that a UHF reader sees, one JSON object a line, until it is interrupted. The reader speaks LLRP 1.0.1 or 1.1 at that\n"
    "port (5084); its inventories and reads are replaced. Nothing is ever written to a tag.\n"
    "\n"
    "Options:\n"
    "  --tid WORDS      of each tag's own number that are read too (0, at most 64)\n"
    "  --user WORDS     of its memory for users (0, at most 64)\n"
    "  --session N      of Gen2 (1): in 0 a tag answers again and again, in 1 to 3 once for a while\n"
    "  --population N   tags that are expected at once (32)\n"
    "  --seconds S      how long (for ever)\n"
    "  --help           this text\n"
    "\n"
    "Example:\n"
    "  bulla reader tags --tid 6 gate-reader.example\n"
    "\n"
    "Exit codes: 0 done, 2 wrong usage, 3 it could not be reached, or refused.\n";

struct tags {
    char host[HOST_MAX], port[8];
    struct llrp_settings settings;
    uint64_t until_ms; /* 0: for ever */
    struct llrp_client client;
    int fd;
    bool ran; /* the inventory, since it was connected */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool over(const struct tags *t)
{
    return stopped || (t->until_ms > 0 && now_ms() >= t->until_ms);
}

/* ---- what comes and goes ---- */

static void on_send(void *user, const uint8_t *bytes, size_t n)
{
    const struct tags *t = user;
    while (n > 0) {
        ssize_t sent = send(t->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return; /* reading will tell */
        bytes += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

static json_t *hex_of(const uint8_t *bytes, size_t n)
{
    char text[2 * LLRP_EPC_MAX + 4 * LLRP_WORDS_MAX + 1];
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02X", bytes[i]);
    return json_stringn(text, 2 * n);
}

static json_t *words_of(const struct llrp_read *read)
{
    static const char *const results[] = {"read", "tag error", "no answer", "reader error", "no such memory", "locked"};
    uint8_t bytes[2 * LLRP_WORDS_MAX];
    for (size_t i = 0; i < read->n; i++) {
        bytes[2 * i] = (uint8_t)(read->words[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)read->words[i];
    }
    if (read->result == LLRP_READ_OK)
        return hex_of(bytes, 2u * read->n);
    return json_pack("{s:s}", "failed", read->result < sizeof results / sizeof *results ? results[read->result] : "reader error");
}

static json_t *time_of(uint64_t us)
{
    char text[40];
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + n, sizeof text - n, ".%06uZ", (unsigned)(us % 1000000));
    return json_string(text);
}

static void on_tag(void *user, const struct llrp_tag *tag)
{
    (void)user;
    json_t *json = json_pack("{s:o, s:I}", "epc", hex_of(tag->epc, (tag->epc_bits + 7) / 8), "bits", (json_int_t)tag->epc_bits);
    const struct {
        unsigned has;
        const char *name;
        json_int_t value;
    } numbers[] = {{LLRP_HAS_ANTENNA, "antenna", tag->antenna},
                   {LLRP_HAS_CHANNEL, "channel", tag->channel},
                   {LLRP_HAS_SEEN, "seen", tag->seen},
                   {LLRP_HAS_PC, "pc", tag->pc}};
    if (tag->has & LLRP_HAS_RSSI)
        json_object_set_new(json, "rssi_dbm", json_real(tag->rssi_cdbm / 100.0));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (tag->has & numbers[i].has)
            json_object_set_new(json, numbers[i].name, json_integer(numbers[i].value));
    if (tag->has & LLRP_HAS_PHASE)
        json_object_set_new(json, "phase_turns", json_real(tag->phase_turns));
    if (tag->has & LLRP_HAS_DOPPLER)
        json_object_set_new(json, "doppler_hz", json_real(tag->doppler_hz));
    if (tag->has & LLRP_HAS_FIRST)
        json_object_set_new(json, "first", time_of(tag->first_us));
    if (tag->has & LLRP_HAS_LAST)
        json_object_set_new(json, "last", time_of(tag->last_us));
    for (size_t i = 0; i < tag->n_reads; i++)
        json_object_set_new(json, tag->reads[i].operation == LLRP_READ_TID ? "tid" : "user", words_of(&tag->reads[i]));
    cli_json_print(json);
    fflush(stdout);
}

static void on_event(void *user, const struct llrp_event *event)
{
    (void)user;
    switch (event->what) {
    case LLRP_OVERFLOW:
        cli_say("its memory is full: reports are lost");
        break;
    case LLRP_ANTENNA:
        cli_say("antenna %u is %s", event->antenna, event->value ? "there" : "gone");
        break;
    case LLRP_EXCEPTION:
        cli_say("it says: %s", event->text);
        break;
    default:
        break;
    }
}

static void on_trouble(void *user, bool lost, const char *what)
{
    const struct tags *t = user;
    cli_say("%s:%s: %s%s", t->host, t->port, what, lost ? "; the connection ends" : "");
}

/* ---- one connection ---- */

static int dial(const struct tags *t)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    int code = getaddrinfo(t->host, t->port, &hints, &all), fd = -1;
    if (code != 0) {
        cli_say("%s: cannot find the host: %s", t->host, gai_strerror(code));
        return -1;
    }
    for (const struct addrinfo *to = all; to && fd < 0; to = to->ai_next) {
        fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC, to->ai_protocol);
        if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
            int error = errno;
            close(fd);
            fd = -1;
            errno = error;
        }
    }
    freeaddrinfo(all);
    if (fd < 0)
        cli_say("%s:%s: cannot connect: %s", t->host, t->port, strerror(errno));
    return fd;
}

/* What has come within half a second. False: the connection is gone. */
static bool listen_for(struct tags *t)
{
    static uint8_t bytes[65536];
    struct pollfd on = {.fd = t->fd, .events = POLLIN};
    if (poll(&on, 1, TICK_MS) > 0) {
        ssize_t n = recv(t->fd, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
            if (t->client.state != LLRP_STOPPING)
                cli_say("%s:%s: the connection is gone%s%s", t->host, t->port, n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
            return false;
        }
        if (n > 0)
            llrp_feed(&t->client, bytes, (size_t)n, now_ms());
    }
    llrp_tick(&t->client, now_ms());
    t->ran = t->ran || t->client.state == LLRP_RUNNING;
    return t->client.state != LLRP_OVER;
}

static void converse(struct tags *t)
{
    static const struct llrp_ops ops = {on_send, on_tag, on_event, on_trouble};
    llrp_open(&t->client, &t->settings, &ops, t, now_ms());
    t->ran = false;
    while (!over(t))
        if (!listen_for(t))
            return;
    llrp_close(&t->client, now_ms());
    uint64_t until = now_ms() + GOODBYE_MS;
    while (t->client.state != LLRP_OVER && now_ms() < until)
        if (!listen_for(t))
            return;
}

static void wait_ms(const struct tags *t, unsigned pause_ms)
{
    uint64_t until = now_ms() + pause_ms;
    while (!over(t) && now_ms() < until)
        poll(NULL, 0, TICK_MS < pause_ms ? TICK_MS : (int)pause_ms);
}

/* Until it is told to stop; what never ran is given up at once. */
static int run_tags(struct tags *t)
{
    unsigned pause_ms = PAUSE_MS;
    bool ever = false;
    while (!over(t)) {
        t->fd = dial(t);
        t->ran = false;
        if (t->fd >= 0) {
            converse(t);
            close(t->fd);
        }
        ever = ever || t->ran;
        if (over(t))
            break;
        if (!ever)
            return CLI_IO;
        pause_ms = t->ran ? PAUSE_MS : 2 * pause_ms < PAUSE_MOST ? 2 * pause_ms : PAUSE_MOST;
        wait_ms(t, pause_ms);
    }
    return ever ? CLI_OK : CLI_IO;
}

/* ---- words ---- */

static bool number_of(const char *name, const char *text, long most, long *value)
{
    char *end;
    if (!text)
        return true;
    errno = 0;
    *value = strtol(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && *value >= 0 && *value <= most)
        return true;
    cli_say("--%s: expected 0 to %ld, got \"%s\"", name, most, text);
    return false;
}

/* HOST, HOST:PORT, [V6], [V6]:PORT. */
static bool address_of(const char *text, struct tags *t)
{
    const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL, *colon = strrchr(bracket ? bracket : text, ':');
    const char *host = bracket ? text + 1 : text, *end = bracket ? bracket : colon ? colon : text + strlen(text);
    const char *port = colon ? colon + 1 : "5084";
    size_t n = (size_t)(end - host);
    if (n == 0 || n >= sizeof t->host || strlen(port) == 0 || strlen(port) >= sizeof t->port) {
        cli_say("expected HOST or HOST:PORT, got \"%s\"", text);
        return false;
    }
    memcpy(t->host, host, n);
    t->host[n] = '\0';
    snprintf(t->port, sizeof t->port, "%s", port);
    return true;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    const char *tid = NULL, *user = NULL, *session = NULL, *population = NULL, *seconds = NULL;
    const struct cli_option options[] = {{"tid", &tid, NULL},
                                         {"user", &user, NULL},
                                         {"session", &session, NULL},
                                         {"population", &population, NULL},
                                         {"seconds", &seconds, NULL}};
    argc = cli_options(&cli_reader, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc != 3 || strcmp(argv[1], "tags") != 0) {
        cli_say("expected \"tags\" and one HOST[:PORT], see bulla reader --help");
        return CLI_USAGE;
    }
    long words[2] = {0, 0}, in_session = 1, expected = 32, last_s = 0;
    struct tags *t = calloc(1, sizeof *t);
    if (!t)
        return CLI_IO;
    int code = CLI_USAGE;
    if (number_of("tid", tid, LLRP_WORDS_MAX, &words[0]) && number_of("user", user, LLRP_WORDS_MAX, &words[1]) &&
        number_of("session", session, SESSION_MOST, &in_session) && number_of("population", population, UINT16_MAX, &expected) &&
        number_of("seconds", seconds, 1000000000, &last_s) && address_of(argv[2], t)) {
        t->settings = (struct llrp_settings){(uint16_t)words[0], (uint16_t)words[1], (uint8_t)in_session, (uint16_t)expected};
        t->until_ms = seconds ? now_ms() + 1000u * (uint64_t)last_s : 0;
        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        code = run_tags(t);
    }
    free(t);
    return code;
}

const struct cli_command cli_reader = {"reader", "tags that a UHF reader sees (LLRP), as JSON lines", help, run};
