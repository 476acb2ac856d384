// The option table: parsing, --help and the man pages all come from it.
#include "cli/cli.h"

#include <stdarg.h>
#include <unistd.h>

#define TEXT(name, field, value, help)                                         \
    {                                                                          \
        name, value, help, GW_OPTION_TEXT, offsetof(struct gw_args, field)     \
    }
#define NUMBER(name, field, value, help)                                       \
    {                                                                          \
        name, value, help, GW_OPTION_NUMBER, offsetof(struct gw_args, field)   \
    }
#define FLAG(name, field, help)                                                \
    {                                                                          \
        name, NULL, help, GW_OPTION_FLAG, offsetof(struct gw_args, field)      \
    }

const struct gw_option gw_options[] = {
    TEXT("archive", archive, "DIR",
         "the archive's folder (default: $GAWAH_ARCHIVE, else ./archive)"),
    FLAG("json", json, "print JSON, one object a line"),
    FLAG("quiet", quiet, "no progress, only results and errors"),
    TEXT("now", now, "TIME", "take this as the present, e.g. 2026-11-21"),
    FLAG("help", help, "print this and end"),
    NUMBER("threads", threads, "N",
           "threads to work with (default: one for each processor)"),
    TEXT("source", source, "TEXT", "where the evidence is from, kept with it"),
    TEXT("licence", licence, "TEXT", "under which licence, kept with it"),
    TEXT("dated", dated, "DAY",
         "the day reference files speak for, where they do not say"),
    TEXT("cc", cc, "CC", "country, two letters"),
    TEXT("since", since, "DAY", "first day, e.g. 2024-02-01"),
    TEXT("until", until, "DAY", "the day after the last"),
    TEXT("into", into, "PATH", "where to write"),
    TEXT("tests", tests, "A,B", "only these nettests"),
    TEXT("url", url, "URL",
         "another server that speaks the same; of a site: where it will be"),
    NUMBER("parallel", parallel, "N", "requests at a time (default 4)"),
    FLAG("skip-postcans", skip_postcans,
         "leave out .tar.gz files, which hold the .jsonl.gz again"),
    FLAG("again", again, "also what is up to date already"),
    FLAG("all", all, "everything, not only what matters most"),
    TEXT("state", state, "STATE", "only ok, blocked, down or unknown"),
    TEXT("layer", layer, "LAYER", "only dns, tcp, tls, http, quic or all"),
    TEXT("target", target, "HOST", "only this host or service"),
    TEXT("network", network, "ASN", "only this network, e.g. AS17557"),
    NUMBER("limit", limit, "N", "at most N rows"),
    TEXT("format", format, "FORMAT", "csv or jsonl"),
    TEXT("out", out, "FILE",
         "write here, whole or not at all (default: print)"),
    NUMBER("seed", seed, "N", "same seed, same bytes (default 1)"),
    NUMBER("days", days, "N", "how many days (default 28)"),
    NUMBER("networks", networks, "N", "how many networks (default 8)"),
    NUMBER("per-day", per_day, "N",
           "measurements a network sends a day (default 40)"),
    FLAG("man", man, "print the page for man(1)"),
    TEXT("keys", keys, "DIR",
         "the folder of keys (default: keys/ in the archive or log; witness "
         "and mirror have none)"),
    TEXT("origin", origin, "NAME",
         "what the log is called, e.g. example.org/log"),
    TEXT("signer", signer, "ADDRESS",
         "unix:/PATH of a process that signs (gawah keys serve)"),
    TEXT("passphrase", passphrase, "FILE",
         "its first line opens the keys (default: $GAWAH_PASSPHRASE)"),
    FLAG("confidential", confidential,
         "the log shows nothing of it, not even its hash or size"),
    FLAG("offline", offline, "ask no witness over the network"),
    TEXT("request", request, "FILE",
         "write the request for a witness that is reached by file"),
    TEXT("witness", witness, "NAME", "which witness of policy.txt"),
    TEXT("response", response, "FILE", "take in a witness' answer"),
    TEXT("heartbeat", heartbeat, "FILE",
         "seal a public value nobody knew before: a Bitcoin block header (160 "
         "hex digits), another log's checkpoint, or a text"),
    TEXT("stamp", stamp, "FILE",
         "keep the checkpoint for stamping and write an RFC 3161 request"),
    TEXT("anchor", anchor, "FILE",
         "take in a stamp: an RFC 3161 reply or an OpenTimestamps proof"),
    FLAG("whole", whole, "with the evidence object as it was received"),
    FLAG("disclose", disclose, "with what the leaf hides: names, source, time"),
    TEXT("policy", policy, "FILE",
         "whose signatures count (c2sp.org/tlog-policy)"),
    TEXT("leaf", leaf, "FILE", "the entry that a .tlog-proof is about"),
    TEXT("old", old, "FILE", "an earlier checkpoint that must be a prefix"),
    TEXT("listen", listen, "ADDRESS", "HOST:PORT or unix:/PATH"),
    TEXT("contact", contact, "TEXT",
         "how whoever finds a mistake on the site reaches you"),
    TEXT("because", because, "REASON",
         "court-order, data-subject, source-safety or error"),
};
const size_t gw_option_count = GW_COUNT(gw_options);
const char *const gw_common_options = "archive json quiet now help";

