/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server: where a request enters. The library's threads read and write; what touches the store runs on
 * `work`, passwords on their own thread, and the connection is suspended meanwhile.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/out/guard.h"
#include "platform/out/live.h"
#include "platform/out/memo.h"
#include "platform/out/secret.h"
#include "platform/out/serve.h"
#include "platform/out/server.h"
#include "platform/out/web.h"

/* --- one request --- */

/* The library ends the target with a NUL and the version follows it; one that holds a NUL itself ends elsewhere. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    return out_request_new(context, target, strncmp(target + strlen(target) + 1, "HTTP/", 5) == 0);
}

static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text); /* request.c decodes, and refuses what is wrong */
}

/* The peer, or the address that the proxy on this machine names. */
static void find_address(struct out_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;
    char text[INET6_ADDRSTRLEN] = "";
    if (peer && peer->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, text, sizeof text);
    else if (peer && peer->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, text, sizeof text);
    bool local = strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
    const char *named = r->out->behind_tls && local ? out_request_header(r, "X-Forwarded-For") : NULL;
    if (named && strrchr(named, ','))
        named = strrchr(named, ',') + 1;
    if (named)
        named += strspn(named, " ");
    snprintf(r->address, sizeof r->address, "%s", named && *named ? named : strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text);
}

static enum MHD_Result queue(struct out_request *r)
{
    r->phase = OUT_ANSWERED;
    out_serve_protect(r);
    out_guard_allow(r->out->guard, r->connection, out_live_is_stream(r) ? INT64_MAX : OUT_ANSWER_MS);
    return MHD_queue_response(r->connection, (unsigned)r->status, r->answer);
}

/* On a worker's thread. Nothing of r may be touched after the resume. */
static void work(void *job)
{
    struct out_request *r = job;
    out_serve(r);
    MHD_resume_connection(r->connection);
}

static enum MHD_Result hand_over(struct out_request *r)
{
    struct out_work *lane = r->route->lane == OUT_LANE_PASSWORD ? r->out->passwords
                            : r->route->lane == OUT_LANE_DEVICE ? r->out->devices
                                                                : r->out->work;
    r->phase = OUT_WAITING;
    out_guard_allow(r->out->guard, r->connection, INT64_MAX);
    MHD_suspend_connection(r->connection);
    if (out_work_put(lane, r))
        return MHD_YES;
    atomic_fetch_add(&r->out->refused, 1);
    out_problem(r, 503, "not-ready", "Too much to do at this moment; try again", NULL);
    out_answer_header(r, "Retry-After", "2");
    MHD_resume_connection(r->connection);
    return MHD_YES;
}

static enum MHD_Result head(struct out_request *r, struct MHD_Connection *connection, const char *method)
{
    r->connection = connection;
    snprintf(r->method, sizeof r->method, "%s", method);
    atomic_fetch_add(&r->out->requests, 1);
    find_address(r);
    out_serve_begin(r);
    if (r->answer)
        return queue(r);
    r->phase = OUT_BODY;
    out_guard_allow(r->out->guard, connection, OUT_BODY_MS + (int64_t)r->body_max * 1000 / OUT_BODY_BYTES_S);
    return MHD_YES;
}

static enum MHD_Result whole(struct out_request *r)
{
    if (r->route->lane != OUT_LANE_HERE)
        return hand_over(r);
    out_serve(r);
    return queue(r);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n, void **state)
{
    struct out_request *r = *state;
    (void)context, (void)url, (void)version;
    if (!r)
        return MHD_NO; /* no memory */
    switch (r->phase) {
    case OUT_HEAD:
        return head(r, connection, method);
    case OUT_BODY:
        if (*n == 0)
            return whole(r);
        if (!out_request_append(r, data, *n))
            return MHD_NO; /* a chunked body beyond the limit: nothing can be answered before its end */
        *n = 0;
        return MHD_YES;
    case OUT_WAITING:
        return queue(r);
    case OUT_ANSWERED:
        break;
    }
    *n = 0;
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct out *out = context;
    (void)code;
    out_guard_allow(out->guard, connection, OUT_HEAD_MS); /* for the next header */
    out_request_free(*state);
    *state = NULL;
}

/* --- the server --- */

