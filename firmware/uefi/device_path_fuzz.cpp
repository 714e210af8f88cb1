// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/device_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const auto path = uefi::DevicePath::parse(std::as_bytes(std::span(data, size)));
  if (!path.ok()) return 0;
  // What was parsed is well formed: the firmware's walk over it ends where it does.
  KEDGE_ASSERT(uefi::device_path_bytes(path->raw()).size() == path->bytes().size());
  const auto again = uefi::DevicePath::parse(path->bytes());
  KEDGE_ASSERT(again.ok() && *again == *path);
  (void)format("{}", *path);
  (void)uefi::network_nodes(*path);
  return 0;
}
