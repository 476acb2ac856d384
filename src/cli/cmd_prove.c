// prove: everything that a stranger needs to check one id, in one folder.
#include "cli/cli.h"

#include <sys/wait.h>
#include <unistd.h>

struct prove {
    struct gw_cli *cli;
    struct gw_archive *a;
    struct gw_why *why;
    struct gw_id id;
    struct gw_object object;
    struct gw_bundle *bundle;
    struct gw_prove what;
    char evidence[128];
    bool confidential, witnessed;
    const char *incident; // its id, or NULL
};

static int put_batch_proof(struct prove *p, const char *path,
                           struct gw_tree *tree, uint64_t index)
{
    struct gw_batch_proof proof = {.index = index, .size = gw_tree_size(tree)};
    struct gw_buf b;
    gw_buf_init(&b, 64 << 10);
    int rc =
        gw_root_of_first(gw_tree_node, tree, proof.size, &proof.root, p->why);
    rc = rc ? rc
            : gw_inclusion_prove(gw_tree_node, tree, index, proof.size,
                                 &proof.proof, p->why);
    if (!rc) {
        gw_batch_proof_format(&proof, &b);
        rc = b.err ? gw_fail(p->why, b.err, "%s: too large", path)
                   : gw_bundle_put(p->bundle, path, gw_buf_span(&b), p->why);
    }
    gw_buf_release(&b);
    return rc;
}

// The record's bytes, and its place among the records of its object.
static int put_record(struct prove *p)
{
    uint64_t index;
    struct gw_buf record;
    gw_buf_init(&record, 256 << 20);
    struct gw_tree *tree = gw_tree_new();
    int rc = tree ? gw_record_tree(p->a, p->object.hash, p->id.record, tree,
                                   &index, &record, p->why)
                  : gw_fail(p->why, GW_ENOMEM, "out of memory");
    rc = rc ? rc
            : gw_bundle_put(p->bundle, "data/record", gw_buf_span(&record),
                            p->why);
    rc = rc ? rc : put_batch_proof(p, "proofs/record.batch-proof", tree, index);
    p->what.record = !rc;
    gw_tree_free(tree);
    gw_buf_release(&record);
    return rc;
}

static int put_segment(struct prove *p)
{
    enum { SEGMENT_MAX = 1 << 30 };
    uint64_t index;
    char line[GW_SET_ENTRY];
    struct gw_buf segment, entry;
    struct gw_leaf_row row;
    gw_buf_init(&segment, SEGMENT_MAX);
    gw_buf_init(&entry, GW_LEAF_MAX);
    struct gw_tree *tree = gw_tree_new();
    int rc = tree ? gw_set_tree(p->a, GW_TIER_FINDINGS, p->object.hash, tree,
                                &index, line, p->why)
                  : gw_fail(p->why, GW_ENOMEM, "out of memory");
    rc =
        rc ? rc
           : gw_leaf_newest(p->a, "findings", "findings", &row, &entry, p->why);
    rc = rc ? rc
            : gw_segment_bytes(p->a, GW_TIER_FINDINGS, p->object.hash,
                               SEGMENT_MAX, &segment, p->why);
    rc = rc ? rc
            : gw_bundle_put(p->bundle, "data/segment.gws",
                            gw_buf_span(&segment), p->why);
    rc = rc ? rc
            : gw_bundle_put(p->bundle, "data/segment.entry", gw_str(line),
                            p->why);
    rc =
        rc ? rc : put_batch_proof(p, "proofs/segment.batch-proof", tree, index);
    p->what.segment = !rc;
    p->what.segment_leaf = rc ? 0 : row.index;
    gw_tree_free(tree);
    gw_buf_release(&segment);
    gw_buf_release(&entry);
    return rc;
}

// ---- the object as it was received ---------------------------------------

static int put_evidence(struct prove *p)
{
    struct gw_evidence_reader *r;
    int rc = gw_evidence_reader_open(p->a, p->object.hash, &r, p->why);
    if (rc)
        return rc;
    snprintf(p->evidence, sizeof p->evidence, "data/evidence/%s",
             p->object.hash);
    rc = gw_bundle_put_from(p->bundle, p->evidence, gw_evidence_reader_source,
                            r, p->why);
    gw_evidence_reader_close(r);
    if (!rc)
        p->what.evidence = p->evidence;
    return rc;
}

// ---- what gawah says of it ------------------------------------------------

