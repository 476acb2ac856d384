// The two passes over all facts: gather the pool, then judge. Threads take
// blocks in turn and hand results out in the order they took them.
#include "analyse/judge.h"

#include <pthread.h>
#include <stdio.h>

enum { THREADS_MAX = 64, ARENA_MAX = 512 << 20, COMMIT_OBJECTS = 64 };

struct object_ref {
    char hash[2 * GW_HASH_LEN + 1];
};

struct pass {
    struct gw_ledger *l;
    struct gw_archive *a;
    const struct gw_analyse_options *options;
    struct gw_analyse_summary *sum;
    struct gw_pool *pool;
    bool judging; // second pass
    struct object_ref *objects;
    size_t object_count, object_cap;
    // input: guarded by `in`, as is the archive
    pthread_mutex_t in;
    size_t next;
    struct gw_segment_reader *reader;
    uint64_t taken;
    // output: guarded by `out`
    pthread_mutex_t out;
    pthread_cond_t turn;
    uint64_t given;
    struct gw_segment_writer *writer;
    int uncommitted;
    int code; // first failure
    struct gw_why why;
};

struct worker {
    struct pass *p;
    struct gw_arena *arena;
    struct gw_block facts, findings;
    struct gw_block_codec *codec;
    struct gw_buf bytes, encoded, header;
    struct gw_judge *judge;
    uint64_t unit;
    size_t object;
    bool first, last;
    int code;
    struct gw_why why;
};

static void set_code(struct pass *p, int code, const struct gw_why *why)
{
    if (code && !p->code) {
        p->code = code;
        p->why = *why;
    }
}

// ---- which findings are up to date --------------------------------------

static int findings_header(const struct pass *p, gw_span facts_header,
                           struct gw_buf *out)
{
    char digest[17];
    uint64_t d = gw_pool_digest(p->pool);
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)d);
    gw_buf_reset(out);
    struct gw_jw w = gw_jw_on(out);
    gw_jw_open(&w, '{');
    gw_jw_kint(&w, "rules_version", GW_RULES_VERSION);
    gw_jw_kstr(&w, "pool", gw_str(digest));
    gw_jw_key(&w, "facts");
    gw_jw_raw(&w, facts_header);
    gw_jw_close(&w, '}');
    return out->err;
}

static bool is_current(const struct pass *p, const char *object, gw_span header)
{
    struct gw_segment_reader *r;
    if (p->options->again ||
        gw_segment_open(p->a, GW_TIER_FINDINGS, object, &r, NULL))
        return false;
    bool same = gw_eq(gw_segment_header(r), header);
    gw_segment_close(r);
    return same;
}

// ---- taking in ----------------------------------------------------------

// Opens the next object's facts; 0 when there are no more. Holds `in`.
static int open_next(struct worker *w)
{
    struct pass *p = w->p;
    while (p->next < p->object_count) {
        const char *hash = p->objects[p->next++].hash;
        int rc =
            gw_segment_open(p->a, GW_TIER_FACTS, hash, &p->reader, &w->why);
        if (rc == GW_ENOENT) {
            w->why = (struct gw_why){0};
            continue; // it has no facts: it crashed the parser
        }
        if (rc)
            return rc;
        rc = findings_header(p, gw_segment_header(p->reader), &w->header);
        if (rc)
            return rc;
        if (!p->judging || !is_current(p, hash, gw_buf_span(&w->header)))
            return 1;
        p->sum->current++;
        gw_segment_close(p->reader);
        p->reader = NULL;
    }
    return 0;
}

static void take_block(struct worker *w)
{
    struct pass *p = w->p;
    gw_span block;
    int rc = gw_segment_next(p->reader, &block, &w->why);
    w->object = p->next - 1;
    w->last = rc <= 0;
    if (rc > 0) {
        gw_buf_reset(&w->bytes);
        gw_put_span(&w->bytes, block);
        rc = w->bytes.err;
    }
    w->code = rc < 0 ? rc : 0;
    if (w->last) {
        gw_segment_close(p->reader);
        p->reader = NULL;
    }
}

