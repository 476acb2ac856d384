// rules: the registry, in words.
#include "cli/cli.h"

static void put_signals(FILE *out, const struct gw_rule *r, uint64_t bits,
                        const char *lead)
{
    for (size_t i = 0; i < gw_signal_counts[r->layer]; i++)
        if (bits >> i & 1)
            fprintf(out, "      %s %s\n", lead, gw_signals[r->layer][i].text);
}

static void json_signals(struct gw_jw *w, const char *key,
                         const struct gw_rule *r, uint64_t bits)
{
    gw_jw_key(w, key);
    gw_jw_open(w, '[');
    for (size_t i = 0; i < gw_signal_counts[r->layer]; i++)
        if (bits >> i & 1)
            gw_jw_str(w, gw_str(gw_signals[r->layer][i].name));
    gw_jw_close(w, ']');
}

static void rule_json(struct gw_buf *b, const struct gw_rule *r)
{
    struct gw_jw w = gw_jw_on(b);
    gw_jw_open(&w, '{');
    gw_jw_kstr(&w, "id", gw_str(r->id));
    gw_jw_kstr(&w, "layer", gw_str(gw_layer_name(r->layer)));
    gw_jw_kstr(&w, "state", gw_str(gw_state_name(r->state)));
    gw_jw_kstr(&w, "kind", gw_str(gw_evidence_name(r->kind)));
    gw_jw_key(&w, "llr");
    gw_jw_real(&w, r->llr);
    json_signals(&w, "when", r, r->all);
    json_signals(&w, "unless", r, r->none);
    gw_jw_key(&w, "throttled");
    gw_jw_bool(&w, r->throttled);
    gw_jw_key(&w, "intercepted");
    gw_jw_bool(&w, r->intercepted);
    gw_jw_kint(&w, "since", r->since);
    gw_jw_kstr(&w, "text", gw_str(r->text));
    gw_jw_close(&w, '}');
    gw_cli_line(b);
}

static bool has_rules(const char *layer)
{
    for (size_t i = 0; i < gw_rule_count; i++)
        if (strcmp(layer, gw_layer_name(gw_rules[i].layer)) == 0)
            return true;
    return false;
}

int gw_run_rules(struct gw_cli *cli)
{
    struct gw_buf b;
    if (cli->args.layer && !has_rules(cli->args.layer))
        return gw_cli_usage(cli,
                            "--layer is dns, tcp, tls, http or quic here, "
                            "not \"%s\"",
                            cli->args.layer);
    gw_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < gw_rule_count; i++) {
        const struct gw_rule *r = &gw_rules[i];
        if (cli->args.layer && strcmp(cli->args.layer, gw_layer_name(r->layer)))
            continue;
        if (cli->args.json) {
            rule_json(&b, r);
            continue;
        }
        printf("%s says %s (%s, llr %+.1f, since rules %d)\n  %s\n", r->id,
               gw_state_name(r->state), gw_evidence_name(r->kind), r->llr,
               r->since, r->text);
        put_signals(stdout, r, r->all, "when");
        put_signals(stdout, r, r->none, "not if");
        putchar('\n');
    }
    gw_buf_release(&b);
    return GW_EXIT_OK;
}
