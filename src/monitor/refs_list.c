// Lists of what to test and of public suffixes: kept as dated snapshots and
// checked, but no fact rests on them yet, so they are counted and let go.
#include "monitor/refs_private.h"

static bool is_target(gw_span url)
{
    struct gw_url parsed;
    gw_span host;
    uint16_t port;
    return gw_url_parse(url, &parsed) || gw_split_endpoint(url, &host, &port);
}

// citizenlab: url,category_code,category_description,date_added,source,notes
static int count_targets(gw_span text, struct gw_ref_note *note,
                         struct gw_why *why)
{
    struct gw_csv *csv = gw_csv_new(',');
    const gw_span *fields;
    size_t count;
    int64_t offset;
    int rc;
    if (!csv)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    gw_csv_feed(csv, text, true);
    rc = gw_csv_row(csv, &fields, &count, &offset, why); // the header
    while (rc > 0 || rc == GW_EFORMAT || rc == GW_ETOOBIG) {
        rc = gw_csv_row(csv, &fields, &count, &offset, NULL);
        if (rc == 0 || rc == GW_ENOMEM)
            break;
        note->rows++;
        if (rc < 0 || !is_target(fields[0]))
            gw_ref_bad(note, note->rows, rc < 0 ? text : fields[0],
                       "is no URL or endpoint");
    }
    gw_csv_free(csv);
    return rc == GW_ENOMEM ? gw_fail(why, rc, "out of memory") : 0;
}

static int count_suffixes(gw_span text, struct gw_ref_note *note)
{
    while (text.len) {
        gw_span line = gw_trim(gw_cut(&text, '\n'));
        note->rows += line.len && !gw_starts(line, "//");
    }
    return 0;
}

int gw_ref_list_count(enum gw_kind kind, gw_span text, struct gw_ref_note *note,
                      struct gw_why *why)
{
    return kind == GW_KIND_TEST_LIST ? count_targets(text, note, why)
                                     : count_suffixes(text, note);
}
