/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla rf: seals on the air, as samples.
 */
#include "cli/rf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: bulla rf decode [OPTIONS] [FILE|-|rtl_tcp://HOST|soapy://DEVICE]\n"
    "       bulla rf encode [OPTIONS] HEX... > FILE\n"
    "       bulla rf encode --scene FILE [OPTIONS] > FILE\n"
    "       bulla rf show [OPTIONS] [FILE|-|...]\n"
    "       bulla rf rules [OPTIONS]\n"
    "       bulla rf bench [OPTIONS]\n"
    "\n"
    "The radio in software: IQ samples in, frames of seals and readers out (decode), or the other way (encode); and how well that\n"
    "goes (bench). See docs/rf.md. Links, both directions of each:\n"
    "  iso433    433.92 MHz, ISO/DIS 18185\n"
    "  wco433    434.4 MHz, 50 kbit/s GFSK, WCO report, 4.3\n"
    "  wco2450   2441.75 MHz, or another channel, 9.6 kbit/s FSK, the same report\n"
    "\n"
    "Samples are I and Q by turns without a header: cu8 (RTL-SDR), cs8 (HackRF), cs16, cf32; around the link's frequency, 0.4 to 20 MS/s.\n"
    "A name like g001_433.92M_1000k.cu8 says format and rate; - is standard input; cu8:NAME says the format of what says nothing. A\n"
    "NAME.sigmf-meta is a SigMF recording. rtl_tcp://HOST:PORT?freq=433.92M&rate=1M&gain=29.7&ppm=0&retry=60 is a stick of a machine,\n"
    "soapy://driver=rtlsdr?freq=433.92M&rate=1M&gain=30&channel=0&retry=60 a device of SoapySDR. One that is lost is looked for again,\n"
    "retry seconds long; where samples are missing there is an object {\"t\":s, \"gap\":s}.\n"
    "\n"
    "Decoding prints one JSON object a frame: t (s, of\n"
    "the first edge), link, direction, offset_hz, clock_ppm, level_db (under full scale), snr_db (in the channel), ebn0_db, polarity, bytes, "
    "crc\n"
    "(ok, bad, corrected), corrected (bits), block or frame.\n"
    "\n"
    "Options of decode:\n"
    "  --rate HZ          samples a second: 1M, 250k, 2400000; default: what the name says, else 1M\n"
    "  --format NAME      cu8, cs8, cs16 or cf32; default: what the name says, else cu8\n"
    "  --link NAME        iso433, iso315, wco433, wco2450, fhss or narrow915, or one direction of it: iso433-return (from seals),\n"
    "                     iso433-forward\n"
    "  --crc-init VALUE   ffff or 0000: where the CRC starts; either otherwise (iso433)\n"
    "  --stop-bit         a zero follows each byte (iso433)\n"
    "  --no-correction    no bit is turned to make a CRC right\n"
    "  --good             only frames with a right CRC\n"
    "  --sigmf NAME       NAME.sigmf-data and .sigmf-meta: what was read, with an annotation for each frame; a recording that is read\n"
    "                     by its own name keeps its meta\n"
    "  --stats            words on standard error at the end: frames, samples, times real time\n"
    "\n"
    "Options of encode:\n"
    "  --rate HZ, --format NAME, --link NAME, --stop-bit   as above; a direction is that from seals\n"
    "  --ebn0 DB          noise, so that a bit has that much energy over its density; none otherwise\n"
    "  --offset HZ        of the carrier; --clock PPM: bits are so much longer; --ramp US: power ramps (50)\n"
    "  --inverted         high, or a one, is the lower tone\n"
    "  --bps N, --index 99|11, --depth DB   of fhss and narrow915: bits a second; of an order; of an answer over the carrier (-20)\n"
    "  --gap MS           pause between frames (5); --repeat N: all frames so many times\n"
    "  --random N         instead of HEX: blocks with everything random, and random offsets that the link allows\n"
    "  --seed N           of noise, phases and what is random (1): the same seed gives the same file\n"
    "\n"
    "  --sigmf NAME       writes a SigMF recording instead of standard output\n"
    "  --region NAME      EU, US or CN, with --power-dbm (EIRP) and --antenna-dbi (0): refuses what is not allowed there; --frequency HZ\n"
    "  --scene FILE       a place with seals, antennas and metal (see docs/rf.md) as --antenna NAME hears it; --truth FILE: what was sent\n"
    "\n"
    "Options of show: --rate, --format as above; --seconds N: no more than that; --png FILE: a picture instead of\n"
    "                     text; --every SECONDS: one after another, which is a level meter for a device\n"
    "Options of rules: --region NAME: of one region; --json: an object a line\n"
    "Options of bench: see bulla rf bench --help\n"
    "\n"
    "Examples:\n"
    "  bulla rf encode --ebn0 12 --offset 40000 1ca82218004b5a1db35d6299bcc07809 > seal_1000k.cu8\n"
    "  bulla rf decode seal_1000k.cu8\n"
    "  rtl_sdr -f 434400000 -s 1000000 - | bulla rf decode --link wco433 -\n"
    "  rtl_sdr -f 433920000 -s 1000000 - | bulla rf decode -\n"
    "  bulla rf decode --sigmf gate rtl_tcp://192.0.2.7?gain=29.7\n"
    "  bulla rf encode --scene examples/radio/yard.json | bulla rf show --png yard.png\n"
    "\n"
    "Exit codes: 0 done (decode: there was a frame with a right CRC), 1 there was none, 2 wrong usage, 3 input or output.\n";

