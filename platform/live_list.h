/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON of live seals, written as it is asked for: ten thousand moving seals are told several times a second, and a tree of
 * JSON for each costs more than judging it does.
 *
 *   {"seals": [LiveSeal, ...], more members}        LiveSeal: docs/api/openapi.yaml
 *
 * Begin, add seals, end. Out of memory anywhere: the end gives NULL.
 */
#ifndef PLATFORM_LIVE_LIST_H
#define PLATFORM_LIVE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_seal;
struct live_list;

struct live_list *live_list_new(void);
void live_list_add(struct live_list *list, const struct live_seal *seal);
size_t live_list_count(const struct live_list *list);
/* Closes the list of seals; other members may follow it. */
void live_list_close(struct live_list *list);
void live_list_put(struct live_list *list, const char *name, int64_t value);
void live_list_put_flag(struct live_list *list, const char *name, bool value);
/* The text, heap, NUL at its end, and its length; the list is freed. `list` may be NULL. */
char *live_list_end(struct live_list *list, size_t *len);

/* One LiveSeal as such a text. */
char *live_seal_text(const struct live_seal *seal, size_t *len);

#endif
