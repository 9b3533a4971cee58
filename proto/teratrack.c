/* SPDX-License-Identifier: Apache-2.0
 *
 * TeraTrack (Huabao HB-1AL class): JSON objects over TCP, one behind the other with nothing between them.
 *
 * Every value is a string. Some firmware misspells keys (DiviceType, SealTempered): both spellings count. A
 * key that is missing says nothing, never "0".
 *
 *   MDeviceID   id, 12 digits                     LockRope      1 inserted, 0 out
 *   DataType    1 now, 2 alarm, 3 4 kept          LockStatus    1 motor locked, 0 unlocked
 *   DateTime    YYYY-MM-DD hh:mm:ss, UTC          LockCutOff    1 rope cut
 *   Latitude    signed degrees                    SealTampered  1 vibration
 *   Longitude   signed degrees                    LockOpen      1 open too long (not the lock's state)
 *   ...State    1 north or east, 0 south or west  PasswordError 1 wrong password five times
 *   Speed       km/h                              CardNo        last card, "" or "0": none
 *   Mileage     km                                IllegalCard   1 card not known
 *   Power       %, 255 charging                   LowPower      1 battery low
 *   GSM         CSQ 0..31                         UnCoverBack   1 cover opened
 *   Index       0..255                            CoverStatus   1 closed, 0 open
 *   FenceAlarm  0 none; AreaAlarmID its fence     LockStuck     1 motor fault
 *   MessageAck  1: answer "{01}"                  Slave         locks that speak through this one
 *
 * A sub-lock has SDeviceId, SPower and the flags with an S in front; STimeOut 1 says that it is no longer
 * heard, so what else is said of it is old. There is no fix flag: 0/0 is no fix. No commands are known.
 */
#include "proto/field.h"
#include "proto/json.h"
#include "proto/json_frame.h"
#include "proto/text.h"

extern const struct proto proto_teratrack;

#define TEXT_MAX 64
#define CHARGING 255

/* clang-format off */
#define KEY_TABLE(X) /* in the order in which devices send them: each search begins behind the last find */ \
    X(DEVICE, "MDeviceID") X(TYPE, "DataType") X(TIME, "DateTime") X(LATITUDE, "Latitude") X(LONGITUDE, "Longitude") \
    X(EAST, "LongitudeState") X(NORTH, "LatitudeState") X(SPEED, "Speed") X(MILEAGE, "Mileage") X(FENCE, "FenceAlarm") \
    X(AREA, "AreaAlarmID") X(CUT, "LockCutOff") X(TAMPERED, "SealTampered") X(TEMPERED, "SealTempered") X(ANSWER, "MessageAck") \
    X(ROPE, "LockRope") X(MOTOR, "LockStatus") X(OPEN, "LockOpen") X(PASSWORD, "PasswordError") X(CARD, "CardNo") \
    X(ILLEGAL_CARD, "IllegalCard") X(LOW_POWER, "LowPower") X(UNCOVER, "UnCoverBack") X(COVER, "CoverStatus") X(STUCK, "LockStuck") \
    X(POWER, "Power") X(GSM, "GSM") X(INDEX, "Index") X(SLAVE, "Slave")
#define SUB_KEY_TABLE(X) \
    X(SUB_DEVICE, "SDeviceId") X(SUB_POWER, "SPower") X(SUB_CUT, "SLockCutOff") X(SUB_OPEN, "SLockOpen") X(SUB_UNCOVER, "SUnCoverBack") \
    X(SUB_COVER, "SCoverStatus") X(SUB_LOST, "STimeOut") X(SUB_ROPE, "SLockRope") X(SUB_TEMPERED, "SSealTempered") \
    X(SUB_TAMPERED, "SSealTampered") X(SUB_STUCK, "SLockStuck") X(SUB_MOTOR, "SLockStatus")
#define X(name, text) KEY_##name,
enum key { KEY_TABLE(X) KEYS };
enum sub_key { SUB_KEY_TABLE(X) SUB_KEYS };
#undef X

struct key_name {
    const char *text;
    uint8_t len;
};

#define X(name, text) {text, sizeof text - 1},
static const struct key_name keys[] = {KEY_TABLE(X)};
static const struct key_name sub_keys[] = {SUB_KEY_TABLE(X)};
#undef X
/* clang-format on */

