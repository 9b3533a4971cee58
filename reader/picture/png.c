/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture as a PNG: spectrum above waterfall with one axis of frequency, levels beside it with one axis of time, and the
 * plane of samples. It has its own dark ground, so that it reads the same on white and on black pages.
 */
#include "reader/picture/sight.h"

#include <cairo.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH  1280
#define HEIGHT 890

#define GROUND  0x14171c
#define TEXT    0xc9d1db
#define EDGE    0x5b6472
#define LOUDEST 0xf5a742
#define MEAN    0x6cc5f0

struct box {
    double x, y, w, h;
};

static const struct box spectrum = {86, 70, 780, 190}, waterfall = {86, 290, 780, 540}, levels = {900, 290, 210, 540},
                        plane = {1000, 70, 190, 190}, scale = {1180, 290, 18, 540};

struct axis {
    double from, to; /* in its unit */
};

static double at(struct axis axis, double value, double start, double length)
{
    return start + length * (value - axis.from) / (axis.to - axis.from);
}

static void ink(cairo_t *c, int rgb)
{
    cairo_set_source_rgb(c, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

enum align { LEFT, MIDDLE, RIGHT };

static void say(cairo_t *c, double x, double y, enum align align, const char *text)
{
    cairo_text_extents_t size;
    cairo_text_extents(c, text, &size);
    cairo_move_to(c, x - (align == MIDDLE ? size.x_advance / 2 : align == RIGHT ? size.x_advance : 0), y);
    cairo_show_text(c, text);
}

static void say_up(cairo_t *c, double x, double y, const char *text)
{
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_rotate(c, -M_PI / 2);
    say(c, 0, 0, MIDDLE, text);
    cairo_restore(c);
}

/* The 1, 2 or 5 that gives at most so many lines. */
static double step_of(struct axis axis, double most)
{
    double span = fabs(axis.to - axis.from), step = pow(10, floor(log10(span / most)));
    while (span / step > most)
        step *= span / (2 * step) <= most ? 2 : span / (5 * step) <= most ? 5 : 10;
    return step;
}

static void frame(cairo_t *c, struct box b)
{
    ink(c, EDGE);
    cairo_set_line_width(c, 1);
    cairo_rectangle(c, b.x + 0.5, b.y + 0.5, b.w, b.h);
    cairo_stroke(c);
}

/* Lines across, and numbers, along one side of a box. */
static void ticks(cairo_t *c, struct box b, struct axis axis, bool across, double most, bool numbers)
{
    double step = step_of(axis, most), low = fmin(axis.from, axis.to), high = fmax(axis.from, axis.to);
    int digits = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    for (double value = ceil(low / step - 1e-9) * step; value <= high + 1e-9 * step; value += step) {
        double place = across ? at(axis, value, b.x, b.w) : at(axis, value, b.y, b.h);
        char text[32];
        snprintf(text, sizeof text, "%.*f", digits, fabs(value) < step / 1e6 ? 0 : value);
        cairo_set_source_rgba(c, 1, 1, 1, 0.13);
        cairo_set_line_width(c, 1);
        cairo_move_to(c, across ? place : b.x, across ? b.y : place);
        cairo_line_to(c, across ? place : b.x + b.w, across ? b.y + b.h : place);
        cairo_stroke(c);
        ink(c, TEXT);
        if (numbers)
            say(c, across ? place : b.x - 8, across ? b.y + b.h + 18 : place + 4, across ? MIDDLE : RIGHT, text);
    }
    frame(c, b);
}

/* ---- what is in the boxes ---- */

static void draw_spectrum(cairo_t *c, const struct sight *s, struct axis db)
{
    static const struct {
        int colour;
        float (*of)(const struct sight *sight, size_t bin);
    } lines[] = {{LOUDEST, sight_loudest_db}, {MEAN, sight_mean_db}};
    cairo_save(c);
    cairo_rectangle(c, spectrum.x, spectrum.y, spectrum.w, spectrum.h);
    cairo_clip(c);
    for (size_t k = 0; k < 2; k++) {
        ink(c, lines[k].colour);
        cairo_set_line_width(c, 1.3);
        for (size_t bin = 0; bin < SIGHT_BINS; bin++)
            cairo_line_to(c, spectrum.x + spectrum.w * ((double)bin + 0.5) / SIGHT_BINS,
                          at(db, (double)lines[k].of(s, bin), spectrum.y, spectrum.h));
        cairo_stroke(c);
    }
    cairo_restore(c);
    ink(c, LOUDEST);
    say(c, spectrum.x + spectrum.w - 8, spectrum.y + 16, RIGHT, "loudest");
    ink(c, MEAN);
    say(c, spectrum.x + spectrum.w - 62, spectrum.y + 16, RIGHT, "mean");
}

static void put_image(cairo_t *c, cairo_surface_t *image, struct box b)
{
    cairo_surface_mark_dirty(image);
    cairo_set_source_surface(c, image, b.x, b.y);
    cairo_paint(c);
    cairo_surface_destroy(image);
}

static void put_pixel(cairo_surface_t *image, size_t x, size_t y, float part)
{
    uint8_t rgb[3];
    uint32_t pixel;
    sight_colour(part, rgb);
    pixel = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    memcpy(cairo_image_surface_get_data(image) + y * (size_t)cairo_image_surface_get_stride(image) + 4 * x, &pixel, 4);
}

static void draw_waterfall(cairo_t *c, const struct sight *s, float low, float high)
{
    const size_t w = (size_t)waterfall.w, h = (size_t)waterfall.h;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
    if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS)
        return;
    cairo_surface_flush(image);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w && s->n_rows > 0; x++) {
            float db = sight_block_db(s, y * s->n_rows / h, (y + 1) * s->n_rows / h, x * SIGHT_BINS / w, (x + 1) * SIGHT_BINS / w);
            put_pixel(image, x, y, (db - low) / (high - low));
        }
    put_image(c, image, waterfall);
}

