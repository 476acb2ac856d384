// gawah: the table of commands, and finding the one that is meant.
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

static atomic_int stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

const struct gw_command gw_commands[] = {
    {"init", "", "make an empty archive", "",
     "An archive is one folder: copy it, carry it on a stick, serve it. Name "
     "it with --archive. What is there already stays.",
     gw_run_init},
    {"ingest", "[PATH...]", "take in evidence and make facts of it",
     "threads source licence dated",
     "Takes files and folders, and \"-\" for standard input. What a file is, "
     "is told by its content: OONI measurements (JSON, JSONL, YAML reports, "
     "postcans, cans; plain, gzip, zstd, lz4, bzip2, tar), observation exports "
     "of OONI v5, fingerprints, test lists, prefix and AS tables, MMDB.\n\n"
     "Every file is kept as it came, under its SHA-256; the same file twice "
     "changes nothing. A record that breaks a rule is refused with its reason "
     "and the rest goes on (see: gawah refused). Reference data taken in later "
     "make the facts anew.\n\n"
     "The first ingest makes its archive. Without PATH it goes on with what an "
     "earlier run left waiting.",
     gw_run_ingest},
    {"fetch", "ooni", "download measurements from OONI's public archive",
     "cc since until into tests url parallel skip-postcans",
     "Lists and downloads the files of one country and some days, with resume "
     "and checksums. Nothing is sent but the requests for files. Then: gawah "
     "ingest FOLDER.",
     gw_run_fetch},
    {"analyse", "", "turn facts into findings", "threads again",
     "Judges every measurement by the rule registry (gawah rules): by its own "
     "control first, then by what others in several networks saw the same "
     "day. What is up to date is left alone.",
     gw_run_analyse},
    {"findings", "", "what was found, by network, target and layer",
     "state layer target network limit all",
     "A readable summary: what was read, what was refused and why, what was "
     "found, and ids to follow. With --json one object for each network, "
     "target and layer.",
     gw_run_findings},
    {"explain", "ID", "walk from a finding down to its bytes", "all",
     "ID is a finding (f-...), a measurement (m-... or OONI's "
     "measurement_uid), or an evidence object (e-... or its SHA-256). Shows "
     "the rules that fired, the observations they looked at, the evidence "
     "object, the position in it, and the JSON itself, with the commands that "
     "show the same bytes without gawah.",
     gw_run_explain},
    {"export", "observations|measurements|facts|findings|verdicts",
     "write tables as CSV or JSON lines", "format since until cc out",
     "observations has the columns of OONI's obs_web under their names. facts "
     "has everything kept of every lookup, connect, handshake and exchange. "
     "verdicts has OONI's verdict keys, as recorded and as computed by us.",
     gw_run_export},
    {"rules", "", "the rules findings rest on", "layer",
     "Every rule with its condition, what it says, how much it weighs and "
     "since when.",
     gw_run_rules},
    {"evidence", "", "the objects this archive holds", "limit",
     "One row an object: what it is, where it came from, what became of it.",
     gw_run_evidence},
    {"refused", "[OBJECT]", "records that were refused, and why", "limit all",
     "Names the object, the position, the rule that the record breaks, and "
     "shows how its bytes begin.",
     gw_run_refused},
    {"rehearse", "", "make a synthetic month with known events",
     "seed days networks per-day since cc into",
     "Measurements as a probe would write them, marked synthetic in every one, "
     "with events whose truth is known: to try gawah without real data, and to "
     "measure it. The labels go to PATH.labels.csv.",
     gw_run_rehearse},
    {"rebuild", "", "make facts and findings again from the evidence",
     "threads",
     "Same evidence, same reference data, same version: the same bytes. "
     "Prints the digest of the tables before and after.",
     gw_run_rebuild},
    {"doctor", "", "check an archive", "",
     "Reads every object and segment again and compares it with its hash.",
     gw_run_doctor},
    {"version", "", "versions of program, facts and rules", "",
     "Findings name the versions they rest on.", gw_run_version},
    {"help", "[COMMAND]", "this, or a command's own help", "man",
     "With --man the page for man(1).", gw_run_help},
};
const size_t gw_command_count = GW_COUNT(gw_commands);

static const struct gw_command *find_command(const char *name)
{
    for (size_t i = 0; i < gw_command_count; i++)
        if (strcmp(name, gw_commands[i].name) == 0)
            return &gw_commands[i];
    return NULL;
}

static void catch_signals(void)
{
    struct sigaction on = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &on, NULL);
    sigaction(SIGTERM, &on, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

int gw_run_help(struct gw_cli *cli)
{
    const struct gw_command *c = NULL;
    if (cli->args.rest_count) {
        c = find_command(cli->args.rest[0]);
        if (!c) {
            cli->command = NULL; // its help would not help
            return gw_cli_usage(cli, "there is no command \"%s\"",
                                cli->args.rest[0]);
        }
    }
    if (cli->args.man)
        gw_man_page(stdout, c);
    else if (c)
        gw_help_command(stdout, c);
    else
        gw_help_all(stdout);
    return GW_EXIT_OK;
}

int gw_run_version(struct gw_cli *cli)
{
    printf(cli->args.json ? "{\"version\":\"%s\",\"facts_version\":%d,"
                            "\"rules_version\":%d,\"rules\":%zu}\n"
                          : "gawah %s, facts %d, rules %d (%zu rules)\n",
           GW_VERSION, GW_FACTS_VERSION, GW_RULES_VERSION, gw_rule_count);
    return GW_EXIT_OK;
}

// "" takes no argument, "PATH..." any number, all else one.
static int check_arguments(const struct gw_cli *cli)
{
    const char *wanted = cli->command->arguments;
    size_t most = !*wanted ? 0 : strstr(wanted, "...") ? SIZE_MAX : 1;
    if (cli->args.rest_count <= most)
        return 0;
    return gw_cli_usage(cli,
                        "%s does not take \"%s\" (an archive is named with "
                        "--archive DIR)",
                        cli->command->name, cli->args.rest[most]);
}

// A reader who has seen enough closes the pipe: no news to anybody.
static int close_output(int rc)
{
    int error = fflush(stdout) ? errno : 0;
    if (!error && !ferror(stdout))
        return rc;
    if (error && error != EPIPE)
        fprintf(stderr, "gawah: standard output: %s\n", strerror(error));
    return rc ? rc : GW_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct gw_cli cli = {
        .clock = {GW_NEVER}, .stop = &stop, .terminal = isatty(STDERR_FILENO)};
    if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        gw_help_all(argc < 2 ? stderr : stdout);
        return argc < 2 ? GW_EXIT_USAGE : GW_EXIT_OK;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    cli.command = find_command(name);
    if (!cli.command) {
        gw_cli_usage(&cli, "there is no command \"%s\"", argv[1]);
        return GW_EXIT_USAGE;
    }
    int rc = gw_args_parse(&cli, argc - 2, argv + 2);
    if (!rc && cli.args.help) {
        gw_help_command(stdout, cli.command);
    } else if (!rc && !(rc = check_arguments(&cli))) {
        catch_signals();
        rc = cli.command->run(&cli);
    }
    gw_free(cli.args.rest);
    return close_output(rc);
}
