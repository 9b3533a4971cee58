/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla seal keys, bulla seal ticket: an owner's keys, those of one seal and of one reader, and permissions for once. Files of
 * one JSON object each, which only their owner may read. There is no default key anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/seal.h"

#define YEAR_MS INT64_C(31536000000)
#define HEX(n)  (2 * (n) + 1)

/* ---- files ---- */

static bool hex_member(const json_t *object, const char *name, uint8_t *to, size_t n)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && strlen(text) == 2 * n && bulla_hex_get(to, text, n);
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
    char text[HEX(BULLA_FRAME_MAX)];
    bulla_hex_put(text, bytes, n);
    json_t *json = json_string(text);
    bulla_wipe(text, sizeof text);
    return json;
}

static bool owner_of(void *context, unsigned kind, const uint8_t id[BULLA_KEY_ID], uint8_t public_key[BULLA_PUBLIC])
{
    struct seal_key_file *keys = context;
    uint8_t own[BULLA_KEY_ID];
    (void)kind;
    if (bulla_suite_key_id(&keys->suite, keys->owner, own) != BULLA_OK || memcmp(own, id, sizeof own) != 0) {
        return false;
    }
    memcpy(public_key, keys->owner, BULLA_PUBLIC);
    return true;
}

/* Somebody else's eyes on a secret make it none. */
static bool is_private(const char *path)
{
    struct stat about;
    if (stat(path, &about) == 0 && (about.st_mode & 077) != 0) {
        cli_say("%s: expected a file that only its owner may read: chmod 600", path);
        return false;
    }
    return true;
}

bool seal_key_read(const char *path, enum bulla_side side, struct seal_key_file *keys, int *code)
{
    struct bulla_fault fault;
    struct bulla_authority authority = {0};
    *code = CLI_IO;
    if (!is_private(path)) {
        return false;
    }
    json_t *object = cli_json_read(path, code);
    if (!object) {
        return false;
    }
    const char *suite = json_string_value(json_object_get(object, "suite"));
    bool good = suite && bulla_host_suite_make(bulla_host_suite_find(suite), &bulla_host_random_system, &keys->suite) == BULLA_OK &&
                hex_member(object, "owner", keys->owner, sizeof keys->owner) &&
                hex_member(object, "secret", keys->secret, sizeof keys->secret) &&
                hex_member(object, "certificate", keys->certificate, sizeof keys->certificate) &&
                bulla_authority_decode((struct bulla_bytes){keys->certificate, sizeof keys->certificate}, &authority, &fault) == BULLA_OK &&
                authority.kind == (side == BULLA_SIDE_SEAL ? BULLA_AUTHORITY_SEAL : BULLA_AUTHORITY_READER);
    json_decref(object);
    if (!good) {
        *code = CLI_NO;
        cli_say("%s: expected the keys of a %s, as bulla seal keys makes them", path, side == BULLA_SIDE_SEAL ? "seal" : "reader");
        return false;
    }
    keys->trust = (struct bulla_trust){.context = keys, .issuer = owner_of};
    keys->party = (struct bulla_party){.side = side,
                                       .subject = authority.subject,
                                       .certificate = {keys->certificate, sizeof keys->certificate},
                                       .secret = keys->secret,
                                       .suite = &keys->suite,
                                       .trust = &keys->trust,
                                       .doubts = &keys->doubts};
    return true;
}

