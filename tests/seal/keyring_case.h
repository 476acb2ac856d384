// What the tests of the keyring share: a folder of keys for each test.
#ifndef GW_KEYRING_CASE_H
#define GW_KEYRING_CASE_H

#include "seal/keyring.h"
#include "t.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64]; // of the test at hand
#define T(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define NAME     GW_LIT("log.example/one")
#define UNLOCKED ((gw_span){0})
#define PASS     GW_LIT("correct horse")

static inline int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/gawah-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int flag,
                             struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

static inline int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_root(const char *name)
{
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static inline struct gw_chance seeded(uint64_t seed)
{
    return (struct gw_chance){.fixed = true, .rand = {seed}};
}

static inline void make(enum gw_role role, gw_span passphrase, uint64_t seed)
{
    struct gw_chance c = seeded(seed);
    struct gw_why why = {0};
    if (gw_keyring_make(root, role, NAME, passphrase, &c, &why))
        fail_msg("%s", why.text);
}

static inline struct gw_key open_key(enum gw_role role, gw_span passphrase)
{
    struct gw_key k;
    struct gw_why why = {0};
    if (gw_keyring_open(root, role, passphrase, &k, &why))
        fail_msg("%s", why.text);
    return k;
}

static inline void refuse(enum gw_role role, gw_span passphrase, int code,
                          const char *part_of_message)
{
    struct gw_key k;
    struct gw_why why = {0};
    assert_int_equal(gw_keyring_open(root, role, passphrase, &k, &why), code);
    assert_int_equal(why.code, code);
    if (!strstr(why.text, part_of_message))
        fail_msg("\"%s\" does not say \"%s\"", why.text, part_of_message);
    assert_non_null(strstr(why.text, gw_role_name(role)));
}

static inline void put_file(const char *name, gw_span bytes, mode_t mode)
{
    assert_int_equal(gw_file_write(in_root(name), bytes, NULL), 0);
    assert_int_equal(chmod(in_root(name), mode), 0);
}

static inline size_t get_file(const char *name, uint8_t ret[static KEYFILE_MAX])
{
    int fd = open(in_root(name), O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, ret, KEYFILE_MAX);
    assert_true(fd >= 0 && n >= 0);
    close(fd);
    return (size_t)n;
}

static inline bool exists(const char *name)
{
    return access(in_root(name), F_OK) == 0;
}

static inline void signs_for_its_vkey(const struct gw_key *k)
{
    uint8_t signature[GW_SIGNATURE_LEN];
    gw_sign(&k->signing, NAME, signature);
    assert_true(gw_signature_ok(k->vkey.public_key, NAME,
                                gw_span_of(signature, sizeof signature)));
}

#endif
