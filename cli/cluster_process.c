/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cluster_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

#define TAIL_BYTES 2000
#define POLL_US    20000

void cluster_process_init(struct cluster_process *p, const char *name, const char *folder, int stop_signal)
{
    *p = (struct cluster_process){.stop_signal = stop_signal};
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->log, sizeof p->log, "%.*s/%s.log", (int)sizeof p->log - 20, folder, name);
}

void cluster_process_arg(struct cluster_process *p, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof p->text - p->used;
    va_start(arguments, format);
    int n = vsnprintf(p->text + p->used, room, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= room || p->n_args == CLUSTER_ARGS_MAX) {
        p->overflow = true;
        return;
    }
    p->argv[p->n_args++] = p->text + p->used;
    p->argv[p->n_args] = NULL;
    p->used += (size_t)n + 1;
}

/* --- starting --- */

/* In the child, between fork and exec of a program that has threads: system calls alone. */
static void become(const struct cluster_process *p, int in, int out, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    if (p->uid && (setgroups(0, NULL) != 0 || setgid(p->gid) != 0 || setuid(p->uid) != 0))
        _exit(126);
    /* After setuid, which clears it; and the parent may have gone before. */
    prctl(PR_SET_PDEATHSIG, p->stop_signal);
    if (getppid() != parent)
        _exit(126);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execv(p->argv[0], p->argv);
    static const char words[] = "cannot be run\n";
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    _exit(127);
}

bool cluster_process_start(struct cluster_process *p)
{
    if (p->overflow) {
        cli_say("%s: its command line is too long", p->name);
        return false;
    }
    int in = open(p->input[0] ? p->input : "/dev/null", O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t parent = getpid(), pid = out < 0 ? -1 : fork();
    if (pid == 0)
        become(p, in, out, parent);
    int error = errno;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (pid < 0) {
        cli_say("%s cannot be started: %s", p->name, strerror(error));
        return false;
    }
    p->pid = pid;
    p->asked = false;
    return true;
}

/* --- ending --- */

void cluster_process_end(struct cluster_process *p, bool kill_it)
{
    if (p->pid <= 0)
        return;
    p->asked = true;
    kill(p->pid, kill_it ? SIGKILL : p->stop_signal);
}

bool cluster_process_reap(struct cluster_process *p)
{
    if (p->pid <= 0 || waitpid(p->pid, &p->ended, WNOHANG) != p->pid)
        return false;
    p->pid = 0;
    return true;
}

int cluster_process_wait(struct cluster_process *p, unsigned most_ms)
{
    for (unsigned waited_ms = 0; p->pid > 0 && !cluster_process_reap(p); waited_ms += POLL_US / 1000) {
        if (waited_ms >= most_ms)
            kill(p->pid, SIGKILL);
        usleep(POLL_US);
    }
    return WIFEXITED(p->ended) ? WEXITSTATUS(p->ended) : 128 + WTERMSIG(p->ended);
}

const char *cluster_process_how(const struct cluster_process *p, char *to, size_t size)
{
    if (WIFEXITED(p->ended))
        snprintf(to, size, "exit code %d", WEXITSTATUS(p->ended));
    else
        snprintf(to, size, "signal %d (%s)", WTERMSIG(p->ended), strsignal(WTERMSIG(p->ended)));
    return to;
}

void cluster_process_tail(const struct cluster_process *p)
{
    char words[TAIL_BYTES];
    FILE *f = fopen(p->log, "r");
    if (!f)
        return;
    if (fseek(f, -TAIL_BYTES, SEEK_END) != 0)
        rewind(f);
    size_t n = fread(words, 1, sizeof words, f);
    fclose(f);
    cli_say("last words of %s (%s):", p->name, p->log);
    fwrite(words, 1, n, stderr);
    if (n > 0 && words[n - 1] != '\n')
        fputc('\n', stderr);
}
