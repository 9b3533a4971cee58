/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla attachment: what describes a file that a seal carries, from and to its bytes; made of a file, and compared with one.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bytes.h"
#include "cli/json.h"
#include "cli/record.h"
#include "platform/model/digest.h"

#define CHUNK     65536
#define STATE_MAX 512 /* of a digest */

extern const struct cli_command cli_attachment;

static const char help[] = "Usage: bulla attachment describe [--digest NAME] [--md5] [--raw] FILE\n"
                           "       bulla attachment check DESCRIPTION FILE\n"
                           "       bulla attachment decode HEX|FILE...\n"
                           "       bulla attachment encode [--raw] JSON\n"
                           "       bulla attachment fields\n"
                           "\n"
                           "What describes a file that a seal carries: name, size and digest. `describe` makes it of the file, in\n"
                           "hexadecimal; `check` compares the file with it (hexadecimal, or a file); `decode` prints one JSON object a\n"
                           "line, `encode` writes the bytes that such an object describes. JSON is the object itself, a file, or - for\n"
                           "standard input. `fields` prints the table of fields.\n"
                           "\n"
                           "Options:\n"
                           "  --digest NAME   which digest decides: sha256 (the default) or sm3\n"
                           "  --md5           MD5 beside it, for older systems\n"
                           "  --raw           describe and encode write the bytes themselves\n"
                           "  --help          this text\n"
                           "\n"
                           "Examples:\n"
                           "  bulla attachment describe --md5 manifest.pdf\n"
                           "  bulla attachment describe manifest.pdf | bulla attachment check - manifest.pdf\n"
                           "\n"
                           "Exit codes: 0 done, 1 the description is wrong or the file another one, 2 wrong usage, 3 input or output.\n";

struct file { /* a medium that is only read */
    FILE *from;
    uint64_t size;
};

static bool file_open(struct file *file, const char *name)
{
    file->from = fopen(name, "rb");
    if (file->from && fseek(file->from, 0, SEEK_END) == 0 && ftell(file->from) >= 0) {
        file->size = (uint64_t)ftell(file->from);
        if (file->size <= UINT32_MAX) {
            return true;
        }
        cli_say("%s: expected at most 4294967295 bytes", name);
    } else {
        cli_say("%s: %s", name, strerror(errno));
    }
    if (file->from) {
        fclose(file->from);
    }
    return false;
}

static bool file_read(void *context, uint32_t offset, uint8_t *to, size_t n)
{
    struct file *file = context;
    return fseek(file->from, (long)offset, SEEK_SET) == 0 && fread(to, 1, n, file->from) == n;
}

/* False when the file cannot be read to its end. */
static bool digest_file(struct file *file, unsigned kind, uint8_t *digest)
{
    static uint8_t chunk[CHUNK];
    const struct bulla_digest *how = digest_find(kind);
    void *state = malloc(how->state_size);
    uint64_t at = 0;
    bool read = state != NULL;
    if (read) {
        how->begin(state);
    }
    while (read && at < file->size) {
        size_t n = file->size - at < CHUNK ? (size_t)(file->size - at) : CHUNK;
        read = file_read(file, (uint32_t)at, chunk, n);
        how->add(state, (struct bulla_bytes){chunk, n});
        at += n;
    }
    if (read) {
        how->end(state, digest);
    }
    free(state);
    return read;
}

static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static int describe(uint8_t decides, bool md5, bool raw, const char *name)
{
    struct bulla_attachment about = {.decides = decides, .has_md5 = md5};
    struct bulla_fault fault;
    struct file file;
    uint8_t bytes[BULLA_ATTACHMENT_SIZE];
    size_t n;
    if (!file_open(&file, name)) {
        return CLI_IO;
    }
    about.size = (uint32_t)file.size;
    bool read = digest_file(&file, decides, about.digest) && (!md5 || digest_file(&file, BULLA_DIGEST_MD5, about.md5));
    fclose(file.from);
    if (!read) {
        cli_say("%s: cannot be read", name);
        return CLI_IO;
    }
    name = last_part(name);
    memcpy(about.name, name, strlen(name) < sizeof about.name ? strlen(name) : sizeof about.name);
    if (bulla_attachment_encode(&about, bytes, &n, &fault) != BULLA_OK) {
        cli_say("%s: expected %s, got \"%.80s\"", fault.field, fault.expected, name);
        return CLI_NO;
    }
    cli_bytes_print((struct bulla_bytes){bytes, n}, raw);
    return CLI_OK;
}

