/* SPDX-License-Identifier: Apache-2.0
 *
 * bulla cluster: several nodes of the platform on this machine, over PostgreSQL and a NATS JetStream cluster of their own,
 * with the simulated world, to see what happens when one dies.
 */
#include "cli/cluster.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/demo_records.h"
#include "platform/base/clock.h"
#include "platform/base/log.h"
#include "platform/out/out.h"

#define NODE_END_MS    20000
#define SERVICE_END_MS 10000

static const char help[] =
    "Usage: bulla cluster [OPTIONS]\n"
    "\n"
    "Runs several nodes of the platform on this machine: PostgreSQL, three NATS servers as a JetStream cluster, the nodes,\n"
    "and the simulated world of bulla demo, whose seals are spread over the nodes. Everything has a directory and secrets\n"
    "of its own and listens on 127.0.0.1 alone. Open the workplace of one node, kill another, and watch the map go on.\n"
    "\n"
    "Options:\n"
    "  --nodes N          nodes, 1 to 9 (default 3)\n"
    "  --journeys N       lorries under way (default 60)\n"
    "  --speed N          reports and incidents come N times as fast, 1 to 60 (default 1)\n"
    "  --seed N           another world (default 1)\n"
    "  --http PORT        of the first node's workplace; the others follow it (default 8081; 0: any free ones)\n"
    "  --data DIR         keep everything in DIR, which must be new or empty (default: removed at the end)\n"
    "  --password TEXT    password of the users (default: made up and printed)\n"
    "  --help             this text\n"
    "\n"
    "While it runs, type:\n"
    "  kill 2             end node 2 at once (kill -9 on its process does the same)\n"
    "  stop 2             let node 2 finish what it has, and end\n"
    "  start 2            start it again\n"
    "  status             the nodes, what each holds, and what waits\n"
    "  quit               end everything (or Ctrl-C)\n"
    "Brokers are b1 to b3 and the database is db: kill b1, start b1, kill db.\n"
    "\n"
    "Example:\n"
    "  bulla cluster --journeys 200\n"
    "\n"
    "Exit codes: 0 stopped as asked, 2 wrong usage, 3 it could not start.\n";

extern const struct cli_command cli_cluster;

struct run {
    struct cluster cluster;
    struct store *store;
    struct world *world;
    struct demo_history history;
    bool journeys_are_in;
    char typed[200];
    size_t n_typed;
};

/* --- processes and signals --- */

struct cluster_process *cluster_process_at(struct cluster *c, unsigned i)
{
    if (i == 0)
        return &c->db;
    if (i <= CLUSTER_BROKERS)
        return &c->brokers[i - 1];
    return i - CLUSTER_BROKERS <= c->n_nodes ? &c->nodes[i - CLUSTER_BROKERS - 1] : NULL;
}

static void notice_ends(struct cluster *c)
{
    char how[80];
    struct cluster_process *p;
    for (unsigned i = 0; (p = cluster_process_at(c, i)); i++) {
        pid_t pid = p->pid;
        if (!cluster_process_reap(p))
            continue;
        if (i > CLUSTER_BROKERS)
            c->at[i - CLUSTER_BROKERS - 1].ready = false;
        if (!c->stopping)
            printf("%s (pid %d) has ended: %s. To have it back, type: start %s\n", p->name, (int)pid, cluster_process_how(p, how, sizeof how),
                   p->name);
    }
    fflush(stdout);
}

static void read_signals(struct cluster *c)
{
    struct signalfd_siginfo got;
    while (read(c->signals, &got, sizeof got) == (ssize_t)sizeof got)
        c->stopping = c->stopping || got.ssi_signo != SIGCHLD;
    notice_ends(c);
}

bool cluster_pause(struct cluster *c, int ms)
{
    struct pollfd on = {.fd = c->signals, .events = POLLIN};
    if (poll(&on, 1, ms) > 0)
        read_signals(c);
    return c->stopping;
}

static bool take_signals(struct cluster *c)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return c->signals >= 0;
}

/* --- what is typed --- */

/* "2", "n2", "b1", "db" */
static struct cluster_process *process_named(struct cluster *c, const char *name)
{
    struct cluster_process *p;
    for (unsigned i = 0; (p = cluster_process_at(c, i)); i++)
        if (strcmp(p->name, name) == 0 || (p->name[0] == 'n' && strcmp(p->name + 1, name) == 0))
            return p;
    return NULL;
}

static void do_kill(struct run *r, struct cluster_process *p)
{
    (void)r;
    cluster_process_end(p, true);
}

static void do_stop(struct run *r, struct cluster_process *p)
{
    (void)r;
    cluster_process_end(p, false);
}

static void do_start(struct run *r, struct cluster_process *p)
{
    (void)r;
    if (p->pid)
        printf("%s runs already, pid %d\n", p->name, (int)p->pid);
    else if (cluster_process_start(p))
        printf("%s was started, pid %d\n", p->name, (int)p->pid);
}

static void do_status(struct run *r, struct cluster_process *p)
{
    (void)p;
    cluster_print_status(&r->cluster, r->world);
}

