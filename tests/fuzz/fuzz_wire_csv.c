// CSV rows from any bytes: chunks of any size must give what the whole gives.
// The first byte chooses the chunk size and the separator.
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Takes all rows there are into a running hash. Every result costs at least
// one byte, so more results than bytes is a loop.
static uint64_t take_rows(struct gw_csv *c, size_t *budget, uint64_t seen)
{
    const gw_span *fields;
    size_t count;
    int64_t offset;
    int got;
    while ((got = gw_csv_row(c, &fields, &count, &offset, NULL)) != 0) {
        if ((*budget)-- == 0)
            abort();
        seen = gw_hash(gw_span_of(&got, sizeof got), seen);
        if (got < 0)
            continue;
        seen = gw_hash(gw_span_of(&offset, sizeof offset), seen);
        for (size_t i = 0; i < count; i++)
            seen = gw_hash(fields[i], seen);
    }
    return seen;
}

static uint64_t read_in_steps(gw_span in, size_t step, char separator)
{
    uint64_t seen = 0;
    size_t budget = in.len, at = 0;
    struct gw_csv *c = gw_csv_new(separator);
    do {
        gw_csv_feed(c, gw_sub(in, at, step), at + step >= in.len);
        seen = take_rows(c, &budget, seen);
        at += step;
    } while (at < in.len);
    gw_csv_free(c);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    gw_span in = gw_span_of(data + 1, size - 1);
    char separator = data[0] & 64 ? ';' : ',';
    if (read_in_steps(in, 1 + data[0] % 64, separator) !=
        read_in_steps(in, size, separator))
        abort();
    return 0;
}
