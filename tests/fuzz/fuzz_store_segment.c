// Any bytes, read as a segment file to the end. What is read must add up: the
// framing of header and blocks is the file, and only a right hash ends well.
#include "store/sql.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_segment_reader *r = NULL;
    struct gw_why why = {0};
    gw_span block;
    int fd = memfd_create("segment", MFD_CLOEXEC), rc;
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    rc = segment_read_fd(fd, "segment", "", &r, &why);
    size_t framed = strlen(SEGMENT_MAGIC) + 1 + 8 + GW_HASH_LEN;
    if (rc == 0) {
        framed += gw_segment_header(r).len;
        while ((rc = gw_segment_next(r, &block, &why)) == 1)
            framed += 4 + block.len;
        must(gw_segment_next(r, &block, NULL) == rc);
    }
    must(rc == 0 ? framed == size : rc == GW_ECORRUPT && why.text[0]);
    gw_segment_close(r);
    return 0;
}
