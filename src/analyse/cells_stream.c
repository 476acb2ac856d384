// Streams of sorted cells, from segments and from spills, and their order.
#include "analyse/cells.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

// ---- order --------------------------------------------------------------

static int by_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_text(gw_span a, gw_span b)
{
    return a.at == b.at && a.len == b.len ? 0 : gw_cmp(a, b);
}

int gw_cell_series_order(const struct gw_cell_row *a,
                         const struct gw_cell_row *b)
{
    int c = gw_cell_is_volume(b) - gw_cell_is_volume(a);
    c = c ? c : by_text(a->cc, b->cc);
    c = c ? c : by_text(a->target, b->target);
    c = c ? c : by_int(a->asn, b->asn);
    c = c ? c : by_int(a->layer, b->layer);
    return c ? c : by_int(a->synthetic, b->synthetic);
}

static int within_series(const struct gw_cell_row *a,
                         const struct gw_cell_row *b)
{
    int c = by_int(a->hour, b->hour);
    c = c ? c : by_int(a->observer, b->observer);
    c = c ? c : by_text(a->program, b->program);
    return c ? c : by_int(a->resolver_asn, b->resolver_asn);
}

int gw_cell_order(const struct gw_cell_row *a, const struct gw_cell_row *b)
{
    int c = gw_cell_series_order(a, b);
    return c ? c : within_series(a, b);
}

static bool better(const struct gw_cell_row *a, const struct gw_cell_row *b)
{
    if (!a->blocked != !b->blocked)
        return a->blocked > 0;
    if (a->blocked && !(a->llr == b->llr))
        return a->llr > b->llr;
    return a->record < b->record;
}

void gw_cell_add(struct gw_cell_row *a, const struct gw_cell_row *b)
{
    if (better(b, a)) {
        a->llr = b->llr;
        a->rule = b->rule;
        a->record = b->record;
        a->n = b->n;
    }
    a->unknown += b->unknown;
    a->ok += b->ok;
    a->down += b->down;
    a->blocked += b->blocked;
    a->throttled += b->throttled;
    a->intercepted += b->intercepted;
    a->lag = b->lag > a->lag ? b->lag : a->lag;
}

// ---- spills -------------------------------------------------------------

enum { CHUNK = 256 << 10, TEXTS = 5, RUNS_MAX = 1 << 20 };

struct gw_spill {
    int fd;
    int64_t size;
    struct gw_buf bytes;
    struct gw_cell_row last; // its texts: for what repeats
    struct gw_buf text[TEXTS];
    bool fresh; // no row in this run yet
    int64_t *end;
    size_t count, cap;
};

// What a spilled row has besides its texts. Written and read by one process.
struct fixed {
    int64_t asn, layer, resolver_asn, hour, observer, unknown, ok, down,
        blocked, throttled, intercepted, record, n, lag, synthetic;
    double llr;
    uint32_t source;
    uint8_t aggregate, changed; // bits: texts that follow
};

static gw_span *text_of(struct gw_cell_row *r, int i)
{
    gw_span *texts[TEXTS] = {&r->cc, &r->target, &r->org, &r->program,
                             &r->rule};
    return texts[i];
}

struct gw_spill *gw_spill_new(struct gw_archive *a, struct gw_why *why)
{
    struct gw_spill *s = gw_new(sizeof *s);
    if (!s) {
        gw_fail(why, GW_ENOMEM, "cells: out of memory");
        return NULL;
    }
    gw_buf_init(&s->bytes, 2 * CHUNK);
    for (int i = 0; i < TEXTS; i++)
        gw_buf_init(&s->text[i], 4096);
    s->fresh = true;
    s->fd = open(gw_archive_folder(a), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0) { // an archive that is only read
        FILE *f = tmpfile();
        s->fd = f ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 3) : -1;
        if (f)
            fclose(f);
    }
    if (s->fd < 0) {
        gw_fail(why, GW_EIO, "cells: no place for a temporary file");
        gw_spill_free(s);
        return NULL;
    }
    return s;
}

void gw_spill_free(struct gw_spill *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    gw_buf_release(&s->bytes);
    for (int i = 0; i < TEXTS; i++)
        gw_buf_release(&s->text[i]);
    gw_free(s->end);
    gw_free(s);
}

size_t gw_spill_runs(const struct gw_spill *s)
{
    return s->count;
}

