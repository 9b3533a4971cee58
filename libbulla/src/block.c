/* SPDX-License-Identifier: Apache-2.0 */
#include "bulla/block.h"

#include "bulla/bits.h"
#include "bulla/crc.h"

#define IDENTIFIER    1u
#define SERIAL_MAX    9999999u
#define LETTER_BITS   5
#define LETTERS_MAX   4
#define CRC_BITS      16
#define CRC_AT        112 /* in extension and free blocks */
#define CRC_EXPECTED  "the CRC of the bits before it"
#define MORE_EXPECTED "the rest of the block"

enum field {
#define X(field, name, at, width, clauses_at, clauses_width, meaning) FIELD_##field,
    BULLA_BLOCK_TABLE(X)
#undef X
        N_FIELDS
};

struct place {
    uint8_t at, width;
};

static const struct place places[2][N_FIELDS] = {
    {
#define X(field, name, at, width, clauses_at, clauses_width, meaning) {at, width},
        BULLA_BLOCK_TABLE(X)
#undef X
    },
    {
#define X(field, name, at, width, clauses_at, clauses_width, meaning) {clauses_at, clauses_width},
        BULLA_BLOCK_TABLE(X)
#undef X
    },
};

static const char *const field_names[N_FIELDS] = {
#define X(field, name, at, width, clauses_at, clauses_width, meaning) name,
    BULLA_BLOCK_TABLE(X)
#undef X
};

size_t bulla_block_size(enum bulla_reading reading)
{
    return reading == BULLA_READING_CLAUSES ? 15 : BULLA_BLOCK_SIZE;
}

/* ---- CRC of any block ---- */

static uint16_t crc_from(enum bulla_start start, const uint8_t *bytes, size_t n)
{
    return bulla_crc16(start == BULLA_START_FFFF ? BULLA_CRC_FFFF : BULLA_CRC_0000, (struct bulla_bytes){bytes, n});
}

/* Which of the accepted starts makes the CRC at the end of `bytes` right; 0 when none does. */
static unsigned crc_start(const uint8_t *bytes, size_t n, unsigned accepted)
{
    uint16_t said = (uint16_t)((unsigned)bytes[n - 2] << 8 | bytes[n - 1]);
    for (unsigned start = BULLA_START_FFFF; start <= BULLA_START_0000; start <<= 1)
        if (accepted & start && crc_from(start, bytes, n - 2) == said)
            return start;
    return 0;
}

static void crc_put(uint8_t *bytes, size_t n, unsigned start)
{
    uint16_t crc = crc_from(start, bytes, n - 2);
    bytes[n - 2] = (uint8_t)(crc >> 8);
    bytes[n - 1] = (uint8_t)crc;
}

/* ---- letters ---- */

/* False when a code is no letter, or a letter follows a blank. Writes n letters and a NUL, which ends what is blank. */
static bool letters_get(char *to, uint32_t codes, unsigned n)
{
    bool blank = false;
    for (unsigned i = 0; i < n; i++) {
        unsigned code = codes >> LETTER_BITS * (n - 1 - i) & 31u;
        if (code > 26 || (blank && code != 0))
            return false;
        blank = code == 0;
        to[i] = blank ? '\0' : (char)('A' + code - 1);
    }
    to[n] = '\0';
    return true;
}

/* False when there are more than n, or one is no capital letter. `from` has room for n + 1. */
static bool letters_put(uint32_t *codes, const char *from, unsigned n)
{
    uint32_t all = 0;
    unsigned used = 0;
    for (; from[used]; used++) {
        if (used == n || from[used] < 'A' || from[used] > 'Z')
            return false;
        all = all << LETTER_BITS | (uint32_t)(from[used] - 'A' + 1);
    }
    *codes = all << LETTER_BITS * (n - used);
    return true;
}

/* ---- the block ---- */

static bool container_get(char container[BULLA_CONTAINER_LENGTH + 1], uint32_t prefix, uint32_t serial)
{
    char letters[LETTERS_MAX + 1];
    if (prefix == 0) {
        container[0] = '\0';
        return serial == 0;
    }
    if (!letters_get(letters, prefix, LETTERS_MAX) || !letters[LETTERS_MAX - 1])
        return false;
    bulla_copy(container, letters, LETTERS_MAX);
    for (unsigned i = BULLA_CONTAINER_LENGTH; i-- > LETTERS_MAX; serial /= 10)
        container[i] = (char)('0' + serial % 10);
    container[BULLA_CONTAINER_LENGTH] = '\0';
    return true;
}

static enum bulla_status block_fault(struct bulla_fault *fault, enum bulla_status status, const struct place *place, enum field field,
                                     const char *expected)
{
    return bulla_fault_set(fault, status, field_names[field], expected, place[field].at);
}

