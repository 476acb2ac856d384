// An object's bytes as they were received, as a source for whoever copies it.
#include "store/sql.h"

struct gw_evidence_reader {
    struct stored *stored;
    struct gw_why why;
};

int gw_evidence_reader_open(struct gw_archive *a, const char *hash,
                            struct gw_evidence_reader **ret, struct gw_why *why)
{
    bool packed;
    *ret = gw_new(sizeof **ret);
    if (!*ret)
        return gw_fail(why, GW_ENOMEM, "out of memory");
    int fd = gw_evidence_open(a, hash, &packed, why);
    if (fd >= 0) {
        (*ret)->stored = stored_new(fd, packed, hash);
        if ((*ret)->stored)
            return 0;
        gw_fail(why, GW_ENOMEM, "out of memory");
    }
    gw_free(*ret);
    *ret = NULL;
    return fd < 0 ? fd : GW_ENOMEM;
}

int64_t gw_evidence_reader_source(void *ctx, uint8_t *bytes, size_t len)
{
    struct gw_evidence_reader *r = ctx;
    return stored_read(r->stored, bytes, len, &r->why);
}

void gw_evidence_reader_close(struct gw_evidence_reader *r)
{
    if (r)
        stored_free(r->stored);
    gw_free(r);
}