bool cli_rf_number(const char *what, const char *text, double least, double most, double *value)
{
    char *end;
    double number = strtod(text, &end);
    double scale = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : 1;
    end += scale != 1;
    number *= scale;
    if (end == text || *end != '\0' || !(number >= least && number <= most)) {
        cli_say("%s: expected a number from %.12g to %.12g, got \"%s\"", what, least, most, text);
        return false;
    }
    *value = number;
    return true;
}

int cli_rf_format(const char *option, const char *name, int otherwise)
{
    int format = option ? modem_format_from(option) : name ? modem_name_read(name).format : -1;
    if (option && format < 0) {
        cli_say("--format: expected cu8, cs8, cs16 or cf32, got \"%s\"", option);
        return -1;
    }
    return format < 0 ? otherwise : format;
}

const struct modem_link *cli_rf_link(const char *option, bool stop_bit, int *way)
{
    char names[MODEM_LINK_NAMES_MAX];
    *way = 0;
    const struct modem_link *link = option ? modem_link_read(option, way) : modem_link_or_first(NULL);
    modem_link_names(names);
    if (!link)
        cli_say("--link: expected one of %s, or one direction of it (-return, -forward), got \"%s\"", names, option);
    if (link && stop_bit && link->family != &modem_family_iso433) {
        cli_say("--stop-bit: expected the link iso433, got %s", link->name);
        return NULL;
    }
    return link;
}

bool cli_rf_start(const char *option, enum bulla_start *start)
{
    *start = BULLA_START_ANY;
    if (!option)
        return true;
    if (strcmp(option, "ffff") != 0 && strcmp(option, "0000") != 0) {
        cli_say("--crc-init: expected ffff or 0000, got \"%s\"", option);
        return false;
    }
    *start = strcmp(option, "ffff") == 0 ? BULLA_START_FFFF : BULLA_START_0000;
    return true;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    (void)context;
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } verbs[] = {
        {"decode", cli_rf_decode}, {"encode", cli_rf_encode}, {"bench", cli_rf_bench}, {"rules", cli_rf_rules}, {"show", cli_rf_show}};
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return CLI_OK;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    cli_say("expected decode, encode, show, rules or bench, got %s", argc >= 2 ? argv[1] : "nothing");
    return CLI_USAGE;
}

const struct cli_command cli_rf = {"rf", "Seals on the air: IQ samples to frames, frames to IQ samples", help, run};
