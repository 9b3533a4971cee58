/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/flow/field.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulla/container.h"
#include "platform/model/words.h"

/* clang-format off */
const struct flow_field_row flow_fields[FLOW_FIELDS] = {
#define FIELD(name, text, kind, unit, check, most, apart) {text, FLOW_##kind, unit, check, most, apart},
#include "platform/flow/fields.def"
#undef FIELD
};
/* clang-format on */

const char *flow_kind_text(enum flow_kind kind)
{
    static const char *const texts[] = {"text", "code", "number", "word", "note"};
    return texts[kind];
}

enum flow_field flow_field_from(const char *name)
{
    unsigned i = 0;
    while (i < FLOW_FIELDS && strcmp(flow_fields[i].name, name) != 0)
        i++;
    return (enum flow_field)i;
}

bool flow_field_is_compared(enum flow_field field)
{
    return flow_fields[field].kind <= FLOW_NUMBER;
}

__attribute__((format(printf, 4, 5))) static bool refuse(char *why, enum flow_field field, const char *got, const char *expected, ...)
{
    char words[120];
    va_list args;
    va_start(args, expected);
    vsnprintf(words, sizeof words, expected, args);
    va_end(args);
    snprintf(why, MODEL_WHY_SIZE, "%s: expected %s, got %.60s", flow_fields[field].name, words, got[0] ? got : "nothing");
    return false;
}

/* --- numbers --- */

static const struct {
    const char *to, *from;
    double factor, offset;
} units[] = {{"kg", "t", 1000, 0},  {"kg", "g", 0.001, 0},  {"kg", "lb", 0.45359237, 0},         {"m", "cm", 0.01, 0},
             {"m", "mm", 0.001, 0}, {"m", "ft", 0.3048, 0}, {"C", "F", 5.0 / 9.0, -160.0 / 9.0}, {"C", "K", 1, -273.15}};

static bool convert(const char *unit, const char *from, double *value)
{
    if (!from[0] || (unit && strcasecmp(from, unit) == 0))
        return true;
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].to, unit) == 0 && strcasecmp(units[i].from, from) == 0) {
            *value = *value * units[i].factor + units[i].offset;
            return true;
        }
    return false;
}

/* "12 400.5 kg": digits with blanks between them, a point, perhaps a unit. */
static bool read_number(const char *text, double *value, char unit[8])
{
    char digits[48];
    size_t n = 0;
    bool seen = false;
    for (; *text && n < sizeof digits - 1 && strchr("0123456789.-+ ", *text); text++)
        if (*text != ' ') {
            digits[n++] = *text;
            seen |= isdigit((unsigned char)*text) != 0;
        }
    digits[n] = '\0';
    char *end = NULL;
    *value = strtod(digits, &end);
    if (!seen || *end || strlen(text) >= 8)
        return false;
    snprintf(unit, 8, "%s", text);
    for (n = strlen(unit); n && unit[n - 1] == ' ';)
        unit[--n] = '\0';
    return true;
}

static bool tidy_number(enum flow_field field, const char *value, char *out, char *why)
{
    const struct flow_field_row *row = &flow_fields[field];
    const char *in = row->unit ? " in " : "", *unit = row->unit ? row->unit : "";
    char from[8];
    double number;
    if (!read_number(value, &number, from) || !convert(row->unit, from, &number))
        return refuse(why, field, value, "a number%s%s", in, unit);
    double least = strcmp(row->check, "signed") == 0 ? -row->most : 0;
    if (number < least || number > row->most)
        return refuse(why, field, value, "a number%s%s from %g to %.0f", in, unit, least, row->most);
    if (strcmp(row->check, "whole") == 0 && number != floor(number))
        return refuse(why, field, value, "a whole number");
    snprintf(out, FLOW_VALUE_SIZE, "%.10g", number);
    return true;
}

/* --- codes --- */

/* How a code must look, and what a person is told of it. */
static bool is_container(const char *code)
{
    struct bulla_container container;
    struct bulla_fault fault;
    return bulla_container_decode((struct bulla_bytes){(const uint8_t *)code, strlen(code)}, &container, &fault) == BULLA_OK;
}

static bool is_size_type(const char *code)
{
    struct bulla_size_type type;
    struct bulla_fault fault;
    return bulla_size_type_decode((struct bulla_bytes){(const uint8_t *)code, strlen(code)}, &type, &fault) == BULLA_OK;
}

static bool is_hs(const char *code)
{
    size_t n = strlen(code);
    return n >= 4 && n <= 10 && n % 2 == 0 && strspn(code, "0123456789") == n;
}

static bool is_un(const char *code)
{
    return strlen(code) == 4 && strspn(code, "0123456789") == 4;
}

static bool is_country(const char *code)
{
    return strlen(code) == 2 && isupper((unsigned char)code[0]) && isupper((unsigned char)code[1]);
}

static const struct {
    const char *check, *expected;
    bool (*holds)(const char *code);
} forms[] = {{"container", "a container number with its check digit (ISO 6346)", is_container},
             {"size-type", "a size and type code (ISO 6346)", is_size_type},
             {"hs", "an HS code of 4, 6, 8 or 10 digits", is_hs},
             {"un", "a UN number of 4 digits", is_un},
             {"country", "a country of two letters (ISO 3166)", is_country}};