static enum bulla_status check_frame(struct bulla_bytes bytes, unsigned reading, unsigned accepted, unsigned *start,
                                     struct bulla_fault *fault)
{
    size_t size = bulla_block_size(reading);
    if (bytes.len < size)
        return bulla_fault_set(fault, BULLA_MORE, "block", MORE_EXPECTED, 8 * bytes.len);
    if (bytes.len > size)
        return bulla_fault_set(fault, BULLA_DAMAGED, "block", "no more bytes", 8 * size);
    *start = crc_start(bytes.at, size, accepted);
    return *start ? BULLA_OK : block_fault(fault, BULLA_DAMAGED, places[reading], FIELD_CRC, CRC_EXPECTED);
}

enum bulla_status bulla_block_decode(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted,
                                     struct bulla_block *block, struct bulla_fault *fault)
{
    const struct place *place = places[reading];
    uint32_t raw[N_FIELDS];
    unsigned start = 0;
    enum bulla_status status = check_frame(bytes, reading, accepted, &start, fault);
    if (status != BULLA_OK)
        return status;
    for (unsigned i = 0; i < N_FIELDS; i++)
        raw[i] = (uint32_t)bulla_bits_at(bytes.at, place[i].at, place[i].width);
    struct bulla_block got = {
        .reading = (uint8_t)reading,
        .start = (uint8_t)start,
        .battery_good = raw[FIELD_BATTERY],
        .secure = raw[FIELD_STATUS],
        .extended = raw[FIELD_EXTENDED],
        .maker = (uint8_t)raw[FIELD_MAKER],
        .spare = (uint8_t)raw[FIELD_SPARE],
        .number = raw[FIELD_NUMBER],
    };
    if (raw[FIELD_IDENTIFIER] != IDENTIFIER)
        return block_fault(fault, BULLA_NOT_MINE, place, FIELD_IDENTIFIER, "0001");
    if (!letters_get(got.alpha, raw[FIELD_ALPHA], place[FIELD_ALPHA].width / LETTER_BITS))
        return block_fault(fault, BULLA_INSANE, place, FIELD_ALPHA, "letters 1 to 26, then blanks");
    if (raw[FIELD_SERIAL] > SERIAL_MAX)
        return block_fault(fault, BULLA_INSANE, place, FIELD_SERIAL, "at most seven digits");
    if (!container_get(got.container, raw[FIELD_PREFIX], raw[FIELD_SERIAL]))
        return block_fault(fault, BULLA_INSANE, place, FIELD_PREFIX, "four letters, or blanks with serial number 0");
    *block = got;
    return BULLA_OK;
}

/* False when it is neither "" nor an ISO 6346 number. */
static bool container_put(uint32_t raw[N_FIELDS], const char container[BULLA_CONTAINER_LENGTH + 1])
{
    struct bulla_container checked;
    struct bulla_fault fault;
    uint32_t serial = 0;
    raw[FIELD_PREFIX] = raw[FIELD_SERIAL] = 0;
    if (container[0] == '\0')
        return true;
    size_t n = 0;
    while (n <= BULLA_CONTAINER_LENGTH && container[n])
        n++;
    if (bulla_container_decode((struct bulla_bytes){(const uint8_t *)container, n}, &checked, &fault) != BULLA_OK)
        return false;
    for (unsigned i = 0; i < LETTERS_MAX; i++)
        raw[FIELD_PREFIX] = raw[FIELD_PREFIX] << LETTER_BITS | (uint32_t)(container[i] - 'A' + 1);
    for (unsigned i = LETTERS_MAX; i < BULLA_CONTAINER_LENGTH; i++)
        serial = serial * 10 + (uint32_t)(container[i] - '0');
    raw[FIELD_SERIAL] = serial;
    return true;
}

enum bulla_status bulla_block_encode(const struct bulla_block *block, uint8_t bytes[BULLA_BLOCK_SIZE], struct bulla_fault *fault)
{
    if (block->reading > BULLA_READING_CLAUSES)
        return bulla_fault_set(fault, BULLA_REFUSED, "reading", "table or clauses", 0);
    const struct place *place = places[block->reading];
    uint32_t raw[N_FIELDS] = {
        [FIELD_IDENTIFIER] = IDENTIFIER,    [FIELD_BATTERY] = block->battery_good, [FIELD_STATUS] = block->secure,
        [FIELD_EXTENDED] = block->extended, [FIELD_MAKER] = block->maker,          [FIELD_NUMBER] = block->number,
    };
    if (block->start != BULLA_START_FFFF && block->start != BULLA_START_0000)
        return block_fault(fault, BULLA_REFUSED, place, FIELD_CRC, "start FFFF or 0000");
    if (!letters_put(&raw[FIELD_ALPHA], block->alpha, place[FIELD_ALPHA].width / LETTER_BITS))
        return block_fault(fault, BULLA_REFUSED, place, FIELD_ALPHA,
                           block->reading == BULLA_READING_CLAUSES ? "at most three capital letters" : "at most four capital letters");
    if (block->number > BULLA_BLOCK_NUMBER_MAX)
        return block_fault(fault, BULLA_REFUSED, place, FIELD_NUMBER, "at most 268435455");
    if (!container_put(raw, block->container))
        return block_fault(fault, BULLA_REFUSED, place, FIELD_PREFIX, "an ISO 6346 number with its check digit, or none");
    if (block->spare != 0)
        return block_fault(fault, BULLA_REFUSED, place, FIELD_SPARE, "0");
    size_t size = bulla_block_size(block->reading);
    uint8_t made[BULLA_BLOCK_SIZE] = {0};
    for (unsigned i = 0; i < FIELD_CRC; i++)
        bulla_bits_set(made, place[i].at, place[i].width, raw[i]);
    crc_put(made, size, block->start);
    bulla_copy(bytes, made, size);
    return BULLA_OK;
}

