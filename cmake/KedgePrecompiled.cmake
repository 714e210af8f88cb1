# SPDX-License-Identifier: BSD-2-Clause-Patent
# Precompiled headers of the standard library and of GoogleTest: without them, the compiler spends most of its time on
# what is the same in each source. Only where tests are built: what is shipped is compiled from what the sources include
# themselves, and so shows whether they include what they use; `make lint` shows it of the rest. See docs/adr/0017.
include_guard(GLOBAL)

# kedge_precompiled(<set> HEADERS ... [DEPS ...] [OPTIONS ...] [COVERAGE])
# A set of precompiled headers for targets that are compiled with these options.
function(kedge_precompiled set)
  cmake_parse_arguments(PARSE_ARGV 1 arg "COVERAGE" "" "HEADERS;DEPS;OPTIONS")
  set(target kedge_precompiled_${set})
  set(source "${PROJECT_BINARY_DIR}/generated/precompiled-${set}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "")
  add_library(${target} OBJECT EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(${target} PRIVATE ${arg_DEPS})
  target_compile_options(${target} PRIVATE ${arg_OPTIONS})
  if(arg_COVERAGE)
    kedge_show_coverage(${target})
  endif()
  list(TRANSFORM arg_HEADERS REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:<\\1$<ANGLE-R>>")
  target_precompile_headers(${target} PRIVATE ${arg_HEADERS})
  # It names files of this build directory: nothing to be kept in a cache.
  set_property(TARGET ${target} PROPERTY CXX_COMPILER_LAUNCHER "")
  kedge_precompiled_checksum(${target})
endfunction()

# Two of the same headers are the same for ccache, too, wherever they were made: it takes the checksum beside one for
# the whole, and this one is of what the headers say.
function(kedge_precompiled_checksum target)
  set(header "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  add_custom_command(
    OUTPUT "${header}.pch.sum"
    COMMAND "${CMAKE_CXX_COMPILER}" ${flags} "${CMAKE_CXX23_STANDARD_COMPILE_OPTION}" -w -E -P -MD -MF "${header}.sum.d"
            -MT "${header}.pch.sum" -x c++ "${header}" | sha256sum > "${header}.pch.sum"
    DEPENDS "${header}"
    DEPFILE "${header}.sum.d"
    VERBATIM
    COMMENT "Summing the headers of ${target}")
  add_custom_target(${target}_checksum DEPENDS "${header}.pch.sum")
endfunction()

# kedge_precompile(<target> <set> <source>...)
# Compiles these sources of the target with the set, except those with the property SKIP_PRECOMPILE_HEADERS.
function(kedge_precompile target set)
  if(NOT TARGET kedge_precompiled_${set})
    return()
  endif()
  add_dependencies(${target} kedge_precompiled_${set} kedge_precompiled_${set}_checksum)
  # CMake's REUSE_FROM would name the file with the build directory, and ccache could not share what was compiled.
  set(header "CMakeFiles/kedge_precompiled_${set}.dir/cmake_pch.hxx.pch")
  foreach(source IN LISTS ARGN)
    get_source_file_property(skip "${source}" SKIP_PRECOMPILE_HEADERS)
    if(source MATCHES "\\.cpp$" AND NOT skip)
      set_source_files_properties("${source}" PROPERTIES
        COMPILE_OPTIONS "-include-pch;${header}" OBJECT_DEPENDS "${PROJECT_BINARY_DIR}/${header}")
    endif()
  endforeach()
endfunction()

if(NOT KEDGE_PLATFORM STREQUAL "host" OR NOT KEDGE_TESTS OR NOT KEDGE_PRECOMPILED)
  return()
endif()
set(kedge_standard_headers algorithm array bit charconv coroutine cstddef cstdint cstring functional map memory new optional
    span string string_view type_traits utility vector)
kedge_precompiled(firmware HEADERS ${kedge_standard_headers} DEPS kedge_firmware_flags kedge_warnings COVERAGE)
kedge_precompiled(host HEADERS ${kedge_standard_headers} filesystem fmt/format.h DEPS kedge_warnings COVERAGE)
kedge_precompiled(test HEADERS ${kedge_standard_headers} filesystem gmock/gmock.h DEPS kedge_warnings GTest::gmock
                 OPTIONS ${kedge_test_options})
