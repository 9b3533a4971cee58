/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an image or paper is whole, by its own structure: the chunks of a PNG, the segments of a JPEG, the length of a WebP, the ends of
 * a PDF. Pictures are not decoded.
 */
#include <string.h>

#include "platform/out/page.h"

static uint32_t big(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool png(const uint8_t *at, size_t n)
{
    size_t pos = 8;
    bool first = true, data = false;
    while (n - pos >= 12) {
        uint32_t length = big(at + pos);
        const uint8_t *kind = at + pos + 4;
        if (length > n - pos - 12 || (first && (memcmp(kind, "IHDR", 4) != 0 || length != 13)))
            return false;
        if (memcmp(kind, "IEND", 4) == 0)
            return data && length == 0;
        data |= memcmp(kind, "IDAT", 4) == 0;
        first = false;
        pos += 12 + (size_t)length;
    }
    return false;
}

/* From segment to segment to the picture's data, and an end mark behind it. */
static bool jpeg(const uint8_t *at, size_t n)
{
    size_t pos = 2;
    bool frame = false;
    while (n - pos >= 4 && at[pos] == 0xFF) {
        uint8_t mark = at[pos + 1];
        size_t length = (size_t)at[pos + 2] << 8 | at[pos + 3];
        if (mark == 0xFF) { /* filling */
            pos++;
            continue;
        }
        if (length < 2 || length > n - pos - 2)
            return false;
        frame |= mark >= 0xC0 && mark <= 0xCF && mark != 0xC4 && mark != 0xC8 && mark != 0xCC;
        pos += 2 + length;
        if (mark == 0xDA)
            break;
    }
    for (size_t end = n; frame && end >= pos + 2; end--) /* some cameras fill up behind the end */
        if (at[end - 2] == 0xFF && at[end - 1] == 0xD9)
            return true;
    return false;
}

static bool webp(const uint8_t *at, size_t n)
{
    size_t length = (size_t)at[4] | (size_t)at[5] << 8 | (size_t)at[6] << 16 | (size_t)at[7] << 24;
    return n >= 20 && length >= 12 && length <= n - 8 && memcmp(at + 12, "VP8", 3) == 0;
}

static bool pdf(const uint8_t *at, size_t n)
{
    size_t tail = n > 1024 ? 1024 : n;
    return memmem(at + n - tail, tail, "%%EOF", 5) != NULL;
}

bool out_file_whole(const char *type, const uint8_t *at, size_t n)
{
    static const struct {
        const char *type;
        bool (*whole)(const uint8_t *, size_t);
    } kinds[] = {{"image/png", png}, {"image/jpeg", jpeg}, {"image/webp", webp}, {"application/pdf", pdf}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i].type) == 0)
            return n >= 12 && kinds[i].whole(at, n);
    return false;
}
