# SPDX-License-Identifier: BSD-2-Clause-Patent
# Where the sources of lwIP, Mbed TLS and edk2's headers are: KEDGE_LWIP_DIR, KEDGE_MBEDTLS_DIR, KEDGE_EDK2_DIR.
# tools/deps puts them into a cache outside the tree; FETCHCONTENT_SOURCE_DIR_<NAME> points to a builder's own copy.

if(DEFINED ENV{KEDGE_CACHE})
  set(kedge_cache "$ENV{KEDGE_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(kedge_cache "$ENV{XDG_CACHE_HOME}/kedge")
else()
  set(kedge_cache "$ENV{HOME}/.cache/kedge")
endif()

# kedge_find_source(<NAME> <probe>): sets KEDGE_<NAME>_DIR to the folder in which the file <probe> is.
function(kedge_find_source name probe)
  string(TOLOWER "${name}" lower)
  if(FETCHCONTENT_SOURCE_DIR_${name})
    set(dir "${FETCHCONTENT_SOURCE_DIR_${name}}")
    set(advice "FETCHCONTENT_SOURCE_DIR_${name} must be the top folder of its sources.")
  else()
    set(dir "${kedge_cache}/sources/${lower}")
    set(advice "Run tools/deps, which fetches it, or set FETCHCONTENT_SOURCE_DIR_${name} to your copy of its sources.")
  endif()
  if(NOT EXISTS "${dir}/${probe}")
    message(FATAL_ERROR "The sources of ${lower} are missing (no ${dir}/${probe}).\n${advice}")
  endif()
  set(KEDGE_${name}_DIR "${dir}" PARENT_SCOPE)
endfunction()

kedge_find_source(LWIP src/include/lwip/init.h)
kedge_find_source(MBEDTLS include/mbedtls/ssl.h)
kedge_find_source(EDK2 MdePkg/Include/Uefi.h)

# edk2's definitions of UEFI, for uefi/ and app/ only.
add_library(kedge_edk2_headers INTERFACE)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(kedge_edk2_arch AArch64)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv64")
  set(kedge_edk2_arch RiscV64)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "loongarch64")
  set(kedge_edk2_arch LoongArch64)
else()
  set(kedge_edk2_arch X64)
endif()
target_include_directories(kedge_edk2_headers SYSTEM INTERFACE
  "${KEDGE_EDK2_DIR}/MdePkg/Include" "${KEDGE_EDK2_DIR}/MdePkg/Include/${kedge_edk2_arch}")
# Base.h asserts that wide characters have 16 bits, as in UEFI.
target_compile_options(kedge_edk2_headers INTERFACE -fshort-wchar)
# Without this edk2 takes the calling convention of the compiler's target for that of UEFI.
if(kedge_edk2_arch STREQUAL "X64")
  target_compile_definitions(kedge_edk2_headers INTERFACE "EFIAPI=__attribute__((ms_abi))")
endif()
