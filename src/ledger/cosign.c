// Witnesses of an archive's log: over HTTP or by files they put their names to
// checkpoint.local, and when the quorum has, others get to read it.
#include "ledger/archive.h"
#include "ledger/lines.h"

#include <unistd.h>

struct round {
    struct gw_ledger *l;
    struct gw_buf policy_text, note; // with every line so far
    struct gw_policy *policy;
    struct gw_arena *arena;
    struct gw_opened opened;
    struct gw_log_reader *reader;
    struct gw_tiles *tiles;
    struct gw_sealed *sealed;
};

static void round_close(struct round *r)
{
    gw_tiles_close(r->tiles);
    gw_log_reader_close(r->reader);
    gw_policy_free(r->policy);
    gw_arena_free(r->arena);
    gw_buf_release(&r->policy_text);
    gw_buf_release(&r->note);
}

static int open_note(struct round *r, struct gw_why *why)
{
    gw_arena_reset(r->arena);
    int rc = gw_policy_open(r->policy, gw_buf_span(&r->note), r->arena,
                            &r->opened, why);
    if (!rc)
        r->sealed->checkpoint = r->opened.checkpoint;
    return rc ? gw_within(why, "%s/%s", r->l->folder, LEDGER_LOCAL), rc : 0;
}

// The policy is the one that a leaf under that checkpoint names, not what
// keys/policy.txt may say since.
static int round_open(struct round *r, struct gw_why *why)
{
    const char *folder = r->l->folder;
    gw_buf_init(&r->policy_text, POLICY_MAX);
    gw_buf_init(&r->note, CHECKPOINT_MAX);
    r->arena = gw_arena_new(16 << 20);
    int rc = r->arena ? 0 : gw_fail(why, GW_ENOMEM, "out of memory");
    rc = rc ? rc
            : ledger_file(folder, LEDGER_LOCAL, CHECKPOINT_MAX, &r->note, why);
    rc = rc ? rc
            : ledger_file(folder, LEDGER_LOCAL_POLICY, POLICY_MAX,
                          &r->policy_text, why);
    rc = rc ? rc
            : gw_policy_parse(gw_buf_span(&r->policy_text), &r->policy, why);
    rc = rc ? rc : open_note(r, why);
    rc = rc ? rc : gw_log_reader_open(folder, &r->reader, why);
    return rc ? rc
              : gw_tiles_open(r->reader, &r->opened.checkpoint, &r->tiles, why);
}

static bool has_signed(const struct gw_opened *o,
                       const struct gw_policy_member *w)
{
    for (size_t i = 0; i < o->cosignature_count; i++)
        if (o->cosignatures[i].by == w)
            return true;
    return false;
}

// ---- what a witness is known to have seen -------------------------------
// Its signature over a tree may have been replaced by a newer checkpoint, or
// come too late to count; its next proof must start there all the same.

enum { MARK = GW_KEY_NAME_MAX + 32 };

static void mark_name(const char *what, const struct gw_policy_member *w,
                      char ret[MARK])
{
    snprintf(ret, MARK, "%s %s+%08x", what, w->vkey.name, (unsigned)w->vkey.id);
}

static uint64_t mark_get(struct round *r, const char *what,
                         const struct gw_policy_member *w)
{
    char name[MARK];
    uint64_t size = 0;
    struct gw_buf b;
    gw_buf_init(&b, 64);
    mark_name(what, w, name);
    if (gw_note_get(r->l->a, name, &b, NULL) ||
        !gw_parse_uint(gw_buf_span(&b), INT64_MAX, &size))
        size = 0;
    gw_buf_release(&b);
    return size;
}

static int mark_set(struct round *r, const char *what,
                    const struct gw_policy_member *w, uint64_t size,
                    struct gw_why *why)
{
    char name[MARK], text[32];
    if (mark_get(r, what, w) == size)
        return 0;
    mark_name(what, w, name);
    snprintf(text, sizeof text, "%llu", (unsigned long long)size);
    return gw_note_set(r->l->a, name, gw_str(text), why);
}

