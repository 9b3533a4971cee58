/* SPDX-License-Identifier: Apache-2.0
 *
 * jt701: commands, "(" word "," values ")" without a device id; only OTA has the head "id,1,SSS".
 *
 * There is no command that locks: the lock closes by itself when the rope is put in. Erasing the device's
 * memory of reports (P98,10,1) destroys evidence and is not offered, nor let through by `raw`.
 *
 * The last column of the table is the form of the command. Text outside <> is sent as it is; <name kind> is
 * an argument:
 *   <n#5-600>  <n#5-600=30>   number in a range, with what stands for it when it is not given
 *   <n~720-780>               number from -720 to 780
 *   <n$1-16>                  text of so many characters without ( ) , =
 *   <n!>                      static password: six of 0-9 A-Z a-z # * @ ! $
 *   <n?>                      dynamic password: six digits
 *   <n%>                      cards "a;b;c": their count, and each with ten digits
 *   <n^>                      places "lon,lat;lon,lat" in degrees: their count, and each in degrees and minutes
 *   <n@>                      UTC as DDMMYYhhmmss, now when it is not given
 *   <n*>                      a whole command
 *   <&>                       head of OTA: device id, 1, sequence
 */
#include "proto/jt701.h"

#define CARDS_MAX  20
#define POINTS_MAX 10

