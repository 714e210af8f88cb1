# SPDX-License-Identifier: BSD-2-Clause-Patent
# The functions that the CMakeLists.txt of each folder consist of. See CONTRIBUTING.md, "Build".
include_guard(GLOBAL)

# Turns names of DEPS into targets: `base` is kedge_base; Foo::bar, kedge_x and -lx stay what they are.
function(kedge_resolve_deps out)
  set(targets "")
  foreach(dep IN LISTS ARGN)
    if(dep MATCHES "::" OR dep MATCHES "^kedge_" OR dep MATCHES "^-")
      list(APPEND targets "${dep}")
    else()
      list(APPEND targets "kedge_${dep}")
    endif()
  endforeach()
  set(${out} "${targets}" PARENT_SCOPE)
endfunction()

# With KEDGE_FUZZ a fuzzer sees which way its input takes through these sources; those of tests are nobody's input.
function(kedge_show_coverage target)
  if(KEDGE_FUZZ AND KEDGE_PLATFORM STREQUAL "host")
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# kedge_library(<name> [SOURCES ...] [DEPS ...] [PRIVATE_DEPS ...])
# A part of the firmware, target kedge_<name>: the same sources for the host and for UEFI. Without SOURCES it is
# headers only. Warnings are errors, no exceptions, no RTTI; the include root is firmware/.
function(kedge_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;PRIVATE_DEPS")
  kedge_resolve_deps(deps ${arg_DEPS})
  kedge_resolve_deps(private_deps ${arg_PRIVATE_DEPS})
  set(target "kedge_${name}")
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC kedge_include ${deps}
                                    PRIVATE kedge_firmware_flags kedge_warnings ${private_deps})
    kedge_show_coverage(${target})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE kedge_include ${deps})
  endif()
endfunction()

# kedge_hot_sources(<source>...)
# Each frame passes through these sources of the folder: in images they are optimized for speed as well as size. Functions
# of them that no frame passes through say [[clang::minsize]].
function(kedge_hot_sources)
  if(KEDGE_PLATFORM STREQUAL "uefi")
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -Os)
  endif()
endfunction()

# kedge_host_library(<name> SOURCES ... [DEPS ...])
# A part of the host tools: exceptions and RTTI allowed; the include root is host/. Nothing in a UEFI build.
function(kedge_host_library name)
  if(NOT KEDGE_PLATFORM STREQUAL "host")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  kedge_resolve_deps(deps ${arg_DEPS})
  add_library(kedge_${name} STATIC ${arg_SOURCES})
  target_include_directories(kedge_${name} PUBLIC "${PROJECT_SOURCE_DIR}/host")
  target_link_libraries(kedge_${name} PUBLIC kedge_include ${deps} PRIVATE kedge_warnings)
  kedge_show_coverage(kedge_${name})
endfunction()

# kedge_host_program(<name> SOURCES ... [DEPS ...])
# A host command; the executable is called <name>. Nothing in a UEFI build.
function(kedge_host_program name)
  if(NOT KEDGE_PLATFORM STREQUAL "host")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  kedge_resolve_deps(deps ${arg_DEPS})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/host")
  target_link_libraries(${name} PRIVATE kedge_include kedge_warnings ${deps})
endfunction()

# A virtual machine keeps one processor busy, and its servers little. Where there are many, four machines at once are
# enough: each takes memory, too.
cmake_host_system_information(RESULT KEDGE_PROCESSORS_OF_A_MACHINE QUERY NUMBER_OF_LOGICAL_CORES)
math(EXPR KEDGE_PROCESSORS_OF_A_MACHINE "(${KEDGE_PROCESSORS_OF_A_MACHINE} + 3) / 4")

