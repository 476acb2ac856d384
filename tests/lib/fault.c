// Fault injection: the n-th allocation, or the n-th write, fails.
#include "fault.h"

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

// <0: never fail. Per thread, so that only the thread under test is hit.
static _Thread_local int allocs = -1, writes = -1;

static bool fires(int *countdown)
{
    return *countdown >= 0 && (*countdown)-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return fires(&allocs) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
    return fires(&allocs) ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fires(&allocs) ? NULL : __real_realloc(p, n);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    if (!fires(&writes))
        return __real_write(fd, p, n);
    errno = ENOSPC;
    return -1;
}

int __wrap_fsync(int fd)
{
    if (!fires(&writes))
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!fires(&writes))
        return __real_rename(from, to);
    errno = EIO;
    return -1;
}

static int each(bool (*work)(void), int *countdown)
{
    for (int n = 0; n < 100000; n++) {
        *countdown = n;
        bool ok = work();
        bool fired = *countdown == -1;
        *countdown = -1;
        if (ok && !fired)
            return n;
    }
    return -1;
}

int gw_fault_each_alloc(bool (*work)(void))
{
    return each(work, &allocs);
}

int gw_fault_each_write(bool (*work)(void))
{
    return each(work, &writes);
}
