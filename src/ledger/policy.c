// Policies (c2sp.org/tlog-policy): which logs and witnesses are known, and
// which witnesses together make a quorum. Read strictly, line by line; every
// message names its line.
#include "ledger/policy.h"
#include "ledger/lines.h"

enum { SHOWN = 80 }; // bytes of a name that go into a message

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

// The next item of a line; empty at the line's end.
static gw_span item(gw_span *line)
{
    size_t from = 0, to;
    while (from < line->len && blank(line->at[from]))
        from++;
    for (to = from; to < line->len && !blank(line->at[to]);)
        to++;
    gw_span s = gw_sub(*line, from, to - from);
    *line = gw_sub(*line, to, line->len);
    return s;
}

static int about(gw_span name, const char *rule, struct gw_why *why)
{
    return gw_fail(why, GW_EFORMAT, "\"%.*s\" %s",
                   (int)(name.len < SHOWN ? name.len : SHOWN),
                   name.len ? (const char *)name.at : "", rule);
}

static int too_many(const char *what, size_t max, struct gw_why *why)
{
    return gw_fail(why, GW_ETOOBIG, "more than %zu %s", max, what);
}

// ---- names --------------------------------------------------------------

// What a name stands for; false if nothing yet.
static bool defined(const struct gw_policy *p, gw_span name,
                    struct gw_policy_set *ret)
{
    *ret = (struct gw_policy_set){0};
    for (size_t i = 0; i < p->witness_count; i++)
        if (gw_is(name, p->witnesses[i].name))
            ret->witnesses = UINT64_C(1) << i;
    for (size_t i = 0; i < p->group_count; i++)
        if (gw_is(name, p->groups[i].name))
            ret->groups = UINT64_C(1) << i;
    return ret->witnesses || ret->groups;
}

// Takes a name that is not in use; "none" is predefined.
static int define(const struct gw_policy *p, gw_span name, char *ret_name,
                  struct gw_why *why)
{
    struct gw_policy_set set;
    if (name.len > GW_KEY_NAME_MAX)
        return gw_fail(why, GW_ETOOBIG, "a name over %d bytes",
                       GW_KEY_NAME_MAX);
    if (gw_is(name, "none") || defined(p, name, &set))
        return about(name, "is a name already", why);
    memcpy(ret_name, name.at, name.len);
    ret_name[name.len] = 0;
    return 0;
}

// ---- logs and witnesses -------------------------------------------------

static bool signs_logs(enum gw_signature_type type)
{
    return type != GW_SIG_COSIGN;
}
static bool signs_witness(enum gw_signature_type type)
{
    return type == GW_SIG_COSIGN || type == GW_SIG_ML_DSA_44;
}

// Keys are the same whatever name and type they are wrapped in. Two keys of
// one name and id could not be told apart in a note.
static int check_new_key(const struct gw_policy_member *members, size_t n,
                         const struct gw_vkey *k, bool same_kind,
                         struct gw_why *why)
{
    for (size_t i = 0; i < n; i++) {
        const struct gw_vkey *other = &members[i].vkey;
        if (same_kind &&
            !memcmp(other->public_key, k->public_key, sizeof k->public_key))
            return about(gw_str(k->name), "has a key that is there already",
                         why);
        if (other->id == k->id && !strcmp(other->name, k->name))
            return about(gw_str(k->name), "is two keys of one id", why);
    }
    return 0;
}

// The items from the key on: <vkey> [<url>].
static int read_key(gw_span line, struct gw_policy_member *ret,
                    struct gw_why *why)
{
    gw_span key = item(&line), url = item(&line);
    if (!key.len)
        return gw_fail(why, GW_EFORMAT, "the key is missing");
    if (item(&line).len)
        return gw_fail(why, GW_EFORMAT, "too many items");
    if (url.len >= sizeof ret->url)
        return gw_fail(why, GW_ETOOBIG, "a URL over %zu bytes",
                       sizeof ret->url - 1);
    if (url.len)
        memcpy(ret->url, url.at, url.len);
    ret->url[url.len] = 0;
    return gw_vkey_parse(key, &ret->vkey, why);
}

