// SPDX-License-Identifier: Apache-2.0
// Letters without case.

#include "platform/store/fold.h"

#include <stddef.h>
#include <stdint.h>

/* Ranges of capital letters and what is added to get the small one; with step 2 every second letter is a capital. */
static const struct {
    uint32_t first, last, add, step;
} CAPITALS[] = {
    {'A', 'Z', 32, 1},     {0xC0, 0xD6, 32, 1},  {0xD8, 0xDE, 32, 1},   {0x100, 0x12E, 1, 2},  {0x139, 0x147, 1, 2},
    {0x14A, 0x176, 1, 2},  {0x179, 0x17D, 1, 2}, {0x391, 0x3A1, 32, 1}, {0x3A3, 0x3AB, 32, 1}, {0x400, 0x40F, 80, 1},
    {0x410, 0x42F, 32, 1}, {0x460, 0x480, 1, 2}, {0x48A, 0x4BE, 1, 2},  {0x4D0, 0x52E, 1, 2},
};

static uint32_t fold(uint32_t c)
{
    for (size_t i = 0; i < sizeof CAPITALS / sizeof *CAPITALS; i++) {
        if (c >= CAPITALS[i].first && c <= CAPITALS[i].last && (c - CAPITALS[i].first) % CAPITALS[i].step == 0) {
            return c + CAPITALS[i].add;
        }
    }
    return c;
}

/* The next character, folded; bytes that are not UTF-8 stand for themselves. 0 at the end. */
static uint32_t next(const uint8_t **at)
{
    uint32_t c = *(*at);
    if (c == 0) {
        return 0;
    }
    ++*at;
    unsigned more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    if (more) {
        c &= 0x3Fu >> more;
    }
    for (; more && (**at & 0xC0) == 0x80; more--) {
        c = c << 6 | (*(*at)++ & 0x3F);
    }
    return fold(c);
}

static bool begins_with(const uint8_t *text, const uint8_t *word)
{
    for (uint32_t want = next(&word); want; want = next(&word)) {
        if (next(&text) != want) {
            return false;
        }
    }
    return true;
}

static bool is_of_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0x80; /* folded: no capitals */
}

static bool find(const char *text, const char *word, bool at_beginning)
{
    const uint8_t *rest = (const uint8_t *)word;
    uint32_t first = next(&rest), before = 0;
    const uint8_t *at = (const uint8_t *)text;
    for (uint32_t c = next(&at); c && first; c = next(&at)) {
        if (c == first && !(at_beginning && is_of_word(before)) && begins_with(at, rest)) {
            return true;
        }
        before = c;
    }
    return first == 0;
}

bool store_fold_holds(const char *text, const char *word)
{
    return find(text, word, false);
}

bool store_fold_begins(const char *text, const char *word)
{
    return find(text, word, true);
}
