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

# kedge_precompile(<target> <set>)
# Compiles the target's sources with the set, except those with the property SKIP_PRECOMPILE_HEADERS. Once all targets
# are known: what has the firmware's headers has its width of wchar_t, too, and needs a set of its own.
function(kedge_precompile target set)
  set_property(TARGET ${target} PROPERTY KEDGE_PRECOMPILED ${set})
  set_property(GLOBAL APPEND PROPERTY KEDGE_PRECOMPILED_TARGETS ${target})
endfunction()

function(kedge_use_precompiled target)
  get_target_property(set ${target} KEDGE_PRECOMPILED)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  kedge_link_closure(closure ${libraries})
  if(kedge_edk2_headers IN_LIST closure)
    string(APPEND set -uefi)
  endif()
  add_dependencies(${target} kedge_precompiled_${set} kedge_precompiled_${set}_checksum)
  # CMake's REUSE_FROM would name the file with the build directory, and ccache could not share what was compiled.
  set(header "CMakeFiles/kedge_precompiled_${set}.dir/cmake_pch.hxx.pch")
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    get_source_file_property(skip "${source}" DIRECTORY "${folder}" SKIP_PRECOMPILE_HEADERS)
    if(source MATCHES "\\.cpp$" AND NOT skip)
      set_source_files_properties("${source}" DIRECTORY "${folder}" PROPERTIES
        COMPILE_OPTIONS "-include-pch;${header}" OBJECT_DEPENDS "${PROJECT_BINARY_DIR}/${header}")
    endif()
  endforeach()
endfunction()

function(kedge_use_all_precompiled)
  get_property(targets GLOBAL PROPERTY KEDGE_PRECOMPILED_TARGETS)
  foreach(target IN LISTS targets)
    kedge_use_precompiled(${target})
  endforeach()
endfunction()

if(NOT KEDGE_PLATFORM STREQUAL "host" OR NOT KEDGE_TESTS OR NOT KEDGE_PRECOMPILED)
  return()
endif()
set(standard algorithm array bit charconv coroutine cstddef cstdint cstring functional map memory new optional span string
    string_view type_traits utility vector)
foreach(uefi IN ITEMS "" -uefi)
  set(headers "")
  if(uefi)
    set(headers kedge_edk2_headers)
  endif()
  kedge_precompiled(firmware${uefi} HEADERS ${standard} DEPS kedge_firmware_flags kedge_warnings ${headers} COVERAGE)
  kedge_precompiled(host${uefi} HEADERS ${standard} filesystem fmt/format.h DEPS kedge_warnings ${headers} COVERAGE)
  kedge_precompiled(test${uefi} HEADERS ${standard} filesystem gmock/gmock.h DEPS kedge_warnings GTest::gmock ${headers}
                    OPTIONS ${kedge_test_options})
endforeach()
cmake_language(DEFER CALL kedge_use_all_precompiled)
