// The paths and manifests of a bag (RFC 8493), from bytes that may be hostile.
#include "ledger/verify.h"

bool bag_path_ok(gw_span path)
{
    if (!path.len || path.len > BAG_PATH_MAX || !gw_is_utf8(path))
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] < 0x20 || path.at[i] == 0x7f || path.at[i] == '\\')
            return false;
    size_t parts = 1;
    for (size_t i = 0; i < path.len; i++)
        parts += path.at[i] == '/';
    for (gw_span rest = path; parts--;) {
        gw_span part = gw_cut(&rest, '/');
        if (!part.len || gw_is(part, ".") || gw_is(part, ".."))
            return false;
    }
    return true;
}

// RFC 8493 2.1.3: only line ends and '%' are encoded; the line ends have no
// place in a path here, so "%25" is all that is left.
static gw_span decode(gw_span text, struct gw_arena *arena)
{
    uint8_t *to = gw_arena_take(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < text.len; i++) {
        to[n++] = text.at[i];
        if (text.at[i] != '%')
            continue;
        if (!gw_is(gw_sub(text, i, 3), "%25"))
            return gw_span_of("", 0);
        i += 2;
    }
    if (to)
        to[n] = 0;
    return gw_span_of(to, to ? n : 0);
}

static int parse_line(gw_span line, bool payload, struct gw_arena *arena,
                      struct bag_file *ret, struct gw_why *why)
{
    gw_span hex = gw_sub(line, 0, 2 * (size_t)GW_HASH_LEN);
    for (size_t i = 0; i < hex.len; i++)
        if (hex.at[i] >= 'A' && hex.at[i] <= 'F')
            return gw_fail(why, GW_EFORMAT, "a hash is in lower case");
    if (hex.len != 2 * (size_t)GW_HASH_LEN || !gw_unhex(hex, ret->hash.at) ||
        !gw_is(gw_sub(line, hex.len, 2), "  "))
        return gw_fail(why, GW_EFORMAT,
                       "a line is 64 hex digits, two blanks and a path");
    gw_span path = decode(gw_sub(line, hex.len + 2, line.len), arena);
    if (!path.at)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    if (!bag_path_ok(path))
        return gw_fail(why, GW_EFORMAT, "a path does not stay in the bag");
    if (bag_is_payload(path) != payload || gw_is(path, BAG_TAG_MANIFEST))
        return gw_fail(why, GW_EFORMAT, "%.*s is not for this manifest",
                       (int)path.len, (const char *)path.at);
    ret->path = (const char *)path.at;
    return 0;
}

int bag_manifest_parse(gw_span text, bool payload, struct gw_arena *arena,
                       struct bag_file **ret, size_t *ret_count,
                       struct gw_why *why)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    *ret_count = 0;
    if (text.len && text.at[text.len - 1] != '\n')
        return gw_fail(why, GW_EFORMAT, "the last line has no end");
    if (lines > BAG_FILES_MAX)
        return gw_fail(why, GW_ETOOBIG, "more than %d files", BAG_FILES_MAX);
    struct bag_file *files = gw_arena_take_n(arena, lines + 1, sizeof *files);
    if (!files)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    *ret = files;
    for (gw_span rest = text; rest.len;) {
        gw_span line = gw_cut(&rest, '\n');
        int rc = parse_line(line, payload, arena, &files[*ret_count], why);
        if (rc) {
            gw_within(why, "line %zu", *ret_count + 1);
            return rc;
        }
        ++*ret_count;
    }
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct bag_file *)a)->path,
                  ((const struct bag_file *)b)->path);
}

struct bag_file *bag_find(const struct bag *b, const char *path)
{
    struct bag_file key = {.path = path};
    return b->count
               ? bsearch(&key, b->files, b->count, sizeof *b->files, by_path)
               : NULL;
}

void bag_sort(struct bag *b)
{
    if (b->count)
        qsort(b->files, b->count, sizeof *b->files, by_path);
}