static int read_log(struct gw_policy *p, gw_span line, struct gw_why *why)
{
    if (p->log_count == GW_POLICY_LOGS_MAX)
        return too_many("logs", GW_POLICY_LOGS_MAX, why);
    struct gw_policy_member *m = &p->logs[p->log_count];
    int rc = read_key(line, m, why);
    if (rc)
        return rc;
    if (!signs_logs(m->vkey.type))
        return about(gw_str(m->vkey.name), "has a cosigner's key, not a log's",
                     why);
    rc = check_new_key(p->logs, p->log_count, &m->vkey, true, why);
    rc = rc ? rc
            : check_new_key(p->witnesses, p->witness_count, &m->vkey, false,
                            why);
    if (rc)
        return rc;
    memcpy(m->name, m->vkey.name, sizeof m->name);
    p->log_count++;
    return 0;
}

static int read_witness(struct gw_policy *p, gw_span line, struct gw_why *why)
{
    gw_span name = item(&line);
    if (p->witness_count == GW_POLICY_WITNESSES_MAX)
        return too_many("witnesses", GW_POLICY_WITNESSES_MAX, why);
    if (!name.len)
        return gw_fail(why, GW_EFORMAT, "the witness' name is missing");
    struct gw_policy_member *m = &p->witnesses[p->witness_count];
    int rc = define(p, name, m->name, why);
    rc = rc ? rc : read_key(line, m, why);
    if (rc)
        return rc;
    if (!signs_witness(m->vkey.type))
        return about(name, "has a key of a type that cannot cosign", why);
    rc = check_new_key(p->witnesses, p->witness_count, &m->vkey, true, why);
    rc = rc ? rc : check_new_key(p->logs, p->log_count, &m->vkey, false, why);
    if (rc)
        return rc;
    p->witness_count++;
    return 0;
}

// ---- groups and the quorum ----------------------------------------------

// Everything that is a member of some group.
static struct gw_policy_set grouped(const struct gw_policy *p)
{
    struct gw_policy_set all = {0};
    for (size_t i = 0; i < p->group_count; i++) {
        all.witnesses |= p->groups[i].members.witnesses;
        all.groups |= p->groups[i].members.groups;
    }
    return all;
}

static int read_members(const struct gw_policy *p, gw_span line,
                        struct gw_policy_set *ret, size_t *ret_count,
                        struct gw_why *why)
{
    struct gw_policy_set used = grouped(p), one;
    *ret = (struct gw_policy_set){0};
    *ret_count = 0;
    for (gw_span name; (name = item(&line)).len; ++*ret_count) {
        if (!defined(p, name, &one))
            return about(name, "is not defined on an earlier line", why);
        if ((one.witnesses & used.witnesses) || (one.groups & used.groups))
            return about(name, "is a member already", why);
        used.witnesses |= one.witnesses;
        used.groups |= one.groups;
        ret->witnesses |= one.witnesses;
        ret->groups |= one.groups;
    }
    return *ret_count ? 0 : gw_fail(why, GW_EFORMAT, "a group without members");
}

static int read_threshold(gw_span text, size_t members, size_t *ret,
                          struct gw_why *why)
{
    uint64_t k;
    if (gw_is(text, "any"))
        k = 1;
    else if (gw_is(text, "all"))
        k = members;
    else if (!gw_size_read(text, &k) || !k || k > members)
        return gw_fail(why, GW_EFORMAT,
                       "the threshold is none of any, all, 1 to %zu", members);
    *ret = (size_t)k;
    return 0;
}

