// Tar of every flavour (POSIX ustar and pax, GNU, v7) by libarchive, which is
// given nothing but tar to try.
#include "wire/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

enum { BLOCK = 512 };

struct tar {
    struct archive *archive;
    struct archive_entry *entry; // of the current member
    const uint8_t *at;           // what libarchive gave of it and is not read
    size_t len;
    int64_t given, hole; // bytes so far; zeros that a sparse file has next
    bool starved;        // libarchive asked for bytes after the last
    size_t zeros;        // at the end of what it was fed: the end marker
    uint8_t in[GW_UNPACK_STEP];
};

// ---- telling a tar -------------------------------------------------------
static bool all_zero(gw_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i])
            return false;
    return true;
}

// The field is octal text; it counts as eight blanks in its own sum.
static bool checksum_holds(gw_span block)
{
    enum { FIELD = 148, FIELD_LEN = 8 };
    uint32_t sum = FIELD_LEN * ' ', told = 0;
    for (size_t i = 0; i < BLOCK; i++)
        if (i < FIELD || i >= FIELD + FIELD_LEN)
            sum += block.at[i];
    gw_span text = gw_trim(gw_sub(block, FIELD, FIELD_LEN));
    size_t i = 0;
    for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '7'; i++)
        told = told * 8 + (uint32_t)(text.at[i] - '0');
    return i > 0 && told == sum;
}

// By the magic of POSIX.1-1988 and GNU, where a text would have no NUL ahead;
// else by the checksum (v7). A block of zeros is an archive without members.
bool gw_tar_begins(gw_span head)
{
    enum { MAGIC = 257 };
    gw_span magic = gw_sub(head, MAGIC, 6);
    if ((gw_eq(magic, GW_LIT("ustar\0")) || gw_eq(magic, GW_LIT("ustar "))) &&
        memchr(head.at, 0, MAGIC))
        return true;
    return head.len >= BLOCK && (checksum_holds(head) || all_zero(head));
}

// ---- the layer -----------------------------------------------------------
static la_ssize_t feed(struct archive *archive, void *ctx, const void **ret)
{
    struct gw_layer *l = ctx;
    struct tar *t = l->state;
    int64_t n = gw_layer_read(l->below, t->in, sizeof t->in);
    *ret = t->in;
    t->starved = n == 0;
    if (n < 0) {
        archive_set_error(archive, EIO, "the layer below failed");
        return -1;
    }
    size_t zeros = 0, len = (size_t)n;
    while (zeros < len && t->in[len - 1 - zeros] == 0)
        zeros++;
    t->zeros = zeros < len ? zeros : t->zeros + zeros;
    return (la_ssize_t)n;
}

static int tar_fail(struct gw_layer *l)
{
    struct tar *t = l->state;
    if (l->below->broken.code)
        return gw_layer_inherit(l);
    if (archive_errno(t->archive) == ENOMEM)
        return gw_fail(&l->broken, GW_ENOMEM, "tar: out of memory");
    if (t->starved)
        return gw_fail(&l->broken, GW_EFEW, "tar: the archive is cut short");
    const char *rule = archive_error_string(t->archive);
    return gw_fail(&l->broken, GW_EFORMAT, "tar: %s",
                   rule ? rule : "the archive is damaged");
}

static void tar_close(struct gw_layer *l)
{
    struct tar *t = l->state;
    archive_read_free(t->archive);
    gw_free(t);
    l->state = NULL;
}

static int tar_open(struct gw_layer *l)
{
    struct tar *t = l->state = gw_resize(NULL, 1, sizeof *t);
    if (!t)
        return gw_fail(&l->broken, GW_ENOMEM, "tar: out of memory");
    memset(t, 0, offsetof(struct tar, in));
    struct archive *a = t->archive = archive_read_new();
    int r = GW_ENOMEM;
    // Archives one after another are read on, so that no member is missed.
    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_set_format_option(a, "tar", "read_concatenated_archives",
                                       "1") != ARCHIVE_OK)
        gw_fail(&l->broken, GW_ENOMEM, "tar: out of memory");
    else if (archive_read_open(a, l, NULL, feed, NULL) != ARCHIVE_OK)
        r = tar_fail(l);
    else
        return 0;
    tar_close(l);
    return r;
}

int gw_tar_next(struct gw_layer *l)
{
    struct tar *t = l->state;
    if (l->broken.code)
        return l->broken.code;
    int r;
    do {
        r = archive_read_next_header(t->archive, &t->entry);
        if (r == ARCHIVE_EOF && t->zeros < BLOCK)
            return gw_fail(&l->broken, GW_EFEW,
                           "tar: ends without the end-of-archive mark");
        if (r == ARCHIVE_EOF)
            return 0;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return tar_fail(l);
    } while (archive_entry_filetype(t->entry) != AE_IFREG ||
             archive_entry_hardlink(t->entry));
    t->len = 0;
    t->given = t->hole = 0;
    l->head_at = l->head_len = 0;
    l->ended = false;
    return 1;
}

const char *gw_tar_name(const struct gw_layer *l)
{
    const struct tar *t = l->state;
    const char *name = t->entry ? archive_entry_pathname(t->entry) : NULL;
    return name ? name : "";
}

// Takes the next piece of the member: 1, 0 at its end, negative if damaged.
// A sparse file has holes between pieces, and maybe at its end.
static int next_piece(struct gw_layer *l)
{
    struct tar *t = l->state;
    const void *at = NULL;
    la_int64_t offset = 0;
    int r = archive_read_data_block(t->archive, &at, &t->len, &offset);
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN && r != ARCHIVE_EOF)
        return tar_fail(l);
    t->at = at;
    if (r == ARCHIVE_EOF) {
        t->len = 0;
        offset = archive_entry_size(t->entry);
    }
    t->hole = offset > t->given ? offset - t->given : 0;
    return r != ARCHIVE_EOF || t->hole > 0;
}

static int64_t tar_read(struct gw_layer *l, uint8_t *bytes, size_t len)
{
    struct tar *t = l->state;
    while (!t->len && !t->hole) {
        int r = next_piece(l);
        if (r <= 0)
            return r;
    }
    if (t->hole) {
        len = t->hole < (int64_t)len ? (size_t)t->hole : len;
        memset(bytes, 0, len);
        t->hole -= (int64_t)len;
    } else {
        len = t->len < len ? t->len : len;
        memcpy(bytes, t->at, len);
        t->at += len;
        t->len -= len;
    }
    t->given += (int64_t)len;
    return (int64_t)len;
}

const struct gw_layer_kind gw_tar_kind = {
    .name = "tar", .open = tar_open, .read = tar_read, .close = tar_close};
