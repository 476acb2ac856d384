// The README of a bundle: how to check it, with gawah and without.
#include "ledger/prove.h"

// What was stamped is the checkpoint after the first empty line of the proof.
static void put_stamps(const struct proving *p, struct gw_buf *b)
{
    bool told = false;
    for (size_t i = 0; i < p->anchor_count; i++) {
        if (p->anchor_is_ots[i])
            continue;
        if (!told)
            gw_put_str(b, "The time stamps, with OpenSSL (CA.pem: root "
                          "certificates of the authority,\nbest got from "
                          "itself; anchors/*.pem came with this folder):\n\n");
        told = true;
        gw_put_fmt(b,
                   "    sed '1,/^$/d' anchors/%s.tlog-proof >stamped\n"
                   "    openssl ts -verify -in anchors/%s.tsr -data stamped "
                   "-CAfile CA.pem\n",
                   p->anchors[i], p->anchors[i]);
    }
    if (told)
        gw_put_u8(b, '\n');
}

int prove_readme(struct proving *p)
{
    struct gw_buf b;
    const struct gw_checkpoint *c = &p->head.opened.checkpoint;
    gw_buf_init(&b, 64 << 10);
    gw_put_fmt(
        &b,
        "This folder proves something about %s to somebody who has nothing "
        "else.\n\n"
        "Whole check, offline, with gawah:\n\n    gawah verify .\n\n"
        "With somebody else's tool, the leaf in the log (tlogverify):\n\n"
        "    tlogverify proof -policy policy.txt -leaf data/leaf-%llu.json \\\n"
        "        proofs/leaf-%llu.tlog-proof\n\n"
        "The files have not changed since the folder was made:\n\n"
        "    sha256sum -c manifest-sha256.txt\n    sha256sum -c "
        "tagmanifest-sha256.txt\n\n",
        p->what->about, (unsigned long long)p->what->leaf,
        (unsigned long long)p->what->leaf);
    put_stamps(p, &b);
    gw_put_fmt(&b,
               "The log is %s, its tree has %llu leaves. Whose signatures "
               "count is said by policy.txt. That file came with this folder: "
               "compare the keys in it with the ones you got by another road, "
               "or the check only shows that the parts fit each other.\n",
               c->origin, (unsigned long long)c->size);
    if (!p->head.opened.quorum)
        gw_put_str(&b, "\nThe checkpoint has no quorum of witnesses yet: so "
                       "far only the log itself vouches for it.\n");
    gw_put_str(&b, "\nHow each file is made and checked: docs/formats/"
                   "ledger.md of the project gawah.\n");
    int rc = b.err ? gw_fail(p->why, b.err, "README.txt: too large")
                   : gw_bundle_put(p->b, "README.txt", gw_buf_span(&b), p->why);
    gw_buf_release(&b);
    return rc;
}
