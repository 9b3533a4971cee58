/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/container.h"

#define NUMBER "container number"

struct category {
    char letter;
    const char *name;
    bool standard;
};

static const struct category categories[] = {
#define X(letter, name, standard) {letter, name, standard},
    BULLA_CATEGORY_TABLE(X)
#undef X
};

static const struct category *category_find(char letter)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (categories[i].letter == letter)
            return &categories[i];
    return NULL;
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 10 for A, then upwards, passing over 11, 22 and 33. */
static unsigned value_of(char c)
{
    static const uint8_t letters[26] = {10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24,
                                        25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38};
    return is_digit(c) ? (unsigned)(c - '0') : letters[c - 'A'];
}

unsigned bulla_container_remainder(const char number[BULLA_CONTAINER_LENGTH])
{
    unsigned sum = 0;
    for (unsigned i = 0; i < BULLA_CONTAINER_LENGTH - 1; i++)
        sum += value_of(number[i]) << i;
    return sum % 11;
}

/* What may stand at each place of a number. */
static bool fits(unsigned at, char c)
{
    return at < 3 ? is_letter(c) : at == 3 ? category_find(c) != NULL : is_digit(c);
}

static const char *expected_at(unsigned at)
{
    return at < 3    ? "a capital letter of the owner code"
           : at == 3 ? "category U, J, Z or R"
           : at < 10 ? "a digit of the serial number"
                     : "a check digit";
}

/* The texts of the check digits that may have been expected. */
static const char *const expected_check[11] = {"check digit 0", "check digit 1", "check digit 2", "check digit 3",
                                               "check digit 4", "check digit 5", "check digit 6", "check digit 7",
                                               "check digit 8", "check digit 9", "check digit 0"};

static enum bulla_status check(struct bulla_bytes text, struct bulla_fault *fault)
{
    for (unsigned i = 0; i < BULLA_CONTAINER_LENGTH && i < text.len; i++)
        if (!fits(i, (char)text.at[i]))
            return bulla_fault_set(fault, BULLA_DAMAGED, NUMBER, expected_at(i), i);
    if (text.len != BULLA_CONTAINER_LENGTH)
        return bulla_fault_set(fault, BULLA_DAMAGED, NUMBER, "eleven characters",
                               text.len < BULLA_CONTAINER_LENGTH ? text.len : BULLA_CONTAINER_LENGTH);
    unsigned remainder = bulla_container_remainder((const char *)text.at);
    if (remainder % 10 != value_of((char)text.at[10]))
        return bulla_fault_set(fault, BULLA_INSANE, NUMBER, expected_check[remainder], 10);
    return BULLA_OK;
}

enum bulla_status bulla_container_decode(struct bulla_bytes text, struct bulla_container *container, struct bulla_fault *fault)
{
    enum bulla_status status = check(text, fault);
    if (status != BULLA_OK)
        return status;
    const char *number = (const char *)text.at;
    const struct category *category = category_find(number[3]);
    bulla_copy(container->number, number, BULLA_CONTAINER_LENGTH);
    container->number[BULLA_CONTAINER_LENGTH] = '\0';
    container->category = category->name;
    container->remarks = (uint8_t)((bulla_container_remainder(number) == 10 ? BULLA_CONTAINER_REMAINDER_TEN : 0u) |
                                   (category->standard ? 0u : BULLA_CONTAINER_CATEGORY_OTHER));
    return BULLA_OK;
}

enum bulla_status bulla_container_tidy(struct bulla_bytes text, char number[BULLA_CONTAINER_LENGTH + 1])
{
    char tidy[BULLA_CONTAINER_LENGTH + 1] = {0};
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        if (c == ' ' || c == '-')
            continue;
        if (n == BULLA_CONTAINER_LENGTH)
            return BULLA_FULL;
        tidy[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    bulla_copy(number, tidy, sizeof tidy);
    return BULLA_OK;
}

/* ---- candidates ---- */

struct search {
    struct bulla_candidate *candidates;
    size_t max, n;
};

/* Counts `number` when it is right. */
static void offer(struct search *search, const char *number, enum bulla_slip slip, unsigned at)
{
    struct bulla_fault fault;
    if (check((struct bulla_bytes){(const uint8_t *)number, BULLA_CONTAINER_LENGTH}, &fault) != BULLA_OK)
        return;
    if (search->n < search->max) {
        struct bulla_candidate *candidate = &search->candidates[search->n];
        bulla_copy(candidate->number, number, BULLA_CONTAINER_LENGTH);
        candidate->number[BULLA_CONTAINER_LENGTH] = '\0';
        candidate->slip = (uint8_t)slip;
        candidate->at = (uint8_t)at;
    }
    search->n++;
}

static void offer_transposed(struct search *search, const char *text)
{
    for (unsigned i = 0; i + 1 < BULLA_CONTAINER_LENGTH; i++) {
        char number[BULLA_CONTAINER_LENGTH];
        if (text[i] == text[i + 1])
            continue;
        bulla_copy(number, text, sizeof number);
        number[i] = text[i + 1];
        number[i + 1] = text[i];
        offer(search, number, BULLA_SLIP_TRANSPOSED, i);
    }
}

static bool holds(const char *group, char c)
{
    while (*group && *group != c)
        group++;
    return *group != '\0';
}

/* Characters that are taken for each other when a number is read off a door. */
static bool look_alike(char a, char b)
{
    static const char *const groups[] = {"0OQDCU", "1IJLT7", "2Z7", "3B8E", "4A",   "5S6",  "6GC8",
                                         "8BS9",   "9GP",    "EF",  "MNHW", "PRBF", "UVWY", "KXR"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (holds(groups[i], a) && holds(groups[i], b))
            return true;
    return false;
}

/* Every single character of the first ten changed to one that is, or is not, taken for it. */
static void offer_changed(struct search *search, const char *text, enum bulla_slip slip)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned i = 0; i < BULLA_CONTAINER_LENGTH - 1; i++)
        for (const char *c = alphabet; *c; c++) {
            char number[BULLA_CONTAINER_LENGTH];
            if (*c == text[i] || look_alike(*c, text[i]) != (slip == BULLA_SLIP_LOOK_ALIKE))
                continue;
            bulla_copy(number, text, sizeof number);
            number[i] = *c;
            offer(search, number, slip, i);
        }
}

static void offer_check_digit(struct search *search, const char *text)
{
    char number[BULLA_CONTAINER_LENGTH];
    for (unsigned i = 0; i < BULLA_CONTAINER_LENGTH - 1; i++)
        if (!fits(i, text[i]))
            return;
    bulla_copy(number, text, sizeof number);
    number[10] = (char)('0' + bulla_container_remainder(text) % 10);
    if (number[10] != text[10])
        offer(search, number, BULLA_SLIP_CHECK_DIGIT, 10);
}

size_t bulla_container_candidates(struct bulla_bytes text, struct bulla_candidate *candidates, size_t max)
{
    struct search search = {candidates, max, 0};
    if (text.len != BULLA_CONTAINER_LENGTH)
        return 0;
    const char *number = (const char *)text.at;
    offer_transposed(&search, number);
    offer_changed(&search, number, BULLA_SLIP_LOOK_ALIKE);
    offer_check_digit(&search, number);
    offer_changed(&search, number, BULLA_SLIP_CHARACTER);
    return search.n;
}

const char *bulla_slip_text(unsigned slip)
{
    static const char *const texts[] = {
#define X(name, number, text) [number] = text,
        BULLA_SLIP_TABLE(X)
#undef X
    };
    return slip > 0 && slip < sizeof texts / sizeof *texts ? texts[slip] : "unknown";
}
