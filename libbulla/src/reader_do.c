/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader asks of one seal: messages of bulla/link.h, and their answers as what they mean.
 */
#include "libbulla/src/reader_inside.h"

#include "bulla/cursor.h"

#define CELSIUS_NONE 0x80

static enum bulla_status ask(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_link_message *question)
{
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX];
    return bulla_reader_ask(reader, seal, question, &answer, room, NULL);
}

enum bulla_status bulla_reader_order(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_order order)
{
    return ask(reader, seal, &(struct bulla_link_message){.code = (uint8_t)order});
}

/* ---- who it is and how ---- */

enum bulla_status bulla_reader_identify(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_identity *identity)
{
    static const uint8_t orders[] = {BULLA_ORDER_MODEL, BULLA_ORDER_FIRMWARE, BULLA_ORDER_READ_DATA};
    struct bulla_link_message answers[sizeof orders];
    uint8_t room[BULLA_FRAME_MAX];
    struct bulla_identity i = {.belief = BULLA_BELIEF_PROVEN};
    struct bulla_fault fault;
    for (size_t k = 0; k < sizeof orders; k++) {
        uint8_t belief = 0;
        enum bulla_status status =
            bulla_reader_ask(reader, seal, &(struct bulla_link_message){.code = orders[k]}, &answers[k], room, &belief);
        if (status != BULLA_OK)
            return status;
        i.belief = belief;
    }
    i.model = (uint32_t)answers[0].value[BULLA_ANSWER_MODEL_MODEL];
    i.profile = (uint8_t)answers[0].value[BULLA_ANSWER_MODEL_PROFILE];
    i.firmware = (uint32_t)answers[1].value[BULLA_ANSWER_FIRMWARE_VERSION];
    i.has_block = bulla_chain_decode(answers[2].rest, BULLA_READING_TABLE, BULLA_START_ANY, &i.chain, &fault) == BULLA_OK;
    *identity = i;
    return BULLA_OK;
}

enum bulla_status bulla_reader_status(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_condition *condition)
{
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX], belief = 0;
    const uint64_t *v = answer.value;
    enum bulla_status status =
        bulla_reader_ask(reader, seal, &(struct bulla_link_message){.code = BULLA_ORDER_STATUS}, &answer, room, &belief);
    if (status != BULLA_OK)
        return status;
    *condition = (struct bulla_condition){
        .belief = belief,
        .profile = (uint8_t)v[BULLA_ANSWER_STATUS_PROFILE],
        .state = (uint8_t)v[BULLA_ANSWER_STATUS_STATE],
        .shows = (uint8_t)v[BULLA_ANSWER_STATUS_SHOWS],
        .passage = (uint8_t)v[BULLA_ANSWER_STATUS_PASSAGE],
        .modes = (uint32_t)v[BULLA_ANSWER_STATUS_MODES],
        .journeys = (uint32_t)v[BULLA_ANSWER_STATUS_JOURNEYS],
        .spent = (uint32_t)v[BULLA_ANSWER_STATUS_SPENT],
        .battery = (uint8_t)v[BULLA_ANSWER_STATUS_BATTERY],
        .temperature = (int8_t)(uint8_t)v[BULLA_ANSWER_STATUS_TEMPERATURE],
        .shackle_out = v[BULLA_ANSWER_STATUS_SHACKLE],
        .keys = v[BULLA_ANSWER_STATUS_KEYS],
        .log_oldest = (uint32_t)v[BULLA_ANSWER_STATUS_OLDEST],
        .log_next = (uint32_t)v[BULLA_ANSWER_STATUS_NEXT],
        .refused = (uint32_t)v[BULLA_ANSWER_STATUS_REFUSED],
    };
    for (unsigned i = 0; i < BULLA_IGNORED; i++)
        condition->ignored[i] = (uint32_t)v[BULLA_ANSWER_STATUS_DAMAGED + i];
    return BULLA_OK;
}

/* ---- data ---- */

enum bulla_status bulla_reader_read(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_area area, uint16_t offset,
                                    uint8_t *to, uint16_t n)
{
    for (size_t done = 0; done < n;) {
        size_t length = n - done < BULLA_LINK_CHUNK ? n - done : BULLA_LINK_CHUNK;
        const struct bulla_link_message question = {.code = BULLA_ORDER_READ_MEMORY, .value = {area, offset + done, length}};
        struct bulla_link_message answer;
        uint8_t room[BULLA_FRAME_MAX];
        enum bulla_status status = bulla_reader_ask(reader, seal, &question, &answer, room, NULL);
        if (status != BULLA_OK)
            return status;
        if (answer.value[BULLA_ANSWER_READ_MEMORY_ZONE] != area || answer.value[BULLA_ANSWER_READ_MEMORY_OFFSET] != offset + done ||
            answer.rest.len > length)
            return BULLA_DAMAGED;
        if (answer.rest.len == 0) {
            reader->nack = BULLA_NACK_BOUNDARY;
            reader->refusal = 0;
            return BULLA_REFUSED;
        }
        bulla_copy(to + done, answer.rest.at, answer.rest.len);
        done += answer.rest.len;
    }
    return BULLA_OK;
}

enum bulla_status bulla_reader_write(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_area area, uint16_t offset,
                                     struct bulla_bytes bytes)
{
    enum bulla_status status = BULLA_OK;
    for (size_t done = 0; done < bytes.len && status == BULLA_OK;) {
        size_t n = bytes.len - done < BULLA_LINK_CHUNK ? bytes.len - done : BULLA_LINK_CHUNK;
        status = ask(
            reader, seal,
            &(struct bulla_link_message){.code = BULLA_ORDER_WRITE_MEMORY, .value = {area, offset + done}, .rest = {bytes.at + done, n}});
        done += n;
    }
    return status;
}

