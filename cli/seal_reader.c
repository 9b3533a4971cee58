/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla seal as a reader: one verb, one row; JSON lines on standard output.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/seal.h"
#include "platform/model/digest.h"
#include "transport/transport.h"

#define FOUND_MAX 1000
#define AREA_MAX  512

struct talk {
    const struct seal_options *o;
    struct bulla_host *transport;
    struct bulla_transport port;
    struct bulla_reader reader;
    struct bulla_address seal;
    struct seal_key_file keys;
    int argc; /* words after the verb */
    char **argv;
};

/* ---- outcomes ---- */

static int outcome(const struct talk *t, enum bulla_status status)
{
    const struct bulla_reader *r = &t->reader;
    switch (status) {
    case BULLA_OK:
        return CLI_OK;
    case BULLA_REFUSED:
        cli_say("refused: %s%s%s", bulla_nack_text(r->nack), r->refusal ? ": " : "", r->refusal ? bulla_refusal_words(r->refusal) : "");
        return CLI_NO;
    case BULLA_MORE:
        cli_say("no answer");
        return CLI_NO;
    case BULLA_DAMAGED:
        cli_say("what came does not hold%s%s", r->doubt ? ": " : "", r->doubt ? bulla_doubt_text(r->doubt) : "");
        return CLI_NO;
    default:
        cli_say("the transport failed");
        return CLI_IO;
    }
}

/* Prints it with the seal's name in front when the outcome is good. */
static int print(const struct talk *t, enum bulla_status status, json_t *json)
{
    char address[SEAL_ADDRESS];
    int code = outcome(t, status);
    if (code != CLI_OK) {
        json_decref(json);
        return code;
    }
    seal_address_put(address, &t->seal);
    json_t *whole = json_pack("{s:s}", "seal", address);
    json_object_update(whole, json);
    json_decref(json);
    cli_json_print(whole);
    return CLI_OK;
}

static json_t *belief(unsigned number)
{
    return json_string(bulla_belief_text(number));
}

/* ---- verbs ---- */

static int find(struct talk *t)
{
    struct bulla_found *found = calloc(FOUND_MAX, sizeof *found);
    size_t n = 0;
    if (!found) {
        return CLI_IO;
    }
    enum bulla_status status = bulla_reader_find(&t->reader, found, FOUND_MAX, &n);
    for (size_t i = 0; i < n; i++) {
        t->seal = found[i].address;
        json_t *json = json_pack("{s:s,s:b,s:s}", "shows", bulla_shows_text(found[i].status >> 12), "alarm",
                                 (found[i].status & BULLA_REPLY_ALARM) != 0, "belief", bulla_belief_text(BULLA_BELIEF_CLAIMED));
        if (found[i].has_block) {
            json_object_set_new(json, "block", seal_chain_json(&found[i].chain));
        }
        (void)print(t, BULLA_OK, json);
    }
    free(found);
    return status == BULLA_FULL ? CLI_NO : outcome(t, status);
}

static int identify(struct talk *t)
{
    struct bulla_identity identity = {0};
    enum bulla_status status = bulla_reader_identify(&t->reader, &t->seal, &identity);
    if (status != BULLA_OK) {
        return outcome(t, status);
    }
    json_t *json = json_pack("{s:s,s:I,s:I,s:o}", "profile", bulla_profile_row(identity.profile)->name, "model", (json_int_t)identity.model,
                             "firmware", (json_int_t)identity.firmware, "belief", belief(identity.belief));
    if (identity.has_block) {
        json_object_set_new(json, "block", seal_chain_json(&identity.chain));
    }
    return print(t, status, json);
}

