/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/code128.h"

/* clang-format off */
static const char patterns[][BULLA_CODE128_WIDTHS + 1] = {
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312", "231212",
    "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212", "223112", "312131",
    "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121", "111323", "131123", "131321",
    "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121",
    "313121", "211331", "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214", "112412", "122114",
    "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111", "111242", "121142", "121241", "114212",
    "124112", "124211", "411212", "421112", "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113",
    "114311", "411113", "411311", "113141", "114131", "311141", "411131", "211412", "211214", "211232",
};
/* clang-format on */
static const char stop[] = "2331112";

enum {
    SYMBOLS = sizeof patterns / sizeof *patterns,
    MODULUS = 103,
    SHIFT = 98,
    TO_C = 99,
    TO_B = 100,
    TO_A = 101,
    START_A = 103,
    START_C = 105
};
enum set { SET_A, SET_B, SET_C };

_Static_assert(SYMBOLS == START_C + 1, "one pattern a value");

/* ---- encoding ---- */

struct symbols {
    uint8_t value[2 * BULLA_CODE128_TEXT_MAX + 1];
    size_t n;
};

static size_t digits_at(struct bulla_bytes text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && text.at[at + n] >= '0' && text.at[at + n] <= '9')
        n++;
    return n;
}

/* Two symbols to change there and back are paid for by four digits at the start or the end, by six elsewhere. */
static bool wants_c(struct bulla_bytes text, size_t at)
{
    size_t n = digits_at(text, at);
    return n >= (at == 0 || at + n == text.len ? 4 : 6);
}

static void add(struct symbols *s, unsigned value)
{
    s->value[s->n++] = (uint8_t)value;
}

static void choose_symbols(struct bulla_bytes text, struct symbols *s)
{
    enum set set = wants_c(text, 0) ? SET_C : SET_B;
    add(s, START_A + (unsigned)set);
    for (size_t i = 0; i < text.len;) {
        bool pair = digits_at(text, i) >= 2;
        if (set == SET_C && !pair) {
            add(s, TO_B);
            set = SET_B;
        } else if (set == SET_B && wants_c(text, i) && digits_at(text, i) % 2 == 0) { /* an odd digit goes before */
            add(s, TO_C);
            set = SET_C;
        }
        if (set == SET_C) {
            add(s, (unsigned)(text.at[i] - '0') * 10 + (unsigned)(text.at[i + 1] - '0'));
            i += 2;
        } else {
            add(s, (unsigned)text.at[i++] - ' ');
        }
    }
}

static unsigned check_of(const uint8_t *values, size_t n)
{
    unsigned sum = values[0];
    for (size_t i = 1; i < n; i++)
        sum += (unsigned)i * values[i];
    return sum % MODULUS;
}

static void put_widths(uint8_t *widths, size_t *n, const char *pattern)
{
    for (; *pattern; pattern++)
        widths[(*n)++] = (uint8_t)(*pattern - '0');
}

enum bulla_status bulla_code128_encode(struct bulla_bytes text, uint8_t widths[BULLA_CODE128_WIDTHS_MAX], size_t *n,
                                       struct bulla_fault *fault)
{
    struct symbols s = {.n = 0};
    size_t made = 0;
    if (text.len == 0 || text.len > BULLA_CODE128_TEXT_MAX)
        return bulla_fault_set(fault, BULLA_REFUSED, "text", "1 to 80 characters", text.len);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7E)
            return bulla_fault_set(fault, BULLA_REFUSED, "text", "printable ASCII characters", i);
    choose_symbols(text, &s);
    for (size_t i = 0; i < s.n; i++)
        put_widths(widths, &made, patterns[s.value[i]]);
    put_widths(widths, &made, patterns[check_of(s.value, s.n)]);
    put_widths(widths, &made, stop);
    *n = made;
    return BULLA_OK;
}

/* ---- decoding ---- */

static bool is_pattern(const uint8_t *widths, const char *pattern)
{
    while (*pattern && *widths == *pattern - '0')
        pattern++, widths++;
    return *pattern == '\0';
}

static unsigned symbol_at(const uint8_t *widths)
{
    unsigned value = 0;
    while (value < SYMBOLS && !is_pattern(widths, patterns[value]))
        value++;
    return value;
}