unsigned bulla_block_remarks(const struct bulla_block *block)
{
    struct bulla_container container;
    struct bulla_fault fault;
    struct bulla_bytes number = {(const uint8_t *)block->container, BULLA_CONTAINER_LENGTH};
    unsigned remarks = 0;
    if (block->spare != 0)
        remarks |= BULLA_BLOCK_SPARE_SET;
    if (block->alpha[0] && block->alpha[1] && block->alpha[2] && block->alpha[3])
        remarks |= BULLA_BLOCK_FOUR_LETTERS;
    if (!block->container[0])
        remarks |= BULLA_BLOCK_NO_CONTAINER;
    else if (bulla_container_decode(number, &container, &fault) != BULLA_OK)
        remarks |= BULLA_BLOCK_CONTAINER_WRONG;
    return remarks;
}

/* ---- the chain ---- */

/* A following block whose CRC is right for `start`; its payload with the flag cleared, and the flag. */
static enum bulla_status follower_get(struct bulla_bytes bytes, size_t at, unsigned start, uint8_t payload[BULLA_BLOCK_PAYLOAD],
                                      bool *extended, struct bulla_fault *fault)
{
    if (bytes.len - at < BULLA_BLOCK_SIZE)
        return bulla_fault_set(fault, BULLA_MORE, "block", MORE_EXPECTED, 8 * bytes.len);
    if (!crc_start(bytes.at + at, BULLA_BLOCK_SIZE, start))
        return bulla_fault_set(fault, BULLA_DAMAGED, "crc", CRC_EXPECTED, 8 * at + CRC_AT);
    bulla_copy(payload, bytes.at + at, BULLA_BLOCK_PAYLOAD);
    *extended = payload[0] >> 7;
    payload[0] &= 0x7F;
    return BULLA_OK;
}

static void follower_put(uint8_t *bytes, const uint8_t payload[BULLA_BLOCK_PAYLOAD], bool extended, unsigned start)
{
    bulla_copy(bytes, payload, BULLA_BLOCK_PAYLOAD);
    bytes[0] |= (uint8_t)(extended ? 0x80 : 0);
    crc_put(bytes, BULLA_BLOCK_SIZE, start);
}

static void extension_get(struct bulla_extension *extension, const uint8_t payload[BULLA_BLOCK_PAYLOAD])
{
    extension->random = (uint16_t)bulla_bits_at(payload, 1, 16);
    bulla_copy(extension->spare, payload + 2, sizeof extension->spare);
    extension->spare[0] &= 0x7F;
}

/* All that follows the block, which has been read. */
static enum bulla_status followers_decode(struct bulla_bytes bytes, size_t at, struct bulla_chain *chain, struct bulla_fault *fault)
{
    uint8_t payload[BULLA_BLOCK_PAYLOAD];
    bool more = chain->block.extended;
    for (unsigned i = 0; more; i++, at += BULLA_BLOCK_SIZE) {
        if (i > BULLA_CHAIN_FREE_MAX)
            return bulla_fault_set(fault, BULLA_FULL, "extended", "at most eight blocks", 8 * at);
        enum bulla_status status = follower_get(bytes, at, chain->block.start, payload, &more, fault);
        if (status != BULLA_OK)
            return status;
        if (i == 0) {
            extension_get(&chain->extension, payload);
            chain->extension.extended = more;
        } else {
            struct bulla_free *free = &chain->free[chain->n_free++];
            bulla_copy(free->bits, payload, sizeof payload);
            free->extended = more;
        }
    }
    if (at < bytes.len)
        return bulla_fault_set(fault, BULLA_DAMAGED, "block", "no more bytes", 8 * at);
    return BULLA_OK;
}

