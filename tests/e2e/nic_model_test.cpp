// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Our own drivers on every NIC that QEMU emulates.
#include <fmt/format.h>

#include <ostream>

#include "tests/e2e/kedge_boots.h"

namespace kedge::host::e2e {
namespace {

struct NicModel {
  const char* name;      // of the test
  const char* model;     // QEMU's
  const char* driver;    // what Kedge calls its driver
  const char* rom = "";  // "default": QEMU's own (iPXE), whose driver must let the NIC go
};

constexpr NicModel kModels[] = {
    {"E1000", "e1000", "e1000"},
    {"E1000With82544gc", "e1000-82544gc", "e1000"},
    {"E1000With82545em", "e1000-82545em", "e1000"},
    {"E1000e", "e1000e", "e1000e"},
    {"I82559er", "i82559er", "i8255x"},
    {"Vmxnet3WithTheRomOfQemu", "vmxnet3", "vmxnet3", "default"},
};

void PrintTo(const NicModel& value, std::ostream* out) {
  *out << value.name;
}

class NicModelTest : public KedgeBoots, public testing::WithParamInterface<NicModel> {
 protected:
  // A machine with the NIC, and Kedge on its disk.
  MachineSpec machine_with_nic(const std::string& script) {
    const auto application = dist("x86_64/kedge.efi");
    MachineSpec spec = machine();
    add_nic(spec, {.model = GetParam().model, .rom = GetParam().rom});
    add_boot_disk(spec, application, script);
    return spec;
  }
  Pattern named_driver() {
    return *Pattern::compile(fmt::format("net0: [0-9a-f:]+ {} ", GetParam().driver));
  }
};

INSTANTIATE_TEST_SUITE_P(Of, NicModelTest, testing::ValuesIn(kModels),
                         [](const auto& info) { return info.param.name; });

TEST_P(NicModelTest, BootsOverHttpWithOurOwnDriver) {
  const auto* files = payload();
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  const MachineSpec spec = machine_with_nic(payload_script(*files, http_url("")));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(named_driver());
  expect_proof(*files);
}

}  // namespace
}  // namespace kedge::host::e2e
