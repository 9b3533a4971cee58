/* SPDX-License-Identifier: Apache-2.0
 *
 * Outcomes of everything that reads bytes from outside.
 *
 * 0 is done. A positive outcome is normal and the caller must act on it (bring more bytes). A negative
 * one is wrong input, told apart because each is counted and handled differently:
 *   not_mine  the bytes belong to another protocol: try the next, count nothing against the peer
 *   damaged   right protocol, but a check value, length, escape or character is wrong: keep, do not answer
 *   insane    well formed, but a field cannot be true (month 13): keep, do not act on it
 *   refused   a command or argument that this protocol or device does not have
 *   full      the caller's storage is too small
 *   failed    what lies below (flash) did not do what it was told
 * Out-parameters are untouched unless the outcome is BULLA_OK.
 */
#ifndef BULLA_STATUS_H
#define BULLA_STATUS_H

#include "bulla/api.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_STATUS_TABLE(X)                       \
    X(BULLA_MORE,      1, "need_more")              \
    X(BULLA_OK,        0, "ok")                     \
    X(BULLA_NOT_MINE, -1, "not_mine")               \
    X(BULLA_DAMAGED,  -2, "damaged")                \
    X(BULLA_INSANE,   -3, "insane")                 \
    X(BULLA_REFUSED,  -4, "refused")                \
    X(BULLA_FULL,     -5, "full")                   \
    X(BULLA_FAILED,   -6, "failed")
/* clang-format on */

enum bulla_status {
#define X(name, number, text) name = number,
    BULLA_STATUS_TABLE(X)
#undef X
};

#define BULLA_MUST_CHECK __attribute__((warn_unused_result))

/* The contract's word for an outcome: "ok", "need_more", ... Never NULL. */
const char *bulla_status_text(enum bulla_status status);

BULLA_END

#endif