/* clang-format off */
#define SWITCHES "rope-cut unknown-card long-unlock wrong-password vibration fence-in fence-out low-battery cover-open motor-stuck"
#define SERVER   "<host$1-50>,<port#1-65530>,<apn$0-50>,<user$0-50>,<password$0-50>"
#define COMMANDS(X) /* name, arguments, about, secret, answers, form */ \
    X("unlock", "password", "Opens the lock with its static password", true, "P43", "P43,<password!>") \
    X("unlock-dynamic", "password", "Opens the lock with its dynamic password", true, "P52", "P52,3,<password?>") \
    X("interval", "seconds [minutes]", "Seconds between reports awake, minutes between them asleep", false, "P04", "P04,1,<seconds#5-600>,<minutes#5-1440=30>") \
    X("interval-query", "", "Asks for the reporting intervals", false, "P04", "P04,0") \
    X("time", "[time]", "Sets the clock to now or to an RFC 3339 time", false, "P22", "P22,<time@>") \
    X("firmware", "", "Asks for the firmware and battery level", false, "P01", "P01") \
    X("imei", "", "Asks for the IMEI", false, "P14", "P14") \
    X("imsi", "", "Asks for the IMSI", false, "P68", "P68,1,0") \
    X("iccid", "", "Asks for the number of the SIM card", false, "P68", "P68,2,0") \
    X("restart", "", "Restarts the device in about 30 s", false, "P15", "P15") \
    X("sleep", "", "Puts the device to sleep in about 30 s", false, "P32", "P32") \
    X("server", "host port apn [user] [password]", "Sets the server and access point", true, "P06", "P06,1," SERVER) \
    X("server-query", "", "Asks for the server and access point", false, "P06", "P06,0") \
    X("server-backup", "host port apn [user] [password]", "Sets the second server", true, "P06", "P06,3," SERVER) \
    X("server-backup-query", "", "Asks for the second server", false, "P06", "P06,2") \
    X("cards-add", "cards", "Adds up to 20 cards, a;b;c", false, "P41", "P41,1,1,<cards%>") \
    X("cards-remove", "cards", "Removes up to 20 cards, a;b;c", false, "P41", "P41,1,2,<cards%>") \
    X("cards-clear", "", "Removes all cards", false, "P41", "P41,1,3") \
    X("cards-query", "group", "Asks for a group of 20 cards, 1 to 25", false, "P41", "P41,0,<group#1-25>") \
    X("cards-enrol", "[on]", "Enrols the cards shown to the lock within a minute", false, "P42", "P42,<on#0-1=1>") \
    X("card-fence", "on", "Cards open inside a fence only", false, "P58", "P58,1,<on#0-1>") \
    X("card-fence-query", "", "Asks whether cards open inside a fence only", false, "P58", "P58,0") \
    X("password-set", "new old", "Changes the static password", true, "P44", "P44,<new!>,<old!>") \
    X("password-query", "", "Asks for the static password; it crosses the network in clear and is not shown", false, "P44", "P44,1") \
    X("dynamic-password", "on [inside-fence]", "Switches the dynamic password, inside a fence only or everywhere", false, "P52", "P52,1,1,<on#0-1>,<inside-fence#0-1=0>") \
    X("dynamic-password-settings", "", "Asks how the dynamic password is switched", false, "P52", "P52,1,0") \
    X("dynamic-password-query", "", "Asks for the dynamic password; it crosses the network in clear and is not shown", false, "P52", "P52,0") \
    X("channels", "sms gprs rfid serial ble", "Which ways may open the lock", false, "P59", "P59,1,<sms#0-1>,<gprs#0-1>,<rfid#0-1>,<serial#0-1>,<ble#0-1>") \
    X("channels-query", "", "Asks which ways may open the lock", false, "P59", "P59,0") \
    X("alarms", SWITCHES, "Alarm switches: 0 off, 1 network, 2 SMS, 3 both", false, "P40", \
      "P40,1,<rope-cut#0-3>,<unknown-card#0-3>,<long-unlock#0-3>,<wrong-password#0-3>,<vibration#0-3>,<fence-in#0-3>,<fence-out#0-3>,<low-battery#0-3>,<cover-open#0-3>,<motor-stuck#0-3>") \
    X("alarms-query", "", "Asks for the alarm switches", false, "P40", "P40,0") \
    X("long-unlock", "minutes", "Alarm when the lock stays open, 3 to 180 minutes", false, "P38", "P38,1,<minutes#3-180>") \
    X("long-unlock-query", "", "Asks for the time of the open-lock alarm", false, "P38", "P38,0") \
    X("low-battery", "percent", "Level of the low battery alarm", false, "P61", "P61,1,<percent#0-90>") \
    X("low-battery-query", "", "Asks for the level of the low battery alarm", false, "P61", "P61,0") \
    X("deep-sleep", "on percent", "Sleeps for good below a battery level", false, "P03", "P03,1,<on#0-1>,<percent#5-90>") \
    X("deep-sleep-query", "", "Asks for the deep sleep level", false, "P03", "P03,0") \
    X("awake", "minutes", "How long the device stays awake, 3 to 10 minutes", false, "P39", "P39,1,<minutes#3-10>") \
    X("awake-query", "", "Asks how long the device stays awake", false, "P39", "P39,0") \
    X("motion", "milligravity", "Threshold of the motion sensor, 63 to 500", false, "P37", "P37,1,<milligravity#63-500>") \
    X("motion-off", "", "Switches the motion sensor off", false, "P37", "P37,1,0") \
    X("motion-query", "", "Asks for the threshold of the motion sensor", false, "P37", "P37,0") \
    X("tracking", "on", "Switches tracking", false, "P54", "P54,1,<on#0-1>") \
    X("tracking-query", "", "Asks whether tracking is on", false, "P54", "P54,0") \
    X("power-key", "on", "Switches the power key", false, "P50", "P50,1,<on#0-1>") \
    X("power-key-query", "", "Asks whether the power key works", false, "P50", "P50,0") \
    X("drift-filter", "on", "Holds the position of a standing device", false, "P63", "P63,1,<on#0-1>") \
    X("drift-filter-query", "", "Asks for the drift filter", false, "P63", "P63,0") \
    X("mileage", "km", "Sets the mileage", false, "P62", "P62,2,1,<km#0-9999999>") \
    X("mileage-query", "", "Asks for the initial mileage", false, "P62", "P62,2,0") \
    X("speed-threshold", "kmh", "Sets the speed threshold", false, "P62", "P62,1,1,<kmh#0-999>") \
    X("speed-threshold-query", "", "Asks for the speed threshold", false, "P62", "P62,1,0") \
    X("fence", "fence on name", "Switches and names a fence, 1 to 10", false, "P24", "P24,1,<fence#1-10>,<on#0-1>,<name$1-16>") \
    X("fence-query", "fence", "Asks for a fence", false, "P24", "P24,0,<fence#1-10>") \
    X("fence-points", "fence page points", "Up to 10 corners of a fence, lon,lat;lon,lat in degrees; pages 1 to 5", false, "P29", "P29,1,<fence#1-10>,<page#1-5>,<points^>") \
    X("fence-points-query", "fence", "Asks for the corners of a fence", false, "P29", "P29,0,<fence#1-10>") \
    X("fence-delete", "fence", "Removes the corners of a fence", false, "P30", "P30,<fence#1-10>") \
    X("fence-done", "", "Ends the setting of fences", false, "P31", "P31") \
    X("sms-zone", "minutes", "Time zone of SMS texts, -720 to 780", false, "P10", "P10,1,<minutes~720-780>") \
    X("sms-zone-query", "", "Asks for the time zone of SMS texts", false, "P10", "P10,0") \
    X("sms-alias", "alias", "Name of the device in SMS texts", false, "P65", "P65,1,<alias$1-32>") \
    X("sms-alias-query", "", "Asks for the name in SMS texts", false, "P65", "P65,0") \
    X("vip", "index number", "Telephone number 1 to 5 that may command", false, "P11", "P11,1,<index#1-5>,<number$1-20>") \
    X("vip-query", "index", "Asks for a telephone number", false, "P11", "P11,0,<index#1-5>") \
    X("vip-alarms", "first second third fourth fifth", "Which of the telephone numbers get alarms", false, "P12", \
      "P12,1,<first#0-1>,<second#0-1>,<third#0-1>,<fourth#0-1>,<fifth#0-1>") \
    X("vip-alarms-query", "", "Asks which telephone numbers get alarms", false, "P12", "P12,0") \
    X("wake-sms", "on", "Wakes on SMS and calls", false, "P23", "P23,1,<on#0-1>") \
    X("wake-sms-query", "", "Asks whether SMS and calls wake the device", false, "P23", "P23,0") \
    X("wake-others", "on", "Wakes on numbers that are not registered too", false, "P70", "P70,1,<on#0-1>") \
    X("wake-others-query", "", "Asks whether other numbers wake the device", false, "P70", "P70,0") \
    X("waiting-query", "", "Asks how many reports wait in the device", false, "P98", "P98,10,0") \
    X("upgrade", "host port user password file bytes sum", "Fetches firmware by FTP, in clear", true, "OTA", \
      "<&>,OTA,9,1,<host$1-50>,<port#1-65535>,<user$0-50>,<password$0-50>,<file$1-100>,<bytes#1-99999999>,<sum$1-16>") \
    X("upgrade-query", "", "Asks how the upgrade goes", false, "OTA", "<&>,OTA,9,0") \
    X("upgrade-cancel", "", "Stops the upgrade", false, "OTA", "<&>,OTA,9,2") \
    X("acknowledge", "serial", "Acknowledges a report by hand", false, NULL, "P69,0,<serial#0-255>") \
    X("acknowledge-password", "password", "Acknowledges a dynamic password by hand", true, NULL, "P52,2,<password?>") \
    X("raw", "text", "Any other command, P and its values without brackets", true, NULL, "<text*>")