// The object's name is hidden in its leaf: without --disclose it is not told
// here either. What is looked for has the object's own hash in it, which no
// record of it can hold.
static bool leave_out_name(const struct prove *p, struct gw_buf *text)
{
    char before[128];
    snprintf(before, sizeof before, "\"evidence\":{\"sha256\":\"%s\",",
             p->object.hash);
    gw_span all = gw_buf_span(text);
    int64_t at = gw_find(all, gw_str(before), 0);
    size_t from = at < 0 ? 0 : (size_t)at + strlen(before);
    int64_t to = at < 0 ? -1 : gw_find(all, GW_LIT("\"kind\":"), from);
    if (to < 0)
        return false;
    memmove(text->at + from, text->at + to, text->len - (size_t)to);
    text->len -= (size_t)to - from;
    return true;
}

// explain shuts its process in before it looks at hostile bytes, and never
// comes out: it runs in a child.
static int put_explanation(struct prove *p)
{
    int pipes[2];
    uint8_t bytes[4096];
    struct gw_buf text;
    gw_buf_init(&text, 256 << 20);
    fflush(stdout);
    if (pipe(pipes))
        return gw_fail(p->why, GW_EIO, "no pipe could be made");
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        p->cli->args.json = true;
        _exit(gw_run_explain(p->cli) || fflush(stdout) ? 1 : 0);
    }
    close(pipes[1]);
    ssize_t n;
    int status = 1;
    while (child > 0 && (n = read(pipes[0], bytes, sizeof bytes)) > 0)
        gw_put(&text, bytes, (size_t)n);
    close(pipes[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    bool bad = child < 0 || status || text.err ||
               (!p->what.disclose && !leave_out_name(p, &text));
    int rc = bad ? gw_fail(p->why, GW_EIO, "%s: could not be explained",
                           p->what.about)
                 : gw_bundle_put(p->bundle, "data/explain.json",
                                 gw_buf_span(&text), p->why);
    gw_buf_release(&text);
    return rc;
}

// ---- an incident ----------------------------------------------------------

static int take_body(void *ctx, const struct gw_incident_row *i)
{
    struct gw_buf *body = ctx; // the newest version is the last
    gw_buf_reset(body);
    gw_put_span(body, i->body);
    return body->err;
}

static int put_incident(struct prove *p)
{
    struct gw_buf body;
    gw_buf_init(&body, 64 << 20);
    int rc = gw_incident_history(p->a, p->incident, take_body, &body, p->why);
    rc = rc ? rc
            : gw_bundle_put(p->bundle, "data/incident.json", gw_buf_span(&body),
                            p->why);
    p->what.incident = !rc;
    gw_buf_release(&body);
    return rc;
}

static int find_incident_leaf(struct prove *p)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc =
        gw_leaf_newest(p->a, "incident", p->incident, &row, &entry, p->why);
    p->what.leaf = rc ? 0 : row.index;
    gw_buf_release(&entry);
    return rc;
}

// ---- the whole ------------------------------------------------------------

static int find_leaf(struct prove *p)
{
    struct gw_leaf_row row;
    struct gw_buf entry;
    struct gw_why none = {0};
    gw_buf_init(&entry, GW_LEAF_MAX);
    int rc = gw_evidence_find(p->a, p->id.object, &p->object, p->why);
    rc = rc ? rc
            : gw_leaf_newest(p->a, "evidence", p->object.hash, &row, &entry,
                             &none);
    if (rc == GW_ENOENT && none.text[0])
        gw_fail(p->why, rc, "%.12s: has no leaf in the log yet: gawah ingest",
                p->object.hash);
    else if (rc)
        gw_fail(p->why, rc, "%s", none.text);
    else
        p->what.leaf = row.index;
    p->confidential =
        !rc && gw_find(gw_buf_span(&entry), GW_LIT("\"object\":"), 0) < 0;
    gw_buf_release(&entry);
    return rc;
}

// A leaf that hides everything proves nothing of what it hides.
static int check_confidential(const struct prove *p)
{
    if (!p->confidential || p->what.disclose || p->object.state == GW_REDACTED)
        return 0;
    return gw_fail(p->why, GW_EREFUSED,
                   "%s: was taken in with --confidential, and its leaf shows "
                   "nothing of it. --disclose shows all that the leaf hides, "
                   "name and source too, to whoever gets the bundle",
                   p->what.about);
}

