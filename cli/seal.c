/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla seal: virtual seals, and a reader for seals of any kind.
 */
#include "cli/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct cli_command cli_seal;

static const char help[] =
    "Usage: bulla seal run --memory FILE --listen WHERE [--profile NAME] [--maker N] [--serial N] [--keys FILE]\n"
    "       bulla seal VERB --at WHERE [--serial N] [--keys FILE] [WORDS]\n"
    "       bulla seal keys --out DIRECTORY [--serial N] [--reader N]\n"
    "       bulla seal ticket seal|unseal --out DIRECTORY --serial N --counter N\n"
    "\n"
    "`run` is a virtual seal: it answers readers at WHERE and takes what happens to it from standard input. Its memory is a\n"
    "file, and is kept when the process is killed. It prints what happens, one JSON object a line.\n"
    "\n"
    "Words for it: cut, open, force, close, door-open [SURFACE], door-close [SURFACE], intrusion SURFACE, cover-open, body-open,\n"
    "limit VALUE, battery PERCENT, temperature DEGREES, position LATITUDE LONGITUDE, power-off. A SURFACE is left-door,\n"
    "right-door, left, right, roof, floor or front.\n"
    "\n"
    "Verbs of a reader:\n"
    "  find                  all seals in reach\n"
    "  identify, status      who it is, how it is\n"
    "  read AREA             inherent, container, security, cargo, nodes or label (--offset, --length)\n"
    "  write AREA TEXT       container, cargo, nodes or label (--offset; --hex)\n"
    "  clock [now|TIME]      reads or sets its clock\n"
    "  initialise            before each use: clears the data of the last one\n"
    "  seal, unseal          permission to close, to open (--ticket, --place)\n"
    "  log                   all that it recorded, oldest first\n"
    "  set NAME [VALUE]      interval, slow-interval, low-battery or answer-within\n"
    "  put-file PATH, get-file [PATH]  a file that it carries; goes on where it was\n"
    "  acknowledge, return, retire\n"
    "\n"
    "WHERE is unix:PATH, tcp:HOST:PORT, air:DIRECTORY (a room that many seals and readers share, where answers collide), for a\n"
    "reader also serial:DEVICE[:BAUD], for a seal pty.\n"
    "\n"
    "What a bare frame says is \"claimed\". With --keys a reader proves itself, and what it hears is \"proven\". A seal that is made\n"
    "with --keys does nothing for bare frames but tell its status; one that is made without does what anybody tells it.\n"
    "\n"
    "Options:\n"
    "  --profile NAME     passive, semi-active, iso, gbt (the default) or active; counts when the memory is new, as do\n"
    "  --maker N, --serial N, --model N, --alpha LETTERS  its numbers\n"
    "  --battery PERCENT  at the start (100)\n"
    "  --keys FILE        keys of a seal or of a reader; a seal whose body is opened destroys this file\n"
    "  --ticket HEX       as bulla seal ticket printed it\n"
    "  --place LAT,LON    where the reader is\n"
    "  --reader N         its number\n"
    "  --slot-us N        microseconds of a slot of a collection (57300), the same at seals and readers\n"
    "  --tries N, --patience N  how often a question is asked (3), and how many ms an answer may take (500)\n"
    "  --out DIRECTORY    where keys are; made when it is not there\n"
    "  --suite NAME       of new keys: x25519-ed25519-sha256-aes128gcm (the default), p256-ecdsa-sha256-aes128gcm, sm2-sm3-sm4gcm\n"
    "  --rights LIST      of a reader's new keys, with commas (all)\n"
    "  --counter N        of a ticket: above that of every ticket before it\n"
    "  --from T, --until T  when keys and tickets hold: RFC 3339, or seconds from now as +3600\n"
    "  --help             this text\n"
    "\n"
    "Examples:\n"
    "  bulla seal run --memory seal.mem --listen unix:seal.sock --serial 7\n"
    "  bulla seal clock now --at unix:seal.sock\n"
    "  bulla seal status --at unix:seal.sock\n"
    "\n"
    "Exit codes: 0 done, 1 refused, not proven or nobody answers, 2 wrong usage, 3 input, output or environment.\n";

