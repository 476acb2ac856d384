// One transaction with something of everything in it, and the question which
// of its two ends an archive is at. For the tests that break it off.
#ifndef GW_STORY_H
#define GW_STORY_H

#include "place.h"

static const char story_mmdb[] = "tree\xab\xcd\xefMaxMind.com";

static inline int story_put(struct gw_archive *a, const char *name, gw_span s,
                            struct gw_object *ret, struct gw_why *why)
{
    struct bytes b = {s, 0};
    bool new;
    return gw_evidence_put(a, give_bytes, &b, name, ret, &new, why);
}

// The state before: one object, its segment and a note; without the commit.
static inline int story_begin(struct gw_archive *a, struct gw_why *why)
{
    struct gw_object o;
    int rc = story_put(a, "a", GW_LIT("object a"), &o, why);
    rc = rc ? rc : put_segment(a, o.hash, "old", why);
    return rc ? rc : gw_note_set(a, "state", GW_LIT("old"), why);
}

// To the state after; without the commit.
static inline int story_change(struct gw_archive *a, struct gw_why *why)
{
    struct gw_object o, b, c;
    struct gw_refusal r = {.code = GW_EFORMAT, .bytes = GW_LIT("refused")};
    int rc = story_put(a, "another name", GW_LIT("object a"), &o, why);
    rc = rc ? rc : put_segment(a, o.hash, "new", why);
    rc = rc ? rc : gw_note_set(a, "state", GW_LIT("new"), why);
    rc = rc ? rc : story_put(a, "b", GW_LIT("\x1f\x8b object b"), &b, why);
    if (rc)
        return rc;
    memcpy(r.object, b.hash, sizeof r.object);
    rc = gw_refusals_clear(a, b.hash, why);
    rc = rc ? rc : gw_refusal_add(a, &r, why);
    rc = rc ? rc : put_segment(a, b.hash, "b", why);
    b.state = GW_DONE;
    rc = rc ? rc : gw_evidence_describe(a, &b, why);
    return rc ? rc : story_put(a, "c", gw_str(story_mmdb), &c, why);
}

struct story {
    struct gw_archive *a;
    int objects, done, refusals, bad;
};

static inline int story_object(void *ctx, const struct gw_object *o)
{
    struct story *s = ctx;
    s->objects++;
    s->done += o->state == GW_DONE;
    s->bad += gw_evidence_check(s->a, o->hash, NULL) != 0;
    if (strcmp(o->name, "a") == 0 && !segment_is(s->a, o->hash, "old"))
        s->bad += !segment_is(s->a, o->hash, "new") ? 1 : 1000;
    if (strcmp(o->name, "b") == 0 && !segment_is(s->a, o->hash, "b"))
        s->bad++;
    return 0;
}

static inline int story_refusal(void *ctx, const struct gw_refusal *r)
{
    struct story *s = ctx;
    s->refusals += gw_is(r->bytes, "refused");
    return 0;
}

// 0: wholly before; 1: wholly after; -1: neither.
static inline int story_end(struct gw_archive *a)
{
    struct story s = {.a = a};
    struct gw_buf note;
    gw_buf_init(&note, 16);
    char hex[65];
    int64_t segments = 0;
    if (gw_note_get(a, "state", &note, NULL) ||
        gw_evidence_each(a, -1, -1, story_object, &s, NULL) ||
        gw_refusals_each(a, NULL, story_refusal, &s, NULL) ||
        gw_tier_digest(a, GW_TIER_FACTS, hex, &segments, NULL))
        s.bad = -1;
    bool old = gw_is(gw_buf_span(&note), "old");
    bool new = gw_is(gw_buf_span(&note), "new");
    gw_buf_release(&note);
    if (old && s.bad == 0 && s.objects == 1 && segments == 1 && !s.refusals)
        return 0;
    if (new &&s.bad == 1000 && s.objects == 3 && s.done == 1 && segments == 2 &&
        s.refusals == 1)
        return 1;
    return -1;
}

static inline struct place story_place(void)
{
    struct place p = place_new();
    struct gw_archive *a = archive_in(&p, GW_ARCHIVE_CREATE);
    assert_int_equal(story_begin(a, NULL), 0);
    commit(a);
    gw_archive_close(a);
    return p;
}

// Looks at what an interrupted change left, as a reader and then as the next
// writer, who goes through with it. `least`: the end it must have reached.
static inline void story_goes_on(const struct place *p, int least)
{
    struct gw_archive *a = archive_in(p, GW_ARCHIVE_READ);
    int end = story_end(a);
    assert_in_range(end, least, 1);
    gw_archive_close(a);
    a = archive_in(p, GW_ARCHIVE_WRITE);
    assert_int_equal(story_end(a), end);
    assert_int_equal(files_with(p, "/tmp-").n, 0);
    assert_int_equal(files_with(p, ".gws").n, end + 1);
    assert_int_equal(story_change(a, NULL), 0);
    commit(a);
    assert_int_equal(story_end(a), 1);
    assert_int_equal(files_with(p, ".gws").n, 2);
    assert_int_equal(files_with(p, "/evidence/").n, 3);
    gw_archive_close(a);
}

#endif
