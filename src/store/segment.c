// Segments: immutable files of blocks, told apart by what is in them, so that
// an old and a new one stand side by side until the commit.
//
//   OFFSET  SIZE  MEANING
//   0       7     "GWSEG1\n"
//   7       n+1   header: one line of JSON and its "\n"
//   ...     4+len blocks: length u32le (never 0), bytes
//   ...     8     0 u32le, count of blocks u32le
//   end-32  32    SHA-256 of everything before: the segment's hash
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const tiers[] = {[GW_TIER_FACTS] = "facts",
                                    [GW_TIER_FINDINGS] = "findings",
                                    [GW_TIER_CELLS] = "cells"};

struct gw_segment_writer {
    struct gw_archive *a;
    enum gw_tier tier;
    struct gw_digest *digest;
    int fd;
    uint32_t blocks;
    int64_t size;
    int err; // sticky: a segment that lacks a part is never finished
    char object[HEX_LEN + 1], hash[HEX_LEN + 1];
    char temp[PATH_CAP]; // "" once it is renamed
};

const char *tier_name(enum gw_tier tier)
{
    return tiers[tier];
}

void segment_path(const struct gw_archive *a, enum gw_tier tier,
                  const char *object, const char *hash,
                  char ret_path[static PATH_CAP])
{
    archive_path(a, ret_path, "segments/%s/%.2s/%s.%.*s.gws", tiers[tier],
                 object, object, SHORT_HEX, hash);
}

// ---- writing ------------------------------------------------------------

static int put_bytes(struct gw_segment_writer *w, gw_span bytes,
                     struct gw_why *why)
{
    int rc = w->err ? w->err : gw_digest_add(w->digest, bytes);
    rc = rc ? rc : write_all(w->fd, bytes, w->temp, why);
    w->size += (int64_t)bytes.len;
    w->err = rc;
    return rc ? gw_fail(why, rc, "%s: %s", w->temp, gw_strerror(rc)) : 0;
}

static int put_u32(struct gw_segment_writer *w, uint32_t v, struct gw_why *why)
{
    uint8_t p[4];
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    return put_bytes(w, gw_span_of(p, sizeof p), why);
}

// Touches nothing of the archive that changes, so that other threads may
// begin, put and abort while its own thread works.
int gw_segment_begin(struct gw_archive *a, enum gw_tier tier,
                     const char *object, gw_span header,
                     struct gw_segment_writer **ret, struct gw_why *why)
{
    if (!a->writer)
        return gw_fail(why, GW_EREFUSED, "%s: opened for reading", a->folder);
    if (!is_hash(gw_str(object)))
        return gw_fail(why, GW_EUSAGE, "segment of \"%.80s\": no object hash",
                       object);
    if (!header.len || header.len > HEADER_MAX ||
        memchr(header.at, '\n', header.len))
        return gw_fail(why, GW_EFORMAT,
                       "segment of %s: its header is not one line of 1 to %d"
                       " bytes",
                       object, HEADER_MAX);
    struct gw_segment_writer *w = gw_new(sizeof *w);
    if (!w)
        return gw_fail(why, GW_ENOMEM, "segment of %s: out of memory", object);
    w->a = a;
    w->tier = tier;
    w->fd = -1;
    text_cut(gw_str(object), w->object, sizeof w->object);
    w->digest = gw_digest_new(GW_DIGEST_SHA256);
    int rc = w->digest ? 0
                       : gw_fail(why, GW_ENOMEM, "segment of %s: out of memory",
                                 object);
    if (!rc) {
        char folder[32];
        snprintf(folder, sizeof folder, "segments/%s", tiers[tier]);
        rc = w->fd = archive_temp(a, folder, w->temp, why);
    }
    rc = rc < 0 ? rc : put_bytes(w, GW_LIT(SEGMENT_MAGIC), why);
    rc = rc ? rc : put_bytes(w, header, why);
    rc = rc ? rc : put_bytes(w, GW_LIT("\n"), why);
    if (rc) {
        gw_segment_abort(w);
        return rc;
    }
    *ret = w;
    return 0;
}

int gw_segment_put(struct gw_segment_writer *w, gw_span block,
                   struct gw_why *why)
{
    if (!block.len || block.len > GW_BLOCK_MAX || w->blocks == UINT32_MAX) {
        w->err = GW_ETOOBIG;
        return gw_fail(why, GW_ETOOBIG, "%s: a block of %zu bytes", w->temp,
                       block.len);
    }
    int rc = put_u32(w, (uint32_t)block.len, why);
    rc = rc ? rc : put_bytes(w, block, why);
    w->blocks++;
    return rc;
}