int gw_cli_usage(const struct gw_cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("gawah: ", stderr);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nSee: gawah %s%s--help\n",
            cli->command ? cli->command->name : "", cli->command ? " " : "");
    return GW_EXIT_USAGE;
}

static bool named(const char *list, const char *name)
{
    gw_span rest = gw_str(list);
    while (rest.len)
        if (gw_is(gw_cut(&rest, ' '), name))
            return true;
    return false;
}

bool gw_option_of(const struct gw_command *c, const char *name)
{
    return named(gw_common_options, name) || named(c->options, name);
}

static const struct gw_option *find_option(const struct gw_command *c,
                                           gw_span name)
{
    for (size_t i = 0; i < gw_option_count; i++)
        if (gw_is(name, gw_options[i].name) &&
            gw_option_of(c, gw_options[i].name))
            return &gw_options[i];
    return NULL;
}

static int set_option(struct gw_cli *cli, const struct gw_option *o,
                      const char *value)
{
    uint8_t *at = (uint8_t *)&cli->args + o->offset;
    uint64_t n;
    switch (o->kind) {
    case GW_OPTION_FLAG: *(bool *)at = true; break;
    case GW_OPTION_TEXT: *(const char **)(void *)at = value; break;
    case GW_OPTION_NUMBER:
        if (!gw_parse_uint(gw_str(value), INT32_MAX, &n))
            return gw_cli_usage(cli, "--%s wants a number, not \"%s\"", o->name,
                                value);
        *(int64_t *)(void *)at = (int64_t)n;
        break;
    }
    return 0;
}

// "--name value", "--name=value"; takes how many arguments it used.
static int take_option(struct gw_cli *cli, int argc, char **argv, int *i)
{
    gw_span rest = gw_str(argv[*i] + 2), name = gw_cut(&rest, '=');
    const struct gw_option *o = find_option(cli->command, name);
    bool joined = name.len + 2 < strlen(argv[*i]);
    if (!o)
        return gw_cli_usage(cli, "%s has no option --%.*s", cli->command->name,
                            (int)name.len, (const char *)name.at);
    if (!o->value && joined)
        return gw_cli_usage(cli, "--%s takes no value", o->name);
    if (!o->value)
        return set_option(cli, o, NULL);
    if (!joined && *i + 1 >= argc)
        return gw_cli_usage(cli, "--%s wants a value: --%s %s", o->name,
                            o->name, o->value);
    const char *value = joined ? argv[*i] + 3 + name.len : argv[++*i];
    return set_option(cli, o, value);
}

int gw_args_parse(struct gw_cli *cli, int argc, char **argv)
{
    bool options = true;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    cli->args.threads = processors > 0 ? processors : 1;
    cli->args.rest = gw_new(((size_t)argc + 1) * sizeof *cli->args.rest);
    if (!cli->args.rest)
        return GW_EXIT_FAILED;
    for (int i = 0; i < argc; i++) {
        int rc = 0;
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && strncmp(argv[i], "--", 2) == 0)
            rc = take_option(cli, argc, argv, &i);
        else if (options && strcmp(argv[i], "-h") == 0)
            cli->args.help = true;
        else if (options && argv[i][0] == '-' && argv[i][1])
            rc = gw_cli_usage(cli,
                              "options are written out: --archive, not "
                              "%s",
                              argv[i]);
        else
            cli->args.rest[cli->args.rest_count++] = argv[i];
        if (rc)
            return rc;
    }
    gw_time now = GW_NEVER;
    if (cli->args.now && !gw_parse_time(gw_str(cli->args.now), &now))
        return gw_cli_usage(cli,
                            "--now wants a time such as 2026-11-21 or "
                            "2026-11-21T10:00:00Z, not \"%s\"",
                            cli->args.now);
    cli->clock.fixed = now;
    return 0;
}

// ---- help ---------------------------------------------------------------