static int status(struct talk *t)
{
    struct bulla_condition c = {.profile = BULLA_PROFILE_GBT};
    enum bulla_status got = bulla_reader_status(&t->reader, &t->seal, &c);
    json_t *ignored = json_object(), *modes = json_array();
    for (unsigned i = 0; i < BULLA_IGNORED; i++) {
        json_object_set_new(ignored, bulla_ignored_text(i), json_integer(c.ignored[i]));
    }
    for (unsigned bit = 24; bit < 32; bit++) {
        if (c.modes >> bit & 1) {
            json_array_append_new(modes, json_string(bulla_condition_text(bit)));
        }
    }
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:i,s:b,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "profile", bulla_profile_row(c.profile)->name, "state",
                  bulla_device_state_text(c.state), "shows", bulla_shows_text(c.shows), "passage", bulla_passage_text(c.passage), "modes",
                  modes, "shackle", c.shackle_out ? "out" : "in", "battery", c.battery, "keys", c.keys, "journeys", (json_int_t)c.journeys,
                  "spent", (json_int_t)c.spent, "log_oldest", (json_int_t)c.log_oldest, "log_next", (json_int_t)c.log_next, "refused",
                  (json_int_t)c.refused, "ignored", ignored, "belief", belief(c.belief));
    if (c.temperature != -128) {
        json_object_set_new(json, "temperature", json_integer(c.temperature));
    }
    return print(t, got, json);
}

static int area_of(const char *name, uint16_t *size)
{
    static const struct {
        const char *name;
        uint8_t id;
        uint16_t size;
    } areas[] = {
#define X(area, id, bytes, on, blank, text) {text, id, bytes},
        BULLA_AREA_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < sizeof areas / sizeof *areas && areas[i].id < BULLA_AREA_IDENTITY; i++) {
        if (strcmp(areas[i].name, name) == 0) {
            *size = areas[i].size;
            return areas[i].id;
        }
    }
    cli_say("no area \"%s\": expected inherent, container, security, cargo, nodes or label", name);
    return -1;
}

static int read_area(struct talk *t)
{
    uint8_t bytes[AREA_MAX];
    char text[2 * AREA_MAX + 1];
    uint16_t size;
    uint64_t offset, length;
    int area = area_of(t->argv[0], &size);
    if (area < 0 || !seal_number("offset", t->o->offset, 0, size, &offset) ||
        !seal_number("length", t->o->length, size - offset, size - offset, &length)) {
        return CLI_USAGE;
    }
    enum bulla_status got = bulla_reader_read(&t->reader, &t->seal, (enum bulla_area)area, (uint16_t)offset, bytes, (uint16_t)length);
    if (got != BULLA_OK) {
        return outcome(t, got);
    }
    json_t *json = json_pack("{s:s,s:I}", "area", t->argv[0], "offset", (json_int_t)offset);
    bulla_hex_put(text, bytes, length);
    json_object_set_new(json, "hex", json_string(text));
    bulla_text_put(text, sizeof text, (struct bulla_bytes){bytes, length});
    json_object_set_new(json, "text", json_string(text));
    return print(t, got, json);
}

static int write_area(struct talk *t)
{
    uint8_t bytes[AREA_MAX];
    uint16_t size;
    uint64_t offset;
    size_t n = strlen(t->argv[1]) / (t->o->hex ? 2 : 1);
    int area = area_of(t->argv[0], &size);
    if (area < 0 || !seal_number("offset", t->o->offset, 0, size, &offset)) {
        return CLI_USAGE;
    }
    if (n == 0 || n > sizeof bytes || (t->o->hex && (strlen(t->argv[1]) % 2 || !bulla_hex_get(bytes, t->argv[1], n)))) {
        cli_say("write: expected 1 to %d bytes, with --hex as pairs of digits", AREA_MAX);
        return CLI_USAGE;
    }
    if (!t->o->hex) {
        memcpy(bytes, t->argv[1], n);
    }
    return outcome(t, bulla_reader_write(&t->reader, &t->seal, (enum bulla_area)area, (uint16_t)offset, (struct bulla_bytes){bytes, n}));
}

static int permit(struct talk *t, enum bulla_status (*order)(struct bulla_reader *, const struct bulla_address *, struct bulla_bytes))
{
    uint8_t ticket[BULLA_TICKET_SIZE];
    const char *text = t->o->ticket;
    if (text && (strlen(text) != 2 * sizeof ticket || !bulla_hex_get(ticket, text, sizeof ticket))) {
        cli_say("--ticket: expected %zu hexadecimal digits", 2 * sizeof ticket);
        return CLI_USAGE;
    }
    return outcome(t, order(&t->reader, &t->seal, (struct bulla_bytes){ticket, text ? sizeof ticket : 0}));
}

static int seal_it(struct talk *t)
{
    return permit(t, bulla_reader_seal);
}

static int unseal_it(struct talk *t)
{
    return permit(t, bulla_reader_unseal);
}

