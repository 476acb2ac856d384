// The keyring: making, opening and rotating the keys of the roles.
#include "seal/keyring.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const role_names[GW_ROLE_COUNT] = {
    [GW_ROLE_LOG] = "log",         [GW_ROLE_NEXT] = "next",
    [GW_ROLE_AUTHOR] = "author",   [GW_ROLE_BOX] = "box",
    [GW_ROLE_WITNESS] = "witness", [GW_ROLE_MIRROR] = "mirror",
};

const char *gw_role_name(enum gw_role role)
{
    return role_names[role];
}

int gw_role_parse(gw_span name, enum gw_role *ret)
{
    for (enum gw_role r = 0; r < GW_ROLE_COUNT; r++)
        if (gw_is(name, role_names[r])) {
            *ret = r;
            return 0;
        }
    return GW_ENOENT;
}

enum { FILE_NAME = 32 };

static const char *file_of(enum gw_role role, char ret[static FILE_NAME])
{
    snprintf(ret, FILE_NAME, "%s.key", gw_role_name(role));
    return ret;
}

static int read_role(const char *folder, enum gw_role role, struct keyfile *ret,
                     struct gw_why *why)
{
    char file[FILE_NAME];
    int rc = keyfile_read(folder, file_of(role, file), ret, why);
    if (rc || ret->role == role)
        return rc;
    gw_wipe(ret, sizeof *ret);
    return gw_fail(why, GW_ECORRUPT, "%s/%s: holds the key of another role",
                   folder, file);
}

// GW_ENOENT without a word: that there is none can be as it should.
static int read_if_there(const char *folder, const char *file,
                         struct keyfile *ret, struct gw_why *why)
{
    struct gw_why own = {0};
    int rc = keyfile_read(folder, file, ret, &own);
    return !rc || rc == GW_ENOENT ? rc : gw_fail(why, rc, "%s", own.text);
}

// ---- making -------------------------------------------------------------
// The log's key and the one that follows it bear one name.
static int check_partner(const char *folder, enum gw_role role, gw_span name,
                         struct gw_why *why)
{
    char file[FILE_NAME];
    struct keyfile k;
    if (role != GW_ROLE_LOG && role != GW_ROLE_NEXT)
        return 0;
    file_of(role == GW_ROLE_LOG ? GW_ROLE_NEXT : GW_ROLE_LOG, file);
    int rc = read_if_there(folder, file, &k, why);
    if (rc)
        return rc == GW_ENOENT ? 0 : rc;
    if (!gw_is(name, k.name))
        rc = gw_fail(why, GW_EREFUSED, "%s/%s: bears another name, %s", folder,
                     file, k.name);
    gw_wipe(&k, sizeof k);
    return rc;
}

static int make_key(enum gw_role role, gw_span name, gw_span passphrase,
                    struct gw_chance *chance, struct keyfile *ret,
                    struct gw_why *why)
{
    uint8_t seed[GW_SEED_LEN];
    gw_random(chance, seed, sizeof seed);
    int rc = keyfile_make(role, name, seed, ret, why);
    gw_wipe(seed, sizeof seed);
    return !rc && passphrase.len ? keyfile_lock(ret, passphrase, chance, why)
                                 : rc;
}

int gw_keyring_make(const char *folder, enum gw_role role, gw_span name,
                    gw_span passphrase, struct gw_chance *chance,
                    struct gw_why *why)
{
    char file[FILE_NAME];
    struct keydir d;
    struct keyfile k;
    int rc = keydir_open(folder, true, &d, why);
    if (rc)
        return rc;
    file_of(role, file);
    rc = keyfile_read(folder, file, &k, NULL);
    // Whatever is there, if only in the way, is not overwritten.
    rc = rc == GW_ENOENT
             ? 0
             : gw_fail(why, GW_EEXIST,
                       "%s/%s: there is one, and it is not replaced", folder,
                       file);
    if (!rc)
        rc = check_partner(folder, role, name, why);
    if (!rc)
        rc = make_key(role, name, passphrase, chance, &k, why);
    if (!rc && (rc = keyfile_write(&d, file, &k, why)))
        (void)!keyfile_remove(&d, file, NULL); // so that it can be repeated
    gw_wipe(&k, sizeof k);
    keydir_close(&d);
    return rc;
}

// ---- opening ------------------------------------------------------------
static void set_public(const struct keyfile *k, struct gw_key *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->role = k->role;
    memcpy(ret->name, k->name, sizeof ret->name);
    if (k->role == GW_ROLE_BOX)
        memcpy(ret->box.public_key, k->public_key, GW_PUBLIC_LEN);
    else
        ret->vkey = k->vkey;
}

int gw_keyring_open(const char *folder, enum gw_role role, gw_span passphrase,
                    struct gw_key *ret, struct gw_why *why)
{
    struct keyfile k;
    uint8_t seed[GW_SEED_LEN];
    int rc = read_role(folder, role, &k, why);
    if (rc)
        return rc;
    set_public(&k, ret);
    rc = keyfile_seed(&k, passphrase, seed, why);
    if (rc)
        gw_within(why, "%s/%s.key", folder, gw_role_name(role));
    else if (role == GW_ROLE_BOX)
        gw_box_key_from(seed, &ret->box);
    else
        gw_signing_key_from(seed, &ret->signing);
    gw_wipe(seed, sizeof seed);
    gw_wipe(&k, sizeof k);
    return rc;
}

