/* SPDX-License-Identifier: Apache-2.0
 *
 * Size and type codes of ISO 6346:1995, annexes D and E, as tables.
 */
#include "bulla/container.h"

#define SIZE_TYPE "size and type"

static const struct length {
    char code;
    uint16_t mm, ft;
} lengths[] = {
    {'1', 2991, 10}, {'2', 6068, 20},  {'3', 9125, 30},  {'4', 12192, 40}, {'A', 7150, 0},   {'B', 7315, 24},
    {'C', 7430, 0},  {'D', 7450, 0},   {'E', 7820, 0},   {'F', 8100, 0},   {'G', 12500, 0},  {'H', 13106, 43},
    {'K', 13600, 0}, {'L', 13716, 45}, {'M', 14630, 48}, {'N', 14935, 49}, {'P', 16154, 53},
};

#define WIDTH_STANDARD 2438, 2438
#define WIDTH_MIDDLE   2439, 2500
#define WIDTH_LARGE    2501, BULLA_MM_OPEN
#define HIGHER         2896, BULLA_MM_OPEN

static const struct section {
    char code;
    uint16_t height_from_mm, height_to_mm, width_from_mm, width_to_mm;
} sections[] = {
    {'0', 2438, 2438, WIDTH_STANDARD}, {'2', 2591, 2591, WIDTH_STANDARD}, {'4', 2743, 2743, WIDTH_STANDARD},
    {'5', 2895, 2895, WIDTH_STANDARD}, {'6', HIGHER, WIDTH_STANDARD},     {'8', 1295, 1295, WIDTH_STANDARD},
    {'9', 0, 1219, WIDTH_STANDARD},    {'C', 2591, 2591, WIDTH_MIDDLE},   {'D', 2743, 2743, WIDTH_MIDDLE},
    {'E', 2895, 2895, WIDTH_MIDDLE},   {'F', HIGHER, WIDTH_MIDDLE},       {'L', 2591, 2591, WIDTH_LARGE},
    {'M', 2743, 2743, WIDTH_LARGE},    {'N', 2895, 2895, WIDTH_LARGE},    {'P', HIGHER, WIDTH_LARGE},
};

