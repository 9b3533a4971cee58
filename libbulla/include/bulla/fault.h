/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault: which field of a seal's data is wrong, where it begins, and what was expected there. Written only
 * when the status beside it is not BULLA_OK; the texts are constants, so a fault may be kept and copied.
 * The noun that reports it says whether `at` counts bits or bytes of its encoded form.
 *
 * With BULLA_BRIEF defined (for all of libbulla and its users) both texts are empty: a chip that shows them to nobody has no room
 * for them.
 */
#ifndef BULLA_FAULT_H
#define BULLA_FAULT_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"

BULLA_BEGIN

struct bulla_fault {
    const char *field;    /* as its table names it */
    const char *expected; /* in words, to put after "expected" */
    uint32_t at;
};

static inline enum bulla_status bulla_fault_set(struct bulla_fault *fault, enum bulla_status status, const char *field,
                                                const char *expected, size_t at)
{
#ifdef BULLA_BRIEF
    field = expected = "";
#endif
    *fault = (struct bulla_fault){field, expected, (uint32_t)at};
    return status;
}

BULLA_END

#endif