# kedge_test(<name> SOURCES ... [DEPS ...] [LABEL unit|e2e|all] [TIMEOUT seconds] [FILTER pattern])
# GoogleTest/GoogleMock tests, executable kedge_<name>_test; each test case is a ctest test. Tests may include from
# firmware/, host/ and the root of the repository ("tests/fake/..."). Nothing in builds for UEFI.
# Label e2e: boots machines, of which few run at once. Label all: the same, too long for `make test`, only in `make test-all`.
# FILTER chooses some of the program's tests, by GoogleTest's rules.
function(kedge_test name)
  if(NOT KEDGE_PLATFORM STREQUAL "host" OR NOT KEDGE_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT;FILTER" "SOURCES;DEPS")
  kedge_resolve_deps(deps ${arg_DEPS})
  set(target "kedge_${name}_test")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/host")
  target_link_libraries(${target} PRIVATE kedge_include ${deps} kedge_warnings GTest::gmock_main)
  # No RTTI, because classes of the firmware that tests derive from have none; GoogleTest does without.
  target_compile_options(${target} PRIVATE -fno-rtti)
  set_property(GLOBAL APPEND PROPERTY KEDGE_TEST_TARGETS ${target})
  kedge_run_test(${name} LABEL "${arg_LABEL}" TIMEOUT "${arg_TIMEOUT}" FILTER "${arg_FILTER}")
endfunction()

# kedge_run_test(<name> [AS name] [LABEL ...] [TIMEOUT ...] [FILTER ...] [ENVIRONMENT variable=value])
# Runs the tests of the program kedge_<name>_test once more, under another name and in another environment.
function(kedge_run_test name)
  if(NOT TARGET "kedge_${name}_test")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "AS;LABEL;TIMEOUT;FILTER;ENVIRONMENT" "")
  if(NOT arg_AS)
    set(arg_AS "${name}")
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  set(properties LABELS "${arg_LABEL}" TIMEOUT "${arg_TIMEOUT}")
  if(arg_LABEL MATCHES "^(e2e|all)$")
    list(APPEND properties PROCESSORS ${KEDGE_PROCESSORS_OF_A_MACHINE})
  endif()
  if(arg_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT "${arg_ENVIRONMENT}")
  endif()
  # NO_PRETTY_VALUES: parameters print as bytes and paths, which differ from run to run.
  gtest_discover_tests("kedge_${name}_test" TEST_PREFIX "${arg_AS}: " TEST_FILTER "${arg_FILTER}"
                       DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES ${properties})
endfunction()

# kedge_fuzz(<name> SOURCES ... [DEPS ...])
# A libFuzzer target, executable kedge_<name>_fuzz. With KEDGE_FUZZ=ON ctest runs it for KEDGE_FUZZ_SECONDS, starting
# from tests/corpus/<name>/ if that folder exists. Nothing without KEDGE_FUZZ.
function(kedge_fuzz name)
  if(NOT KEDGE_PLATFORM STREQUAL "host" OR NOT KEDGE_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  kedge_resolve_deps(deps ${arg_DEPS})
  set(target "kedge_${name}_fuzz")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/host")
  target_link_libraries(${target} PRIVATE kedge_include ${deps} kedge_warnings)
  target_compile_options(${target} PRIVATE -fno-rtti)
  kedge_show_coverage(${target})
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY KEDGE_FUZZ_TARGETS ${target})
  # New inputs go to the build tree; the corpus in the repository is read only.
  set(found "${PROJECT_BINARY_DIR}/corpus/${name}")
  set(seeds "${PROJECT_SOURCE_DIR}/tests/corpus/${name}")
  file(MAKE_DIRECTORY "${found}")
  if(NOT IS_DIRECTORY "${seeds}")
    set(seeds "")
  endif()
  add_test(NAME "fuzz: ${name}"
           COMMAND ${target} -max_total_time=${KEDGE_FUZZ_SECONDS} -max_len=16384 -timeout=10 -rss_limit_mb=1024
                   "-artifact_prefix=${PROJECT_BINARY_DIR}/crash-${name}-" "${found}" ${seeds})
  math(EXPR limit "${KEDGE_FUZZ_SECONDS} + 120")
  set_tests_properties("fuzz: ${name}" PROPERTIES LABELS fuzz TIMEOUT ${limit})
endfunction()

# kedge_external_library(<name> SOURCES ... INCLUDES ... [DEPS ...] [DEFINITIONS ...])
# A library whose sources are not ours (lwIP, Mbed TLS): target kedge_<name>, its warnings off, its headers system headers.
function(kedge_external_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;DEPS;DEFINITIONS")
  kedge_resolve_deps(deps ${arg_DEPS})
  add_library(kedge_${name} STATIC ${arg_SOURCES})
  target_include_directories(kedge_${name} SYSTEM PUBLIC ${arg_INCLUDES})
  target_compile_definitions(kedge_${name} PUBLIC ${arg_DEFINITIONS})
  target_compile_options(kedge_${name} PRIVATE -w)
  kedge_show_coverage(kedge_${name})
  target_link_libraries(kedge_${name} PUBLIC ${deps})
endfunction()
