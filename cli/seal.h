/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla seal: what its parts have of each other. Verbs are rows of a table (seal.c); each is a function here.
 */
#ifndef CLI_SEAL_H
#define CLI_SEAL_H

#include <jansson.h>

#include "bulla/reader.h"
#include "cli/cli.h"
#include "suite/suite.h"

struct seal_options { /* as typed; NULL or false where not given */
    const char *at, *serial, *maker, *profile, *memory, *listen, *model, *alpha, *battery, *keys, *ticket, *place, *reader, *slot_us,
        *tries, *patience_ms, *offset, *length, *out, *suite, *rights, *counter, *from, *until;
    bool hex;
};

int seal_run(const struct seal_options *options, int argc, char **argv);
int seal_keys(const struct seal_options *options, int argc, char **argv);
int seal_ticket(const struct seal_options *options, int argc, char **argv);
/* All verbs of a reader; argv[0] is the verb. */
int seal_reader(const struct seal_options *options, int argc, char **argv);

/* A number in decimal or 0x; false after telling stderr. `text` NULL: `usual`. */
bool seal_number(const char *name, const char *text, uint64_t usual, uint64_t greatest, uint64_t *value);

/* RFC 3339, or seconds from now as +N or -N; false after telling stderr. */
bool seal_time(const char *name, const char *text, int64_t usual_ms, int64_t *ms);
int64_t seal_now_ms(void);

/* ---- keys: files of one JSON object, readable by their owner alone ---- */

struct seal_key_file {
    struct bulla_suite suite;
    struct bulla_party party; /* side, certificate, secret and suite; its trust is the owner's key */
    struct bulla_trust trust;
    struct bulla_doubts doubts;
    uint8_t owner[BULLA_PUBLIC], secret[BULLA_SECRET], certificate[BULLA_AUTHORITY_SIZE];
};

/* False after telling stderr, with the exit code. The file must not be moved in memory. */
bool seal_key_read(const char *path, enum bulla_side side, struct seal_key_file *keys, int *code);

/* ---- JSON ---- */

/* "beef:12345678" */
#define SEAL_ADDRESS 16
void seal_address_put(char to[SEAL_ADDRESS], const struct bulla_address *address);

json_t *seal_note_json(const struct bulla_seal_note *note);
json_t *seal_chain_json(const struct bulla_chain *chain);

#endif
