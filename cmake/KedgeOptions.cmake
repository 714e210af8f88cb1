# SPDX-License-Identifier: BSD-2-Clause-Patent
# Every option of the build, each in one place with one line of description.
# configs/<name>.cmake gives the defaults of a named configuration; -DKEDGE_X=... on the command line wins over both.

set(KEDGE_CONFIG "default" CACHE STRING "Named configuration: a file configs/<name>.cmake")
set(KEDGE_PLATFORM "host" CACHE STRING "host (tools and tests) or uefi (firmware)")
set_property(CACHE KEDGE_PLATFORM PROPERTY STRINGS host uefi)

include("${CMAKE_CURRENT_SOURCE_DIR}/configs/${KEDGE_CONFIG}.cmake" RESULT_VARIABLE kedge_config_file)
if(kedge_config_file STREQUAL "NOTFOUND")
  message(FATAL_ERROR "No such named configuration: configs/${KEDGE_CONFIG}.cmake")
endif()

# Declares a feature: an ON/OFF cache option whose default the named configuration may have set as DEFAULT_<name>.
# Each one also becomes `inline constexpr bool` in the generated header kedge_config.h.
set(KEDGE_FEATURES "")
macro(kedge_feature name default description)
  if(DEFINED DEFAULT_${name})
    option(${name} "${description}" ${DEFAULT_${name}})
  else()
    option(${name} "${description}" ${default})
  endif()
  list(APPEND KEDGE_FEATURES ${name})
endmacro()

# Features of the firmware.
kedge_feature(KEDGE_STACK ON "Link the network stack and boot programs; OFF leaves only NIC drivers")
kedge_feature(KEDGE_DRIVER_VIRTIO_NET ON "Driver for virtio-net, modern and transitional (1af4:1041, 1af4:1000)")
kedge_feature(KEDGE_DRIVER_NE2K_PCI ON "Driver for Realtek RTL8029, an NE2000 on PCI (10ec:8029)")
kedge_feature(KEDGE_DRIVER_PCNET ON "Driver for AMD PCnet-PCI (1022:2000)")
kedge_feature(KEDGE_DRIVER_RTL8139 ON "Driver for Realtek RTL8139 Fast Ethernet (10ec:8139)")
kedge_feature(KEDGE_DRIVER_E1000 ON "Driver for Intel 8254x, QEMU's e1000 models (8086:1004, 100c, 100e, 100f)")
kedge_feature(KEDGE_DRIVER_E1000E ON "Driver for Intel 82574L, QEMU's and VMware's e1000e (8086:10d3)")
kedge_feature(KEDGE_DRIVER_IGB ON "Driver for Intel 82576, QEMU's igb (8086:10c9)")
kedge_feature(KEDGE_DRIVER_I8255X ON "Driver for Intel 8255x Fast Ethernet (8086:1209, 1229, 2449)")
kedge_feature(KEDGE_DRIVER_TULIP ON "Driver for DEC 21143 Fast Ethernet (1011:0019)")
kedge_feature(KEDGE_DRIVER_VMXNET3 ON "Driver for VMware vmxnet3 (15ad:07b0)")
kedge_feature(KEDGE_DRIVER_SNP ON "Use NICs through the Simple Network protocol of a firmware driver")
kedge_feature(KEDGE_UNDI ON "NICs have NII 3.1 and a software UNDI beside Simple Network")
kedge_feature(KEDGE_HEAL_RNG ON "Option ROMs give EFI_RNG to a firmware without one, and wake its network stack")
kedge_feature(KEDGE_IMAGE_NETWORK ON "Give started images from the network PXE Base Code and Simple Network of ours")
kedge_feature(KEDGE_IMAGE_MTFTP ON "Their Mtftp takes part in multicast sessions")
kedge_feature(KEDGE_ASSERT_TEXTS ON "Tell a bug of ours by its text; OFF tells its line and address, which takes 1.5 KB less of a packed ROM")
kedge_feature(KEDGE_CLIENT_TFTP ON "Download by TFTP (RFC 1350, 2347-2349, 7440)")
kedge_feature(KEDGE_CLIENT_HTTP ON "Download by HTTP/1.1 (RFC 9110, 9112)")

if(DEFINED DEFAULT_KEDGE_ROM_PERSONALITY)
  set(kedge_personality_default "${DEFAULT_KEDGE_ROM_PERSONALITY}")
else()
  set(kedge_personality_default "takeover")
endif()
set(KEDGE_ROM_PERSONALITY "${kedge_personality_default}" CACHE STRING
    "What an option ROM does unless told otherwise at run time: driver, takeover or both")
set_property(CACHE KEDGE_ROM_PERSONALITY PROPERTY STRINGS driver takeover both)
if(NOT KEDGE_ROM_PERSONALITY MATCHES "^(driver|takeover|both)$")
  message(FATAL_ERROR "KEDGE_ROM_PERSONALITY is '${KEDGE_ROM_PERSONALITY}'; it must be driver, takeover or both")
endif()

# Options of the build itself.
option(KEDGE_WERROR "Treat compiler warnings as errors" ON)
option(KEDGE_SANITIZE "Instrument with AddressSanitizer and UndefinedBehaviorSanitizer (host only)" OFF)
option(KEDGE_FUZZ "Build the libFuzzer targets (host only)" OFF)
option(KEDGE_TESTS "Build the tests (host only)" ON)
option(KEDGE_BENCH "Build the benchmarks (host only)" OFF)
set(KEDGE_FUZZ_SECONDS "3" CACHE STRING "How long ctest lets each fuzz target run")
set(KEDGE_ELF2PE "" CACHE FILEPATH "A ready elf2pe; empty builds it for the building machine first")
option(KEDGE_HOST_TOOLS_ONLY "Build nothing but the programs that building the firmware needs" OFF)
mark_as_advanced(KEDGE_HOST_TOOLS_ONLY)
