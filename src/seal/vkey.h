// What the texts of keys and notes share. Private to this room.
#ifndef GW_VKEY_H
#define GW_VKEY_H

#include "seal/seal.h"

// What may be a key's name (c2sp.org/signed-note): UTF-8, not empty, without
// '+', control characters and Unicode spaces.
bool gw_key_name_ok(gw_span name);

#endif
