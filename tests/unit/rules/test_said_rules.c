/* SPDX-License-Identifier: Apache-2.0
 *
 * What others say of a seal: seal_unread, seal_missing, data_mismatch, pairing_mismatch, unsupervised_gap, damage that was seen; and
 * that a word of others is no word of the seal.
 */
#include "tests/unit/rules/scene.h"

/* A word of somebody else, at a place on the road. */
static struct bulla_observation *said(struct scene *s, double minute, enum bulla_event event, const char *about, const char *text)
{
    struct bulla_observation *o = scene_message(s, minute);
    o->has |= BULLA_HAS_NOTE;
    o->has &= ~(uint32_t)BULLA_HAS_COUNTER;
    bulla_observation_add_event(o, event);
    snprintf(o->note.by, sizeof o->note.by, "gate-3");
    snprintf(o->note.about, sizeof o->note.about, "%s", about);
    snprintf(o->note.text, sizeof o->note.text, "%s", text);
    return o;
}

static struct bulla_observation *said_at(struct scene *s, double minute, enum bulla_event event, const char *about, double at_m)
{
    struct bulla_observation *o = said(s, minute, event, about, "");
    o->has |= BULLA_HAS_FIX | BULLA_HAS_ACCURACY;
    o->fix_valid = true;
    o->accuracy_m = 50;
    o->lat_e7 = (int32_t)lround(SCENE_LAT * 1e7);
    o->lon_e7 = (int32_t)lround((SCENE_LON + at_m / SCENE_LON_M) * 1e7);
    return o;
}

static void add_checkpoint(struct scene *s, double at_m)
{
    struct journey_point *p = &s->journey->points[s->journey->n_points++];
    *p = (struct journey_point){.kind = POINT_CHECKPOINT, .place = scene_place(at_m, 400, 0), .planned_ms = BULLA_TIME_NONE};
    strcpy(p->place.name, "bridge");
    strcpy(p->place.station, "ST7");
}

static void a_checkpoint_passed_without_a_reading(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    add_checkpoint(s, 20000);
    scene_drive(s, 0, 0, 34000);
    scene_expect(s, 36, "seal_unread@20/2");
    assert_string_equal(s->alarms[0].why, "The vehicle passed bridge at 2026-01-01T08:20:00Z, and its seal was not read within 15 min");
    assert_int_equal(s->alarms[0].raised_ms, scene_time(35));
    scene_expect(s, 34.9, "");                                                    /* not before its time */
    said_at(s, 28, BULLA_EVENT_READ, "ST7", 20000)->received_ms = scene_time(50); /* told late, but it was read in time */
    scene_expect(s, 55, "");
    assert_int_equal(s->withdrawn, 1);
    scene_free(s);
}

static void seen_by_a_gate_and_not_read(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 10.5, BULLA_EVENT_READ_FAILED, "ST1", "");
    said(s, 11, BULLA_EVENT_VEHICLE_SEEN, "ST1", "plate AB 123"); /* the same passing */
    scene_drive(s, 12, 12000, 40000);
    scene_expect(s, 40, "seal_unread@10.5/2");
    said(s, 41, BULLA_EVENT_READ, "ST2", "");
    scene_expect(s, 42, "seal_unread@10.5/2");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(41)); /* read at last */
    scene_free(s);
    s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 9, BULLA_EVENT_READ, "ST1", ""); /* the seal is read before the plate */
    said(s, 11, BULLA_EVENT_VEHICLE_SEEN, "ST1", "");
    scene_drive(s, 12, 12000, 40000);
    scene_expect(s, 40, "");
    scene_free(s);
}

static void a_reader_that_is_down_reads_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *down, *want;
    } rows[] = {{"ST1", ""}, {"", ""}, {"ST2", "seal_unread@11/2"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 10000);
        said(s, 10.5, BULLA_EVENT_READER_DOWN, rows[i].down, "");
        said(s, 11, BULLA_EVENT_VEHICLE_SEEN, "ST1", "");
        scene_drive(s, 12, 12000, 40000);
        scene_expect(s, 40, rows[i].want);
        scene_free(s);
    }
}

/* Each seal of the journey is to be read, also one that says nothing by itself. */
static void every_seal_of_the_vehicle_is_read(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    strcpy(s->journey->seals[s->journey->n_seals++], "passive:2");
    scene_drive(s, 0, 0, 10000);
    said(s, 10, BULLA_EVENT_READ, "ST1", "");
    said(s, 11, BULLA_EVENT_VEHICLE_SEEN, "ST1", "");
    scene_drive(s, 12, 12000, 40000);
    scene_expect(s, 40, "seal_unread@11/2");
    assert_string_equal(s->alarms[0].seal, "passive:2");
    scene_free(s);
}

