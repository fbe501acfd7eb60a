/*
 * A disk that remembers what was really made durable. Preloaded into a program (LD_PRELOAD), it watches the calls that
 * make data survive a power cut and keeps, in the folder named by POWERCUT_SHADOW, what would be found afterwards:
 *
 *   files/<inode>     the content of a file at its last fsync or fdatasync
 *   folders/<inode>   the entries of a folder at its last fsync: "<kind> <inode> <name>" each ended by a zero byte,
 *                     kind f (file), d (folder) or o (other)
 *   refused           a call that makes data durable in a way this shim does not follow; the program is aborted
 *
 * With POWERCUT_BLIND set nothing is ever recorded: a disk that lies about syncs, on which every test of durability must
 * fail.
 *
 * <inode> is the inode number with the time of its birth, which together are never used twice; a file system without
 * birth times is refused. Nothing else counts as durable: not write, not close, not rename, not sync_file_range.
 * A record appears by rename after it was written, so a program killed within fsync leaves the older record: that sync
 * was never reported as done.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* One descriptor per file for reading its content, opened once and never closed: closing any descriptor of a file
 * would drop the locks that SQLite holds on it. Looked up from the end: what was synced last is synced again soonest. */
struct reader {
    char inode[NAME_BYTES];
    int fd;
};
static struct reader *readers;
static size_t reader_count, reader_room;

static const char *shadow(void) {
    const char *folder = getenv("POWERCUT_SHADOW");
    if (!folder || !*folder) {
        fprintf(stderr, "powercut: POWERCUT_SHADOW names no folder\n");
        abort();
    }
    return folder;
}

static void refuse(const char *what) {
    char path[4096];
    snprintf(path, sizeof path, "%s/refused", shadow());
    FILE *file = fopen(path, "ae");
    if (file) {
        fprintf(file, "%s\n", what);
        fclose(file);
    }
    fprintf(stderr, "powercut: %s is not followed by this shim\n", what);
    abort();
}

/* Kind and never-reused name of what a descriptor (path "") or an entry of a folder stands for. */
static int identify(int at, const char *path, char inode[NAME_BYTES], char *kind) {
    struct statx found;
    int flags = AT_SYMLINK_NOFOLLOW | (*path ? 0 : AT_EMPTY_PATH);
    if (statx(at, path, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &found) != 0)
        return -1;
    if (!(found.stx_mask & STATX_BTIME))
        refuse("a file system without birth times");
    snprintf(inode, NAME_BYTES, "%llu-%lld.%09u", (unsigned long long)found.stx_ino,
             (long long)found.stx_btime.tv_sec, found.stx_btime.tv_nsec);
    *kind = S_ISREG(found.stx_mode) ? 'f' : S_ISDIR(found.stx_mode) ? 'd' : 'o';
    return 0;
}

