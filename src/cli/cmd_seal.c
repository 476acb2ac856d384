// seal and redact: the log of an archive, its witnesses, its place in time.
#include "cli/cli.h"

#include <unistd.h>

static int read_file(const char *path, size_t max, struct gw_buf *ret,
                     struct gw_why *why)
{
    gw_buf_init(ret, max);
    return gw_file_read(path, ret, why);
}

// A header with a digit too many or too few must not pass for a mere text.
static bool nearly_header(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.at[i] || !strchr("0123456789abcdefABCDEF", s.at[i]))
            return false;
    return s.len > 144 && s.len < 176;
}

// What a heartbeat is, is told by its content.
static int heartbeat(struct gw_cli *cli, struct gw_desk *d, struct gw_why *why)
{
    enum { VALUE_MAX = 64 << 10 };
    struct gw_buf b;
    uint64_t index;
    int rc = read_file(cli->args.heartbeat, VALUE_MAX, &b, why);
    gw_span value = gw_buf_span(&b), trimmed = gw_trim(value);
    uint8_t bytes[80];
    bool header = trimmed.len == 2 * sizeof bytes && gw_unhex(trimmed, bytes);
    bool note = gw_find(value, GW_LIT("\n\n\xe2\x80\x94 "), 0) >= 0;
    if (!rc && !header && nearly_header(trimmed))
        rc = gw_fail(why, GW_EFORMAT,
                     "%s: %zu hex digits; a Bitcoin block header has %zu",
                     cli->args.heartbeat, trimmed.len, 2 * sizeof bytes);
    const char *kind = header ? "bitcoin-header" : note ? "checkpoint" : "text";
    rc = rc ? rc
            : gw_ledger_heartbeat(d->l, kind, note ? value : trimmed, &index,
                                  why);
    if (!rc && !cli->args.json && !cli->args.quiet)
        printf("heartbeat: leaf %llu holds the %s of %s; what follows was "
               "sealed later\n",
               (unsigned long long)index,
               header ? "Bitcoin block header"
               : note ? "checkpoint"
                      : "text",
               cli->args.heartbeat);
    gw_buf_release(&b);
    return rc;
}

static int anchor(struct gw_cli *cli, struct gw_desk *d, struct gw_why *why)
{
    struct gw_buf b;
    uint64_t index;
    int rc = read_file(cli->args.anchor, 1 << 20, &b, why);
    rc = rc ? rc : gw_ledger_anchor(d->l, gw_buf_span(&b), &index, why);
    if (rc)
        gw_within(why, "%s", cli->args.anchor);
    else if (!cli->args.json && !cli->args.quiet)
        printf("stamp taken in: leaf %llu, file in %s/anchors\n"
               "To a stranger it proves a time only if what he checks it with "
               "is beside it, under\nthe same name: the authority's root "
               "certificates (.pem), or the Bitcoin block\nheader (.header). "
               "gawah verify says what it wants.\n",
               (unsigned long long)index, gw_ledger_folder(d->l));
    gw_buf_release(&b);
    return rc;
}

static int stamp(struct gw_cli *cli, struct gw_desk *d, struct gw_why *why)
{
    struct gw_buf b;
    struct gw_checkpoint c;
    char path[4096];
    gw_buf_init(&b, 64 << 10);
    int rc = gw_ledger_stamp_request(d->l, &b, &c, path, sizeof path, why);
    rc = rc ? rc : gw_file_write(cli->args.stamp, gw_buf_span(&b), why);
    if (!rc && !cli->args.json && !cli->args.quiet)
        printf("to stamp: %s (checkpoint of %llu leaves)\n"
               "  RFC 3161: curl -H 'Content-Type: application/"
               "timestamp-query' --data-binary @%s TSA-URL >reply.tsr\n"
               "  OpenTimestamps: ots stamp %s\n"
               "  then: gawah seal --anchor reply.tsr (or the .ots)\n",
               path, (unsigned long long)c.size, cli->args.stamp, path);
    gw_buf_release(&b);
    return rc;
}

static int request(struct gw_cli *cli, struct gw_desk *d, struct gw_why *why)
{
    struct gw_buf b;
    if (!cli->args.witness)
        return gw_fail(why, GW_EUSAGE,
                       "--request wants --witness NAME, as in policy.txt");
    gw_buf_init(&b, 4 << 20);
    int rc = gw_ledger_request(d->l, cli->args.witness, &b, why);
    rc = rc ? rc : gw_file_write(cli->args.request, gw_buf_span(&b), why);
    if (!rc && !cli->args.json && !cli->args.quiet)
        printf("carry %s to %s, who answers with:\n  gawah witness cosign "
               "--keys DIR --policy FILE <%s >answer\nthen here:\n  gawah "
               "seal --response answer\n",
               cli->args.request, cli->args.witness, cli->args.request);
    gw_buf_release(&b);
    return rc;
}

// The body of a 409 is a size and nothing else; whose it is, is said by
// --witness.
static bool is_size(gw_span answer)
{
    uint64_t size;
    answer = gw_trim(answer);
    return gw_parse_uint(answer, INT64_MAX, &size);
}

static int accept(struct gw_cli *cli, struct gw_desk *d, gw_span answer,
                  struct gw_sealed *sealed, struct gw_why *why)
{
    struct gw_buf refusal;
    if (!is_size(answer))
        return gw_ledger_accept(d->l, answer, sealed, why);
    if (!cli->args.witness)
        return gw_fail(why, GW_EUSAGE,
                       "the size that a witness has last seen; --witness NAME "
                       "says which witness");
    gw_buf_init(&refusal, 4096);
    answer = gw_trim(answer);
    gw_put_fmt(&refusal, "%s %.*s\n", cli->args.witness, (int)answer.len,
               (const char *)answer.at);
    int rc = refusal.err
                 ? gw_fail(why, refusal.err, "--witness is too long")
                 : gw_ledger_accept(d->l, gw_buf_span(&refusal), sealed, why);
    gw_buf_release(&refusal);
    return rc;
}

