/* SPDX-License-Identifier: Apache-2.0
 *
 * The corpus of real messages, which is kept outside of this tree: in the folder that BULLA_SHARED names,
 * else in ../shared beside the source. Tests that need it are skipped, with a word, where it is not.
 */
#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H

#include <jansson.h>

#include "proto/proto.h"

struct corpus_row {
    char set[24];   /* file it is from: "jt808_other" */
    const char *id; /* view of json */
    const struct proto *proto;
    struct proto_profile profile;
    uint8_t *bytes; /* as they travel */
    size_t n;
    json_t *json;
};

struct corpus {
    struct corpus_row *rows;
    size_t n;
};

/* Where the corpus is; NULL when there is none. Static storage. */
const char *corpus_folder(void);

/* Appends the rows of one set whose messages go up (from the device). A row that cannot be read ends the program. */
void corpus_load(struct corpus *corpus, const char *set, const char *protocol);
void corpus_clear(struct corpus *corpus);

/* Whether the row says that its message is damaged: then nothing may be taken from it. */
bool corpus_is_damaged(const struct corpus_row *row);

/* Part k of `total` of a message in several packets; false for a message in one. */
bool corpus_part(const struct corpus_row *row, json_int_t *total, json_int_t *k);

/* Brings what came before the row on its connection (a login), and forgets what was said to that. */
struct wire;
void corpus_precede(const struct corpus_row *row, struct wire *wire);

/* Why what the wire said is not what the row expects; true when it is. */
bool corpus_match(const struct corpus_row *row, const struct wire *wire, char *why, size_t size);
/* The same for the other values that the row has: battery, lock, alarms, cells ... */
bool corpus_match_values(const struct corpus_row *row, const struct wire *wire, char *why, size_t size);
/* The same for the answer alone: whether `got` (hexadecimal) is the row's n-th. */
bool corpus_match_answer(const struct corpus_row *row, size_t n, const char *got, char *why, size_t size);

#endif