/* As a seal does it when all is received: read back from where it lies, and digested. */
static int compare(const struct bulla_attachment *about, struct file *file)
{
    static uint8_t chunk[CHUNK];
    static alignas(max_align_t) uint8_t state[STATE_MAX];
    struct bulla_transfer transfer = {.about = *about, .received = about->size};
    const struct bulla_medium medium = {.context = file, .read = file_read};
    const struct bulla_scratch scratch = {chunk, sizeof chunk, state};
    struct bulla_fault fault;
    if (digest_find(about->decides)->state_size > sizeof state || digest_find(BULLA_DIGEST_MD5)->state_size > sizeof state) {
        cli_say("digest: expected a state of at most %d bytes", STATE_MAX);
        return CLI_IO;
    }
    if (file->size != about->size) {
        cli_say("size: expected %u bytes, got %llu", (unsigned)about->size, (unsigned long long)file->size);
        return CLI_NO;
    }
    if (bulla_transfer_finish(&transfer, &medium, digest_find(about->decides), about->has_md5 ? digest_find(BULLA_DIGEST_MD5) : NULL,
                              &scratch, &fault) != BULLA_OK) {
        cli_say("%s: expected %s", fault.field, fault.expected);
        return CLI_NO;
    }
    return CLI_OK;
}

static int check(const char *description, const char *name)
{
    struct bulla_attachment about;
    struct bulla_fault fault;
    struct file file;
    size_t n;
    uint8_t *bytes = cli_bytes_of(description, &n);
    if (!bytes) {
        return CLI_IO;
    }
    enum bulla_status status = bulla_attachment_decode((struct bulla_bytes){bytes, n}, &about, &fault);
    free(bytes);
    if (status != BULLA_OK) {
        cli_say("description: %s, byte %u: expected %s", fault.field, (unsigned)fault.at, fault.expected);
        return CLI_NO;
    }
    if (!file_open(&file, name)) {
        return CLI_IO;
    }
    int code = compare(&about, &file);
    fclose(file.from);
    if (code == CLI_OK) {
        cli_json_print(cli_attachment_members(&about));
    }
    return code;
}

static void print_fields(void)
{
    printf("%5s  %-8s  %s\n", "BYTES", "FIELD", "MEANING");
#define X(field, name, bytes, meaning) printf("%5d  %-8s  %s\n", bytes, name, meaning);
    BULLA_ATTACHMENT_TABLE(X)
#undef X
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    static const struct cli_record record = {cli_attachment_json, cli_attachment_from_json, print_fields};
    const char *digest = "sha256";
    bool raw = false, md5 = false;
    const struct cli_option options[] = {{"raw", NULL, &raw}, {"md5", NULL, &md5}, {"digest", &digest, NULL}};
    (void)context;
    argc = cli_options(&cli_attachment, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0) {
        return argc == -2 ? CLI_OK : CLI_USAGE;
    }
    bool sm3 = strcmp(digest, "sm3") == 0;
    if (!sm3 && strcmp(digest, "sha256") != 0) {
        cli_say("--digest: expected sha256 or sm3, got \"%s\"", digest);
        return CLI_USAGE;
    }
    if (argc == 3 && strcmp(argv[1], "describe") == 0) {
        return describe(sm3 ? BULLA_DIGEST_SM3 : BULLA_DIGEST_SHA256, md5, raw, argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "check") == 0) {
        return check(argv[2], argv[3]);
    }
    return cli_record_run(&record, raw, argc, argv);
}

const struct cli_command cli_attachment = {
    .name = "attachment",
    .summary = "Describe a file that a seal carries, and check it",
    .help = help,
    .run = run,
};
