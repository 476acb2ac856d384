// What a policy is, once read. Private to this room.
#ifndef GW_POLICY_H
#define GW_POLICY_H

#include "ledger/ledger.h"

enum {
    GW_POLICY_MAX = 256 << 10,
    GW_POLICY_LOGS_MAX = 64,
    GW_POLICY_WITNESSES_MAX = 64, // one bit each in a set
    GW_POLICY_GROUPS_MAX = 64,    // likewise
};

// Witnesses and groups by their numbers: bit i is the i-th.
struct gw_policy_set {
    uint64_t witnesses, groups;
};
struct gw_policy_group {
    char name[GW_KEY_NAME_MAX + 1];
    size_t threshold;
    struct gw_policy_set members; // groups among them have lower numbers
};
struct gw_policy {
    size_t log_count, witness_count, group_count;
    struct gw_policy_member logs[GW_POLICY_LOGS_MAX];
    struct gw_policy_member witnesses[GW_POLICY_WITNESSES_MAX];
    struct gw_policy_group groups[GW_POLICY_GROUPS_MAX];
    bool has_quorum;
    struct gw_policy_set quorum; // of one witness or group, or "none": empty
};

#endif