static void a_seal_that_is_not_in_its_place(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 11, BULLA_EVENT_SEAL_MISSING, "", "left door");
    said(s, 12, BULLA_EVENT_SEAL_MISSING, "", "still");
    scene_expect(s, 13, "seal_missing@11/3");
    assert_int_equal(s->alarms[0].count, 2);
    assert_string_equal(s->alarms[0].why, "The seal was not found in its place. gate-3: left door");
    said(s, 20, BULLA_EVENT_READ, "", "");
    scene_expect(s, 21, "seal_missing@11/3");
    assert_int_equal(s->alarms[0].ended_ms, scene_time(20));
    scene_free(s);
}

/* [WCO-7.2-P8] One alarm a field, also when two are told at the same moment; it ends when that field agrees. */
static void each_field_that_differs(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 11, BULLA_EVENT_DATA_DIFFERS, "plate", "declared AB 123, seen AB 128");
    said(s, 11, BULLA_EVENT_DATA_DIFFERS, "container", "declared CSQU3054383, seen none");
    said(s, 12, BULLA_EVENT_DATA_DIFFERS, "plate", "declared AB 123, seen AB 128");
    said(s, 20, BULLA_EVENT_READ, "plate", "AB 123 after all");
    scene_expect(s, 21, "data_mismatch@11/2 data_mismatch@11/2");
    for (size_t i = 0; i < 2; i++) {
        bool plate = strcmp(s->alarms[i].rule, "plate") == 0;
        assert_int_equal(s->alarms[i].ended_ms, plate ? scene_time(20) : BULLA_TIME_NONE);
        assert_int_equal(s->alarms[i].count, plate ? 2 : 1);
        if (plate)
            assert_string_equal(s->alarms[i].why, "Differs from the declaration. gate-3, of plate: declared AB 123, seen AB 128");
    }
    assert_string_not_equal(s->alarms[0].id, s->alarms[1].id);
    scene_free(s);
}

static void a_pairing_that_somebody_denies(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 11, BULLA_EVENT_PAIRING_DIFFERS, "vehicle", "the container is on AB 999");
    scene_expect(s, 12, "pairing_mismatch@11/3");
    assert_string_equal(s->alarms[0].why, "Not together as planned. gate-3, of vehicle: the container is on AB 999");
    scene_free(s);
}

/* The second seal drives with the first, and from `minute` on stays at 20 km. */
static struct scene *two_seals(double together, double minutes, bool transhipped)
{
    struct scene *s = scene_new();
    s->journey->stay_minutes = -1;
    strcpy(s->journey->seals[s->journey->n_seals++], "test:2");
    for (double m = 0; m < minutes; m++) {
        scene_at(s, m, m * 1000);
        strcpy(scene_at(s, m + 0.4, m < together ? m * 1000 + 350 : together * 1000)->device, "2");
        if (transhipped && m == together)
            strcpy(said(s, m + 0.5, BULLA_EVENT_TRANSHIPPED, "", "")->device, "2");
    }
    return s;
}

static void seals_that_do_not_move_together(void **state)
{
    (void)state;
    struct scene *s = two_seals(1000, 55, false);
    scene_expect(s, 55, "");
    scene_free(s);
    s = two_seals(20, 36, false);
    scene_expect(s, 36, "pairing_mismatch@25/3");     /* 20 to 24 km off is still within reach of a minute at full speed */
    assert_string_equal(s->alarms[0].seal, "test:1"); /* one alarm for the two */
    assert_non_null(strstr(s->alarms[0].why, "Does not move with test:2: 14.0 km apart"));
    scene_free(s);
    s = two_seals(20, 36, true);
    scene_expect(s, 36, "");
    scene_free(s);
}

/* The lorry stands; the second seal drives off along the same road. At full speed the lorry could have gone after it and come back
 * between its fixes: nobody does that, where all of them came as they were made. The third that is away, of two at least of each,
 * tells; one fix that is wrong, repeated or not, does not. */
