/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of one UHF reader, as a machine without a socket or clock: bytes and the time go in; bytes, tags and notes come out. It waits
 * until the reader has taken the connection, clears what another client may have left, says what is to be read, and starts. From then on
 * tags are reported until it is closed, or lost: then whoever owns it connects anew and opens it again.
 *
 *   waiting -> capabilities -> clearing -> configuring -> adding -> enabling -> starting -> running -> stopping -> closed
 *                                                                                                   \-> lost
 */
#ifndef LLRP_CLIENT_H
#define LLRP_CLIENT_H

#include "reader/llrp/report.h"

#define LLRP_ANSWER_MS    10000 /* in which a reader answers, and takes a connection */
#define LLRP_KEEPALIVE_MS 5000
#define LLRP_MISSED       3 /* keepalives */
#define LLRP_ROSPEC_ID    1
#define LLRP_ACCESSSPEC   1
#define LLRP_READ_TID     1 /* operations */
#define LLRP_READ_USER    2

enum llrp_state {
    LLRP_WAITING,
    LLRP_ASKING, /* one step after another, client.c's table */
    LLRP_RUNNING,
    LLRP_STOPPING,
    LLRP_OVER, /* closed as it was asked to, or lost */
};

struct llrp_ops {
    void (*send)(void *user, const uint8_t *bytes, size_t n);
    void (*tag)(void *user, const struct llrp_tag *tag);
    void (*event)(void *user, const struct llrp_event *event);
    /* What went wrong, in words: refused, damaged, no answer. `lost`: this was the end. */
    void (*trouble)(void *user, bool lost, const char *what);
};

struct llrp_settings {
    uint16_t tid_words, user_words; /* of each tag that are read too; 0: none */
    uint8_t session;                /* of Gen2, 0 to 3: at a gate 1 or 2, where tags answer once for a while */
    uint16_t population;            /* tags that are expected at once */
};

struct llrp_client {
    struct llrp_settings settings;
    const struct llrp_ops *ops;
    void *user;
    enum llrp_state state;
    size_t step;       /* of client.c's table, while asking and stopping */
    uint32_t id;       /* of the last message to the reader */
    uint64_t asked_ms; /* when the step began */
    uint64_t heard_ms; /* when the reader last said anything */
    size_t n_held;     /* bytes of a message that is not all there */
    uint8_t held[LLRP_MESSAGE_MAX];
    uint64_t n_tags, n_damaged;
};

/* The connection is there; `client` is the caller's, and large. */
void llrp_open(struct llrp_client *client, const struct llrp_settings *settings, const struct llrp_ops *ops, void *user, uint64_t now_ms);

/* Bytes of the reader, in pieces of any length. */
void llrp_feed(struct llrp_client *client, const uint8_t *bytes, size_t n, uint64_t now_ms);

/* Once a second or so: whether the reader is silent for too long. */
void llrp_tick(struct llrp_client *client, uint64_t now_ms);

/* Stops and says goodbye; it is over when state is LLRP_OVER. */
void llrp_close(struct llrp_client *client, uint64_t now_ms);

#endif