// What it said itself outweighs all that is known here, until it signs again.
static int mark_cosigned(struct round *r, const struct gw_policy_member *w,
                         uint64_t size, struct gw_why *why)
{
    int rc =
        mark_get(r, "cosigned", w) == size ? 0 : mark_set(r, "said", w, 0, why);
    return rc ? rc : mark_set(r, "cosigned", w, size, why);
}

// ---- settling -----------------------------------------------------------

// The policy goes first: it names keys, and whoever meets it with the older
// checkpoint knows at least that they do not fit.
static int show_others(struct round *r, struct gw_why *why)
{
    char path[LEDGER_PATH];
    const char *folder = r->l->folder;
    int rc = ledger_path(path, folder, LEDGER_SEALED, why);
    if (!rc && (r->opened.quorum || access(path, F_OK) != 0))
        rc = ledger_keep(folder, LEDGER_POLICY, gw_buf_span(&r->policy_text),
                         why);
    if (!rc && r->opened.quorum)
        rc = ledger_keep(folder, LEDGER_SEALED, gw_buf_span(&r->note), why);
    return rc;
}

// disputed: a witness says that it has seen another log. Then a quorum of
// witnesses outweighs it, and nothing else does.
static int settle(struct round *r, const struct gw_why *disputed,
                  struct gw_why *why)
{
    int rc = open_note(r, why);
    rc = rc ? rc
            : ledger_keep(r->l->folder, LEDGER_LOCAL, gw_buf_span(&r->note),
                          why);
    for (size_t i = 0; i < r->opened.cosignature_count && !rc; i++)
        rc = mark_cosigned(r, r->opened.cosignatures[i].by,
                           r->opened.checkpoint.size, why);
    rc = rc ? rc : gw_ledger_commit(r->l, why);
    if (rc)
        return rc;
    r->sealed->quorum = r->opened.quorum;
    r->sealed->witnesses = r->opened.cosignature_count;
    bool outweighed = r->opened.quorum && gw_policy_needs_witnesses(r->policy);
    if (disputed->code && !outweighed)
        return gw_fail(why, disputed->code, "%s", disputed->text);
    return show_others(r, why);
}

// ---- over HTTP ----------------------------------------------------------

// The reason may name the witness itself; once is enough.
static void tell_missing(struct gw_sealed *s, const char *name,
                         const char *reason)
{
    size_t at = strlen(s->missing), len = strlen(name);
    if (gw_starts(gw_str(reason), "witness ") &&
        strncmp(reason + strlen("witness "), name, len) == 0 &&
        gw_starts(gw_str(reason + strlen("witness ") + len), ": "))
        reason += strlen("witness ") + len + strlen(": ");
    snprintf(s->missing + at, sizeof s->missing - at, "%s%s: %s",
             at ? "; " : "", name, reason);
}

// A witness that does not answer, or not as it should, costs its own line and
// nothing else.
static int ask_all(struct round *r, struct gw_why *ret_disputed,
                   struct gw_why *why)
{
    struct gw_buf asked;
    gw_buf_init(&asked, CHECKPOINT_MAX);
    gw_put_span(&asked, gw_buf_span(&r->note));
    size_t n = asked.err ? 0 : gw_policy_witness_count(r->policy);
    for (size_t i = 0; i < n; i++) {
        const struct gw_policy_member *w = gw_policy_witness(r->policy, i);
        struct gw_why said = {0};
        if (has_signed(&r->opened, w))
            continue;
        if (!w->url[0]) {
            tell_missing(r->sealed, w->name,
                         "no address; see: gawah seal --request");
            continue;
        }
        int rc =
            gw_witness_ask(w, r->tiles, gw_buf_span(&asked), &r->note, &said);
        if (rc)
            tell_missing(r->sealed, w->name, said.text);
        if (rc == GW_EFORK)
            gw_fail(ret_disputed, rc, "%s", said.text);
    }
    int rc = asked.err ? asked.err : r->note.err;
    gw_buf_release(&asked);
    return rc ? gw_fail(why, rc, "cosignatures: %s", gw_strerror(rc)) : 0;
}

int ledger_cosign(struct gw_ledger *l, bool ask, struct gw_sealed *ret,
                  struct gw_why *why)
{
    struct round r = {.l = l, .sealed = ret};
    struct gw_why disputed = {0};
    int rc = round_open(&r, why);
    rc = rc || !ask ? rc : ask_all(&r, &disputed, why);
    rc = rc ? rc : settle(&r, &disputed, why);
    round_close(&r);
    return rc;
}

