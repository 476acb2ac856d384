// Keys whose secret is elsewhere: moving it there, and taking in what became
// of the public halves.
#include "seal/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct move {
    struct keydir from, to;
    struct gw_why *why;
};

static bool same_key(const struct keyfile *a, const struct keyfile *b)
{
    return memcmp(a->public_key, b->public_key, GW_PUBLIC_LEN) == 0;
}

static bool same_text(const struct keyfile *a, const struct keyfile *b)
{
    uint8_t one[KEYFILE_MAX], other[KEYFILE_MAX];
    size_t len = keyfile_format(a, one), other_len = keyfile_format(b, other);
    bool same = gw_eq(gw_span_of(one, len), gw_span_of(other, other_len));
    gw_wipe(one, sizeof one);
    gw_wipe(other, sizeof other);
    return same;
}

static int gone(const struct move *m, const char *file)
{
    return gw_fail(m->why, GW_EREFUSED,
                   "%s/%s: its secret is elsewhere, and not in %s",
                   m->from.path, file, m->to.path);
}

// What was written must be readable there before it goes here: a file system
// without modes, as many sticks have, lets everybody read, and no key is opened
// from that.
static int write_there(const struct move *m, const char *file,
                       const struct keyfile *k)
{
    struct keyfile back;
    int rc = keyfile_write(&m->to, file, k, m->why);
    rc = rc ? rc : keyfile_read(m->to.path, file, &back, m->why);
    if (rc) {
        (void)!keyfile_remove(&m->to, file, NULL);
        return rc;
    }
    if (!same_text(k, &back))
        rc = gw_fail(m->why, GW_EIO, "%s/%s: came back otherwise than written",
                     m->to.path, file);
    gw_wipe(&back, sizeof back);
    return rc;
}

// Makes sure that the secret is there; k is what is here.
static int give(const struct move *m, const char *file, const struct keyfile *k)
{
    struct keyfile there;
    struct gw_why own = {0};
    int rc = keyfile_read(m->to.path, file, &there, &own);
    if (rc == GW_ENOENT)
        return k->elsewhere ? gone(m, file) : write_there(m, file, k);
    if (rc)
        return gw_fail(m->why, rc, "%s", own.text);
    if (!same_key(k, &there))
        rc = gw_fail(m->why, GW_EEXIST, "%s/%s: is another key", m->to.path,
                     file);
    else if (there.elsewhere)
        rc = k->elsewhere ? gone(m, file) : write_there(m, file, k);
    else if (!k->elsewhere && !same_text(k, &there))
        rc = gw_fail(m->why, GW_EEXIST,
                     "%s/%s: is this key under another passphrase", m->to.path,
                     file);
    gw_wipe(&there, sizeof there);
    return rc;
}

static int move_file(const struct move *m, const char *file, enum gw_role role)
{
    struct keyfile k;
    int rc = keyfile_read(m->from.path, file, &k, m->why);
    if (rc)
        return rc;
    if (k.role != role)
        rc =
            gw_fail(m->why, GW_ECORRUPT, "%s/%s: holds the key of another role",
                    m->from.path, file);
    rc = rc ? rc : give(m, file, &k);
    if (!rc && !k.elsewhere) {
        keyfile_strip(&k);
        rc = keyfile_write(&m->from, file, &k, m->why);
    }
    gw_wipe(&k, sizeof k);
    return rc;
}

// ---- what was the log's key before --------------------------------------
// An old key is trusted by whoever has not heard of the new one.
static bool is_kept_name(const char *name)
{
    gw_span s = gw_str(name);
    return s.len == strlen("log.00000000.key") && gw_starts(s, "log.") &&
           gw_ends(s, ".key");
}

static int move_kept(const struct move *m)
{
    struct dirent *e;
    int rc = 0;
    DIR *d = opendir(m->from.path);
    if (!d)
        return gw_fail(m->why, GW_EIO, "%s: cannot list: %s", m->from.path,
                       strerror(errno));
    while (!rc && (e = readdir(d)))
        if (is_kept_name(e->d_name))
            rc = move_file(m, e->d_name, GW_ROLE_LOG);
    closedir(d);
    return rc;
}

// ---- the whole ----------------------------------------------------------
static int move_role(const struct move *m, enum gw_role role)
{
    char file[32];
    struct keyfile k;
    // What it holds will be one of the keys that are moved.
    int rc = keyfile_read(m->from.path, "new.key", &k, NULL);
    gw_wipe(&k, sizeof k);
    if (rc != GW_ENOENT)
        return gw_fail(m->why, GW_EREFUSED,
                       "%s/new.key: a rotation is under way; end it first",
                       m->from.path);
    snprintf(file, sizeof file, "%s.key", gw_role_name(role));
    rc = move_file(m, file, role);
    return rc || role != GW_ROLE_LOG ? rc : move_kept(m);
}

static bool same_folder(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

int gw_keyring_move(const char *folder, enum gw_role role, const char *to,
                    struct gw_why *why)
{
    struct move m = {.why = why};
    if (same_folder(folder, to))
        return gw_fail(why, GW_EREFUSED, "%s: the keys are there already", to);
    int rc = keydir_open(folder, false, &m.from, why);
    if (rc)
        return rc;
    rc = keydir_open(to, true, &m.to, why);
    if (!rc) {
        rc = move_role(&m, role);
        keydir_close(&m.to);
    }
    keydir_close(&m.from);
    return rc;
}

// ---- after a rotation elsewhere -----------------------------------------
struct pair {
    struct keyfile log, next;
};

static int read_pair(const char *folder, struct pair *ret, struct gw_why *why)
{
    int rc = keyfile_read(folder, "log.key", &ret->log, why);
    rc = rc ? rc : keyfile_read(folder, "next.key", &ret->next, why);
    if (!rc && (!ret->log.elsewhere || !ret->next.elsewhere))
        rc = gw_fail(why, GW_EREFUSED,
                     "%s: the secret of %s.key is here, so it is not replaced",
                     folder, ret->log.elsewhere ? "next" : "log");
    return rc;
}

// One step on, the same again, or the rest of a step that was interrupted.
static bool follows(const struct pair *was, const struct pair *now)
{
    bool one_name = strcmp(now->log.name, was->log.name) == 0 &&
                    strcmp(now->next.name, was->log.name) == 0;
    bool halfway = same_key(&was->log, &was->next);
    bool step =
        same_key(&now->log, &was->next) && !same_key(&now->next, &was->next);
    bool same =
        same_key(&now->log, &was->log) && same_key(&now->next, &was->next);
    return one_name && (step || (same && !halfway));
}

int gw_keyring_take(const char *folder, const struct gw_vkey *log,
                    const struct gw_vkey *next, struct gw_why *why)
{
    struct pair was = {0}, now;
    struct keydir d;
    int rc = keyfile_public(GW_ROLE_LOG, log, &now.log, why);
    rc = rc ? rc : keyfile_public(GW_ROLE_NEXT, next, &now.next, why);
    rc = rc ? rc : keydir_open(folder, false, &d, why);
    if (rc)
        return rc;
    rc = read_pair(folder, &was, why);
    if (!rc && !follows(&was, &now))
        rc = gw_fail(why, GW_EREFUSED,
                     "%s: these keys do not follow from those here: the new "
                     "log key is the one that was next, and only that",
                     folder);
    rc = rc ? rc : keyfile_write(&d, "log.key", &now.log, why);
    rc = rc ? rc : keyfile_write(&d, "next.key", &now.next, why);
    keydir_close(&d);
    gw_wipe(&was, sizeof was);
    return rc;
}
