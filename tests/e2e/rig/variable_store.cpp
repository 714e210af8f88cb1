// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/variable_store.h"

#include <fmt/format.h>

#include "domain/store_writer.h"
#include "domain/variable_store.h"
#include "support/file.h"

namespace kedge::host::e2e {

Outcome<void> add_kedge_variable(const std::filesystem::path& file, std::string_view name,
                                 std::string_view value) {
  KEDGE_HOST_TRY(std::string image, read_file(file));
  KEDGE_HOST_TRY(const VariableStore store, parse_variable_store(as_byte_view(image)));
  if (store.end == 0 || !store.problems.empty() || !store.form.starts_with("authenticated")) {
    return failure(fmt::format("{}: nothing can be added to {}", file.string(), store.form));
  }
  constexpr std::uint32_t kNonVolatileBootServices = 3;
  const std::string variable = StoreWriter::encode({.name = name,
                                                    .data = value,
                                                    .vendor = kKedgeTestVendor,
                                                    .attributes = kNonVolatileBootServices},
                                                   true);
  if (image.compare(store.end, variable.size(), std::string(variable.size(), '\xff')) != 0) {
    return failure("the variable store is full");
  }
  image.replace(store.end, variable.size(), variable);
  return write_file(file, image);
}

}  // namespace kedge::host::e2e