static int read_group(struct gw_policy *p, gw_span line, struct gw_why *why)
{
    size_t count;
    gw_span name = item(&line), threshold = item(&line);
    if (p->group_count == GW_POLICY_GROUPS_MAX)
        return too_many("groups", GW_POLICY_GROUPS_MAX, why);
    if (!threshold.len)
        return gw_fail(why, GW_EFORMAT,
                       "the group's name or threshold is missing");
    struct gw_policy_group *g = &p->groups[p->group_count];
    int rc = define(p, name, g->name, why);
    rc = rc ? rc : read_members(p, line, &g->members, &count, why);
    rc = rc ? rc : read_threshold(threshold, count, &g->threshold, why);
    if (rc)
        return rc;
    p->group_count++;
    return 0;
}

static int read_quorum(struct gw_policy *p, gw_span line, struct gw_why *why)
{
    gw_span name = item(&line);
    if (p->has_quorum)
        return gw_fail(why, GW_EFORMAT, "a second quorum");
    if (!name.len || item(&line).len)
        return gw_fail(why, GW_EFORMAT, "a quorum is one name");
    if (!gw_is(name, "none") && !defined(p, name, &p->quorum))
        return about(name, "is not defined on an earlier line", why);
    p->has_quorum = true;
    return 0;
}

// ---- the file -----------------------------------------------------------

static int read_line(struct gw_policy *p, gw_span line, struct gw_why *why)
{
    static const struct {
        const char *keyword;
        int (*read)(struct gw_policy *p, gw_span line, struct gw_why *why);
    } kinds[] = {{"log", read_log},
                 {"witness", read_witness},
                 {"group", read_group},
                 {"quorum", read_quorum}};
    for (size_t i = 0; i < line.len; i++)
        if ((line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
            return gw_fail(why, GW_EFORMAT, "control character 0x%02x",
                           line.at[i]);
    gw_span keyword = item(&line);
    if (!keyword.len || keyword.at[0] == '#')
        return 0;
    for (size_t i = 0; i < GW_COUNT(kinds); i++)
        if (gw_is(keyword, kinds[i].keyword))
            return kinds[i].read(p, line, why);
    return about(keyword, "is no keyword of a policy", why);
}

static int read_lines(struct gw_policy *p, gw_span text, struct gw_why *why)
{
    size_t line = 0;
    int rc = 0;
    while (text.len && !rc) {
        line++;
        rc = read_line(p, gw_cut(&text, '\n'), why);
    }
    if (!rc && !p->has_quorum)
        rc = gw_fail(why, GW_EFORMAT, "the end, and no quorum line");
    if (rc)
        gw_within(why, "policy line %zu", line);
    return rc;
}

int gw_policy_parse(gw_span text, struct gw_policy **ret, struct gw_why *why)
{
    *ret = NULL;
    if (text.len > GW_POLICY_MAX)
        return gw_fail(why, GW_ETOOBIG, "policy: over %d bytes", GW_POLICY_MAX);
    struct gw_policy *p = gw_new(sizeof *p);
    if (!p)
        return gw_fail(why, GW_ENOMEM, "policy: out of memory");
    int rc = read_lines(p, text, why);
    if (rc) {
        gw_policy_free(p);
        return rc;
    }
    *ret = p;
    return 0;
}

void gw_policy_free(struct gw_policy *p)
{
    gw_free(p);
}

size_t gw_policy_log_count(const struct gw_policy *p)
{
    return p->log_count;
}

const struct gw_policy_member *gw_policy_log(const struct gw_policy *p,
                                             size_t i)
{
    return &p->logs[i];
}

size_t gw_policy_witness_count(const struct gw_policy *p)
{
    return p->witness_count;
}

const struct gw_policy_member *gw_policy_witness(const struct gw_policy *p,
                                                 size_t i)
{
    return &p->witnesses[i];
}

bool gw_policy_needs_witnesses(const struct gw_policy *p)
{
    return p->quorum.witnesses || p->quorum.groups;
}