struct reading {
    enum set set;
    bool shifted;                          /* the next symbol is of the other set, A or B */
    char text[BULLA_CODE128_TEXT_MAX + 2]; /* a pair of digits may go one too far, which is FULL */
    size_t n;
};

/* One symbol between start and check. False: it is no printable text. */
static bool read_symbol(struct reading *r, unsigned value)
{
    enum set set = r->shifted ? (enum set)(SET_B - r->set) : r->set;
    if (set == SET_C && value < 100) {
        r->text[r->n++] = (char)('0' + value / 10);
        r->text[r->n++] = (char)('0' + value % 10);
        return true;
    }
    if (value < (set == SET_A ? 64u : 95u)) {
        r->text[r->n++] = (char)(' ' + value);
        r->shifted = false;
        return true;
    }
    if (r->shifted || value > TO_A || value < SHIFT)
        return false;
    bool to_itself = (value == TO_B && set == SET_B) || (value == TO_A && set == SET_A); /* a function there */
    if (value == SHIFT)
        r->shifted = true;
    else
        r->set = value == TO_C ? SET_C : value == TO_B ? SET_B : SET_A;
    return !to_itself;
}

/* Frame, symbols and check symbol; the values go into `values`, all but the stop. */
static enum bulla_status read_values(const uint8_t *widths, size_t n, uint8_t *values, size_t *n_values, struct bulla_fault *fault)
{
    if (n < 3 * BULLA_CODE128_WIDTHS + BULLA_CODE128_STOP)
        return bulla_fault_set(fault, BULLA_MORE, "code", "start, text, check symbol and stop", n);
    unsigned first = symbol_at(widths);
    if (first < START_A || first == SYMBOLS)
        return bulla_fault_set(fault, BULLA_NOT_MINE, "start", "a start of Code 128", 0);
    size_t end = n - BULLA_CODE128_STOP;
    if (end % BULLA_CODE128_WIDTHS != 0 || !is_pattern(widths + end, stop))
        return bulla_fault_set(fault, BULLA_DAMAGED, "stop", "the stop after whole symbols", end);
    if (n > BULLA_CODE128_WIDTHS_MAX)
        return bulla_fault_set(fault, BULLA_FULL, "code", "no more symbols than 80 characters need", n);
    for (size_t at = 0; at < end; at += BULLA_CODE128_WIDTHS) {
        unsigned value = symbol_at(widths + at);
        if (value == SYMBOLS)
            return bulla_fault_set(fault, BULLA_DAMAGED, "symbol", "three bars and three spaces of Code 128", at);
        values[at / BULLA_CODE128_WIDTHS] = (uint8_t)value;
    }
    *n_values = end / BULLA_CODE128_WIDTHS;
    if (values[*n_values - 1] != check_of(values, *n_values - 1))
        return bulla_fault_set(fault, BULLA_DAMAGED, "check", "the check symbol of those before it", end - BULLA_CODE128_WIDTHS);
    return BULLA_OK;
}

enum bulla_status bulla_code128_decode(const uint8_t *widths, size_t n, char text[BULLA_CODE128_TEXT_MAX + 1], struct bulla_fault *fault)
{
    uint8_t values[BULLA_CODE128_WIDTHS_MAX / BULLA_CODE128_WIDTHS];
    size_t n_values = 0;
    enum bulla_status status = read_values(widths, n, values, &n_values, fault);
    if (status != BULLA_OK)
        return status;
    struct reading r = {.set = (enum set)(values[0] - START_A)};
    for (size_t i = 1; i + 1 < n_values; i++) {
        if (!read_symbol(&r, values[i]))
            return bulla_fault_set(fault, BULLA_INSANE, "symbol", "printable characters", i * BULLA_CODE128_WIDTHS);
        if (r.n > BULLA_CODE128_TEXT_MAX)
            return bulla_fault_set(fault, BULLA_FULL, "text", "at most 80 characters", i * BULLA_CODE128_WIDTHS);
    }
    if (r.n == 0 || r.shifted)
        return bulla_fault_set(fault, BULLA_INSANE, "text", "a character at the end", n - BULLA_CODE128_STOP - BULLA_CODE128_WIDTHS);
    bulla_copy(text, r.text, r.n);
    text[r.n] = '\0';
    return BULLA_OK;
}
