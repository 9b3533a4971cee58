/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to a seal on a bench, in words: one line each, one row each.
 */
#include "firmware/board.h"
#include "firmware/seal.h"

#define WORDS_MAX 96

enum need { NOTHING, NUMBER, SURFACE };

struct bench_line {
    uint8_t n;
    char text[WORDS_MAX];
};

static struct bench_line line;

/* ---- what it says ---- */

static void send(struct bulla_writer *w)
{
    bulla_writer_put_text(w, "\n");
    board_put(BOARD_BENCH, (struct bulla_bytes){w->at, w->len});
}

void bench_say(const char *word, const char *second, const char *third)
{
    uint8_t bytes[WORDS_MAX];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    const char *words[] = {word, second, third};
    for (unsigned i = 0; i < 3 && words[i]; i++) {
        bulla_writer_put_text(&w, i ? " " : "");
        bulla_writer_put_text(&w, words[i]);
    }
    send(&w);
}

void bench_say_number(const char *word, uint32_t number, uint32_t second)
{
    uint8_t bytes[WORDS_MAX];
    struct bulla_writer w = bulla_writer_over(bytes, sizeof bytes);
    bulla_writer_put_text(&w, word);
    bulla_writer_put_text(&w, " ");
    bulla_writer_put_decimal(&w, number, 1);
    bulla_writer_put_text(&w, " ");
    bulla_writer_put_decimal(&w, second, 1);
    send(&w);
}

/* ---- what happens ---- */

struct happening {
    const char *word;
    uint8_t need;
    uint8_t on;     /* enum bulla_on */
    int8_t shackle; /* 1 out, 0 in, -1 as it is */
    bool by_hand;   /* a lock holds it */
};

static const struct happening happenings[] = {
    {"cut", NOTHING, BULLA_ON_SHACKLE_CUT, 1, false},          {"open", NOTHING, BULLA_ON_SHACKLE_OPENED, 1, true},
    {"force", NOTHING, BULLA_ON_SHACKLE_OPENED, 1, false},     {"close", NOTHING, BULLA_ON_SHACKLE_CLOSED, 0, false},
    {"door-open", SURFACE, BULLA_ON_DOOR_OPENED, -1, false},   {"door-close", SURFACE, BULLA_ON_DOOR_CLOSED, -1, false},
    {"cover-open", NOTHING, BULLA_ON_COVER_OPENED, -1, false}, {"body-open", NOTHING, BULLA_ON_BODY_OPENED, -1, false},
    {"intrusion", SURFACE, BULLA_ON_INTRUSION, -1, false},     {"limit", NUMBER, BULLA_ON_LIMIT, -1, false},
    {"power-off", NOTHING, BULLA_ON_POWER_LOST, -1, false},
};

static bool number_of(const char *text, int32_t *value)
{
    bool less = *text == '-';
    int32_t n = 0;
    text += less;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > 100000000)
            return false;
        n = n * 10 + (*text - '0');
    }
    *value = less ? -n : n;
    return true;
}

static bool surface_of(const char *text, uint8_t *surface)
{
    for (uint8_t i = 0; bulla_surface_text(i)[0]; i++)
        if (bulla_text_is(bulla_surface_text(i), text)) {
            *surface = i;
            return true;
        }
    return false;
}

static const char *happen(struct firmware *firmware, const struct happening *what, const char *argument)
{
    struct bulla_seal_event event = {.on = what->on};
    struct board_body body = board_body_get();
    if (what->need == SURFACE && *argument && !surface_of(argument, &event.surface))
        return "surface";
    if (what->need == NUMBER && !number_of(argument, &event.value))
        return "number";
    if (what->by_hand && body.locked)
        return "locked";
    if (what->shackle >= 0) {
        body.out = what->shackle;
        board_body_put(body);
    }
    if (bulla_seal_event(&firmware->seal, &event, board_now()) != BULLA_OK)
        return "memory";
    firmware->off = what->on == BULLA_ON_POWER_LOST;
    return NULL;
}

/* ---- what is measured, and the bench's own ---- */

static const char *battery(struct firmware *firmware, int32_t value)
{
    firmware->readings.battery = (unsigned)value;
    return NULL;
}

static const char *temperature(struct firmware *firmware, int32_t value)
{
    firmware->readings.celsius_milli = value;
    return NULL;
}

static const char *cut_after(struct firmware *firmware, int32_t value)
{
    (void)firmware;
    board_cut_after((uint32_t)value);
    return NULL;
}

static const char *stack(struct firmware *firmware, int32_t value)
{
    (void)firmware, (void)value;
    bench_say_number("stack", board_stack_size(), board_stack_used());
    return NULL;
}

static const char *worked(struct firmware *firmware, int32_t value)
{
    (void)firmware, (void)value;
    bench_say_number("worked", board_worked(), 0);
    return NULL;
}

static const struct {
    const char *word;
    bool number;
    const char *(*does)(struct firmware *firmware, int32_t value);
} settings[] = {
    {"battery", true, battery},     {"temperature", true, temperature}, {"stack", false, stack},
    {"cut-after", true, cut_after}, {"worked", false, worked},
};

/* Why not; NULL: done. */
static const char *act(struct firmware *firmware, const char *word, const char *argument)
{
    int32_t value = 0;
    for (size_t i = 0; i < sizeof happenings / sizeof *happenings; i++)
        if (bulla_text_is(happenings[i].word, word))
            return happen(firmware, &happenings[i], argument);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (bulla_text_is(settings[i].word, word))
            return !settings[i].number || number_of(argument, &value) ? settings[i].does(firmware, value) : "number";
    return "word";
}

void bench_take(struct firmware *firmware, uint8_t byte)
{
    if (byte != '\n') {
        line.text[line.n] = (char)byte;
        line.n = (uint8_t)((line.n + 1) % (WORDS_MAX - 1)); /* one that is too long is no word */
        return;
    }
    line.text[line.n] = '\0';
    line.n = 0;
    char *argument = line.text;
    while (*argument && *argument != ' ')
        argument++;
    if (*argument)
        *argument++ = '\0';
    const char *why = act(firmware, line.text, argument);
    seal_tell(firmware);
    bench_say(why ? "error" : "ok", why, NULL);
}
