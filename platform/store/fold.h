/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text holds a word, whatever the case of its letters: Latin, Greek and Cyrillic letters fold as the index of the
 * search folds them, all others are themselves.
 */
#ifndef STORE_FOLD_H
#define STORE_FOLD_H

#include <stdbool.h>

bool store_fold_holds(const char *text, const char *word);
/* The same at the beginning of a word: after a character that is no letter and no digit. */
bool store_fold_begins(const char *text, const char *word);

#endif
