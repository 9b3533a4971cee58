/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/format.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    size_t size;
    const char *also[2];
} formats[MODEM_FORMATS] = {
    [MODEM_CU8] = {"cu8", 2, {"data", "complex16u"}},
    [MODEM_CS8] = {"cs8", 2, {"complex16s", NULL}},
    [MODEM_CS16] = {"cs16", 4, {"complex32s", NULL}},
    [MODEM_CF32] = {"cf32", 8, {"cfile", "complex"}},
};

size_t modem_format_size(enum modem_format format)
{
    return formats[format].size;
}

const char *modem_format_text(enum modem_format format)
{
    return formats[format].text;
}

int modem_format_from(const char *text)
{
    for (int i = 0; i < MODEM_FORMATS; i++) {
        if (strcmp(formats[i].text, text) == 0)
            return i;
        for (size_t k = 0; k < 2; k++)
            if (formats[i].also[k] && strcmp(formats[i].also[k], text) == 0)
                return i;
    }
    return -1;
}

/* A word of a name: 433.92M is a frequency, 1000k or 250ksps a rate. */
static void read_word(const char *word, size_t n, struct modem_name *name)
{
    char text[32];
    if (n == 0 || n >= sizeof text || !isdigit((unsigned char)word[0]))
        return;
    memcpy(text, word, n);
    text[n] = '\0';
    char *unit;
    double value = strtod(text, &unit);
    double scale = *unit == 'k' ? 1e3 : *unit == 'M' ? 1e6 : *unit == 'G' ? 1e9 : 0;
    if (scale == 0 || !isfinite(value))
        return;
    if ((*unit == 'k' && unit[1] == '\0') || strcmp(unit + 1, "sps") == 0)
        name->rate_hz = value * scale;
    else if (unit[1] == '\0' || strcmp(unit + 1, "Hz") == 0)
        name->frequency_hz = value * scale;
}

struct modem_name modem_name_read(const char *path)
{
    struct modem_name name = {.format = -1};
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    if (dot && dot != base)
        name.format = modem_format_from(dot + 1);
    const char *end = name.format >= 0 ? dot : base + strlen(base);
    while (base < end) {
        const char *next = base;
        while (next < end && *next != '_')
            next++;
        read_word(base, (size_t)(next - base), &name);
        base = next < end ? next + 1 : end;
    }
    return name;
}

static long clipped(float value, float least, float most)
{
    return lrintf(value < least ? least : value > most ? most : value);
}

void modem_format_put(enum modem_format format, void *to, const float *from, size_t n)
{
    uint8_t *bytes = to;
    for (size_t i = 0; i < 2 * n; i++) {
        if (format == MODEM_CU8) {
            bytes[i] = (uint8_t)clipped(from[i] * 127.5f + 127.5f, 0, 255);
        } else if (format == MODEM_CS8) {
            bytes[i] = (uint8_t)clipped(from[i] * 127, -128, 127);
        } else if (format == MODEM_CS16) {
            long value = clipped(from[i] * 32767, -32768, 32767);
            bytes[2 * i] = (uint8_t)value;
            bytes[2 * i + 1] = (uint8_t)((unsigned long)value >> 8);
        } else {
            uint32_t bits;
            memcpy(&bits, &from[i], sizeof bits);
            for (unsigned k = 0; k < 4; k++)
                bytes[4 * i + k] = (uint8_t)(bits >> 8 * k);
        }
    }
}

void modem_format_get(enum modem_format format, float *to, const void *from, size_t n)
{
    const uint8_t *bytes = from;
    for (size_t i = 0; i < 2 * n; i++) {
        if (format == MODEM_CU8) {
            to[i] = ((float)bytes[i] - 127.5f) / 127.5f;
        } else if (format == MODEM_CS8) {
            to[i] = (float)(int8_t)bytes[i] / 127;
        } else if (format == MODEM_CS16) {
            to[i] = (float)(int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8) / 32767;
        } else {
            uint32_t bits = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 | (uint32_t)bytes[4 * i + 2] << 16 |
                            (uint32_t)bytes[4 * i + 3] << 24;
            memcpy(&to[i], &bits, sizeof bits);
            to[i] = isfinite(to[i]) ? to[i] : 0;
        }
    }
}
