/* SPDX-License-Identifier: Apache-2.0
 *
 * Enum <-> text, from the X-tables of the headers.
 */
#ifndef MODEL_WORDS_H
#define MODEL_WORDS_H

#include <string.h>

struct model_word {
    unsigned number;
    const char *text;
};

static inline const char *model_word_text(const struct model_word *words, size_t n, unsigned value)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].number == value)
            return words[i].text;
    return "unknown";
}

static inline int model_word_number(const struct model_word *words, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].text[0] && strcmp(words[i].text, text) == 0)
            return (int)words[i].number;
    return -1;
}

/* clang-format off */
#define MODEL_WORD(name, number, text) {number, text},
#define MODEL_WORDS(noun, TABLE)                                                                                  \
    static const struct model_word noun##_words[] = {TABLE(MODEL_WORD)};                                          \
    const char *noun##_text(unsigned value) { return model_word_text(noun##_words, sizeof noun##_words / sizeof *noun##_words, value); } \
    int noun##_from(const char *text) { return model_word_number(noun##_words, sizeof noun##_words / sizeof *noun##_words, text); }
/* clang-format on */

#endif
