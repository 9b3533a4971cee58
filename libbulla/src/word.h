/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of numbers, as the tables of the headers have them.
 */
#ifndef SRC_WORD_H
#define SRC_WORD_H

#include <stddef.h>

struct word {
    unsigned number;
    const char *text;
};

/* "": the number has none. */
static inline const char *word_find(const struct word *words, size_t n, unsigned number)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].number == number)
            return words[i].text;
    return "";
}

#define WORD_FIND(words, number) word_find((words), sizeof(words) / sizeof *(words), (number))

#endif