static enum bulla_status permit(struct bulla_reader *reader, const struct bulla_address *seal, uint8_t order, struct bulla_bytes ticket)
{
    const struct bulla_spot *spot = &reader->setup.spot;
    return ask(reader, seal,
               &(struct bulla_link_message){
                   .code = order, .value = {(uint32_t)spot->lat_e7, (uint32_t)spot->lon_e7, reader->setup.id}, .rest = ticket});
}

enum bulla_status bulla_reader_seal(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_bytes ticket)
{
    return permit(reader, seal, BULLA_ORDER_SEAL, ticket);
}

enum bulla_status bulla_reader_unseal(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_bytes ticket)
{
    return permit(reader, seal, BULLA_ORDER_UNSEAL, ticket);
}

/* ---- the log ---- */

static enum bulla_status fetch(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_reader_log *log)
{
    const struct bulla_link_message question = {.code = BULLA_ORDER_READ_LOG, .value = {log->next, BULLA_LINK_CHUNK / BULLA_LINK_RECORD}};
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX], belief = 0;
    enum bulla_status status = bulla_reader_ask(reader, seal, &question, &answer, room, &belief);
    if (status != BULLA_OK)
        return status;
    if (answer.rest.len % BULLA_LINK_RECORD || answer.value[BULLA_ANSWER_READ_LOG_NEXT] < log->next)
        return BULLA_DAMAGED;
    log->belief = belief;
    log->next = (uint32_t)answer.value[BULLA_ANSWER_READ_LOG_NEXT];
    log->overwritten += answer.value[BULLA_ANSWER_READ_LOG_OVERWRITTEN];
    log->unreadable += answer.value[BULLA_ANSWER_READ_LOG_UNREADABLE];
    log->end = !answer.value[BULLA_ANSWER_READ_LOG_MORE];
    log->at = 0;
    log->n = (uint8_t)(answer.rest.len / BULLA_LINK_RECORD);
    bulla_copy(log->bytes, answer.rest.at, answer.rest.len);
    return BULLA_OK;
}

static void get_record(const uint8_t *bytes, struct bulla_log_record *record)
{
    struct bulla_cursor c = bulla_cursor_over(bytes, BULLA_LINK_RECORD);
    record->counter = bulla_cursor_get_u32(&c);
    record->event.kind = bulla_cursor_get_u8(&c);
    record->event.state = bulla_cursor_get_u8(&c);
    uint8_t flags = bulla_cursor_get_u8(&c);
    record->event.clock_set = flags & 0x80;
    record->event.n = flags & 31;
    bulla_cursor_skip(&c, 3);
    record->event.time_s = bulla_cursor_get_u32(&c);
    bulla_copy(record->event.detail, c.at, BULLA_LOG_DETAIL);
}

enum bulla_status bulla_reader_log(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_reader_log *log,
                                   struct bulla_log_record *record)
{
    while (log->at == log->n) {
        bool told = log->end && log->n == 0; /* the caller comes again to see whether there is more by now */
        log->n = log->at = 0;
        if (log->end && !told)
            return BULLA_MORE;
        log->end = false;
        enum bulla_status status = fetch(reader, seal, log);
        if (status != BULLA_OK)
            return status;
        if (log->end && log->n == 0)
            return BULLA_MORE;
    }
    get_record(log->bytes + (size_t)log->at * BULLA_LINK_RECORD, record);
    if (record->event.n > BULLA_LOG_DETAIL)
        return BULLA_DAMAGED;
    log->at++;
    return BULLA_OK;
}

/* ---- clock and settings ---- */

enum bulla_status bulla_reader_clock(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_reader_time *time)
{
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX], belief = 0;
    enum bulla_status status =
        bulla_reader_ask(reader, seal, &(struct bulla_link_message){.code = BULLA_ORDER_GET_CLOCK}, &answer, room, &belief);
    if (status == BULLA_OK)
        *time = (struct bulla_reader_time){belief, (int64_t)answer.value[BULLA_ANSWER_GET_CLOCK_TIME],
                                           (uint32_t)answer.value[BULLA_ANSWER_GET_CLOCK_BOUND]};
    return status;
}

enum bulla_status bulla_reader_set_clock(struct bulla_reader *reader, const struct bulla_address *seal, int64_t time_ms,
                                         uint32_t precision_ms, int64_t *error_ms)
{
    const struct bulla_link_message question = {.code = BULLA_ORDER_SET_CLOCK, .value = {(uint64_t)time_ms, precision_ms}};
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX];
    enum bulla_status status = bulla_reader_ask(reader, seal, &question, &answer, room, NULL);
    if (status == BULLA_OK)
        *error_ms = (int64_t)answer.value[BULLA_ANSWER_SET_CLOCK_ERROR];
    return status;
}

enum bulla_status bulla_reader_setting(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_setting setting,
                                       uint32_t *value)
{
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX];
    enum bulla_status status = bulla_reader_ask(
        reader, seal, &(struct bulla_link_message){.code = BULLA_ORDER_GET_SETTING, .value = {setting}}, &answer, room, NULL);
    if (status == BULLA_OK)
        *value = (uint32_t)answer.value[BULLA_ANSWER_GET_SETTING_VALUE];
    return status;
}

enum bulla_status bulla_reader_configure(struct bulla_reader *reader, const struct bulla_address *seal, enum bulla_setting setting,
                                         uint32_t value)
{
    return ask(reader, seal, &(struct bulla_link_message){.code = BULLA_ORDER_CONFIGURE, .value = {setting, value}});
}
