/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla seal run: a virtual seal, one process. It waits for frames, for words on standard input, and for its next turn.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/seal_device.h"
#include "transport/transport.h"

#define FDS_MAX     (BULLA_HOST_PEERS + 4)
#define PENDING_MAX 16
#define LINE_MAX_   200

struct pending { /* an answer that waits for its slot */
    uint64_t at_us;
    unsigned peer;
    struct bulla_seal_reply reply;
};

struct run {
    struct seal_device device;
    struct bulla_host_server *server;
    struct pending pending[PENDING_MAX];
    size_t n_pending;
    uint64_t slot_us;
    uint32_t told; /* events that were printed */
    char line[LINE_MAX_];
    size_t n_line;
    bool words; /* there is still something on standard input */
};

static volatile sig_atomic_t asked_to_stop;

static void stop(int number)
{
    (void)number;
    asked_to_stop = 1;
}

/* What has changed since the last time. */
static void tell(struct run *run)
{
    const struct bulla_seal *seal = &run->device.seal;
    if (seal->events == run->told) {
        return;
    }
    run->told = seal->events;
    json_t *json = seal_note_json(&seal->note);
    json_object_set_new(json, "shows", json_string(bulla_shows_text(bulla_device_shows(&seal->device))));
    cli_json_print(json);
}

static void answer(struct run *run, unsigned peer, const struct bulla_seal_reply *reply)
{
    if (reply->slot == 0) {
        (void)bulla_host_server_answer(run->server, peer, (struct bulla_bytes){reply->bytes, reply->n});
    } else if (run->n_pending < PENDING_MAX) {
        run->pending[run->n_pending++] = (struct pending){bulla_host_now_us() + (reply->slot - 1u) * run->slot_us, peer, *reply};
    }
}

static void heard(void *context, unsigned peer, struct bulla_bytes frame)
{
    struct run *run = context;
    struct bulla_seal_reply reply;
    bulla_seal_hear(&run->device.seal, frame, seal_device_now(), &reply);
    tell(run);
    if (reply.n > 0) {
        answer(run, peer, &reply);
    }
}

/* Sends what is due; how many microseconds to the next, or UINT64_MAX. */
static uint64_t send_due(struct run *run)
{
    uint64_t now_us = bulla_host_now_us(), wait_us = UINT64_MAX;
    for (size_t i = 0; i < run->n_pending;) {
        struct pending *p = &run->pending[i];
        if (p->at_us > now_us) {
            wait_us = p->at_us - now_us < wait_us ? p->at_us - now_us : wait_us;
            i++;
            continue;
        }
        (void)bulla_host_server_answer(run->server, p->peer, (struct bulla_bytes){p->reply.bytes, p->reply.n});
        *p = run->pending[--run->n_pending];
    }
    return wait_us;
}

/* Whole lines of standard input. False: power is off. */
static bool take_words(struct run *run)
{
    ssize_t got = read(STDIN_FILENO, run->line + run->n_line, sizeof run->line - 1 - run->n_line);
    if (got <= 0) {
        run->words = got < 0 && (errno == EAGAIN || errno == EINTR);
        return true;
    }
    run->n_line += (size_t)got;
    for (;;) {
        char *end = memchr(run->line, '\n', run->n_line);
        if (!end) {
            run->n_line = run->n_line == sizeof run->line - 1 ? 0 : run->n_line;
            return true;
        }
        *end = '\0';
        bool goes_on = seal_control(&run->device, run->line);
        tell(run);
        run->n_line -= (size_t)(end + 1 - run->line);
        memmove(run->line, end + 1, run->n_line);
        if (!goes_on) {
            return false;
        }
    }
}