static int write_whole(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t done = write(fd, bytes, length);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

/* Opens the record to be written; finish() makes it the valid one. */
static int begin(const char *kind, const char *inode, char path[4096], char scratch[4096]) {
    snprintf(path, 4096, "%s/%s/%s", shadow(), kind, inode);
    snprintf(scratch, 4096, "%s/scratch-%d", shadow(), (int)getpid());
    return open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void finish(int out, int failed, const char *path, const char *scratch) {
    if (out >= 0)
        close(out);
    if (out < 0 || failed || rename(scratch, path) != 0) {
        fprintf(stderr, "powercut: cannot record %s: %s\n", path, strerror(errno));
        abort();
    }
}

static int reader_of(int fd, const char *inode) {
    for (size_t i = reader_count; i > 0; i--)
        if (strcmp(readers[i - 1].inode, inode) == 0)
            return readers[i - 1].fd;
    char again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    int opened = open(again, O_RDONLY | O_CLOEXEC);
    if (opened < 0)
        return -1;
    if (reader_count == reader_room) {
        size_t room = reader_room ? reader_room * 2 : 64;
        struct reader *grown = realloc(readers, room * sizeof *readers);
        if (!grown)
            abort();
        readers = grown;
        reader_room = room;
    }
    snprintf(readers[reader_count].inode, NAME_BYTES, "%s", inode);
    readers[reader_count++].fd = opened;
    return opened;
}

static void record_file(int fd, const char *inode) {
    static char bytes[1 << 16];
    char path[4096], scratch[4096];
    int in = reader_of(fd, inode);
    int out = begin("files", inode, path, scratch);
    int failed = in < 0;
    off_t at = 0;
    while (!failed && out >= 0) {
        ssize_t got = pread(in, bytes, sizeof bytes, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            failed = got < 0;
            break;
        }
        failed = write_whole(out, bytes, (size_t)got) != 0;
        at += got;
    }
    finish(out, failed, path, scratch);
}

static void record_folder(int fd, const char *inode) {
    char path[4096], scratch[4096], again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    DIR *folder = opendir(again);
    int out = begin("folders", inode, path, scratch);
    int failed = !folder;
    struct dirent *entry;
    while (!failed && out >= 0 && (entry = readdir(folder))) {
        char child[NAME_BYTES], line[NAME_BYTES + sizeof entry->d_name + 8], kind;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (identify(dirfd(folder), entry->d_name, child, &kind) != 0)
            continue; /* removed between listing and looking */
        int length = snprintf(line, sizeof line, "%c %s %s", kind, child, entry->d_name);
        failed = write_whole(out, line, (size_t)length + 1) != 0;
    }
    if (folder)
        closedir(folder);
    finish(out, failed, path, scratch);
}

static int made_durable(int fd) {
    char inode[NAME_BYTES], kind;
    if (getenv("POWERCUT_BLIND"))
        return 0;
    if (identify(fd, "", inode, &kind) != 0)
        return -1;
    pthread_mutex_lock(&lock);
    if (kind == 'f')
        record_file(fd, inode);
    else if (kind == 'd')
        record_folder(fd, inode);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* The machine's own disk need not be troubled: what counts here is what the shadow holds. */
int fsync(int fd) { return made_durable(fd); }
int fdatasync(int fd) { return made_durable(fd); }

int sync_file_range(int fd, off64_t from, off64_t length, unsigned int flags) {
    (void)fd, (void)from, (void)length, (void)flags;
    return 0; /* promises nothing about metadata or the disk's cache */
}

void sync(void) { refuse("sync()"); }
int syncfs(int fd) {
    (void)fd;
    refuse("syncfs()");
    return -1;
}
int msync(void *from, size_t length, int flags) {
    (void)from, (void)length;
    if (flags & MS_SYNC)
        refuse("msync(MS_SYNC)");
    return 0;
}

/* A descriptor whose every write is durable would pass unseen. */
static void check_flags(const char *path, int flags) {
    if (flags & (O_DSYNC | (O_SYNC & ~O_DSYNC))) {
        char what[4400];
        snprintf(what, sizeof what, "open of %s with O_SYNC or O_DSYNC", path);
        refuse(what);
    }
}

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

#define MODE_OF(flags, mode)                                                                                           \
    mode_t mode = 0;                                                                                                   \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {                                                   \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode = va_arg(rest, mode_t);                                                                                   \
        va_end(rest);                                                                                                  \
    }

#define WRAP_OPEN(name)                                                                                                \
    int name(const char *path, int flags, ...) {                                                                       \
        MODE_OF(flags, mode)                                                                                           \
        check_flags(path, flags);                                                                                      \
        return ((int (*)(const char *, int, mode_t))next(#name))(path, flags, mode);                                   \
    }
#define WRAP_OPENAT(name)                                                                                              \
    int name(int at, const char *path, int flags, ...) {                                                               \
        MODE_OF(flags, mode)                                                                                           \
        check_flags(path, flags);                                                                                      \
        return ((int (*)(int, const char *, int, mode_t))next(#name))(at, path, flags, mode);                          \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPEN(__open_2)
WRAP_OPEN(__open64_2)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP_OPENAT(__openat_2)
WRAP_OPENAT(__openat64_2)
