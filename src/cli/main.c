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
    {"init", "", "make an empty archive", "keys origin passphrase",
     "An archive is one folder: copy it, carry it on a stick, serve it. Name "
     "it with --archive. What is there already stays. Makes the keys of its "
     "log, in a folder that only you can read: keep a copy of it elsewhere.",
     gw_run_init},
    {"ingest", "[PATH...]", "take in evidence and make facts of it",
     "threads source licence dated confidential keys signer passphrase",
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
    {"analyse", "", "turn facts into findings, findings into incidents",
     "threads again keys signer passphrase",
     "Judges every measurement by the rule registry (gawah rules): by its own "
     "control first, then by what others in several networks saw the same "
     "day. What is up to date is left alone. Then counts what was found, hour "
     "by hour, looks for changes, and makes one incident of what is one event "
     "(gawah incidents). An incident keeps its id and all its versions.",
     gw_run_analyse},
    {"findings", "", "what was found, by network, target and layer",
     "state layer target network limit all",
     "A readable summary: what was read, what was refused and why, what was "
     "found, and ids to follow. With --json one object for each network, "
     "target and layer.",
     gw_run_findings},
    {"incidents", "[ID]", "what happened, since when, how sure",
     "cc target since until limit all",
     "One row an event: what, where, since when, until when, how sure, how "
     "many observers; the newest first. --since and --until choose those that "
     "were under way in between. With ID (i-...) everything about one: its "
     "networks, the methods, what speaks against it, what is not known, ids "
     "of findings to follow, and how it changed. --all shows also what was "
     "withdrawn, and of one all the evidence.",
     gw_run_incidents},
    {"explain", "ID", "walk from a finding down to its bytes", "all",
     "ID is an incident (i-...), a finding (f-...), a measurement (m-... or "
     "OONI's "
     "measurement_uid), or an evidence object (e-... or its SHA-256). Shows "
     "the rules that fired, the observations they looked at, the evidence "
     "object, the position in it, and the JSON itself, with the commands that "
     "show the same bytes without gawah.",
     gw_run_explain},
    {"export", "observations|measurements|facts|findings|verdicts|ledger",
     "write tables as CSV or JSON lines, or the log as files",
     "format since until cc out into",
     "observations has the columns of OONI's obs_web under their names. facts "
     "has everything kept of every lookup, connect, handshake and exchange. "
     "verdicts has OONI's verdict keys, as recorded and as computed by us. "
     "ledger copies the log into the folder --into, auditing it on the way: "
     "any web server can serve it.",
     gw_run_export},
    {"publish", "DIR", "make the site that people read", "cc url contact",
     "A static site of incidents, countries, networks, services and sites, in "
     "English and Urdu, with its data as JSON and CSV: for any web server, or "
     "a USB stick. It asks nothing of others, keeps no record of its readers "
     "and works without JavaScript. The same archive gives the same bytes; a "
     "second run writes only what changed, and removes pages of its own that "
     "are no longer made. --url is where it will be reached.",
     gw_run_publish},
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
     "threads keys signer passphrase",
     "Same evidence, same reference data, same version: the same bytes. "
     "Prints the digest of the tables before and after.",
     gw_run_rebuild},
    {"seal", "", "publish the log of what was kept, and have it witnessed",
     "offline request witness response heartbeat stamp anchor keys signer "
     "passphrase",
     "Everything an archive keeps is a leaf in a log that nobody can change "
     "quietly. Sealing turns new leaves into tiles under a signed checkpoint "
     "(folder ledger/ of the archive: a static site, the whole read API) and "
     "asks the witnesses of keys/policy.txt to put their names to it. ingest "
     "and analyse seal by themselves, without asking witnesses.\n\n"
     "To have two witnesses, get the verifier key and the address of each and "
     "put this after the line \"log\" of keys/policy.txt, in place of \"quorum "
     "none\": witness w1 VKEY http://HOST:PORT, witness w2 VKEY "
     "http://HOST:PORT, group both all w1 w2, quorum both; each on a line of "
     "its own.\n\n"
     "A witness without network: --request FILE --witness NAME, carry the "
     "file there, gawah witness cosign, carry the answer back, --response "
     "FILE.\n\n"
     "Time: --heartbeat proves that what follows was sealed later; --stamp, "
     "then --anchor, prove that what is there was sealed before.",
     gw_run_seal},
    {"prove", "ID", "write a bundle that proves something to a stranger",
     "into whole disclose keys passphrase",
     "ID is an incident (its newest version), a finding, a measurement or an "
     "object of evidence. The folder "
     "--into gets a BagIt bag: the record, its place in the object, the "
     "object's leaf, the leaf's place in the log, signatures, time stamps, "
     "and how to check each of them. gawah verify checks it whole; the proof "
     "files are of c2sp.org and other tools read them.\n\n"
     "What was taken in with --confidential can only be proved with "
     "--disclose. Exit code 3 if the quorum of witnesses has not signed yet: "
     "seal, and prove it again.",
     gw_run_prove},
    {"verify", "PATH|URL", "check a bundle, a log or a proof",
     "policy leaf old threads",
     "Takes a bundle of gawah prove, a log (folder or URL), a .tlog-proof "
     "with --leaf, a checkpoint, an OpenTimestamps proof or an RFC 3161 "
     "reply. Needs no archive, no clock, and no network but for a URL. Says "
     "each step in words, and between which times the thing was sealed. "
     "Beside a time stamp may be the roots of who made it (.pem), the block "
     "header (.header), and what was stamped.",
     gw_run_verify},
    {"keys", "[rotate|new ROLE NAME|serve...]", "the keys of a log or witness",
     "keys passphrase listen",
     "Without argument shows the public keys. rotate puts the next key, whose "
     "hash was sealed beforehand, in force. new makes a key: gawah keys new "
     "witness example.org/w1 --keys DIR. serve signs for a log behind a "
     "socket, in a process that never faces the network: --listen unix:PATH, "
     "then --signer unix:PATH elsewhere; PATH begins with a slash.",
     gw_run_keys},
    {"witness", "serve|cosign", "cosign the logs of others",
     "keys passphrase policy listen into",
     "serve answers add-checkpoint requests (c2sp.org/tlog-witness) at "
     "--listen. cosign does the same for one request from standard input, for "
     "a stick instead of a network. --policy names the logs, --keys the "
     "folder with the witness key and with what it has seen: never restore "
     "that folder from a backup. --into serves a folder of mirrors too, each "
     "in a folder that is named by the SHA-256 of the log's name (printf %s "
     "NAME | sha256sum).\n\n"
     "To begin: gawah keys new witness NAME --keys DIR; a policy of the lines "
     "\"log VKEY\" and \"quorum none\"; gawah witness serve --keys DIR "
     "--policy FILE --listen HOST:PORT. The logs need the key that was "
     "printed.",
     gw_run_witness},
    {"mirror", "PATH|URL", "copy a log, audit it, and cosign what is held",
     "into policy keys passphrase threads",
     "Reads only what is new, recomputes every hash, and replaces its own "
     "checkpoint last. A log that shrank or was rewritten is refused, and "
     "both checkpoints are kept as evidence. With --keys it adds the "
     "cosignature of its mirror key (gawah keys new mirror NAME --keys DIR).",
     gw_run_mirror},
    {"log", "DIR", "keep a log that others submit to",
     "listen keys passphrase origin signer",
     "Serves the folder as a tiled log at --listen. POST /add with an entry "
     "answers its index once it is on disk; checkpoints follow within a "
     "second. In the folder are keys/ (made on the first run, under --origin), "
     "journal/ (64 MB) and public/: the log itself, for any web server. For "
     "example: curl --data-binary @FILE http://HOST:PORT/add.",
     gw_run_log},
    {"redact", "OBJECT", "take an object out, and say so in the log",
     "because keys signer passphrase",
     "Destroys its bytes, names, facts and findings, and the salts without "
     "which nobody can tell what its leaf hides. The log stays whole: every "
     "proof stays valid, and a leaf says that something was taken out and by "
     "what right. Copies that others took are beyond reach.",
     gw_run_redact},
    {"serve", "DIR", "serve a published site and the API of its archive",
     "listen threads",
     "Serves the files of DIR, the API of docs/formats/api.md below /api/v1/, "
     "and the archive's log below /log/, at --listen (default "
     "127.0.0.1:8480: only this machine). Answers GET and HEAD; no request "
     "writes anything or reaches outside DIR and archive. Everything in the "
     "archive can be asked for: read docs/harm.md before others can reach "
     "it, and put a web server that speaks TLS in front.",
     gw_run_serve},
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

// "" takes no argument, "PATH..." any number, all else one (keys: three).
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