bool seal_number(const char *name, const char *text, uint64_t usual, uint64_t greatest, uint64_t *value)
{
    char *end = NULL;
    *value = usual;
    if (!text) {
        return true;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (end == text || *end || errno || text[0] == '-' || number > greatest) {
        cli_say("--%s: expected a number up to %llu, got \"%s\"", name, (unsigned long long)greatest, text);
        return false;
    }
    *value = number;
    return true;
}

int64_t seal_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool seal_time(const char *name, const char *text, int64_t usual_ms, int64_t *ms)
{
    char *end = NULL;
    *ms = usual_ms;
    if (!text) {
        return true;
    }
    if (text[0] == '+' || text[0] == '-') {
        long seconds = strtol(text, &end, 10);
        *ms = end != text + 1 && *end == '\0' && seconds < INT32_MAX && seconds > INT32_MIN ? seal_now_ms() + seconds * INT64_C(1000)
                                                                                            : BULLA_TIME_NONE;
    } else {
        *ms = bulla_time_get(text);
    }
    if (*ms < 0 || *ms / 1000 > UINT32_MAX) {
        cli_say("--%s: expected a time as 2026-01-01T12:00:00Z, or seconds from now as +60, got \"%s\"", name, text);
        return false;
    }
    return true;
}

/* ---- JSON ---- */

void seal_address_put(char to[SEAL_ADDRESS], const struct bulla_address *address)
{
    snprintf(to, SEAL_ADDRESS, "%04x:%08x", address->maker, address->serial);
}

json_t *seal_note_json(const struct bulla_seal_note *note)
{
    char time[BULLA_TIME_TEXT];
    json_t *json = json_pack("{s:s,s:s,s:s,s:s}", "event", bulla_on_text(note->on), "before", bulla_device_state_text(note->before),
                             "state", bulla_device_state_text(note->state), "belief", bulla_belief_text(note->belief));
    if (note->clock_set) {
        bulla_time_put(time, (int64_t)note->time_s * 1000);
        json_object_set_new(json, "time", json_string(time));
    } else {
        json_object_set_new(json, "since_start_s", json_integer(note->time_s));
    }
    if (note->passage) {
        json_object_set_new(json, "passage", json_string(bulla_passage_text(note->passage)));
    }
    if (note->surface) {
        json_object_set_new(json, "surface", json_string(bulla_surface_text(note->surface)));
    }
    if (note->order) {
        json_object_set_new(json, "order", json_string(bulla_order_text(note->order)));
        json_object_set_new(json, "reader", json_integer(note->who));
    } else if (note->on == BULLA_ON_LIMIT) {
        json_object_set_new(json, "value", json_real((int32_t)note->who / 1000.0));
    }
    if (note->spot.lat_e7 != BULLA_NO_COORDINATE) {
        json_object_set_new(json, "lat", json_real(note->spot.lat_e7 / 1e7));
        json_object_set_new(json, "lon", json_real(note->spot.lon_e7 / 1e7));
    }
    return json;
}

json_t *seal_chain_json(const struct bulla_chain *chain)
{
    const struct bulla_block *b = &chain->block;
    const struct bulla_extension *extension = b->extended ? &chain->extension : NULL;
    json_t *json =
        json_pack("{s:s,s:s,s:i,s:s,s:I,s:s}", "status", b->secure ? "secure" : "tampered", "battery", b->battery_good ? "good" : "low",
                  "maker", b->maker, "alpha", b->alpha, "number", (json_int_t)b->number, "container", b->container);
    if (extension) {
        char random[8];
        snprintf(random, sizeof random, "%04x", extension->random);
        json_object_set_new(json, "random", json_string(random));
    }
    json_object_set_new(json, "evidence", json_string(bulla_evidence_text(bulla_block_judge(b, extension, BULLA_RANDOM_UNKNOWN))));
    return json;
}

/* ---- the verb ---- */

static int run(const struct cli_context *context, int argc, char **argv)
{
    struct seal_options o = {0};
    const struct cli_option options[] = {
        {"at", &o.at, NULL},           {"serial", &o.serial, NULL},   {"maker", &o.maker, NULL},   {"profile", &o.profile, NULL},
        {"memory", &o.memory, NULL},   {"listen", &o.listen, NULL},   {"model", &o.model, NULL},   {"alpha", &o.alpha, NULL},
        {"battery", &o.battery, NULL}, {"keys", &o.keys, NULL},       {"ticket", &o.ticket, NULL}, {"place", &o.place, NULL},
        {"reader", &o.reader, NULL},   {"slot-us", &o.slot_us, NULL}, {"tries", &o.tries, NULL},   {"patience", &o.patience_ms, NULL},
        {"offset", &o.offset, NULL},   {"length", &o.length, NULL},   {"out", &o.out, NULL},       {"suite", &o.suite, NULL},
        {"rights", &o.rights, NULL},   {"counter", &o.counter, NULL}, {"from", &o.from, NULL},     {"until", &o.until, NULL},
        {"hex", NULL, &o.hex},
    };
    (void)context;
    argc = cli_options(&cli_seal, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    if (argc < 2) {
        cli_say("expected run, keys, ticket or a verb of a reader, got nothing");
        return CLI_USAGE;
    }
    static const struct {
        const char *verb;
        int (*run)(const struct seal_options *options, int argc, char **argv);
    } verbs[] = {{"run", seal_run}, {"keys", seal_keys}, {"ticket", seal_ticket}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].verb, argv[1]) == 0) {
            return verbs[i].run(&o, argc - 1, argv + 1);
        }
    }
    return seal_reader(&o, argc - 1, argv + 1);
}

const struct cli_command cli_seal = {
    .name = "seal",
    .summary = "Virtual seals, and a reader that finds, seals, opens and reads seals",
    .help = help,
    .run = run,
};
