/* SPDX-License-Identifier: Apache-2.0
 *
 * Making one table of the target equal to the source's (move.h).
 */
#ifndef STORE_MOVE_RECORDS_H
#define STORE_MOVE_RECORDS_H

#include "platform/store/move.h"

struct move_table_result {
    uint64_t from_rows, to_rows, written;
    uint8_t from_digest[STORE_DIGEST], to_digest[STORE_DIGEST];
};

/* Reads both in order of keys and, with `write`, puts what differs. Digests are over all rows as they were read. */
int move_table(const struct move_options *options, const struct store_image_table *table, bool write, struct move_table_result *out);

#endif
