/* SPDX-License-Identifier: Apache-2.0
 *
 * The digests of bulla/digest.h as OpenSSL has them.
 */
#ifndef PLATFORM_MODEL_DIGEST_H
#define PLATFORM_MODEL_DIGEST_H

#include "bulla/digest.h"

/* By its number; NULL when there is none. A digest that the library refuses (MD5, where only approved ones are allowed) or cannot
 * make for want of memory ends as zeros, which match nothing. */
const struct bulla_digest *digest_find(unsigned kind);

#endif
