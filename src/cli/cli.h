// cli: one table of commands, one file per command. Only this room prints.
#ifndef GW_CLI_H
#define GW_CLI_H

#include "analyse/analyse.h"
#include "base/base.h"
#include "ledger/ledger.h"
#include "model/model.h"
#include "monitor/monitor.h"
#include "publish/publish.h"
#include "store/store.h"
#include "wire/wire.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#ifndef GW_VERSION
#define GW_VERSION "0.1.0"
#endif

// Exit codes, documented in the man page: stable.
enum gw_exit {
    GW_EXIT_OK = 0,
    GW_EXIT_FAILED = 1,   // it could not be done; stderr says why
    GW_EXIT_USAGE = 2,    // the command line is not understood
    GW_EXIT_PARTLY = 3,   // done, but some input was refused or is damaged
    GW_EXIT_STOPPED = 130 // Ctrl-C; what was acknowledged is kept
};

// All options of all commands; which command takes which is in its table row.
struct gw_args {
    const char *archive, *now, *since, *until, *cc, *into, *format, *source;
    const char *licence, *dated, *state, *layer, *target, *tests, *url, *out;
    const char *network;
    const char *keys, *origin, *signer, *passphrase, *because, *policy, *leaf;
    const char *old, *listen, *stamp, *anchor, *heartbeat, *request, *response;
    const char *witness, *contact;
    int64_t threads, limit, seed, days, networks, per_day, parallel;
    bool json, quiet, again, all, help, man, skip_postcans;
    bool whole, disclose, offline, confidential;
    const char **rest; // what is no option
    size_t rest_count;
};

struct gw_cli {
    struct gw_args args;
    struct gw_clock clock;
    atomic_int *stop;
    const struct gw_command *command;
    bool terminal; // stderr is one: progress may redraw its line
    uint64_t last_progress;
};

enum gw_option_kind { GW_OPTION_FLAG, GW_OPTION_TEXT, GW_OPTION_NUMBER };
struct gw_option {
    const char *name, *value, *help; // value: NULL for flags
    enum gw_option_kind kind;
    size_t offset; // in struct gw_args
};
extern const struct gw_option gw_options[];
extern const size_t gw_option_count;

struct gw_command {
    const char *name;
    const char *arguments; // "[PATH...]"
    const char *line;      // what it does, one line
    const char *options;   // names, separated by blanks, besides the common
    const char *text;      // for --help and the man page
    int (*run)(struct gw_cli *cli);
};
extern const struct gw_command gw_commands[];
extern const size_t gw_command_count;
extern const char *const gw_common_options;

// Parses argv after the command's name. GW_EXIT_USAGE after saying what is
// wrong and what to do.
int gw_args_parse(struct gw_cli *cli, int argc, char **argv);
void gw_help_all(FILE *out);
void gw_help_command(FILE *out, const struct gw_command *c);
void gw_man_page(FILE *out, const struct gw_command *c); // NULL: gawah(1)
bool gw_option_of(const struct gw_command *c, const char *name);

// --archive, else $GAWAH_ARCHIVE, else "archive".
const char *gw_cli_archive(const struct gw_cli *cli);
// Opens the archive of the command line. Prints why not.
int gw_cli_open(struct gw_cli *cli, enum gw_archive_mode mode,
                struct gw_archive **ret);
// Prints "gawah: <why>" and what to do next; returns GW_EXIT_FAILED.
int gw_cli_fail(const struct gw_cli *cli, int code, const struct gw_why *why);
int gw_cli_usage(const struct gw_cli *cli, const char *fmt, ...)
    GW_PRINTF(2, 3);
// One line on a terminal that is drawn over, plain lines elsewhere.
void gw_cli_progress(struct gw_cli *cli, const char *fmt, ...) GW_PRINTF(2, 3);
void gw_cli_progress_end(struct gw_cli *cli);
// Text from outside: control characters and direction overrides are shown as
// escapes, so that a record cannot draw on the reader's terminal.
void gw_show(FILE *out, gw_span s, size_t max);
// Writes a finished JSON buffer and a line end; false if stdout is closed.
bool gw_cli_line(struct gw_buf *json);
void gw_json_row(struct gw_jw *w, enum gw_table table, const void *row,
                 bool with_nulls);
void gw_json_time(struct gw_jw *w, gw_time t);
size_t gw_count_text(int64_t n, char *ret_text /* 32 */); // 1,234,567
size_t gw_bytes_text(int64_t n, char *ret_text /* 32 */); // 12.3 MB

// ---- the ledger ---------------------------------------------------------
// The archive for writing, and its ledger: what every command that changes an
// archive opens. Prints why not; closes what it opened then.
struct gw_desk {
    struct gw_archive *a;
    struct gw_ledger *l;
};
int gw_cli_desk(struct gw_cli *cli, enum gw_archive_mode mode,
                struct gw_desk *ret);
void gw_cli_desk_close(struct gw_desk *d);
// Where keys are and how to open them, from the command line. The passphrase
// ($GAWAH_PASSPHRASE, or a file) is read into secret, which is released with
// gw_cli_forget.
int gw_cli_ledger_options(struct gw_cli *cli, struct gw_buf *secret,
                          struct gw_ledger_options *ret, struct gw_why *why);
void gw_cli_forget(struct gw_buf *secret);
// Adds which option opens a key, where that is what is wrong.
void gw_cli_hint_passphrase(struct gw_why *why);
// For the servers: ctx is the struct gw_cli.
void gw_cli_listening(void *ctx, const char *address);
// Seals what was committed. A failure is told, with what to do: nothing that
// was kept is lost by it.
int gw_cli_seal(struct gw_cli *cli, struct gw_ledger *l, bool ask,
                struct gw_sealed *ret);
void gw_cli_sealed(const struct gw_cli *cli, const struct gw_ledger *l,
                   const struct gw_sealed *s); // one line
void gw_json_sealed(struct gw_jw *w, const struct gw_sealed *s);
// "next: gawah <command>", with the archive where it is not the usual one.
void gw_cli_next(const struct gw_cli *cli, const char *fmt, ...)
    GW_PRINTF(2, 3);

int gw_run_seal(struct gw_cli *cli);
int gw_run_prove(struct gw_cli *cli);
int gw_run_verify(struct gw_cli *cli);
int gw_run_keys(struct gw_cli *cli);
int gw_run_witness(struct gw_cli *cli);
int gw_run_mirror(struct gw_cli *cli);
int gw_run_log(struct gw_cli *cli);
int gw_run_redact(struct gw_cli *cli);
int gw_run_serve(struct gw_cli *cli);
int gw_export_ledger(struct gw_cli *cli);
int gw_run_init(struct gw_cli *cli);
int gw_run_ingest(struct gw_cli *cli);
int gw_run_fetch(struct gw_cli *cli);
int gw_run_analyse(struct gw_cli *cli);
int gw_run_findings(struct gw_cli *cli);
int gw_run_incidents(struct gw_cli *cli);
int gw_run_explain(struct gw_cli *cli);
int gw_run_publish(struct gw_cli *cli);
int gw_run_export(struct gw_cli *cli);
int gw_run_rules(struct gw_cli *cli);
int gw_run_evidence(struct gw_cli *cli);
int gw_run_refused(struct gw_cli *cli);
int gw_run_rehearse(struct gw_cli *cli);
int gw_run_rebuild(struct gw_cli *cli);
int gw_run_doctor(struct gw_cli *cli);
int gw_run_version(struct gw_cli *cli);
int gw_run_help(struct gw_cli *cli);

#endif
