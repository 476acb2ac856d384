// URL paths to names of files: whatever is asked for, only names that a log
// has are ever opened, and each in its one spelling.
#include "ledger/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(gw_span path, const char *name)
{
    char again[GW_TILE_PATH];
    gw_span n = gw_str(name);
    if (!gw_eq(n, path) || !n.len || n.len >= GW_TILE_PATH)
        abort(); // cut at a NUL, or changed
    if (!gw_served_name(n, again) || strcmp(again, name) != 0)
        abort();
    if (name[0] == '/' || strstr(name, "..") || strstr(name, "//") ||
        gw_ends(n, "/"))
        abort();
    for (size_t i = 0; i < n.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-./", name[i]))
            abort();
    bool tile = gw_starts(n, "tile/");
    if (!tile && (!gw_starts(n, "checkpoint") || strchr(name, '/')))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gw_span path = gw_span_of(data, size);
    char name[GW_TILE_PATH], copy[GW_SERVED_COPY];
    const char *below;
    if (gw_served_name(path, name))
        check_name(path, name);
    if (gw_served_copy(path, copy, &below)) {
        if (below != copy + 65 || copy[64] != '/')
            abort();
        for (int i = 0; i < 64; i++)
            if (!copy[i] || !strchr("0123456789abcdef", copy[i]))
                abort();
        if (!gw_ends(path, copy))
            abort();
        check_name(gw_str(below), below);
    }
    return 0;
}