#define X(name, args, about, secret, answers, form) {name, args, about, secret, answers},
const struct proto_command jt701_commands[] = {COMMANDS(X){NULL, NULL, NULL, false, NULL}};
#undef X

#define X(name, args, about, secret, answers, form) form,
static const char *const forms[] = {COMMANDS(X)};
#undef X
/* clang-format on */

struct slot { /* one <name kind> of a form */
    char name[20];
    char kind;
    uint64_t low, high, otherwise;
    bool has_otherwise;
};

struct job {
    struct proto_link *link;
    const char *device;
    const struct proto_args *args;
    struct bulla_writer *out;
};

static struct bulla_bytes view(const char *text)
{
    return (struct bulla_bytes){(const uint8_t *)(text ? text : ""), text ? bulla_length(text) : 0};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static uint64_t take_number(const char **at)
{
    uint64_t value = 0;
    for (; is_digit(**at); (*at)++) {
        value = value * 10 + (uint64_t)(**at - '0');
    }
    return value;
}

/* Reads a slot behind its '<'; returns what follows its '>'. Forms are ours: nothing to check. */
static const char *slot_read(const char *at, struct slot *slot)
{
    *slot = (struct slot){.name = ""};
    size_t n = 0;
    for (; is_alphanumeric(*at) || *at == '-'; at++) {
        slot->name[n++] = *at;
    }
    slot->kind = *at++;
    if (is_digit(*at)) {
        slot->low = take_number(&at);
        at++;
        slot->high = take_number(&at);
    }
    if (*at == '=') {
        at++;
        slot->has_otherwise = true;
        slot->otherwise = take_number(&at);
    }
    return at + 1;
}

/* Never shows what was given: it may be a password. */
static enum bulla_status refuse(struct job *job, const struct slot *slot, const char *expected)
{
    const char *value = proto_args_get(job->args, slot->name);
    return proto_fail_number(job->link, BULLA_REFUSED, slot->name, expected, value ? (int64_t)bulla_length(value) : 0);
}

static enum bulla_status put_number(struct job *job, const struct slot *slot)
{
    uint64_t value = slot->otherwise;
    if (!slot->has_otherwise || proto_args_get(job->args, slot->name)) {
        enum bulla_status status = proto_args_number(job->link, job->args, slot->name, slot->low, slot->high, &value);
        if (status != BULLA_OK) {
            return status;
        }
    }
    bulla_writer_put_decimal(job->out, value, 1);
    return BULLA_OK;
}

static enum bulla_status put_signed(struct job *job, const struct slot *slot)
{
    const char *text = proto_args_get(job->args, slot->name);
    bool minus = text[0] == '-';
    uint64_t value;
    if (!jt701_number(view(text + minus), minus ? slot->low : slot->high, &value)) {
        return proto_fail(job->link, BULLA_REFUSED, slot->name, "a number in its range", view(text));
    }
    bulla_writer_put_text(job->out, minus && value > 0 ? "-" : "");
    bulla_writer_put_decimal(job->out, value, 1);
    return BULLA_OK;
}

static enum bulla_status put_text(struct job *job, const struct slot *slot)
{
    struct bulla_bytes text = view(proto_args_get(job->args, slot->name));
    bool good = text.len >= slot->low && text.len <= slot->high;
    for (size_t i = 0; i < text.len && good; i++) {
        char c = (char)text.at[i];
        good = c > 0x20 && c < 0x7F && c != '(' && c != ')' && c != ',' && c != '=';
    }
    if (!good) {
        return refuse(job, slot, "printable characters without ( ) , = and of a fitting number");
    }
    bulla_writer_put(job->out, text.at, text.len);
    return BULLA_OK;
}

static bool is_password_character(char c)
{
    return is_alphanumeric(c) || c == '#' || c == '*' || c == '@' || c == '!' || c == '$';
}

static enum bulla_status put_password(struct job *job, const struct slot *slot)
{
    const char *text = proto_args_get(job->args, slot->name);
    size_t good = 0;
    while (slot->kind == '!' ? is_password_character(text[good]) : is_digit(text[good])) {
        good++;
    }
    if (good != 6 || text[good]) {
        return refuse(job, slot, slot->kind == '!' ? "six of 0-9 A-Z a-z # * @ ! $" : "six digits");
    }
    bulla_writer_put(job->out, text, 6);
    return BULLA_OK;
}

/* The items of "a;b;c". */
static size_t count_items(const char *list)
{
    size_t n = 1;
    for (; *list; list++) {
        n += *list == ';';
    }
    return n;
}

static enum bulla_status put_cards(struct job *job, const struct slot *slot)
{
    const char *list = proto_args_get(job->args, slot->name);
    size_t n = count_items(list);
    struct bulla_cursor rest = bulla_cursor_over((const uint8_t *)list, bulla_length(list));
    if (n > CARDS_MAX) {
        return proto_fail_number(job->link, BULLA_REFUSED, slot->name, "up to 20 cards", (int64_t)n);
    }
    bulla_writer_put_decimal(job->out, n, 1);
    for (size_t i = 0; i < n; i++) {
        struct bulla_bytes card = bulla_cursor_take_until(&rest, ';');
        uint64_t number;
        if (card.len > JT701_ID_DIGITS || !jt701_number(card, UINT32_MAX, &number) || number == 0) {
            return proto_fail(job->link, BULLA_REFUSED, slot->name, "card numbers from 1 to 4294967295", card);
        }
        bulla_writer_put_u8(job->out, ',');
        bulla_writer_put_decimal(job->out, number, JT701_ID_DIGITS);
    }
    return BULLA_OK;
}

/* Degrees as [-]DDDMM.MMMM. */
static bool put_degrees(struct bulla_bytes text, unsigned max, struct bulla_writer *out)
{
    bool minus = text.len > 0 && text.at[0] == '-';
    uint64_t e7;
    if (!jt701_decimal((struct bulla_bytes){text.at + minus, text.len - minus}, 7, max * UINT64_C(10000000), &e7)) {
        return false;
    }
    uint64_t minutes_e4 = (e7 * 6 + 50) / 100;
    uint64_t degrees = minutes_e4 / 600000;
    minutes_e4 %= 600000;
    bulla_writer_put_text(out, minus && e7 > 0 ? "-" : "");
    bulla_writer_put_decimal(out, degrees * 100 + minutes_e4 / 10000, 3);
    bulla_writer_put_u8(out, '.');
    bulla_writer_put_decimal(out, minutes_e4 % 10000, 4);
    return true;
}

static enum bulla_status put_points(struct job *job, const struct slot *slot)
{
    const char *list = proto_args_get(job->args, slot->name);
    size_t n = count_items(list);
    struct bulla_cursor rest = bulla_cursor_over((const uint8_t *)list, bulla_length(list));
    if (n > POINTS_MAX) {
        return proto_fail_number(job->link, BULLA_REFUSED, slot->name, "up to 10 places", (int64_t)n);
    }
    bulla_writer_put_decimal(job->out, n, 1);
    for (size_t i = 0; i < n; i++) {
        struct bulla_bytes place = bulla_cursor_take_until(&rest, ';');
        struct bulla_cursor pair = bulla_cursor_over(place.at, place.len);
        struct bulla_bytes lon = bulla_cursor_take_until(&pair, ',');
        bulla_writer_put_u8(job->out, ',');
        bool good = put_degrees(lon, 180, job->out);
        bulla_writer_put_u8(job->out, ',');
        if (!good || !put_degrees((struct bulla_bytes){pair.at, pair.left}, 90, job->out)) {
            return proto_fail(job->link, BULLA_REFUSED, slot->name, "longitude,latitude in degrees", place);
        }
    }
    return BULLA_OK;
}

static enum bulla_status put_time(struct job *job, const struct slot *slot)
{
    const char *text = proto_args_get(job->args, slot->name);
    int64_t time_ms = text ? bulla_time_get(text) : job->link->now_ms;
    if (time_ms == BULLA_TIME_NONE) {
        return proto_fail(job->link, BULLA_REFUSED, slot->name, "an RFC 3339 time", view(text));
    }
    struct bulla_calendar c = bulla_time_to_calendar(time_ms);
    if (c.year < 2000 || c.year > 2099) {
        return proto_fail_number(job->link, BULLA_REFUSED, slot->name, "a year from 2000 to 2099", c.year);
    }
    bulla_writer_put_decimal(job->out, c.day * 10000u + c.month * 100u + (unsigned)c.year % 100, 6);
    bulla_writer_put_decimal(job->out, c.hour * 10000u + c.minute * 100u + c.second, 6);
    return BULLA_OK;
}

static bool starts_with(const char *text, const char *with)
{
    while (*with && *text == *with) {
        text++;
        with++;
    }
    return !*with;
}

static enum bulla_status put_raw(struct job *job, const struct slot *slot)
{
    const char *text = proto_args_get(job->args, slot->name);
    struct bulla_bytes all = view(text);
    bool good = all.len >= 3 && all.len <= 1000 && text[0] == 'P' && is_digit(text[1]) && is_digit(text[2]) && (!text[3] || text[3] == ',');
    for (size_t i = 0; i < all.len && good; i++) {
        good = text[i] >= 0x20 && text[i] < 0x7F && text[i] != '(' && text[i] != ')';
    }
    if (!good) {
        return refuse(job, slot, "Pnn or Pnn,values without brackets");
    }
    if (starts_with(text, "P98,10,1") || starts_with(text, "P98,11,1")) {
        return refuse(job, slot, "no erasing of reports, which are evidence");
    }
    bulla_writer_put(job->out, all.at, all.len);
    return BULLA_OK;
}

static enum bulla_status put_head(struct job *job, const struct slot *slot)
{
    struct jt701_state *state = job->link->state;
    uint64_t id;
    struct bulla_bytes device = view(job->device);
    (void)slot;
    if (device.len != JT701_ID_DIGITS || !jt701_number(device, UINT64_MAX, &id)) {
        return proto_fail(job->link, BULLA_REFUSED, "device", "ten digits", device);
    }
    bulla_writer_put(job->out, device.at, device.len);
    bulla_writer_put_text(job->out, ",1,");
    bulla_writer_put_decimal(job->out, state->sequence, 3);
    state->sequence = (uint16_t)((state->sequence + 1) % 1000);
    return BULLA_OK;
}

static enum bulla_status put_slot(struct job *job, const struct slot *slot)
{
    static const struct {
        char kind;
        enum bulla_status (*put)(struct job *job, const struct slot *slot);
    } kinds[] = {
        {'#', put_number}, {'~', put_signed}, {'$', put_text}, {'!', put_password}, {'?', put_password},
        {'%', put_cards},  {'^', put_points}, {'@', put_time}, {'*', put_raw},      {'&', put_head},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].kind == slot->kind) {
            return kinds[i].put(job, slot);
        }
    }
    return proto_fail(job->link, BULLA_REFUSED, slot->name, "a kind of argument", (struct bulla_bytes){(const uint8_t *)&slot->kind, 1});
}

