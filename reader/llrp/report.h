/* SPDX-License-Identifier: Apache-2.0
 *
 * What a UHF reader tells: tags that it has read, events, and whether it did what it was asked for.
 */
#ifndef LLRP_REPORT_H
#define LLRP_REPORT_H

#include "reader/llrp/message.h"

#define LLRP_EPC_MAX   62 /* bytes: 31 words are what the protocol word of a tag can say */
#define LLRP_WORDS_MAX 64 /* of one bank that are kept */
#define LLRP_TEXT_MAX  128
#define LLRP_READS     2 /* of other banks: TID, user memory */

/* Results of reading a bank. */
enum llrp_read_result {
    LLRP_READ_OK,
    LLRP_READ_TAG_ERROR,
    LLRP_READ_NO_ANSWER,
    LLRP_READ_READER_ERROR,
    LLRP_READ_OVERRUN,
    LLRP_READ_LOCKED
};

struct llrp_read {
    uint16_t operation; /* as llrp_client asked for it */
    uint8_t result;     /* enum llrp_read_result */
    uint16_t n;         /* words */
    uint16_t words[LLRP_WORDS_MAX];
};

enum llrp_has {
    LLRP_HAS_ANTENNA = 1,
    LLRP_HAS_RSSI = 2,
    LLRP_HAS_FIRST = 4,
    LLRP_HAS_LAST = 8,
    LLRP_HAS_SEEN = 16,
    LLRP_HAS_CHANNEL = 32,
    LLRP_HAS_PC = 64,
    LLRP_HAS_PHASE = 128, /* of readers of Impinj, as the next ones */
    LLRP_HAS_DOPPLER = 256,
    LLRP_HAS_EPC = 512, /* which may be empty; every tag has it */
};

struct llrp_tag {
    uint8_t epc[LLRP_EPC_MAX];
    size_t epc_bits;
    unsigned has; /* enum llrp_has */
    uint16_t antenna, channel, seen, pc;
    int16_t rssi_cdbm;          /* hundredths of a dBm */
    uint64_t first_us, last_us; /* since 1970, by the reader's clock */
    double phase_turns;         /* of the carrier, 0 to 1 */
    double doppler_hz;
    size_t n_reads;
    struct llrp_read reads[LLRP_READS];
};

/* Calls for each tag of a RO_ACCESS_REPORT. Returns how many there were; *damaged: of how many more nothing could be made. */
size_t llrp_tags(struct bulla_bytes body, void (*take)(void *user, const struct llrp_tag *tag), void *user, size_t *damaged);

struct llrp_status {
    uint16_t code; /* 0: done */
    char text[LLRP_TEXT_MAX];
};

/* The LLRPStatus that begins a response. False: there is none, which is no response. */
bool llrp_status_of(struct bulla_bytes body, struct llrp_status *status);

enum llrp_happening {
    LLRP_CONNECTED, /* value: 0 success, 1 a connection that the reader began, 2 another client, 3 failed, 4 somebody tried */
    LLRP_CLOSED,
    LLRP_OVERFLOW,    /* reports are lost */
    LLRP_BUFFER_FULL, /* value: percent */
    LLRP_ANTENNA,     /* value: 1 connected, 0 lost; antenna */
    LLRP_ROSPEC,      /* value: 0 begins, 1 ends, 2 gave way */
    LLRP_EXCEPTION,   /* text */
    LLRP_INPUT,       /* value: level; antenna: the input's port */
    LLRP_HAPPENINGS
};

struct llrp_event {
    enum llrp_happening what;
    uint16_t antenna;
    uint16_t value;
    char text[LLRP_TEXT_MAX];
};

/* Calls for each event of a READER_EVENT_NOTIFICATION that is known; returns false when it is damaged. */
bool llrp_events(struct bulla_bytes body, void (*take)(void *user, const struct llrp_event *event), void *user);

#endif