/* Values by key; {NULL, 0} where the message has none. Views of the message or of `plain`. */
struct message {
    struct bulla_bytes field[KEYS];
    uint8_t plain[256]; /* what stood with escapes */
    size_t n_plain;
};

/* ---- reading ---- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static enum bulla_status probe(const uint8_t *at, size_t n)
{
    if (n == 0 || at[0] != '{') {
        return n ? BULLA_NOT_MINE : BULLA_MORE;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_blank(at[i])) {
            return at[i] == '"' ? BULLA_OK : BULLA_NOT_MINE;
        }
    }
    return BULLA_MORE;
}

/* The number of a key in a table, or -1. */
static int key_find(const struct key_name *table, int n, struct bulla_bytes text, int from)
{
    for (int i = 0; i < n; i++) {
        int at = from + i < n ? from + i : from + i - n;
        if (table[at].len == text.len && bulla_compare(table[at].text, text.at, text.len) == 0) {
            return at;
        }
    }
    return -1;
}

/* Copies what stands with escapes behind the rest of `plain`; a view of the message otherwise. */
static struct bulla_bytes plain_of(struct message *m, const struct proto_json_value *value)
{
    struct bulla_bytes text = proto_json_plain(value, m->plain + m->n_plain, sizeof m->plain - m->n_plain);
    if (value->escaped) {
        m->n_plain += text.len;
    }
    return text;
}

static bool read_members(struct message *m, struct bulla_bytes text, const struct key_name *table, int n, struct bulla_bytes *field)
{
    struct proto_json_walk walk = proto_json_open(text);
    struct proto_json_value key, value;
    uint8_t spelt[TEXT_MAX];
    int last = 0;
    while (proto_json_next(&walk, &key, &value)) {
        int found = key_find(table, n, proto_json_plain(&key, spelt, sizeof spelt), last);
        if (found < 0) {
            continue;
        }
        field[found] = value.kind == PROTO_JSON_ARRAY ? value.text : plain_of(m, &value);
        last = found + 1 < n ? found + 1 : 0;
    }
    return !walk.failed && walk.close == '}';
}

/* 1, 0, or -1 for not said. */
static int flag_of(struct bulla_bytes text)
{
    uint64_t value;
    return proto_text_number(text, &value) && value <= 1 ? (int)value : -1;
}

static bool raised(struct bulla_bytes text)
{
    return flag_of(text) == 1;
}

static enum bulla_status read_time(struct proto_link *link, struct bulla_bytes text, struct bulla_observation *o)
{
    struct bulla_calendar when;
    if (!text.at) {
        return BULLA_OK;
    }
    struct bulla_bytes date = {text.at, text.len < 10 ? text.len : 10};
    struct bulla_bytes clock = text.len > 11 ? (struct bulla_bytes){text.at + 11, text.len - 11} : (struct bulla_bytes){NULL, 0};
    if (!proto_text_date(date, '-', &when) || !clock.len || text.at[10] != ' ' || !proto_text_clock(clock, &when)) {
        return proto_fail(link, BULLA_DAMAGED, "DateTime", "YYYY-MM-DD hh:mm:ss", text);
    }
    int64_t local_ms = bulla_time_from_calendar(&when);
    if (local_ms == BULLA_TIME_NONE) {
        return proto_fail(link, BULLA_INSANE, "DateTime", "a time of the calendar", text);
    }
    proto_field_put_time(link, local_ms, o);
    return BULLA_OK;
}

static bool read_angle(struct bulla_bytes text, int64_t limit_e7, int32_t *out)
{
    int64_t value;
    if (!proto_text_fixed(text, 7, &value) || value < -limit_e7 || value > limit_e7) {
        return false;
    }
    *out = (int32_t)value;
    return true;
}

/* True when the hemisphere's flag says the other side than the sign does. */
static bool contradicts(struct bulla_bytes flag, int32_t angle_e7)
{
    return angle_e7 != 0 && flag_of(flag) >= 0 && (flag_of(flag) == 1) != (angle_e7 > 0);
}