void gw_segment_abort(struct gw_segment_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        close(w->fd);
        if (w->temp[0])
            unlink(w->temp);
    }
    gw_digest_free(w->digest);
    gw_free(w);
}

static int put_end(struct gw_segment_writer *w, struct gw_why *why)
{
    uint8_t hash[GW_HASH_LEN];
    int rc = put_u32(w, 0, why);
    rc = rc ? rc : put_u32(w, w->blocks, why);
    rc = rc ? rc : gw_digest_end(w->digest, hash, sizeof hash);
    if (rc)
        return gw_fail(why, rc, "%s: %s", w->temp, gw_strerror(rc));
    gw_hex(hash, sizeof hash, w->hash);
    w->size += (int64_t)sizeof hash;
    return write_all(w->fd, gw_span_of(hash, sizeof hash), w->temp, why);
}

// ---- the catalogue ------------------------------------------------------

int segment_hash(struct gw_archive *a, enum gw_tier tier, const char *object,
                 char ret_hex[static HEX_LEN + 1], struct gw_why *why)
{
    struct sql q = sql_on(a, "SELECT segment.hash FROM segment JOIN object"
                             " ON object.id = segment.object"
                             " WHERE segment.tier = ? AND object.hash = ?");
    sql_str(&q, tiers[tier]);
    sql_str(&q, object);
    int rc = sql_step(&q, why);
    if (rc == 1 && !is_hash(sql_get(&q, 0)))
        rc = gw_fail(why, GW_ECORRUPT, "%s/gawah.db: segment of %.64s",
                     a->folder, object);
    else if (rc == 1)
        sql_copy(&q, 0, ret_hex, HEX_LEN + 1);
    sql_end(&q);
    return rc;
}

int gw_segment_hash(struct gw_archive *a, enum gw_tier tier, const char *object,
                    char ret_hex[static 2 * GW_HASH_LEN + 1],
                    struct gw_why *why)
{
    int rc = segment_hash(a, tier, object, ret_hex, why);
    return rc == 0  ? gw_fail(why, GW_ENOENT, "%s: no %s of object %.80s",
                              a->folder, tiers[tier], object)
           : rc < 0 ? rc
                    : 0;
}

static int doom(struct gw_archive *a, enum gw_tier tier, const char *object,
                const char *hash, struct gw_why *why)
{
    struct sql q = sql_on(a, "INSERT OR IGNORE INTO doomed"
                             " (tier, object, hash) VALUES (?, ?, ?)");
    sql_str(&q, tiers[tier]);
    sql_str(&q, object);
    sql_str(&q, hash);
    return sql_run(&q, why);
}

static int is_doomed(const struct gw_segment_writer *w, struct gw_why *why)
{
    struct sql q = sql_on(w->a, "SELECT 1 FROM doomed WHERE tier = ?"
                                " AND object = ? AND hash = ?");
    sql_str(&q, tiers[w->tier]);
    sql_str(&q, w->object);
    sql_str(&q, w->hash);
    int rc = sql_step(&q, why);
    sql_end(&q);
    return rc;
}

// A file of that name which a committed row may name is left as it is: it has
// the same bytes, and they are safe already.
static int move_into_place(struct gw_segment_writer *w, bool named,
                           struct gw_why *why)
{
    char path[PATH_CAP];
    segment_path(w->a, w->tier, w->object, w->hash, path);
    if (named && access(path, F_OK) == 0)
        return 0;
    int rc = archive_rename(w->temp, path, why);
    if (!rc) {
        w->temp[0] = 0;
        w->a->wrote_files = true;
    }
    return rc;
}

static int replace(struct gw_segment_writer *w, int64_t id, struct gw_why *why)
{
    char old[HEX_LEN + 1] = "";
    int found = segment_hash(w->a, w->tier, w->object, old, why);
    int doomed = found < 0 ? found : is_doomed(w, why);
    if (doomed < 0)
        return doomed;
    bool same = found && strcmp(old, w->hash) == 0;
    int rc = move_into_place(w, same || doomed, why);
    if (!rc && found && !same)
        rc = doom(w->a, w->tier, w->object, old, why);
    if (rc)
        return rc;
    struct sql q =
        sql_on(w->a, "INSERT INTO segment (tier, object, hash, size, blocks)"
                     " VALUES (?, ?, ?, ?, ?) ON CONFLICT (tier, object)"
                     " DO UPDATE SET hash = excluded.hash,"
                     " size = excluded.size, blocks = excluded.blocks");
    sql_str(&q, tiers[w->tier]);
    sql_int(&q, id);
    sql_str(&q, w->hash);
    sql_int(&q, w->size);
    sql_int(&q, w->blocks);
    return sql_run(&q, why);
}

