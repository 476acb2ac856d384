// Checks a single file: a .tlog-proof, a checkpoint or a time stamp, with what
// stands beside it.
#include "ledger/verify.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { FULL_PATH = 4096, POLICY_MAX = 256 << 10, FILE_MAX = 4 << 20 };

// ---- single files -------------------------------------------------------

static void folder_of(const char *path, char ret[FULL_PATH])
{
    snprintf(ret, FULL_PATH, "%s", path);
    char *slash = strrchr(ret, '/');
    if (slash)
        slash[slash == ret] = 0;
    else
        snprintf(ret, FULL_PATH, ".");
}

// A file beside another; at NULL if there is none.
static int load_beside(struct verify *v, const char *path, size_t max,
                       gw_span *ret)
{
    struct gw_why why = {0};
    *ret = (gw_span){0};
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    int rc = verify_load(v, path, max, ret, &why);
    return rc ? gw_fail(v->why, rc, "%s", why.text) : 0;
}

// The checkpoints that were stamped lie in a log's anchors/, its policy above.
static bool is_anchors(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    return strcmp(slash ? slash + 1 : folder, "anchors") == 0;
}

static int policy_beside(struct verify *v, const char *path)
{
    char folder[FULL_PATH], name[FULL_PATH + 16];
    gw_span text = {0};
    folder_of(path, folder);
    snprintf(name, sizeof name, "%s/policy.txt", folder);
    int rc = v->o->policy ? 0 : load_beside(v, name, POLICY_MAX, &text);
    if (!rc && !v->o->policy && !text.at && is_anchors(folder)) {
        snprintf(name, sizeof name, "%s/../policy.txt", folder);
        rc = load_beside(v, name, POLICY_MAX, &text);
    }
    return rc ? rc : verify_policy(v, v->o->policy ? (gw_span){0} : text, name);
}

static int verify_note(struct verify *v, const char *path, gw_span bytes)
{
    struct gw_opened c;
    bool ok = false;
    int rc = policy_beside(v, path);
    if (!rc && v->policy)
        rc = verify_checkpoint(v, bytes, path, &c, &ok);
    if (!rc && ok)
        verify_not_after(v, &c);
    return rc;
}

static int verify_proof(struct verify *v, const char *path, gw_span bytes)
{
    struct gw_why why = {0};
    struct gw_tlog_proof proof;
    struct gw_opened c;
    struct gw_leaf_read read;
    gw_span entry;
    bool ok = false;
    if (!v->o->leaf)
        return gw_fail(v->why, GW_EUSAGE,
                       "%s: proves an entry; its file is wanted: --leaf FILE",
                       path);
    int rc = verify_load(v, v->o->leaf, GW_ENTRY_MAX, &entry, &why);
    if (rc)
        return gw_fail(v->why, rc, "%s", why.text);
    rc = gw_tlog_proof_parse(bytes, v->arena, &proof, &why);
    if (rc)
        return verify_blame(v, "inclusion", path, rc, &why);
    rc = policy_beside(v, path);
    if (!rc && v->policy)
        rc = verify_checkpoint(v, proof.checkpoint, path, &c, &ok);
    if (rc || !ok)
        return rc;
    struct gw_hash32 leaf = gw_leaf_hash(entry);
    rc = gw_inclusion_check(&leaf, proof.index, c.checkpoint.size, &proof.proof,
                            &c.checkpoint.root, &why);
    if (rc)
        return verify_blame(v, "inclusion", path, rc, &why);
    verify_say(v, GW_STEP_OK, "inclusion", "%s: entry %llu of %llu is %s", path,
               (unsigned long long)proof.index,
               (unsigned long long)c.checkpoint.size, v->o->leaf);
    if (gw_leaf_read(entry, NULL, &read, NULL) == 0)
        verify_claim(v, &read);
    verify_not_after(v, &c);
    return 0;
}