static enum bulla_status read_position(struct proto_link *link, const struct message *m, struct bulla_observation *o)
{
    if (!m->field[KEY_LATITUDE].len || !m->field[KEY_LONGITUDE].len) {
        return BULLA_OK;
    }
    if (!read_angle(m->field[KEY_LATITUDE], 900000000, &o->lat_e7)) {
        return proto_fail(link, BULLA_INSANE, "Latitude", "-90 to 90", m->field[KEY_LATITUDE]);
    }
    if (!read_angle(m->field[KEY_LONGITUDE], 1800000000, &o->lon_e7)) {
        return proto_fail(link, BULLA_INSANE, "Longitude", "-180 to 180", m->field[KEY_LONGITUDE]);
    }
    o->has |= BULLA_HAS_FIX;
    o->fix_valid = o->lat_e7 != 0 || o->lon_e7 != 0;
    if (contradicts(m->field[KEY_NORTH], o->lat_e7) || contradicts(m->field[KEY_EAST], o->lon_e7)) {
        bulla_observation_add_event(o, BULLA_EVENT_GNSS_FAULT);
    }
    return BULLA_OK;
}

/* ---- meaning ---- */

static void put_power(struct bulla_observation *o, struct bulla_bytes text)
{
    uint64_t percent;
    if (!proto_text_number(text, &percent)) {
        return;
    }
    o->has |= BULLA_HAS_PERCENT;
    if (percent == CHARGING) {
        o->has |= BULLA_HAS_CHARGING;
        o->charging = true;
    }
    if (percent <= 100) {
        o->percent = (uint8_t)percent;
    } else {
        o->unknown |= BULLA_HAS_PERCENT;
    }
}

static void put_numbers(struct bulla_observation *o, const struct message *m)
{
    int64_t value;
    uint64_t number;
    if (proto_text_fixed(m->field[KEY_SPEED], 2, &value) && value >= 0 && value <= 50000) {
        o->has |= BULLA_HAS_SPEED;
        o->speed_cmh = (int32_t)value;
    }
    if (proto_text_fixed(m->field[KEY_MILEAGE], 3, &value) && value >= 0 && value <= INT32_MAX) {
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_MILEAGE, (int32_t)value);
    }
    if (proto_text_number(m->field[KEY_GSM], &number) && number <= 99) {
        bulla_observation_add_sensor(o, "", BULLA_SENSOR_CSQ, (int32_t)number * 1000);
    }
    if (proto_text_number(m->field[KEY_INDEX], &number) && number <= 255) {
        o->has |= BULLA_HAS_COUNTER;
        o->counter = (int64_t)number;
    }
    if (proto_text_number(m->field[KEY_FENCE], &number) && number != 0) {
        o->has |= BULLA_HAS_FENCE;
        o->fence = proto_text_number(m->field[KEY_AREA], &number) && number <= 255 ? (uint8_t)number : 0;
    }
    put_power(o, m->field[KEY_POWER]);
}

struct lock_flags { /* what lock and sub-lock say in the same way */
    struct bulla_bytes rope, motor, cut, stuck, cover, uncover, tampered, tempered, open;
};

static void put_lock(const struct lock_flags *flags, struct bulla_state *state, uint64_t *events)
{
    static const uint8_t shackles[] = {BULLA_SHACKLE_OUT, BULLA_SHACKLE_IN};
    static const uint8_t motors[] = {BULLA_MOTOR_UNLOCKED, BULLA_MOTOR_LOCKED};
    static const uint8_t covers[] = {BULLA_COVER_OPEN, BULLA_COVER_CLOSED};
    int rope = flag_of(flags->rope), motor = flag_of(flags->motor), cover = flag_of(flags->cover);
    state->shackle = raised(flags->cut) ? BULLA_SHACKLE_CUT : rope < 0 ? BULLA_SHACKLE_NONE : shackles[rope];
    state->motor = raised(flags->stuck) ? BULLA_MOTOR_STUCK : motor < 0 ? BULLA_MOTOR_NONE : motors[motor];
    state->cover = cover >= 0 ? covers[cover] : raised(flags->uncover) ? BULLA_COVER_OPEN : BULLA_COVER_NONE;
    state->seal = (uint8_t)bulla_seal_from((enum bulla_shackle)state->shackle, (enum bulla_motor)state->motor);
    const struct {
        bool is;
        enum bulla_event event;
    } alarms[] = {
        {raised(flags->cut), BULLA_EVENT_ROPE_CUT},           {raised(flags->tampered) || raised(flags->tempered), BULLA_EVENT_VIBRATION},
        {raised(flags->open), BULLA_EVENT_UNLOCKED_TOO_LONG}, {raised(flags->uncover), BULLA_EVENT_COVER_OPENED},
        {raised(flags->stuck), BULLA_EVENT_MOTOR_STUCK},
    };
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        *events |= alarms[i].is ? BULLA_EVENT_BIT(alarms[i].event) : 0;
    }
}

