# The only CMake logic in the project. Everything else is lists.

add_library(gw_flags INTERFACE)
target_compile_definitions(gw_flags INTERFACE _GNU_SOURCE)
target_compile_options(gw_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wpointer-arith -Wcast-qual
  -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wswitch-enum -Wimplicit-fallthrough
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes
    -include ${CMAKE_CURRENT_LIST_DIR}/../src/base/banned.h>
  "$<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers;-Wno-pedantic>"
  $<$<BOOL:${GAWAH_WERROR}>:-Werror>)
if(GAWAH_SANITIZE)
  target_compile_options(gw_flags INTERFACE
    -fsanitize=${GAWAH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr> # asks for calls the jail denies
    $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>) # false alarms under ASan
  target_link_options(gw_flags INTERFACE -fsanitize=${GAWAH_SANITIZE})
else()
  target_compile_options(gw_flags INTERFACE
    -fstack-protector-strong
    $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
  target_link_options(gw_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(GAWAH_FUZZ)
  target_compile_options(gw_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# parts(<pkg-config modules...>): makes PkgConfig::<module> of each.
function(parts)
  find_package(PkgConfig REQUIRED)
  foreach(module ${ARGN})
    pkg_check_modules(${module} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  endforeach()
endfunction()

# room(<name> [NEEDS rooms...] [LIBS libs...]): one folder, one library, one face.
# Files in its folder data/ are built in: <room>/data/a-b.csv is
# gw_<room>_a_b_csv and gw_<room>_a_b_csv_len.
function(room name)
  cmake_parse_arguments(R "" "" "NEEDS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  file(GLOB data CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/data/*)
  foreach(path ${data})
    get_filename_component(file ${path} NAME)
    string(MAKE_C_IDENTIFIER "gw_${name}_${file}" symbol)
    set(made ${CMAKE_CURRENT_BINARY_DIR}/data/${symbol}.c)
    add_custom_command(OUTPUT ${made}
      COMMAND ${CMAKE_COMMAND} -DIN=${path} -DOUT=${made} -DSYMBOL=${symbol}
        -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
      DEPENDS ${path} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  add_library(gw_${name} STATIC ${sources})
  target_include_directories(gw_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  list(TRANSFORM R_NEEDS PREPEND gw_ OUTPUT_VARIABLE needs)
  target_link_libraries(gw_${name} PUBLIC ${needs} ${R_LIBS} PRIVATE gw_flags)
endfunction()

# units(<room>...): every tests/<room>/test_<file>.c against that room and its needs.
function(units)
  file(GLOB helpers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/lib/*.c)
  add_library(gw_testlib OBJECT ${helpers})
  target_link_libraries(gw_testlib PRIVATE gw_base gw_seal gw_flags PUBLIC PkgConfig::libmicrohttpd)
  foreach(room ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/test_*.c)
    foreach(path ${files})
      get_filename_component(stem ${path} NAME_WE)
      string(REPLACE "test_" "" file ${stem})
      set(target test_${room}_${file})
      add_executable(${target} ${path})
      target_link_libraries(${target} PRIVATE gw_${room} gw_testlib gw_flags PkgConfig::cmocka)
      target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/lib)
      target_link_options(${target} PRIVATE
        -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=write,--wrap=fsync,--wrap=rename)
      if(room STREQUAL "analyse") # findings are judged from real facts
        target_link_libraries(${target} PRIVATE gw_monitor)
      endif()
      add_test(NAME ${room}.${file} COMMAND ${target})
      set_tests_properties(${room}.${file} PROPERTIES LABELS unit TIMEOUT 120
        ENVIRONMENT "GAWAH_DATA=${GAWAH_DATA};GAWAH_SOURCE=${CMAKE_SOURCE_DIR};GAWAH_PEER=${CMAKE_BINARY_DIR}/tests/tlogverify")
    endforeach()
  endforeach()
endfunction()

# fuzzers(): every tests/fuzz/fuzz_<room>_<target>.c, with its corpus in
# tests/fuzz/corpus/<target>: a libFuzzer program, or (default) a replay.
function(fuzzers)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
  foreach(path ${files})
    get_filename_component(stem ${path} NAME_WE)
    string(REGEX REPLACE "^fuzz_([a-z]+)_(.*)$" "\\1;\\2" both ${stem})
    list(GET both 0 room)
    list(GET both 1 target)
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
    add_executable(${stem} ${path})
    target_link_libraries(${stem} PRIVATE gw_${room} gw_flags)
    if(GAWAH_FUZZ)
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      add_test(NAME fuzz.${target} COMMAND ${stem} -runs=0 ${corpus})
    else()
      target_sources(${stem} PRIVATE fuzz/replay.c)
      add_test(NAME fuzz.${target} COMMAND ${stem} ${corpus})
    endif()
    set_tests_properties(fuzz.${target} PROPERTIES LABELS fuzz TIMEOUT 120)
  endforeach()
endfunction()
