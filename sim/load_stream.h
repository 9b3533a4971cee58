/* SPDX-License-Identifier: Apache-2.0
 *
 * As much of an HTTP client as a load needs: a session, POSTs to prepare seals and journeys, and the live stream read piece
 * by piece. Blocking but for the stream.
 */
#ifndef SIM_LOAD_STREAM_H
#define SIM_LOAD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_api {
    char host[128], port[8];
    char key[160];              /* of the API, or */
    char cookie[200], csrf[80]; /* a session */
};

/* "http://host:port", then a key, or a name and its password. False with a sentence in why[size]. */
bool load_api_open(struct load_api *api, const char *url, const char *key, const char *user, const char *password, char *why, size_t size);

/* Waits as long as a 429 asks. Returns the status, or -1; the answer's head and body in answer[size]. */
int load_api_post(const struct load_api *api, const char *path, const char *body, char *answer, size_t size);

struct load_stream {
    int fd;
    bool headers_over, chunked;
    size_t chunk_left;
    char head[256];
    size_t n_head;
    char line[65536];
    size_t n;
    bool alarm; /* the event at hand is an alarm */
};

bool load_stream_open(struct load_stream *stream, const struct load_api *api);
/* Takes what has come; `alarm` gets the data of each alarm. False: the stream is over. */
bool load_stream_read(struct load_stream *stream, void (*alarm)(void *context, const char *data), void *context);
void load_stream_close(struct load_stream *stream);

#endif
