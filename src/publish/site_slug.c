// What pages are called: safe as a file on every system, one page one name,
// and the name as people write it.
#include "publish/site.h"

#include <idn2.h>

enum { SLUG_MAX = 64, SLUG_HASH = 24 };

static bool plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

// Names that some systems keep for devices, whatever follows the first dot.
static bool device(gw_span name)
{
    static const char *const kept[] = {"con", "prn", "aux", "nul"};
    gw_span rest = name, stem = gw_cut(&rest, '.');
    for (size_t i = 0; i < GW_COUNT(kept); i++)
        if (gw_is(stem, kept[i]))
            return true;
    return stem.len == 4 && (gw_starts(stem, "com") || gw_starts(stem, "lpt"));
}

static bool clean(gw_span name)
{
    if (!name.len || name.len > SLUG_MAX || gw_is(name, "index"))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        bool edge = i == 0 || i + 1 == name.len || name.at[i - 1] == '.';
        if (!plain(name.at[i]) && (name.at[i] != '.' || edge))
            return false;
    }
    return !device(name);
}

// What is not clean gets a '~', which no clean name has, and its hash.
const char *site_slug(struct gw_arena *arena, const char *name)
{
    gw_span text = gw_str(name);
    if (clean(text))
        return gw_arena_cstr(arena, text);
    char slug[SLUG_MAX + SLUG_HASH + 2], hex[2 * GW_HASH_LEN + 1];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < SLUG_MAX / 2; i++)
        if (plain(text.at[i]))
            slug[len++] = (char)text.at[i];
        else if (len && slug[len - 1] != '-')
            slug[len++] = '-';
    struct gw_hash32 hash = gw_sha256(text);
    gw_hex(hash.at, sizeof hash.at, hex);
    slug[len++] = '~';
    memcpy(slug + len, hex, SLUG_HASH);
    return gw_arena_cstr(arena, gw_span_of(slug, len + SLUG_HASH));
}

const char *site_shown(struct gw_arena *arena, const char *name)
{
    if (!strstr(name, "xn--"))
        return name;
    char *unicode = NULL;
    if (idn2_to_unicode_8z8z(name, &unicode, 0) != IDN2_OK)
        return name;
    const char *copy = gw_arena_cstr(arena, gw_str(unicode));
    idn2_free(unicode);
    return copy;
}