static int print_log(struct talk *t)
{
    struct bulla_reader_log log = {0};
    struct bulla_log_record record;
    struct bulla_seal_note note;
    enum bulla_status got;
    while ((got = bulla_reader_log(&t->reader, &t->seal, &log, &record)) == BULLA_OK) {
        if (!bulla_seal_note_decode(&record.event, &note)) {
            continue;
        }
        json_t *json = json_pack("{s:I}", "counter", (json_int_t)record.counter);
        json_t *what = seal_note_json(&note);
        json_object_update(json, what);
        json_decref(what);
        (void)print(t, BULLA_OK, json);
    }
    if (log.overwritten || log.unreadable) {
        cli_say("%llu records were overwritten, %llu are unreadable", (unsigned long long)log.overwritten,
                (unsigned long long)log.unreadable);
    }
    return outcome(t, got == BULLA_MORE && log.end ? BULLA_OK : got);
}

static int clock_of(struct talk *t)
{
    struct bulla_reader_time time;
    char text[BULLA_TIME_TEXT];
    int64_t true_ms, error_ms = 0;
    if (t->argc == 1) {
        if (!seal_time("clock", strcmp(t->argv[0], "now") == 0 ? "+0" : t->argv[0], 0, &true_ms)) {
            return CLI_USAGE;
        }
        enum bulla_status set = bulla_reader_set_clock(&t->reader, &t->seal, true_ms, 50, &error_ms);
        return print(t, set, json_pack("{s:I}", "error_ms", (json_int_t)error_ms));
    }
    enum bulla_status got = bulla_reader_clock(&t->reader, &t->seal, &time);
    if (got != BULLA_OK) {
        return outcome(t, got);
    }
    json_t *json = json_pack("{s:b,s:o}", "set", time.time_ms != BULLA_TIME_NONE, "belief", belief(time.belief));
    if (time.time_ms != BULLA_TIME_NONE) {
        bulla_time_put(text, time.time_ms);
        json_object_set_new(json, "time", json_string(text));
        json_object_set_new(json, "bound_ms", json_integer(time.bound_ms));
    }
    return print(t, got, json);
}

static int setting_of(const char *name)
{
    for (unsigned i = 0; i < BULLA_SETTINGS; i++) {
        if (strcmp(bulla_setting_row((enum bulla_setting)i)->name, name) == 0) {
            return (int)i;
        }
    }
    cli_say("no setting \"%s\": expected interval, slow-interval, low-battery or answer-within", name);
    return -1;
}

static int set(struct talk *t)
{
    uint32_t value = 0;
    uint64_t wanted;
    int setting = setting_of(t->argv[0]);
    if (setting < 0) {
        return CLI_USAGE;
    }
    if (t->argc == 2) {
        if (!seal_number(t->argv[0], t->argv[1], 0, UINT32_MAX, &wanted)) {
            return CLI_USAGE;
        }
        return outcome(t, bulla_reader_configure(&t->reader, &t->seal, (enum bulla_setting)setting, (uint32_t)wanted));
    }
    enum bulla_status got = bulla_reader_setting(&t->reader, &t->seal, (enum bulla_setting)setting, &value);
    return print(t, got, json_pack("{s:I}", t->argv[0], (json_int_t)value));
}

static int order(struct talk *t, enum bulla_order code)
{
    return outcome(t, bulla_reader_order(&t->reader, &t->seal, code));
}

static int initialise(struct talk *t)
{
    return order(t, BULLA_ORDER_INITIALISE);
}

static int give_back(struct talk *t)
{
    return order(t, BULLA_ORDER_RETURN);
}

static int retire(struct talk *t)
{
    return order(t, BULLA_ORDER_RETIRE);
}

static int acknowledge(struct talk *t)
{
    return order(t, BULLA_ORDER_ACKNOWLEDGE);
}

/* ---- files ---- */

static bool from_file(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    return fseek(context, (long)offset, SEEK_SET) == 0 && fread(to, 1, n, context) == n;
}