// ---- by file ------------------------------------------------------------

// The lines of witnesses that have not signed yet.
static int add_lines(struct round *r, gw_span lines, struct gw_why *why)
{
    struct gw_buf both;
    struct gw_note note;
    gw_buf_init(&both, CHECKPOINT_MAX);
    gw_put_span(&both, r->opened.note.text);
    gw_put_u8(&both, '\n');
    gw_put_span(&both, lines);
    int rc = both.err ? both.err
                      : gw_note_parse(gw_buf_span(&both), r->arena, &note, why);
    for (size_t i = 0; !rc && i < note.count; i++) {
        bool there = false;
        for (size_t k = 0; k < r->opened.cosignature_count; k++) {
            const struct gw_vkey *by = &r->opened.cosignatures[k].by->vkey;
            there |= by->id == note.lines[i].id &&
                     gw_is(note.lines[i].name, by->name);
        }
        if (!there)
            gw_put_span(&r->note, note.lines[i].line);
    }
    gw_buf_release(&both);
    return rc ? rc : r->note.err;
}

// Whether an answer has this witness' line over a tree of ours.
static int is_over(struct round *r, const struct gw_policy_member *w,
                   const struct gw_checkpoint *c, gw_span answer)
{
    struct gw_buf b;
    struct gw_note note;
    uint64_t posix;
    gw_buf_init(&b, CHECKPOINT_MAX);
    gw_checkpoint_format(c, &b);
    gw_put_u8(&b, '\n');
    gw_put_span(&b, answer);
    int rc =
        b.err ? b.err : gw_note_parse(gw_buf_span(&b), r->arena, &note, NULL);
    rc = rc ? rc : gw_note_signed_by(&note, &w->vkey, &posix, NULL);
    gw_buf_release(&b);
    return rc;
}

// An answer that took so long that the log has grown meanwhile. It does not
// count any more, but the next request must go on from there.
static int take_late(struct round *r, const struct gw_policy_member *w,
                     gw_span answer, struct gw_why *why)
{
    struct gw_checkpoint c = r->opened.checkpoint;
    c.size = mark_get(r, "asked", w);
    if (!c.size || c.size >= r->opened.checkpoint.size)
        return 0;
    int rc = gw_root_of_first(gw_tiles_node, r->tiles, c.size, &c.root, why);
    if (rc || is_over(r, w, &c, answer) != 1)
        return rc;
    rc = mark_cosigned(r, w, c.size, why);
    rc = rc ? rc : gw_ledger_commit(r->l, why);
    return rc ? rc
              : gw_fail(why, GW_EPROOF,
                        "the answer is to an earlier request, of the tree of "
                        "%llu leaves; make a new one: gawah seal --request",
                        (unsigned long long)c.size);
}

static const struct gw_policy_member *find_witness(const struct round *r,
                                                   gw_span name)
{
    for (size_t i = 0; i < gw_policy_witness_count(r->policy); i++)
        if (gw_is(name, gw_policy_witness(r->policy, i)->name))
            return gw_policy_witness(r->policy, i);
    return NULL;
}

// A 409 that came as a file: "<witness> <size>\n". No cosignature has that
// form. Where it has seen a larger tree than ours, something was put back.
static bool is_refusal(gw_span answer, gw_span *ret_name, uint64_t *ret_size)
{
    gw_span line;
    if (!gw_line_take(&answer, &line) || answer.len)
        return false;
    *ret_name = gw_cut(&line, ' ');
    return ret_name->len && gw_size_read(line, ret_size);
}

static int take_refusal(struct round *r, gw_span name, uint64_t size,
                        struct gw_why *why)
{
    char words[160];
    const struct gw_policy_member *w = find_witness(r, name);
    if (!w)
        return gw_fail(why, GW_EUSAGE,
                       "%s/policy.txt names no witness "
                       "\"%.*s\"",
                       r->l->keys, (int)name.len, (const char *)name.at);
    if (size > r->opened.checkpoint.size)
        return gw_fail(why, GW_EFORK,
                       "witness %s: has seen a tree of %llu leaves, here are "
                       "only %llu",
                       w->name, (unsigned long long)size,
                       (unsigned long long)r->opened.checkpoint.size);
    snprintf(words, sizeof words,
             "has last seen a tree of %llu leaves; the next request proves "
             "from there",
             (unsigned long long)size);
    tell_missing(r->sealed, w->name, words);
    // One more, because no mark is 0 as well.
    return mark_set(r, "said", w, size + 1, why);
}

