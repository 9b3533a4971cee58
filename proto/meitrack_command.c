/* SPDX-License-Identifier: Apache-2.0
 *
 * Meitrack: commands: a word and its values in the envelope of meitrack.c. Each has its own flag, so that an answer tells
 * what it answers. How the lock of a K211G is opened is not published.
 */
#include "proto/meitrack.h"
#include "proto/text.h"

#define TEXT_MAX 200

/* clang-format off */
#define COMMANDS(X) /* name, arguments, about, answers, flag, text, unit, most */ \
    X("locate", "", "Asks for a report now", NULL, 'Q', "A10", 1, 0) \
    X("heartbeat", "minutes", "Minutes between heartbeats asleep, 0 for none", "A11", 'S', "A11,", 1, 65535) \
    X("interval", "seconds", "Seconds between reports, in steps of 10; 0 for none", "A12", 'V', "A12,", 10, 655350) \
    X("corner", "degrees", "A report at each turn of so many degrees, 0 for none", "A13", 'X', "A13,", 1, 359) \
    X("distance", "metres", "A report after each so many metres, 0 for none", "A14", 'D', "A14,", 1, 65535) \
    X("picture", "camera", "Takes a picture; its packets follow", "D03", 'O', "D03,", 1, 4) \
    X("raw", "text", "Any other command, such as text=\"B36,0\"", NULL, 'M', "", 1, 0)

#define X(name, args, about, answers, flag, text, unit, most) {name, args, about, false, answers},
const struct proto_command meitrack_commands[] = {COMMANDS(X){NULL, NULL, NULL, false, NULL}};
#undef X

static const struct form {
    char flag;
    const char *text, *argument;
    uint32_t unit, most; /* most 0: no number */
} forms[] = {
#define X(name, args, about, answers, flag, text, unit, most) {flag, text, args, unit, most},
    COMMANDS(X)
#undef X
};
/* clang-format on */

static bool is_type(const char *text)
{
    for (size_t i = 0; i < MEITRACK_TYPE_LEN; i++) {
        if (!((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9'))) {
            return false;
        }
    }
    return text[MEITRACK_TYPE_LEN] == '\0' || text[MEITRACK_TYPE_LEN] == ',';
}

static enum bulla_status put_raw(struct proto_link *link, const struct proto_args *args, struct bulla_writer *w)
{
    struct bulla_bytes text = proto_text_view(proto_args_get(args, "text"));
    bool good = proto_text_is_printable(text) && text.len <= TEXT_MAX && is_type((const char *)text.at);
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.at[i] != '*' && text.at[i] != '$' && text.at[i] != '@';
    }
    if (!good) {
        return proto_fail(link, BULLA_REFUSED, "text", "three letters or digits, and values without * $ @", text);
    }
    bulla_writer_put(w, text.at, text.len);
    return BULLA_OK;
}

static enum bulla_status put_content(struct proto_link *link, const struct form *form, const struct proto_args *args,
                                     struct bulla_writer *w)
{
    uint64_t value;
    bulla_writer_put_text(w, form->text);
    if (!form->text[0]) {
        return put_raw(link, args, w);
    }
    if (!form->most) {
        return BULLA_OK;
    }
    enum bulla_status status = proto_args_number(link, args, form->argument, 0, form->most, &value);
    if (status == BULLA_OK && value % form->unit != 0) {
        return proto_fail_number(link, BULLA_REFUSED, form->argument, "a multiple of 10", (int64_t)value);
    }
    if (status == BULLA_OK) {
        bulla_writer_put_decimal(w, value / form->unit, 1);
        bulla_writer_put_text(w, bulla_text_is(form->argument, "camera") ? ",camera_picture.jpg" : "");
    }
    return status;
}

enum bulla_status meitrack_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                  struct bulla_writer *out)
{
    uint8_t content[TEXT_MAX + 1];
    struct bulla_writer w = bulla_writer_over(content, sizeof content);
    struct bulla_bytes id = proto_text_view(device);
    const struct proto_command *known = proto_command_find(&proto_meitrack, command);
    if (!known) {
        return proto_fail(link, BULLA_REFUSED, "command", "one of the meitrack commands", proto_text_view(command));
    }
    if (!proto_text_is_digits(id) || id.len != MEITRACK_ID_DIGITS) {
        return proto_fail(link, BULLA_REFUSED, "device", "15 digits", id);
    }
    const struct form *form = &forms[known - meitrack_commands];
    enum bulla_status status = proto_args_check(link, known, args);
    status = status == BULLA_OK ? put_content(link, form, args, &w) : status;
    if (status != BULLA_OK) {
        return status;
    }
    meitrack_write(out, form->flag, id, (struct bulla_bytes){content, w.len});
    return out->failed || w.failed ? BULLA_FULL : BULLA_OK;
}