static void draw_scale(cairo_t *c, struct axis db)
{
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)scale.w, (int)scale.h);
    if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS)
        return;
    cairo_surface_flush(image);
    for (size_t y = 0; y < (size_t)scale.h; y++)
        for (size_t x = 0; x < (size_t)scale.w; x++)
            put_pixel(image, x, y, 1 - (float)y / (float)scale.h);
    put_image(c, image, scale);
    ticks(c, scale, db, false, 8, true);
    ink(c, TEXT);
    say_up(c, scale.x + scale.w + 22, scale.y + scale.h / 2, "dBFS in a bin");
}

static void draw_levels(cairo_t *c, const struct sight *s, struct axis db)
{
    cairo_save(c);
    cairo_rectangle(c, levels.x, levels.y, levels.w, levels.h);
    cairo_clip(c);
    for (int peak = 1; peak >= 0; peak--) {
        ink(c, peak ? LOUDEST : MEAN);
        cairo_set_line_width(c, 1);
        for (size_t row = 0; row < s->n_rows; row++) {
            size_t n = row + 1 == s->n_rows ? s->in_last : s->per_row;
            double power = peak ? s->row_peak[row] : s->row_power[row] / (double)n;
            cairo_line_to(c, at(db, (double)sight_db(power), levels.x, levels.w),
                          levels.y + levels.h * ((double)row + 0.5) / (double)s->n_rows);
        }
        cairo_stroke(c);
    }
    cairo_restore(c);
}

static void draw_plane(cairo_t *c, const struct sight *s)
{
    const size_t which = sight_scale(s), n = (size_t)plane.w;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)n, (int)n);
    uint32_t most = 1;
    if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS)
        return;
    cairo_surface_flush(image);
    for (size_t y = 0; y < SIGHT_CELLS; y++)
        for (size_t x = 0; x < SIGHT_CELLS; x++)
            most = s->plane[which][y][x] > most ? s->plane[which][y][x] : most;
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < n; x++) {
            uint32_t count = s->plane[which][SIGHT_CELLS - 1 - y * SIGHT_CELLS / n][x * SIGHT_CELLS / n];
            put_pixel(image, x, y, count ? 0.08f + 0.92f * logf((float)count + 1) / logf((float)most + 1) : 0);
        }
    put_image(c, image, plane);
    double end = pow(2, -(double)which);
    ticks(c, plane, (struct axis){-end, end}, true, 4, true);
    ticks(c, plane, (struct axis){end, -end}, false, 4, true);
    ink(c, TEXT);
    say(c, plane.x + plane.w / 2, plane.y - 8, MIDDLE, "samples: I across, Q up");
}