static bool is_card(struct bulla_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '0') {
            return true;
        }
    }
    return false;
}

/* The card is that of the last swipe, in every message after it: an attempt without a verdict of its own. */
static void put_attempt(struct bulla_observation *o, const struct message *m)
{
    bool card = is_card(m->field[KEY_CARD]);
    bool illegal = raised(m->field[KEY_ILLEGAL_CARD]);
    bool password = raised(m->field[KEY_PASSWORD]);
    if (illegal) {
        bulla_observation_add_event(o, BULLA_EVENT_UNKNOWN_CARD);
    }
    if (password) {
        bulla_observation_add_event(o, BULLA_EVENT_WRONG_PASSWORD_REPEATED);
    }
    if (!card && !illegal && !password) {
        return;
    }
    o->has |= BULLA_HAS_UNLOCK;
    o->unlock.channel = card || illegal ? BULLA_CHANNEL_CARD : BULLA_CHANNEL_UNKNOWN;
    o->unlock.verdict = illegal || password ? BULLA_VERDICT_REFUSED : BULLA_VERDICT_UNKNOWN;
    o->unlock.reason = illegal ? BULLA_REASON_UNKNOWN_CARD : password ? BULLA_REASON_WRONG_PASSWORD : BULLA_REASON_NONE;
    if (password && !illegal) {
        o->unlock.channel = BULLA_CHANNEL_UNKNOWN;
        o->unlock.tries = 5;
    } else if (card) {
        bulla_text_put(o->unlock.credential, sizeof o->unlock.credential, m->field[KEY_CARD]);
    }
}

/* What a lost sub-lock said before is old: said to be unknown, where it is said at all. */
static void forget(struct bulla_sublock *sub)
{
    sub->lost = true;
    sub->percent = 255;
    sub->events = BULLA_EVENT_BIT(BULLA_EVENT_SUB_LOCK_LOST);
    sub->state.shackle = sub->state.shackle ? BULLA_SHACKLE_UNKNOWN : BULLA_SHACKLE_NONE;
    sub->state.motor = sub->state.motor ? BULLA_MOTOR_UNKNOWN : BULLA_MOTOR_NONE;
    sub->state.cover = sub->state.cover ? BULLA_COVER_UNKNOWN : BULLA_COVER_NONE;
    sub->state.seal = BULLA_SEAL_UNKNOWN;
}

static void put_sublock(struct bulla_observation *o, const struct bulla_bytes *field)
{
    char id[sizeof((struct bulla_sublock *)0)->id];
    uint64_t percent;
    bulla_text_put(id, sizeof id, field[KEY_SUB_DEVICE]);
    struct bulla_sublock *sub = bulla_observation_add_sublock(o, id);
    if (!sub) {
        return;
    }
    const struct lock_flags flags = {field[KEY_SUB_ROPE],     field[KEY_SUB_MOTOR],    field[KEY_SUB_CUT],
                                     field[KEY_SUB_STUCK],    field[KEY_SUB_COVER],    field[KEY_SUB_UNCOVER],
                                     field[KEY_SUB_TAMPERED], field[KEY_SUB_TEMPERED], field[KEY_SUB_OPEN]};
    put_lock(&flags, &sub->state, &sub->events);
    if (proto_text_number(field[KEY_SUB_POWER], &percent) && percent <= 100) {
        sub->percent = (uint8_t)percent;
    }
    if (raised(field[KEY_SUB_LOST])) {
        forget(sub);
        bulla_observation_add_event(o, BULLA_EVENT_SUB_LOCK_LOST);
    }
}

