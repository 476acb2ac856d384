// Finding the jailed child from outside, through /proc.
#ifndef GW_JAILED_CHILD_H
#define GW_JAILED_CHILD_H

#include "base/base.h"
#include "t.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

// The first line of a small file, without its end. Nothing here asserts: other
// threads use it.
static inline gw_span first_line(const char *path, char *line, int size)
{
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, size, f);
    if (f)
        fclose(f);
    gw_span rest = gw_str(ok ? line : "");
    return gw_cut(&rest, '\n');
}

// A living child of that process, 0 if it has none.
static inline pid_t child_of(pid_t parent)
{
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        char path[300], line[400];
        uint64_t pid, ppid;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        if (!gw_parse_uint(gw_str(e->d_name), INT32_MAX, &pid))
            continue;
        gw_span s = first_line(path, line, sizeof line);
        while (gw_find(s, GW_LIT(")"), 0) >= 0)
            gw_cut(&s, ')'); // the name may hold anything
        gw_cut(&s, ' ');
        gw_span state = gw_cut(&s, ' ');
        if (gw_parse_uint(gw_cut(&s, ' '), INT32_MAX, &ppid) &&
            (pid_t)ppid == parent && !gw_is(state, "Z"))
            found = (pid_t)pid;
    }
    if (d)
        closedir(d);
    return found;
}

// Where descriptor fd of a process leads; false if it has none.
static inline bool descriptor(pid_t pid, const char *fd, char *ret, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, fd);
    ssize_t n = readlink(path, ret, size - 1);
    ret[n < 0 ? 0 : n] = 0;
    return n >= 0;
}

// How far into a file whose path has that part a process is; -1 if it has none
// such open, or is at its end.
static inline int64_t amid(pid_t pid, const char *part)
{
    char path[300];
    int64_t found = -1;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char target[4096], info[600], line[100];
        struct stat st;
        int64_t pos;
        if (!descriptor(pid, e->d_name, target, sizeof target) ||
            !strstr(target, part) || stat(target, &st))
            continue;
        snprintf(info, sizeof info, "/proc/%d/fdinfo/%s", (int)pid, e->d_name);
        gw_span s = first_line(info, line, sizeof line);
        if (gw_is(gw_cut(&s, ':'), "pos") && gw_parse_int(gw_trim(s), &pos) &&
            pos < st.st_size)
            found = pos;
    }
    if (d)
        closedir(d);
    return found;
}

#endif
