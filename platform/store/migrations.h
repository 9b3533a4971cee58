/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQL files of platform/store/migrations, built in. Numbered ones bring the records from the version before to their
 * number, which is the file's user_version.
 */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include "platform/store/db.h"

extern const char store_sql_segment_001[], store_sql_segment_close[]; /* NUL-terminated */

/* Brings the records' file up to the newest version, one transaction a step. A file of a newer version is refused. */
int store_migrate(struct store_db *db);
/* The same up to `version`, for tests of older files. */
int store_migrate_to(struct store_db *db, int version);
int store_migrate_newest(void);

#endif
