/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/model/definition.h"

#include "platform/model/words.h"

#define WORD(name, number, text, value, unit) {number, text},
static const struct model_word field_words[] = {DEFINITION_FIELD_TABLE(WORD)};
#undef WORD
#define FIELDS (sizeof field_words / sizeof *field_words)

#define KIND(name, number, text, value, unit) {VALUE_##value, unit},
static const struct {
    enum definition_value value;
    const char *unit;
} kinds[] = {DEFINITION_FIELD_TABLE(KIND)};
#undef KIND

MODEL_WORDS(definition_op, DEFINITION_OP_TABLE)

#define OP(name) (1u << OP_##name)
static const unsigned ops[] = {
    [VALUE_NUMBER] = OP(LESS) | OP(AT_MOST) | OP(MORE) | OP(AT_LEAST),
    [VALUE_PLACE] = OP(INSIDE) | OP(OUTSIDE),
    [VALUE_ZONE] = OP(INSIDE) | OP(OUTSIDE),
    [VALUE_HOURS] = OP(BETWEEN),
    [VALUE_STATE] = OP(IS) | OP(IS_NOT),
    [VALUE_EVENT] = OP(IS),
    [VALUE_TEXT] = OP(IS) | OP(IS_NOT) | OP(CONTAINS) | OP(BEGINS),
    [VALUE_MODE] = OP(IS) | OP(IS_NOT),
    [VALUE_REGIME] = OP(IS) | OP(IS_NOT),
};

const char *definition_field_text(unsigned value)
{
    return model_word_text(field_words, FIELDS, value);
}

int definition_field_from(const char *text)
{
    return model_word_number(field_words, FIELDS, text);
}

static size_t index_of(unsigned field)
{
    size_t i = 0;
    while (i < FIELDS && field_words[i].number != field)
        i++;
    return i;
}

enum definition_value definition_value_of(unsigned field)
{
    size_t i = index_of(field);
    return i < FIELDS ? kinds[i].value : VALUE_NUMBER;
}

const char *definition_unit(unsigned field)
{
    size_t i = index_of(field);
    return i < FIELDS ? kinds[i].unit : "";
}

bool definition_op_fits(unsigned field, unsigned op)
{
    return index_of(field) < FIELDS && op < 32 && (ops[definition_value_of(field)] >> op & 1u);
}
