/* SPDX-License-Identifier: Apache-2.0
 *
 * The web workplace: files that the build put into the program (cmake/web.cmake), served from memory. A path that
 * is no file and no part of the interface is the workplace's own and gets index.html.
 */
#ifndef OUT_WEB_H
#define OUT_WEB_H

#include "platform/out/request.h"

struct out_asset {
    const char *path; /* "/index.html"; NULL ends the table */
    const uint8_t *at, *end;
    const uint8_t *br, *br_end; /* the same, compressed; NULL: not */
    const uint8_t *gz, *gz_end;
};

/* Digests of the files, once. */
void out_web_prepare(void);

/* GET and HEAD of everything that routes.def does not know. */
void out_web_answer(struct out_request *r);

/* Whether an Accept-Encoding header takes a coding (RFC 9110, 12.5.3). */
bool out_web_accepts(const char *header, const char *coding);

/* Content type by the last part of the name. */
const char *out_web_type(const char *path);

#endif