static void do_quit(struct run *r, struct cluster_process *p)
{
    (void)p;
    r->cluster.stopping = true;
}

static void obey(struct run *r, char *line)
{
    static const struct {
        const char *word;
        bool named;
        void (*act)(struct run *r, struct cluster_process *p);
    } words[] = {{"kill", true, do_kill}, {"stop", true, do_stop}, {"start", true, do_start}, {"status", false, do_status}, {"quit", false, do_quit}};
    char word[20] = "", name[20] = "", more[4] = "";
    int n = sscanf(line, "%19s %19s %3s", word, name, more);
    for (size_t i = 0; n > 0 && i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) != 0 || n != 1 + words[i].named)
            continue;
        struct cluster_process *p = words[i].named ? process_named(&r->cluster, name) : NULL;
        if (words[i].named && !p)
            break;
        words[i].act(r, p);
        fflush(stdout);
        return;
    }
    if (n > 0)
        printf("Expected kill, stop or start and one of 1 to %u, b1 to b%d, db; or status; or quit. Got: %s\n", r->cluster.n_nodes,
               CLUSTER_BROKERS, line);
    fflush(stdout);
}

/* False at the end of what is typed. */
static bool read_typed(struct run *r)
{
    ssize_t n = read(STDIN_FILENO, r->typed + r->n_typed, sizeof r->typed - 1 - r->n_typed);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    r->n_typed += (size_t)n;
    r->typed[r->n_typed] = '\0';
    for (char *end; (end = strchr(r->typed, '\n'));) {
        *end = '\0';
        obey(r, r->typed);
        r->n_typed -= (size_t)(end + 1 - r->typed);
        memmove(r->typed, end + 1, r->n_typed + 1);
    }
    if (r->n_typed == sizeof r->typed - 1)
        r->n_typed = 0; /* no command is as long */
    return true;
}

/* --- the world --- */

static void on_event(void *host, const struct world_event *event)
{
    struct clock clock = clock_system();
    demo_event(((struct run *)host)->store, event, clock_now(&clock), NULL);
}

/* The journeys, once; said when it cannot be and tried again: the database may be away just now. */
static void enter_journeys(struct run *r)
{
    if (r->journeys_are_in || !demo_history_is_in(&r->history, r->world))
        return;
    r->journeys_are_in = demo_journeys_put(r->store, world_plan(r->world), NULL);
    if (!r->journeys_are_in)
        log_say(LOG_WARN, "cluster", "the world's journeys could not be stored: %s", store_error(r->store));
}

