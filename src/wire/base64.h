// Private to wire: the two ways to decode base64, so that a test can hold one
// against the other.
#ifndef GW_WIRE_BASE64_H
#define GW_WIRE_BASE64_H

#include "wire/wire.h"

// gw_base64_decode without vector instructions, on any processor.
int64_t gw_base64_decode_portable(gw_span s, uint8_t *ret_bytes);

#endif