/* "127.0.0.1:8080", "[::1]:8080", ":8080" into a socket address. */
static bool read_address(const char *text, struct sockaddr_storage *to, char *why, size_t size)
{
    const char *colon = strrchr(text, ':');
    char host[64] = "", *end = NULL;
    size_t n = colon ? (size_t)(colon - text) : sizeof host;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (n < sizeof host && end && end != colon + 1 && !*end && port < 65536) {
        bool bracket = text[0] == '[' && n >= 2 && text[n - 1] == ']';
        memcpy(host, text + bracket, n - 2 * bracket);
        struct sockaddr_in *four = (void *)to;
        struct sockaddr_in6 *six = (void *)to;
        memset(to, 0, sizeof *to);
        if (bracket && inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
            six->sin6_family = AF_INET6;
            six->sin6_port = htons((uint16_t)port);
            return true;
        }
        const char *name = !host[0] ? "0.0.0.0" : strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
        if (!bracket && inet_pton(AF_INET, name, &four->sin_addr) == 1) {
            four->sin_family = AF_INET;
            four->sin_port = htons((uint16_t)port);
            return true;
        }
    }
    snprintf(why, size, "expected ADDRESS:PORT such as 127.0.0.1:8080, got %.60s", text);
    return false;
}

static struct MHD_Daemon *start_daemon(struct out *out, const struct sockaddr_storage *address)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, out, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)OUT_HTTP_THREADS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)OUT_CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT, (unsigned)OUT_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)OUT_CONNECTIONS_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OUT_IDLE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, begin, out, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, out, MHD_OPTION_NOTIFY_CONNECTION, out_guard_notify, out->guard, MHD_OPTION_END);
}

static bool prepare(struct out *out)
{
    out->work = out_work_new(OUT_WORK_THREADS, OUT_WORK_MAX, work);
    out->passwords = out_work_new(OUT_PASSWORD_THREADS, OUT_PASSWORD_MAX, work);
    out->devices = out_work_new(OUT_DEVICE_THREADS, OUT_DEVICE_MAX, work);
    out->throttle = out_throttle_new(OUT_THROTTLE_SLOTS);
    out->memo = memo_new();
    out->guard = out_guard_new();
    out->live = out_live_new(out);
    char nobody[OUT_SECRET_SIZE];
    return out->work && out->passwords && out->devices && out->throttle && out->memo && out->guard && out->live && out_secret_new(nobody) &&
           out_password_hash(nobody, out->dummy);
}

static void clear(struct out *out)
{
    out_live_free(out->live);
    out_guard_free(out->guard);
    out_work_free(out->work);
    out_work_free(out->passwords);
    out_work_free(out->devices);
    out_throttle_free(out->throttle);
    memo_free(out->memo);
    pthread_mutex_destroy(&out->idempotent);
    free(out);
}

struct out *out_start(struct platform *platform, const struct out_options *options, char *why, size_t size)
{
    struct sockaddr_storage address;
    if (!read_address(options->address, &address, why, size))
        return NULL;
    struct out *out = calloc(1, sizeof *out);
    if (!out) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&out->idempotent, NULL);
    out->platform = platform;
    out->behind_tls = options->behind_tls;
    out->started_ms = platform_now(platform);
    if (!prepare(out)) {
        snprintf(why, size, "expected memory, threads and randomness, got none");
    } else {
        out_web_prepare();
        out->daemon = start_daemon(out, &address);
        if (out->daemon)
            return out;
        snprintf(why, size, "expected a free address, got %.60s, which cannot be listened on: %s", options->address, strerror(errno));
    }
    clear(out);
    return NULL;
}

void out_stop(struct out *out)
{
    if (!out)
        return;
    /* No MHD_quiesce_daemon() first: in 0.9.75 it ends the process when a thread of the pool is quicker to let go of the
     * listener. Whoever comes until the library has stopped is answered 503. */
    out_live_end(out->live); /* the library must have no suspended connection when it stops */
    out_work_end(out->work);
    out_work_end(out->passwords);
    out_work_end(out->devices);
    out_live_end(out->live); /* streams that the last requests opened */
    MHD_stop_daemon(out->daemon);
    clear(out);
}

unsigned out_port(const struct out *out)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(out->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}
