/* SPDX-License-Identifier: Apache-2.0
 *
 * What the seal at the other end of a socket shows, and for which container. `bulla seal run --memory seal.mem --listen unix:seal.sock` is
 * one. For bulla/reader.h, bulla-host/transport.h
 *
 * prints: maker 1, seal 1: not sealed (claimed), container "           "
 */
#include <bulla-host/transport.h>
#include <bulla/reader.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char why[200];
    struct bulla_host *host = bulla_host_connect("unix:seal.sock", why, sizeof why);
    if (!host)
        return fprintf(stderr, "%s\n", why), 1;

    struct bulla_transport port = bulla_host_port(host);
    struct bulla_reader_setup setup = {.session = (uint16_t)getpid()}; /* one of its own: a seal answers each once */
    struct bulla_reader reader;
    struct bulla_found found[1];
    struct bulla_condition is;
    uint8_t container[11];
    size_t n = 0;
    int code = 1;
    bulla_reader_open(&reader, &port, &setup);
    if (bulla_reader_find(&reader, found, 1, &n) == BULLA_OK && n == 1 &&
        bulla_reader_status(&reader, &found[0].address, &is) == BULLA_OK &&
        bulla_reader_read(&reader, &found[0].address, BULLA_AREA_CONTAINER, 0, container, sizeof container) == BULLA_OK) {
        printf("maker %u, seal %u: %s (%s), container \"%.11s\"\n", found[0].address.maker, (unsigned)found[0].address.serial,
               bulla_shows_text(is.shows), bulla_belief_text(is.belief), (const char *)container);
        code = 0;
    }
    bulla_host_close(host);
    return code;
}
