// A journal of any frames, in any places. What opens gives entries without a
// gap, takes one more, and gives the same and that one when opened again.
// Input: published (1), then frames: segment and chain (1), block (1), seq (1),
// first (1), durable (1), count (1), length of the payload (1), payload. Bit 7
// of the first byte breaks the frame's check.
#include "ledger/log_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHAINED = 8, FRAME_FIELDS = 7 };

static char folder[64];
static const struct journal_options plain = {.folder = folder,
                                             .bytes = JOURNAL_SEGMENTS *
                                                      JOURNAL_SEGMENT_MIN,
                                             .origin = "o"};

static void name_segment(unsigned k, char ret_path[96])
{
    snprintf(ret_path, 96, "%s/segment.%u", folder, k);
}

static void clean_up(void)
{
    char path[96];
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++) {
        name_segment(k, path);
        unlink(path);
    }
    rmdir(folder);
}

static void begin(void)
{
    snprintf(folder, sizeof folder, "%s/gawah-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder))
        abort();
    atexit(clean_up);
}

static void put_frame(unsigned k, uint64_t block, gw_span head, gw_span payload)
{
    char path[96];
    uint8_t bytes[JOURNAL_HEAD + UINT8_MAX] = {0};
    size_t len = head.len + payload.len;
    memcpy(bytes, head.at, head.len);
    if (payload.len)
        memcpy(bytes + head.len, payload.at, payload.len);
    name_segment(k, path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 ||
        pwrite(fd, bytes, len, (off_t)(block * JOURNAL_BLOCK)) != (ssize_t)len)
        abort();
    close(fd);
}

static void put_frames(gw_span in)
{
    struct gw_reader r = gw_reader_on(in);
    struct journal_frame f = {.origin = gw_sha256(GW_LIT("o"))};
    while (gw_reader_left(&r) >= FRAME_FIELDS) {
        uint8_t head[JOURNAL_HEAD], where = gw_read_u8(&r);
        uint64_t block = gw_read_u8(&r) % (JOURNAL_SEGMENT_MIN / JOURNAL_BLOCK);
        f.seq = gw_read_u8(&r);
        f.first = gw_read_u8(&r);
        f.durable = gw_read_u8(&r);
        f.count = gw_read_u8(&r);
        size_t len = gw_read_u8(&r), left = gw_reader_left(&r);
        f.payload = gw_read_span(&r, len < left ? len : left);
        memset(f.before, 0, sizeof f.before);
        if (where & CHAINED)
            memcpy(f.before, f.check.at, sizeof f.before);
        journal_frame_seal(&f, head);
        head[96] ^= where >> 7;
        put_frame(where % JOURNAL_SEGMENTS, block,
                  gw_span_of(head, sizeof head), f.payload);
    }
}

static void lay_empty(void)
{
    char path[96];
    for (unsigned k = 0; k < JOURNAL_SEGMENTS; k++) {
        name_segment(k, path);
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || ftruncate(fd, JOURNAL_SEGMENT_MIN))
            abort();
        close(fd);
    }
}

struct seen {
    uint64_t count, hash, before_last;
};

static int see(void *ctx, gw_span entry, struct gw_why *why)
{
    struct seen *s = ctx;
    (void)why;
    s->before_last = s->hash;
    s->hash = gw_hash(entry, s->hash + 1);
    s->count++;
    return 0;
}

static struct journal *open_seen(uint64_t published, struct seen *ret)
{
    struct journal *j;
    struct journal_options o = plain;
    *ret = (struct seen){.count = 0};
    o.published = published;
    o.each = see;
    o.ctx = ret;
    return journal_open(&o, &j, NULL) ? NULL : j;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal_frame f;
    struct seen first, second;
    if (!size)
        return 0;
    if (!folder[0])
        begin();
    if (journal_frame_parse(gw_span_of(data, size), &f) == 0 && !f.count)
        abort();
    lay_empty();
    put_frames(gw_span_of(data + 1, size - 1));
    struct journal *j = open_seen(data[0], &first);
    if (!j)
        return 0;
    if (journal_put(j, data[0] + first.count, GW_LIT("one more"), NULL) ||
        journal_sync(j, NULL))
        abort();
    journal_close(j);
    j = open_seen(data[0], &second);
    if (!j || second.count != first.count + 1 ||
        second.before_last != first.hash)
        abort();
    journal_close(j);
    return 0;
}
