# SPDX-License-Identifier: BSD-2-Clause-Patent
# UEFI images: kedge_efi_image. See toolchain-uefi.cmake for how code is compiled.
include_guard(GLOBAL)

# kedge_efi_image(<name> SUBSYSTEM application|driver SOURCES ... [DEPS ...] [OUTPUT file])
# Makes <name>.efi (or OUTPUT) in the folder images/ of the build tree, with <name>.debug (symbols, for gdb) and <name>.map
# beside it. The program begins in kedge_main (firmware/uefi/rt/runtime.h).
function(kedge_efi_image name)
  if(NOT KEDGE_PLATFORM STREQUAL "uefi")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SUBSYSTEM;OUTPUT" "SOURCES;DEPS")
  if(NOT arg_SUBSYSTEM MATCHES "^(application|driver)$")
    message(FATAL_ERROR "kedge_efi_image(${name}): SUBSYSTEM must be application or driver")
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT "${name}.efi")
  endif()
  kedge_resolve_deps(deps ${arg_DEPS})
  set(images "${PROJECT_BINARY_DIR}/images")
  set(map "${images}/${name}.map")
  add_executable(${name}.elf ${arg_SOURCES})
  target_link_libraries(${name}.elf PRIVATE kedge_warnings kedge_firmware_flags kedge_include ${deps} kedge_uefi_rt)
  target_link_options(${name}.elf PRIVATE ${kedge_link_options} "-Wl,-Map=${map}")
  set_target_properties(${name}.elf PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/elf" SUFFIX "")
  file(MAKE_DIRECTORY "${images}")
  add_custom_command(
    OUTPUT "${images}/${arg_OUTPUT}" "${images}/${name}.debug"
    COMMAND "${CMAKE_OBJCOPY}" --only-keep-debug "$<TARGET_FILE:${name}.elf>" "${images}/${name}.debug"
    COMMAND "${KEDGE_ELF2PE}" --subsystem ${arg_SUBSYSTEM} --sbat "${kedge_sbat}"
            "$<TARGET_FILE:${name}.elf>" "${images}/${arg_OUTPUT}"
    DEPENDS ${name}.elf kedge_host_tools "${KEDGE_ELF2PE}" "${kedge_sbat}"
    VERBATIM COMMENT "Making ${arg_OUTPUT}")
  add_custom_target(${name}.efi ALL DEPENDS "${images}/${arg_OUTPUT}")
  set_property(GLOBAL APPEND PROPERTY KEDGE_EFI_IMAGES "${images}/${arg_OUTPUT}")
  set_property(TARGET ${name}.efi PROPERTY KEDGE_IMAGE "${images}/${arg_OUTPUT}")
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
set(kedge_link_options
  "--target=${CMAKE_CXX_COMPILER_TARGET}" -fuse-ld=lld-19 -nostdlib -static-pie
  -Wl,--entry=_start,--image-base=0x1000,--no-dynamic-linker,-z,separate-code,-z,max-page-size=4096,-z,text
  -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=sha1,--hash-style=gnu,--pack-dyn-relocs=relr
  -Wl,--fatal-warnings,--icf=safe,-O2)
