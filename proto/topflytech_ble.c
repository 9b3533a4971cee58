/* SPDX-License-Identifier: Apache-2.0
 *
 * Topflytech: sensors in the air (10, 12): 15 date  21 status  22 kind 2, then records of that kind to the end of the message.
 *
 *   3  driver            address 6, battery V/10 1, alarm 1 (1: battery low), status 1, place 16
 *   4  climate           address 6, V/100 - 2 1, battery % 1, temperature /100 2 (bit 15: minus), humidity /100 2, light 2, rssi + 128 1
 *   5  door              address 6, V/100 - 2 1, battery % 1, temperature 2, 1 open, rssi + 128
 */
#include "proto/topflytech.h"

#define KIND_AT    22
#define RECORDS_AT 24
#define NOT_SAID   0xFF
#define MAC_LEN    6

enum { KIND_SOS = 2, KIND_DRIVER = 3, KIND_CLIMATE = 4, KIND_DOOR = 5 };
enum { DRIVER_STATUS = RECORDS_AT + 8, DRIVER_PLACE };

static void get_id(struct bulla_cursor *c, char id[2 * MAC_LEN + 1])
{
    struct bulla_bytes address = bulla_cursor_take(c, MAC_LEN);
    bulla_hex_put(id, address.at, address.len);
}

static void put_battery(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    uint8_t volts = bulla_cursor_get_u8(c), percent = bulla_cursor_get_u8(c);
    if (volts != NOT_SAID) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_VOLTS, 2000 + volts * 10);
    }
    if (percent <= 100) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_PERCENT, percent * 1000);
    }
}

static void put_temperature(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    uint16_t raw = bulla_cursor_get_u16(c);
    int32_t milli = (raw & 0x7FFF) * 10;
    if (raw != 0xFFFF) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_TEMPERATURE, raw & 0x8000 ? -milli : milli);
    }
}

static void put_strength(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    uint8_t raw = bulla_cursor_get_u8(c);
    if (raw != NOT_SAID) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_RSSI, (raw - 128) * 1000);
    }
}

static void put_climate(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    put_battery(call, c, id);
    put_temperature(call, c, id);
    uint16_t humidity = bulla_cursor_get_u16(c);
    if (humidity <= 10000) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_HUMIDITY, humidity * 10);
    }
    bulla_cursor_skip(c, 2);
    put_strength(call, c, id);
}

/* Of several doors one that is open is enough. */
static void put_door(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    put_battery(call, c, id);
    put_temperature(call, c, id);
    uint8_t open = bulla_cursor_get_u8(c);
    if (open <= 1 && call->o.state.door != BULLA_COVER_OPEN) {
        call->o.state.door = open ? BULLA_COVER_OPEN : BULLA_COVER_CLOSED;
    }
    put_strength(call, c, id);
}

static enum bulla_status put_driver(struct topflytech_call *call, struct bulla_cursor *c, const char *id)
{
    uint8_t volts = bulla_cursor_get_u8(c), alarm = bulla_cursor_get_u8(c);
    if (volts != NOT_SAID) {
        bulla_observation_add_sensor(&call->o, id, BULLA_SENSOR_BATTERY_VOLTS, ((volts >> 4) * 10 + (volts & 15)) * 100);
    }
    if (alarm == 1) {
        bulla_observation_add_event(&call->o, BULLA_EVENT_LOW_BATTERY);
    }
    return topflytech_place(call, DRIVER_STATUS, DRIVER_PLACE);
}

static const struct {
    uint16_t kind;
    uint8_t length;
    void (*put)(struct topflytech_call *call, struct bulla_cursor *c, const char *id);
} records[] = {{KIND_CLIMATE, 15, put_climate}, {KIND_DOOR, 12, put_door}};

static enum bulla_status put_records(struct topflytech_call *call, unsigned kind, struct bulla_cursor c)
{
    char id[2 * MAC_LEN + 1];
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        if (records[i].kind != kind) {
            continue;
        }
        if (c.left < records[i].length) {
            return topflytech_short(call);
        }
        while (c.left >= records[i].length) {
            get_id(&c, id);
            records[i].put(call, &c, id);
        }
    }
    return BULLA_OK;
}

enum bulla_status topflytech_read_ble(struct topflytech_call *call)
{
    char id[2 * MAC_LEN + 1];
    struct bulla_cursor c = topflytech_from(call, KIND_AT);
    unsigned kind = bulla_cursor_get_u16(&c);
    enum bulla_status status = topflytech_date(call, TOPFLYTECH_HEAD);
    if (status != BULLA_OK || c.failed) {
        return status != BULLA_OK ? status : topflytech_short(call);
    }
    if (kind == KIND_SOS) {
        bulla_observation_add_event(&call->o, BULLA_EVENT_SOS);
    }
    if (kind == KIND_DRIVER) {
        get_id(&c, id);
        return put_driver(call, &c, id);
    }
    return put_records(call, kind, c);
}
