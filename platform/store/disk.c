// SPDX-License-Identifier: Apache-2.0
// The machine's own disk.

#include "platform/store/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void *host)
{
    (void)host;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The entry of a new folder is kept by the folder above it. */
static int sync_above(const char *path)
{
    char above[1024];
    snprintf(above, sizeof above, "%s", path);
    char *slash = strrchr(above, '/');
    if (slash) {
        slash[slash == above] = '\0';
    } else {
        snprintf(above, sizeof above, ".");
    }
    int folder = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return errno == EACCES ? 0 : errno; /* one that may be passed through, but not read */
    }
    int failed = fsync(folder) && errno != EINVAL ? errno : 0;
    close(folder);
    return failed;
}

static int make_folder(void *host, const char *path)
{
    (void)host;
    return mkdir(path, 0700) ? errno : sync_above(path);
}

static int list(void *host, const char *folder, void (*each)(void *context, const char *name), void *context)
{
    (void)host;
    DIR *dir = opendir(folder);
    if (!dir) {
        return errno;
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        each(context, entry->d_name);
    }
    closedir(dir);
    return 0;
}

static int remove_file(void *host, const char *path)
{
    (void)host;
    return unlink(path) ? errno : 0;
}

static int64_t size(void *host, const char *path)
{
    (void)host;
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

static int lock(void *host, const char *path, int *out)
{
    (void)host;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return errno;
    }
    if (flock(file, LOCK_EX | LOCK_NB)) {
        int failed = errno;
        close(file);
        return failed;
    }
    *out = file;
    return 0;
}

static void unlock(void *host, int file)
{
    (void)host;
    close(file);
}

const struct store_disk store_disk_machine = {
    .clock = {now_ms, 0},
    .make_folder = make_folder,
    .list = list,
    .remove = remove_file,
    .size = size,
    .lock = lock,
    .unlock = unlock,
};
