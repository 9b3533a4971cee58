/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture as text: a meter, a waterfall whose rows are half a character high, and the plane of samples in braille dots.
 * Without colours a waterfall is written with letters of growing weight.
 */
#include "reader/picture/sight.h"

#include <math.h>
#include <stdio.h>

#define ROWS  48 /* of the waterfall: two a line */
#define DOTS  44 /* of the plane: two a column, four a line */
#define METER 60 /* dB that the meter shows */

static void print_meter(const struct sight *s, const struct sight_terminal *t, FILE *out)
{
    double rms = s->samples ? s->power / (double)s->samples : 0;
    float peak_db = sight_db((double)s->peak), rms_db = sight_db(rms);
    size_t width = t->columns > 60 ? t->columns - 46 : 14;
    size_t peak = (size_t)lrintf((float)width * fminf(fmaxf(1 + peak_db / METER, 0), 1));
    size_t mean = (size_t)lrintf((float)width * fminf(fmaxf(1 + rms_db / METER, 0), 1));
    fprintf(out, "level [");
    for (size_t i = 0; i < width; i++)
        fputc(i < mean ? '#' : i < peak ? '-' : ' ', out);
    fprintf(out, "] mean %.1f, peak %.1f dBFS\n", (double)rms_db, (double)peak_db);
    double n = s->samples ? (double)s->samples : 1;
    fprintf(out, "%.6g s at %.6g MS/s; clipped %.2g %%; middle at %.4f, %.4f\n", (double)s->samples / s->rate_hz, s->rate_hz / 1e6,
            100 * (double)s->clipped / n, s->sum[0] / n, s->sum[1] / n);
}

static int xterm_of(float part)
{
    uint8_t rgb[3];
    sight_colour(part, rgb);
    return 16 + 36 * ((rgb[0] + 25) / 51) + 6 * ((rgb[1] + 25) / 51) + (rgb[2] + 25) / 51;
}

static float part_of(const struct sight *s, size_t row, size_t rows, size_t column, size_t columns, float low, float high)
{
    float db = sight_block_db(s, row * s->n_rows / rows, (row + 1) * s->n_rows / rows, column * SIGHT_BINS / columns,
                              (column + 1) * SIGHT_BINS / columns);
    return fminf(fmaxf((db - low) / (high - low), 0), 1);
}

static void print_cell(const struct sight *s, const struct sight_terminal *t, size_t line, size_t rows, size_t column, size_t columns,
                       const float range[2], FILE *out)
{
    static const char letters[] = " .:-=+*#%@";
    float a = part_of(s, 2 * line, rows, column, columns, range[0], range[1]);
    float b = part_of(s, 2 * line + 1, rows, column, columns, range[0], range[1]);
    if (t->colours)
        fprintf(out, "\033[38;5;%d;48;5;%dm\u2580", xterm_of(a), xterm_of(b));
    else
        fputc(letters[(size_t)lrintf(fmaxf(a, b) * (float)(sizeof letters - 2))], out);
}

static void print_waterfall(const struct sight *s, const struct sight_labels *labels, const struct sight_terminal *t, FILE *out)
{
    size_t rows = s->n_rows < ROWS ? s->n_rows + s->n_rows % 2 : ROWS, columns = t->columns > 24 ? t->columns - 12 : 12;
    float range[2];
    double half = s->rate_hz / 2e3, seconds = sight_seconds(s);
    sight_range(s, &range[0], &range[1]);
    for (size_t line = 0; line < rows / 2; line++) {
        fprintf(out, "%9.4f s ", seconds * (double)(2 * line) / (double)rows);
        for (size_t column = 0; column < columns; column++)
            print_cell(s, t, line, rows, column, columns, range, out);
        fputs(t->colours ? "\033[0m\n" : "\n", out);
    }
    char left[40], right[40];
    if (labels->frequency_hz > 0) {
        snprintf(left, sizeof left, "%.4f MHz", labels->frequency_hz / 1e6 - half / 1e3);
        snprintf(right, sizeof right, "%.4f MHz", labels->frequency_hz / 1e6 + half / 1e3);
    } else {
        snprintf(left, sizeof left, "%.0f kHz", -half);
        snprintf(right, sizeof right, "+%.0f kHz", half);
    }
    fprintf(out, "%12s%-*s%s\n", "", (int)(columns > 16 ? columns - 12 : 4), left, right);
    fprintf(out, "%12s%.0f (dark) to %.0f dBFS (bright) in a bin\n", "", (double)range[0], (double)range[1]);
}

/* Whether the cells under a dot have any samples to speak of. */
static bool dot(const struct sight *s, size_t scale, size_t x, size_t y)
{
    uint64_t count = 0;
    for (size_t row = y * SIGHT_CELLS / DOTS; row < (y + 1) * SIGHT_CELLS / DOTS; row++)
        for (size_t column = x * SIGHT_CELLS / DOTS; column < (x + 1) * SIGHT_CELLS / DOTS; column++)
            count += s->plane[scale][SIGHT_CELLS - 1 - row][column];
    return count > 0 && (double)count >= 0.3 * (double)s->inside[scale] / (DOTS * DOTS);
}

static void print_plane(const struct sight *s, FILE *out)
{
    static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    size_t scale = sight_scale(s);
    fprintf(out, "samples, I across and Q up, within %.4g of full scale\n", pow(2, -(double)scale));
    for (size_t y = 0; y < DOTS; y += 4) {
        fprintf(out, "%12s", "");
        for (size_t x = 0; x < DOTS; x += 2) {
            uint8_t all = 0;
            for (size_t i = 0; i < 8; i++)
                all |= dot(s, scale, x + i % 2, y + i / 2) ? bits[i / 2][i % 2] : 0;
            fprintf(out, "\xe2%c%c", 0xa0 + (all >> 6), 0x80 + (all & 63));
        }
        fputc('\n', out);
    }
}

void sight_print(const struct sight *sight, const struct sight_labels *labels, const struct sight_terminal *terminal, void *file)
{
    print_meter(sight, terminal, file);
    if (sight->n_rows == 0)
        return;
    print_waterfall(sight, labels, terminal, file);
    print_plane(sight, file);
}
