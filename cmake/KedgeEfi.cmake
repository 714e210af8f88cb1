# SPDX-License-Identifier: BSD-2-Clause-Patent
# UEFI images: kedge_efi_image. See toolchain-uefi.cmake for how code is compiled.
include_guard(GLOBAL)

# kedge_efi_image(<name> SUBSYSTEM application|driver SOURCES ... [DEPS ...] [DRIVERS list] [RUN_TIME_PERSONALITY]
#                 [STACK stack] [OUTPUT file] [PART_OF target])
# Makes <name>.efi (or OUTPUT, which may be in a folder) in the folder images/ of the build tree, with symbols for gdb
# (.debug) and a map beside it. The program begins in kedge_main (firmware/uefi/rt/runtime.h). DRIVERS is a list made by
# kedge_native_drivers(). The image's marker (firmware/app/image_marker.h) says that of drivers the personality is
# `driver`, or that it is chosen at run time. STACK is what it shares with other images (kedge_image_stack); there its DEPS and
# its DRIVERS are USERS, and it has no SOURCES. With PART_OF only that target builds the image.
function(kedge_efi_image name)
  if(NOT KEDGE_PLATFORM STREQUAL "uefi")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "RUN_TIME_PERSONALITY" "SUBSYSTEM;OUTPUT;DRIVERS;STACK;PART_OF" "SOURCES;DEPS")
  if(NOT arg_SUBSYSTEM MATCHES "^(application|driver)$")
    message(FATAL_ERROR "kedge_efi_image(${name}): SUBSYSTEM must be application or driver")
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT "${name}.efi")
  endif()
  kedge_image_marker(marker ${name})
  kedge_resolve_deps(deps ${arg_DEPS} ${arg_DRIVERS})
  set(image "${PROJECT_BINARY_DIR}/images/${arg_OUTPUT}")
  cmake_path(REPLACE_EXTENSION image LAST_ONLY debug OUTPUT_VARIABLE debug)
  cmake_path(REPLACE_EXTENSION image LAST_ONLY map OUTPUT_VARIABLE map)
  set(stack_object "")
  if(arg_STACK AND CMAKE_BUILD_TYPE STREQUAL "MinSizeRel")
    if(arg_SOURCES)
      message(FATAL_ERROR "kedge_efi_image(${name}): an image with a STACK has no SOURCES; they belong in a library of its USERS")
    endif()
    kedge_link_stack(${name}.elf ${arg_STACK} "${marker}" ${deps})
  else()
    add_executable(${name}.elf ${arg_SOURCES} "${marker}")
    target_link_libraries(${name}.elf PRIVATE kedge_warnings kedge_firmware_flags kedge_include ${deps} kedge_uefi_rt)
  endif()
  target_link_options(${name}.elf PRIVATE ${kedge_link_options} "-Wl,-Map=${map}")
  set_target_properties(${name}.elf PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/elf" SUFFIX "")
  cmake_path(GET image PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  set(elf "$<TARGET_FILE:${name}.elf>")
  set(order_functions "")
  if(CMAKE_BUILD_TYPE STREQUAL "MinSizeRel")
    # Linked again with its functions in the order in which they pack best, from the one object that the optimizer of the
    # whole image leaves, and the stack's; docs/adr/0011. What the optimizer leaves alone is in the run-time library.
    set(base "${PROJECT_BINARY_DIR}/elf/${name}")
    set(elf "${base}.ordered.elf")
    target_link_options(${name}.elf PRIVATE "-Wl,--lto-obj-path=${base}.o")
    set(order_functions
      COMMAND "${KEDGE_ELF2PE}" --function-order "$<TARGET_FILE:${name}.elf>" "${base}.order"
      COMMAND "${CMAKE_CXX_COMPILER}" ${kedge_link_options} "-Wl,-Map=${map}"
              "-Wl,--symbol-ordering-file=${base}.order,--no-warn-symbol-ordering" "${base}.o" ${stack_object}
              $<TARGET_FILE:kedge_uefi_rt> $<TARGET_FILE:kedge_uefi_rt_core> -o "${elf}")
  endif()
  add_custom_command(
    OUTPUT "${image}" "${debug}"
    ${order_functions}
    COMMAND "${CMAKE_OBJCOPY}" --only-keep-debug "${elf}" "${debug}"
    COMMAND "${KEDGE_ELF2PE}" --subsystem ${arg_SUBSYSTEM} --sbat "${kedge_sbat}" "${elf}" "${image}"
    DEPENDS ${name}.elf kedge_host_tools "${KEDGE_ELF2PE}" "${kedge_sbat}"
    COMMAND_EXPAND_LISTS VERBATIM COMMENT "Making ${arg_OUTPUT}")
  if(arg_PART_OF)
    add_custom_target(${name}.efi DEPENDS "${image}")
    set_target_properties(${name}.elf PROPERTIES EXCLUDE_FROM_ALL ON)
    if(NOT TARGET ${arg_PART_OF})
      add_custom_target(${arg_PART_OF})
    endif()
    add_dependencies(${arg_PART_OF} ${name}.efi)
  else()
    add_custom_target(${name}.efi ALL DEPENDS "${image}")
  endif()
  set_property(GLOBAL APPEND PROPERTY KEDGE_EFI_IMAGES "${image}")
  set_property(TARGET ${name}.efi PROPERTY KEDGE_IMAGE "${image}")
endfunction()

# kedge_static_closure(<out> <library>...)
# The static libraries that linking with these libraries brings in, them included.
function(kedge_static_closure out)
  set(seen "")
  set(static "")
  set(next ${ARGN})
  while(next)
    list(POP_FRONT next library)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
    if(NOT TARGET "${library}" OR "${library}" IN_LIST seen)
      continue()
    endif()
    list(APPEND seen "${library}")
    get_target_property(type "${library}" TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND static "${library}")
    endif()
    get_target_property(more "${library}" INTERFACE_LINK_LIBRARIES)
    if(more)
      list(APPEND next ${more})
    endif()
  endwhile()
  set(${out} "${static}" PARENT_SCOPE)
endfunction()

# kedge_image_stack(<name> DEPS ... USERS ...)
# What the images with STACK <name> have in common: DEPS and all that these need, optimized as a whole once and not for
# each image anew. USERS are the libraries in which those images differ. See docs/adr/0017. Nothing where images are not
# optimized as a whole.
function(kedge_image_stack name)
  if(NOT KEDGE_PLATFORM STREQUAL "uefi" OR NOT CMAKE_BUILD_TYPE STREQUAL "MinSizeRel")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;USERS")
  kedge_resolve_deps(deps ${arg_DEPS})
  kedge_resolve_deps(users ${arg_USERS})
  kedge_static_closure(shared ${deps} kedge_uefi_rt)
  kedge_static_closure(users ${users})
  list(REMOVE_ITEM users ${shared})
  set_property(GLOBAL PROPERTY KEDGE_STACK_${name}_SHARED ${shared})
  set_property(GLOBAL PROPERTY KEDGE_STACK_${name}_USERS ${users})

  # The optimizer drops what nobody calls, or makes it part of its only caller: it must know what the users mention, and
  # what they define as well as others (`inline`), so that there is one of each. Of the run-time library everything, because
  # what the compiler calls is mentioned nowhere before.
  set(base "${PROJECT_BINARY_DIR}/elf/${name}")
  set(nm "${CMAKE_NM}" --extern-only --format=posix --quiet)
  set(run_time $<TARGET_FILE:kedge_uefi_rt> $<TARGET_FILE:kedge_uefi_rt_core>)
  list(TRANSFORM users REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT "${base}.symbols"
    COMMAND ${nm} ${files} > "${base}.mentioned"
    COMMAND ${nm} ${run_time} > "${base}.run-time"
    COMMAND sed -n "s/^\\([^ ]*\\) [UuVvWw].*/-Wl,--undefined=\\1/p" "${base}.mentioned" > "${base}.symbols.new"
    COMMAND sed -n "s/^\\([^ ]*\\) .*/-Wl,--undefined=\\1/p" "${base}.run-time" >> "${base}.symbols.new"
    COMMAND env LC_ALL=C sort -u -o "${base}.symbols.new" "${base}.symbols.new"
    # The stack is only linked again when there are others.
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${base}.symbols.new" "${base}.symbols"
    DEPENDS ${users} kedge_uefi_rt kedge_uefi_rt_core ${files} ${run_time}
    VERBATIM COMMENT "Listing what users of ${name} mention")
  add_custom_target(${name}-symbols DEPENDS "${base}.symbols")
  set(source "${PROJECT_BINARY_DIR}/generated/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// A program needs a source.\n")
  add_executable(${name}.elf EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(${name}.elf PRIVATE ${deps} kedge_uefi_rt)
  target_link_options(${name}.elf PRIVATE ${kedge_link_options} "-Wl,--unresolved-symbols=ignore-all"
                      "-Wl,--lto-obj-path=${base}.o" "@${base}.symbols")
  set_target_properties(${name}.elf PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/elf" SUFFIX ""
                        LINK_DEPENDS "${base}.symbols")
  add_dependencies(${name}.elf ${name}-symbols)
endfunction()

# kedge_link_stack(<program> <stack> <source> <library>...)
# Makes the program of the stack's object, the source and what these libraries have that the stack lacks. Sets stack_object.
function(kedge_link_stack program stack source)
  get_property(shared GLOBAL PROPERTY KEDGE_STACK_${stack}_SHARED)
  get_property(users GLOBAL PROPERTY KEDGE_STACK_${stack}_USERS)
  set(object "${PROJECT_BINARY_DIR}/elf/${stack}.o")
  add_library(${program}-source OBJECT "${source}")
  target_link_libraries(${program}-source PRIVATE kedge_warnings kedge_firmware_flags kedge_include ${ARGN})
  add_executable(${program} $<TARGET_OBJECTS:${program}-source>)
  kedge_static_closure(own ${ARGN})
  list(REMOVE_ITEM own ${shared})
  foreach(library IN LISTS own)
    if(NOT library IN_LIST users)
      message(FATAL_ERROR "${program}: ${library} must be among the USERS of ${stack}")
    endif()
  endforeach()
  # Of the run-time library the optimizer leaves some alone.
  list(APPEND own kedge_uefi_rt kedge_uefi_rt_core)
  # As files, so that nothing of the stack is linked a second time.
  list(TRANSFORM own REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  target_link_libraries(${program} PRIVATE ${files})
  target_link_options(${program} PRIVATE "${object}")
  set_target_properties(${program} PROPERTIES LINKER_LANGUAGE CXX LINK_DEPENDS "${PROJECT_BINARY_DIR}/elf/${stack}.elf")
  add_dependencies(${program} ${stack}.elf ${own})
  set(stack_object "${object}" PARENT_SCOPE)
endfunction()

# kedge_image_marker(<out> <name>)
# Writes the source of an image's marker from the arguments of kedge_efi_image().
function(kedge_image_marker out name)
  if(arg_SUBSYSTEM STREQUAL "application")
    set(personality application)
  elseif(arg_RUN_TIME_PERSONALITY)
    set(personality "${KEDGE_ROM_PERSONALITY}")
  else()
    set(personality driver)
  endif()
  if(arg_RUN_TIME_PERSONALITY)
    set(choice run-time)
  else()
    set(choice fixed)
  endif()
  set(gives "")
  if(arg_SUBSYSTEM STREQUAL "driver" AND KEDGE_HEAL_RNG)
    set(gives rng)
  endif()
  set(include "")
  set(list "{}")
  if(arg_DRIVERS)
    set(include "#include \"${arg_DRIVERS}.h\"")
    set(list kLinkedDrivers)
  endif()
  set(source "${PROJECT_BINARY_DIR}/generated/marker-${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"#include \"app/image_marker.h\"
@include@

namespace kedge::app {
namespace {
constexpr MarkerFacts kFacts{\"@PROJECT_VERSION@\", \"@KEDGE_CONFIG@\", \"@personality@\", \"@choice@\", \"@gives@\"};
}  // namespace

// Nothing refers to it; the linker keeps it all the same.
extern \"C\" [[gnu::used, gnu::retain]] constexpr auto kedge_image_marker =
    make_marker<write_marker({}, kFacts, @list@)>(kFacts, @list@);

}  // namespace kedge::app
")
  set(${out} "${source}" PARENT_SCOPE)
endfunction()

if(NOT KEDGE_PLATFORM STREQUAL "uefi")
  return()
endif()
include(ExternalProject)

# elf2pe runs on the building machine, so it is built for that first, by a build inside this one.
if(KEDGE_ELF2PE)
  add_custom_target(kedge_host_tools)
else()
  set(KEDGE_ELF2PE "${PROJECT_BINARY_DIR}/host-tools/host/elf2pe/elf2pe")
  ExternalProject_Add(kedge_host_tools
    SOURCE_DIR "${PROJECT_SOURCE_DIR}"
    BINARY_DIR "${PROJECT_BINARY_DIR}/host-tools"
    PREFIX "${PROJECT_BINARY_DIR}/host-tools-steps"
    CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release
               "-DCMAKE_C_COMPILER=${KEDGE_CLANG}" "-DCMAKE_CXX_COMPILER=${KEDGE_CLANGXX}"
               -DKEDGE_PLATFORM=host -DKEDGE_HOST_TOOLS_ONLY=ON -DKEDGE_TESTS=OFF
    BUILD_COMMAND "${CMAKE_COMMAND}" --build . --target elf2pe
    BUILD_ALWAYS ON
    BUILD_BYPRODUCTS "${KEDGE_ELF2PE}"
    INSTALL_COMMAND ""
    USES_TERMINAL_BUILD OFF)
endif()

# shim's SBAT.md: which generation of security fixes an image has.
set(kedge_sbat "${PROJECT_BINARY_DIR}/generated/sbat.csv")
file(CONFIGURE OUTPUT "${kedge_sbat}" @ONLY CONTENT
"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md
kedge,1,Kedge,kedge,@PROJECT_VERSION@,https://github.com/rhboot/shim/blob/main/SBAT.md
")

# What linking needs beyond CMake's own idea of it. No libc, no start files; one image at 0x1000, because the PE headers
# take the page before; each kind of page for itself, so that no page is writable and executable; relocations packed.
# Functions and constants with the same content become one: nothing of ours or of our libraries tells them apart by address.
set(kedge_link_options
  "--target=${CMAKE_CXX_COMPILER_TARGET}" -fuse-ld=lld-19 -nostdlib -static-pie
  -Wl,--entry=_start,--image-base=0x1000,--no-dynamic-linker,-z,separate-code,-z,max-page-size=4096,-z,text
  -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=sha1,--hash-style=gnu,--pack-dyn-relocs=relr
  -Wl,--fatal-warnings,--icf=all,-O2)