static bool write_file(const char *folder, const char *name, json_t *object)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && json_dumpfd(object, fd, JSON_COMPACT) == 0 && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    if (!good) {
        cli_say("%s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    json_decref(object);
    return good;
}

/* ---- making ---- */

struct owner {
    struct bulla_suite suite;
    uint8_t secret[BULLA_SECRET], public_key[BULLA_PUBLIC];
};

static bool say_failed(const char *what)
{
    cli_say("%s: the cipher suite failed", what);
    return false;
}

static json_t *member(const struct owner *owner, struct bulla_authority *authority)
{
    uint8_t secret[BULLA_SECRET], certificate[BULLA_AUTHORITY_SIZE];
    struct bulla_fault fault;
    if (bulla_host_key_make(&owner->suite, secret, authority->public_key) != BULLA_OK ||
        bulla_authority_sign(&owner->suite, owner->secret, owner->public_key, authority) != BULLA_OK ||
        bulla_authority_encode(authority, certificate, &fault) != BULLA_OK) {
        return NULL;
    }
    json_t *object = json_pack("{s:s,s:o,s:o,s:o}", "suite", owner->suite.name, "owner", hex(owner->public_key, sizeof owner->public_key),
                               "secret", hex(secret, sizeof secret), "certificate", hex(certificate, sizeof certificate));
    bulla_wipe(secret, sizeof secret);
    return object;
}

static bool make_member(const struct owner *owner, const char *folder, const char *name, struct bulla_authority authority)
{
    json_t *object = member(owner, &authority);
    return object ? write_file(folder, name, object) : say_failed(name);
}

static bool owner_read(const char *folder, struct owner *owner)
{
    char path[4096];
    int code;
    snprintf(path, sizeof path, "%s/owner.json", folder);
    if (!is_private(path)) {
        return false;
    }
    json_t *object = cli_json_read(path, &code);
    const char *suite = json_string_value(json_object_get(object, "suite"));
    bool good = suite && bulla_host_suite_make(bulla_host_suite_find(suite), &bulla_host_random_system, &owner->suite) == BULLA_OK &&
                hex_member(object, "secret", owner->secret, sizeof owner->secret) &&
                hex_member(object, "public", owner->public_key, sizeof owner->public_key);
    if (object && !good) {
        cli_say("%s: expected an owner's keys, as bulla seal keys makes them", path);
    }
    json_decref(object);
    return good;
}

/* The owner that is in the folder, or a new one. */
static bool owner_of_folder(const char *folder, const char *suite, struct owner *owner)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/owner.json", folder);
    if (access(path, F_OK) == 0) {
        return owner_read(folder, owner);
    }
    if (bulla_host_suite_make(bulla_host_suite_find(suite), &bulla_host_random_system, &owner->suite) != BULLA_OK) {
        cli_say("--suite: no suite \"%s\": expected x25519-ed25519-sha256-aes128gcm, p256-ecdsa-sha256-aes128gcm or sm2-sm3-sm4gcm", suite);
        return false;
    }
    if (bulla_host_key_make(&owner->suite, owner->secret, owner->public_key) != BULLA_OK) {
        return say_failed("owner");
    }
    return write_file(folder, "owner",
                      json_pack("{s:s,s:o,s:o}", "suite", owner->suite.name, "public", hex(owner->public_key, sizeof owner->public_key),
                                "secret", hex(owner->secret, sizeof owner->secret)));
}

static bool rights_of(const char *text, uint16_t *rights)
{
    char words[200], *rest = NULL;
    *rights = text ? 0 : BULLA_RIGHTS_ALL;
    snprintf(words, sizeof words, "%s", text ? text : "");
    for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        unsigned bit = 0;
        while (bulla_right_text(bit)[0] && strcmp(bulla_right_text(bit), word) != 0) {
            bit++;
        }
        if (!bulla_right_text(bit)[0]) {
            cli_say(
                "--rights: expected read, write, seal, unseal, configure, upgrade, export, clock, commission and retire with commas, got "
                "\"%s\"",
                word);
            return false;
        }
        *rights |= (uint16_t)(1u << bit);
    }
    return true;
}

