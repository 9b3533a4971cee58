/* SPDX-License-Identifier: Apache-2.0
 *
 * Profiles: what kinds of seal there are, and what each may do.
 *
 * A class (WCO study report, chapter 4) has some of nine functions; BULLA_FUNCTION_TABLE is the report's table.
 * A profile is a seal as one document describes it: it belongs to a class, has at most the functions of that
 * class, and has traits, which say how it behaves. Five, because the ISO seal and the GB/T seal fit none of the
 * three classes: the ISO one is read-only after arming and answers to nobody, the GB/T one is written again and
 * again, knows who opened it, and has neither satellite nor cellular radio.
 *
 * Functions and traits are bits of one word, `has`, in which the rows of the device's table (bulla/device.h) say
 * what they need. Encryption is two things: function 5, which the report's table gives to active devices alone,
 * covers storage and transfer; trait CIPHERED_LINK is what clause 9.3 asks of passive and semi-active ones too.
 */
#ifndef BULLA_PROFILE_H
#define BULLA_PROFILE_H

#include "bulla/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

BULLA_BEGIN

/* clang-format off */
#define BULLA_CLASS_TABLE(X) X(PASSIVE, 0, "passive") X(SEMI_ACTIVE, 1, "semi-active") X(ACTIVE, 2, "active")

#define BULLA_FUNCTION_TABLE(X) /* function, its row in the report, name, passive, semi-active, active */ \
    X(SEAL,      1, "seal and unseal",             1, 1, 1)                                               \
    X(STORE,     2, "data collection and storage", 1, 1, 1)                                               \
    X(POSITION,  3, "satellite positioning",       0, 0, 1)                                               \
    X(CELLULAR,  4, "cellular data communication", 0, 0, 1)                                               \
    X(ENCRYPT,   5, "data encryption",             0, 0, 1)                                               \
    X(ALARM,     6, "alarm detecting",             0, 0, 1)                                               \
    X(REMOTE,    7, "remote control",              0, 0, 1)                                               \
    X(UPGRADE,   8, "wireless upgrading",          0, 0, 1)                                               \
    X(INTERFACE, 9, "data interface",              0, 0, 1)

#define BULLA_TRAIT_TABLE(X) /* trait, bit in `has`, name, meaning */                                              \
    X(WRITE_ONCE,    9,  "write-once",     "what was written stays as it is")                                      \
    X(PASSWORD,      10, "password",       "its data is read with a password")                                     \
    X(VOID,          11, "void",           "once broken it cannot be read")                                        \
    X(READ_ONLY,     12, "read-only",      "nothing is written once it is armed")                                  \
    X(REUSABLE,      13, "reusable",       "goes from journey to journey, and tells permitted opening from other") \
    X(POWERED,       14, "powered",        "has a battery, and so notices and records by itself")                  \
    X(CLOCKED,       15, "clocked",        "keeps time; calibrated before each use")                               \
    X(RANDOM,        16, "random",         "carries the random value that is cleared when it is tampered with")    \
    X(CIPHERED_LINK, 17, "ciphered-link",  "what it says to a reader is encrypted")                                \
    X(PANEL,         18, "panel",          "has indicators")

#define BULLA_REFUSAL_TABLE(X) /* refusal, number, name, in words */                                         \
    X(NONE,       0,  "none",        "not refused")                                                          \
    X(CLASS,      1,  "class",       "devices of this class do not have this function")                      \
    X(PROFILE,    2,  "profile",     "its class may have this function, this kind of seal does not")         \
    X(STATE,      3,  "state",       "expected in another state")                                            \
    X(AUTHORITY,  4,  "authority",   "expected an authorisation that holds")                                 \
    X(PASSWORD,   5,  "password",    "expected its password")                                                \
    X(WRITE_ONCE, 6,  "write-once",  "it was written, and is written once only")                             \
    X(READ_ONLY,  7,  "read-only",   "it is armed, and read-only from then on")                              \
    X(SINGLE_USE, 8,  "single-use",  "it serves one journey only")                                           \
    X(VOID,       9,  "void",        "it is broken; its data is void")                                       \
    X(TAMPERED,   10, "tampered",    "it was tampered with in this journey: return it first")                \
    X(JOURNEY,    11, "journey",     "not during a journey")                                                 \
    X(CLOCK,      12, "clock",       "expected a clock that is calibrated and within its limit")             \
    X(OPEN,       13, "open",        "expected the shackle to be closed")                                    \
    X(BATTERY,    14, "battery",     "the battery is low: expected a charged one at the start of a journey") \
    X(NO_POWER,   15, "no-power",    "it has no power")                                                      \
    X(RETIRED,    16, "retired",     "its keys are gone: expected it to be commissioned")                    \
    X(QUIET,      17, "quiet",       "its radio is silent in flight")
/* clang-format on */

enum bulla_class {
#define X(name, number, text) BULLA_CLASS_##name = number,
    BULLA_CLASS_TABLE(X)
#undef X
};

enum bulla_function {
#define X(name, row, text, passive, semi_active, active) BULLA_FUNCTION_##name = row,
    BULLA_FUNCTION_TABLE(X)
#undef X
};
#define BULLA_FUNCTIONS 9

#define BULLA_FUNCTION_BIT(function) (UINT32_C(1) << ((function)-1))

enum bulla_trait {
#define X(name, bit, text, meaning) BULLA_TRAIT_##name = bit,
    BULLA_TRAIT_TABLE(X)
#undef X
};

#define BULLA_TRAIT_BIT(trait) (UINT32_C(1) << (trait))

enum bulla_refusal {
#define X(name, number, text, words) BULLA_REFUSAL_##name = number,
    BULLA_REFUSAL_TABLE(X)
#undef X
};

enum bulla_profile { /* stored and sent */
                     BULLA_PROFILE_PASSIVE = 1,
                     BULLA_PROFILE_SEMI_ACTIVE = 2,
                     BULLA_PROFILE_ISO = 3,
                     BULLA_PROFILE_GBT = 4,
                     BULLA_PROFILE_ACTIVE = 5,
};
#define BULLA_PROFILES 5

struct bulla_profile_row {
    enum bulla_profile profile;
    const char *name;
    enum bulla_class seal_class;
    uint32_t has; /* bits of functions and traits */
};

/* NULL for a number that is no profile. */
const struct bulla_profile_row *bulla_profile_row(unsigned profile);

/* BULLA_REFUSAL_NONE, CLASS or PROFILE: may a seal of this profile do this? A profile that there is not, refuses all. */
enum bulla_refusal bulla_profile_refuses(unsigned profile, enum bulla_function function);

/* The functions of a class, as bits. */
uint32_t bulla_class_functions(enum bulla_class seal_class);

/* "" for what is in no table. */
const char *bulla_class_text(unsigned seal_class);
const char *bulla_function_text(unsigned function);
const char *bulla_trait_text(unsigned trait);
const char *bulla_trait_meaning(unsigned trait);
const char *bulla_refusal_text(unsigned refusal);  /* the name */
const char *bulla_refusal_words(unsigned refusal); /* why */

BULLA_END

#endif
