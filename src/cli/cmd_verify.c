// verify: a bundle, a log or a proof, checked step by step, in words.
#include "cli/cli.h"

static void show_step(void *ctx, const struct gw_step *s)
{
    static const char *const marks[] = {"ok   ", "note ", "BAD  "};
    static const char *const states[] = {"ok", "note", "bad"};
    struct gw_cli *cli = ctx;
    gw_cli_progress_end(cli);
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_kstr(&w, "state", gw_str(states[s->state]));
        gw_jw_kstr(&w, "what", gw_str(s->what));
        gw_jw_kstr(&w, "text", gw_str(s->text));
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    if (cli->args.quiet && s->state == GW_STEP_OK)
        return;
    printf("%s %-11s ", marks[s->state], s->what);
    gw_show(stdout, gw_str(s->text), 0);
    putchar('\n');
}

static void show_audit(void *ctx, uint64_t entries, uint64_t total)
{
    char done[32], all[32];
    gw_count_text((int64_t)entries, done);
    gw_count_text((int64_t)total, all);
    gw_cli_progress(ctx, "read again %s of %s entries", done, all);
}

static void time_json(struct gw_jw *w, const char *name,
                      const struct gw_bound *b)
{
    gw_jw_key(w, name);
    if (b->posix == INT64_MIN) {
        gw_jw_null(w);
        return;
    }
    gw_jw_open(w, '{');
    gw_jw_kint(w, "posix", b->posix);
    gw_jw_kstr(w, "by", gw_str(b->by));
    gw_jw_close(w, '}');
}

static void print_end(struct gw_cli *cli, const struct gw_verified *v)
{
    if (cli->args.json) {
        struct gw_buf b;
        gw_buf_init(&b, 64 << 10);
        struct gw_jw w = gw_jw_on(&b);
        gw_jw_open(&w, '{');
        gw_jw_key(&w, "holds");
        gw_jw_bool(&w, v->bad == 0);
        gw_jw_kint(&w, "good", (int64_t)v->good);
        gw_jw_kint(&w, "notes", (int64_t)v->notes);
        gw_jw_kint(&w, "bad", (int64_t)v->bad);
        time_json(&w, "not_before", &v->times.not_before);
        time_json(&w, "not_after", &v->times.not_after);
        gw_jw_close(&w, '}');
        gw_cli_line(&b);
        gw_buf_release(&b);
        return;
    }
    if (v->bad)
        printf("\nDOES NOT HOLD: %zu of %zu steps failed\n", v->bad,
               v->good + v->bad);
    else
        printf("\nholds: %zu step%s, %zu note%s to read\n", v->good,
               v->good == 1 ? "" : "s", v->notes, v->notes == 1 ? "" : "s");
}

int gw_run_verify(struct gw_cli *cli)
{
    struct gw_verified v = {0};
    struct gw_why why = {0};
    if (cli->args.rest_count != 1)
        return gw_cli_usage(cli, "verify wants one bundle, log or proof");
    struct gw_verify_options o = {.policy = cli->args.policy,
                                  .leaf = cli->args.leaf,
                                  .old = cli->args.old,
                                  .threads = (int)cli->args.threads,
                                  .step = show_step,
                                  .progress = show_audit,
                                  .ctx = cli,
                                  .stop = cli->stop};
    int rc = gw_verify(cli->args.rest[0], &o, &v, &why);
    gw_cli_progress_end(cli);
    if (rc && rc != GW_EPROOF) {
        int code = gw_cli_fail(cli, rc, &why);
        return *cli->stop ? GW_EXIT_STOPPED : code;
    }
    print_end(cli, &v);
    return rc ? GW_EXIT_FAILED : GW_EXIT_OK;
}
