/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/modem/channel.h"

#define LIGHT     299792458.0
#define BOLTZMANN 1.380649e-23
#define KELVIN    290.0

double modem_channel_noise_dbm(double bandwidth_hz, double figure_db)
{
    return 10 * log10(BOLTZMANN * KELVIN * bandwidth_hz * 1e3) + figure_db;
}

double modem_channel_free_space_db(double hz, double distance_m)
{
    double wavelengths = fmax(distance_m * hz / LIGHT, 1);
    return 20 * log10(4 * M_PI * wavelengths);
}

double modem_channel_log_distance_db(double hz, double distance_m, double exponent)
{
    double near = modem_channel_free_space_db(hz, fmin(distance_m, 1));
    return distance_m > 1 ? near + 10 * exponent * log10(distance_m) : near;
}

double modem_channel_reflection(double permittivity, double sine)
{
    double root = sqrt(permittivity - 1 + sine * sine);
    return (permittivity * sine - root) / (permittivity * sine + root);
}

static struct modem_gain ray(double hz, double length_m, double size)
{
    double wavelengths = length_m * hz / LIGHT, a = size / (4 * M_PI * fmax(wavelengths, 1));
    double turns = wavelengths - floor(wavelengths);
    return (struct modem_gain){a * cos(2 * M_PI * turns), -a * sin(2 * M_PI * turns)};
}

struct modem_gain modem_channel_two_ray(double hz, double along_m, double from_m, double to_m, double permittivity)
{
    double direct = hypot(along_m, from_m - to_m), over_ground = hypot(along_m, from_m + to_m);
    double sine = over_ground > 0 ? (from_m + to_m) / over_ground : 1;
    struct modem_gain a = ray(hz, direct, 1), b = ray(hz, over_ground, modem_channel_reflection(permittivity, sine));
    return (struct modem_gain){a.re + b.re, a.im + b.im};
}

void modem_fading_init(struct modem_fading *fading, struct modem_random *random, double k_db, double doppler_hz, double steady_hz)
{
    double k = pow(10, k_db / 10);
    *fading = (struct modem_fading){.steady = isinf(k) ? 1 : sqrt(k / (k + 1)),
                                    .steady_hz = steady_hz,
                                    .steady_turns = modem_random_between(random, 0, 1),
                                    .scattered = isinf(k) ? 0 : sqrt(1 / (k + 1) / MODEM_FADING_RAYS)};
    for (size_t i = 0; i < MODEM_FADING_RAYS; i++) { /* one from each sector, so that few rays do for all around */
        double angle = 2 * M_PI * ((double)i + modem_random_between(random, 0, 1)) / MODEM_FADING_RAYS;
        fading->hz[i] = doppler_hz * cos(angle);
        fading->turns[i] = modem_random_between(random, 0, 1);
    }
}

static void add_turned(struct modem_gain *sum, double size, double turns)
{
    turns = 2 * M_PI * (turns - floor(turns));
    sum->re += size * cos(turns);
    sum->im += size * sin(turns);
}

struct modem_gain modem_fading_at(const struct modem_fading *fading, double t_s)
{
    struct modem_gain sum = {0, 0};
    if (fading->steady > 0)
        add_turned(&sum, fading->steady, fading->steady_hz * t_s + fading->steady_turns);
    for (size_t i = 0; fading->scattered > 0 && i < MODEM_FADING_RAYS; i++)
        add_turned(&sum, fading->scattered, fading->hz[i] * t_s + fading->turns[i]);
    return sum;
}

double modem_shadow_next(struct modem_shadow *shadow, struct modem_random *random, double moved_m)
{
    double alike = !shadow->begun ? 0 : shadow->length_m > 0 ? exp(-moved_m / shadow->length_m) : moved_m > 0 ? 0 : 1;
    shadow->db = alike * shadow->db + shadow->sigma_db * sqrt(1 - alike * alike) * (double)modem_random_normal(random);
    shadow->begun = true;
    return shadow->db;
}

/* Exponential, of that mean: how long until something happens that happens at random. */
static double until(struct modem_random *random, double mean)
{
    return -mean * log(1 - modem_random_between(random, 0, 1));
}

void modem_impulses_add(struct modem_impulses *impulses, struct modem_random *random, double rate_hz, float *iq, size_t n)
{
    if (!(impulses->per_s > 0))
        return;
    if (!impulses->begun)
        impulses->next = until(random, rate_hz / impulses->per_s);
    impulses->begun = true;
    float size = (float)(impulses->amplitude / M_SQRT2);
    for (size_t i = 0; i < n; i++) {
        if (impulses->left > 0) {
            iq[2 * i] += size * modem_random_normal(random);
            iq[2 * i + 1] += size * modem_random_normal(random);
            impulses->left -= 1;
        }
        impulses->next -= 1;
        if (impulses->next <= 0) { /* one that begins while another lasts goes on from there */
            impulses->next += until(random, rate_hz / impulses->per_s);
            impulses->left = fmax(impulses->left, until(random, rate_hz * impulses->mean_s));
        }
    }
}

void modem_neighbour_add(struct modem_neighbour *neighbour, struct modem_random *random, double rate_hz, float *iq, size_t n)
{
    bool keyed = neighbour->deviation_hz > 0 && neighbour->bit_hz > 0;
    for (size_t i = 0; i < n; i++) {
        if (keyed && neighbour->left <= 0) {
            neighbour->sign = modem_random_next(random) >> 63 ? 1 : -1;
            neighbour->left += rate_hz / neighbour->bit_hz;
        }
        neighbour->left -= keyed;
        double hz = neighbour->offset_hz + (keyed ? neighbour->sign * neighbour->deviation_hz : 0), turns = 2 * M_PI * neighbour->turns;
        iq[2 * i] += (float)(neighbour->amplitude * cos(turns));
        iq[2 * i + 1] += (float)(neighbour->amplitude * sin(turns));
        neighbour->turns += hz / rate_hz;
        neighbour->turns -= floor(neighbour->turns);
    }
}
