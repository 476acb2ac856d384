// A policy, then (after a zero byte) a note that is opened under it: nothing
// opens without its log, and no quorum is met without those who make it.
#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_members(const struct gw_policy *p)
{
    must(gw_policy_log_count(p) <= 64 && gw_policy_witness_count(p) <= 64);
    for (size_t i = 0; i < gw_policy_log_count(p); i++) {
        const struct gw_policy_member *m = gw_policy_log(p, i);
        must(m->name[0] && !strcmp(m->name, m->vkey.name));
        must(m->vkey.type != GW_SIG_COSIGN);
    }
    for (size_t i = 0; i < gw_policy_witness_count(p); i++) {
        const struct gw_policy_member *m = gw_policy_witness(p, i);
        must(m->name[0] && strcmp(m->name, "none") != 0);
        must(m->vkey.type == GW_SIG_COSIGN || m->vkey.type == GW_SIG_ML_DSA_44);
    }
}

static void check_quorum(const struct gw_policy *p, const struct gw_opened *o)
{
    bool one_of_them = false;
    for (size_t i = 0; i < o->cosignature_count; i++)
        one_of_them |= o->cosignatures[i].posix == o->quorum_posix;
    must(gw_policy_needs_witnesses(p) || o->quorum);
    if (o->quorum && gw_policy_needs_witnesses(p))
        must(one_of_them);
    else
        must(o->quorum_posix == 0);
}

static void open_note(const struct gw_policy *p, gw_span bytes)
{
    struct gw_arena *a = gw_arena_new(4 << 20);
    struct gw_opened o;
    struct gw_why why = {0};
    int rc = gw_policy_open(p, bytes, a, &o, &why);
    must(rc == 0 || (rc == why.code && why.text[0]));
    if (rc == 0) {
        must(o.log ? !strcmp(o.log->name, o.checkpoint.origin)
                   : !gw_policy_log_count(p) && o.cosignature_count);
        must(o.cosignature_count <= gw_policy_witness_count(p));
        must(o.ignored + 1 <= o.note.count);
        check_quorum(p, &o);
    }
    gw_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_policy *p;
    struct gw_why why = {0};
    gw_span rest = gw_span_of(data, size), text = gw_cut(&rest, 0);
    int rc = gw_policy_parse(text, &p, &why);
    if (rc) {
        must(!p && rc == why.code && gw_starts(gw_str(why.text), "policy"));
        return 0;
    }
    check_members(p);
    open_note(p, rest);
    gw_policy_free(p);
    return 0;
}
