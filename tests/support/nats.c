/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/nats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool nats_servers_installed(void)
{
    return access("/usr/sbin/nats-server", X_OK) == 0 || system("command -v nats-server >/dev/null 2>&1") == 0;
}

static unsigned short free_port(int *held)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(*held >= 0);
    assert_int_equal(bind(*held, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(*held, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static bool answers(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = s >= 0 && connect(s, (struct sockaddr *)&address, sizeof address) == 0;
    if (s >= 0) {
        close(s);
    }
    return yes;
}

static void write_configuration(const struct nats_servers *servers, unsigned which)
{
    char path[128];
    snprintf(path, sizeof path, "%s/n%u.conf", servers->folder, which + 1);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "server_name: n%u\nlisten: 127.0.0.1:%u\njetstream { store_dir: \"%s/n%u\", max_file_store: 64G, max_memory_store: 256M }\n",
            which + 1, servers->port[which], servers->folder, which + 1);
    if (servers->user) {
        fprintf(file, "authorization { user: %s, password: \"%s\" }\n", servers->user, servers->password);
    }
    if (servers->n > 1) {
        fprintf(file, "cluster { name: test, listen: 127.0.0.1:%u, routes: [", servers->cluster_port[which]);
        for (unsigned i = 0; i < servers->n; i++) {
            fprintf(file, "%snats://127.0.0.1:%u", i ? ", " : "", servers->cluster_port[i]);
        }
        fprintf(file, "] }\n");
    }
    fclose(file);
}

void nats_servers_start_one(struct nats_servers *servers, unsigned which)
{
    char configuration[128], log[128];
    pid_t parent = getpid();
    snprintf(configuration, sizeof configuration, "%s/n%u.conf", servers->folder, which + 1);
    snprintf(log, sizeof log, "%s/n%u.log", servers->folder, which + 1);
    assert_int_equal(servers->pid[which], 0);
    servers->pid[which] = fork();
    assert_true(servers->pid[which] >= 0);
    if (servers->pid[which] == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int words = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (getppid() != parent || words < 0) {
            _exit(1);
        }
        dup2(words, 1);
        dup2(words, 2);
        execlp("nats-server", "nats-server", "-c", configuration, (char *)NULL);
        execl("/usr/sbin/nats-server", "nats-server", "-c", configuration, (char *)NULL);
        _exit(127);
    }
    for (unsigned i = 0; i < 1000 && !answers(servers->port[which]); i++) {
        usleep(10000);
        assert_int_equal(waitpid(servers->pid[which], NULL, WNOHANG), 0);
    }
    assert_true(answers(servers->port[which]));
}

/* The logs of all are searched for a word. */
static bool anybody_says(const struct nats_servers *servers, const char *word)
{
    char command[300];
    snprintf(command, sizeof command, "grep -qs '%s' %s/*.log", word, servers->folder);
    return system(command) == 0;
}

void nats_servers_start(struct nats_servers *servers, unsigned n, const char *user, const char *password)
{
    int held[2 * NATS_SERVERS];
    *servers = (struct nats_servers){.n = n, .user = user, .password = password};
    snprintf(servers->folder, sizeof servers->folder, "/tmp/bulla-nats-XXXXXX");
    assert_true(n >= 1 && n <= NATS_SERVERS);
    assert_non_null(mkdtemp(servers->folder));
    for (unsigned i = 0; i < n; i++) {
        servers->port[i] = free_port(&held[2 * i]);
        servers->cluster_port[i] = free_port(&held[2 * i + 1]);
    }
    for (unsigned i = 0; i < 2 * n; i++) {
        close(held[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        write_configuration(servers, i);
    }
    for (unsigned i = 0; i < n; i++) {
        nats_servers_start_one(servers, i);
    }
    for (unsigned i = 0;
         n > 1 && i < 1500 && !anybody_says(servers, "new metadata leader\\|new leader.*metadata\\|cluster leader\\|metadata leader");
         i++) {
        usleep(20000);
    }
}

void nats_servers_kill(struct nats_servers *servers, unsigned which)
{
    if (servers->pid[which] > 0) {
        kill(servers->pid[which], SIGKILL);
        waitpid(servers->pid[which], NULL, 0);
        servers->pid[which] = 0;
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void nats_servers_stop(struct nats_servers *servers)
{
    for (unsigned i = 0; i < servers->n; i++) {
        nats_servers_kill(servers, i);
    }
    nftw(servers->folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

void nats_servers_url(const struct nats_servers *servers, char *url, size_t size)
{
    size_t used = (size_t)snprintf(url, size, "nats://");
    if (servers->user) {
        used += (size_t)snprintf(url + used, size - used, "%s:%s@", servers->user, servers->password);
    }
    for (unsigned i = 0; i < servers->n; i++) {
        used += (size_t)snprintf(url + used, size - used, "%s127.0.0.1:%u", i ? "," : "", servers->port[i]);
    }
    assert_true(used < size);
}

double nats_servers_cpu_s(const struct nats_servers *servers)
{
    double sum = 0;
    for (unsigned i = 0; i < servers->n; i++) {
        char path[64];
        unsigned long user = 0, kernel = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", servers->pid[i]);
        FILE *file = servers->pid[i] ? fopen(path, "r") : NULL;
        if (file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) == 2) {
            sum += (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
        }
        if (file) {
            fclose(file);
        }
    }
    return sum;
}

int nats_servers_find(const struct nats_servers *servers, const char *name)
{
    return name[0] == 'n' && name[1] >= '1' && name[1] < (char)('1' + servers->n) ? name[1] - '1' : -1;
}