/* Types, each group with its own codes first: a code of the group alone ends in a letter. */
static const struct type {
    char code[3];
    const char *kind, *detail;
} types[] = {
    {"GP", "general purpose", ""},
    {"G0", "general purpose", "opens at one or both ends"},
    {"G1", "general purpose", "vents in the upper part"},
    {"G2", "general purpose", "opens at one or both ends and along one or both sides"},
    {"G3", "general purpose", "opens at one or both ends and along part of one or both sides"},
    {"VH", "ventilated", ""},
    {"V0", "ventilated", "vents above and below, no fan"},
    {"V2", "ventilated", "fan inside"},
    {"V4", "ventilated", "fan outside"},
    {"BU", "dry bulk", ""},
    {"BK", "dry bulk under pressure", ""},
    {"B0", "dry bulk", "closed"},
    {"B1", "dry bulk", "airtight"},
    {"B3", "dry bulk under pressure", "unloads level, tested at 1.50 bar"},
    {"B4", "dry bulk under pressure", "unloads level, tested at 2.65 bar"},
    {"B5", "dry bulk under pressure", "unloads by tipping, tested at 1.50 bar"},
    {"B6", "dry bulk under pressure", "unloads by tipping, tested at 2.65 bar"},
    {"SN", "named cargo", ""},
    {"S0", "named cargo", "livestock"},
    {"S1", "named cargo", "cars"},
    {"S2", "named cargo", "live fish"},
    {"RE", "refrigerated", ""},
    {"RT", "refrigerated and heated", ""},
    {"RS", "self-powered, refrigerated or heated", ""},
    {"R0", "refrigerated", "by machine"},
    {"R1", "refrigerated and heated", "by machine"},
    {"R2", "self-powered, refrigerated", "by machine"},
    {"R3", "self-powered, refrigerated and heated", "by machine"},
    {"HR", "refrigerated or heated, equipment removable", ""},
    {"HI", "insulated", ""},
    {"H0", "refrigerated or heated, equipment removable", "equipment outside, 0.4 W/(m2 K)"},
    {"H1", "refrigerated or heated, equipment removable", "equipment inside"},
    {"H2", "refrigerated or heated, equipment removable", "equipment outside, 0.7 W/(m2 K)"},
    {"H5", "insulated", "0.4 W/(m2 K)"},
    {"H6", "insulated", "0.7 W/(m2 K)"},
    {"UT", "open top", ""},
    {"U0", "open top", "opens at one or both ends"},
    {"U1", "open top", "opens at one or both ends, top members removable"},
    {"U2", "open top", "opens at one or both ends and along one or both sides"},
    {"U3", "open top", "opens at one or both ends and along one or both sides, top members removable"},
    {"U4", "open top", "opens at one or both ends, along part of one side and all of the other"},
    {"U5", "open top", "closed sides and ends"},
    {"PL", "platform", ""},
    {"PF", "platform with fixed ends", ""},
    {"PC", "platform with folding ends", ""},
    {"PS", "platform with a frame", ""},
    {"P0", "platform", "nothing on it"},
    {"P1", "platform with fixed ends", "two whole ends"},
    {"P2", "platform with fixed ends", "posts, with or without a removable top member"},
    {"P3", "platform with folding ends", "whole ends"},
    {"P4", "platform with folding ends", "posts, with or without a removable top member"},
    {"P5", "platform with a frame", "open top and open ends"},
    {"TN", "tank, liquids not dangerous", ""},
    {"TD", "tank, dangerous liquids", ""},
    {"TG", "tank, gases", ""},
    {"T0", "tank, liquids not dangerous", "at least 0.45 bar"},
    {"T1", "tank, liquids not dangerous", "at least 1.50 bar"},
    {"T2", "tank, liquids not dangerous", "at least 2.65 bar"},
    {"T3", "tank, dangerous liquids", "at least 1.50 bar"},
    {"T4", "tank, dangerous liquids", "at least 2.65 bar"},
    {"T5", "tank, dangerous liquids", "at least 4.00 bar"},
    {"T6", "tank, dangerous liquids", "at least 6.00 bar"},
    {"T7", "tank, gases", "at least 9.10 bar"},
    {"T8", "tank, gases", "at least 22.00 bar"},
    {"T9", "tank, gases", "pressure to be decided"},
    {"AS", "air and surface", ""},
    {"A0", "air and surface", "general"},
};

#define FIND(what, table, matches)                                                                                                         \
    static const struct what *what##_find(const uint8_t *code)                                                                             \
    {                                                                                                                                      \
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)                                                                          \
            if (matches)                                                                                                                   \
                return &table[i];                                                                                                          \
        return NULL;                                                                                                                       \
    }

FIND(length, lengths, (uint8_t)lengths[i].code == *code)
FIND(section, sections, (uint8_t)sections[i].code == *code)
FIND(type, types, bulla_compare(types[i].code, code, 2) == 0)

enum bulla_status bulla_size_type_decode(struct bulla_bytes code, struct bulla_size_type *size_type, struct bulla_fault *fault)
{
    if (code.len != BULLA_SIZE_TYPE_LENGTH)
        return bulla_fault_set(fault, BULLA_DAMAGED, SIZE_TYPE, "four characters", code.len < 4 ? code.len : 4);
    const struct length *length = length_find(code.at);
    const struct section *section = section_find(code.at + 1);
    const struct type *type = type_find(code.at + 2);
    if (!length)
        return bulla_fault_set(fault, BULLA_INSANE, SIZE_TYPE, "a length code of ISO 6346: 1-4 or A-P", 0);
    if (!section)
        return bulla_fault_set(fault, BULLA_INSANE, SIZE_TYPE, "a height and width code of ISO 6346: 0-9 or C-P", 1);
    if (!type)
        return bulla_fault_set(fault, BULLA_INSANE, SIZE_TYPE, "a type code of ISO 6346, as G1 or GP", 2);
    *size_type = (struct bulla_size_type){
        .length_mm = length->mm,
        .length_ft = length->ft,
        .height_from_mm = section->height_from_mm,
        .height_to_mm = section->height_to_mm,
        .width_from_mm = section->width_from_mm,
        .width_to_mm = section->width_to_mm,
        .group = type->code[0],
        .kind = type->kind,
        .detail = type->detail,
    };
    return BULLA_OK;
}