int gw_segment_finish(struct gw_segment_writer *w, struct gw_why *why)
{
    int64_t id;
    int rc = w->err ? gw_fail(why, w->err, "%s: not whole", w->temp)
                    : put_end(w, why);
    rc = rc ? rc : archive_change(w->a, why);
    rc = rc ? rc : object_id_open(w->a, w->object, &id, why);
    rc = rc ? rc : replace(w, id, why);
    gw_segment_abort(w);
    return rc;
}

int gw_segment_drop(struct gw_archive *a, enum gw_tier tier, const char *object,
                    struct gw_why *why)
{
    char hash[HEX_LEN + 1];
    int64_t id;
    int rc = archive_change(a, why);
    rc = rc ? rc : object_id(a, object, &id, why);
    int found = rc ? rc : segment_hash(a, tier, object, hash, why);
    if (found <= 0)
        return found;
    rc = doom(a, tier, object, hash, why);
    if (rc)
        return rc;
    struct sql q =
        sql_on(a, "DELETE FROM segment WHERE tier = ? AND object = ?");
    sql_str(&q, tiers[tier]);
    sql_int(&q, id);
    return sql_run(&q, why);
}

// ---- files that no row names --------------------------------------------

// The row names the file of a doomed segment if the beginning of its hash,
// which is all that the name has, is the same.
static enum gw_tier tier_named(gw_span name) // one of those we wrote
{
    size_t t = 0;
    while (t + 1 < GW_COUNT(tiers) && !gw_is(name, tiers[t]))
        t++;
    return (enum gw_tier)t;
}

void segments_remove_doomed(struct gw_archive *a)
{
    struct sql q = sql_on(
        a, "SELECT tier, object, hash FROM doomed WHERE NOT EXISTS"
           " (SELECT 1 FROM segment JOIN object ON object.id = segment.object"
           " WHERE segment.tier = doomed.tier AND object.hash = doomed.object"
           " AND substr(segment.hash, 1, ?1) = substr(doomed.hash, 1, ?1))");
    sql_int(&q, SHORT_HEX);
    int rc;
    while ((rc = sql_step(&q, NULL)) == 1) {
        char path[PATH_CAP], object[HEX_LEN + 1], hash[HEX_LEN + 1];
        enum gw_tier tier = tier_named(sql_get(&q, 0));
        sql_copy(&q, 1, object, sizeof object);
        sql_copy(&q, 2, hash, sizeof hash);
        segment_path(a, tier, object, hash, path);
        if (unlink(path) && errno != ENOENT)
            a->unclean = true;
    }
    rc = rc ? rc : sql_exec(a, "DELETE FROM doomed", NULL);
    if (rc)
        a->unclean = true; // the next writer sweeps
}

struct sweep {
    struct gw_archive *a;
    enum gw_tier tier;
};

// Removes a file if it has the name of a segment, and the catalogue says for
// certain that it is not the one of its object. Anything else is left alone.
static int sweep_file(void *ctx, const char *path)
{
    const struct sweep *s = ctx;
    const char *slash = strrchr(path, '/');
    gw_span name = gw_str(slash ? slash + 1 : path);
    char object[HEX_LEN + 1], hash[HEX_LEN + 1];
    gw_span first = gw_sub(name, 0, HEX_LEN);
    gw_span second = gw_sub(name, HEX_LEN + 1, SHORT_HEX);
    if (name.len != HEX_LEN + 1 + SHORT_HEX + 4 || !is_hash(first) ||
        !gw_ends(name, ".gws"))
        return 0;
    text_cut(first, object, sizeof object);
    int rc = segment_hash(s->a, s->tier, object, hash, NULL);
    if (rc < 0)
        return rc;
    if (rc == 0 || !gw_eq(second, gw_span_of(hash, SHORT_HEX)))
        unlink(path);
    return 0;
}

void segments_sweep(struct gw_archive *a)
{
    for (size_t t = 0; t < GW_COUNT(tiers); t++) {
        char path[PATH_CAP];
        struct sweep s = {a, (enum gw_tier)t};
        archive_path(a, path, "segments/%s", tiers[t]);
        if (gw_walk(path, sweep_file, &s, NULL))
            return; // what is left does no harm
    }
}
