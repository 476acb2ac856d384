// Reading a journal again: which frames follow each other to its end, and
// which are left from an earlier lap or from a writer that crashed.
#include "ledger/log_journal.h"

#include <errno.h>
#include <unistd.h>

enum { CHECK_AT = 96 };

static const char magic[8] = "GWJRNL1\n";

// ---- frames -------------------------------------------------------------
static void put_le(uint8_t *at, size_t len, uint64_t v)
{
    for (size_t i = 0; i < len; i++, v >>= 8)
        at[i] = (uint8_t)v;
}

bool journal_entry_take(gw_span *payload, gw_span *ret_entry)
{
    if (payload->len < 2)
        return false;
    size_t len = (size_t)payload->at[0] << 8 | payload->at[1];
    if (payload->len - 2 < len)
        return false;
    *ret_entry = gw_span_of(payload->at + 2, len);
    *payload = gw_span_of(payload->at + 2 + len, payload->len - 2 - len);
    return true;
}

static bool holds(const struct journal_frame *f)
{
    gw_span rest = f->payload, entry;
    uint32_t count = 0;
    while (journal_entry_take(&rest, &entry))
        count++;
    return !rest.len && count && count == f->count && f->seq &&
           f->first <= (uint64_t)INT64_MAX - count;
}

int journal_frame_parse(gw_span bytes, struct journal_frame *ret)
{
    struct gw_reader r = gw_reader_on(bytes);
    *ret = (struct journal_frame){0};
    gw_span start = gw_read_span(&r, sizeof magic);
    ret->seq = gw_read_u64le(&r);
    ret->first = gw_read_u64le(&r);
    ret->durable = gw_read_u64le(&r);
    ret->count = gw_read_u32le(&r);
    ret->len = gw_read_u32le(&r);
    gw_span origin = gw_read_span(&r, GW_HASH_LEN);
    gw_span before = gw_read_span(&r, JOURNAL_LINK);
    gw_span check = gw_read_span(&r, GW_HASH_LEN);
    if (r.err || !gw_eq(start, gw_span_of(magic, sizeof magic)) ||
        ret->len > JOURNAL_FRAME_MAX - JOURNAL_HEAD)
        return GW_EFORMAT;
    if (gw_reader_left(&r) < ret->len)
        return GW_EFEW;
    ret->payload = gw_read_span(&r, ret->len);
    memcpy(ret->origin.at, origin.at, GW_HASH_LEN);
    memcpy(ret->before, before.at, JOURNAL_LINK);
    memcpy(ret->check.at, check.at, GW_HASH_LEN);
    struct gw_hash32 is =
        gw_sha256_two(gw_sub(bytes, 0, CHECK_AT), ret->payload);
    return gw_hash32_eq(&is, &ret->check) && holds(ret) ? 0 : GW_EFORMAT;
}

void journal_frame_seal(struct journal_frame *f,
                        uint8_t ret_head[static JOURNAL_HEAD])
{
    memcpy(ret_head, magic, sizeof magic);
    put_le(ret_head + 8, 8, f->seq);
    put_le(ret_head + 16, 8, f->first);
    put_le(ret_head + 24, 8, f->durable);
    put_le(ret_head + 32, 4, f->count);
    put_le(ret_head + 36, 4, f->payload.len);
    memcpy(ret_head + 40, f->origin.at, GW_HASH_LEN);
    memcpy(ret_head + 72, f->before, JOURNAL_LINK);
    f->check = gw_sha256_two(gw_span_of(ret_head, CHECK_AT), f->payload);
    memcpy(ret_head + CHECK_AT, f->check.at, GW_HASH_LEN);
}