static void live(struct run *r)
{
    struct pollfd on[2] = {{.fd = r->cluster.signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    nfds_t n = isatty(STDIN_FILENO) ? 2 : 1;
    while (!r->cluster.stopping) {
        if (poll(on, n, DEMO_HISTORY_MS) < 0 && errno != EINTR)
            return;
        read_signals(&r->cluster);
        if (n == 2 && on[1].revents && !read_typed(r))
            n = 1;
        enter_journeys(r);
    }
}

static bool start_world(struct run *r)
{
    char why[MODEL_WHY_SIZE] = "";
    struct world_place places[CLUSTER_NODES_MAX];
    for (unsigned i = 0; i < r->cluster.n_nodes; i++)
        places[i] = (struct world_place){"127.0.0.1", r->cluster.at[i].jt701, r->cluster.at[i].jt808};
    world_on_event(r->world, on_event, r);
    if (world_start_places(r->world, places, r->cluster.n_nodes, why, sizeof why))
        return true;
    cli_say("%s", why);
    return false;
}

/* --- from the start to the end --- */

static bool open_store(struct run *r, const struct cli_context *context, int64_t now_ms)
{
    char why[MODEL_WHY_SIZE] = "";
    r->store = store_open(context->stores, r->cluster.store_url, why, sizeof why);
    if (!r->store) {
        cli_say("the database: %s", why);
        return false;
    }
    const struct world_plan *plan = world_plan(r->world);
    if (demo_people_put(r->store, plan, r->cluster.password, now_ms) && demo_records_put(r->store, plan))
        return true;
    cli_say("the world's records could not be stored: %s", store_error(r->store));
    return false;
}

static bool start_nodes(struct run *r)
{
    struct cluster *c = &r->cluster;
    for (unsigned i = 0; i < c->n_nodes; i++)
        if (!cluster_process_start(&c->nodes[i]))
            return false;
    return cluster_nodes_wait(c);
}

static bool start_all(struct run *r, const struct cli_context *context, unsigned http, int64_t now_ms)
{
    struct cluster *c = &r->cluster;
    cli_say("starting PostgreSQL and NATS in %s", c->folder);
    if (!cluster_brokers_start(c) || !cluster_db_make(c) || !cluster_db_wait(c) || !cluster_brokers_wait(c))
        return false;
    if (!open_store(r, context, now_ms) || !cluster_nodes_make(c, http))
        return false;
    cli_say("starting %u nodes", c->n_nodes);
    if (!start_nodes(r) || !start_world(r))
        return false;
    printf("\nThe cluster is ready. The workplace is the same on every node:\n");
    cluster_print_where(c);
    demo_people_print(world_plan(r->world), c->password);
    printf("To kill a node: kill -9 %d%s\n\n", (int)c->nodes[c->n_nodes > 1].pid,
           isatty(STDIN_FILENO) ? ", or type: kill 2 / stop 2 / start 2 / status / quit" : "");
    fflush(stdout);
    return true;
}

/* Nodes first, while what they need still stands; the database last. */
static void end_all(struct run *r)
{
    struct cluster *c = &r->cluster;
    struct cluster_process *p;
    unsigned n = 1 + CLUSTER_BROKERS + c->n_nodes;
    c->stopping = true;
    if (r->world)
        world_stop(r->world);
    for (unsigned i = n; i-- > 0;) {
        if ((p = cluster_process_at(c, i)) && i > CLUSTER_BROKERS)
            cluster_process_end(p, false);
    }
    for (unsigned i = n; i-- > CLUSTER_BROKERS + 1;)
        cluster_process_wait(cluster_process_at(c, i), NODE_END_MS);
    if (r->store)
        store_close(r->store);
    for (unsigned i = CLUSTER_BROKERS + 1; i-- > 0;)
        cluster_process_end(cluster_process_at(c, i), false);
    for (unsigned i = CLUSTER_BROKERS + 1; i-- > 0;)
        cluster_process_wait(cluster_process_at(c, i), SERVICE_END_MS);
    world_free(r->world);
}

static int run_all(const struct cli_context *context, const char *data, unsigned http, const struct world_options *options, struct run *r)
{
    char made[64];
    bool temporary;
    if (!demo_folder(&data, made, &temporary))
        return temporary ? CLI_IO : CLI_USAGE;
    /* The database's user passes through, and reads nothing. */
    if (mkdir(data, 0711) != 0 && (errno != EEXIST || chmod(data, 0711) != 0)) {
        cli_say("--data: %s: %s", data, strerror(errno));
        return CLI_IO;
    }
    char *whole = realpath(data, NULL);
    if (!whole || strlen(whole) >= sizeof r->cluster.folder || !take_signals(&r->cluster)) {
        cli_say("--data: %s: expected a path of less than %zu characters", data, sizeof r->cluster.folder);
        free(whole);
        return CLI_IO;
    }
    snprintf(r->cluster.folder, sizeof r->cluster.folder, "%s", whole);
    free(whole);
    r->world = world_new(options);
    bool started = r->world && start_all(r, context, http, options->start_ms), asked = r->cluster.stopping;
    if (started)
        live(r);
    cli_say("stopping: the nodes, then NATS and PostgreSQL");
    end_all(r);
    close(r->cluster.signals);
    if (temporary)
        demo_folder_remove(data);
    return started || asked ? CLI_OK : CLI_IO;
}

static int run(const struct cli_context *context, int argc, char **argv)
{
    const char *nodes_text = NULL, *journeys_text = NULL, *speed_text = NULL, *seed_text = NULL, *http_text = NULL, *data = NULL,
               *password = NULL;
    const struct cli_option options[] = {
        {"nodes", &nodes_text, NULL}, {"journeys", &journeys_text, NULL}, {"speed", &speed_text, NULL}, {"seed", &seed_text, NULL},
        {"http", &http_text, NULL},   {"data", &data, NULL},              {"password", &password, NULL},
    };
    double nodes = 3, journeys = 60, speed = 1, seed = 1, http = 8081;
    argc = cli_options(&cli_cluster, options, sizeof options / sizeof *options, argc, argv);
    if (argc < 0)
        return argc == -2 ? CLI_OK : CLI_USAGE;
    if (argc > 1) {
        cli_say("expected no argument, got \"%s\"", argv[1]);
        return CLI_USAGE;
    }
    if (!demo_number("nodes", nodes_text, 1, CLUSTER_NODES_MAX, &nodes) ||
        !demo_number("journeys", journeys_text, 1, WORLD_JOURNEYS_MAX, &journeys) || !demo_number("speed", speed_text, 1, 60, &speed) ||
        !demo_number("seed", seed_text, 0, 4e9, &seed) || !demo_number("http", http_text, 0, 65535 - CLUSTER_NODES_MAX, &http))
        return CLI_USAGE;
    struct run *r = calloc(1, sizeof *r);
    char secret[CLUSTER_SECRET_SIZE];
    struct clock clock = clock_system();
    if (!r || !cluster_secret(secret)) {
        free(r);
        return CLI_IO;
    }
    r->cluster.n_nodes = (unsigned)nodes;
    snprintf(r->cluster.password, sizeof r->cluster.password, "%s", password ? password : secret + CLUSTER_SECRET_SIZE - 15);
    struct world_options world = {
        .seed = (uint64_t)seed, .journeys = (int)journeys, .speed = speed, .start_ms = clock_now(&clock) / 1000 * 1000};
    int code = run_all(context, data, (unsigned)http, &world, r);
    free(r);
    return code;
}

const struct cli_command cli_cluster = {"cluster", "Run several nodes on this machine, to kill one", help, run};
