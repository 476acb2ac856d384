// Audits of logs in memory, for any number of threads.
#ifndef GW_AUDIT_CASE_H
#define GW_AUDIT_CASE_H

#include "ledger/reader.h"
#include "memory_log.h"

static inline int memory_again(void *ctx, struct gw_log_reader **ret,
                               struct gw_why *why)
{
    (void)why;
    *ret = gw_log_reader_on(memory_get, ctx);
    return *ret ? 0 : GW_ENOMEM;
}

static inline int audit(struct memory_log *m, const struct gw_checkpoint *c,
                        const struct gw_audit_options *o, struct gw_audit *ret,
                        struct gw_why *why)
{
    struct gw_log_reader *r = gw_log_reader_on(memory_get, m);
    if (!r)
        return GW_ENOMEM;
    r->again = memory_again;
    int rc = gw_log_audit(r, c, o, ret, why);
    gw_log_reader_close(r);
    return rc;
}

// Whether a message has the path of a file in it.
static inline bool names(const struct gw_why *why, const char *path)
{
    return gw_find(gw_str(why->text), gw_str(path), 0) >= 0;
}

static const uint64_t audit_sizes[] = {0,   1,   2,   17,    255,   256,
                                       257, 300, 512, 10000, 65536, 70000};

#endif