enum bulla_status bulla_chain_decode(struct bulla_bytes bytes, enum bulla_reading reading, enum bulla_start accepted,
                                     struct bulla_chain *chain, struct bulla_fault *fault)
{
    size_t size = bulla_block_size(reading);
    struct bulla_chain got = {0};
    struct bulla_bytes first = {bytes.at, bytes.len < size ? bytes.len : size};
    enum bulla_status status = bulla_block_decode(first, reading, accepted, &got.block, fault);
    if (status == BULLA_OK)
        status = followers_decode(bytes, size, &got, fault);
    if (status == BULLA_OK)
        *chain = got;
    return status;
}

/* True when each flag says what follows it. */
static bool flags_agree(const struct bulla_chain *chain)
{
    if (chain->n_free > BULLA_CHAIN_FREE_MAX || (!chain->block.extended && chain->n_free > 0))
        return false;
    if (chain->block.extended && chain->extension.extended != (chain->n_free > 0))
        return false;
    for (unsigned i = 0; i < chain->n_free; i++)
        if (chain->free[i].extended != (i + 1u < chain->n_free))
            return false;
    return true;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
    unsigned any = 0;
    for (size_t i = 0; i < n; i++)
        any |= bytes[i];
    return any == 0;
}

static enum bulla_status followers_check(const struct bulla_chain *chain, size_t at, struct bulla_fault *fault)
{
    if (!flags_agree(chain))
        return bulla_fault_set(fault, BULLA_REFUSED, "extended", "flags that say which blocks follow, at most eight in all", 0);
    if (chain->block.extended && !all_zero(chain->extension.spare, sizeof chain->extension.spare))
        return bulla_fault_set(fault, BULLA_REFUSED, "spare", "0", 8 * at + 17);
    for (unsigned i = 0; i < chain->n_free; i++)
        if (chain->free[i].bits[0] & 0x80)
            return bulla_fault_set(fault, BULLA_REFUSED, "free", "111 bits: the first bit is the flag's",
                                   8 * (at + BULLA_BLOCK_SIZE * (i + 1u)));
    return BULLA_OK;
}

enum bulla_status bulla_chain_encode(const struct bulla_chain *chain, uint8_t bytes[BULLA_CHAIN_SIZE], size_t *n, struct bulla_fault *fault)
{
    uint8_t first[BULLA_BLOCK_SIZE];
    enum bulla_status status = bulla_block_encode(&chain->block, first, fault);
    if (status != BULLA_OK)
        return status;
    size_t at = bulla_block_size(chain->block.reading);
    status = followers_check(chain, at, fault);
    if (status != BULLA_OK)
        return status;
    bulla_copy(bytes, first, at);
    if (chain->block.extended) {
        uint8_t payload[BULLA_BLOCK_PAYLOAD] = {0};
        bulla_bits_set(payload, 1, 16, chain->extension.random);
        follower_put(bytes + at, payload, chain->extension.extended, chain->block.start);
        at += BULLA_BLOCK_SIZE;
    }
    for (unsigned i = 0; i < chain->n_free; i++, at += BULLA_BLOCK_SIZE)
        follower_put(bytes + at, chain->free[i].bits, chain->free[i].extended, chain->block.start);
    *n = at;
    return BULLA_OK;
}

/* ---- evidence ---- */

void bulla_block_tamper(struct bulla_block *block, struct bulla_extension *extension)
{
    block->secure = false;
    if (extension)
        extension->random = 0;
}

enum bulla_evidence bulla_block_judge(const struct bulla_block *block, const struct bulla_extension *extension, int32_t written)
{
    if (!block->secure)
        return extension && extension->random != 0 ? BULLA_EVIDENCE_RANDOM_KEPT : BULLA_EVIDENCE_TAMPERED;
    if (!extension)
        return BULLA_EVIDENCE_UNPROVEN;
    if (extension->random == 0)
        return BULLA_EVIDENCE_RANDOM_CLEARED;
    if (written == BULLA_RANDOM_UNKNOWN)
        return BULLA_EVIDENCE_UNPROVEN;
    return extension->random == written ? BULLA_EVIDENCE_SECURE : BULLA_EVIDENCE_RANDOM_WRONG;
}

/* ---- words ---- */

static const char *const readings[] = {
#define X(name, number, text, size) [number] = text,
    BULLA_READING_TABLE(X)
#undef X
};

const char *bulla_reading_text(unsigned reading)
{
    return reading < sizeof readings / sizeof *readings ? readings[reading] : "unknown";
}

int bulla_reading_from(const char *text)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++)
        if (bulla_text_is(readings[i], text))
            return (int)i;
    return -1;
}

const char *bulla_evidence_text(unsigned evidence)
{
    static const char *const texts[] = {
#define X(name, number, text) [number] = text,
        BULLA_EVIDENCE_TABLE(X)
#undef X
    };
    return evidence < sizeof texts / sizeof *texts ? texts[evidence] : "unknown";
}
