/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/energy.h"

#define DAY_MS     UINT64_C(86400000)
#define NAH        UINT64_C(3600000) /* microampere milliseconds and thousandths of times, in one nanoampere hour */
#define DOUBLED_AT 10                /* degrees in which self-discharge doubles */

const struct bulla_chemistry bulla_thionyl = {
    "lithium thionyl chloride",
    {-55, -40, -20, 20, 85},
    {400, 600, 800, 1000, 900},
    10,
    7300,
    "self-discharge below 1 % a year and -60 to 85 C: makers' data sheets of bobbin cells; capacity over temperature and 20 years: assumed",
};

const struct bulla_chemistry bulla_manganese = {
    "lithium manganese dioxide", {-30, -20, 0, 20, 60}, {500, 700, 900, 1000, 950}, 10, 3650, "assumed: usual for coin cells",
};

const struct bulla_chemistry bulla_lithium_ion = {
    "lithium ion, rechargeable", {-40, -20, 0, 20, 70}, {500, 700, 880, 1000, 1000}, 360, 1095, "assumed: 3 % a month; a cell for the cold",
};

const struct bulla_duty bulla_duty_gbt = {
    "gbt",
    &bulla_thionyl,
    2400,
    4000,
    "AA cell, assumed",
    "controller with its crystal and the shackle's loop, assumed",
    {
        {"listening for a reader", 15000, 5, 43200000, false, "a receiver of 433 MHz for 5 ms each 2 s, assumed"},
        {"answering a reader", 25000, 200, 20000, false, "20 readings a day at gates, cranes and checks, assumed"},
        {"writing", 8000, 100, 10000, false, "10 records a day into flash, assumed"},
        {0},
    },
};

const struct bulla_duty bulla_duty_semi_active = {
    "semi-active",
    &bulla_manganese,
    620,
    1500,
    "coin cell of 24.5 mm, assumed",
    "trigger input awake, radio off, assumed",
    {
        {"answering a reader", 12000, 300, 6000, false, "6 triggers a day, assumed"},
        {0},
    },
};

const struct bulla_duty bulla_duty_active = {
    "active",
    &bulla_lithium_ion,
    7800,
    120000,
    "three cells of 2.6 Ah, assumed",
    "sensors, accelerometer, memory, assumed",
    {
        {"finding the position", 30000, 20000, 1000, true, "a receiver with assistance, 20 s a report, assumed"},
        {"sending over the cellular network", 100000, 12000, 1000, true, "average from joining to release, 12 s a report, assumed"},
        {"sensors", 2000, 50, 1440000, false, "each minute, assumed"},
        {"motor", 300000, 2000, 4000, false, "4 movements a day, assumed"},
        {"panel", 15000, 10000, 10000, false, "lit 10 s, 10 times a day, assumed"},
        {0},
    },
};

static bool capacity_permille(const struct bulla_chemistry *chemistry, int32_t celsius, uint32_t *permille)
{
    const int8_t *at = chemistry->celsius;
    if (celsius < at[0] || celsius > at[BULLA_ENERGY_POINTS - 1])
        return false;
    unsigned i = 0;
    while (celsius > at[i + 1])
        i++;
    int32_t span = at[i + 1] - at[i], rise = chemistry->permille[i + 1] - chemistry->permille[i];
    *permille = (uint32_t)(chemistry->permille[i] + rise * (celsius - at[i]) / span);
    return true;
}

/* A tenth of a doubling is 1072 thousandths: close enough for a rule of thumb. */
static uint64_t self_discharge(const struct bulla_duty *duty, int32_t celsius)
{
    uint64_t nah = UINT64_C(1000000) * duty->capacity_mah * duty->chemistry->self_discharge_permille / 1000 / 365;
    for (int32_t c = 20; c < celsius; c++)
        nah = nah * 1072 / 1000;
    return nah;
}

static uint64_t times_a_day_milli(const struct bulla_load *load, uint32_t interval_s)
{
    if (!load->a_report)
        return load->times_milli;
    return interval_s ? UINT64_C(86400) * load->times_milli / interval_s : 0;
}

static size_t count_loads(const struct bulla_duty *duty)
{
    size_t n = 0;
    while (n < BULLA_LOADS_MAX && duty->load[n].name)
        n++;
    return n;
}

enum bulla_status bulla_energy_predict(const struct bulla_duty *duty, struct bulla_energy_conditions conditions,
                                       struct bulla_energy *energy, struct bulla_fault *fault)
{
    struct bulla_energy e = {0};
    uint32_t permille;
    if (!capacity_permille(duty->chemistry, conditions.celsius, &permille))
        return bulla_fault_set(fault, BULLA_INSANE, "celsius", "a temperature in the table of the chemistry", 0);
    e.sleep_nah = UINT64_C(24) * duty->sleep_na;
    e.day_nah = e.sleep_nah;
    size_t n = count_loads(duty);
    for (size_t i = 0; i < n; i++) {
        const struct bulla_load *load = &duty->load[i];
        uint64_t times = times_a_day_milli(load, conditions.interval_s);
        if (load->duration_ms && times > DAY_MS * 1000 / load->duration_ms)
            return bulla_fault_set(fault, BULLA_INSANE, load->name, "a duration times its number a day of at most one day", i);
        e.load_nah[i] = times * load->duration_ms / 1000 * load->current_ua / (NAH / 1000);
        e.day_nah += e.load_nah[i];
    }
    e.self_discharge_nah = self_discharge(duty, conditions.celsius);
    e.day_nah += e.self_discharge_nah;
    e.usable_nah = UINT64_C(1000) * duty->capacity_mah * permille;
    if (e.day_nah == 0)
        return bulla_fault_set(fault, BULLA_INSANE, "duty", "a use of at least 1 nAh a day", 0);
    uint64_t days = e.usable_nah / e.day_nah;
    e.by_shelf = days > duty->chemistry->shelf_days;
    e.days = e.by_shelf ? duty->chemistry->shelf_days : (uint32_t)days;
    *energy = e;
    return BULLA_OK;
}

struct bulla_margin bulla_energy_margin(const struct bulla_energy *energy, unsigned percent, uint32_t hours, unsigned reserve_percent)
{
    struct bulla_margin m = {.hours_planned = hours};
    uint64_t shelf_hours = UINT64_C(24) * energy->days;
    uint64_t left = energy->usable_nah / 100 * (percent < 100 ? percent : 100) * 24 / energy->day_nah;
    m.hours_left = (int64_t)(energy->by_shelf && left > shelf_hours ? shelf_hours : left);
    int64_t over = hours ? (m.hours_left - m.hours_planned) * 1000 / m.hours_planned : INT32_MAX;
    m.margin_permille = over < INT32_MAX ? (int32_t)over : INT32_MAX;
    m.enough = m.hours_left * 100 >= m.hours_planned * (100 + (int64_t)reserve_percent);
    return m;
}