static void say_title(cairo_t *c, const struct sight *s, const struct sight_labels *labels)
{
    char text[200];
    const char *base = strrchr(labels->name, '/');
    double rms = s->samples ? s->power / (double)s->samples : 0;
    ink(c, 0xffffff);
    cairo_set_font_size(c, 19);
    snprintf(text, sizeof text, "%.70s", base ? base + 1 : labels->name);
    say(c, spectrum.x, 32, LEFT, text);
    cairo_set_font_size(c, 12.5);
    ink(c, TEXT);
    snprintf(text, sizeof text, "%.3f s at %.6g MS/s; peak %.1f dBFS, mean %.1f dBFS, clipped %.2g %%; a bin is %.3g kHz wide",
             (double)s->samples / s->rate_hz, s->rate_hz / 1e6, (double)sight_db((double)s->peak), (double)sight_db(rms),
             s->samples ? 100.0 * (double)s->clipped / (double)s->samples : 0.0, s->rate_hz / SIGHT_BINS / 1e3);
    say(c, spectrum.x, 54, LEFT, text);
}

static struct axis frequencies(const struct sight *s, const struct sight_labels *labels, const char **unit)
{
    double half = s->rate_hz / 2;
    *unit = labels->frequency_hz > 0 ? "frequency, MHz" : "from the middle, kHz";
    if (labels->frequency_hz > 0)
        return (struct axis){(labels->frequency_hz - half) / 1e6, (labels->frequency_hz + half) / 1e6};
    return (struct axis){-half / 1e3, half / 1e3};
}

static void draw(cairo_t *c, const struct sight *s, const struct sight_labels *labels)
{
    float low, high;
    const char *unit;
    struct axis hz = frequencies(s, labels, &unit);
    double seconds = fmax(sight_seconds(s), 1e-6), shown = seconds < 1 ? 1e3 : 1;
    sight_range(s, &low, &high);
    struct axis db = {(double)high + 3, (double)low - 6}, time = {0, seconds * shown};
    float quiet = 0;
    for (size_t row = 0; row < s->n_rows; row++)
        quiet = fminf(quiet, sight_db(s->row_power[row] / (double)(row + 1 == s->n_rows ? s->in_last : s->per_row)));
    struct axis level = {fmax((double)quiet - 3, -100), 3};
    ink(c, GROUND);
    cairo_paint(c);
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    say_title(c, s, labels);
    ticks(c, spectrum, db, false, 6, true);
    ticks(c, spectrum, hz, true, 8, false);
    draw_spectrum(c, s, db);
    ink(c, TEXT);
    say_up(c, 30, spectrum.y + spectrum.h / 2, "dBFS in a bin");
    draw_waterfall(c, s, low, high);
    ticks(c, waterfall, hz, true, 8, true);
    ticks(c, waterfall, time, false, 10, true);
    ink(c, TEXT);
    say_up(c, 30, waterfall.y + waterfall.h / 2, shown > 1 ? "time, ms" : "time, s");
    say(c, waterfall.x + waterfall.w / 2, waterfall.y + waterfall.h + 42, MIDDLE, unit);
    ticks(c, levels, level, true, 5, true);
    ticks(c, levels, time, false, 10, false);
    draw_levels(c, s, level);
    ink(c, TEXT);
    say(c, levels.x + levels.w / 2, levels.y + levels.h + 42, MIDDLE, "level, dBFS: peak and mean");
    draw_scale(c, (struct axis){(double)high, (double)low});
    draw_plane(c, s);
}

bool sight_png(const struct sight *sight, const struct sight_labels *labels, const char *path)
{
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    cairo_t *c = cairo_create(image);
    draw(c, sight, labels);
    errno = 0;
    cairo_status_t status = cairo_status(c) == CAIRO_STATUS_SUCCESS ? cairo_surface_write_to_png(image, path) : cairo_status(c);
    cairo_destroy(c);
    cairo_surface_destroy(image);
    cairo_debug_reset_static_data(); /* fonts that both would keep: a leak checker takes them for lost */
    FcFini();
    if (status != CAIRO_STATUS_SUCCESS && errno == 0)
        errno = status == CAIRO_STATUS_NO_MEMORY ? ENOMEM : EIO;
    return status == CAIRO_STATUS_SUCCESS;
}