static bool check_item(enum flow_field field, char *item, char *why)
{
    const char *check = flow_fields[field].check;
    if (strcmp(check, "un") == 0 && strncmp(item, "UN", 2) == 0)
        memmove(item, item + 2, strlen(item + 2) + 1);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(check, forms[i].check) == 0 && !forms[i].holds(item))
            return refuse(why, field, item, "%s", forms[i].expected);
    return item[0] || refuse(why, field, item, "letters or digits");
}

/* Letters become capital; of ASCII only letters and digits stay, and a comma between codes. */
static bool tidy_code(enum flow_field field, const char *value, char *out, char *why)
{
    size_t at = 0;
    for (const char *from = value;; from = strchr(from, ',') + 1) {
        char item[FLOW_VALUE_SIZE];
        size_t n = 0;
        for (const char *c = from; *c && *c != ','; c++)
            if (isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80)
                item[n++] = (char)((unsigned char)*c >= 0x80 ? *c : toupper((unsigned char)*c));
        item[n] = '\0';
        if (!check_item(field, item, why))
            return false;
        int wrote = snprintf(out + at, FLOW_VALUE_SIZE - at, "%s%s", at ? "," : "", item);
        at += (size_t)wrote;
        if (!strchr(from, ','))
            return true;
    }
}

/* --- texts --- */

/* Trimmed, with one blank where there were several. */
static bool tidy_text(enum flow_field field, const char *value, char *out, char *why)
{
    size_t n = 0;
    for (const char *c = value; *c; c++)
        if (*c != ' ' || (n && out[n - 1] != ' '))
            out[n++] = *c;
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return n > 0 || refuse(why, field, value, "a text");
}

static bool tidy_word(enum flow_field field, const char *value, char *out, char *why)
{
    char padded[FLOW_VALUE_SIZE + 2], words[FLOW_VALUE_SIZE + 2];
    snprintf(padded, sizeof padded, "|%s|", value);
    snprintf(words, sizeof words, "|%s|", flow_fields[field].check);
    if (!value[0] || strchr(value, '|') || !strstr(words, padded))
        return refuse(why, field, value, "one of %s", flow_fields[field].check);
    snprintf(out, FLOW_VALUE_SIZE, "%s", value);
    return true;
}

bool flow_field_tidy(enum flow_field field, const char *value, char out[FLOW_VALUE_SIZE], char why[MODEL_WHY_SIZE])
{
    static bool (*const tidy[])(enum flow_field, const char *, char *, char *) = {tidy_text, tidy_code, tidy_number, tidy_word, tidy_text};
    char to[FLOW_VALUE_SIZE] = "";
    if (strlen(value) >= FLOW_VALUE_SIZE)
        return refuse(why, field, "more", "at most %d bytes", FLOW_VALUE_SIZE - 1);
    if (!tidy[flow_fields[field].kind](field, value, to, why))
        return false;
    memcpy(out, to, sizeof to);
    return true;
}

/* --- comparing --- */

/* The small letter of a capital one of Latin, Greek or Cyrillic script, all of two bytes in UTF-8. */
static unsigned small_letter(unsigned c)
{
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    return c >= 0x400 && c <= 0x40F ? c + 0x50 : c >= 0x100 && c <= 0x17F && !(c & 1) ? c + 1 : c;
}

/* Letters and digits alone, small. */
static void fold(const char *text, char out[FLOW_VALUE_SIZE])
{
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c && n < FLOW_VALUE_SIZE - 2; c++) {
        if (*c < 0x80) {
            if (isalnum(*c))
                out[n++] = (char)tolower(*c);
        } else if ((*c & 0xE0) == 0xC0 && c[1]) {
            unsigned letter = small_letter((unsigned)(*c & 0x1F) << 6 | (c[1] & 0x3F));
            out[n++] = (char)(0xC0 | letter >> 6);
            out[n++] = (char)(0x80 | (letter & 0x3F));
            c++;
        } else {
            out[n++] = (char)*c;
        }
    }
    out[n] = '\0';
}

static bool same_number(enum flow_field field, const char *a, const char *b)
{
    double x = strtod(a, NULL), y = strtod(b, NULL), larger = fmax(fabs(x), fabs(y));
    return fabs(x - y) <= flow_fields[field].apart * larger + 1e-9;
}

/* Every code of `other` is among those of `declared`. */
static bool same_codes(const char *declared, const char *other)
{
    char all[FLOW_VALUE_SIZE + 2], one[FLOW_VALUE_SIZE + 2], left[FLOW_VALUE_SIZE], *save = NULL;
    snprintf(all, sizeof all, ",%s,", declared);
    snprintf(left, sizeof left, "%s", other);
    for (char *item = strtok_r(left, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        snprintf(one, sizeof one, ",%s,", item);
        if (!strstr(all, one))
            return false;
    }
    return true;
}

bool flow_field_same(enum flow_field field, const char *declared, const char *other)
{
    char a[FLOW_VALUE_SIZE], b[FLOW_VALUE_SIZE];
    if (flow_fields[field].kind == FLOW_NUMBER)
        return same_number(field, declared, other);
    if (flow_fields[field].kind == FLOW_CODE)
        return same_codes(declared, other);
    fold(declared, a);
    fold(other, b);
    return strcmp(a, b) == 0;
}

const char *flow_field_tolerance(enum flow_field field, char to[32])
{
    double apart = flow_fields[field].apart;
    to[0] = '\0';
    if (apart > 0)
        snprintf(to, 32, "%g %%", apart * 100);
    return to;
}
