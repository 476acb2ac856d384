// Takes evidence in: one pass over the bytes, which are hashed, packed where
// that helps, and given a name only when all of them are there.
#include "store/sql.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

enum {
    CHUNK = 256 << 10,
    TAIL = 128 << 10, // of the chunk before: where an MMDB has its marker
    LEVEL = 1,
};

struct put {
    struct gw_archive *a;
    gw_source_fn *source;
    void *ctx;
    const char *name;
    struct gw_digest *digest;
    ZSTD_CCtx *pack; // NULL: stored as it comes
    uint8_t *bytes;  // TAIL, then CHUNK
    size_t kept, len;
    uint8_t *packed;
    int fd;
    char temp[PATH_CAP]; // "" once it is renamed
    int64_t size;
    char hash[HEX_LEN + 1];
};

// What more packing would not make smaller, by its first bytes.
static bool is_compressed(gw_span s)
{
    static const struct {
        const char *bytes;
        size_t len;
    } magic[] = {
        {"\x1f\x8b", 2},             // gzip, RFC 1952 section 2.3.1
        {"\x28\xb5\x2f\xfd", 4},     // zstd, RFC 8878 section 3.1.1
        {"\x04\x22\x4d\x18", 4},     // lz4 frame
        {"\x02\x21\x4c\x18", 4},     // lz4, the frame before it
        {"BZh", 3},                  // bzip2
        {"\xfd\x37\x7a\x58\x5a", 5}, // xz
        {"PK\x03\x04", 4},           // zip
    };
    for (size_t i = 0; i < GW_COUNT(magic); i++)
        if (gw_eq(gw_sub(s, 0, magic[i].len),
                  gw_span_of(magic[i].bytes, magic[i].len)))
            return true;
    return false;
}

// MaxMind DB: the marker stands in the last 128 KiB. Such files are mapped
// into memory and so have to lie there as they are.
static bool is_mmdb(gw_span end)
{
    return gw_find(end, GW_LIT("\xab\xcd\xefMaxMind.com"), 0) >= 0;
}

// The next chunk, whole unless it is the last, and (where the end of the
// object will be looked at) behind the tail of the one before it.
static int64_t fill(struct put *p, struct gw_why *why)
{
    size_t have = p->pack ? p->kept + p->len : 0;
    size_t kept = have < TAIL ? have : TAIL;
    memmove(p->bytes, p->bytes + have - kept, kept);
    p->kept = kept;
    p->len = 0;
    while (p->len < CHUNK) {
        size_t room = CHUNK - p->len;
        int64_t n = p->source(p->ctx, p->bytes + kept + p->len, room);
        if (n < 0 || n > (int64_t)room) {
            int rc = n < 0 ? (int)n : GW_EIO;
            return gw_fail(why, rc, "%s: %s", p->name, gw_strerror(rc));
        }
        if (n == 0)
            break;
        p->len += (size_t)n;
    }
    return (int64_t)p->len;
}