static int response(struct gw_cli *cli, struct gw_desk *d,
                    struct gw_sealed *sealed, struct gw_why *why)
{
    struct gw_buf b;
    int rc = read_file(cli->args.response, 1 << 20, &b, why);
    rc = rc ? rc : accept(cli, d, gw_buf_span(&b), sealed, why);
    if (rc)
        gw_within(why, "%s", cli->args.response);
    gw_buf_release(&b);
    return rc;
}

static void print_seal(struct gw_cli *cli, const struct gw_desk *d,
                       const struct gw_sealed *s)
{
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_json_sealed(&w, s);
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    gw_cli_sealed(cli, d->l, s);
    if (s->witnesses)
        printf("witnesses that signed: %zu\n", s->witnesses);
    if (s->missing[0]) {
        fputs("did not sign: ", stdout);
        gw_show(stdout, gw_str(s->missing), 0);
        putchar('\n');
    }
    if (!s->quorum) {
        puts("the quorum of policy.txt is not met: others still see the "
             "checkpoint before");
        if (!cli->args.quiet && !cli->args.request)
            puts("when the witnesses can be reached: gawah seal; for one that "
                 "cannot:\n  gawah seal --request FILE --witness NAME");
    } else if (!cli->args.quiet) {
        printf("the log is %s: any web server can serve it\n",
               gw_ledger_folder(d->l));
    }
}

// What adds leaves comes first, then the seal, then what needs a checkpoint.
static int seal_all(struct gw_cli *cli, struct gw_desk *d,
                    struct gw_sealed *sealed, struct gw_why *why)
{
    int rc = 0;
    if (cli->args.heartbeat)
        rc = heartbeat(cli, d, why);
    if (!rc && cli->args.anchor)
        rc = anchor(cli, d, why);
    bool ask = !cli->args.offline && !cli->args.request && !cli->args.response;
    rc = rc ? rc : gw_ledger_commit(d->l, why);
    if (!rc && cli->args.response)
        return response(cli, d, sealed, why);
    rc = rc ? rc : gw_ledger_seal(d->l, ask, sealed, why);
    if (!rc && cli->args.request)
        rc = request(cli, d, why);
    if (!rc && cli->args.stamp)
        rc = stamp(cli, d, why);
    return rc;
}

static int check_seal(struct gw_cli *cli)
{
    const struct gw_args *a = &cli->args;
    if (a->witness && !a->request && !a->response)
        return gw_cli_usage(cli, "--witness NAME goes with --request FILE or "
                                 "--response FILE");
    if (a->response && (a->request || a->stamp))
        return gw_cli_usage(cli, "--response goes without --request and "
                                 "--stamp: first take in the answer");
    return 0;
}

int gw_run_seal(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed = {0};
    struct gw_why why = {0};
    int rc = check_seal(cli);
    rc = rc ? rc : gw_cli_desk(cli, GW_ARCHIVE_WRITE, &d);
    if (rc)
        return rc;
    rc = seal_all(cli, &d, &sealed, &why);
    gw_cli_progress_end(cli);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else
        print_seal(cli, &d, &sealed);
    gw_cli_desk_close(&d);
    return rc ? rc : sealed.quorum ? GW_EXIT_OK : GW_EXIT_PARTLY;
}

// ---- redact -------------------------------------------------------------

static void print_redact(struct gw_cli *cli, const struct gw_desk *d,
                         uint64_t index, const struct gw_sealed *sealed)
{
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_key(&w, "leaf");
        if (index == UINT64_MAX)
            gw_jw_null(&w);
        else
            gw_jw_int(&w, (int64_t)index);
        gw_jw_key(&w, "sealed");
        gw_json_sealed(&w, sealed);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    if (index == UINT64_MAX)
        puts("taken out: no leaf spoke of it");
    else
        printf("taken out: leaf %llu says so, and why\n",
               (unsigned long long)index);
    gw_cli_sealed(cli, d->l, sealed);
    if (!cli->args.quiet)
        puts("Bundles, stamps and mirrors that were given out already are not "
             "reached by this.\n"
             "The leaf of the findings still counts those of the object; "
             "gawah analyse renews it.");
    gw_cli_next(cli, "analyse");
}

int gw_run_redact(struct gw_cli *cli)
{
    struct gw_desk d;
    struct gw_sealed sealed;
    struct gw_why why = {0};
    struct gw_id id = {0};
    uint64_t index = 0;
    if (cli->args.rest_count != 1 || !cli->args.because)
        return gw_cli_usage(cli, "redact wants one object and --because "
                                 "court-order, data-subject, source-safety or "
                                 "error");
    const char *object = cli->args.rest[0];
    if (gw_id_parse(gw_str(object), &id)) {
        if (id.kind != 'e')
            return gw_cli_usage(
                cli, "only a whole object can be taken out: e-%s", id.object);
        object = id.object;
    }
    int rc = gw_cli_desk(cli, GW_ARCHIVE_WRITE, &d);
    if (rc)
        return rc;
    rc = gw_ledger_redact(d.l, object, cli->args.because, &index, &why);
    if (rc)
        rc = gw_cli_fail(cli, rc, &why);
    else if (!(rc = gw_cli_seal(cli, d.l, false, &sealed)))
        print_redact(cli, &d, index, &sealed);
    gw_cli_desk_close(&d);
    return rc;
}
