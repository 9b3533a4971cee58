/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue with threads behind it, so that a slow request (a password, a long track) holds up only its
 * own kind.
 */
#ifndef OUT_WORK_H
#define OUT_WORK_H

#include <stdbool.h>
#include <stddef.h>

struct out_work;

/* NULL when out of memory or threads. */
struct out_work *out_work_new(unsigned threads, size_t max, void (*run)(void *job));
bool out_work_put(struct out_work *work, void *job); /* false: full, or ending */
void out_work_end(struct out_work *work);            /* runs what waits; what comes later is not taken; NULL is fine */
void out_work_free(struct out_work *work);           /* ends and frees; NULL is fine */

#endif
