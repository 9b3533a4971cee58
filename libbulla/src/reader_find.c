/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding seals: rounds of slots. Who was heard is sent to sleep, so only those that collided answer in the next round; its
 * slots are as many as the collisions of this one let expect (2.39 seals in each slot that collided: Schoute).
 */
#include "libbulla/src/reader_inside.h"

#define SILENT_ROUNDS 2
#define SLACK_MS      60 /* beside the slots: the longest frame and the turn-round of both sides */
#define LONGEST       0
#define WINDOW_MIN    2u
#define WINDOW_MAX    512u

struct round {
    unsigned heard, collided;
    size_t first; /* of those that were found in it */
};

static bool known(const struct bulla_found *found, size_t n, const struct bulla_address *address)
{
    for (size_t i = 0; i < n; i++)
        if (found[i].address.maker == address->maker && found[i].address.serial == address->serial)
            return true;
    return false;
}

static void add(struct bulla_found *found, const struct bulla_frame *frame)
{
    struct bulla_link_message m;
    struct bulla_fault fault;
    *found = (struct bulla_found){.address = frame->address, .status = frame->status};
    if (bulla_link_decode(BULLA_ORDER_COLLECT, BULLA_PART_ANSWER, frame->data, &m, &fault) == BULLA_OK)
        found->has_block = bulla_chain_decode(m.rest, BULLA_READING_TABLE, BULLA_START_ANY, &found->chain, &fault) == BULLA_OK;
}

static bool call_all(struct bulla_reader *reader, unsigned window)
{
    uint8_t data[8];
    struct bulla_link_message ask = {.code = BULLA_ORDER_COLLECT, .value = {window, LONGEST, 0}};
    struct bulla_frame frame = {
        .to_all = true, .start = BULLA_START_FFFF, .code = BULLA_ORDER_COLLECT, .session = reader->setup.session, .data = {data, 0}};
    struct bulla_fault fault;
    (void)!bulla_link_encode(&ask, data, sizeof data, &frame.data.len, &fault); /* any window but 0, which is never */
    return reader_send(reader, &frame);
}

/* All that is heard within the window. FULL: somebody who had no room in found[max]. */
static enum bulla_status listen(struct bulla_reader *reader, unsigned window, struct bulla_found *found, size_t max, size_t *n,
                                struct round *round)
{
    const struct bulla_transport *t = reader->transport;
    uint64_t until_ms = t->ops->now_ms(t->context) + (uint64_t)(window + 1) * reader->setup.slot_us / 1000 + SLACK_MS;
    enum bulla_status outcome = BULLA_OK;
    for (;;) {
        uint8_t bytes[BULLA_FRAME_MAX];
        struct bulla_frame frame;
        enum bulla_status status = reader_receive(reader, until_ms, bytes, &frame);
        if (status == BULLA_MORE || status == BULLA_FAILED)
            return status == BULLA_MORE ? outcome : status;
        if (status == BULLA_DAMAGED) {
            round->collided++;
            continue;
        }
        if (frame.session != reader->setup.session || frame.code != BULLA_ORDER_COLLECT || frame.status & BULLA_REPLY_REFUSED)
            continue;
        round->heard++;
        if (known(found, *n, &frame.address))
            continue;
        if (*n < max)
            add(&found[(*n)++], &frame);
        else
            outcome = BULLA_FULL;
    }
}

/* Who does not hear this answers again, and is known then. */
static enum bulla_status send_to_sleep(struct bulla_reader *reader, const struct bulla_found *found, size_t first, size_t n)
{
    const struct bulla_link_message ask = {.code = BULLA_ORDER_SLEEP};
    struct bulla_link_message answer;
    uint8_t room[BULLA_FRAME_MAX];
    enum bulla_status status = BULLA_OK;
    for (size_t i = first; i < n && status != BULLA_FAILED; i++)
        status = bulla_reader_ask(reader, &found[i].address, &ask, &answer, room, NULL);
    return status == BULLA_FAILED ? status : BULLA_OK;
}

static unsigned next_window(const struct round *round)
{
    unsigned window = round->collided * 239 / 100 + 1;
    if (window < WINDOW_MIN)
        return WINDOW_MIN;
    return window < WINDOW_MAX ? window : WINDOW_MAX;
}

enum bulla_status bulla_reader_find(struct bulla_reader *reader, struct bulla_found *found, size_t max, size_t *n)
{
    unsigned window = reader->setup.window, silent = 0;
    enum bulla_status full = BULLA_OK;
    *n = 0;
    reader->collisions = 0;
    for (reader->rounds = 0; reader->rounds < BULLA_READER_ROUNDS && silent < SILENT_ROUNDS; reader->rounds++) {
        struct round round = {.first = *n};
        if (!call_all(reader, window))
            return BULLA_FAILED;
        enum bulla_status status = listen(reader, window, found, max, n, &round);
        if (status == BULLA_FULL)
            full = status;
        if (status == BULLA_FAILED || send_to_sleep(reader, found, round.first, *n) != BULLA_OK)
            return BULLA_FAILED;
        reader->collisions += round.collided;
        silent = *n == round.first && round.collided == 0 ? silent + 1 : 0;
        window = next_window(&round);
    }
    return full;
}
