// The header of a Bitcoin block as a clock: 80 bytes that took so much work
// that nobody makes a false one for the sake of one date.
#include "ledger/ledger.h"

enum { HEADER_LEN = 80, ROOT_AT = 36, TIME_AT = 68 };

// A header offline has no chain behind it, so a liar could state an easy
// target and a date of his choice. It therefore must be as hard as Bitcoin
// never failed to be since that date; an easier one cannot be Bitcoin's. The
// lowest difficulties since: 1.0e11 (January 2016), 1.3e13 (January 2020 and
// again July 2021), 7.0e13 (January 2024). Floors stand a little below; each
// is an expected 2^32 times as many hashes. Stamps of OpenTimestamps begin
// with 2016.
static const struct {
    int64_t since;
    uint32_t bits;
} floors[] = {
    {1704067200, 0x17060000}, // 2024: difficulty 4.69e13
    {1577836800, 0x171d0000}, // 2020: 9.71e12
    {INT64_MIN, 0x180b0000},  // 2016 and before: 1.00e11
};

// The target as 32 bytes, highest first. False where the text of it has a
// sign, is 0, or is over 256 bits.
static bool target_of(uint32_t bits, uint8_t ret[static 32])
{
    uint32_t size = bits >> 24, word = bits & 0x7fffff;
    memset(ret, 0, 32);
    if (bits & 0x800000)
        return false;
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t byte = (uint8_t)(word >> 8 * i);
        uint32_t place = size + i; // of the byte, 3 being the lowest
        if (byte && place > 34)
            return false;
        if (place >= 3 && place <= 34)
            ret[34 - place] = byte;
    }
    static const uint8_t zero[32];
    return memcmp(ret, zero, 32) != 0;
}

static uint32_t floor_at(int64_t posix)
{
    size_t i = 0;
    while (posix < floors[i].since)
        i++;
    return floors[i].bits;
}

int gw_bitcoin_header(gw_span header, struct gw_hash32 *ret_merkle_root,
                      struct gw_hash32 *ret_block_hash, int64_t *ret_posix,
                      struct gw_why *why)
{
    uint8_t target[32], least[32], hash[32];
    if (header.len != HEADER_LEN)
        return gw_fail(why, GW_EFORMAT, "block header: %zu bytes, not 80",
                       header.len);
    struct gw_reader r = gw_reader_on(header);
    r.pos = TIME_AT;
    *ret_posix = gw_read_u32le(&r);
    uint32_t bits = gw_read_u32le(&r);
    memcpy(ret_merkle_root->at, header.at + ROOT_AT, GW_HASH_LEN);
    struct gw_hash32 once = gw_sha256(header);
    *ret_block_hash = gw_sha256(gw_span_of(once.at, sizeof once.at));
    for (size_t i = 0; i < sizeof hash; i++) // the number is little-endian
        hash[i] = ret_block_hash->at[sizeof hash - 1 - i];
    if (!target_of(bits, target) || !target_of(floor_at(*ret_posix), least))
        return gw_fail(why, GW_EFORMAT, "block header: %08x is no target",
                       (unsigned)bits);
    if (memcmp(target, least, sizeof target) > 0)
        return gw_fail(why, GW_EREFUSED,
                       "block header: an easier target (%08x) than Bitcoin's "
                       "at that time",
                       (unsigned)bits);
    if (memcmp(hash, target, sizeof hash) > 0)
        return gw_fail(why, GW_EPROOF,
                       "block header: its hash does not meet its target");
    return 0;
}
