/* SPDX-License-Identifier: Apache-2.0
 *
 * A device protocol: bytes -> observations and replies; commands -> bytes.
 *
 * Freestanding like libbulla: no heap, no stdio, no globals, no clock of its own. Everything that a
 * protocol needs comes in a `struct proto_link`, one for each connection (or each UDP peer), which the
 * caller owns; everything it says goes out through the two functions of that link. A reply is handed over
 * at once but the caller sends it only when the observations emitted before it are durable.
 *
 * Bytes travel:   stream --frame()--> one message --decode()--> emit(observation)... reply(bytes)...
 *
 * A new protocol is one file (or family of files <name>*.c), one line in registry.def, and its vectors in
 * tests/vectors/<name>/. Copy template.c.
 */
#ifndef PROTO_PROTO_H
#define PROTO_PROTO_H

#include "bulla/cursor.h"
#include "bulla/observation.h"
#include "bulla/status.h"

#define PROTO_ARGS_MAX 40
#define PROTO_STATE_MAX 512 /* no protocol's state_size is larger */

/* How a device of this kind is set up where messages do not tell. Zero is the protocol's default. */
struct proto_profile {
    int16_t zone_minutes;  /* the device's clock minus UTC; valid with has_zone */
    bool has_zone;
    char model[16];        /* "", or a lock profile of the protocol: "JT709", "HHD" ... */
    char settings[64];     /* eseal: configuration text for the start-up acknowledgement */
};

struct proto_link {
    void *state;  /* state_size bytes of the protocol's own, zeroed when the connection opens, aligned for any type */
    const struct proto_profile *profile; /* may be NULL */
    int64_t now_ms;                      /* arrival time of the bytes at hand */
    bool whole;   /* decode() gets a message from a file or the command line: it may stand un-escaped */
    void *host;   /* the caller's, passed back below */
    void (*emit)(void *host, const struct bulla_observation *o);
    void (*reply)(void *host, const uint8_t *bytes, size_t n);
    /* Memory for reassembly: grows, shrinks or (size 0) frees a block; NULL result or NULL function: none to be had. */
    void *(*memory)(void *host, void *block, size_t size);
    /* Fills n random bytes (authentication codes). NULL: the protocol must do without. */
    void (*random)(void *host, uint8_t *to, size_t n);
    /* Why decode(), frame() or encode() did not return BULLA_OK: field, expected, got. Set by PROTO_FAIL. */
    char error[120];
};

/* Where the next message is in a stream: bytes [skip, skip + len) of what was given. */
struct proto_frame {
    size_t skip; /* bytes before it that belong to nothing: counted and kept as evidence */
    size_t len;
};

struct proto_arg { /* one "name=value" of a command; views */
    const char *name;
    const char *value;
};

struct proto_args {
    size_t n;
    struct proto_arg arg[PROTO_ARGS_MAX];
};

/* A command of a protocol, for help texts, checks and the seal page. */
struct proto_command {
    const char *name;    /* "unlock" "lock" "interval" "time" "locate" "cards-add" ... the same word in every protocol */
    const char *args;    /* "password" or "seconds [minutes]": required, then [optional] */
    const char *about;   /* one line */
    bool secret;         /* its arguments hold a password: never log or show them */
    const char *answers; /* result.command of the device's verdict ("P43"), NULL: the device does not answer */
};

struct proto {
    unsigned number; /* stored: never changed, never reused */
    const char *name;
    const char *title;
    const char *transports; /* "tcp", "tcp udp" */
    unsigned port;          /* usual port, 0: none */
    size_t state_size;
    size_t frame_max; /* no message is longer; the caller's buffer holds at least this */

    /* Whether the first bytes of a stream are this protocol's: OK, NOT_MINE, or MORE when more bytes are needed to tell. */
    enum bulla_status (*probe)(const uint8_t *at, size_t n);

    /* Finds the next message. OK: *frame is set. MORE: bring more bytes behind these, after dropping frame->skip
     * bytes, which are garbage. Never fails otherwise: what cannot be a message is skipped, and MORE at n >= frame_max
     * with skip 0 is a bug. */
    enum bulla_status (*frame)(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);

    /* Decodes one whole message. Emits 0 or more observations, in the message's order; replies 0 or more times. On an
     * outcome other than OK, nothing was emitted or replied (but for replies that ask the device to resend). */
    enum bulla_status (*decode)(struct proto_link *link, const uint8_t *at, size_t n);

    /* Writes a command as the device must receive it. REFUSED: unknown command or argument, link->error says which.
     * `device` is the id the device gave; state in link makes serial numbers go on. */
    enum bulla_status (*encode)(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                struct bulla_writer *out);

    const struct proto_command *commands; /* ends with a NULL name */
};

/* The protocols of registry.def, in its order. */
extern const struct proto *const proto_registry[];
extern const size_t proto_registry_n;

/* By name, or NULL. */
const struct proto *proto_find(const char *name);
const struct proto *proto_find_number(unsigned number);

/* The first protocol whose probe() says OK; NULL with *more set when one still needs bytes, NULL without: nobody's. */
const struct proto *proto_recognise(const uint8_t *at, size_t n, bool *more);

/* The command of that name in p's table, or NULL. */
const struct proto_command *proto_command_find(const struct proto *p, const char *name);

/* Value of an argument, or NULL. */
const char *proto_args_get(const struct proto_args *args, const char *name);

/* Checks args against the "required [optional]" list of a command: REFUSED with the name in link->error. */
enum bulla_status proto_args_check(struct proto_link *link, const struct proto_command *command, const struct proto_args *args);

/* Unsigned decimal argument in [min, max]; REFUSED with a reason in link->error. */
enum bulla_status proto_args_number(struct proto_link *link, const struct proto_args *args, const char *name, uint64_t min, uint64_t max,
                                    uint64_t *out);

/* Sets link->error to "field: expected E, got G" and returns `status`. `got` may be any bytes; it is made printable and cut. */
enum bulla_status proto_fail(struct proto_link *link, enum bulla_status status, const char *field, const char *expected,
                             struct bulla_bytes got);
enum bulla_status proto_fail_number(struct proto_link *link, enum bulla_status status, const char *field, const char *expected,
                                    int64_t got);

#endif
