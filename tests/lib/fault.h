// Run a piece of work once for each allocation (or write, fsync, rename) it
// makes, failing that one. units() links with the --wrap options this needs.
#ifndef GW_FAULT_H
#define GW_FAULT_H
#include <stdbool.h>

// work() must return true if it succeeded; it must leak nothing either way.
// Returns how many calls were made to fail before work() first succeeded, or
// -1 when it never did.
int gw_fault_each_alloc(bool (*work)(void));
int gw_fault_each_write(bool (*work)(void)); // write, fsync and rename: ENOSPC

#endif
