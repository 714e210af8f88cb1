// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The application's own drivers on every NIC that QEMU emulates. CMakeLists.txt says which of them
// `make test` boots; there, the option ROMs boot one of each driver (rom_boot_test.cpp).
#include <fmt/format.h>

#include <ostream>

#include "tests/e2e/kedge_boots.h"

namespace kedge::host::e2e {
namespace {

enum class Qemu : std::uint8_t {
  installed,
  newer,
};

enum class Link : std::uint8_t { up, down };

struct NicModel {
  const char* name;      // of the test
  const char* model;     // QEMU's
  const char* driver;    // what Kedge calls its driver
  const char* rom = "";  // "default": QEMU's own (iPXE), whose driver must let the NIC go
  Qemu qemu = Qemu::installed;
};

constexpr NicModel kE1000{"E1000", "e1000", "e1000"};
constexpr NicModel kE1000e{"E1000e", "e1000e", "e1000e"};
constexpr NicModel kIgb{"Igb", "igb", "igb", "", Qemu::newer};
constexpr NicModel kVmxnet3{"Vmxnet3WithTheRomOfQemu", "vmxnet3", "vmxnet3", "default"};
constexpr NicModel kRtl8139{"Rtl8139WithTheRomOfQemu", "rtl8139", "rtl8139", "default"};

constexpr NicModel kModels[] = {
    kE1000,
    {"E1000With82544gc", "e1000-82544gc", "e1000"},
    {"E1000With82545em", "e1000-82545em", "e1000"},
    kE1000e,
    kIgb,
    {"I82559er", "i82559er", "i8255x"},
    {"Tulip", "tulip", "tulip"},
    kVmxnet3,
    {"Ne2kPci", "ne2k_pci", "ne2k_pci"},
    {"Pcnet", "pcnet", "pcnet"},
    kRtl8139,
    {"I82550", "i82550", "i8255x"},
    {"I82551", "i82551", "i8255x"},
    {"I82557a", "i82557a", "i8255x"},
    {"I82557b", "i82557b", "i8255x"},
    {"I82557c", "i82557c", "i8255x"},
    {"I82558a", "i82558a", "i8255x"},
    {"I82558b", "i82558b", "i8255x"},
    {"I82559a", "i82559a", "i8255x"},
    {"I82559b", "i82559b", "i8255x"},
    {"I82559c", "i82559c", "i8255x"},
    {"I82562", "i82562", "i8255x"},
    {"I82801", "i82801", "i8255x"},
};

void PrintTo(const NicModel& value, std::ostream* out) {
  *out << value.name;
}

class NicModelTest : public KedgeBoots, public testing::WithParamInterface<NicModel> {
 protected:
  // A machine with the NIC, and Kedge on its disk.
  MachineSpec machine_with_nic(const std::string& script, Link link = Link::up) {
    const auto application = dist("x86_64/kedge.efi");
    MachineSpec spec = machine();
    if (GetParam().qemu == Qemu::newer) use_newer_qemu(spec);
    add_nic(spec, {.model = GetParam().model, .rom = GetParam().rom, .link_up = link == Link::up});
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

class NicLinkTest : public NicModelTest {};

INSTANTIATE_TEST_SUITE_P(Of, NicLinkTest,
                         testing::Values(kE1000, kE1000e, kIgb, kRtl8139, kVmxnet3),
                         [](const auto& info) { return info.param.name; });

TEST_P(NicLinkTest, BootsWhenTheLinkComesUpLater) {
  const auto* files = payload();
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  const MachineSpec spec = machine_with_nic(payload_script(*files, http_url("")), Link::down);
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console("waiting for link");
  E2E_ASSERT_OK(vm().set_link(0, true));
  expect_proof(*files);
}

}  // namespace
}  // namespace kedge::host::e2e