static int flush(struct gw_spill *s, struct gw_why *why)
{
    for (size_t done = 0; done < s->bytes.len;) {
        ssize_t n =
            pwrite(s->fd, s->bytes.at + done, s->bytes.len - done, s->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gw_fail(why, GW_EIO, "cells: temporary file: no space?");
        done += (size_t)n;
        s->size += n;
    }
    gw_buf_reset(&s->bytes);
    return 0;
}

int gw_spill_put(struct gw_spill *s, const struct gw_cell_row *r,
                 uint32_t source, bool aggregate, struct gw_why *why)
{
    struct gw_cell_row row = *r;
    struct fixed f = {
        .asn = r->asn,
        .layer = r->layer,
        .resolver_asn = r->resolver_asn,
        .hour = r->hour,
        .observer = r->observer,
        .unknown = r->unknown,
        .ok = r->ok,
        .down = r->down,
        .blocked = r->blocked,
        .throttled = r->throttled,
        .intercepted = r->intercepted,
        .record = r->record,
        .n = r->n,
        .lag = r->lag,
        .synthetic = r->synthetic,
        .llr = r->llr,
        .source = source,
        .aggregate = aggregate,
    };
    for (int i = 0; i < TEXTS; i++)
        if (s->fresh || !gw_eq(*text_of(&row, i), gw_buf_span(&s->text[i])))
            f.changed |= (uint8_t)(1u << i);
    s->fresh = false;
    gw_put(&s->bytes, &f, sizeof f);
    for (int i = 0; i < TEXTS; i++) {
        gw_span t = *text_of(&row, i);
        if (!(f.changed & 1u << i))
            continue;
        gw_put_u32le(&s->bytes, (uint32_t)t.len);
        gw_put_span(&s->bytes, t);
        gw_buf_reset(&s->text[i]);
        gw_put_span(&s->text[i], t);
        s->bytes.err = s->bytes.err ? s->bytes.err : s->text[i].err;
    }
    if (s->bytes.err)
        return gw_fail(why, s->bytes.err, "cells: %s",
                       gw_strerror(s->bytes.err));
    return s->bytes.len >= CHUNK ? flush(s, why) : 0;
}

int gw_spill_end_run(struct gw_spill *s, struct gw_why *why)
{
    int rc = flush(s, why);
    if (!rc && s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        int64_t *end =
            cap <= RUNS_MAX ? gw_resize(s->end, cap, sizeof *end) : NULL;
        if (!end)
            return gw_fail(why, GW_ENOMEM, "cells: out of memory");
        s->end = end;
        s->cap = cap;
    }
    if (!rc)
        s->end[s->count++] = s->size;
    s->fresh = true;
    return rc;
}

// ---- a run of a spill ---------------------------------------------------

// Makes sure that need bytes follow pos.
static int fill(struct gw_cell_stream *s, size_t need, struct gw_why *why)
{
    size_t have = s->bytes.len - s->pos;
    if (have >= need)
        return 0;
    memmove(s->bytes.at, s->bytes.at + s->pos, have);
    s->bytes.len = have;
    s->pos = 0;
    while (s->bytes.len < need) {
        size_t room = s->bytes.cap - s->bytes.len;
        int64_t left = s->end - s->offset;
        size_t want = (int64_t)room < left ? room : (size_t)left;
        ssize_t n =
            pread(s->spill->fd, s->bytes.at + s->bytes.len, want, s->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gw_fail(why, GW_EIO, "cells: temporary file: cut short");
        s->bytes.len += (size_t)n;
        s->offset += n;
    }
    return 0;
}

static int take_texts(struct gw_cell_stream *s, unsigned changed,
                      struct gw_why *why)
{
    for (int i = 0; i < TEXTS; i++) {
        uint32_t len;
        if (changed & 1u << i) {
            int rc = fill(s, sizeof len, why);
            if (rc)
                return rc;
            memcpy(&len, s->bytes.at + s->pos, sizeof len);
            s->pos += sizeof len;
            rc = fill(s, len, why);
            if (rc)
                return rc;
            gw_buf_reset(&s->text[i]);
            gw_put(&s->text[i], s->bytes.at + s->pos, len);
            s->pos += len;
            if (s->text[i].err)
                return gw_fail(why, s->text[i].err, "cells: out of memory");
        }
        *text_of(&s->row, i) = gw_buf_span(&s->text[i]);
    }
    return 0;
}

static int next_of_run(struct gw_cell_stream *s, struct gw_why *why)
{
    struct fixed f;
    if (s->pos == s->bytes.len && s->offset == s->end) {
        s->ended = true;
        return 0;
    }
    int rc = fill(s, sizeof f, why);
    if (rc)
        return rc;
    memcpy(&f, s->bytes.at + s->pos, sizeof f);
    s->pos += sizeof f;
    s->row = (struct gw_cell_row){
        .asn = f.asn,
        .layer = f.layer,
        .resolver_asn = f.resolver_asn,
        .hour = f.hour,
        .observer = f.observer,
        .unknown = f.unknown,
        .ok = f.ok,
        .down = f.down,
        .blocked = f.blocked,
        .throttled = f.throttled,
        .intercepted = f.intercepted,
        .record = f.record,
        .n = f.n,
        .lag = f.lag,
        .synthetic = f.synthetic,
        .llr = f.llr,
    };
    s->source = f.source;
    s->aggregate = f.aggregate;
    return take_texts(s, f.changed, why);
}

int gw_cell_stream_run(struct gw_spill *spill, size_t run,
                       struct gw_cell_stream *ret, struct gw_why *why)
{
    *ret = (struct gw_cell_stream){.spill = spill};
    ret->offset = run ? spill->end[run - 1] : 0;
    ret->end = spill->end[run];
    gw_buf_init(&ret->bytes, CHUNK);
    for (int i = 0; i < TEXTS; i++)
        gw_buf_init(&ret->text[i], 4096);
    if (!gw_buf_room(&ret->bytes, CHUNK))
        return gw_fail(why, GW_ENOMEM, "cells: out of memory");
    return next_of_run(ret, why);
}

// ---- a segment ----------------------------------------------------------

static bool is_sound(const struct gw_cell_row *c)
{
    return c->layer >= 0 && c->layer < GW_LAYER_COUNT && c->unknown >= 0 &&
           c->ok >= 0 && c->down >= 0 && c->blocked >= 0 && c->throttled >= 0 &&
           c->intercepted >= 0 && c->hour != GW_NEVER &&
           c->target.len <= GW_CELL_TARGET_MAX &&
           c->program.len <= GW_CELL_PROGRAM_MAX &&
           c->org.len <= GW_CELL_ORG_MAX && c->rule.len <= GW_CELL_RULE_MAX &&
           c->cc.len == 2 && (c->asn == GW_NULL || c->asn >= 0) &&
           c->record >= 0;
}

static int next_of_segment(struct gw_cell_stream *s, struct gw_why *why)
{
    size_t n = s->block.rows[GW_TABLE_cell].count;
    while (s->at == n) {
        gw_span bytes;
        int rc = gw_segment_next(s->reader, &bytes, why);
        if (rc <= 0) {
            s->ended = rc == 0;
            return rc;
        }
        gw_arena_reset(s->arena);
        rc = gw_block_decode(s->shared->codec, bytes, GW_WANT(cell), &s->block,
                             why);
        if (rc)
            return rc;
        n = s->block.rows[GW_TABLE_cell].count;
        s->at = 0;
    }
    const struct gw_cell_row *rows = s->block.rows[GW_TABLE_cell].at;
    const struct gw_cell_row *row = &rows[s->at++];
    bool first = !s->row.cc.at;
    if (!is_sound(row) ||
        (!first && s->at > 1 && gw_cell_series_order(&s->row, row) > 0))
        return gw_fail(why, GW_ECORRUPT, "cells: out of order or out of range");
    s->row = *row;
    return 0;
}

int gw_cell_stream_segment(struct gw_archive *a, const char *object,
                           uint32_t source, struct gw_cells_shared *shared,
                           struct gw_cell_stream *ret, struct gw_why *why)
{
    *ret = (struct gw_cell_stream){.shared = shared, .source = source};
    int rc = gw_segment_open(a, GW_TIER_CELLS, object, &ret->reader, why);
    if (rc)
        return rc;
    ret->aggregate = gw_find(gw_segment_header(ret->reader),
                             GW_LIT("\"aggregate\":"), 0) >= 0;
    ret->arena = gw_arena_new(GW_BLOCK_MAX);
    rc = ret->arena ? gw_block_init(&ret->block, ret->arena) : GW_ENOMEM;
    return rc ? gw_fail(why, rc, "cells: out of memory")
              : next_of_segment(ret, why);
}

int gw_cell_stream_next(struct gw_cell_stream *s, struct gw_why *why)
{
    return s->spill ? next_of_run(s, why) : next_of_segment(s, why);
}

void gw_cell_stream_close(struct gw_cell_stream *s)
{
    gw_segment_close(s->reader);
    if (s->arena)
        gw_block_release(&s->block);
    gw_arena_free(s->arena);
    gw_buf_release(&s->bytes);
    for (int i = 0; i < TEXTS; i++)
        gw_buf_release(&s->text[i]);
    *s = (struct gw_cell_stream){0};
}

// ---- the heap -----------------------------------------------------------

// Of equal series the earlier hour first, so that what is drained is mostly
// in order; then the source, so that it is always the same order.
static bool before(const struct gw_cell_stream *a,
                   const struct gw_cell_stream *b)
{
    int c = gw_cell_series_order(&a->row, &b->row);
    c = c ? c : by_int(a->aggregate, b->aggregate);
    c = c ? c : within_series(&a->row, &b->row);
    return c ? c < 0 : a->source < b->source;
}

void gw_cell_heap_push(struct gw_cell_heap *h, struct gw_cell_stream *s)
{
    size_t i = h->count++;
    while (i && before(s, h->at[(i - 1) / 2])) {
        h->at[i] = h->at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->at[i] = s;
}

struct gw_cell_stream *gw_cell_heap_pop(struct gw_cell_heap *h)
{
    struct gw_cell_stream *top = h->at[0], *last = h->at[--h->count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && before(h->at[child + 1], h->at[child]))
            child++;
        if (!before(h->at[child], last))
            break;
        h->at[i] = h->at[child];
    }
    if (h->count)
        h->at[i] = last;
    return top;
}
