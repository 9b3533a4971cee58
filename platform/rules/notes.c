/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rules/notes.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct kept {
    struct bulla_note note; /* NULs behind each text: it is its own key */
    UT_hash_handle hh;
};

struct notes {
    struct kept *kept;
};

static const struct bulla_note wordless;

struct notes *notes_new(void)
{
    return calloc(1, sizeof(struct notes));
}

void notes_free(struct notes *notes)
{
    struct kept *k, *next;
    if (!notes)
        return;
    HASH_ITER(hh, notes->kept, k, next)
    {
        HASH_DEL(notes->kept, k);
        free(k);
    }
    free(notes);
}

/* What stands behind a text's end is not part of it. */
static void copy_text(char *to, const char *from, size_t size)
{
    size_t n = strnlen(from, size - 1);
    memcpy(to, from, n);
    memset(to + n, 0, size - n);
}

const struct bulla_note *notes_keep(struct notes *notes, const struct bulla_note *note)
{
    struct bulla_note words;
    struct kept *k;
    copy_text(words.by, note->by, sizeof words.by);
    copy_text(words.about, note->about, sizeof words.about);
    copy_text(words.text, note->text, sizeof words.text);
    HASH_FIND(hh, notes->kept, &words, sizeof words, k);
    if (k)
        return &k->note;
    if (!(k = calloc(1, sizeof *k)))
        return &wordless;
    k->note = words;
    HASH_ADD(hh, notes->kept, note, sizeof k->note, k);
    return &k->note;
}
