// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/assert.h"
#include "tests/fake/fw_cfg.h"
#include "tests/fake/uefi.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  fake::FakeFirmware firmware;
  fake::FakeFwCfg device;
  device.add("opt/org.kedge/url", "http://192.0.2.1/");
  device.directory.assign(reinterpret_cast<const char*>(data), size);
  auto fw_cfg = uefi::FwCfg::open(firmware.firmware(), &device);
  KEDGE_ASSERT(fw_cfg.has_value());
  for (const uefi::FwCfg::File& file : fw_cfg->list("opt/")) {
    KEDGE_ASSERT(file.name.size() <= 56);
    KEDGE_ASSERT(fw_cfg->read(file, 1000).size() <= 1000);
  }
  return 0;
}
