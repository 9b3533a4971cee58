/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a node on this machine over HTTP: one request, one answer, one connection, within a time.
 */
#ifndef CLI_CLUSTER_HTTP_H
#define CLI_CLUSTER_HTTP_H

#include <jansson.h>

struct cluster_asked {
    unsigned port;      /* of 127.0.0.1 */
    const char *method; /* "GET" */
    const char *path;
    const char *cookie; /* NULL: none; the whole of "name=value" */
    const char *body;   /* JSON; NULL: none */
};

/* The status, or 0 when nobody answers in time. *body (may be NULL) is its JSON, NULL when it is none: a new reference. cookie
 * (may be NULL) gets what a Set-Cookie says, up to its first ';'. */
int cluster_http(const struct cluster_asked *asked, json_t **body, char *cookie, size_t cookie_size);

/* A port of 127.0.0.1 that is free now; 0: none. */
unsigned cluster_free_port(void);
/* Whether something listens there. */
int cluster_listens(unsigned port);

#endif
