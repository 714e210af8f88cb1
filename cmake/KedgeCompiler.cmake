# SPDX-License-Identifier: BSD-2-Clause-Patent
# Language level, warnings and sanitizers, as interface targets that kedge_library and its kin use.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Clang's module scanning is of no use here, and the dependency files it adds slow ninja down.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Kedge is built with clang 19 or newer; this is ${CMAKE_CXX_COMPILER_ID} "
                      "${CMAKE_CXX_COMPILER_VERSION}. `tools/deps` installs it; the presets choose it.")
endif()

find_program(KEDGE_CCACHE ccache)
if(KEDGE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # With paths relative to the source tree, build directories share what was compiled.
  set(launcher env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${KEDGE_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
endif()

# Warnings for all our own code.
add_library(kedge_warnings INTERFACE)
target_compile_options(kedge_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Wundef -Wunused-result
  # Anonymous structs in unions: clang is the compiler, and names for them help nobody.
  -Wno-nested-anon-types -Wno-gnu-anonymous-struct
  # Structs of options are filled in by name as far as they differ from their defaults.
  -Wno-missing-designated-field-initializers
  # Narrowing is how wrong lengths are born. Signs are left out: every `span[i + 1]` would need a cast.
  -Wimplicit-int-conversion -Wshorten-64-to-32
  $<$<BOOL:${KEDGE_WERROR}>:-Werror>)

# Firmware sources: what is not available in the firmware is not available on the host either.
add_library(kedge_firmware_flags INTERFACE)
target_compile_options(kedge_firmware_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)

# "base/result.h" and the generated "kedge_config.h".
add_library(kedge_include INTERFACE)
target_include_directories(kedge_include INTERFACE "${PROJECT_SOURCE_DIR}/firmware" "${PROJECT_BINARY_DIR}/generated")

# Paths in debug information and __FILE__ are relative to the source tree, so that builds are reproducible anywhere.
add_compile_options(-ffile-compilation-dir=. "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
# ccache passes paths relative to the build directory: the names in the debug information, and with them the build id,
# must not tell whether it was used.
file(RELATIVE_PATH kedge_up "${PROJECT_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")
add_compile_options("-ffile-prefix-map=${kedge_up}=" "-ffile-prefix-map=${PROJECT_BINARY_DIR}/=")
# Option ROMs are small: images are optimized for size, as a whole (KedgeEfi.cmake). What every frame passes through has
# flags of its own (kedge_hot_sources in KedgeTargets.cmake).
if(KEDGE_PLATFORM STREQUAL "uefi")
  add_compile_options($<$<CONFIG:MinSizeRel>:-Oz> $<$<CONFIG:MinSizeRel>:-flto>)
endif()
if(KEDGE_PLATFORM STREQUAL "host")
  if(KEDGE_SANITIZE)
    # vptr needs RTTI, which the firmware does without.
    add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined -fno-sanitize=vptr)
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
  endif()
  add_link_options(-fuse-ld=lld-19)
endif()
