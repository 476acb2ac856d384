// libsodium, made ready for what draws randomness or has a choice of
// implementations. Private to this room.
#ifndef GW_SEAL_SODIUM_H
#define GW_SEAL_SODIUM_H

#include "seal/seal.h"

#include <sodium.h>

// May be called again, by any thread. If it fails the plain implementations
// stay in use, and randomness comes from the system all the same.
static inline void sodium_ready(void)
{
    (void)!sodium_init();
}

#endif