static bool take_unit(struct worker *w)
{
    struct pass *p = w->p;
    pthread_mutex_lock(&p->in);
    w->unit = p->taken;
    w->first = w->last = false;
    w->code = 0;
    gw_buf_reset(&w->bytes);
    bool stop = p->options->stop && *p->options->stop;
    bool got = true;
    if (!p->reader) {
        int rc = stop ? 0 : open_next(w);
        p->sum->stopped |= stop;
        w->first = rc > 0;
        w->code = rc < 0 ? rc : 0;
        got = rc != 0;
    }
    if (got && !w->code)
        take_block(w);
    p->taken += got;
    pthread_mutex_unlock(&p->in);
    return got;
}

// ---- work ---------------------------------------------------------------

static void judge_block(struct worker *w)
{
    size_t n;
    struct gw_cursor cursor = {{0}};
    struct gw_view view;
    gw_block_reset(&w->findings);
    (void)gw_rows_measurement(&w->facts, &n);
    w->judge->out = &w->findings;
    w->judge->arena = w->arena;
    for (size_t i = 0; i < n; i++) {
        gw_view_next(&w->facts, &cursor, i, w->p->pool, &view);
        gw_judge_measurement(w->judge, &view);
    }
    gw_buf_reset(&w->encoded);
    w->code = gw_block_encode(w->codec, &w->findings, &w->encoded, &w->why);
}

static void work_unit(struct worker *w)
{
    unsigned want =
        GW_WANT(measurement) | GW_WANT(control) | GW_WANT(tcp) | GW_WANT(tls);
    if (w->p->judging)
        want |=
            GW_WANT(dns) | GW_WANT(http) | GW_WANT(key) | GW_WANT(middlebox);
    if (w->code || !w->bytes.len)
        return;
    gw_arena_reset(w->arena);
    w->code = gw_block_decode(w->codec, gw_buf_span(&w->bytes), want, &w->facts,
                              &w->why);
    if (!w->code && w->p->judging)
        judge_block(w);
}

// ---- handing out --------------------------------------------------------

static int commit(struct pass *p, struct gw_why *why)
{
    int rc = gw_ledger_findings(p->l, GW_RULES_VERSION, why);
    return rc ? rc : gw_ledger_commit(p->l, why);
}

static int give_findings(struct worker *w)
{
    struct pass *p = w->p;
    int rc = 0;
    if (w->first)
        rc =
            gw_segment_begin(p->a, GW_TIER_FINDINGS, p->objects[w->object].hash,
                             gw_buf_span(&w->header), &p->writer, &w->why);
    if (!rc && w->bytes.len) {
        rc = gw_segment_put(p->writer, gw_buf_span(&w->encoded), &w->why);
        p->sum->measurements +=
            (int64_t)w->facts.rows[GW_TABLE_measurement].count;
        p->sum->findings += (int64_t)w->findings.rows[GW_TABLE_finding].count;
        p->sum->fired += (int64_t)w->findings.rows[GW_TABLE_fired].count;
    }
    if (!rc && w->last) {
        rc = gw_segment_finish(p->writer, &w->why);
        p->writer = NULL;
        p->sum->objects++;
        if (!rc && ++p->uncommitted >= COMMIT_OBJECTS) {
            p->uncommitted = 0;
            rc = commit(p, &w->why);
        }
    }
    return rc;
}

static void tell(struct pass *p)
{
    struct gw_analyse_progress report = {p->sum->objects + p->sum->current,
                                         (int64_t)p->object_count,
                                         p->sum->findings};
    if (p->options->progress)
        p->options->progress(p->options->ctx, &report);
}

static void give_unit(struct worker *w)
{
    struct pass *p = w->p;
    pthread_mutex_lock(&p->out);
    while (p->given != w->unit)
        pthread_cond_wait(&p->turn, &p->out);
    if (!w->code && !p->code) {
        if (!p->judging) {
            if (w->bytes.len)
                w->code = gw_pool_add(p->pool, &w->facts);
        } else {
            pthread_mutex_lock(&p->in); // the archive is not shared
            w->code = give_findings(w);
            if (w->last)
                tell(p);
            pthread_mutex_unlock(&p->in);
        }
    }
    set_code(p, w->code, &w->why);
    p->given++;
    pthread_cond_broadcast(&p->turn);
    pthread_mutex_unlock(&p->out);
}

static bool failed(struct pass *p)
{
    pthread_mutex_lock(&p->out);
    bool yes = p->code != 0;
    pthread_mutex_unlock(&p->out);
    return yes;
}

static void *worker_main(void *ctx)
{
    struct worker *w = ctx;
    while (!failed(w->p) && take_unit(w)) {
        work_unit(w);
        give_unit(w);
    }
    return NULL;
}

