// SPDX-License-Identifier: BSD-2-Clause-Patent
// Device trees and AML of any content name a place where registers can be, or none.
#include "base/assert.h"
#include "uefi/fw_cfg_place.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto in_tree = uefi::find_fw_cfg_in_device_tree(bytes);
  KEDGE_ASSERT(!in_tree.has_value() || in_tree->is_usable());
  const auto in_aml = uefi::find_fw_cfg_in_aml(bytes);
  KEDGE_ASSERT(!in_aml.has_value() || in_aml->is_usable());
  return 0;
}
