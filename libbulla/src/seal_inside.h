/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the seal's runtime have of each other. Work is one event or order on its way through the device's table:
 * what comes in is above `step`, what the table made of it is `step`.
 */
#ifndef SRC_SEAL_INSIDE_H
#define SRC_SEAL_INSIDE_H

#include "bulla/seal.h"

#define SEAL_BIT(state) (UINT32_C(1) << (state))

struct seal_area {
    uint8_t id, on, blank; /* on: enum bulla_on, or SEAL_NOBODY */
    uint16_t size;
};
#define SEAL_NOBODY 0xFF

struct seal_work {
    enum bulla_on on;
    uint32_t facts;              /* those that the caller decides: AUTHORISED, and CLOCK_GOOD when it calibrates */
    struct bulla_seal_note note; /* surface, order, belief, who; the rest is filled in */
    struct bulla_spot told;      /* where the reader says that it is */
    uint64_t at_ms;              /* running time when it happened */
    uint8_t area;                /* STORE_DATA: where; 0: nothing */
    uint16_t offset;
    struct bulla_bytes bytes;
    const struct bulla_settings *settings; /* APPLY */
    const struct bulla_clock *clock;       /* SET_CLOCK: as calibrated */
    struct bulla_bytes keys;               /* NEW_KEYS */
    uint32_t spent;                        /* counter of the ticket that permitted it; 0: none */
    struct bulla_device_step step;
};

/* Zones. */
extern const struct bulla_zone bulla_seal_zones[];
extern const uint8_t bulla_seal_n_zones;
const struct seal_area *bulla_seal_area(unsigned id); /* of those that a reader sees; NULL: none */

/* The zones of its own. Load: NOT_MINE when it was never finished; DAMAGED when one has rotted. */
enum bulla_status bulla_seal_identity_load(struct bulla_seal *seal);
enum bulla_status bulla_seal_state_load(struct bulla_seal *seal);
void bulla_seal_state_rescue(struct bulla_seal *seal); /* from what identity and log say */
enum bulla_status bulla_seal_state_write(struct bulla_seal *seal, const struct bulla_device *device, const struct bulla_seal_note *note,
                                         uint32_t log_at);
enum bulla_status bulla_seal_state_make(struct bulla_seal *seal, const struct bulla_seal_make *make);
void bulla_seal_note_encode(const struct bulla_seal_note *note, struct bulla_log_event *event);

/* Actions before, in and after the transaction. */
bool bulla_seal_act_before(struct bulla_seal *seal, struct seal_work *work);
enum bulla_status bulla_seal_act_within(struct bulla_seal *seal, struct seal_work *work);
void bulla_seal_act_after(struct bulla_seal *seal, struct seal_work *work);
bool bulla_seal_act_keeps(uint32_t actions); /* has one of them to be within a transaction? */
enum bulla_status bulla_seal_blank(struct bulla_seal *seal, const struct seal_area *area);

static inline struct seal_work bulla_seal_work(enum bulla_on on, uint64_t at_ms)
{
    return (struct seal_work){.on = on, .at_ms = at_ms, .told = {BULLA_NO_COORDINATE, BULLA_NO_COORDINATE}};
}

/* One event, all the way. OK: durable, or refused (work->step says so). FAILED: flash; the seal is stale. */
enum bulla_status bulla_seal_do(struct bulla_seal *seal, struct seal_work *work);

/* Whatever waits for flash or the motor. */
enum bulla_status bulla_seal_settle(struct bulla_seal *seal);
void bulla_seal_tick(struct bulla_seal *seal, uint32_t now);
struct bulla_spot bulla_seal_where(const struct bulla_seal *seal, const struct seal_work *work);

/* The file. */
#define SEAL_SILENT 0x100
enum bulla_status bulla_seal_file_load(struct bulla_seal *seal);
bool bulla_seal_file_erase(struct bulla_seal *seal); /* for good; false: not all of it */
uint8_t bulla_seal_file_begins(struct bulla_seal *seal, struct bulla_bytes about, uint8_t zone[BULLA_SEAL_FILE_SIZE]);
unsigned bulla_seal_file_take(struct bulla_seal *seal, uint32_t offset, struct bulla_bytes chunk);
bool bulla_seal_file_read(struct bulla_seal *seal, uint32_t offset, uint8_t *to, size_t *n); /* at most *n; sets it */

/* An order and what comes of it. */
struct seal_ask {
    const struct bulla_link_order *order;
    struct bulla_link_message message;
    uint8_t belief;
    uint16_t session; /* of the frame */
    uint32_t who;
    unsigned rights; /* of a session */
};

struct seal_answer {
    bool silent;
    uint8_t nack, refusal; /* nack 0: the message */
    uint16_t slot;
    struct bulla_link_message message;
    uint8_t room[BULLA_LINK_CHUNK]; /* for its rest */
};

void bulla_seal_ignore(struct bulla_seal *seal, enum bulla_ignored what);

/* What the frame of an answer holds: data, and for a record of a session what is to be wrapped. False: nothing is to be said. */
bool bulla_seal_encode(const struct bulla_seal *seal, const struct seal_answer *answer, uint16_t *status, uint8_t data[BULLA_FRAME_MAX],
                       size_t *n);

/* The three orders of sessions, from the frame to the data of the answer. False: silence. A refusal is in *status. */
bool bulla_seal_hello(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n);
bool bulla_seal_prove(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX], size_t *n);
bool bulla_seal_wrapped(struct bulla_seal *seal, const struct bulla_frame *frame, uint16_t *status, uint8_t data[BULLA_FRAME_MAX],
                        size_t *n);
const struct bulla_party *bulla_seal_party(const struct bulla_seal *seal); /* NULL: no keys */
struct bulla_moment bulla_seal_moment(const struct bulla_seal *seal);
void bulla_seal_proven_time(struct bulla_seal *seal, uint32_t from_s); /* it is surely not earlier */

void bulla_seal_order(struct bulla_seal *seal, const struct seal_ask *ask, struct seal_answer *answer);
uint16_t bulla_seal_status_word(const struct bulla_seal *seal);

/* Tries. May: false has counted it already. Wrong: false, it is not in flash and nothing is to be said. */
#define SEAL_TRIES_AT   100 /* in the zone of the state */
#define SEAL_TRIES_SIZE (BULLA_SEAL_TRIES * BULLA_TRIES_SIZE)
void bulla_seal_tries_pass(struct bulla_seal *seal); /* time went by: what is stored next has no wait that is over */
bool bulla_seal_tries_may(struct bulla_seal *seal, enum bulla_seal_try what);
bool bulla_seal_tries_wrong(struct bulla_seal *seal, enum bulla_seal_try what);
void bulla_seal_tries_encode(const struct bulla_seal *seal, uint8_t bytes[SEAL_TRIES_SIZE]);
void bulla_seal_tries_decode(struct bulla_seal *seal, const uint8_t bytes[SEAL_TRIES_SIZE]);
void bulla_seal_tries_lost(struct bulla_seal *seal);

/* The chain of ISO/DIS 18185. Sets *n; FAILED: flash. */
enum bulla_status bulla_seal_block(const struct bulla_seal *seal, uint8_t bytes[BULLA_CHAIN_SIZE], size_t *n);

#endif