static bool worker_init(struct worker *w, struct pass *p)
{
    *w = (struct worker){.p = p};
    gw_buf_init(&w->bytes, GW_BLOCK_MAX);
    gw_buf_init(&w->encoded, GW_BLOCK_MAX);
    gw_buf_init(&w->header, 2 << 20);
    w->arena = gw_arena_new(ARENA_MAX);
    w->codec = gw_block_codec_new();
    w->judge = gw_new(sizeof *w->judge);
    return w->arena && w->codec && w->judge &&
           gw_block_init(&w->facts, w->arena) == 0 &&
           gw_block_init(&w->findings, w->arena) == 0;
}

static void worker_release(struct worker *w)
{
    gw_buf_release(&w->bytes);
    gw_buf_release(&w->encoded);
    gw_buf_release(&w->header);
    gw_block_release(&w->facts);
    gw_block_release(&w->findings);
    gw_block_codec_free(w->codec);
    gw_arena_free(w->arena);
    gw_free(w->judge);
}

static void run_pass(struct pass *p, bool judging)
{
    int threads = p->options->threads;
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    struct worker *workers = gw_new((size_t)threads * sizeof *workers);
    pthread_t ids[THREADS_MAX];
    int ready = 0, started = 0;
    p->judging = judging;
    p->next = 0;
    p->taken = p->given = 0;
    while (workers && ready < threads) {
        bool ok = worker_init(&workers[ready], p);
        ready++;
        if (!ok) {
            set_code(p, GW_ENOMEM,
                     &(struct gw_why){GW_ENOMEM, "out of memory"});
            break;
        }
    }
    for (int i = 1; i < ready && !p->code; i++)
        if (pthread_create(&ids[started], NULL, worker_main, &workers[i]) == 0)
            started++;
    if (ready && !p->code)
        worker_main(&workers[0]);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < ready; i++)
        worker_release(&workers[i]);
    if (!workers)
        set_code(p, GW_ENOMEM, &(struct gw_why){GW_ENOMEM, "out of memory"});
    gw_free(workers);
    gw_segment_abort(p->writer);
    p->writer = NULL;
    gw_segment_close(p->reader);
    p->reader = NULL;
}

// ---- the whole ----------------------------------------------------------

static int add_object(void *ctx, const struct gw_object *o)
{
    struct pass *p = ctx;
    if (!gw_kind_is_measurements(o->kind) || o->kind == GW_KIND_AGGREGATE)
        return 0; // counts are judged already, by whoever made them
    if (p->object_count == p->object_cap) {
        size_t cap = p->object_cap ? p->object_cap * 2 : 64;
        struct object_ref *list = gw_resize(p->objects, cap, sizeof *list);
        if (!list)
            return GW_ENOMEM;
        p->objects = list;
        p->object_cap = cap;
    }
    memcpy(p->objects[p->object_count++].hash, o->hash, sizeof o->hash);
    return 0;
}

int gw_analyse(struct gw_ledger *l, const struct gw_analyse_options *options,
               struct gw_analyse_summary *ret, struct gw_why *why)
{
    struct gw_archive *a = gw_ledger_archive(l);
    struct pass p = {.l = l, .a = a, .options = options, .sum = ret};
    *ret = (struct gw_analyse_summary){0};
    pthread_mutex_init(&p.in, NULL);
    pthread_mutex_init(&p.out, NULL);
    pthread_cond_init(&p.turn, NULL);
    p.pool = gw_pool_new();
    p.code = p.pool ? gw_evidence_each(a, -1, -1, add_object, &p, &p.why)
                    : gw_fail(&p.why, GW_ENOMEM, "out of memory");
    if (!p.code)
        run_pass(&p, false);
    if (!p.code) {
        ret->pool_keys = (int64_t)gw_pool_count(p.pool);
        ret->pool_thinned = gw_pool_thinned(p.pool);
        run_pass(&p, true);
    }
    int rc = p.code ? p.code : commit(&p, &p.why);
    gw_pool_free(p.pool);
    gw_free(p.objects);
    pthread_cond_destroy(&p.turn);
    pthread_mutex_destroy(&p.out);
    pthread_mutex_destroy(&p.in);
    return rc ? gw_fail(why, rc, "%s",
                        p.why.text[0] ? p.why.text : gw_strerror(rc))
              : 0;
}
