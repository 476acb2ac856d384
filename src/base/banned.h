// Included ahead of every C file: calls that have no safe use here. Wider
// than a lint, because it fails the build.
#ifndef GW_BANNED_H
#define GW_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Fortified C libraries make macros of some of these.
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat
#pragma GCC poison strcpy strcat sprintf vsprintf strtok strncpy strncat
#pragma GCC poison atoi atol strtol sscanf gmtime localtime ctime asctime
#pragma GCC poison srand popen gets tmpnam

#endif
