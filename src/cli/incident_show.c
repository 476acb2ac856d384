// One incident for people: what its body says, and where to go on.
#include "cli/incidents.h"

enum { EVIDENCE_SHOWN = 6, WIDTH = 76 };

int gw_incident_parse(struct gw_json *json, gw_span body, struct gw_buf *text,
                      gw_jv *ret, struct gw_why *why)
{
    static const uint8_t padding[GW_JSON_PADDING];
    gw_buf_reset(text);
    gw_put_span(text, body);
    gw_put(text, padding, sizeof padding);
    return text->err
               ? gw_fail(why, text->err, "incident: too large")
               : gw_json_parse(json, gw_span_of(text->at, body.len), ret, why);
}

static void show(gw_span s)
{
    gw_show(stdout, s, 0);
}

static int64_t number(gw_jv v, const char *key)
{
    int64_t n = 0;
    (void)gw_jv_int(gw_jv_get(v, key), &n);
    return n;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

void gw_incident_interval(gw_jv interval, bool is_end)
{
    gw_span from = gw_jv_str(gw_jv_get(interval, "earliest"));
    gw_span to = gw_jv_str(gw_jv_get(interval, "latest"));
    if (!gw_jv_has(interval)) {
        fputs(is_end ? "it goes on, as far as is known" : "not known", stdout);
    } else if (!from.at) {
        fputs("before ", stdout);
        show(to);
        fputs(", so when first looked", stdout);
    } else if (gw_eq(from, to)) {
        show(from);
    } else {
        fputs("between ", stdout);
        show(from);
        fputs(" and ", stdout);
        show(gw_eq(gw_sub(from, 0, 11), gw_sub(to, 0, 11))
                 ? gw_sub(to, 11, to.len)
                 : to);
    }
}

// ---- words that wrap -----------------------------------------------------

static void put_text(gw_span text, size_t indent)
{
    size_t at = WIDTH;
    for (bool first = true; text.len; first = false) {
        gw_span word = gw_cut(&text, ' ');
        if (at + 1 + word.len > WIDTH) {
            printf("%s%*s", first ? "" : "\n", (int)indent, "");
            at = indent;
        } else {
            putchar(' ');
            at++;
        }
        show(word);
        at += word.len;
    }
    putchar('\n');
}

static void put_next(const struct gw_cli *cli, const char *lead, gw_span id)
{
    printf("%sgawah explain ", lead);
    show(id);
    printf("%s%s\n", cli->args.archive ? " --archive " : "",
           cli->args.archive ? cli->args.archive : "");
}

// ---- parts ---------------------------------------------------------------

static void put_counts(gw_jv v)
{
    static const char *const names[] = {"blocked", "down", "unknown", "ok"};
    for (size_t i = 0; i < GW_COUNT(names); i++)
        printf("%s%s %lld", i ? ", " : "", names[i],
               (long long)number(v, names[i]));
    if (number(v, "throttled"))
        printf("; slow in %lld", (long long)number(v, "throttled"));
    if (number(v, "intercepted"))
        printf("; answers replaced on the way in %lld",
               (long long)number(v, "intercepted"));
    putchar('\n');
}

static void put_pattern(gw_jv v)
{
    static const char *const days[] = {"",    "Mon", "Tue", "Wed",
                                       "Thu", "Fri", "Sat", "Sun"};
    int64_t n;
    if (!gw_jv_has(v))
        return;
    fputs("  pauses    blocking was seen on", stdout);
    for (gw_jit i = gw_jv_iter(gw_jv_get(v, "weekdays")); gw_jit_next(&i);)
        if (gw_jv_int(i.value, &n) && n > 0 && n <= 7)
            printf(" %s", days[n]);
    fputs(", in the hours", stdout);
    for (gw_jit i = gw_jv_iter(gw_jv_get(v, "hours")); gw_jit_next(&i);)
        if (gw_jv_int(i.value, &n))
            printf(" %02lld", (long long)n);
    puts(" UTC");
}

static void put_network(gw_jv v)
{
    int64_t asn;
    gw_span org = gw_jv_str(gw_jv_get(v, "org"));
    if (gw_jv_int(gw_jv_get(v, "asn"), &asn))
        printf("  AS%lld", (long long)asn);
    else
        fputs("  unknown network", stdout);
    if (org.len) {
        putchar(' ');
        gw_show(stdout, org, 50);
    }
    fputs(": ", stdout);
    show(gw_jv_str(gw_jv_get(v, "confidence")));
    printf(", %lld observer%s\n       since ",
           (long long)number(v, "observers"), plural(number(v, "observers")));
    gw_incident_interval(gw_jv_get(v, "since"), false);
    fputs("\n       until ", stdout);
    gw_incident_interval(gw_jv_get(v, "until"), true);
    fputs("\n       ", stdout);
    put_counts(gw_jv_get(v, "counts"));
}

static void put_method(const struct gw_cli *cli, gw_jv v)
{
    gw_span text = gw_jv_str(gw_jv_get(v, "text"));
    gw_span example = gw_jv_str(gw_jv_get(v, "example"));
    int64_t n = number(v, "measurements");
    fputs("  ", stdout);
    show(gw_jv_str(gw_jv_get(v, "layer")));
    fputs(", rule ", stdout);
    show(gw_jv_str(gw_jv_get(v, "rule")));
    printf(": %lld measurement%s\n", (long long)n, plural(n));
    if (text.len)
        put_text(text, 7);
    if (example.len)
        put_next(cli, "       ", example);
}

static void put_evidence(const struct gw_cli *cli, gw_jv list)
{
    size_t n = gw_jv_count(list), shown = 0;
    if (!n)
        return;
    printf("\nEVIDENCE\n");
    for (gw_jit i = gw_jv_iter(list); gw_jit_next(&i); shown++)
        if (shown < EVIDENCE_SHOWN || cli->args.all)
            put_next(cli, "  ", gw_jv_str(i.value));
    if (n > EVIDENCE_SHOWN && !cli->args.all)
        printf("  and %zu more: --all\n", n - EVIDENCE_SHOWN);
}

static void put_texts(const char *heading, gw_jv list, bool guards)
{
    if (!gw_jv_count(list))
        return;
    printf("\n%s\n", heading);
    for (gw_jit i = gw_jv_iter(list); gw_jit_next(&i);) {
        if (!guards) {
            put_text(gw_jv_str(i.value), 2);
            continue;
        }
        fputs("  ", stdout);
        show(gw_jv_str(gw_jv_get(i.value, "what")));
        fputs(":\n", stdout);
        put_text(gw_jv_str(gw_jv_get(i.value, "text")), 7);
    }
}

void gw_incident_text(const struct gw_cli *cli, const struct gw_incident_row *i,
                      gw_jv body)
{
    printf("%s: %s%s", i->id, i->kind, i->target[0] ? " of " : " in ");
    if (i->target[0]) {
        show(gw_str(i->target));
        fputs(" in ", stdout);
    }
    show(gw_str(i->cc[0] ? i->cc : "an unknown country"));
    puts(i->synthetic ? "  SYNTHETIC: made up by gawah rehearse" : "");
    fputs("  state     ", stdout);
    show(gw_jv_str(gw_jv_get(body, "state")));
    fputs("\n  since     ", stdout);
    gw_incident_interval(gw_jv_get(body, "since"), false);
    fputs("\n  until     ", stdout);
    gw_incident_interval(gw_jv_get(body, "until"), true);
    printf("\n  how sure  %s: log-odds %.2f, %lld observer%s\n", i->confidence,
           i->log_odds, (long long)i->observers, plural(i->observers));
    printf("  within it %lld measurement%s: ", (long long)i->measurements,
           plural(i->measurements));
    put_counts(gw_jv_get(body, "counts"));
    put_pattern(gw_jv_get(body, "pattern"));
    if (gw_jv_count(gw_jv_get(body, "networks")))
        puts("\nNETWORKS");
    for (gw_jit n = gw_jv_iter(gw_jv_get(body, "networks")); gw_jit_next(&n);)
        put_network(n.value);
    if (gw_jv_count(gw_jv_get(body, "methods")))
        puts("\nHOW");
    for (gw_jit m = gw_jv_iter(gw_jv_get(body, "methods")); gw_jit_next(&m);)
        put_method(cli, m.value);
    put_evidence(cli, gw_jv_get(body, "evidence"));
    put_texts("AGAINST IT, OR LIMITING IT", gw_jv_get(body, "guards"), true);
    put_texts("NOT KNOWN", gw_jv_get(body, "unknown"), false);
}