// Of <size>-<12 hex digits>: <size>.checkpoint in the same folder.
static bool checkpoint_of(const char *stem, char ret[FULL_PATH])
{
    enum { DIGITS = 12 };
    size_t len = strlen(stem);
    const char *dash = len > DIGITS ? stem + len - DIGITS - 1 : stem;
    if (*dash != '-' || strspn(dash + 1, "0123456789abcdef") != DIGITS)
        return false;
    const char *from = dash;
    while (from > stem && from[-1] >= '0' && from[-1] <= '9')
        from--;
    if (from == dash || (from > stem && from[-1] != '/'))
        return false;
    int n =
        snprintf(ret, FULL_PATH, "%.*s.checkpoint", (int)(dash - stem), stem);
    return n > 0 && n < FULL_PATH;
}

// What was stamped: the checkpoint in the .tlog-proof of that name, the file
// whose name the stamp's continues, or the checkpoint of the size it begins
// with.
static int find_stamped(struct verify *v, const char *stem, struct stamp *s,
                        struct gw_hash32 *hash, char name[FULL_PATH])
{
    struct gw_tlog_proof proof;
    struct gw_why why = {0};
    gw_span bytes;
    snprintf(name, FULL_PATH, "%s.tlog-proof", stem);
    int rc = load_beside(v, name, FILE_MAX, &bytes);
    if (!rc && bytes.at) {
        rc = gw_tlog_proof_parse(bytes, v->arena, &proof, &why);
        if (rc)
            return verify_blame(v, "anchor", name, rc, &why);
        bytes = proof.checkpoint;
    } else if (!rc) {
        snprintf(name, FULL_PATH, "%s", stem);
        rc = load_beside(v, name, FILE_MAX, &bytes);
        if (!rc && !bytes.at && checkpoint_of(stem, name))
            rc = load_beside(v, name, FILE_MAX, &bytes);
    }
    if (rc || !bytes.at)
        return rc;
    *hash = gw_sha256(bytes);
    s->of = hash;
    s->of_name = name;
    return 0;
}

static int verify_stamp(struct verify *v, const char *path, gw_span bytes,
                        bool ots)
{
    char stem[FULL_PATH - 16], beside[FULL_PATH], of_name[FULL_PATH];
    struct gw_hash32 hash;
    struct stamp s = {.name = path, .bytes = bytes};
    snprintf(stem, sizeof stem, "%s", path);
    char *dot = strrchr(stem, '.');
    if (!dot || strchr(dot, '/'))
        return ots ? verify_ots(v, &s) : verify_tsr(v, &s);
    *dot = 0;
    int rc = find_stamped(v, stem, &s, &hash, of_name);
    snprintf(beside, sizeof beside, "%s.pem", stem);
    rc = rc ? rc : load_beside(v, beside, STAMP_ROOTS_MAX, &s.roots);
    snprintf(beside, sizeof beside, "%s.header", stem);
    rc = rc ? rc : load_beside(v, beside, 4096, &s.header);
    return rc ? rc : ots ? verify_ots(v, &s) : verify_tsr(v, &s);
}

int verify_file(struct verify *v, const char *path)
{
    struct gw_why why = {0};
    gw_span bytes;
    int rc = verify_load(v, path, FILE_MAX, &bytes, &why);
    if (rc)
        return gw_fail(v->why, rc, "%s", why.text);
    if (gw_starts(bytes, "c2sp.org/tlog-proof@"))
        return verify_proof(v, path, bytes);
    if (gw_find(gw_sub(bytes, 0, 16), GW_LIT("OpenTimestamps"), 0) == 1)
        return verify_stamp(v, path, bytes, true);
    if (bytes.len && bytes.at[0] == 0x30)
        return verify_stamp(v, path, bytes, false);
    if (gw_find(bytes, GW_LIT("\n\n\xe2\x80\x94 "), 0) >= 0)
        return verify_note(v, path, bytes);
    return gw_fail(v->why, GW_EUNKNOWN,
                   "%s: no bundle, log, proof, checkpoint or time stamp", path);
}
