// What was said against what is true. Prints tables, or with --json an object
// a line:
//   truth months FIRST LAST DAY DAYS FOLDER...   rehearsed months
//   truth thin SEED < month.jsonl                two of three days left out
//   truth kenya INCIDENTS | brazil ROWS | imap INCIDENTS
// A folder is named after its setting and holds SEED.labels.csv,
// SEED.incidents and SEED.findings. bench/truth.sh makes them.
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int one_setting(struct tell *t, char **arg, const char *folder,
                       struct gw_why *why)
{
    int64_t first, last, days;
    gw_time start;
    if (!gw_parse_int(gw_str(arg[0]), &first) ||
        !gw_parse_int(gw_str(arg[1]), &last) || last < first ||
        !gw_parse_time(gw_str(arg[2]), &start) ||
        !gw_parse_int(gw_str(arg[3]), &days))
        return gw_fail(why, GW_EFORMAT, "months: FIRST LAST DAY DAYS");
    struct gw_arena *arena = gw_arena_new(ARENA_MAX);
    struct setting s = {last_name(folder), NULL, (size_t)(last - first + 1)};
    s.months = arena ? gw_arena_take_n(arena, s.count, sizeof *s.months) : NULL;
    int rc = s.months ? 0 : GW_ENOMEM;
    for (size_t i = 0; !rc && i < s.count; i++) {
        struct month *m = &s.months[i];
        rc = read_month(arena, folder, first + (int64_t)i, start, (int)days, m,
                        why);
        rc = rc ? rc : run_peer(arena, m);
        if (!rc)
            match_month(m);
        gw_free(m->seen);
        m->seen = NULL;
    }
    rc = rc ? rc : tell_setting(t, &s);
    gw_arena_free(arena);
    return rc;
}

static gw_span value_of(gw_span line, const char *name)
{
    int64_t at = gw_find(line, gw_str(name), 0);
    if (at < 0)
        return (gw_span){0};
    gw_span rest = gw_sub(line, (size_t)at + strlen(name), line.len);
    return gw_cut(&rest, '"');
}

// Every network and input loses two of three days, each its own.
static int thin(const char *seed)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;) {
        gw_span s = gw_span_of(line, (size_t)len);
        gw_span day =
            gw_sub(value_of(s, "\"measurement_start_time\":\""), 0, 10);
        uint64_t h = gw_hash(gw_str(seed), 0);
        h = gw_hash(value_of(s, "\"probe_asn\":\""), h);
        h = gw_hash(value_of(s, "\"input\":\""), h);
        h = gw_hash(value_of(s, "\"test_name\":\""), h);
        h = gw_hash(day, h);
        if (h % 3 == 0)
            fwrite(line, 1, (size_t)len, stdout);
    }
    free(line);
    return ferror(stdin) || fflush(stdout) ? 1 : 0;
}

static int sets(struct tell *t, const char *what, const char *path,
                struct gw_why *why)
{
    struct gw_arena *arena = gw_arena_new(ARENA_MAX);
    int rc = GW_ENOMEM;
    if (arena && strcmp(what, "kenya") == 0)
        rc = tell_kenya(t, arena, path, why);
    else if (arena && strcmp(what, "brazil") == 0)
        rc = tell_brazil(t, arena, path, why);
    else if (arena && strcmp(what, "imap") == 0)
        rc = tell_imap(t, arena, path, why);
    else if (arena)
        rc = gw_fail(why, GW_EFORMAT, "no such set: %s", what);
    gw_arena_free(arena);
    return rc;
}

int main(int argc, char **argv)
{
    struct tell t = {.json = argc > 1 && strcmp(argv[1], "--json") == 0};
    struct gw_why why = {0};
    char **arg = argv + 1 + t.json;
    int count = argc - 1 - t.json, rc = 0;
    if (count < 2) {
        fputs("usage: truth [--json] months|thin|kenya|brazil|imap ...\n",
              stderr);
        return 2;
    }
    if (strcmp(arg[0], "thin") == 0)
        return thin(arg[1]);
    if (strcmp(arg[0], "months") != 0)
        rc = sets(&t, arg[0], arg[1], &why);
    else
        for (int i = 5; !rc && i < count; i++)
            rc = one_setting(&t, arg + 1, arg[i], &why);
    if (rc)
        fprintf(stderr, "truth: %s\n",
                why.text[0] ? why.text : gw_strerror(rc));
    return rc ? 1 : 0;
}