/* What it is: the name without its folder, the size, the digest. False after telling stderr. */
static bool describe(FILE *file, const char *path, struct bulla_attachment *about)
{
    const struct bulla_digest *digest = digest_find(BULLA_DIGEST_SHA256);
    static max_align_t state[32];
    const char *slash = strrchr(path, '/');
    uint8_t bytes[4096];
    size_t n, all = 0;
    *about = (struct bulla_attachment){.decides = BULLA_DIGEST_SHA256};
    digest->begin(state);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        digest->add(state, (struct bulla_bytes){bytes, n});
        all += n;
    }
    digest->end(state, about->digest);
    about->size = (uint32_t)all;
    snprintf(about->name, sizeof about->name, "%s", slash ? slash + 1 : path);
    if (ferror(file) || all == 0 || all > INT32_MAX) {
        cli_say("%s: expected a file with something in it", path);
        return false;
    }
    return true;
}

static json_t *file_json(const struct bulla_transfer *file)
{
    char digest[2 * sizeof file->about.digest + 1];
    bulla_hex_put(digest, file->about.digest, sizeof file->about.digest);
    return json_pack("{s:s,s:I,s:I,s:b,s:s}", "name", file->about.name, "size", (json_int_t)file->about.size, "received",
                     (json_int_t)file->received, "whole", file->whole, "sha256", digest);
}

/* Goes on with the same file where it was; another one takes its place. */
static int put_file(struct talk *t)
{
    struct bulla_transfer there = {0};
    struct bulla_attachment about;
    FILE *file = fopen(t->argv[0], "rb");
    if (!file || !describe(file, t->argv[0], &about)) {
        if (!file) {
            cli_say("%s: %s", t->argv[0], strerror(errno));
        } else {
            fclose(file);
        }
        return CLI_IO;
    }
    const struct bulla_medium medium = {.context = file, .read = from_file};
    enum bulla_status got = bulla_reader_file(&t->reader, &t->seal, &there);
    bool same = got == BULLA_OK && memcmp(there.about.digest, about.digest, sizeof about.digest) == 0 && there.about.size == about.size;
    if (!same && (got == BULLA_OK || (got == BULLA_REFUSED && t->reader.nack == BULLA_NACK_NOT_FOUND))) {
        got = bulla_reader_file_begin(&t->reader, &t->seal, &about);
    }
    if (got == BULLA_OK) {
        got = bulla_reader_file_send(&t->reader, &t->seal, &medium, &there);
    }
    fclose(file);
    return print(t, got, file_json(&there));
}

static int get_file(struct talk *t)
{
    struct bulla_transfer there = {0};
    uint8_t chunk[BULLA_LINK_CHUNK];
    enum bulla_status got = bulla_reader_file(&t->reader, &t->seal, &there);
    FILE *file = got == BULLA_OK && t->argc == 1 ? fopen(t->argv[0], "wb") : NULL;
    if (got == BULLA_OK && t->argc == 1 && !file) {
        cli_say("%s: %s", t->argv[0], strerror(errno));
        return CLI_IO;
    }
    for (uint32_t at = 0, n; file && got == BULLA_OK && at < there.received; at += n) {
        n = there.received - at < sizeof chunk ? there.received - at : (uint32_t)sizeof chunk;
        got = bulla_reader_file_fetch(&t->reader, &t->seal, at, chunk, n);
        if (got == BULLA_OK && fwrite(chunk, 1, n, file) != n) {
            got = BULLA_FAILED;
        }
    }
    if (file && fclose(file) != 0) {
        cli_say("%s: %s", t->argv[0], strerror(errno));
        return CLI_IO;
    }
    return print(t, got, file_json(&there));
}

static const struct {
    const char *verb;
    int (*run)(struct talk *t);
    int least, most; /* words after it */
} verbs[] = {
    {"find", find, 0, 0},         {"identify", identify, 0, 0},       {"status", status, 0, 0},
    {"read", read_area, 1, 1},    {"write", write_area, 2, 2},        {"seal", seal_it, 0, 0},
    {"unseal", unseal_it, 0, 0},  {"log", print_log, 0, 0},           {"clock", clock_of, 0, 1},
    {"set", set, 1, 2},           {"initialise", initialise, 0, 0},   {"return", give_back, 0, 0},
    {"retire", retire, 0, 0},     {"acknowledge", acknowledge, 0, 0}, {"put-file", put_file, 1, 1},
    {"get-file", get_file, 0, 1},
};

/* ---- the talk ---- */