static void go(struct run *run)
{
    while (!asked_to_stop) {
        struct pollfd fds[FDS_MAX];
        uint32_t turn_ms = bulla_seal_turn(&run->device.seal, seal_device_now());
        tell(run);
        uint64_t wait_us = send_due(run);
        size_t n = bulla_host_server_fds(run->server, fds, FDS_MAX - 1);
        if (run->words) {
            fds[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        }
        int wait_ms = wait_us < turn_ms * UINT64_C(1000) ? (int)(wait_us / 1000) : (int)turn_ms;
        int ready = poll(fds, n + run->words, wait_ms);
        if (ready < 0 && errno != EINTR) {
            return;
        }
        if (ready > 0 && run->words && fds[n].revents && !take_words(run)) {
            return;
        }
        bulla_host_server_feed(run->server, heard, run);
    }
}

/* ---- start ---- */

static int profile_of(const char *name)
{
    for (unsigned i = 1; i <= BULLA_PROFILES; i++) {
        if (strcmp(bulla_profile_row(i)->name, name) == 0) {
            return (int)i;
        }
    }
    cli_say("--profile: expected passive, semi-active, iso, gbt or active, got \"%s\"", name);
    return -1;
}

static bool read_make(const struct seal_options *o, struct bulla_seal_make *make)
{
    int profile = profile_of(o->profile ? o->profile : "gbt");
    uint64_t maker, serial, model;
    if (profile < 0 || !seal_number("maker", o->maker, 1, 0xFFFF, &maker) || !seal_number("serial", o->serial, 1, UINT32_MAX, &serial) ||
        !seal_number("model", o->model, 0, UINT32_MAX, &model)) {
        return false;
    }
    *make = (struct bulla_seal_make){
        .profile = (uint8_t)profile, .address = {(uint16_t)maker, (uint32_t)serial}, .model = (uint32_t)model, .proven = o->keys != NULL};
    for (size_t i = 0; o->alpha && o->alpha[i]; i++) {
        if (i == sizeof make->alpha || o->alpha[i] < 'A' || o->alpha[i] > 'Z') {
            cli_say("--alpha: expected up to four letters A to Z, got \"%s\"", o->alpha);
            return false;
        }
        make->alpha[i] = o->alpha[i];
    }
    return true;
}

static int start(struct run *run, const struct seal_options *o)
{
    struct seal_device *device = &run->device;
    struct bulla_seal_make make;
    bool blank;
    int code;
    uint64_t battery;
    if (!read_make(o, &make) || !seal_number("battery", o->battery, 100, 100, &battery) ||
        !seal_number("slot-us", o->slot_us, BULLA_LINK_SLOT_US, 10000000, &run->slot_us)) {
        return CLI_USAGE;
    }
    device->battery = (unsigned)battery;
    device->celsius_milli = 20000;
    device->spot = (struct bulla_spot){BULLA_NO_COORDINATE, BULLA_NO_COORDINATE};
    device->keys_path = o->keys;
    if (o->keys && access(o->keys, F_OK) == 0) {
        if (!seal_key_read(o->keys, BULLA_SIDE_SEAL, &device->keys, &code)) {
            return code;
        }
        device->has_keys = true;
        make.address = (struct bulla_address){(uint16_t)(device->keys.party.subject >> 32), (uint32_t)device->keys.party.subject};
    }
    if (!seal_device_open(device, o->memory, &blank)) {
        return CLI_IO;
    }
    if (blank && o->keys && !device->has_keys) {
        cli_say("%s: %s", o->keys, strerror(ENOENT));
        return CLI_IO;
    }
    enum bulla_status status = bulla_seal_start(&device->seal, &device->board, blank ? &make : NULL, seal_device_now());
    if (status == BULLA_NOT_MINE) { /* its making was cut off */
        status = bulla_seal_start(&device->seal, &device->board, &make, seal_device_now());
    }
    if (status != BULLA_OK) {
        cli_say("%s: %s", o->memory, bulla_status_text(status));
        return CLI_IO;
    }
    return CLI_OK;
}

static void say_start(struct run *run)
{
    const struct bulla_seal *seal = &run->device.seal;
    char address[SEAL_ADDRESS];
    seal_address_put(address, &seal->address);
    cli_json_print(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "event", "start", "seal", address, "profile",
                             bulla_profile_row(seal->device.profile)->name, "state", bulla_device_state_text(seal->device.state), "shows",
                             bulla_shows_text(bulla_device_shows(&seal->device)), "trust", seal->proven ? "keys" : "none", "at",
                             bulla_host_server_name(run->server)));
}

int seal_run(const struct seal_options *o, int argc, char **argv)
{
    static struct run run; /* large, and one a process */
    char why[200];
    (void)argv;
    if (argc != 1 || !o->memory || !o->listen) {
        cli_say("run: expected --memory FILE and --listen WHERE");
        return CLI_USAGE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    int code = start(&run, o);
    if (code != CLI_OK) {
        return code;
    }
    run.server = bulla_host_listen(o->listen, why, sizeof why);
    if (!run.server) {
        cli_say("%s", why);
        seal_device_close(&run.device);
        return CLI_IO;
    }
    run.words = true;
    run.told = run.device.seal.events;
    say_start(&run);
    go(&run);
    bulla_host_server_close(run.server);
    seal_device_close(&run.device);
    return CLI_OK;
}
