/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP side of the platform: the interface of docs/api/openapi.yaml, the live stream, and the web
 * workplace. A request enters in http.c, finds its line in routes.def, is checked by access.c and answered by
 * the function that the line names (api_*.c).
 */
#ifndef OUT_OUT_H
#define OUT_OUT_H

#include "platform/platform.h"

struct out;

struct out_options {
    const char *address; /* "127.0.0.1:8080", "[::1]:8080"; port 0: any free one */
    bool behind_tls;     /* a proxy on this machine ends TLS: cookies are Secure, its X-Forwarded-For is believed */
};

/* Serves until out_stop(); NULL with "field: expected E, got G" in why[size]. The platform must outlive it. */
struct out *out_start(struct platform *platform, const struct out_options *options, char *why, size_t size);
void out_stop(struct out *out); /* ends streams and open requests; NULL is fine */
unsigned out_port(const struct out *out);

#define OUT_PASSWORD_SIZE 32

/* When no user exists: makes the administrator "admin" with a one-time password, written to password, and returns
 * STORE_OK. STORE_CONFLICT when there are users already; negative when the store failed or there is no randomness. */
int out_first_user(struct store *store, int64_t now_ms, char password[OUT_PASSWORD_SIZE]);

/* Sets user->password to the Argon2id form of a password. False when out of memory or randomness. */
bool out_user_password(struct user *user, const char *password);

#endif
