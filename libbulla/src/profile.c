/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/profile.h"

#include "libbulla/src/word.h"

#define FN(name) BULLA_FUNCTION_BIT(BULLA_FUNCTION_##name)
#define TR(name) BULLA_TRAIT_BIT(BULLA_TRAIT_##name)

static const struct {
    const char *name;
    bool of_class[3];
} functions[BULLA_FUNCTIONS] = {
#define X(function, row, text, passive, semi_active, active) [(row)-1] = {text, {passive, semi_active, active}},
    BULLA_FUNCTION_TABLE(X)
#undef X
};

/* clang-format off */
static const struct bulla_profile_row profiles[BULLA_PROFILES] = {
    {BULLA_PROFILE_PASSIVE, "passive", BULLA_CLASS_PASSIVE,
     FN(SEAL) | FN(STORE) | TR(WRITE_ONCE) | TR(PASSWORD) | TR(VOID) | TR(CIPHERED_LINK)},
    {BULLA_PROFILE_SEMI_ACTIVE, "semi-active", BULLA_CLASS_SEMI_ACTIVE,
     FN(SEAL) | FN(STORE) | TR(WRITE_ONCE) | TR(PASSWORD) | TR(VOID) | TR(POWERED) | TR(CIPHERED_LINK)},
    {BULLA_PROFILE_ISO, "iso", BULLA_CLASS_SEMI_ACTIVE,
     FN(SEAL) | FN(STORE) | TR(READ_ONLY) | TR(POWERED) | TR(RANDOM)},
    {BULLA_PROFILE_GBT, "gbt", BULLA_CLASS_ACTIVE,
     FN(SEAL) | FN(STORE) | FN(ENCRYPT) | TR(REUSABLE) | TR(POWERED) | TR(CLOCKED) | TR(CIPHERED_LINK)},
    {BULLA_PROFILE_ACTIVE, "active", BULLA_CLASS_ACTIVE,
     FN(SEAL) | FN(STORE) | FN(POSITION) | FN(CELLULAR) | FN(ENCRYPT) | FN(ALARM) | FN(REMOTE) | FN(UPGRADE) | FN(INTERFACE) |
     TR(REUSABLE) | TR(POWERED) | TR(CLOCKED) | TR(RANDOM) | TR(CIPHERED_LINK) | TR(PANEL)},
};
/* clang-format on */

const struct bulla_profile_row *bulla_profile_row(unsigned profile)
{
    return profile >= 1 && profile <= BULLA_PROFILES ? &profiles[profile - 1] : NULL;
}

uint32_t bulla_class_functions(enum bulla_class seal_class)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < BULLA_FUNCTIONS; i++)
        if (functions[i].of_class[seal_class])
            bits |= UINT32_C(1) << i;
    return bits;
}

enum bulla_refusal bulla_profile_refuses(unsigned profile, enum bulla_function function)
{
    const struct bulla_profile_row *row = bulla_profile_row(profile);
    if (!row)
        return BULLA_REFUSAL_PROFILE;
    if (row->has & BULLA_FUNCTION_BIT(function))
        return BULLA_REFUSAL_NONE;
    return functions[function - 1].of_class[row->seal_class] ? BULLA_REFUSAL_PROFILE : BULLA_REFUSAL_CLASS;
}

/* clang-format off */
#define WORDS(noun, TABLE)                                                   \
    static const struct word noun##_words[] = {TABLE(X)};                    \
    const char *bulla_##noun(unsigned number) { return WORD_FIND(noun##_words, number); }

#define X(name, number, text) {number, text},
WORDS(class_text, BULLA_CLASS_TABLE)
#undef X
#define X(name, row, text, passive, semi_active, active) {row, text},
WORDS(function_text, BULLA_FUNCTION_TABLE)
#undef X
#define X(name, number, text, words) {number, text},
WORDS(trait_text, BULLA_TRAIT_TABLE)
WORDS(refusal_text, BULLA_REFUSAL_TABLE)
#undef X
#define X(name, number, text, words) {number, words},
WORDS(trait_meaning, BULLA_TRAIT_TABLE)
WORDS(refusal_words, BULLA_REFUSAL_TABLE)
#undef X
/* clang-format on */
