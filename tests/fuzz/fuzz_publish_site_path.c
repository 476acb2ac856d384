// URL paths to files of the site: whatever is asked for, the name stays below.
#include "publish/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[SERVE_PATH];
    if (!serve_path(gw_span_of(data, size), path))
        return 0;
    gw_span rest = gw_str(path);
    if (!rest.len || rest.len >= SERVE_PATH || !gw_is_utf8(rest) ||
        gw_ends(rest, "/"))
        abort();
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] < 0x20 || rest.at[i] == 0x7f || rest.at[i] == '\\')
            abort();
    while (rest.len) {
        gw_span name = gw_cut(&rest, '/');
        if (!name.len || name.at[0] == '.')
            abort();
    }
    return 0;
}