static void one_drives_off_from_where_the_other_stands(void **state)
{
    (void)state;
    static const struct {
        double off_m;    /* a minute, of the second seal */
        int n, late_min; /* its fixes; how late all of them come */
        bool back;       /* after one it is where it was */
        const char *want;
    } rows[] = {{1000, 8, 0, false, "pairing_mismatch@14/3"}, {1000, 8, 3, false, ""}, {2000, 8, 0, true, ""}, {200, 5, 0, false, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        strcpy(s->journey->seals[s->journey->n_seals++], "test:2");
        scene_drive(s, 0, 0, 10000);
        for (int k = 0; k < rows[i].n; k++) {
            scene_at(s, 11 + k, 10000 + k % 2);
            double off_m = rows[i].back && k != 2 ? 0 : rows[i].off_m * k;
            struct bulla_observation *o = scene_at(s, 11.5 + k, 10010 + off_m + k % 3);
            strcpy(o->device, "2");
            o->received_ms += rows[i].late_min * INT64_C(60000);
        }
        scene_expect(s, 11 + rows[i].n, rows[i].want);
        if (rows[i].want[0])
            assert_true(s->alarms[0].raised_ms <= scene_time(16.1));
        scene_free(s);
    }
}

static void nobody_supervises(void **state)
{
    (void)state;
    static const struct {
        double over, taken;
        const char *want;
    } rows[] = {{11, 12.9, ""}, {11, 13.1, "unsupervised_gap@11/2"}, {11, 10, ""}, {11, 30, "unsupervised_gap@11/2"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *s = scene_new();
        scene_drive(s, 0, 0, 9000);
        said(s, rows[i].over < rows[i].taken ? rows[i].over : rows[i].taken,
             rows[i].over < rows[i].taken ? BULLA_EVENT_HANDED_OVER : BULLA_EVENT_TAKEN_OVER, "", "");
        said(s, rows[i].over < rows[i].taken ? rows[i].taken : rows[i].over,
             rows[i].over < rows[i].taken ? BULLA_EVENT_TAKEN_OVER : BULLA_EVENT_HANDED_OVER, "", "");
        scene_expect(s, 40, rows[i].want);
        if (rows[i].want[0])
            assert_int_equal(s->alarms[0].ended_ms, scene_time(rows[i].taken));
        scene_free(s);
    }
}

static void damage_that_was_seen(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 11, BULLA_EVENT_DAMAGE_SEEN, "body", "crushed");
    said(s, 12, BULLA_EVENT_DAMAGE_SEEN, "label", "scratched");
    scene_expect(s, 13, "body_destroyed@11/3 tamper@12/2");
    assert_string_equal(s->alarms[0].why, "Seen destroyed. gate-3, of body: crushed");
    assert_string_equal(s->alarms[1].why, "Damage was seen. gate-3, of label: scratched");
    scene_free(s);
}

/* [WCO-4.1-6] A word of others is no contact; a reading is. A seal that says nothing by itself is never silent. */
static void what_others_say_is_no_contact(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    scene_drive(s, 0, 0, 10000);
    said(s, 200, BULLA_EVENT_DATA_DIFFERS, "plate", "");
    scene_expect(s, 260, "data_mismatch@200/2 signal_lost@250/2");
    s->n--;
    said(s, 200, BULLA_EVENT_READ, "", "");
    scene_expect(s, 260, "");
    scene_free(s);
    s = scene_new();
    strcpy(s->journey->seals[0], "passive:1");
    scene_expect(s, 2000, "");
    scene_free(s);
}

/* Where a seal was read, it is; where somebody speaks of it from, it need not be. */
static void a_reading_is_a_place(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->journey->arrive_by_ms = scene_time(100);
    scene_drive(s, 0, 0, 10000);
    said_at(s, 90, BULLA_EVENT_READER_DOWN, "", 60000);
    scene_expect(s, 110, "journey_timeout@100/2");
    said_at(s, 95, BULLA_EVENT_READ, "", 60000);
    scene_expect(s, 110, "");
    scene_free(s);
}

/* Words in any script are cut between characters. */
static void long_words_are_cut_well(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct bulla_observation *o = said(s, 11, BULLA_EVENT_DATA_DIFFERS, "goods", "");
    for (size_t i = 0; i + 3 < sizeof o->note.text; i += 3)
        memcpy(o->note.text + i, "\xE9\x93\x85", 4); /* lead, as a word */
    scene_expect(s, 12, "data_mismatch@11/2");
    const char *why = s->alarms[0].why;
    size_t n = strlen(why);
    assert_memory_equal(why + n - 3, "\xE9\x93\x85", 3);
    scene_free(s);
}

SCENE_TESTS(cmocka_unit_test(a_checkpoint_passed_without_a_reading), cmocka_unit_test(seen_by_a_gate_and_not_read),
            cmocka_unit_test(a_reader_that_is_down_reads_nothing), cmocka_unit_test(every_seal_of_the_vehicle_is_read),
            cmocka_unit_test(a_seal_that_is_not_in_its_place), cmocka_unit_test(each_field_that_differs),
            cmocka_unit_test(a_pairing_that_somebody_denies), cmocka_unit_test(seals_that_do_not_move_together),
            cmocka_unit_test(one_drives_off_from_where_the_other_stands), cmocka_unit_test(nobody_supervises),
            cmocka_unit_test(damage_that_was_seen), cmocka_unit_test(what_others_say_is_no_contact), cmocka_unit_test(a_reading_is_a_place),
            cmocka_unit_test(long_words_are_cut_well))
