// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "sim/roads.h"

static struct sim_roads *roads;

static int set_up(void **state)
{
    (void)state;
    roads = sim_roads_new();
    return roads ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sim_roads_free(roads);
    return 0;
}

static double radius(const struct sim_path_point *p)
{
    double a = sim_distance(p[-1].lat, p[-1].lon, p[0].lat, p[0].lon), b = sim_distance(p[0].lat, p[0].lon, p[1].lat, p[1].lon);
    double c = sim_distance(p[-1].lat, p[-1].lon, p[1].lat, p[1].lon), s = (a + b + c) / 2;
    double area = sqrt(fmax(0, s * (s - a) * (s - b) * (s - c)));
    return area < 1e-6 ? 1e9 : a * b * c / (4 * area);
}

static void every_place_can_be_reached(void **state)
{
    (void)state;
    for (int to = 1; to < SIM_PLACES_N; to++) {
        const struct sim_path *path = sim_roads_path(roads, SIM_MOMBASA, (enum sim_place_id)to);
        assert_non_null(path);
        const struct sim_path_point *end = &path->at[path->n - 1];
        assert_true(sim_distance(end->lat, end->lon, sim_places[to].lat, sim_places[to].lon) < 5);
        assert_int_equal(path->passes[path->n_passes - 1].place, to);
    }
}

static void points_are_even_and_bends_can_be_driven(void **state)
{
    (void)state;
    for (int to = 1; to < SIM_PLACES_N; to++) {
        const struct sim_path *path = sim_roads_path(roads, SIM_DAR, to == SIM_DAR ? SIM_MOMBASA : (enum sim_place_id)to);
        size_t sharp = 0;
        for (size_t i = 1; i < path->n; i++) {
            double step = path->at[i].s_m - path->at[i - 1].s_m;
            assert_true(step > 1 && step < 150);
            sharp += i + 1 < path->n && radius(&path->at[i]) < 100;
        }
        assert_true(sharp <= path->n_passes); /* a town's crossroads at most */
    }
}

static void lengths_are_those_of_the_real_roads(void **state)
{
    /* Road distances between the towns, in km, known to a few percent. */
    static const struct {
        enum sim_place_id from, to;
        double km;
    } known[] = {
        {SIM_MOMBASA, SIM_NAIROBI, 480}, {SIM_KAMPALA, SIM_MBARARA, 270}, {SIM_DAR, SIM_DODOMA, 455}, {SIM_NAIROBI, SIM_MALABA, 435}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double km = sim_path_length(sim_roads_path(roads, known[i].from, known[i].to)) / 1000;
        assert_true(fabs(km - known[i].km) < 0.12 * known[i].km);
    }
}

static double off_line(const struct sim_path_point *p, const double *lat, const double *lon, size_t n, size_t *from)
{
    double best = 1e9;
    size_t first = *from > 2 ? *from - 2 : 0;
    for (size_t i = first; i + 1 < n && i < first + 40; i++) {
        double k = cos(p->lat * 0.017453292519943295) * 111195, x = (p->lon - lon[i]) * k, y = (p->lat - lat[i]) * 111195;
        double dx = (lon[i + 1] - lon[i]) * k, dy = (lat[i + 1] - lat[i]) * 111195, t = (x * dx + y * dy) / (dx * dx + dy * dy);
        t = fmax(0, fmin(1, t));
        double off = hypot(x - t * dx, y - t * dy);
        if (off < best) {
            best = off;
            *from = i;
        }
    }
    return best;
}

static void the_planned_line_keeps_to_the_road(void **state)
{
    const struct sim_path *path = sim_roads_path(roads, SIM_MOMBASA, SIM_KIGALI);
    double *lat = calloc(path->n, sizeof *lat), *lon = calloc(path->n, sizeof *lon);
    size_t n = sim_path_simplify(path, 40, lat, lon), at = 0;
    (void)state;
    assert_true(n > 100 && n < path->n / 4);
    for (size_t i = 0; i < path->n; i++)
        assert_true(off_line(&path->at[i], lat, lon, n, &at) < 45);
    free(lat);
    free(lon);
}

static void the_same_on_every_run(void **state)
{
    struct sim_roads *again = sim_roads_new();
    const struct sim_path *a = sim_roads_path(roads, SIM_NAIROBI, SIM_JUBA), *b = sim_roads_path(again, SIM_NAIROBI, SIM_JUBA);
    (void)state;
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_memory_equal(&a->at[i].lat, &b->at[i].lat, 2 * sizeof(double));
    sim_roads_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_can_be_reached),
        cmocka_unit_test(points_are_even_and_bends_can_be_driven),
        cmocka_unit_test(lengths_are_those_of_the_real_roads),
        cmocka_unit_test(the_planned_line_keeps_to_the_road),
        cmocka_unit_test(the_same_on_every_run),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
