// Tells what a path holds and checks it, step by step and in words: needs no
// archive, no clock, and no network unless the path is a URL.
#include "ledger/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POLICY_MAX = 256 << 10, FULL_PATH = 4096 };

// ---- telling ------------------------------------------------------------

// Names and texts come from hostile files; a terminal must not obey them.
static void make_harmless(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void verify_say(struct verify *v, int state, const char *what, const char *fmt,
                ...)
{
    struct gw_step step = {.what = what};
    va_list args;
    va_start(args, fmt);
    vsnprintf(step.text, sizeof step.text, fmt, args);
    va_end(args);
    make_harmless(step.text);
    switch (state) {
    case GW_STEP_OK:
        step.state = GW_STEP_OK;
        v->ret->good++;
        break;
    case GW_STEP_NOTE:
        step.state = GW_STEP_NOTE;
        v->ret->notes++;
        break;
    default: step.state = GW_STEP_BAD; v->ret->bad++;
    }
    if (v->o->step)
        v->o->step(v->o->ctx, &step);
}

void verify_claim(struct verify *v, const struct gw_leaf_read *read)
{
    char day[GW_TIME_TEXT];
    gw_format_day(read->day, day);
    snprintf(v->ret->times.claimed, sizeof v->ret->times.claimed, "%.15s", day);
}

static bool is_of_this_machine(int rc)
{
    return rc == GW_ENOMEM || rc == GW_EIO || rc == GW_ENET || rc == GW_EBUSY;
}

int verify_blame(struct verify *v, const char *what, const char *where, int rc,
                 const struct gw_why *why)
{
    const char *text = why->code ? why->text : gw_strerror(rc);
    if (is_of_this_machine(rc))
        return gw_fail(v->why, rc, "%s: %s", where, text);
    if (gw_starts(gw_str(text), where)) // it names the file already
        verify_say(v, GW_STEP_BAD, what, "%s", text);
    else
        verify_say(v, GW_STEP_BAD, what, "%s: %s", where, text);
    return 0;
}

const char *verify_when(uint64_t posix, char ret_text[WHEN_TEXT])
{
    const uint64_t last = UINT64_C(7258118399); // of 2199
    if (posix > last) {
        snprintf(ret_text, WHEN_TEXT, "after 2199");
        return ret_text;
    }
    gw_format_time((gw_time)posix * GW_SECOND, ret_text);
    snprintf(ret_text + strlen(ret_text), WHEN_TEXT - strlen(ret_text), " UTC");
    return ret_text;
}

int verify_load(struct verify *v, const char *path, size_t max, gw_span *ret,
                struct gw_why *why)
{
    struct gw_buf b;
    gw_buf_init(&b, max + GW_JSON_PADDING);
    int rc = gw_file_read(path, &b, why);
    if (!rc && b.len > max)
        rc = gw_fail(why, GW_ETOOBIG, "%s: larger than %zu bytes", path, max);
    uint8_t *at = rc ? NULL : gw_arena_take(v->arena, b.len + GW_JSON_PADDING);
    if (!rc && !at)
        rc = gw_fail(why, GW_ENOMEM, "%s: out of memory", path);
    if (at) {
        if (b.len)
            memcpy(at, b.at, b.len);
        memset(at + b.len, 0, GW_JSON_PADDING);
        *ret = gw_span_of(at, b.len);
    }
    gw_buf_release(&b);
    return rc;
}

// ---- policy -------------------------------------------------------------

static void note_where_keys_came_from(struct verify *v, const char *name)
{
    char vkey[GW_VKEY_TEXT];
    for (size_t i = 0; i < gw_policy_log_count(v->policy); i++) {
        gw_vkey_format(&gw_policy_log(v->policy, i)->vkey, vkey);
        verify_say(v, GW_STEP_NOTE, "policy",
                   "%s came along with what is checked: compare the log's key "
                   "with the one you got by another road: %.400s",
                   name, vkey);
    }
}

static void say_policy(struct verify *v, const char *name)
{
    size_t logs = gw_policy_log_count(v->policy);
    size_t witnesses = gw_policy_witness_count(v->policy);
    char who[64] = "no witnesses";
    if (witnesses)
        snprintf(who, sizeof who, "%zu %s, %s", witnesses,
                 witnesses == 1 ? "witness" : "witnesses",
                 gw_policy_needs_witnesses(v->policy)
                     ? "a quorum of them is needed"
                     : "none has to sign");
    verify_say(v, GW_STEP_OK, "policy", "%s: %zu %s, %s", name, logs,
               logs == 1 ? "log" : "logs", who);
}

int verify_policy(struct verify *v, gw_span beside, const char *name)
{
    struct gw_why why = {0};
    gw_span text = beside;
    int rc = 0;
    v->policy_came_along = !v->o->policy;
    if (v->o->policy) {
        name = v->o->policy;
        rc = verify_load(v, name, POLICY_MAX, &text, &why);
        if (rc) // the caller's own mistake, not a proof's
            return gw_fail(v->why, rc, "%s", why.text);
    }
    if (!text.at)
        return gw_fail(v->why, GW_EUSAGE,
                       "%s: not there, so nothing says whose signatures "
                       "count: --policy FILE",
                       name);
    v->policy_hash = gw_sha256(text);
    rc = gw_policy_parse(text, &v->policy, &why);
    if (rc)
        return verify_blame(v, "policy", name, rc, &why);
    say_policy(v, name);
    if (v->policy_came_along)
        note_where_keys_came_from(v, name);
    return 0;
}

// ---- checkpoints --------------------------------------------------------

static const struct gw_cosignature *
signed_by(const struct gw_opened *c, const struct gw_policy_member *witness)
{
    for (size_t i = 0; i < c->cosignature_count; i++)
        if (c->cosignatures[i].by == witness)
            return &c->cosignatures[i];
    return NULL;
}

// "w1 (2026-11-20 10:00:00 UTC), w2 (...)" or the names of those missing.
static void list_witnesses(const struct verify *v, const struct gw_opened *c,
                           bool present, struct gw_buf *ret)
{
    char when[WHEN_TEXT];
    const char *comma = "";
    for (size_t i = 0; i < gw_policy_witness_count(v->policy); i++) {
        const struct gw_policy_member *w = gw_policy_witness(v->policy, i);
        const struct gw_cosignature *s = signed_by(c, w);
        if (!!s != present)
            continue;
        gw_put_fmt(ret, "%s%s", comma, w->vkey.name);
        if (s)
            gw_put_fmt(ret, " (%s)", verify_when(s->posix, when));
        comma = ", ";
    }
}

static int say_quorum(struct verify *v, const struct gw_opened *c,
                      const char *name)
{
    struct gw_buf present, missing;
    gw_buf_init(&present, 64 << 10);
    gw_buf_init(&missing, 64 << 10);
    list_witnesses(v, c, true, &present);
    list_witnesses(v, c, false, &missing);
    int rc = present.err ? present.err : missing.err;
    if (rc)
        rc = gw_fail(v->why, rc, "%s: %s", name, gw_strerror(rc));
    else if (!gw_policy_needs_witnesses(v->policy) && !c->cosignature_count)
        verify_say(v, GW_STEP_NOTE, "quorum",
                   "%s: only the log itself signed; the policy asks for no "
                   "witness, so nothing shows that others see the same log",
                   name);
    else
        verify_say(v, c->quorum ? GW_STEP_OK : GW_STEP_BAD, "quorum",
                   "%s: %s%.*s%s%.*s", name,
                   present.len ? "cosigned by " : "cosigned by nobody",
                   (int)(present.len < 250 ? present.len : 250),
                   (const char *)present.at, missing.len ? "; missing: " : "",
                   (int)(missing.len < 200 ? missing.len : 200),
                   (const char *)missing.at);
    gw_buf_release(&present);
    gw_buf_release(&missing);
    return rc;
}

int verify_checkpoint(struct verify *v, gw_span bytes, const char *name,
                      struct gw_opened *ret, bool *ret_ok)
{
    struct gw_why why = {0};
    *ret_ok = false;
    int rc = gw_policy_open(v->policy, bytes, v->arena, ret, &why);
    if (rc)
        return verify_blame(v, "checkpoint", name, rc, &why);
    *ret_ok = true;
    verify_say(
        v, GW_STEP_OK, "checkpoint", "%s: signed by the log %s, tree of %llu",
        name, ret->checkpoint.origin, (unsigned long long)ret->checkpoint.size);
    return say_quorum(v, ret, name);
}

// A quorum's time is as good as the quorum; without one the earliest witness
// is believed, and the words say so.
void verify_not_after(struct verify *v, const struct gw_opened *c)
{
    char by[sizeof v->ret->times.not_after.by];
    uint64_t posix = c->quorum_posix;
    if (gw_policy_needs_witnesses(v->policy)) {
        if (!c->quorum)
            return;
        snprintf(by, sizeof by, "the quorum of witnesses");
    } else {
        const struct gw_cosignature *first = NULL;
        for (size_t i = 0; i < c->cosignature_count; i++)
            if (!first || c->cosignatures[i].posix < first->posix)
                first = &c->cosignatures[i];
        if (!first)
            return;
        posix = first->posix;
        snprintf(by, sizeof by, "witness %.240s alone", first->by->vkey.name);
    }
    if (posix <= INT64_MAX)
        gw_times_add_after(&v->ret->times, (int64_t)posix, by);
}

// ---- the whole ----------------------------------------------------------

static bool has(const char *folder, const char *name)
{
    char path[FULL_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static int dispatch(struct verify *v, const char *path)
{
    struct stat st;
    bool url = gw_starts(gw_str(path), "http://") ||
               gw_starts(gw_str(path), "https://");
    if (!url && stat(path, &st))
        return gw_fail(v->why, errno == ENOENT ? GW_ENOENT : GW_EIO, "%s: %s",
                       path, strerror(errno));
    bool folder = !url && S_ISDIR(st.st_mode);
    bool bag = folder && has(path, "bagit.txt");
    if (url || (folder && !bag &&
                (has(path, "checkpoint") || has(path, "checkpoint.local"))))
        return verify_log(v, path);
    if (v->o->old)
        return gw_fail(v->why, GW_EUSAGE,
                       "%s: whether an earlier checkpoint is a prefix can "
                       "only be told from the log itself",
                       path);
    if (bag)
        return verify_bag(v, path);
    if (folder)
        return gw_fail(v->why, GW_EUNKNOWN,
                       "%s: neither bagit.txt nor checkpoint is in it", path);
    return verify_file(v, path);
}

static int say_times(struct verify *v)
{
    struct gw_buf words;
    const struct gw_times *t = &v->ret->times;
    bool before = t->not_before.by[0], after = t->not_after.by[0];
    int state = before && after && t->not_before.posix > t->not_after.posix
                    ? GW_STEP_BAD
                : before || after ? GW_STEP_OK
                                  : GW_STEP_NOTE;
    gw_buf_init(&words, 4096);
    gw_times_words(t, &words);
    int rc = words.err;
    if (rc)
        rc = gw_fail(v->why, rc, "out of memory");
    else
        verify_say(v, state, "time", "%.*s", (int)words.len,
                   (const char *)words.at);
    gw_buf_release(&words);
    return rc;
}

int gw_verify(const char *path, const struct gw_verify_options *o,
              struct gw_verified *ret, struct gw_why *why)
{
    struct verify v = {.o = o, .ret = ret, .why = why};
    *ret = (struct gw_verified){0};
    ret->times.not_before.posix = ret->times.not_after.posix = INT64_MIN;
    v.arena = gw_arena_new(BAG_ARENA_MAX);
    v.json = gw_json_new();
    int rc = v.arena && v.json ? dispatch(&v, path)
                               : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc : say_times(&v);
    gw_policy_free(v.policy);
    gw_json_free(v.json);
    gw_arena_free(v.arena);
    if (!rc && ret->bad)
        rc = gw_fail(why, GW_EPROOF, "%s: %zu of its %zu steps failed", path,
                     ret->bad, ret->bad + ret->good);
    return rc;
}
