/* SPDX-License-Identifier: Apache-2.0
 *
 * The image of a SQLite store (image.h): sqlite_image.c has the records, sqlite_image_history.c the observations.
 */
#ifndef STORE_SQLITE_IMAGE_H
#define STORE_SQLITE_IMAGE_H

#include "platform/store/db.h"
#include "platform/store/image.h"

extern const struct store_image store_sqlite_image;

/* A connection to read a file of the directory; files end in ".db". */
int sqlite_image_open(struct store *base, const char *name, struct store_db **db);
const char *sqlite_image_folder(struct store *base);

int sqlite_image_observations(struct store *base, char place[120], size_t limit, store_observation_fn each, void *context);
int sqlite_image_since(struct store *base, int64_t arrival_ms, char place[120]);

#endif
