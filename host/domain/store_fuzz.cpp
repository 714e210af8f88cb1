// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any variable store is read or refused, and what is in it decodes to text of bounded size. Any
// firmware image's volumes are gone through.
#include "base/assert.h"
#include "domain/device_path.h"
#include "domain/firmware_image.h"
#include "domain/qcow2.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView file = std::as_bytes(std::span(data, size));
  (void)read_firmware_image(file);
  (void)format_device_path(file);
  if (is_qcow2(file)) return 0;  // has a target of its own, with a smaller limit
  const auto store = parse_variable_store(file);
  if (!store) {
    KEDGE_ASSERT(!store.error().what.empty());
    return 0;
  }
  KEDGE_ASSERT(store->variables.size() <= kVariablesMax);
  for (const BootOption& option : boot_options(*store)) KEDGE_ASSERT(!option.text().empty());
  for (const EfiVariable& variable : store->variables) {
    (void)parse_boot_option(0, as_byte_view(variable.data)).text();
  }
  return 0;
}
