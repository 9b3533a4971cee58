/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL and three NATS servers for a cluster on this machine. They listen on the loopback alone, each cluster with
 * secrets made for it, which stand in files that only their owner can read.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/cluster_http.h"
#include "platform/base/log.h"

#define INITDB_MS  120000
#define READY_MS   60000
#define POLL_MS    50
#define WHAT_TO_DO "install it (make cluster does)"

bool cluster_secret(char to[CLUSTER_SECRET_SIZE])
{
    unsigned char bytes[(CLUSTER_SECRET_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        cli_say("no randomness for secrets: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(to + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

bool cluster_write_file(const char *path, const char *format, ...)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool written = false;
    if (f) {
        va_list arguments;
        va_start(arguments, format);
        written = vfprintf(f, format, arguments) >= 0;
        va_end(arguments);
        written = fclose(f) == 0 && written;
    }
    if (!written)
        cli_say("%s: cannot be written: %s", path, strerror(errno));
    return written;
}

/* --- finding programs --- */

/* The newest file that fits one of the patterns, the first pattern first. */
static bool find_program(const char *const *patterns, char to[CLUSTER_PATH_SIZE])
{
    to[0] = '\0';
    for (; *patterns && !to[0]; patterns++) {
        glob_t found;
        if (glob(*patterns, 0, NULL, &found) != 0)
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (access(found.gl_pathv[i], X_OK) == 0 && (!to[0] || strverscmp(found.gl_pathv[i], to) > 0))
                snprintf(to, CLUSTER_PATH_SIZE, "%s", found.gl_pathv[i]);
        globfree(&found);
    }
    return to[0] != '\0';
}

/* --- brokers --- */

static bool write_broker(const struct cluster *c, unsigned i, const unsigned *routes, const char *user, const char *route, char path[CLUSTER_PATH_SIZE])
{
    char others[600] = "";
    size_t used = 0;
    for (unsigned k = 0; k < CLUSTER_BROKERS; k++)
        if (k != i)
            used += (size_t)snprintf(others + used, sizeof others - used, "\n    nats-route://route:%s@127.0.0.1:%u", route, routes[k]);
    snprintf(path, CLUSTER_PATH_SIZE, "%s/b%u.conf", c->folder, i + 1);
    return cluster_write_file(path,
                              "server_name: b%u\nlisten: \"127.0.0.1:%u\"\nhttp: \"127.0.0.1:%u\"\n"
                              "jetstream { store_dir: \"%s/b%u\" }\n"
                              "authorization { user: bulla, password: \"%s\" }\n"
                              "cluster {\n  name: bulla\n  listen: \"127.0.0.1:%u\"\n"
                              "  authorization { user: route, password: \"%s\", timeout: 5 }\n  routes: [%s\n  ]\n}\n",
                              i + 1, c->broker_ports[i], c->monitor_ports[i], c->folder, i + 1, user, routes[i], route, others);
}

bool cluster_brokers_start(struct cluster *c)
{
    static const char *const places[] = {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/*bin/nats-server", NULL};
    char program[CLUSTER_PATH_SIZE], config[CLUSTER_PATH_SIZE], user[CLUSTER_SECRET_SIZE], route[CLUSTER_SECRET_SIZE];
    unsigned routes[CLUSTER_BROKERS];
    if (!find_program(places, program)) {
        cli_say("nats-server was not found: expected it in %s; " WHAT_TO_DO, places[0]);
        return false;
    }
    if (!cluster_secret(user) || !cluster_secret(route))
        return false;
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        c->broker_ports[i] = cluster_free_port();
        c->monitor_ports[i] = cluster_free_port();
        routes[i] = cluster_free_port();
    }
    snprintf(c->bus_url, sizeof c->bus_url, "nats://bulla:%s@127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u", user, c->broker_ports[0],
             c->broker_ports[1], c->broker_ports[2]);
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        struct cluster_process *p = &c->brokers[i];
        char name[8];
        snprintf(name, sizeof name, "b%u", i + 1);
        cluster_process_init(p, name, c->folder, SIGTERM);
        snprintf(p->about, sizeof p->about, "NATS, 127.0.0.1:%u", c->broker_ports[i]);
        if (!write_broker(c, i, routes, user, route, config))
            return false;
        cluster_process_arg(p, "%s", program);
        cluster_process_arg(p, "--config");
        cluster_process_arg(p, "%s", config);
        if (!cluster_process_start(p))
            return false;
    }
    return true;
}

/* All three stand together, under a leader: a stream can be made with three replicas. */
static bool brokers_are_ready(const struct cluster *c)
{
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        json_t *body = NULL, *meta;
        int status = cluster_http(&(struct cluster_asked){c->monitor_ports[i], "GET", "/jsz", NULL, NULL}, &body, NULL, 0);
        meta = json_object_get(body, "meta_cluster");
        const char *leader = json_string_value(json_object_get(meta, "leader"));
        bool ready = status == 200 && leader && leader[0] && json_integer_value(json_object_get(meta, "cluster_size")) == CLUSTER_BROKERS;
        json_decref(body);
        if (!ready || cluster_http(&(struct cluster_asked){c->monitor_ports[i], "GET", "/healthz", NULL, NULL}, NULL, NULL, 0) != 200)
            return false;
    }
    return true;
}

bool cluster_brokers_wait(struct cluster *c)
{
    for (int waited = 0; waited < READY_MS; waited += POLL_MS) {
        if (brokers_are_ready(c))
            return true;
        if (cluster_pause(c, POLL_MS))
            return false;
        for (unsigned i = 0; i < CLUSTER_BROKERS; i++)
            if (c->brokers[i].pid == 0) {
                cluster_process_tail(&c->brokers[i]);
                return false;
            }
    }
    cli_say("the brokers have not found together within %d s", READY_MS / 1000);
    cluster_process_tail(&c->brokers[0]);
    return false;
}

/* --- database --- */

/* PostgreSQL refuses to run as root: then as the user that its package made. */
static bool choose_user(struct cluster_process *p)
{
    if (geteuid() != 0)
        return true;
    const struct passwd *user = getpwnam("postgres");
    if (!user) {
        cli_say("PostgreSQL does not run as root, and there is no user postgres: " WHAT_TO_DO);
        return false;
    }
    p->uid = user->pw_uid;
    p->gid = user->pw_gid;
    return true;
}

static bool give(const char *path, const struct cluster_process *p)
{
    if (!p->uid || chown(path, p->uid, p->gid) == 0)
        return true;
    cli_say("%s: cannot be given to the user postgres: %s", path, strerror(errno));
    return false;
}

/* Runs a step of making the database to its end. */
static bool run_step(struct cluster_process *p, const char *doing)
{
    log_say(LOG_DEBUG, "cluster", "%s", doing);
    if (!cluster_process_start(p))
        return false;
    if (cluster_process_wait(p, INITDB_MS) == 0)
        return true;
    cli_say("%s failed. As root it is done by the user postgres, who must be able to pass through every directory above", doing);
    cluster_process_tail(p);
    return false;
}

static bool make_files(struct cluster *c, const struct cluster_process *p, const char *bin, const char *password)
{
    char data[CLUSTER_PATH_SIZE], secret[CLUSTER_PATH_SIZE];
    struct cluster_process step = *p;
    snprintf(data, sizeof data, "%s/db", c->folder);
    snprintf(secret, sizeof secret, "%s/db.secret", c->folder);
    snprintf(step.input, sizeof step.input, "%s/db.sql", c->folder);
    if (mkdir(data, 0700) != 0) {
        cli_say("%s: cannot be made: %s", data, strerror(errno));
        return false;
    }
    if (!give(data, p) || !cluster_write_file(secret, "%s\n", password) || !give(secret, p) ||
        !cluster_write_file(step.input, "CREATE DATABASE bulla TEMPLATE template0 ENCODING 'UTF8'\n"))
        return false;
    struct cluster_process init = step;
    init.input[0] = '\0';
    const char *const words[] = {"--username=bulla", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"};
    cluster_process_arg(&init, "%s/initdb", bin);
    cluster_process_arg(&init, "--pgdata=%s", data);
    cluster_process_arg(&init, "--pwfile=%s", secret);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cluster_process_arg(&init, "%s", words[i]);
    cluster_process_arg(&step, "%s/postgres", bin);
    cluster_process_arg(&step, "--single");
    cluster_process_arg(&step, "-D");
    cluster_process_arg(&step, "%s", data);
    cluster_process_arg(&step, "postgres");
    bool made = run_step(&init, "making the database (initdb)") && run_step(&step, "making the database (postgres --single)");
    unlink(secret);
    unlink(step.input);
    return made;
}

bool cluster_db_make(struct cluster *c)
{
    static const char *const places[] = {"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/usr/local/pgsql/bin/initdb",
                                         "/usr/local/bin/initdb", "/usr/bin/initdb", NULL};
    /* Nodes keep up to 32 connections each. Everything that is acknowledged is on the disk: fsync and the like stay on. */
    static const char *const settings[] = {"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=350",
                                           "shared_buffers=256MB", "max_wal_size=4GB", "log_min_messages=warning"};
    char bin[CLUSTER_PATH_SIZE], password[CLUSTER_SECRET_SIZE];
    struct cluster_process *p = &c->db;
    unsigned port = cluster_free_port();
    cluster_process_init(p, "db", c->folder, SIGINT); /* its "fast" way to end */
    if (!find_program(places, bin)) {
        cli_say("PostgreSQL was not found: expected %s; " WHAT_TO_DO, places[0]);
        return false;
    }
    *strrchr(bin, '/') = '\0';
    if (!choose_user(p) || !cluster_secret(password) || !make_files(c, p, bin, password))
        return false;
    snprintf(p->about, sizeof p->about, "PostgreSQL, 127.0.0.1:%u", port);
    snprintf(c->store_url, sizeof c->store_url, "postgres://bulla:%s@127.0.0.1:%u/bulla", password, port);
    cluster_process_arg(p, "%s/postgres", bin);
    cluster_process_arg(p, "-D");
    cluster_process_arg(p, "%s/db", c->folder);
    cluster_process_arg(p, "-p");
    cluster_process_arg(p, "%u", port);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        cluster_process_arg(p, "-c");
        cluster_process_arg(p, "%s", settings[i]);
    }
    return cluster_process_start(p);
}

/* The postmaster writes how it is to the eighth line of its pid file. */
static bool db_is_ready(const struct cluster *c)
{
    char path[CLUSTER_PATH_SIZE], line[200] = "";
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/db/postmaster.pid", c->folder);
    FILE *f = fopen(path, "r");
    while (f && n < 8 && fgets(line, sizeof line, f))
        n++;
    if (f)
        fclose(f);
    return n == 8 && strncmp(line, "ready", 5) == 0;
}

bool cluster_db_wait(struct cluster *c)
{
    for (int waited = 0; waited < READY_MS; waited += POLL_MS) {
        if (db_is_ready(c))
            return true;
        if (cluster_pause(c, POLL_MS))
            return false;
        if (c->db.pid == 0)
            break;
    }
    cli_say("PostgreSQL has not become ready");
    cluster_process_tail(&c->db);
    return false;
}