static bool read_place(const char *text, struct bulla_spot *spot)
{
    double lat, lon;
    char more;
    *spot = (struct bulla_spot){BULLA_NO_COORDINATE, BULLA_NO_COORDINATE};
    if (!text) {
        return true;
    }
    if (sscanf(text, "%lf,%lf%c", &lat, &lon, &more) != 2 || lat < -90 || lat > 90 || lon < -180 || lon > 180) {
        cli_say("--place: expected LATITUDE,LONGITUDE in degrees, got \"%s\"", text);
        return false;
    }
    *spot = (struct bulla_spot){(int32_t)(lat * 1e7), (int32_t)(lon * 1e7)};
    return true;
}

static int open_talk(struct talk *t)
{
    struct bulla_reader_setup setup = {0};
    const struct seal_options *o = t->o;
    uint64_t id, slot_us, tries, patience;
    char why[200];
    int code;
    if (!seal_number("reader", o->reader, 0, UINT32_MAX, &id) || !seal_number("slot-us", o->slot_us, 0, 10000000, &slot_us) ||
        !seal_number("tries", o->tries, 0, 100, &tries) || !seal_number("patience", o->patience_ms, 0, 60000, &patience) ||
        !read_place(o->place, &setup.spot)) {
        return CLI_USAGE;
    }
    if (o->keys && !seal_key_read(o->keys, BULLA_SIDE_READER, &t->keys, &code)) {
        return code;
    }
    t->transport = bulla_host_connect(o->at, why, sizeof why);
    if (!t->transport) {
        cli_say("%s", why);
        return CLI_IO;
    }
    setup.id = (uint32_t)id;
    setup.slot_us = (uint32_t)slot_us;
    setup.tries = (uint8_t)tries;
    setup.patience_ms = (uint32_t)patience;
    setup.window = strncmp(o->at, "air:", 4) == 0 ? 0 : 1;
    setup.party = o->keys ? &t->keys.party : NULL;
    if (bulla_host_random_system.fill(bulla_host_random_system.context, (uint8_t *)&setup.session, sizeof setup.session) != BULLA_OK) {
        cli_say("no randomness");
        return CLI_IO;
    }
    t->port = bulla_host_port(t->transport);
    bulla_reader_open(&t->reader, &t->port, &setup);
    return CLI_OK;
}

/* Whom to talk to: as said, or the one that is at the other end. */
static int address(struct talk *t)
{
    struct bulla_found one[2];
    uint64_t maker, serial;
    size_t n = 0;
    if (t->o->serial) {
        if (!seal_number("maker", t->o->maker, 1, 0xFFFF, &maker) || !seal_number("serial", t->o->serial, 0, UINT32_MAX, &serial)) {
            return CLI_USAGE;
        }
        t->seal = (struct bulla_address){(uint16_t)maker, (uint32_t)serial};
        return CLI_OK;
    }
    enum bulla_status got = bulla_reader_find(&t->reader, one, 2, &n);
    if (got == BULLA_FULL || n != 1) {
        cli_say("%s: expected --serial N", n == 0 ? "nobody answers who is awake" : "more than one seal is here");
        return CLI_NO;
    }
    t->seal = one[0].address;
    return outcome(t, got);
}

static int talk(struct talk *t, int (*run)(struct talk *t))
{
    struct bulla_moment moment = {seal_now_ms(), BULLA_TIME_NONE, true};
    int code = open_talk(t);
    if (code == CLI_OK && run != find) {
        code = address(t);
        if (code == CLI_OK && t->o->keys) {
            code = outcome(t, bulla_reader_session(&t->reader, &t->seal, &moment));
        }
    }
    if (code == CLI_OK) {
        code = run(t);
    }
    bulla_wipe(&t->reader.session, sizeof t->reader.session);
    bulla_host_close(t->transport);
    return code;
}

int seal_reader(const struct seal_options *o, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].verb, argv[0]) != 0) {
            continue;
        }
        if (argc - 1 < verbs[i].least || argc - 1 > verbs[i].most || !o->at) {
            cli_say("%s: expected --at WHERE, and %d to %d words after it: see bulla help seal", argv[0], verbs[i].least, verbs[i].most);
            return CLI_USAGE;
        }
        struct talk t = {.o = o, .argc = argc - 1, .argv = argv + 1};
        int code = talk(&t, verbs[i].run);
        bulla_wipe(&t.keys, sizeof t.keys);
        return code;
    }
    cli_say("unknown verb \"%s\": see bulla help seal", argv[0]);
    return CLI_USAGE;
}
