// What a person sees: messages, progress, escaped text, rows as JSON.
#include "cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { PROGRESS_EVERY = 200000000 }; // nanoseconds

const char *gw_cli_archive(const struct gw_cli *cli)
{
    const char *folder = cli->args.archive;
    if (!folder)
        folder = getenv("GAWAH_ARCHIVE");
    return folder && *folder ? folder : "archive";
}

int gw_cli_open(struct gw_cli *cli, enum gw_archive_mode mode,
                struct gw_archive **ret)
{
    struct gw_why why = {0};
    const char *folder = gw_cli_archive(cli);
    struct stat st;
    if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode)) {
        gw_fail(&why, GW_EEXIST, "%s: an archive is a folder, this is a file",
                folder);
        return gw_cli_fail(cli, GW_EEXIST, &why);
    }
    int rc = gw_archive_open(folder, mode, &cli->clock, ret, &why);
    if (rc != GW_ENOENT || mode == GW_ARCHIVE_CREATE)
        return rc ? gw_cli_fail(cli, rc, &why) : 0;
    bool usual = strcmp(folder, "archive") == 0;
    fprintf(stderr,
            "gawah: %s: there is no archive here. The first gawah ingest makes "
            "one, or: gawah init%s%s\n",
            folder, usual ? "" : " --archive ", usual ? "" : folder);
    return GW_EXIT_FAILED;
}

static const char *advice(int code)
{
    switch (code) {
    case GW_EBUSY: return "Wait until it has ended, or end it.";
    case GW_ECORRUPT:
        return "Run: gawah doctor. Findings and facts can be made again from "
               "the evidence with: gawah rebuild.";
    case GW_EIO: return "Is the disk full, or the folder not writable?";
    case GW_ENOMEM: return "Try fewer --threads.";
    default: return NULL;
    }
}

int gw_cli_fail(const struct gw_cli *cli, int code, const struct gw_why *why)
{
    (void)cli;
    // A reader who has seen enough closes the pipe: no news to anybody.
    if (code == GW_EIO && strstr(why->text, strerror(EPIPE)))
        return GW_EXIT_FAILED;
    fputs("gawah: ", stderr);
    gw_show(stderr, gw_str(why->text[0] ? why->text : gw_strerror(code)), 0);
    fputc('\n', stderr);
    if (advice(code))
        fprintf(stderr, "%s\n", advice(code));
    return code == GW_EUSAGE ? GW_EXIT_USAGE : GW_EXIT_FAILED;
}

void gw_cli_progress(struct gw_cli *cli, const char *fmt, ...)
{
    uint64_t now = gw_tick();
    uint64_t every = PROGRESS_EVERY * (cli->terminal ? 1u : 25u);
    if (!cli->last_progress) // what is over at once needs no progress
        cli->last_progress = now;
    if (cli->args.quiet || now - cli->last_progress < every)
        return;
    cli->last_progress = now;
    va_list args;
    va_start(args, fmt);
    if (cli->terminal)
        fputs("\r\033[K", stderr);
    vfprintf(stderr, fmt, args);
    if (!cli->terminal)
        fputc('\n', stderr);
    fflush(stderr);
    va_end(args);
}

void gw_cli_progress_end(struct gw_cli *cli)
{
    if (cli->terminal && !cli->args.quiet)
        fputs("\r\033[K", stderr);
}

// Code point of well-formed UTF-8 at p.
static uint32_t decode(const uint8_t *p, size_t len)
{
    uint32_t c = len == 1   ? p[0]
                 : len == 2 ? p[0] & 0x1fu
                 : len == 3 ? p[0] & 0x0fu
                            : p[0] & 0x07u;
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

static bool is_safe(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool direction = (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
    return !control && !direction && c != 0x2028 && c != 0x2029;
}

void gw_show(FILE *out, gw_span s, size_t max)
{
    size_t shown = 0;
    for (size_t i = 0; i < s.len; shown++) {
        size_t len = 1;
        while (len < 4 && i + len < s.len && (s.at[i + len] & 0xc0) == 0x80)
            len++;
        if (max && shown >= max) {
            fputs("…", out);
            return;
        }
        gw_span one = gw_sub(s, i, len);
        if (!gw_is_utf8(one)) {
            fprintf(out, "\\x%02x", s.at[i]);
            len = 1;
        } else if (is_safe(decode(one.at, len))) {
            fwrite(one.at, 1, len, out);
        } else {
            fprintf(out, "\\u%04x", decode(one.at, len));
        }
        i += len;
    }
}

bool gw_cli_line(struct gw_buf *json)
{
    gw_put_u8(json, '\n');
    bool ok = !json->err && fwrite(json->at, 1, json->len, stdout) == json->len;
    gw_buf_reset(json);
    return ok;
}

void gw_json_time(struct gw_jw *w, gw_time t)
{
    char text[GW_TIME_TEXT];
    if (t == GW_NEVER)
        gw_jw_null(w);
    else
        gw_jw_str(w, gw_span_of(text, gw_format_time(t, text)));
}

static void json_value(struct gw_jw *w, const struct gw_column *c,
                       const void *at)
{
    gw_span s;
    int64_t i;
    double d;
    switch (c->type) {
    case GW_INT:
        memcpy(&i, at, sizeof i);
        if (i == GW_NULL)
            gw_jw_null(w);
        else
            gw_jw_int(w, i);
        break;
    case GW_TIME:
        memcpy(&i, at, sizeof i);
        gw_json_time(w, i);
        break;
    case GW_REAL:
        memcpy(&d, at, sizeof d);
        gw_jw_real(w, d);
        break;
    case GW_STR:
        memcpy(&s, at, sizeof s);
        gw_jw_str(w, s);
        break;
    case GW_JSON:
        memcpy(&s, at, sizeof s);
        if (s.at)
            gw_jw_raw(w, s);
        else
            gw_jw_null(w);
        break;
    }
}

static bool is_null(const struct gw_column *c, const void *at)
{
    gw_span s;
    int64_t i;
    double d;
    switch (c->type) {
    case GW_INT:
    case GW_TIME: memcpy(&i, at, sizeof i); return i == GW_NULL;
    case GW_REAL: memcpy(&d, at, sizeof d); return isnan(d);
    case GW_STR:
    case GW_JSON: memcpy(&s, at, sizeof s); return !s.at;
    }
    return true;
}

void gw_json_row(struct gw_jw *w, enum gw_table table, const void *row,
                 bool with_nulls)
{
    const struct gw_table_info *info = &gw_tables[table];
    for (size_t i = 0; i < info->column_count; i++) {
        const struct gw_column *c = &info->columns[i];
        const void *at = (const uint8_t *)row + c->offset;
        if (!with_nulls && is_null(c, at))
            continue;
        gw_jw_key(w, c->name);
        json_value(w, c, at);
    }
}

size_t gw_count_text(int64_t n, char *ret_text)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
            ret_text[at++] = ',';
        ret_text[at++] = digits[i];
    }
    ret_text[at] = 0;
    return at;
}

size_t gw_bytes_text(int64_t n, char *ret_text)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)n;
    size_t u = 0;
    while (v >= 1000 && u + 1 < GW_COUNT(units)) {
        v /= 1000;
        u++;
    }
    return (size_t)snprintf(ret_text, 32, u ? "%.1f %s" : "%.0f %s", v,
                            units[u]);
}