// Others see no further than the checkpoint that the quorum has signed.
static int check_quorum(struct prove *p)
{
    struct gw_witnessed w;
    uint64_t last = p->what.leaf;
    if (p->what.segment && p->what.segment_leaf > last)
        last = p->what.segment_leaf;
    int rc = gw_ledger_witnessed(
        p->a, p->incident ? p->incident : p->object.hash, &w, p->why);
    p->witnessed = !rc && w.quorum && last < w.checkpoint.size;
    return rc;
}

static int fill(struct prove *p)
{
    bool here = p->object.state != GW_REDACTED;
    int rc = 0;
    if (p->incident)
        return put_incident(p);
    if (here && p->id.kind != 'e')
        rc = put_record(p);
    if (!rc && here && p->id.kind == 'f')
        rc = put_segment(p);
    if (!rc && here && p->cli->args.whole)
        rc = put_evidence(p);
    if (!rc && here)
        rc = put_explanation(p);
    return rc;
}

static int prove(struct prove *p)
{
    struct gw_buf secret;
    struct gw_ledger_options o;
    int rc = gw_cli_ledger_options(p->cli, &secret, &o, p->why);
    rc = rc ? rc : p->incident ? find_incident_leaf(p) : find_leaf(p);
    rc = rc ? rc : check_confidential(p);
    rc = rc ? rc : gw_bundle_begin(p->cli->args.into, &p->bundle, p->why);
    rc = rc ? rc : fill(p);
    rc = rc ? rc : gw_ledger_prove(p->a, &o, &p->what, p->bundle, p->why);
    rc = rc ? rc : check_quorum(p);
    gw_cli_forget(&secret);
    if (rc) {
        gw_bundle_abort(p->bundle);
        return rc;
    }
    char line[256];
    snprintf(line, sizeof line, "Proof of %s", p->what.about);
    return gw_bundle_finish(p->bundle, gw_now(&p->cli->clock), line, p->why);
}

static int parse_id(struct gw_cli *cli, struct gw_id *ret)
{
    gw_span s = gw_str(cli->args.rest[0]);
    if (gw_id_parse(s, ret))
        return 0;
    bool hash = s.len >= 12 && s.len <= 64;
    for (size_t i = 0; i < s.len && hash; i++)
        hash = strchr("0123456789abcdef", s.at[i]) != NULL;
    if (!hash)
        return gw_cli_usage(
            cli,
            "\"%s\" is no id: i-..., f-..., m-..., e-... or a SHA-256 "
            "(gawah explain finds a measurement_uid)",
            cli->args.rest[0]);
    ret->kind = 'e';
    memcpy(ret->object, s.at, 12);
    ret->object[12] = 0;
    return 0;
}

static void print_proved(const struct prove *p)
{
    const char *into = p->cli->args.into;
    if (p->cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "bundle", gw_str(into));
        gw_jw_kint(&w, "leaf", (int64_t)p->what.leaf);
        gw_jw_key(&w, "quorum");
        gw_jw_bool(&w, p->witnessed);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
    } else if (!p->cli->args.quiet) {
        printf("written: %s\nto check it, anywhere and offline: gawah verify "
               "%s\n",
               into, into);
    }
    fflush(stdout);
    if (!p->witnessed)
        fputs("The quorum of witnesses has not signed yet, so that check "
              "fails: gawah seal, then prove it again.\n",
              stderr);
}

int gw_run_prove(struct gw_cli *cli)
{
    struct gw_why why = {0};
    struct prove p = {.cli = cli, .why = &why};
    if (cli->args.rest_count != 1 || !cli->args.into)
        return gw_cli_usage(cli, "prove wants one id and --into DIR");
    bool incident = strncmp(cli->args.rest[0], "i-", 2) == 0;
    p.incident = incident ? cli->args.rest[0] : NULL;
    int rc = incident ? 0 : parse_id(cli, &p.id);
    rc = rc ? rc : gw_cli_open(cli, GW_ARCHIVE_READ, &p.a);
    if (rc)
        return rc;
    p.what.about = cli->args.rest[0];
    p.what.disclose = cli->args.disclose;
    rc = prove(&p);
    if (rc) {
        rc = gw_cli_fail(cli, rc, &why);
    } else {
        print_proved(&p);
        rc = p.witnessed ? GW_EXIT_OK : GW_EXIT_PARTLY;
    }
    gw_archive_close(p.a);
    return rc;
}
