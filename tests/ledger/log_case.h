// A log in a folder of its own, with its signer, for the tests of what writes
// logs: the keys and entries of the peer's reference log.
#ifndef GW_LOG_CASE_H
#define GW_LOG_CASE_H

#include "ledger/ledger.h"
#include "t.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CASE_ORIGIN "gawah.example/ref-log"

struct log_case {
    char root[64], folder[96], state[96], journal[96];
    struct gw_key key;
    struct gw_signer *signer;
    struct gw_log_options options; // with a journal unless it is set to NULL
};

static inline void case_key(enum gw_role role, const char *name, uint8_t seed,
                            struct gw_key *ret)
{
    uint8_t bytes[GW_SEED_LEN];
    memset(bytes, seed, sizeof bytes);
    *ret = (struct gw_key){.role = role};
    snprintf(ret->name, sizeof ret->name, "%s", name);
    gw_signing_key_from(bytes, &ret->signing);
    assert_int_equal(
        gw_vkey_make(gw_str(name),
                     role == GW_ROLE_LOG ? GW_SIG_ED25519 : GW_SIG_COSIGN,
                     gw_signing_key_public(&ret->signing), &ret->vkey, NULL),
        0);
}

static inline int case_unlink(const char *path, const struct stat *st, int flag,
                              struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}
static inline void case_remove(const char *path)
{
    nftw(path, case_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void case_folder(char *ret_path, size_t cap)
{
    // In memory where that can be: much is synced, and no power is cut.
    const char *tmp = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    snprintf(ret_path, cap, "%s/gawah-log-XXXXXX", tmp);
    assert_non_null(mkdtemp(ret_path));
}

static inline void case_begin(struct log_case *c)
{
    *c = (struct log_case){.signer = NULL};
    case_folder(c->root, sizeof c->root);
    snprintf(c->folder, sizeof c->folder, "%s/log", c->root);
    snprintf(c->state, sizeof c->state, "%s/state", c->root);
    snprintf(c->journal, sizeof c->journal, "%s/journal", c->root);
    case_key(GW_ROLE_LOG, CASE_ORIGIN, 0x01, &c->key);
    assert_int_equal(
        gw_signer_open(c->state, &c->key, NULL, NULL, &c->signer, NULL), 0);
    c->options = (struct gw_log_options){.folder = c->folder,
                                         .origin = CASE_ORIGIN,
                                         .sign = gw_sign_here(c->signer),
                                         .name = "checkpoint",
                                         .journal = c->journal,
                                         .journal_bytes = 2 << 20};
}

static inline void case_end(struct log_case *c)
{
    gw_signer_close(c->signer);
    case_remove(c->root);
}

static inline struct gw_log *case_open(const struct log_case *c)
{
    struct gw_log *l;
    struct gw_why why = {0};
    if (gw_log_open(&c->options, &l, &why))
        fail_msg("%s", why.text);
    return l;
}

// Entry i of the reference log, into b (which it empties).
static inline gw_span case_entry(uint64_t i, struct gw_buf *b)
{
    gw_buf_reset(b);
    if (i == 5)
        for (int k = 0; k < 300; k++)
            gw_put_u8(b, 0xa5);
    else if (i != 3)
        gw_put_fmt(b, "gawah reference entry %llu\n", (unsigned long long)i);
    for (int k = 0; i % 1000 == 999 && k < 1000; k++)
        gw_put_u8(b, (uint8_t)i);
    assert_int_equal(b->err, 0);
    return gw_buf_span(b);
}

// Appends entries of the reference log up to that size.
static inline void case_append_to(struct gw_log *l, uint64_t size)
{
    struct gw_buf b;
    struct gw_why why = {0};
    uint64_t first;
    gw_buf_init(&b, 4096);
    for (uint64_t i = gw_log_size(l); i < size; i++) {
        gw_span entry = case_entry(i, &b);
        if (gw_log_append(l, &entry, 1, &first, &why))
            fail_msg("entry %d: %s", (int)i, why.text);
        assert_int_equal(first, i);
    }
    gw_buf_release(&b);
}

static inline void case_publish(struct gw_log *l, struct gw_checkpoint *ret)
{
    struct gw_why why = {0};
    if (gw_log_publish(l, ret, &why))
        fail_msg("%s", why.text);
}

// The root of the first entries of the reference log.
static inline struct gw_hash32 case_root(uint64_t size)
{
    struct gw_range r = {0};
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    for (uint64_t i = 0; i < size; i++) {
        struct gw_hash32 leaf = gw_leaf_hash(case_entry(i, &b));
        gw_range_add(&r, &leaf);
    }
    gw_buf_release(&b);
    return gw_range_root(&r);
}

// ---- folders alike ------------------------------------------------------
struct case_pair {
    const char *from, *to;
    size_t files;
};
static inline int case_same_file(void *ctx, const char *path)
{
    struct case_pair *p = ctx;
    char other[512];
    struct gw_buf a, b;
    snprintf(other, sizeof other, "%s%s", p->to, path + strlen(p->from));
    if (gw_ends(gw_str(path), "/.lock"))
        return 0;
    gw_buf_init(&a, 32 << 20);
    gw_buf_init(&b, 32 << 20);
    assert_int_equal(gw_file_read(path, &a, NULL), 0);
    if (gw_file_read(other, &b, NULL) ||
        !gw_eq(gw_buf_span(&a), gw_buf_span(&b)))
        fail_msg("%s and %s differ", path, other);
    gw_buf_release(&a);
    gw_buf_release(&b);
    p->files++;
    return 0;
}
// Every file of one is in the other, byte for byte; how many.
static inline size_t case_within(const char *part, const char *whole)
{
    struct case_pair p = {part, whole, 0};
    assert_int_equal(gw_walk(part, case_same_file, &p, NULL), 0);
    return p.files;
}
static inline size_t case_alike(const char *a, const char *b)
{
    size_t n = case_within(a, b);
    assert_int_equal(case_within(b, a), n);
    return n;
}

#endif
