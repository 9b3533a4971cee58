/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON on standard output, one value a line.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/* Prints the value compactly, members in the order in which they were set, and lets it go. */
void cli_json_print(json_t *value);

/* Reads a JSON object from a word that begins with '{', else from the file of that name ("-": standard input).
 * NULL after telling stderr what is wrong; *code is then the exit code. */
json_t *cli_json_read(const char *word, int *code);

#endif
