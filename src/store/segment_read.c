// Segments read again, one block in memory at a time, and what they add up to.
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 8 };

struct gw_segment_reader {
    int fd;
    int64_t at, size;
    struct gw_digest *digest;
    struct gw_buf block, header;
    uint32_t blocks;
    int state; // 1: blocks follow; 0: the end was right; negative: sticky
    char expected[HEX_LEN + 1];
    char path[PATH_CAP];
};

static int corrupt(struct gw_segment_reader *r, const char *rule,
                   struct gw_why *why)
{
    return gw_fail(why, GW_ECORRUPT, "%s: offset %lld: %s", r->path,
                   (long long)r->at, rule);
}

static int out_of_memory(struct gw_segment_reader *r, struct gw_why *why)
{
    return gw_fail(why, GW_ENOMEM, "%s: %s", r->path, gw_strerror(GW_ENOMEM));
}

// Appends exactly len bytes of the file to b. A length that the file cannot
// hold is found out before any memory is asked for.
static int take(struct gw_segment_reader *r, struct gw_buf *b, size_t len,
                struct gw_why *why)
{
    if ((int64_t)len > r->size - r->at)
        return corrupt(r, "ends too early", why);
    uint8_t *p = gw_buf_room(b, len);
    if (!p && len)
        return out_of_memory(r, why);
    for (size_t have = 0; have < len;) {
        ssize_t n = pread(r->fd, p + have, len - have, r->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_fail_errno(why, r->path, "read");
        if (n == 0)
            return corrupt(r, "ends too early", why);
        have += (size_t)n;
        r->at += n;
    }
    b->len += len;
    return 0;
}

static int take_u32(struct gw_segment_reader *r, uint32_t *ret,
                    struct gw_why *why)
{
    gw_buf_reset(&r->block);
    int rc = take(r, &r->block, sizeof *ret, why);
    if (rc)
        return rc;
    struct gw_reader in = gw_reader_on(gw_buf_span(&r->block));
    *ret = gw_read_u32le(&in);
    rc = gw_digest_add(r->digest, in.in);
    return rc ? out_of_memory(r, why) : 0;
}

static int take_header(struct gw_segment_reader *r, struct gw_why *why)
{
    int64_t most = (int64_t)strlen(SEGMENT_MAGIC) + HEADER_MAX + 1;
    int rc =
        take(r, &r->header, (size_t)(r->size < most ? r->size : most), why);
    if (rc)
        return rc;
    r->at = 0;
    gw_span s = gw_buf_span(&r->header);
    if (!gw_starts(s, SEGMENT_MAGIC))
        return corrupt(r, "no segment", why);
    int64_t end = gw_find(s, GW_LIT("\n"), strlen(SEGMENT_MAGIC));
    if (end < 0)
        return corrupt(r, "its header has no end", why);
    r->at = end + 1;
    r->header.len = (size_t)r->at;
    rc = gw_digest_add(r->digest, gw_buf_span(&r->header));
    return rc ? out_of_memory(r, why) : 0;
}

// The length 0 was read: what follows must agree with what came before.
static int take_end(struct gw_segment_reader *r, struct gw_why *why)
{
    uint32_t blocks;
    uint8_t hash[GW_HASH_LEN];
    char hex[HEX_LEN + 1];
    int rc = take_u32(r, &blocks, why);
    if (!rc && blocks != r->blocks)
        rc = corrupt(r, "another number of blocks than it says", why);
    if (!rc && gw_digest_end(r->digest, hash, sizeof hash))
        rc = out_of_memory(r, why);
    gw_buf_reset(&r->block);
    rc = rc ? rc : take(r, &r->block, sizeof hash, why);
    if (rc)
        return rc;
    if (r->at != r->size)
        return corrupt(r, "bytes after its end", why);
    if (memcmp(hash, r->block.at, sizeof hash) != 0)
        return corrupt(r, "its bytes are not those that were hashed", why);
    gw_hex(hash, sizeof hash, hex);
    if (r->expected[0] && strcmp(hex, r->expected) != 0)
        return corrupt(r, "not the segment that the catalogue names", why);
    return 0;
}

static int take_block(struct gw_segment_reader *r, struct gw_why *why)
{
    uint32_t len;
    int rc = take_u32(r, &len, why);
    if (rc)
        return rc;
    if (len == 0)
        return take_end(r, why);
    if (len > GW_BLOCK_MAX)
        return corrupt(r, "a block over the limit", why);
    gw_buf_reset(&r->block);
    rc = take(r, &r->block, len, why);
    if (rc)
        return rc;
    r->blocks++;
    rc = gw_digest_add(r->digest, gw_buf_span(&r->block));
    return rc ? out_of_memory(r, why) : 1;
}

int gw_segment_next(struct gw_segment_reader *r, gw_span *ret_block,
                    struct gw_why *why)
{
    if (r->state == 1)
        r->state = take_block(r, why);
    else if (r->state < 0)
        return gw_fail(why, r->state, "%s: %s", r->path, gw_strerror(r->state));
    if (r->state == 1)
        *ret_block = gw_buf_span(&r->block);
    return r->state;
}

gw_span gw_segment_header(const struct gw_segment_reader *r)
{
    size_t magic = strlen(SEGMENT_MAGIC);
    return gw_span_of(r->header.at + magic, r->header.len - magic - 1);
}

void gw_segment_close(struct gw_segment_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    gw_digest_free(r->digest);
    gw_buf_release(&r->block);
    gw_buf_release(&r->header);
    gw_free(r);
}

int segment_read_fd(int fd, const char *path, const char *expected,
                    struct gw_segment_reader **ret, struct gw_why *why)
{
    struct gw_segment_reader *r = gw_new(sizeof *r);
    if (!r) {
        close(fd);
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", path);
    }
    r->fd = fd;
    r->state = 1;
    gw_buf_init(&r->block, GW_BLOCK_MAX);
    gw_buf_init(&r->header, strlen(SEGMENT_MAGIC) + HEADER_MAX + 1);
    text_cut(gw_str(path), r->path, sizeof r->path);
    text_cut(gw_str(expected), r->expected, sizeof r->expected);
    r->digest = gw_digest_new(GW_DIGEST_SHA256);
    struct stat st;
    int rc = r->digest ? 0 : out_of_memory(r, why);
    if (!rc && fstat(fd, &st))
        rc = gw_fail_errno(why, path, "look at");
    if (!rc) {
        r->size = st.st_size;
        rc = take_header(r, why);
    }
    if (rc) {
        gw_segment_close(r);
        return rc;
    }
    *ret = r;
    return 0;
}

// A writer removes a file after the commit that replaced it, which may be
// between our look at the row and at the file: then the row says otherwise now.
int gw_segment_open(struct gw_archive *a, enum gw_tier tier, const char *object,
                    struct gw_segment_reader **ret, struct gw_why *why)
{
    char path[PATH_CAP], hash[HEX_LEN + 1], before[HEX_LEN + 1] = "";
    for (int i = 0; i < TRIES; i++) {
        int rc = segment_hash(a, tier, object, hash, why);
        if (rc < 0)
            return rc;
        if (rc == 0)
            return gw_fail(why, GW_ENOENT, "%s: no %s of object %.80s",
                           a->folder, tier_name(tier), object);
        segment_path(a, tier, object, hash, path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            return segment_read_fd(fd, path, hash, ret, why);
        if (errno != ENOENT)
            return gw_fail_errno(why, path, "open");
        if (strcmp(before, hash) == 0)
            return gw_fail(why, GW_ECORRUPT, "%s: is missing", path);
        memcpy(before, hash, sizeof hash);
    }
    return gw_fail(why, GW_EBUSY, "%s: replaced again and again", path);
}

// What this hashes is the text that sha256sum would be given by hand: a line
// "<object> <segment>\n" for each segment, in order of object.
int gw_tier_digest(struct gw_archive *a, enum gw_tier tier,
                   char ret_hex[static 2 * GW_HASH_LEN + 1],
                   int64_t *ret_segments, struct gw_why *why)
{
    struct gw_digest *digest = gw_digest_new(GW_DIGEST_SHA256);
    if (!digest)
        return gw_fail(why, GW_ENOMEM, "%s: out of memory", a->folder);
    struct sql q =
        sql_on(a, "SELECT object.hash || ' ' || segment.hash || char(10)"
                  " FROM segment JOIN object ON object.id = segment.object"
                  " WHERE segment.tier = ? ORDER BY object.hash");
    sql_str(&q, tier_name(tier));
    int64_t segments = 0;
    uint8_t hash[GW_HASH_LEN];
    int rc, bad = 0;
    while ((rc = sql_step(&q, why)) == 1 && !bad) {
        bad = gw_digest_add(digest, sql_get(&q, 0));
        segments++;
    }
    sql_end(&q);
    bad = bad ? bad : gw_digest_end(digest, hash, sizeof hash);
    gw_digest_free(digest);
    if (rc < 0 || bad)
        return rc < 0
                   ? rc
                   : gw_fail(why, bad, "%s: %s", a->folder, gw_strerror(bad));
    gw_hex(hash, sizeof hash, ret_hex);
    *ret_segments = segments;
    return 0;
}
