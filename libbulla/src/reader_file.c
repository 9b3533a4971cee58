/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, from the reader's side: the seal says how far it is, and from there they go on.
 */
#include "libbulla/src/reader_inside.h"

enum bulla_status bulla_reader_file(struct bulla_reader *reader, const struct bulla_address *seal, struct bulla_transfer *file)
{
    struct bulla_link_message answer;
    struct bulla_attachment about;
    struct bulla_fault fault;
    uint8_t room[BULLA_FRAME_MAX];
    enum bulla_status status =
        bulla_reader_ask(reader, seal, &(struct bulla_link_message){.code = BULLA_ORDER_FILE_ABOUT}, &answer, room, NULL);
    if (status != BULLA_OK)
        return status;
    if (bulla_attachment_decode(answer.rest, &about, &fault) != BULLA_OK)
        return BULLA_DAMAGED;
    *file = (struct bulla_transfer){about, (uint32_t)answer.value[BULLA_ANSWER_FILE_ABOUT_RECEIVED],
                                    answer.value[BULLA_ANSWER_FILE_ABOUT_WHOLE]};
    return BULLA_OK;
}

enum bulla_status bulla_reader_file_begin(struct bulla_reader *reader, const struct bulla_address *seal,
                                          const struct bulla_attachment *about)
{
    struct bulla_link_message ask = {.code = BULLA_ORDER_FILE_BEGIN}, answer;
    struct bulla_fault fault;
    uint8_t bytes[BULLA_ATTACHMENT_SIZE], room[BULLA_FRAME_MAX];
    ask.rest.at = bytes;
    if (bulla_attachment_encode(about, bytes, &ask.rest.len, &fault) != BULLA_OK) {
        reader->nack = BULLA_NACK_PARAMETER;
        reader->refusal = 0;
        return BULLA_REFUSED;
    }
    return bulla_reader_ask(reader, seal, &ask, &answer, room, NULL);
}

static enum bulla_status send_chunk(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_medium *from,
                                    struct bulla_transfer *file)
{
    struct bulla_link_message ask = {.code = BULLA_ORDER_WRITE_FILE, .value = {file->received}}, answer;
    uint8_t chunk[BULLA_LINK_CHUNK], room[BULLA_FRAME_MAX];
    uint32_t left = file->about.size - file->received;
    ask.rest = (struct bulla_bytes){chunk, left < sizeof chunk ? left : sizeof chunk};
    if (!from->read(from->context, file->received, chunk, ask.rest.len))
        return BULLA_FAILED;
    enum bulla_status status = bulla_reader_ask(reader, seal, &ask, &answer, room, NULL);
    if (status == BULLA_OK)
        file->received = (uint32_t)answer.value[BULLA_ANSWER_WRITE_FILE_RECEIVED];
    return status;
}

enum bulla_status bulla_reader_file_send(struct bulla_reader *reader, const struct bulla_address *seal, const struct bulla_medium *from,
                                         struct bulla_transfer *file)
{
    enum bulla_status status = bulla_reader_file(reader, seal, file);
    for (uint32_t last = 0; status == BULLA_OK && file->received < file->about.size; last = file->received) {
        status = send_chunk(reader, seal, from, file);
        if (status == BULLA_OK && file->received < last)
            return BULLA_DAMAGED; /* its digest did not fit: it begins anew */
    }
    return status == BULLA_OK ? bulla_reader_file(reader, seal, file) : status;
}

enum bulla_status bulla_reader_file_fetch(struct bulla_reader *reader, const struct bulla_address *seal, uint32_t offset, uint8_t *to,
                                          uint32_t n)
{
    for (uint32_t done = 0; done < n;) {
        uint32_t length = n - done < BULLA_LINK_CHUNK ? n - done : BULLA_LINK_CHUNK;
        struct bulla_link_message ask = {.code = BULLA_ORDER_READ_FILE, .value = {offset + done, length}}, answer;
        uint8_t room[BULLA_FRAME_MAX];
        enum bulla_status status = bulla_reader_ask(reader, seal, &ask, &answer, room, NULL);
        if (status != BULLA_OK)
            return status;
        if (answer.value[BULLA_ANSWER_READ_FILE_OFFSET] != offset + done || answer.rest.len > length)
            return BULLA_DAMAGED;
        if (answer.rest.len == 0) {
            reader->nack = BULLA_NACK_BOUNDARY;
            reader->refusal = 0;
            return BULLA_REFUSED;
        }
        bulla_copy(to + done, answer.rest.at, answer.rest.len);
        done += (uint32_t)answer.rest.len;
    }
    return BULLA_OK;
}
