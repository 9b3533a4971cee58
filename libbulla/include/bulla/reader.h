/* SPDX-License-Identifier: Apache-2.0
 *
 * One API for whoever speaks to seals, of every kind and over every air interface: find them, identify, read status, read and
 * write data, seal, open, read the log, set the clock, bring and fetch files. In the spirit of the common interface that ISO/DIS
 * 18185 (clause 1) announces as its annex A; that annex was not at hand, so this one is our own.
 *
 *   struct bulla_reader reader;
 *   bulla_reader_open(&reader, &transport, &setup);
 *   bulla_reader_find(&reader, found, 100, &n);
 *   bulla_reader_status(&reader, &found[0].address, &condition);
 *
 * What is below is a table of three functions: send a frame, wait for one, tell the time (struct bulla_transport). What is said may be
 * believed or not: `belief` in every answer is BULLA_BELIEF_CLAIMED for what a bare frame says, BULLA_BELIEF_PROVEN when the
 * seal proved itself in a session (bulla_reader_session()) before. With a session open, everything to that seal goes through it.
 *
 * One thread, one reader; nothing is called back but the transport, and no function waits longer than tries and patience say.
 *
 * Outcomes, of all functions:
 *   OK       done; of orders: the seal has it durably
 *   MORE     nobody answered in time. Whether the seal did it is not known: ask for its status
 *   REFUSED  the seal refused: `reader->nack` (enum bulla_nack), `reader->refusal` (enum bulla_refusal or 0)
 *   DAMAGED  answers came that are none, or of a session that does not hold (`reader->doubt`)
 *   FULL     more than the caller has room for
 *   FAILED   the transport, or the cipher
 * Out-parameters are untouched unless OK, or as said.
 */
#ifndef BULLA_READER_H
#define BULLA_READER_H

#include "bulla/api.h"
#include "bulla/seal.h"

BULLA_BEGIN

#define BULLA_READER_TRIES       3
#define BULLA_READER_PATIENCE_MS 500
#define BULLA_READER_WINDOW      8  /* slots of the first round of a collection */
#define BULLA_READER_ROUNDS      64 /* of a collection, at most */

#define BULLA_TRANSPORT_NONE   0    /* nothing came in time */
#define BULLA_TRANSPORT_NOISE  (-1) /* something that was no frame: a collision, a disturbance */
#define BULLA_TRANSPORT_FAILED (-2)

struct bulla_transport_ops {
    bool (*send)(void *context, struct bulla_bytes frame); /* to all seals in reach */
    /* The next frame of a seal into to[size], size at least BULLA_FRAME_MAX: its length, or one of the above. */
    int (*receive)(void *context, uint8_t *to, size_t size, uint32_t timeout_ms);
    uint64_t (*now_ms)(void *context); /* of any clock that only grows */
};

struct bulla_transport {
    const struct bulla_transport_ops *ops;
    void *context;
};

struct bulla_reader_setup {          /* 0 takes what is usual */
    uint32_t id;                     /* number of the reader: into logs and rings of seals, as long as it is not proven */
    uint16_t session;                /* tells its answers from those to other readers in reach: choose it by chance */
    uint32_t slot_us;                /* BULLA_LINK_SLOT_US: must be that of the seals */
    uint16_t window;                 /* BULLA_READER_WINDOW */
    uint8_t tries;                   /* BULLA_READER_TRIES: how often a question is asked */
    uint32_t patience_ms;            /* BULLA_READER_PATIENCE_MS: how long it waits for an answer each time */
    struct bulla_spot spot;          /* where it is; {BULLA_NO_COORDINATE, ...}: not known */
    const struct bulla_party *party; /* who it is, for sessions; NULL: nobody */
};

struct bulla_reader {
    const struct bulla_transport *transport;
    struct bulla_reader_setup setup;
    struct bulla_session session;
    struct bulla_address with; /* whom the session is with, while `in_session` */
    bool in_session;
    uint8_t nack, refusal;       /* of the last REFUSED */
    uint8_t doubt;               /* enum bulla_doubt, of the last DAMAGED in a session */
    uint32_t rounds, collisions; /* of the last find */
};

struct bulla_found {
    struct bulla_address address;
    uint16_t status; /* enum bulla_reply_bits */
    bool has_block;  /* its chain holds: */
    struct bulla_chain chain;
};

struct bulla_identity {
    uint8_t belief;
    uint8_t profile; /* enum bulla_profile */
    uint32_t model, firmware;
    bool has_block;
    struct bulla_chain chain;
};

struct bulla_condition { /* as BULLA_LINK_FIELD_TABLE has it for STATUS */
    uint8_t belief;
    uint8_t profile, state, shows, passage;
    uint32_t modes, journeys, spent;
    uint8_t battery;    /* percent */
    int8_t temperature; /* degrees C; -128: not known */
    bool shackle_out, keys;
    uint32_t log_oldest, log_next;
    uint32_t refused, ignored[BULLA_IGNORED];
};

struct bulla_reader_time {
    uint8_t belief;
    int64_t time_ms;   /* or BULLA_TIME_NONE */
    uint32_t bound_ms; /* UINT32_MAX: more, or not known */
};

struct bulla_reader_log { /* a reading of a log; zeros begin with the oldest record */
    uint8_t belief;
    uint32_t next; /* counter to go on from */
    uint64_t overwritten, unreadable;
    bool end;      /* the seal has no more */
    uint8_t n, at; /* records in `bytes`, and which is next */
    uint8_t bytes[BULLA_LINK_CHUNK];
};

/* The transport stays where it is. Sends nothing. */
void bulla_reader_open(struct bulla_reader *reader, const struct bulla_transport *transport, const struct bulla_reader_setup *setup);

