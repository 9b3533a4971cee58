/* SPDX-License-Identifier: Apache-2.0
 *
 * Two ways in which a seal says which one it is and how strong:
 *
 *   seal id   ISO/IEC 15963, allocation class E2 (UCC-EAN), 80 bits as GB/T 23678 A.1 has room for:
 *             class 8 | designer of the chip 12 | model 12 | serial number 48, most significant bit first.
 *             The chip's maker burns it in; `fault->at` counts bits.
 *   class     ISO 17712 of a mechanical seal, or of the bolt or cable of an electronic one: indicative,
 *             security, high security. A stronger class satisfies a demand for a weaker one.
 */
#ifndef BULLA_SEAL_ID_H
#define BULLA_SEAL_ID_H

#include "bulla/api.h"
#include "bulla/fault.h"

BULLA_BEGIN

#define BULLA_SEAL_ID_SIZE       10
#define BULLA_SEAL_ID_CLASS      0xE2u
#define BULLA_SEAL_ID_PART_MAX   ((1u << 12) - 1)
#define BULLA_SEAL_ID_SERIAL_MAX ((UINT64_C(1) << 48) - 1)

struct bulla_seal_id {
    uint16_t designer, model;
    uint64_t serial;
};

/* NOT_MINE: another allocation class. */
enum bulla_status bulla_seal_id_decode(const uint8_t bytes[BULLA_SEAL_ID_SIZE], struct bulla_seal_id *id,
                                       struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_seal_id_encode(const struct bulla_seal_id *id, uint8_t bytes[BULLA_SEAL_ID_SIZE],
                                       struct bulla_fault *fault) BULLA_MUST_CHECK;

/* clang-format off */
#define BULLA_STRENGTH_TABLE(X) X(INDICATIVE, 1, "I", "indicative") X(SECURITY, 2, "S", "security") X(HIGH, 3, "H", "high security")
/* clang-format on */

enum bulla_strength { /* stronger is greater; 0 is not classified */
#define X(name, number, letter, text) BULLA_STRENGTH_##name = number,
                      BULLA_STRENGTH_TABLE(X)
#undef X
};

/* From the letter that is marked on the seal; 0 when it is none. */
unsigned bulla_strength_from(char letter);
const char *bulla_strength_text(unsigned strength);

/* True when a seal of that strength may be used where `demanded` is asked for; 0 demands nothing. */
static inline bool bulla_strength_satisfies(unsigned strength, unsigned demanded)
{
    return strength >= demanded;
}

BULLA_END

#endif
