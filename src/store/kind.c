// Kinds of evidence object and what they are called.
#include "store/sql.h"

static const char *const names[GW_KIND_COUNT] = {
    [GW_KIND_UNKNOWN] = "unknown",
    [GW_KIND_OONI_JSON] = "ooni-json",
    [GW_KIND_OONI_YAML] = "ooni-yaml",
    [GW_KIND_OBS_WEB] = "obs-web",
    [GW_KIND_HTTP_FINGERPRINTS] = "http-fingerprints",
    [GW_KIND_DNS_FINGERPRINTS] = "dns-fingerprints",
    [GW_KIND_CL_HTTP_FINGERPRINTS] = "citizenlab-http-fingerprints",
    [GW_KIND_CL_DNS_FINGERPRINTS] = "citizenlab-dns-fingerprints",
    [GW_KIND_TEST_LIST] = "test-list",
    [GW_KIND_DELEGATIONS] = "delegations",
    [GW_KIND_PREFIX_AS] = "prefix-as",
    [GW_KIND_AS_NAMES] = "as-names",
    [GW_KIND_MMDB] = "mmdb",
    [GW_KIND_SUFFIX_LIST] = "suffix-list",
    [GW_KIND_AGGREGATE] = "aggregate",
};

const char *gw_kind_name(enum gw_kind kind)
{
    return (unsigned)kind < GW_KIND_COUNT ? names[kind] : names[0];
}

enum gw_kind kind_named(gw_span name)
{
    for (int k = 0; k < GW_KIND_COUNT; k++)
        if (gw_is(name, names[k]))
            return (enum gw_kind)k;
    return GW_KIND_UNKNOWN;
}

bool gw_kind_is_measurements(enum gw_kind kind)
{
    return kind == GW_KIND_OONI_JSON || kind == GW_KIND_OONI_YAML ||
           kind == GW_KIND_OBS_WEB || kind == GW_KIND_AGGREGATE;
}

bool gw_kind_is_reference(enum gw_kind kind)
{
    return kind > GW_KIND_UNKNOWN && kind < GW_KIND_COUNT &&
           !gw_kind_is_measurements(kind);
}
