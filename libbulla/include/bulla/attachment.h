/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a seal carries (scanned documents, inspection images), and how one comes to it in chunks over a link
 * that breaks. The description names the file, its size and its digest: SHA-256 or SM3 decides, MD5 may stand
 * beside it for older systems. It is what a supervision record holds of the file:
 *
 *   version | deciding digest | size | digest | has MD5 | MD5, or nothing | name: BULLA_ATTACHMENT_TABLE, numbers big-endian
 *
 * A transfer counts what is stored, from the start without a gap: a chunk that is already there is accepted
 * again, one that leaves a gap is refused with the offset to go on from. `received` moves only when the chunk is
 * written, so whoever keeps the transfer beside the file goes on after a restart. At the end the file is read
 * back from where it is stored and digested: what counts is what is there, not what came.
 *
 * `fault->at` counts bytes: of the description, or of the file.
 */
#ifndef BULLA_ATTACHMENT_H
#define BULLA_ATTACHMENT_H

#include "bulla/api.h"
#include "bulla/digest.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_ATTACHMENT_TABLE(X) /* field, name, bytes, meaning; one after the other */           \
    X(VERSION, "version", 1,  "1")                                                                 \
    X(DECIDES, "decides", 1,  "digest that decides: 1 SHA-256, 2 SM3")                             \
    X(SIZE,    "size",    4,  "of the file, in bytes")                                             \
    X(DIGEST,  "digest",  32, "of the file")                                                       \
    X(HAS_MD5, "has_md5", 1,  "1 when MD5 follows, 0 when not")                                    \
    X(MD5,     "md5",     16, "of the file, for older systems; not there unless the byte before says so") \
    X(NAME,    "name",    63, "of the file: the rest, 1 to 63 printable ASCII characters")
/* clang-format on */

#define BULLA_ATTACHMENT_NAME 64  /* with its NUL */
#define BULLA_ATTACHMENT_SIZE 128 /* no description is longer */

struct bulla_attachment {
    uint8_t decides; /* BULLA_DIGEST_SHA256 or BULLA_DIGEST_SM3 */
    uint32_t size;
    uint8_t digest[32];
    bool has_md5;
    uint8_t md5[16];
    char name[BULLA_ATTACHMENT_NAME];
};

enum bulla_status bulla_attachment_encode(const struct bulla_attachment *attachment, uint8_t bytes[BULLA_ATTACHMENT_SIZE], size_t *n,
                                          struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_attachment_decode(struct bulla_bytes bytes, struct bulla_attachment *attachment,
                                          struct bulla_fault *fault) BULLA_MUST_CHECK;

struct bulla_medium { /* where the file is stored */
    void *context;
    bool (*write)(void *context, uint32_t offset, struct bulla_bytes bytes); /* true: it is durable */
    bool (*read)(void *context, uint32_t offset, uint8_t *to, size_t n);
};

struct bulla_transfer {
    struct bulla_attachment about;
    uint32_t received;
    bool whole; /* received, read back, and the digests are right */
};

static inline struct bulla_transfer bulla_transfer_of(const struct bulla_attachment *about)
{
    return (struct bulla_transfer){*about, 0, false};
}

/* A chunk. REFUSED: it leaves a gap (fault->at says where to go on), or goes beyond the file; FULL: the medium did not take it. */
enum bulla_status bulla_transfer_take(struct bulla_transfer *transfer, uint32_t offset, struct bulla_bytes chunk,
                                      const struct bulla_medium *medium, struct bulla_fault *fault) BULLA_MUST_CHECK;

struct bulla_scratch { /* what finishing needs, of the caller */
    uint8_t *chunk;
    size_t chunk_size; /* at least 1 */
    void *state;       /* for the larger state of the two digests */
};

/* The digests are those of bulla_attachment.decides and, if it has one, MD5 (else NULL). MORE: not all is received; FULL: the medium
 * cannot be read; REFUSED: another digest than the file needs; DAMAGED: a digest differs, and the transfer begins anew. */
enum bulla_status bulla_transfer_finish(struct bulla_transfer *transfer, const struct bulla_medium *medium,
                                        const struct bulla_digest *decides, const struct bulla_digest *md5,
                                        const struct bulla_scratch *scratch, struct bulla_fault *fault) BULLA_MUST_CHECK;

BULLA_END

#endif
