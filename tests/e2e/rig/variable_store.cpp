// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/variable_store.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "support/file.h"

namespace kedge::host::e2e {
namespace {

// edk2's variable store (MdeModulePkg/Include/Guid/VariableFormat.h): a firmware volume header
// (UEFI PI volume 3, 3.2.1) whose length stands at kHeaderLength, a store header, and variables
// behind each other.
constexpr std::size_t kSignature = 0x28;  // "_FVH"
constexpr std::size_t kHeaderLength = 0x30;
constexpr std::size_t kStoreHeaderBytes = 28;
constexpr std::string_view kAuthenticatedStore =
    "\x78\x2c\xf3\xaa\x7b\x94\x9a\x43\xa1\x80\x2e\x14\x4e\xc3\x77\x92";
constexpr std::string_view kVendor =
    "\x3d\xe5\x5b\xe4\x8c\xb2\xad\x49\xbd\xe9\x45\x5c\x76\x10\x11\x69";
constexpr std::size_t kVariableHeaderBytes = 60;
constexpr std::size_t kNameSize = 36;
constexpr std::size_t kDataSize = 40;
constexpr std::uint64_t kStart = 0x55aa;
constexpr std::uint64_t kAdded = 0x3f;
constexpr std::uint64_t kNonVolatileBootServices = 3;

std::uint64_t get(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  }
  return value;
}

std::string le(std::uint64_t value, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(value >> 8 * i));
  return bytes;
}

std::size_t aligned(std::size_t offset) {
  return (offset + 3) / 4 * 4;
}

}  // namespace

Outcome<void> add_kedge_variable(const std::filesystem::path& file, std::string_view name,
                                 std::string_view value) {
  KEDGE_HOST_TRY(std::string store, read_file(file));
  if (store.size() < 0x1000 || store.compare(kSignature, 4, "_FVH") != 0) {
    return failure(fmt::format("{} is no firmware volume", file.string()));
  }
  const std::size_t header = get(store, kHeaderLength, 2);
  if (store.compare(header, kAuthenticatedStore.size(), kAuthenticatedStore) != 0) {
    return failure(fmt::format("{} has no store of authenticated variables", file.string()));
  }
  std::size_t at = header + kStoreHeaderBytes;
  while (at + kVariableHeaderBytes < store.size() && get(store, at, 2) == kStart) {
    at = aligned(at + kVariableHeaderBytes + get(store, at + kNameSize, 4) +
                 get(store, at + kDataSize, 4));
  }
  std::string wide;
  for (const char c : name) wide += {c, '\0'};
  wide += std::string(2, '\0');
  std::string variable = le(kStart, 2) + le(kAdded, 1) + le(0, 1) + le(kNonVolatileBootServices, 4);
  variable += std::string(8 + 16 + 4, '\0');  // counter, time, key: of authenticated variables
  variable += le(wide.size(), 4) + le(value.size(), 4) + std::string(kVendor) + wide;
  variable += value;
  if (at + variable.size() >= store.size()) return failure("the variable store is full");
  store.replace(at, variable.size(), variable);
  return write_file(file, store);
}

}  // namespace kedge::host::e2e
