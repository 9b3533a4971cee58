/* SPDX-License-Identifier: Apache-2.0
 *
 * A hostile UHF reader: any bytes in any pieces, to a client in any state. The first byte says how far it has come and how long the pieces
 * are. What it tells keeps the promises of its header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/llrp/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void promise(bool kept, const char *what)
{
    if (!kept) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void on_send(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    promise(llrp_framed(bytes, n) == n, "what is said is one message");
}

static void on_tag(void *user, const struct llrp_tag *tag)
{
    (void)user;
    promise((tag->has & LLRP_HAS_EPC) && tag->epc_bits <= 8 * LLRP_EPC_MAX && tag->n_reads <= LLRP_READS, "a tag is whole");
    for (size_t i = 0; i < tag->n_reads; i++)
        promise(tag->reads[i].n <= LLRP_WORDS_MAX, "reads have room");
}

static void on_event(void *user, const struct llrp_event *event)
{
    (void)user;
    promise(event->what < LLRP_HAPPENINGS && memchr(event->text, '\0', sizeof event->text), "an event is known, its text ends");
}

static void on_trouble(void *user, bool lost, const char *what)
{
    size_t *n_lost = user;
    *n_lost += lost;
    promise(*n_lost <= 1 && what[0] != '\0', "it is lost once, and said why");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct llrp_ops ops = {on_send, on_tag, on_event, on_trouble};
    static struct llrp_client client;
    size_t n_lost = 0;
    if (n < 1)
        return 0;
    const struct llrp_settings settings = {.tid_words = 6, .user_words = 8, .session = 1, .population = 32};
    llrp_open(&client, &settings, &ops, &n_lost, 0);
    client.state = (enum llrp_state)(data[0] % LLRP_OVER);
    client.step = client.state == LLRP_ASKING ? data[0] / 4u % 9u : 0;
    size_t piece = 1 + data[0] / 40u;
    for (size_t at = 1; at < n; at += piece)
        llrp_feed(&client, data + at, n - at < piece ? n - at : piece, 1);
    llrp_tick(&client, 1000000);
    promise(client.state == LLRP_OVER && n_lost <= 1, "who is silent is lost");
    return 0;
}