/* All seals in reach that are awake, by rounds of slots until two rounds in a row were silent (ISO/IEC 18000-7 in manner). *n grows
 * with each that is found, whatever the outcome. What was found sleeps for collections (BULLA_LINK_AWAKE_MS). */
enum bulla_status bulla_reader_find(struct bulla_reader *reader, struct bulla_found *found, size_t max, size_t *n) BULLA_MUST_CHECK;

/* Proves reader and seal to each other; from then on all to this seal is wrapped, until bulla_reader_leave() or another session.
 * `moment`: what the reader knows of the time, to judge the seal's certificate. */
enum bulla_status bulla_reader_session(struct bulla_reader *reader, const struct bulla_address *seal,
                                       const struct bulla_moment *moment) BULLA_MUST_CHECK;
/* The same with a key that both have. REFUSED: it is the wrong one, or the seal takes none for a while (bulla/tries.h). */
enum bulla_status bulla_reader_session_shared(struct bulla_reader *reader, const struct bulla_address *seal,
                                              const struct bulla_shared_key *key) BULLA_MUST_CHECK;
void bulla_reader_leave(struct bulla_reader *reader);

/* One message and its answer, by the tables of bulla/link.h; what all functions below are made of. *belief may be NULL. `room` takes the
 * rest of the answer and stays as long as the answer is used. */
enum bulla_status bulla_reader_ask(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_link_message *ask,
                                   struct bulla_link_message *answer, uint8_t room[BULLA_FRAME_MAX], uint8_t *belief) BULLA_MUST_CHECK;

enum bulla_status bulla_reader_identify(struct bulla_reader *reader, const struct bulla_address *seal,
                                        struct bulla_identity *identity) BULLA_MUST_CHECK;
enum bulla_status bulla_reader_status(struct bulla_reader *reader, const struct bulla_address *seal,
                                      struct bulla_condition *condition) BULLA_MUST_CHECK;

/* n bytes of an area (enum bulla_area) from `offset`, in as many frames as it takes. REFUSED with BULLA_NACK_BOUNDARY: the area is not so
 * long. When it is not OK, some bytes of `to` may have been written. */
enum bulla_status bulla_reader_read(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_area area, uint16_t offset,
                                    uint8_t *to, uint16_t n) BULLA_MUST_CHECK;
/* Up to BULLA_LINK_CHUNK bytes are written together or not at all; more, in pieces of that size from the front. */
enum bulla_status bulla_reader_write(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_area area, uint16_t offset,
                                     struct bulla_bytes bytes) BULLA_MUST_CHECK;

/* Permission to close, or to open; `ticket` as bulla_ticket_encode() made it, empty where the seal has no keys. Not asked twice. */
enum bulla_status bulla_reader_seal(struct bulla_reader *reader, const struct bulla_address *seal,
                                    struct bulla_bytes ticket) BULLA_MUST_CHECK;
enum bulla_status bulla_reader_unseal(struct bulla_reader *reader, const struct bulla_address *seal,
                                      struct bulla_bytes ticket) BULLA_MUST_CHECK;

/* An order without arguments: INITIALISE, RETURN, RETIRE, ACKNOWLEDGE, FLIGHT_BEGIN, SLEEP. */
enum bulla_status bulla_reader_order(struct bulla_reader *reader, const struct bulla_address *seal,
                                     enum bulla_order order) BULLA_MUST_CHECK;

/* The next record; `log` goes on where it was, also after an outcome that was not OK. MORE with log->end: there is none yet. */
enum bulla_status bulla_reader_log(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_reader_log *log,
                                   struct bulla_log_record *record) BULLA_MUST_CHECK;

enum bulla_status bulla_reader_clock(struct bulla_reader *reader, const struct bulla_address *seal,
                                     struct bulla_reader_time *time) BULLA_MUST_CHECK;
/* `error_ms`: what it said, less what is true; 0 when it was not set. */
enum bulla_status bulla_reader_set_clock(struct bulla_reader *reader, const struct bulla_address *seal, int64_t time_ms,
                                         uint32_t precision_ms, int64_t *error_ms) BULLA_MUST_CHECK;

/* What is there of the file that the seal carries. REFUSED with BULLA_NACK_NOT_FOUND: there is none. `whole`: the seal checked its digest.
 */
enum bulla_status bulla_reader_file(struct bulla_reader *reader, const struct bulla_address *seal,
                                    struct bulla_transfer *file) BULLA_MUST_CHECK;
/* Another file takes the place of the one that is there. REFUSED with BULLA_NACK_CANNOT_CREATE: too large. */
enum bulla_status bulla_reader_file_begin(struct bulla_reader *reader, const struct bulla_address *seal,
                                          const struct bulla_attachment *about) BULLA_MUST_CHECK;
/* Sends what is missing of it, read from `from`; may be called again after any outcome. *file is how far it is. */
enum bulla_status bulla_reader_file_send(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_medium *from,
                                         struct bulla_transfer *file) BULLA_MUST_CHECK;
/* n bytes of it. REFUSED with BULLA_NACK_BOUNDARY: there are not so many. */
enum bulla_status bulla_reader_file_fetch(struct bulla_reader *reader, const struct bulla_address *seal, uint32_t offset, uint8_t *to,
                                          uint32_t n) BULLA_MUST_CHECK;

enum bulla_status bulla_reader_setting(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_setting setting,
                                       uint32_t *value) BULLA_MUST_CHECK;
enum bulla_status bulla_reader_configure(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_setting setting,
                                         uint32_t value) BULLA_MUST_CHECK;

BULLA_END

#endif
