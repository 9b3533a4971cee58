/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf rules: the limits of links and regions, as a table or as JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/rf.h"
#include "reader/modem/rules.h"

static const char *hopping_text(enum modem_hopping hopping)
{
    return hopping == MODEM_HOPS ? "hops" : hopping == MODEM_STAYS ? "stays" : "any";
}

/* A limit that is none is null. */
static json_t *limit(double value, double none)
{
    return value == none ? json_null() : json_real(value);
}

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(object);
}

static void print_link(const struct modem_link_rule *l, bool json)
{
    if (json) {
        print_json(json_pack("{s:s, s:f, s:f, s:f, s:f, s:o, s:f, s:s, s:s}", "link", l->link, "low_hz", l->low_hz, "high_hz", l->high_hz,
                             "default_hz", l->default_hz, "eirp_dbm", l->eirp_dbm, "output_dbm", limit(l->output_dbm, 99), "bandwidth_hz",
                             l->bandwidth_hz, "hopping", hopping_text(l->hopping), "from", l->from));
        return;
    }
    printf("%-15s %8.2f %8.2f %8.2f %8.2f %10.0f  %-5s  %s\n", l->link, l->low_hz / 1e6, l->high_hz / 1e6, l->default_hz / 1e6, l->eirp_dbm,
           l->bandwidth_hz / 1e3, hopping_text(l->hopping), l->from);
}

static void print_number(double value, double none, int width)
{
    if (value == none)
        printf(" %*s", width, "-");
    else
        printf(" %*.4g", width, value);
}

static void print_region(const struct modem_region_rule *r, bool json)
{
    if (json) {
        print_json(json_pack("{s:s, s:f, s:f, s:s, s:f, s:o, s:f, s:f, s:o, s:i, s:s}", "region", r->region, "low_hz", r->low_hz, "high_hz",
                             r->high_hz, "hopping", hopping_text(r->hopping), "eirp_dbm", r->eirp_dbm, "mean_dbm", limit(r->mean_dbm, 99),
                             "duty", r->duty, "bandwidth_hz", r->bandwidth_hz, "dwell_s", limit(r->dwell_s, 0), "channels",
                             (int)r->channels, "from", r->from));
        return;
    }
    printf("%-6s %8.2f %8.2f  %-5s", r->region, r->low_hz / 1e6, r->high_hz / 1e6, hopping_text(r->hopping));
    print_number(r->eirp_dbm, 99, 8);
    print_number(r->mean_dbm, 99, 8);
    print_number(100 * r->duty, 100, 7);
    print_number(r->bandwidth_hz / 1e3, 0, 9);
    print_number(r->dwell_s, 0, 7);
    print_number(r->channels, 0, 8);
    printf("  %s\n", r->from);
}

int cli_rf_rules(int argc, char **argv)
{
    const char *region = NULL;
    bool json = false;
    const struct cli_option options[] = {{"region", &region, NULL}, {"json", NULL, &json}};
    argc = cli_options(&cli_rf, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1 || (region && !modem_region_known(region))) {
        cli_say("rules: expected %s, got \"%s\"", argc > 1 ? "no word" : "EU, US or CN as --region", argc > 1 ? argv[1] : region);
        return CLI_USAGE;
    }
    if (!json)
        puts("link                MHz       to  default EIRP dBm  width kHz  it     as said in");
    for (size_t i = 0; i < modem_link_rules_n; i++)
        print_link(&modem_link_rules[i], json);
    if (!json)
        puts("\nregion      MHz       to  it    EIRP dBm mean dBm  hour % width kHz dwell s channels  as said in");
    for (size_t i = 0; i < modem_region_rules_n; i++)
        if (!region || strcmp(modem_region_rules[i].region, region) == 0)
            print_region(&modem_region_rules[i], json);
    return CLI_OK;
}
