/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seal remembers, measured on a simulated flash chip: time of our own code, and what the chip would have to do,
 * which does not depend on the machine. Each line is one JSON object.
 *
 *   bench_seal_store [SECONDS]     for each figure of time, default 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bulla/log.h"
#include "bulla/zone.h"
#include "tests/support/nor.h"

enum { SECTOR = 4096, SECTORS = 64, RECORDS = 100000 };

static uint8_t chip[SECTOR * SECTORS];
static struct nor nor;
static double seconds = 1;

static const struct bulla_zone zones_table[] = {{1, 29}, {2, 88}, {3, 249}, {4, 1857}}; /* GB/T 23678, Annex A */

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(enum bulla_status status, const char *what)
{
    if (status == BULLA_OK)
        return;
    fprintf(stderr, "bench_seal_store: %s: expected ok, got %s\n", what, bulla_status_text(status));
    exit(3);
}

static struct bulla_flash fresh(uint32_t n_sectors)
{
    nor_init(&nor, chip, SECTOR, n_sectors, 1);
    return nor_flash(&nor);
}

static void counts_reset(void)
{
    nor.bytes_read = nor.bytes_programmed = nor.erases = nor.calls = 0;
}

static void log_costs(uint32_t n_sectors)
{
    struct bulla_flash flash = fresh(n_sectors);
    struct bulla_log log;
    struct bulla_log_event event = {.kind = 1, .clock_set = true, .n = BULLA_LOG_DETAIL};
    uint32_t counter;
    must(bulla_log_format(&log, &flash, 0), "format");
    counts_reset();
    for (unsigned i = 0; i < RECORDS; i++, event.time_s++)
        must(bulla_log_append(&log, &event, &counter), "append");
    uint32_t least = nor.wear[0], worst = nor.wear[0];
    for (uint32_t i = 1; i < n_sectors; i++) {
        least = nor.wear[i] < least ? nor.wear[i] : least;
        worst = nor.wear[i] > worst ? nor.wear[i] : worst;
    }
    printf("{\"what\":\"log, a record\",\"sectors\":%u,\"records\":%d,\"bytes_programmed\":%.2f,\"bytes_read\":%.1f,"
           "\"erases_per_1000\":%.2f,\"wear_least\":%u,\"wear_most\":%u}\n",
           n_sectors, RECORDS, (double)nor.bytes_programmed / RECORDS, (double)nor.bytes_read / RECORDS,
           1000.0 * (double)nor.erases / RECORDS, least, worst);
    uint64_t most = 0;
    for (unsigned i = 0; i < 1000; i++) {
        counts_reset();
        must(bulla_log_open(&log, &flash), "open");
        most = nor.bytes_read > most ? nor.bytes_read : most;
        must(bulla_log_append(&log, &event, &counter), "append");
    }
    printf("{\"what\":\"log, an opening\",\"sectors\":%u,\"bytes_read_most\":%llu}\n", n_sectors, (unsigned long long)most);
}

static void log_times(void)
{
    struct bulla_flash flash = fresh(SECTORS);
    struct bulla_log log;
    struct bulla_log_event event = {.kind = 1, .n = BULLA_LOG_DETAIL};
    uint32_t counter;
    uint64_t n = 0;
    double start = cpu(), end;
    must(bulla_log_format(&log, &flash, 0), "format");
    for (; (end = cpu()) - start < seconds; n += 1000)
        for (unsigned i = 0; i < 1000; i++)
            must(bulla_log_append(&log, &event, &counter), "append");
    printf("{\"what\":\"log, appends\",\"a_second\":%.0f}\n", (double)n / (end - start));
    n = 0;
    for (start = cpu(); (end = cpu()) - start < seconds; n += 100)
        for (unsigned i = 0; i < 100; i++)
            must(bulla_log_open(&log, &flash), "open");
    printf("{\"what\":\"log, openings\",\"sectors\":%d,\"a_second\":%.0f}\n", SECTORS, (double)n / (end - start));
    struct bulla_log_cursor cursor = {0};
    struct bulla_log_record record;
    n = 0;
    for (start = cpu(); (end = cpu()) - start < seconds;)
        for (unsigned i = 0; i < 1000; i++, n++)
            if (bulla_log_read(&log, &cursor, &record) != BULLA_OK)
                cursor.next = 0;
    printf("{\"what\":\"log, records read\",\"a_second\":%.0f}\n", (double)n / (end - start));
}

/* n bytes written into the cargo zone again and again: 1 for a state, 58 for what is written at a node of a journey. */
static void zone_costs(uint16_t n)
{
    struct bulla_flash flash = fresh(4);
    struct bulla_zones zones;
    uint8_t bytes[1857] = {0};
    must(bulla_zones_format(&zones, &flash, zones_table, 4), "format");
    for (unsigned i = 0; i < 4; i++)
        must(bulla_zones_put(&zones, zones_table[i].id, 0, (struct bulla_bytes){bytes, zones_table[i].size}), "put");
    counts_reset();
    for (unsigned i = 0; i < 1000; i++)
        must(bulla_zones_put(&zones, 4, (uint16_t)(i % 30 * 58), (struct bulla_bytes){bytes, n}), "put");
    printf(
        "{\"what\":\"zones, a write\",\"bytes\":%u,\"bank\":%d,\"bytes_programmed\":%.1f,\"bytes_read\":%.0f,\"erases_per_1000\":%llu}\n",
        n, 2 * SECTOR, (double)nor.bytes_programmed / 1000, (double)nor.bytes_read / 1000, (unsigned long long)nor.erases);
    counts_reset();
    must(bulla_zones_read(&zones, 3, 0, bytes, 249), "read");
    printf("{\"what\":\"zones, a read of 249 bytes\",\"bytes\":%u,\"bytes_read\":%llu,\"calls\":%llu}\n", n,
           (unsigned long long)nor.bytes_read, (unsigned long long)nor.calls);
    counts_reset();
    must(bulla_zones_open(&zones, &flash, zones_table, 4), "open");
    printf("{\"what\":\"zones, an opening\",\"bytes\":%u,\"bytes_read\":%llu}\n", n, (unsigned long long)nor.bytes_read);
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && (seconds = atof(argv[1])) <= 0)) {
        fprintf(stderr, "usage: bench_seal_store [SECONDS]\n");
        return 2;
    }
    log_costs(4);
    log_costs(16);
    log_costs(SECTORS);
    log_times();
    zone_costs(1);
    zone_costs(58);
    return 0;
}
