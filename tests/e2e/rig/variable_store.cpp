// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/variable_store.h"

#include <fmt/format.h>

#include "domain/store_writer.h"
#include "domain/variable_store.h"
#include "support/file.h"

namespace kedge::host::e2e {
namespace {

Outcome<void> add_variable(const std::filesystem::path& file, const StoredVariable& added) {
  KEDGE_HOST_TRY(std::string image, read_file(file));
  KEDGE_HOST_TRY(const VariableStore store, parse_variable_store(as_byte_view(image)));
  if (store.end == 0 || !store.problems.empty() || !store.form.starts_with("authenticated")) {
    return failure(fmt::format("{}: nothing can be added to {}", file.string(), store.form));
  }
  const std::string variable = StoreWriter::encode(added, true);
  if (image.compare(store.end, variable.size(), std::string(variable.size(), '\xff')) != 0) {
    return failure("the variable store is full");
  }
  image.replace(store.end, variable.size(), variable);
  return write_file(file, image);
}

std::string little_endian(std::uint32_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

// With the NUL at its end.
std::string utf16(std::string_view ascii) {
  std::string text;
  for (const char c : ascii) text += {c, '\0'};
  return text + std::string(2, '\0');
}

}  // namespace

Outcome<void> add_kedge_variable(const std::filesystem::path& file, std::string_view name,
                                 std::string_view value) {
  constexpr std::uint32_t kNonVolatileBootServices = 3;
  return add_variable(file, {.name = name,
                             .data = value,
                             .vendor = kKedgeTestVendor,
                             .attributes = kNonVolatileBootServices});
}

Outcome<void> add_driver_option(const std::filesystem::path& file, std::string_view path) {
  constexpr std::uint32_t kGlobal = 7;                // non-volatile, at boot and at run time
  constexpr std::uint32_t kActive = 1;                // LOAD_OPTION_ACTIVE
  constexpr std::string_view kFilePath = "\x04\x04";  // media device path, file path
  constexpr std::string_view kEnd("\x7f\xff\x04\x00", 4);
  const std::string name = utf16(path);
  const std::string node =
      std::string(kFilePath) + little_endian(static_cast<std::uint32_t>(name.size() + 4), 2) + name;
  const std::string option =
      little_endian(kActive, 4) +
      little_endian(static_cast<std::uint32_t>(node.size() + kEnd.size()), 2) + utf16("Kedge") +
      node + std::string(kEnd);
  KEDGE_HOST_CHECK(
      add_variable(file, {.name = "Driver0000", .data = option, .attributes = kGlobal}));
  return add_variable(file,
                      {.name = "DriverOrder", .data = little_endian(0, 2), .attributes = kGlobal});
}

}  // namespace kedge::host::e2e