int seal_keys(const struct seal_options *o, int argc, char **argv)
{
    struct owner owner;
    uint64_t maker, serial, reader;
    int64_t from_ms, until_ms;
    uint16_t rights;
    (void)argv;
    if (argc != 1 || !o->out || (!o->serial && !o->reader)) {
        cli_say("keys: expected --out DIRECTORY, and --serial N (keys of a seal), --reader N (of a reader) or both");
        return CLI_USAGE;
    }
    if (!seal_number("maker", o->maker, 1, 0xFFFF, &maker) || !seal_number("serial", o->serial, 0, UINT32_MAX, &serial) ||
        !seal_number("reader", o->reader, 0, UINT32_MAX, &reader) || !rights_of(o->rights, &rights) ||
        !seal_time("from", o->from, seal_now_ms() - 3600000, &from_ms) || !seal_time("until", o->until, from_ms + YEAR_MS, &until_ms)) {
        return CLI_USAGE;
    }
    if (mkdir(o->out, 0700) != 0 && errno != EEXIST) {
        cli_say("%s: %s", o->out, strerror(errno));
        return CLI_IO;
    }
    if (!owner_of_folder(o->out, o->suite ? o->suite : "x25519-ed25519-sha256-aes128gcm", &owner)) {
        return CLI_IO;
    }
    const uint32_t from_s = (uint32_t)(from_ms / 1000), until_s = (uint32_t)(until_ms / 1000);
    char name[40];
    snprintf(name, sizeof name, "seal-%llu-%llu", (unsigned long long)maker, (unsigned long long)serial);
    bool good = !o->serial || make_member(&owner, o->out, name,
                                          (struct bulla_authority){.kind = BULLA_AUTHORITY_SEAL,
                                                                   .subject = bulla_authority_seal((uint16_t)maker, (uint32_t)serial),
                                                                   .from_s = from_s,
                                                                   .until_s = until_s});
    snprintf(name, sizeof name, "reader-%llu", (unsigned long long)reader);
    good = good &&
           (!o->reader ||
            make_member(&owner, o->out, name,
                        (struct bulla_authority){
                            .kind = BULLA_AUTHORITY_READER, .subject = reader, .rights = rights, .from_s = from_s, .until_s = until_s}));
    bulla_wipe(&owner, sizeof owner);
    return good ? CLI_OK : CLI_IO;
}

int seal_ticket(const struct seal_options *o, int argc, char **argv)
{
    struct owner owner;
    uint64_t maker, serial, counter;
    int64_t from_ms, until_ms;
    uint8_t bytes[BULLA_TICKET_SIZE];
    char text[HEX(BULLA_TICKET_SIZE)];
    struct bulla_fault fault;
    bool seal = argc == 2 && strcmp(argv[1], "seal") == 0;
    if (argc != 2 || (!seal && strcmp(argv[1], "unseal") != 0) || !o->out || !o->serial || !o->counter) {
        cli_say("ticket: expected seal or unseal, --out DIRECTORY (with the owner's keys), --serial N and --counter N");
        return CLI_USAGE;
    }
    if (!seal_number("maker", o->maker, 1, 0xFFFF, &maker) || !seal_number("serial", o->serial, 0, UINT32_MAX, &serial) ||
        !seal_number("counter", o->counter, 0, UINT32_MAX, &counter) || !seal_time("from", o->from, seal_now_ms() - 60000, &from_ms) ||
        !seal_time("until", o->until, from_ms + 3600000, &until_ms)) {
        return CLI_USAGE;
    }
    if (!owner_read(o->out, &owner)) {
        return CLI_IO;
    }
    struct bulla_ticket ticket = {.operation = seal ? BULLA_TICKET_TO_SEAL : BULLA_TICKET_TO_UNSEAL,
                                  .device = {(uint16_t)maker, (uint32_t)serial},
                                  .counter = (uint32_t)counter,
                                  .from_s = (uint32_t)(from_ms / 1000),
                                  .until_s = (uint32_t)(until_ms / 1000)};
    enum bulla_status status = bulla_ticket_sign(&owner.suite, owner.secret, owner.public_key, &ticket);
    bulla_wipe(&owner, sizeof owner);
    if (status != BULLA_OK || bulla_ticket_encode(&ticket, bytes, &fault) != BULLA_OK) {
        cli_say("ticket: expected a counter above 0 and an end after the beginning");
        return CLI_NO;
    }
    bulla_hex_put(text, bytes, sizeof bytes);
    puts(text);
    return CLI_OK;
}
