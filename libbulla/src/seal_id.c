/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/seal_id.h"

#include "bulla/bits.h"

enum { DESIGNER_AT = 8, MODEL_AT = 20, SERIAL_AT = 32 };

enum bulla_status bulla_seal_id_decode(const uint8_t bytes[BULLA_SEAL_ID_SIZE], struct bulla_seal_id *id, struct bulla_fault *fault)
{
    if (bytes[0] != BULLA_SEAL_ID_CLASS)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "seal_id", "allocation class E2 of ISO/IEC 15963", 0);
    *id = (struct bulla_seal_id){
        .designer = (uint16_t)bulla_bits_at(bytes, DESIGNER_AT, 12),
        .model = (uint16_t)bulla_bits_at(bytes, MODEL_AT, 12),
        .serial = bulla_bits_at(bytes, SERIAL_AT, 48),
    };
    return BULLA_OK;
}

enum bulla_status bulla_seal_id_encode(const struct bulla_seal_id *id, uint8_t bytes[BULLA_SEAL_ID_SIZE], struct bulla_fault *fault)
{
    if (id->designer > BULLA_SEAL_ID_PART_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "designer", "at most 4095", DESIGNER_AT);
    if (id->model > BULLA_SEAL_ID_PART_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "model", "at most 4095", MODEL_AT);
    if (id->serial > BULLA_SEAL_ID_SERIAL_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "serial", "at most 281474976710655", SERIAL_AT);
    bytes[0] = BULLA_SEAL_ID_CLASS;
    bulla_bits_set(bytes, DESIGNER_AT, 12, id->designer);
    bulla_bits_set(bytes, MODEL_AT, 12, id->model);
    bulla_bits_set(bytes, SERIAL_AT, 48, id->serial);
    return BULLA_OK;
}

static const struct strength {
    unsigned number;
    char letter[2];
    const char *text;
} strengths[] = {
#define X(name, number, letter, text) {number, letter, text},
    BULLA_STRENGTH_TABLE(X)
#undef X
};

unsigned bulla_strength_from(char letter)
{
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++)
        if (strengths[i].letter[0] == letter)
            return strengths[i].number;
    return 0;
}

const char *bulla_strength_text(unsigned strength)
{
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++)
        if (strengths[i].number == strength)
            return strengths[i].text;
    return "not classified";
}