// ---- finding the chain again --------------------------------------------
static int read_at(struct journal *j, unsigned k, uint64_t pos, uint8_t *ret,
                   size_t len, struct gw_why *why)
{
    while (len) {
        ssize_t n = pread(j->at[k].fd, ret, len, (off_t)pos);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : EIO;
            return gw_fail_errno(why, j->folder, "read");
        }
        ret += n;
        pos += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

// 1: a frame of this log, in j->frame; 0: none.
static int frame_at(struct journal *j, unsigned k, uint64_t pos,
                    struct journal_frame *ret, struct gw_why *why)
{
    if (pos + JOURNAL_BLOCK > j->bytes)
        return 0;
    int rc = read_at(j, k, pos, j->frame, JOURNAL_BLOCK, why);
    if (rc)
        return rc;
    rc = journal_frame_parse(gw_span_of(j->frame, JOURNAL_BLOCK), ret);
    if (rc == GW_EFEW) {
        size_t whole = JOURNAL_HEAD + (size_t)ret->len;
        if (pos + whole > j->bytes)
            return 0;
        rc = read_at(j, k, pos + JOURNAL_BLOCK, j->frame + JOURNAL_BLOCK,
                     whole - JOURNAL_BLOCK, why);
        if (rc)
            return rc;
        rc = journal_frame_parse(gw_span_of(j->frame, whole), ret);
    }
    if (!rc && !gw_hash32_eq(&ret->origin, &j->origin))
        return gw_fail(why, GW_EREFUSED, "%s: the journal of another log",
                       j->folder);
    return rc == 0;
}

struct walk {
    unsigned k;
    uint64_t pos, seq, next; // of the frame that would follow
    uint8_t before[JOURNAL_LINK];
    bool any;
};

// Entries go on without a gap, but where the log was written without this
// journal for a while.
static bool follows(const struct journal *j, const struct walk *w,
                    const struct journal_frame *f)
{
    if (!w->any)
        return true;
    return f->seq == w->seq &&
           memcmp(f->before, w->before, JOURNAL_LINK) == 0 &&
           (f->first == w->next ||
            (f->first > w->next && f->first <= j->published));
}

// The next frame of the chain, here or at the start of the next segment.
static int walk_next(struct journal *j, struct walk *w,
                     struct journal_frame *ret, struct gw_why *why)
{
    unsigned k = w->k;
    uint64_t pos = w->pos;
    int rc = frame_at(j, k, pos, ret, why);
    if (rc == 0 || (rc == 1 && !follows(j, w, ret))) {
        k = (k + 1) % JOURNAL_SEGMENTS;
        pos = 0;
        rc = frame_at(j, k, pos, ret, why);
    }
    if (rc <= 0 || !follows(j, w, ret))
        return rc < 0 ? rc : 0;
    w->k = k;
    w->pos = pos + journal_padded(JOURNAL_HEAD + (uint64_t)ret->len);
    w->seq = ret->seq + 1;
    w->next = ret->first + ret->count;
    w->any = true;
    memcpy(w->before, ret->check.at, JOURNAL_LINK);
    return 1;
}

// The newest segment that begins at or below what is published.
static int find_start(struct journal *j, struct walk *ret, struct gw_why *why)
{
    struct journal_frame f;
    uint64_t best = 0, lowest = UINT64_MAX;
    *ret = (struct walk){.seq = 1};
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++) {
        int rc = frame_at(j, k, 0, &f, why);
        if (rc < 0)
            return rc;
        if (rc && f.first < lowest)
            lowest = f.first;
        if (rc && f.first <= j->published && f.seq > best) {
            best = f.seq;
            ret->k = k;
        }
    }
    if (!best && lowest != UINT64_MAX)
        return gw_fail(why, GW_EFORK,
                       "%s: begins with entry %llu, but the log ends before "
                       "%llu: it was probably restored from a backup. Put back "
                       "its newest copy, from a mirror if need be",
                       j->folder, (unsigned long long)lowest,
                       (unsigned long long)j->published);
    return 0;
}

// What was read may be in the page cache only, after a sync that failed: it
// is written again, so that syncing it means something.
static int rewrite_chain(struct journal *j, struct walk *w, struct gw_why *why)
{
    struct journal_frame f;
    int rc;
    while ((rc = walk_next(j, w, &f, why)) == 1) {
        size_t len = JOURNAL_HEAD + (size_t)f.len, whole = journal_padded(len);
        j->at[w->k].end = w->next;
        if (w->next <= j->published)
            continue;
        memset(j->frame + len, 0, whole - len);
        rc = journal_write_at(j, w->k, w->pos - whole,
                              gw_span_of(j->frame, whole), why);
        if (rc)
            return rc;
    }
    return rc;
}

// A frame at that place which is newer than the chain's end came after one
// that did not get to the disk. Nobody was told that it was durable, so it
// goes. If it says that one beyond the chain's end was, the disk has lost it.
static int clear_stray(struct journal *j, unsigned k, uint64_t pos,
                       uint64_t newest, struct gw_why *why)
{
    struct journal_frame f;
    int rc = frame_at(j, k, pos, &f, why);
    if (rc <= 0 || f.seq <= newest)
        return rc < 0 ? rc : 0;
    if (f.durable > newest)
        return gw_fail(why, GW_ECORRUPT,
                       "%s: frame %llu was durable and is damaged now. Do not "
                       "write to this log; entries are lost unless a copy of "
                       "the journal has them",
                       j->folder, (unsigned long long)newest + 1);
    memset(j->frame, 0, JOURNAL_BLOCK);
    return journal_write_at(j, k, pos, gw_span_of(j->frame, JOURNAL_BLOCK),
                            why);
}

static int clear_strays(struct journal *j, const struct walk *w,
                        struct gw_why *why)
{
    int rc = 0;
    for (unsigned k = 0; !rc && k < JOURNAL_SEGMENTS; k++)
        rc = clear_stray(j, k, 0, w->seq - 1, why);
    for (uint64_t pos = w->pos; !rc && pos < j->bytes; pos += JOURNAL_BLOCK)
        rc = clear_stray(j, w->k, pos, w->seq - 1, why);
    return rc;
}

static int deliver(struct journal *j, struct walk *w, journal_each_fn *each,
                   void *ctx, struct gw_why *why)
{
    struct journal_frame f;
    int rc;
    while ((rc = walk_next(j, w, &f, why)) == 1) {
        gw_span rest = f.payload, entry;
        uint64_t index = f.first;
        for (; journal_entry_take(&rest, &entry); index++) {
            int failed = index < j->published ? 0 : each(ctx, entry, why);
            if (failed)
                return failed;
        }
    }
    return rc;
}

int journal_replay(struct journal *j, journal_each_fn *each, void *ctx,
                   struct gw_why *why)
{
    struct walk start, w;
    int rc = find_start(j, &start, why);
    w = start;
    rc = rc ? rc : rewrite_chain(j, &w, why);
    rc = rc ? rc : clear_strays(j, &w, why);
    rc = rc ? rc : journal_flush(j, why);
    if (rc)
        return rc;
    j->head = w.k;
    j->pos = w.pos;
    j->seq = w.seq;
    j->durable = w.seq - 1;
    memcpy(j->before, w.before, JOURNAL_LINK);
    return deliver(j, &start, each, ctx, why);
}