int gw_keyring_public(const char *folder, enum gw_role role, struct gw_key *ret,
                      struct gw_why *why)
{
    struct keyfile k;
    int rc = read_role(folder, role, &k, why);
    if (rc)
        return rc;
    set_public(&k, ret);
    gw_wipe(&k, sizeof k);
    return 0;
}

int gw_keyring_is_locked(const char *folder, enum gw_role role, bool *ret,
                         struct gw_why *why)
{
    struct keyfile k;
    int rc = read_role(folder, role, &k, why);
    if (rc)
        return rc;
    *ret = k.locked;
    gw_wipe(&k, sizeof k);
    return 0;
}

int gw_keyring_is_elsewhere(const char *folder, enum gw_role role, bool *ret,
                            struct gw_why *why)
{
    struct keyfile k;
    int rc = read_role(folder, role, &k, why);
    if (rc)
        return rc;
    *ret = k.elsewhere;
    gw_wipe(&k, sizeof k);
    return 0;
}

// ---- rotating -----------------------------------------------------------
// The key that will be NEXT is kept in new.key first. As long as that file is
// there the rotation is under way, and what it and the others hold tells how
// far it came.
struct rotation {
    struct keydir d;
    struct keyfile log, next, fresh;
};
#define NEW_FILE "new.key"

static bool same_key(const struct keyfile *a, const struct keyfile *b)
{
    return memcmp(a->public_key, b->public_key, GW_PUBLIC_LEN) == 0;
}

static int load(struct rotation *r, gw_span passphrase, struct gw_why *why)
{
    uint8_t seed[GW_SEED_LEN];
    int rc = read_role(r->d.path, GW_ROLE_LOG, &r->log, why);
    if (!rc)
        rc = read_role(r->d.path, GW_ROLE_NEXT, &r->next, why);
    if (rc)
        return rc;
    if (strcmp(r->log.name, r->next.name) != 0)
        return gw_fail(why, GW_EREFUSED,
                       "%s: the log's key and the next one differ in name",
                       r->d.path);
    // The next one after it gets the same passphrase: not one mistyped.
    rc = keyfile_seed(&r->next, passphrase, seed, why);
    gw_wipe(seed, sizeof seed);
    if (rc)
        gw_within(why, "%s/next.key", r->d.path);
    return rc;
}

static int begin(struct rotation *r, gw_span passphrase,
                 struct gw_chance *chance, struct gw_why *why)
{
    int rc = read_if_there(r->d.path, NEW_FILE, &r->fresh, why);
    if (rc != GW_ENOENT)
        return rc;
    rc = make_key(GW_ROLE_NEXT, gw_str(r->next.name), passphrase, chance,
                  &r->fresh, why);
    return rc ? rc : keyfile_write(&r->d, NEW_FILE, &r->fresh, why);
}

// Keeps the log's key under its id, and puts the next one in its place.
static int promote(struct rotation *r, struct gw_why *why)
{
    char file[FILE_NAME];
    struct keyfile there;
    snprintf(file, sizeof file, "log.%08" PRIx32 ".key", r->log.vkey.id);
    int rc = read_if_there(r->d.path, file, &there, why);
    if (rc == GW_ENOENT)
        rc = keyfile_write(&r->d, file, &r->log, why);
    else if (!rc && !same_key(&there, &r->log))
        rc = gw_fail(why, GW_EEXIST, "%s/%s: exists, and is another key",
                     r->d.path, file);
    gw_wipe(&there, sizeof there);
    if (rc)
        return rc;
    r->log = r->next;
    r->log.role = GW_ROLE_LOG;
    return keyfile_write(&r->d, "log.key", &r->log, why);
}

static int rotate(struct rotation *r, gw_span passphrase,
                  struct gw_chance *chance, struct gw_why *why)
{
    int rc = load(r, passphrase, why);
    if (!rc)
        rc = begin(r, passphrase, chance, why);
    if (rc)
        return rc;
    if (!same_key(&r->next, &r->fresh)) {
        if (!same_key(&r->log, &r->next))
            rc = promote(r, why);
        if (!rc)
            rc = keyfile_write(&r->d, "next.key", &r->fresh, why);
    }
    return rc ? rc : keyfile_remove(&r->d, NEW_FILE, why);
}

int gw_keyring_rotate(const char *folder, gw_span passphrase,
                      struct gw_chance *chance, struct gw_why *why)
{
    struct rotation r = {0};
    int rc = keydir_open(folder, false, &r.d, why);
    if (rc)
        return rc;
    rc = rotate(&r, passphrase, chance, why);
    keydir_close(&r.d);
    gw_wipe(&r, sizeof r);
    return rc;
}
