/* A disk that is full: below the folder that DRIFTLINE_DISK names, a process may write DRIFTLINE_DISK_BYTES bytes, and then every
 * write ends as on a full file system, the last one short. Preloaded into the program under test, so that no test needs to
 * mount anything. What is removed gives no room back: somebody else fills the disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_llong left;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *bytes = getenv("DRIFTLINE_DISK_BYTES");
    folder = getenv("DRIFTLINE_DISK");
    atomic_store(&left, bytes ? atoll(bytes) : 0);
}

static int is_on_disk(int fd) {
    char link[64], path[PATH_MAX];
    ssize_t length;
    if (!folder)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* How many of these bytes find room; -1 with ENOSPC where none does. */
static ssize_t room(int fd, size_t wanted) {
    long long had, taken;
    if (wanted == 0 || !is_on_disk(fd))
        return (ssize_t)wanted;
    do {
        had = atomic_load(&left);
        taken = had < (long long)wanted ? had : (long long)wanted;
        if (taken <= 0) {
            errno = ENOSPC;
            return -1;
        }
    } while (!atomic_compare_exchange_weak(&left, &had, had - taken));
    return (ssize_t)taken;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    ssize_t fits = room(fd, count);
    if (!real)
        real = dlsym(RTLD_NEXT, "write");
    return fits < 0 ? -1 : real(fd, bytes, (size_t)fits);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    ssize_t fits = room(fd, count);
    if (!real)
        real = dlsym(RTLD_NEXT, "pwrite64");
    return fits < 0 ? -1 : real(fd, bytes, (size_t)fits, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return pwrite64(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real)
        real = dlsym(RTLD_NEXT, "writev");
    if (count < 1 || !is_on_disk(fd))
        return real(fd, parts, count);
    /* A short write of the first part is as good an answer. */
    return write(fd, parts[0].iov_base, parts[0].iov_len);
}

/* Copies within the kernel are declined, so that callers read and write. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned flags) {
    static ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned);
    if (!real)
        real = dlsym(RTLD_NEXT, "copy_file_range");
    if (is_on_disk(out)) {
        errno = EXDEV;
        return -1;
    }
    return real(in, from, out, to, count, flags);
}

ssize_t sendfile64(int out, int in, off64_t *from, size_t count) {
    static ssize_t (*real)(int, int, off64_t *, size_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "sendfile64");
    if (is_on_disk(out)) {
        errno = EINVAL;
        return -1;
    }
    return real(out, in, from, count);
}
