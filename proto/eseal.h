/* SPDX-License-Identifier: Apache-2.0
 *
 * eSeal CT-C: what its three files share. The wire map is in eseal.c.
 */
#ifndef PROTO_ESEAL_H
#define PROTO_ESEAL_H

#include "proto/proto.h"

#define ESEAL_LINE_MAX 1024
#define ESEAL_MARK     "##S,"
#define ESEAL_MARK_LEN 4
#define ESEAL_END      ",E##"
#define ESEAL_END_LEN  4

struct eseal { /* link->state: what this connection's device has said of itself */
    char type[16];
    char device[BULLA_DEVICE_SIZE];
    char customer[16];
    char firmware[16];
    uint8_t lock;
};

extern const struct proto proto_eseal;
extern const struct proto_command eseal_commands[];

enum bulla_status eseal_probe(const uint8_t *at, size_t n);
enum bulla_status eseal_frame(struct proto_link *link, const uint8_t *at, size_t n, struct proto_frame *frame);
enum bulla_status eseal_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out);

#endif
