/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes: what others said of the seals of one journey, each text once. Few of a journey's entries have one, and all of them would
 * be twice as large with the words inside.
 */
#ifndef RULES_NOTES_H
#define RULES_NOTES_H

#include "bulla/observation.h"

struct notes;

struct notes *notes_new(void);
void notes_free(struct notes *notes); /* NULL is fine */

/* The kept note of these words, which stays where it is as long as `notes` does. Out of memory: a note without words. */
const struct bulla_note *notes_keep(struct notes *notes, const struct bulla_note *note);

#endif