static enum bulla_status read_sublocks(struct proto_link *link, struct message *m, struct bulla_observation *o)
{
    if (!m->field[KEY_SLAVE].len) {
        return BULLA_OK;
    }
    struct proto_json_walk walk = proto_json_open(m->field[KEY_SLAVE]);
    struct proto_json_value key, item;
    while (proto_json_next(&walk, &key, &item)) {
        struct bulla_bytes field[SUB_KEYS] = {{NULL, 0}};
        if (item.kind != PROTO_JSON_OBJECT || !read_members(m, item.text, sub_keys, SUB_KEYS, field) || !field[KEY_SUB_DEVICE].len) {
            return proto_fail(link, BULLA_DAMAGED, "Slave", "objects with SDeviceId", item.text);
        }
        put_sublock(o, field);
    }
    return walk.failed ? proto_fail(link, BULLA_DAMAGED, "Slave", "an array", m->field[KEY_SLAVE]) : BULLA_OK;
}

static void interpret(const struct message *m, struct bulla_observation *o)
{
    uint64_t type;
    bool typed = proto_text_number(m->field[KEY_TYPE], &type);
    if (typed && type != 2) {
        bulla_observation_add_event(o, BULLA_EVENT_STATE_REPORT);
    }
    o->stored = typed && (type == 3 || type == 4);
    const struct lock_flags flags = {m->field[KEY_ROPE],     m->field[KEY_MOTOR],    m->field[KEY_CUT],
                                     m->field[KEY_STUCK],    m->field[KEY_COVER],    m->field[KEY_UNCOVER],
                                     m->field[KEY_TAMPERED], m->field[KEY_TEMPERED], m->field[KEY_OPEN]};
    put_lock(&flags, &o->state, &o->events);
    put_numbers(o, m);
    put_attempt(o, m);
    if (raised(m->field[KEY_LOW_POWER])) {
        bulla_observation_add_event(o, BULLA_EVENT_LOW_BATTERY);
    }
}

static enum bulla_status read_message(struct proto_link *link, const uint8_t *at, size_t n, struct message *m)
{
    struct bulla_bytes whole = {at, n};
    bulla_fill(m, 0, offsetof(struct message, plain));
    m->n_plain = 0;
    if (n == 0 || probe(at, n) == BULLA_NOT_MINE) {
        return proto_fail(link, BULLA_NOT_MINE, "start", "a JSON object", whole);
    }
    if (!read_members(m, whole, keys, KEYS, m->field)) {
        return proto_fail(link, BULLA_DAMAGED, "message", "one well-formed JSON object", whole);
    }
    struct bulla_bytes device = m->field[KEY_DEVICE];
    if (!device.at) {
        return proto_fail(link, BULLA_NOT_MINE, "MDeviceID", "digits", device);
    }
    if (!proto_text_is_digits(device) || device.len >= BULLA_DEVICE_SIZE) {
        return proto_fail(link, BULLA_INSANE, "MDeviceID", "1 to 31 digits", device);
    }
    return BULLA_OK;
}

static enum bulla_status decode(struct proto_link *link, const uint8_t *at, size_t n)
{
    struct message m;
    struct bulla_observation o;
    bulla_observation_init(&o, "teratrack");
    enum bulla_status status = read_message(link, at, n, &m);
    status = status == BULLA_OK ? read_time(link, m.field[KEY_TIME], &o) : status;
    status = status == BULLA_OK ? read_position(link, &m, &o) : status;
    status = status == BULLA_OK ? read_sublocks(link, &m, &o) : status;
    if (status != BULLA_OK) {
        return status;
    }
    bulla_text_put(o.device, sizeof o.device, m.field[KEY_DEVICE]);
    interpret(&m, &o);
    link->emit(link->host, &o);
    if (raised(m.field[KEY_ANSWER])) {
        link->reply(link->host, (const uint8_t *)"{01}", 4);
    }
    return BULLA_OK;
}

static enum bulla_status encode(struct proto_link *link, const char *device, const char *command, const struct proto_args *args,
                                struct bulla_writer *out)
{
    (void)device;
    (void)args;
    (void)out;
    return proto_fail(link, BULLA_REFUSED, "command", "none: the maker has published no commands",
                      (struct bulla_bytes){(const uint8_t *)command, bulla_length(command)});
}

static const struct proto_command commands[] = {{NULL}};

const struct proto proto_teratrack = {
    .number = 4,
    .name = "teratrack",
    .title = "TeraTrack (Huabao HB-1AL class), JSON",
    .transports = "tcp",
    .port = 10004,
    .state_size = 0,
    .frame_max = PROTO_JSON_MESSAGE_MAX,
    .probe = probe,
    .frame = proto_json_frame,
    .decode = decode,
    .encode = encode,
    .commands = commands,
};
