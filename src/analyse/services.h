// The table of services, as CMake builds it in. Private to analyse.
#ifndef GW_SERVICES_H
#define GW_SERVICES_H

#include <stddef.h>

extern const unsigned char gw_analyse_services_csv[];
extern const size_t gw_analyse_services_csv_len;

#endif