void gw_help_all(FILE *out)
{
    fputs("gawah (گواہ, \"witness\"): a public record of what was done to "
          "people's connectivity\n\nusage: gawah COMMAND [ARGUMENTS] "
          "[OPTIONS]\n\n",
          out);
    for (size_t i = 0; i < gw_command_count; i++)
        fprintf(out, "  %-10s %s\n", gw_commands[i].name, gw_commands[i].line);
    fputs(
        "\nEvery command takes --archive DIR, --json, --quiet, --now TIME and "
        "--help.\n"
        "A first try, from an empty folder:\n"
        "  gawah rehearse --into month.jsonl\n"
        "  gawah ingest month.jsonl\n"
        "  gawah analyse\n"
        "  gawah findings\n",
        out);
}

enum { HELP_WIDTH = 79, HELP_COLUMN = 21 };

// Words of text from column `at` on; further lines begin at `indent`.
static void put_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
    gw_span rest = gw_str(text);
    while (rest.len) {
        gw_span line = gw_cut(&rest, '\n');
        for (bool first = true; line.len; first = false) {
            gw_span word = gw_cut(&line, ' ');
            if (!first && at + 1 + word.len > HELP_WIDTH) {
                fprintf(out, "\n%*s", (int)indent, "");
                at = indent;
            } else if (!first) {
                fputc(' ', out);
                at++;
            }
            fwrite(word.at, 1, word.len, out);
            at += word.len;
        }
        fputc('\n', out);
        at = 0;
    }
}

static void print_option(FILE *out, const struct gw_option *o)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
             o->value ? o->value : "");
    fprintf(out, "  %-18s ", left);
    put_wrapped(out, o->help, HELP_COLUMN, HELP_COLUMN);
}

void gw_help_command(FILE *out, const struct gw_command *c)
{
    fprintf(out, "usage: gawah %s%s%s [OPTIONS]\n%s\n\n", c->name,
            *c->arguments ? " " : "", c->arguments, c->line);
    put_wrapped(out, c->text, 0, 0);
    fputs("\noptions:\n", out);
    for (size_t i = 0; i < gw_option_count; i++)
        if (gw_option_of(c, gw_options[i].name))
            print_option(out, &gw_options[i]);
}

static void man_inline(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n' && text[1] == '\n')
            fputs("\n.PP", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void man_text(FILE *out, const char *text)
{
    man_inline(out, text);
    fputc('\n', out);
}

static void man_options(FILE *out, const struct gw_command *c)
{
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < gw_option_count; i++) {
        const struct gw_option *o = &gw_options[i];
        if (c ? !gw_option_of(c, o->name) : !named(gw_common_options, o->name))
            continue;
        fputs(".TP\n\\fB\\-\\-", out);
        man_inline(out, o->name);
        fputs("\\fR", out);
        if (o->value)
            fprintf(out, " \\fI%s\\fR", o->value);
        fputc('\n', out);
        man_text(out, o->help);
    }
}

static void man_ends(FILE *out, const struct gw_command *c)
{
    fputs(".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nit could not be done; "
          "standard error says why\n.TP\n2\nthe command line is not "
          "understood\n.TP\n3\ndone, but some input was refused or is "
          "damaged\n.TP\n130\nstopped by Ctrl\\-C; what was acknowledged is "
          "kept\n.SH ENVIRONMENT\n.TP\n\\fBGAWAH_ARCHIVE\\fR\nthe archive's "
          "folder, where \\fB\\-\\-archive\\fR is not given\n",
          out);
    if (c)
        fputs(".SH SEE ALSO\n\\fBgawah\\fR(1)\n", out);
}

static void man_command(FILE *out, const struct gw_command *c)
{
    fputs("gawah\\-", out);
    man_inline(out, c->name);
    fputs(" \\- ", out);
    man_text(out, c->line);
    fputs(".SH SYNOPSIS\n\\fBgawah ", out);
    man_inline(out, c->name);
    fputs("\\fR ", out);
    man_inline(out, c->arguments);
    fputs(" [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", out);
    man_text(out, c->text);
}

static void man_overview(FILE *out)
{
    fputs("gawah \\- an open observatory for digital rights\n"
          ".SH SYNOPSIS\n\\fBgawah\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] "
          "[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n"
          "gawah takes network measurements into an archive, makes facts of "
          "them, judges the facts by a published set of rules, and walks from "
          "any finding back to the bytes it rests on.\n.SH COMMANDS\n",
          out);
    for (size_t i = 0; i < gw_command_count; i++) {
        fprintf(out, ".TP\n\\fB%s\\fR\n", gw_commands[i].name);
        man_text(out, gw_commands[i].line);
    }
}

void gw_man_page(FILE *out, const struct gw_command *c)
{
    fprintf(out, ".TH GAWAH%s%s 1 \"\" \"gawah %s\" \"gawah\"\n.SH NAME\n",
            c ? "-" : "", c ? c->name : "", GW_VERSION);
    if (c)
        man_command(out, c);
    else
        man_overview(out);
    man_options(out, c);
    man_ends(out, c);
}
