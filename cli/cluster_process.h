/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that `bulla cluster` runs: one of its own process group (Ctrl-C reaches the parent alone, which ends them in
 * order), which ends when the parent is gone however that happened, with its words in a file.
 */
#ifndef CLI_CLUSTER_PROCESS_H
#define CLI_CLUSTER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CLUSTER_PATH_SIZE 512
#define CLUSTER_ARGS_MAX  40

struct cluster_process {
    char name[12];                 /* "n1", "b1", "db" */
    char about[120];               /* for people */
    char log[CLUSTER_PATH_SIZE];   /* where its words go, appended; made when missing */
    char input[CLUSTER_PATH_SIZE]; /* its standard input; "" : nothing */
    char text[3000];               /* its words of argv, one after the other */
    size_t used;
    char *argv[CLUSTER_ARGS_MAX + 1];
    size_t n_args;
    bool overflow;
    uid_t uid; /* 0: as oneself */
    gid_t gid;
    int stop_signal; /* asks it to end; also sent when the parent dies */
    pid_t pid;       /* 0: it does not run */
    int ended;       /* how it ended: of waitpid() */
    bool asked;      /* it was told to end: no surprise */
};

/* `stop_signal` as above. */
void cluster_process_init(struct cluster_process *p, const char *name, const char *folder, int stop_signal);
/* Adds a word of its command line; the first is the program's path. */
void cluster_process_arg(struct cluster_process *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starts it. False after telling stderr. */
bool cluster_process_start(struct cluster_process *p);
/* Asks it to end, or with `kill` ends it at once. */
void cluster_process_end(struct cluster_process *p, bool kill_it);
/* Looks whether it has ended since: true once, with p->ended; pid is then 0. */
bool cluster_process_reap(struct cluster_process *p);
/* Waits until it has ended, then kills it. Returns its exit code, or 128 and the signal's number. */
int cluster_process_wait(struct cluster_process *p, unsigned most_ms);
/* "exit code 3", "signal 9 (Killed)". */
const char *cluster_process_how(const struct cluster_process *p, char *to, size_t size);
/* Prints the last lines of its words to stderr. */
void cluster_process_tail(const struct cluster_process *p);

#endif
