/* SPDX-License-Identifier: Apache-2.0
 *
 * Shelf: the lines of routes that several journeys share. Thousands of journeys drive a few hundred corridors; a corridor of a
 * thousand points takes 45 KB as a searchable line, and once is enough. One engine's, not thread-safe.
 */
#ifndef RULES_SHELF_H
#define RULES_SHELF_H

#include "platform/rules/geometry.h"

struct shelf;

struct shelf *shelf_new(void);
void shelf_free(struct shelf *shelf); /* after all that it lent has come back; NULL is fine */

/* The line of a route, which is the same for the same points; NULL when out of memory or with fewer than two points. */
struct geometry_line *shelf_lend(struct shelf *shelf, const struct route *route);
void shelf_back(struct shelf *shelf, struct geometry_line *line); /* NULL is fine */

size_t shelf_lines(const struct shelf *shelf);

#endif
