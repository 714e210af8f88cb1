# SPDX-License-Identifier: BSD-2-Clause-Patent
# The lists of NIC drivers of the images: kedge_nic_driver, kedge_native_drivers.
include_guard(GLOBAL)

# kedge_nic_driver(<folder> [ROM name])
# Says that firmware/driver/<folder>/<folder>.h declares a driver::NativeDriver named after the folder: virtio_net has
# kVirtioNetDriver, in the library kedge_virtio_net. Part of the configuration unless KEDGE_DRIVER_<FOLDER> is off.
# QEMU looks for the NIC's option ROM as efi-<name>.rom; the name is the folder's unless ROM says otherwise.
function(kedge_nic_driver folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROM" "")
  if(NOT arg_ROM)
    set(arg_ROM "${folder}")
  endif()
  set_property(GLOBAL PROPERTY KEDGE_ROM_NAME_${folder} "${arg_ROM}")
  string(TOUPPER "KEDGE_DRIVER_${folder}" option)
  if(NOT DEFINED ${option})
    message(FATAL_ERROR "driver/${folder}: KedgeOptions.cmake has no option ${option}")
  endif()
  if(${option})
    set_property(GLOBAL APPEND PROPERTY KEDGE_NIC_DRIVERS ${folder})
  endif()
endfunction()

# kedge_native_drivers(<name> [FOLDERS ...])
# The library kedge_<name>: app::native_drivers() for images with the drivers of these folders, by default all of the
# configuration. Its header generated/<name>.h has the list as a constant. Only where images are built.
function(kedge_native_drivers name)
  if(NOT KEDGE_PLATFORM STREQUAL "uefi")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS")
  if(NOT arg_FOLDERS)
    get_property(arg_FOLDERS GLOBAL PROPERTY KEDGE_NIC_DRIVERS)
  endif()
  list(SORT arg_FOLDERS)
  set(includes "")
  set(entries "")
  foreach(folder IN LISTS arg_FOLDERS)
    string(APPEND includes "#include \"driver/${folder}/${folder}.h\"\n")
    string(REPLACE "_" ";" words "${folder}")
    set(constant "")
    foreach(word IN LISTS words)
      string(SUBSTRING "${word}" 0 1 first)
      string(SUBSTRING "${word}" 1 -1 rest)
      string(TOUPPER "${first}" first)
      string(APPEND constant "${first}${rest}")
    endforeach()
    string(APPEND entries "    driver::k${constant}Driver,\n")
  endforeach()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/${name}.h" @ONLY CONTENT
"#pragma once

#include \"app/native_drivers.h\"

@includes@
namespace kedge::app {

inline constexpr driver::NativeDriver kLinkedDrivers[] = {
@entries@};

}  // namespace kedge::app
")
  set(source "${PROJECT_BINARY_DIR}/generated/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"#include \"@name@.h\"

namespace kedge::app {

std::span<const driver::NativeDriver> native_drivers() noexcept { return kLinkedDrivers; }

}  // namespace kedge::app
")
  kedge_library(${name} SOURCES "${source}" DEPS ${arg_FOLDERS})
endfunction()