static int take_lines(struct round *r, gw_span answer, struct gw_why *why)
{
    struct gw_buf lines;
    struct gw_why said = {0};
    gw_buf_init(&lines, CHECKPOINT_MAX);
    int taken = gw_witness_accept(r->policy, gw_buf_span(&r->note), answer,
                                  &lines, &said);
    size_t n = taken == GW_EPROOF ? gw_policy_witness_count(r->policy) : 0;
    int rc = 0;
    for (size_t i = 0; i < n && !rc; i++)
        rc = take_late(r, gw_policy_witness(r->policy, i), answer, why);
    if (!rc && taken)
        rc = gw_fail(why, taken, "%s", said.text);
    rc = rc ? rc : add_lines(r, gw_buf_span(&lines), why);
    gw_buf_release(&lines);
    return rc;
}

int gw_ledger_accept(struct gw_ledger *l, gw_span answer, struct gw_sealed *ret,
                     struct gw_why *why)
{
    *ret = (struct gw_sealed){0};
    struct round r = {.l = l, .sealed = ret};
    struct gw_why undisputed = {0};
    uint64_t size;
    gw_span name;
    int rc = round_open(&r, why);
    if (!rc)
        rc = is_refusal(answer, &name, &size)
                 ? take_refusal(&r, name, size, why)
                 : take_lines(&r, answer, why);
    rc = rc ? rc : settle(&r, &undisputed, why);
    round_close(&r);
    return rc;
}

// The size of a tree here that a witness signed, whoever signed for the log
// then; 0 if there is none.
static uint64_t signed_size(struct round *r, const char *file,
                            const struct gw_policy_member *w)
{
    struct gw_buf b;
    struct gw_note note;
    struct gw_checkpoint c = {.size = 0};
    uint64_t posix;
    gw_buf_init(&b, CHECKPOINT_MAX);
    bool is = ledger_file(r->l->folder, file, CHECKPOINT_MAX, &b, NULL) == 0 &&
              gw_note_parse(gw_buf_span(&b), r->arena, &note, NULL) == 0 &&
              gw_note_signed_by(&note, &w->vkey, &posix, NULL) == 1 &&
              gw_checkpoint_parse(note.text, &c, NULL) == 0;
    gw_buf_release(&b);
    return is ? c.size : 0;
}

static uint64_t last_size(struct round *r, const struct gw_policy_member *w)
{
    uint64_t sizes[] = {signed_size(r, LEDGER_SEALED, w),
                        signed_size(r, LEDGER_LOCAL, w),
                        mark_get(r, "cosigned", w)};
    uint64_t most = 0, said = mark_get(r, "said", w);
    if (said && said - 1 <= r->opened.checkpoint.size)
        return said - 1;
    for (size_t i = 0; i < GW_COUNT(sizes); i++)
        if (sizes[i] > most && sizes[i] <= r->opened.checkpoint.size)
            most = sizes[i];
    return most;
}

int gw_ledger_request(struct gw_ledger *l, const char *witness,
                      struct gw_buf *ret, struct gw_why *why)
{
    struct gw_sealed sealed = {0};
    struct round r = {.l = l, .sealed = &sealed};
    int rc = round_open(&r, why);
    const struct gw_policy_member *w =
        rc ? NULL : find_witness(&r, gw_str(witness));
    if (!rc && !w)
        rc = gw_fail(why, GW_EUSAGE, "%s/policy.txt names no witness \"%s\"",
                     l->keys, witness);
    rc = rc ? rc
            : gw_witness_request(r.tiles, last_size(&r, w),
                                 gw_buf_span(&r.note), ret, why);
    rc = rc ? rc : mark_set(&r, "asked", w, r.opened.checkpoint.size, why);
    rc = rc ? rc : gw_ledger_commit(l, why);
    round_close(&r);
    return rc;
}