static int start_packing(struct put *p)
{
    p->pack = ZSTD_createCCtx();
    p->packed = gw_new(ZSTD_CStreamOutSize());
    if (!p->pack || !p->packed)
        return GW_ENOMEM;
    ZSTD_CCtx_setParameter(p->pack, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(p->pack, ZSTD_c_checksumFlag, 1);
    return 0;
}

static int write_packed(struct put *p, gw_span bytes, bool last,
                        struct gw_why *why)
{
    ZSTD_inBuffer in = {bytes.at, bytes.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {p->packed, ZSTD_CStreamOutSize(), 0};
        left = ZSTD_compressStream2(p->pack, &out, &in,
                                    last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return gw_fail(why, GW_ENOMEM, "%s: %s", p->name,
                           ZSTD_getErrorName(left));
        int rc = write_all(p->fd, gw_span_of(p->packed, out.pos), p->temp, why);
        if (rc)
            return rc;
    } while (last ? left > 0 : in.pos < in.size);
    return 0;
}

static int take_all(struct put *p, struct gw_why *why)
{
    for (bool first = true, last = false; !last; first = false) {
        int64_t n = fill(p, why);
        if (n < 0)
            return (int)n;
        gw_span chunk = gw_span_of(p->bytes + p->kept, p->len);
        last = p->len < CHUNK;
        p->size += n;
        int rc = gw_digest_add(p->digest, chunk);
        if (first && !rc && !is_compressed(chunk))
            rc = start_packing(p);
        if (rc)
            return gw_fail(why, rc, "%s: %s", p->name, gw_strerror(rc));
        rc = p->pack ? write_packed(p, chunk, last, why)
                     : write_all(p->fd, chunk, p->temp, why);
        if (rc)
            return rc;
    }
    uint8_t hash[GW_HASH_LEN];
    int rc = gw_digest_end(p->digest, hash, sizeof hash);
    gw_hex(hash, sizeof hash, p->hash);
    return rc ? gw_fail(why, rc, "%s: %s", p->name, gw_strerror(rc)) : 0;
}

// Replaces the packed temporary file by an unpacked one.
static int undo_packing(struct put *p, struct gw_why *why)
{
    char temp[PATH_CAP];
    if (lseek(p->fd, 0, SEEK_SET))
        return gw_fail_errno(why, p->temp, "read again");
    int fd = archive_temp(p->a, "evidence", temp, why);
    if (fd < 0)
        return fd;
    struct stored *s = stored_new(p->fd, true, p->temp);
    p->fd = fd;
    int rc = s ? 0 : gw_fail(why, GW_ENOMEM, "%s: out of memory", p->name);
    while (!rc) {
        int64_t n = stored_read(s, p->bytes, CHUNK, why);
        rc = n < 0 ? (int)n
                   : write_all(fd, gw_span_of(p->bytes, (size_t)n), temp, why);
        if (n <= 0)
            break;
    }
    stored_free(s);
    unlink(p->temp);
    memcpy(p->temp, temp, sizeof temp);
    ZSTD_freeCCtx(p->pack);
    p->pack = NULL;
    return rc;
}

// ---- the catalogue ------------------------------------------------------

static int insert_object(struct put *p, struct gw_why *why)
{
    char name[sizeof(((struct gw_object *)0)->name)];
    text_cut(gw_str(p->name), name, sizeof name);
    struct sql q = sql_on(p->a, "INSERT INTO object (hash, size, packed, kind,"
                                " state, added, records, refused, name,"
                                " source, licence, error) VALUES (?, ?, ?,"
                                " 'unknown', 'pending', ?, 0, 0, ?, '', '',"
                                " '')");
    sql_str(&q, p->hash);
    sql_int(&q, p->size);
    sql_int(&q, p->pack != NULL);
    sql_int(&q, gw_now(p->a->clock));
    sql_str(&q, name);
    return sql_run(&q, why);
}

static int insert_alias(struct put *p, struct gw_why *why)
{
    char name[sizeof(((struct gw_object *)0)->name)];
    text_cut(gw_str(p->name), name, sizeof name);
    struct sql q =
        sql_on(p->a, "INSERT OR IGNORE INTO alias (object, name, added)"
                     " SELECT id, ?2, ?3 FROM object"
                     " WHERE hash = ?1 AND name <> ?2");
    sql_str(&q, p->hash);
    sql_str(&q, name);
    sql_int(&q, gw_now(p->a->clock));
    return sql_run(&q, why);
}

static int update_packed(struct put *p, struct gw_why *why)
{
    struct sql q = sql_on(p->a, "UPDATE object SET packed = ? WHERE hash = ?");
    sql_int(&q, p->pack != NULL);
    sql_str(&q, p->hash);
    return sql_run(&q, why);
}

static int move_into_place(struct put *p, struct gw_why *why)
{
    char path[PATH_CAP];
    object_path(p->a, p->hash, p->pack != NULL, path);
    int rc = archive_rename(p->temp, path, why);
    if (!rc) {
        p->temp[0] = 0;
        p->a->wrote_files = true;
    }
    return rc;
}

// A file that no row names is renamed over, since ours is known to be whole.
// One that a row names stays, unless somebody took it away.
static int install(struct put *p, struct gw_object *ret, bool *ret_new,
                   struct gw_why *why)
{
    char path[PATH_CAP];
    struct gw_object o;
    bool packed;
    int found = object_row(p->a, p->hash, &o, &packed, why), rc = 0;
    if (found < 0)
        return found;
    if (found && o.state == GW_REDACTED)
        return gw_fail(why, GW_EREFUSED,
                       "%s: these bytes (object %s) were taken out by "
                       "redaction and are not taken in again",
                       p->a->folder, p->hash);
    if (!found) {
        rc = move_into_place(p, why);
        rc = rc ? rc : insert_object(p, why);
    } else {
        object_path(p->a, p->hash, packed, path);
        if (access(path, F_OK)) {
            rc = move_into_place(p, why);
            rc = rc ? rc : update_packed(p, why);
        }
        rc = rc ? rc : insert_alias(p, why);
    }
    int known = rc ? rc : object_row(p->a, p->hash, &o, &packed, why);
    if (known < 0)
        return known;
    *ret = o;
    *ret_new = !found;
    return 0;
}

int gw_evidence_put(struct gw_archive *a, gw_source_fn *source, void *ctx,
                    const char *name, struct gw_object *ret, bool *ret_new,
                    struct gw_why *why)
{
    int rc = archive_change(a, why);
    if (rc)
        return rc;
    struct put p = {.a = a, .source = source, .ctx = ctx, .name = name};
    p.fd = archive_temp(a, "evidence", p.temp, why);
    if (p.fd < 0)
        return p.fd;
    p.digest = gw_digest_new(GW_DIGEST_SHA256);
    p.bytes = gw_new(TAIL + CHUNK);
    rc = p.digest && p.bytes
             ? take_all(&p, why)
             : gw_fail(why, GW_ENOMEM, "%s: out of memory", name);
    if (!rc && p.pack && is_mmdb(gw_span_of(p.bytes, p.kept + p.len)))
        rc = undo_packing(&p, why);
    rc = rc ? rc : install(&p, ret, ret_new, why);
    close(p.fd);
    if (p.temp[0])
        unlink(p.temp);
    ZSTD_freeCCtx(p.pack);
    gw_free(p.packed);
    gw_free(p.bytes);
    gw_digest_free(p.digest);
    return rc;
}