static enum bulla_status put_form(struct job *job, const char *form)
{
    bulla_writer_put_u8(job->out, '(');
    while (*form) {
        if (*form != '<') {
            bulla_writer_put(job->out, form++, 1);
            continue;
        }
        struct slot slot;
        form = slot_read(form + 1, &slot);
        enum bulla_status status = put_slot(job, &slot);
        if (status != BULLA_OK) {
            return status;
        }
    }
    bulla_writer_put_u8(job->out, ')');
    return job->out->failed ? BULLA_FULL : BULLA_OK;
}

enum bulla_status jt701_encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                               struct bulla_writer *out)
{
    for (size_t i = 0; jt701_commands[i].name; i++) {
        if (!bulla_text_is(jt701_commands[i].name, command)) {
            continue;
        }
        size_t before = out->len;
        enum bulla_status status = proto_args_check(link, &jt701_commands[i], args);
        if (status == BULLA_OK) {
            status = put_form(&(struct job){link, device, args, out}, forms[i]);
        }
        out->len = status == BULLA_OK ? out->len : before;
        return status;
    }
    if (bulla_text_is(command, "lock")) {
        return proto_fail(link, BULLA_REFUSED, "command", "the rope put in by hand, which locks mechanically", view(command));
    }
    return proto_fail(link, BULLA_REFUSED, "command", "one of the jt701 commands", view(command));
}
