/* SPDX-License-Identifier: Apache-2.0
 *
 * Geometry against PROJ's geodesic: the planar shortcuts may never change a decision.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "platform/rules/geometry.h"

static double random_between(uint64_t *state, double low, double high)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * (double)(*state >> 11) / 9007199254740992.0;
}

static void rough_is_what_it_says(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        double lat = random_between(&seed, -79, 79), lon = random_between(&seed, -180, 180);
        double reach = i % 2 ? 0.06 : 0.9;
        double lat2 = lat + random_between(&seed, -reach, reach), lon2 = lon + random_between(&seed, -reach, reach);
        double exact = geometry_distance(lat, lon, lat2, lon2), rough = geometry_rough(lat, lon, lat2, lon2);
        assert_true(fabs(exact - rough) < (exact < 10000 ? 0.1 : exact * 0.005));
    }
}

static void sides_follow_the_geodesic(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 50000; i++) {
        struct place p = {.lat = random_between(&seed, -85, 85), .lon = random_between(&seed, -180, 180)};
        p.radius_m = random_between(&seed, 50, i % 2 ? 1000 : 100000);
        double accuracy = random_between(&seed, 1, 1500), spread = p.radius_m * 2 / 111000;
        double lat = p.lat + random_between(&seed, -spread, spread), lon = p.lon + random_between(&seed, -spread, spread);
        double d = geometry_distance(p.lat, p.lon, lat, lon);
        enum geometry_side want = d + accuracy < p.radius_m ? SURELY_INSIDE : d - accuracy > p.radius_m ? SURELY_OUTSIDE : UNSURE;
        assert_int_equal(geometry_place_side(&p, lat, lon, accuracy), want);
    }
}

/* The line as the RFC has it, in steps of 20 m or so. */
static double slow_distance(const struct route *r, double lat, double lon)
{
    double best = 1e12;
    for (size_t i = 0; i + 1 < r->n; i++) {
        double turn = r->lon[i + 1] - r->lon[i];
        turn = turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn;
        int steps = 1 + (int)(geometry_distance(r->lat[i], r->lon[i], r->lat[i + 1], r->lon[i + 1]) / 20);
        for (int k = 0; k <= steps; k++) {
            double share = (double)k / steps;
            best = fmin(best, geometry_distance(r->lat[i] + (r->lat[i + 1] - r->lat[i]) * share, r->lon[i] + turn * share, lat, lon));
        }
    }
    return best;
}

static void a_line_is_right_to_a_metre(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int round = 0; round < 60; round++) {
        double lats[6], lons[6], lat = random_between(&seed, -70, 70), lon = round % 3 ? random_between(&seed, -179, 179) : 179.9;
        for (int i = 0; i < 6; i++) {
            lat += random_between(&seed, -0.1, 0.1);
            lon += random_between(&seed, -0.05, 0.3);
            lats[i] = lat;
            lons[i] = lon > 180 ? lon - 360 : lon;
        }
        struct route r = {6, lats, lons, 500};
        struct geometry_line *line = geometry_line_new(&r);
        for (int k = 0; k < 12; k++) {
            double reach = k % 3 == 0 ? 0.8 : k % 3 == 1 ? 0.05 : 0.005;
            double at = lats[k % 6] + random_between(&seed, -reach, reach), to = lons[k % 6] + random_between(&seed, -reach, reach);
            double want = slow_distance(&r, at, to), got = geometry_line_distance(line, at, to);
            if (want < 100000)
                assert_true(fabs(want - got) < 1.0 + (want < 50 ? 4 : 0)); /* steps of 20 m see less, close by */
        }
        geometry_line_free(line);
    }
}

static void a_long_leg_is_straight_on_the_map(void **state)
{
    (void)state;
    double lat[] = {60, 60}, lon[] = {10, 15}; /* the geodesic would pass more than 4 km to the north */
    struct route r = {2, lat, lon, 500};
    struct geometry_line *line = geometry_line_new(&r);
    assert_true(geometry_line_distance(line, 60, 12.5) < 1);
    assert_true(fabs(geometry_line_distance(line, 60.01, 12.5) - geometry_distance(60, 12.5, 60.01, 12.5)) < 1);
    geometry_line_free(line);
}

static void twenty_thousand_points_and_a_route_across_the_date_line(void **state)
{
    (void)state;
    double *lat = malloc(20000 * sizeof *lat), *lon = malloc(20000 * sizeof *lon);
    for (int i = 0; i < 20000; i++) {
        lat[i] = 65 + 0.5 * sin(i / 500.0);
        lon[i] = 175 + i * 0.0005 > 180 ? 175 + i * 0.0005 - 360 : 175 + i * 0.0005;
    }
    struct route r = {20000, lat, lon, 500};
    struct geometry_line *line = geometry_line_new(&r);
    for (int i = 100; i < 20000; i += 371) {
        assert_true(geometry_line_distance(line, lat[i], lon[i]) < 0.01);
        assert_true(geometry_line_distance(line, lat[i] + 0.001, lon[i]) < 112);
    }
    geometry_line_free(line);
    free(lat);
    free(lon);
}

static void accuracy_has_its_defaults(void **state)
{
    (void)state;
    struct bulla_observation o;
    bulla_observation_init(&o, "test");
    assert_true(geometry_accuracy(&o) < 0);
    o.has = BULLA_HAS_FIX;
    assert_true(geometry_accuracy(&o) < 0); /* not valid */
    o.fix_valid = true;
    assert_true(fabs(geometry_accuracy(&o) - 100) < 1e-9);
    o.has |= BULLA_HAS_SATELLITES;
    o.satellites = 4;
    assert_true(fabs(geometry_accuracy(&o) - 30) < 1e-9);
    o.satellites = 3;
    assert_true(fabs(geometry_accuracy(&o) - 100) < 1e-9);
    bulla_observation_add_event(&o, BULLA_EVENT_POSITION_CELL);
    assert_true(fabs(geometry_accuracy(&o) - 1500) < 1e-9);
    o.has |= BULLA_HAS_ACCURACY;
    o.accuracy_m = 7;
    assert_true(fabs(geometry_accuracy(&o) - 7) < 1e-9);
    o.unknown = BULLA_HAS_ACCURACY;
    assert_true(fabs(geometry_accuracy(&o) - 1500) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rough_is_what_it_says),
        cmocka_unit_test(sides_follow_the_geodesic),
        cmocka_unit_test(a_line_is_right_to_a_metre),
        cmocka_unit_test(a_long_leg_is_straight_on_the_map),
        cmocka_unit_test(twenty_thousand_points_and_a_route_across_the_date_line),
        cmocka_unit_test(accuracy_has_its_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
