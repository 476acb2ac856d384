// Opens a signed checkpoint under a policy: who signed it, and from when on
// its witnesses make the quorum.
#include "ledger/policy.h"

static const uint64_t never = UINT64_MAX; // no valid time: those have 63 bits

static int earlier(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// When the n-th of a set had signed: the n-th smallest of its members' times.
static uint64_t time_of(struct gw_policy_set set, size_t n,
                        const uint64_t *witness_times,
                        const uint64_t *group_times)
{
    uint64_t times[GW_POLICY_WITNESSES_MAX + GW_POLICY_GROUPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < GW_POLICY_WITNESSES_MAX; i++)
        if (set.witnesses >> i & 1)
            times[count++] = witness_times[i];
    for (size_t i = 0; i < GW_POLICY_GROUPS_MAX; i++)
        if (set.groups >> i & 1)
            times[count++] = group_times[i];
    qsort(times, count, sizeof *times, earlier);
    return times[n - 1];
}

static uint64_t quorum_time(const struct gw_policy *p,
                            const uint64_t *witness_times)
{
    uint64_t group_times[GW_POLICY_GROUPS_MAX];
    if (!gw_policy_needs_witnesses(p))
        return 0;
    // Members of a group are defined before it, so one pass is enough.
    for (size_t i = 0; i < p->group_count; i++)
        group_times[i] = time_of(p->groups[i].members, p->groups[i].threshold,
                                 witness_times, group_times);
    return time_of(p->quorum, 1, witness_times, group_times);
}

static int check_logs(const struct gw_policy *p, struct gw_opened *o,
                      struct gw_why *why)
{
    uint64_t posix;
    for (size_t i = 0; i < p->log_count; i++) {
        const struct gw_policy_member *log = &p->logs[i];
        int rc = gw_note_signed_by(&o->note, &log->vkey, &posix, why);
        if (rc < 0)
            return rc;
        if (rc && !o->log && !strcmp(log->name, o->checkpoint.origin))
            o->log = log;
    }
    if (o->log || !p->log_count) // then it is up to the witnesses, below
        return 0;
    return gw_fail(why, GW_EPROOF,
                   "checkpoint of \"%s\": no signature by a log of that name "
                   "in the policy",
                   o->checkpoint.origin);
}

static int check_witnesses(const struct gw_policy *p, struct gw_opened *o,
                           uint64_t *ret_times, struct gw_why *why)
{
    for (size_t i = 0; i < p->witness_count; i++) {
        const struct gw_policy_member *w = &p->witnesses[i];
        uint64_t posix;
        int rc = gw_note_signed_by(&o->note, &w->vkey, &posix, why);
        if (rc < 0)
            return rc;
        ret_times[i] = rc ? posix : never;
        if (rc)
            o->cosignatures[o->cosignature_count++] =
                (struct gw_cosignature){w, posix};
    }
    if (o->log || o->cosignature_count)
        return 0;
    return gw_fail(why, GW_EPROOF,
                   "checkpoint of \"%s\": the policy names no log, and none of "
                   "its witnesses has signed",
                   o->checkpoint.origin);
}

static bool names(const struct gw_policy_member *members, size_t n,
                  const struct gw_note_line *line)
{
    for (size_t i = 0; i < n; i++)
        if (members[i].vkey.id == line->id &&
            gw_is(line->name, members[i].vkey.name))
            return true;
    return false;
}

static size_t count_ignored(const struct gw_policy *p, const struct gw_note *n)
{
    size_t ignored = 0;
    for (size_t i = 0; i < n->count; i++)
        ignored += !names(p->logs, p->log_count, &n->lines[i]) &&
                   !names(p->witnesses, p->witness_count, &n->lines[i]);
    return ignored;
}

int gw_policy_open(const struct gw_policy *p, gw_span bytes,
                   struct gw_arena *arena, struct gw_opened *ret,
                   struct gw_why *why)
{
    uint64_t times[GW_POLICY_WITNESSES_MAX] = {0};
    memset(ret, 0, sizeof *ret);
    int rc = gw_note_parse(bytes, arena, &ret->note, why);
    rc = rc ? rc : gw_checkpoint_parse(ret->note.text, &ret->checkpoint, why);
    rc = rc ? rc : check_logs(p, ret, why);
    rc = rc ? rc : check_witnesses(p, ret, times, why);
    if (rc)
        return rc;
    ret->ignored = count_ignored(p, &ret->note);
    uint64_t met = quorum_time(p, times);
    ret->quorum = met != never;
    ret->quorum_posix = ret->quorum ? met : 0;
    return 0;
}
