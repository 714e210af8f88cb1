# SPDX-License-Identifier: BSD-2-Clause-Patent
# CMake toolchain: freestanding ELF static PIE, SysV ABI inside; host/elf2pe makes the PE image. The architecture is
# KEDGE_UEFI_ARCH: x86_64, aarch64, riscv64 or loongarch64. Why this way: docs/architecture.md.

set(KEDGE_UEFI_ARCH "x86_64" CACHE STRING "Architecture of the firmware: x86_64, aarch64, riscv64, loongarch64")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KEDGE_UEFI_ARCH)

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR "${KEDGE_UEFI_ARCH}")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

find_program(KEDGE_CLANG clang-19 REQUIRED)
find_program(KEDGE_CLANGXX clang++-19 REQUIRED)
set(CMAKE_C_COMPILER "${KEDGE_CLANG}")
set(CMAKE_CXX_COMPILER "${KEDGE_CLANGXX}")
find_program(CMAKE_OBJCOPY llvm-objcopy-19 REQUIRED)
find_program(CMAKE_STRIP llvm-strip-19 REQUIRED)
find_program(CMAKE_NM llvm-nm-19 REQUIRED)
set(CMAKE_C_COMPILER_TARGET "${KEDGE_UEFI_ARCH}-unknown-linux-gnu")
set(CMAKE_CXX_COMPILER_TARGET "${KEDGE_UEFI_ARCH}-unknown-linux-gnu")

# libc++'s headers stand beside clang: <llvm>/bin/clang++ and <llvm>/include/c++/v1.
file(REAL_PATH "${KEDGE_CLANGXX}" kedge_clang_real)
cmake_path(GET kedge_clang_real PARENT_PATH kedge_llvm_bin)
cmake_path(GET kedge_llvm_bin PARENT_PATH kedge_llvm)
if(NOT EXISTS "${kedge_llvm}/include/c++/v1/coroutine")
  message(FATAL_ERROR "libc++'s headers are missing (no ${kedge_llvm}/include/c++/v1); run tools/deps")
endif()

# No red zone: interrupt handlers of the firmware run on our stack. Wide characters have 16 bits, as in UEFI.
# No thread-safe statics: there is one thread. Unwind tables would be loaded for nothing. Not -ffreestanding: the compiler
# would know nothing of strlen and its kin, and leave the length of each literal to the run time (3 KB of a packed ROM).
set(flags "-fPIE -fshort-wchar -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables")
# One instance of our own symbols: no GOT entries for what is in the same image.
string(APPEND flags " -fvisibility=hidden -fno-plt -fstack-protector-strong -mstack-protector-guard=global")
# Debug information goes to the .debug file; the image does not grow.
string(APPEND flags " -g")
if(KEDGE_UEFI_ARCH STREQUAL "x86_64")
  string(APPEND flags " -mno-red-zone")
elseif(KEDGE_UEFI_ARCH STREQUAL "aarch64")
  # UEFI's AArch64 binding allows unaligned access only when the MMU is on; it is, but device memory is not our concern
  # here. Atomics inline: there is no libgcc to call.
  string(APPEND flags " -mno-outline-atomics")
  string(APPEND flags " -isystem /usr/aarch64-linux-gnu/include")
elseif(KEDGE_UEFI_ARCH STREQUAL "riscv64")
  string(APPEND flags " -march=rv64gc -mabi=lp64d -mcmodel=medany -isystem /usr/riscv64-linux-gnu/include")
elseif(KEDGE_UEFI_ARCH STREQUAL "loongarch64")
  string(APPEND flags " -isystem /usr/loongarch64-linux-gnu/include")
else()
  message(FATAL_ERROR "KEDGE_UEFI_ARCH is '${KEDGE_UEFI_ARCH}'; it must be x86_64, aarch64, riscv64 or loongarch64")
endif()
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT
  "-nostdinc++ -isystem ${kedge_llvm}/include/c++/v1 ${flags} -fno-exceptions -fno-rtti"
  # Memory goes back to the firmware as a whole; nothing runs destructors of globals. The heap knows sizes itself.
  "-fno-threadsafe-statics -fno-c++-static-destructors -fno-sized-deallocation")
list(JOIN CMAKE_CXX_FLAGS_INIT " " CMAKE_CXX_FLAGS_INIT)
# KedgeCompiler.cmake says how it is optimized.
set(CMAKE_C_FLAGS_MINSIZEREL_INIT "")
set(CMAKE_CXX_FLAGS_MINSIZEREL_INIT "")
