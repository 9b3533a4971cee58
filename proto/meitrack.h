/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: what its files share. The wire map is in meitrack.c.
 */
#ifndef PROTO_MEITRACK_H
#define PROTO_MEITRACK_H

#include "proto/proto.h"

#define MEITRACK_FRAME_MAX 4096
#define MEITRACK_ID_DIGITS 15
#define MEITRACK_TYPE_LEN  3

extern const struct proto proto_meitrack;
extern const struct proto_command meitrack_commands[];

/* A message whose check value is right; views of it. */
struct meitrack_message {
    char flag;
    struct bulla_bytes id, type;
    struct bulla_bytes body; /* behind the comma that follows the type, before the asterisk */
};

/* An observation of this device in which nothing is said yet. */
void meitrack_begin(const struct meitrack_message *m, struct bulla_observation *o);

/* What an event's number means. */
void meitrack_put_event(struct bulla_observation *o, unsigned number);

/* A card that was held to the device; what came of it is not said. */
void meitrack_put_card(struct bulla_observation *o, struct bulla_bytes number);

/* "@@", flag, length, id and content with their check value. */
void meitrack_write(struct bulla_writer *w, char flag, struct bulla_bytes id, struct bulla_bytes content);

bool meitrack_is_report(const struct meitrack_message *m);
enum bulla_status meitrack_report_decode(struct proto_link *link, const struct meitrack_message *m);
enum bulla_status meitrack_fixed_decode(struct proto_link *link, const struct meitrack_message *m, uint16_t *n_records);
enum bulla_status meitrack_tagged_decode(struct proto_link *link, const struct meitrack_message *m);
enum bulla_status meitrack_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                  struct bulla_writer *out);

#endif
