// SPDX-License-Identifier: BSD-2-Clause-Patent
// Reads a static position-independent ELF executable (System V gABI; the psABI of each machine for
// relocation types) into what a loader must know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace kedge::host::elf2pe {

/// What is wrong with the input, and where.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Machine { x86_64, aarch64, riscv64, loongarch64 };

/// A part of the image with one set of permissions. Never writable and executable at once.
struct Segment {
  std::uint64_t address = 0;
  std::uint64_t memory_bytes = 0;  // what lies beyond `data` is zero
  std::vector<std::byte> data;
  bool writable = false;
  bool executable = false;

  std::uint64_t end() const { return address + memory_bytes; }
};

struct Image {
  Machine machine = Machine::x86_64;
  std::uint64_t entry = 0;
  std::vector<Segment> segments;  // by address; page aligned; no two in one page
  std::vector<std::uint64_t>
      relocations;  // by address: 64-bit words that hold an address of the image
};

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kImageBytesMax = 256u << 20;
constexpr std::size_t kSegmentCountMax = 64;
constexpr std::size_t kRelocationCountMax = 4u << 20;

/// Throws InputError when `file` is no such executable. Addends of relocations are in the segments'
/// data afterwards, and what is read-only once relocations are done (PT_GNU_RELRO) is a segment
/// that is not writable.
Image read_elf(std::span<const std::byte> file);

}  // namespace kedge::host::elf2pe
