// SPDX-License-Identifier: BSD-2-Clause-Patent
// Whole boots of the option ROM on a fake firmware: what is on offer, and what is left afterwards.
#include "app/rom_policy.h"

#include <gtest/gtest.h>

#include "tests/fake/fw_cfg.h"
#include "tests/fake/link_device.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/driver_binding.h"

namespace kedge::app {
namespace {

constexpr driver::PciId kIds[] = {{0x1af4, 0x1000}};

unsigned devices_made = 0;

Result<std::unique_ptr<link::Device>> create_device(port::PciDevice& pci,
                                                    driver::Consumer) noexcept {
  KEDGE_CHECK(pci.enable(true));
  ++devices_made;
  auto device = std::make_unique<fake::ScriptedDevice>();
  device->state = link::LinkState::down;  // every boot fails soon
  return std::unique_ptr<link::Device>(std::move(device));
}

constexpr driver::NativeDriver kDrivers[] = {{kIds, create_device}};

struct RomPolicyTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeCpu cpu{fake};
  fake::FakeFwCfg fw_cfg;
  fake::FakePciIo pci{0x1af4, 0x1000, 3};
  uefi::DevicePath pci_path =
      uefi::DevicePath().append_vendor_media(uefi::kGuid<EFI_PCI_IO_PROTOCOL>);
  EFI_HANDLE controller = fake.add_protocol(nullptr, &pci.table.raw);
  RomPolicy policy{fake.firmware(), &fw_cfg, cpu};
  uefi::NicDriverBinding binding{fake.firmware(), kDrivers, &policy};
  EFI_DRIVER_BINDING_PROTOCOL* raw = nullptr;
  uefi::DevicePath end;

  RomPolicyTest() {
    devices_made = 0;
    cpu.known_hz = 2'500'000'000;
    cpu.read_cost_ns = 1'000'000;  // waiting for a link takes fewer turns
    cpu.next_random = [] { return std::optional<std::uint64_t>(0x1234567890abcdef); };
    fake.add_protocol(controller, pci_path.raw());
    EXPECT_TRUE(binding.install().ok());
    raw = get<EFI_DRIVER_BINDING_PROTOCOL>(fake.firmware().image().raw());
    fake.on_disconnect = [this](EFI_HANDLE handle, EFI_HANDLE) {
      return handle == controller ? raw->Stop(raw, handle, 0, nullptr) : EFI_SUCCESS;
    };
    fw_cfg.add("opt/org.kedge/failure-timeout", "0");
  }
  ~RomPolicyTest() override {
    EXPECT_EQ(binding.unload(), EFI_SUCCESS);
    EXPECT_EQ(fake.event_count(), 1U) << "the driver's, for the end of boot services";
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(fake.pages_in_use(), 0U);
    EXPECT_TRUE(fake.violations.empty());
  }
  template <class P>
  P* get(EFI_HANDLE handle) {
    return static_cast<P*>(fake.interface(handle, uefi::kGuid<P>));
  }
  template <class P>
  EFI_HANDLE only() {
    const auto found = fake.firmware().locate<P>();
    EXPECT_LE(found.size(), 1U);
    return found.empty() ? nullptr : found.front().raw();
  }
  EFI_HANDLE network() { return only<EFI_SIMPLE_NETWORK_PROTOCOL>(); }
  EFI_HANDLE boot_option() { return only<EFI_LOAD_FILE_PROTOCOL>(); }
  void start(std::string_view personality) {
    fw_cfg.add("opt/org.kedge/personality", std::string(personality));
    ASSERT_EQ(raw->Start(raw, controller, nullptr), EFI_SUCCESS);
    EXPECT_TRUE(fake.printed.empty()) << "nothing is printed before a boot";
  }
  EFI_STATUS boot() {
    auto* file = get<EFI_LOAD_FILE_PROTOCOL>(boot_option());
    UINTN bytes = 0;
    return file->LoadFile(file, end.raw(), TRUE, &bytes, nullptr);
  }
};

TEST_F(RomPolicyTest, DriverOffersSimpleNetworkAndSaysNothing) {
  fw_cfg.add("opt/org.kedge/url", "malformed");
  start("driver");
  EXPECT_NE(network(), nullptr);
  EXPECT_EQ(boot_option(), nullptr);
  EXPECT_EQ(only<EFI_VLAN_CONFIG_PROTOCOL>(), nullptr) << "the firmware's stack has one";
}

TEST_F(RomPolicyTest, TakeoverOffersOurBoot) {
  start("takeover");
  EXPECT_EQ(network(), nullptr);
  EXPECT_NE(boot_option(), nullptr);
  EXPECT_NE(only<EFI_VLAN_CONFIG_PROTOCOL>(), nullptr);
}

TEST_F(RomPolicyTest, BothOffersBoth) {
  start("both");
  EXPECT_NE(network(), nullptr);
  EXPECT_NE(boot_option(), nullptr);
  EXPECT_EQ(only<EFI_VLAN_CONFIG_PROTOCOL>(), nullptr) << "the firmware's stack has one";
}

TEST_F(RomPolicyTest, AFailedBootGivesEverythingBackHoweverOften) {
  start("both");
  const std::size_t handles = fake.handle_count();
  const std::size_t events = fake.event_count();
  const std::size_t opens = fake.open_count(fake.firmware().image().raw());
  for (int i = 0; i < 3; ++i) {
    const unsigned before = devices_made;
    fake.printed.clear();
    fake.connected.clear();
    EXPECT_EQ(boot(), EFI_NO_MEDIA);
    EXPECT_NE(fake.printed.find("Boot failed"), std::string::npos) << fake.printed;
    EXPECT_EQ(devices_made, before + 2) << "one for our stack, one for the firmware's";
    ASSERT_NE(network(), nullptr);
    EXPECT_EQ(fake.connected, std::vector<EFI_HANDLE>{network()});
    EXPECT_EQ(fake.handle_count(), handles);
    EXPECT_EQ(fake.event_count(), events);
    EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), opens);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(fake.pages_in_use(), 0U);
  }
}

TEST_F(RomPolicyTest, AFailedTakeoverLeavesTheNicToNobody) {
  start("takeover");
  EXPECT_EQ(boot(), EFI_NO_MEDIA);
  EXPECT_EQ(network(), nullptr);
  EXPECT_TRUE(fake.connected.empty());
  EXPECT_EQ(boot(), EFI_NO_MEDIA);
}

TEST_F(RomPolicyTest, ScriptAndSettingsReachTheSession) {
  fw_cfg.add("opt/org.kedge/greeting", "hello");
  fw_cfg.add("opt/org.kedge/script", "echo ${greeting} ${net0/mac} && exit 0");
  start("takeover");
  EXPECT_EQ(boot(), EFI_ABORTED);
  EXPECT_NE(fake.printed.find("hello 52:54:00:12:34:56"), std::string::npos) << fake.printed;
}

TEST_F(RomPolicyTest, WhatIsMalformedIsNamedWhenKedgeBoots) {
  fw_cfg.add("opt/org.kedge/url", "malformed");
  fw_cfg.add("opt/org.kedge/net0:nonsense", "1");
  fw_cfg.add("opt/org.kedge/script", "exit 0");
  start("takeover");
  EXPECT_EQ(boot(), EFI_ABORTED);
  EXPECT_NE(fake.printed.find("fw_cfg file url: the boot URL is not an absolute URL"),
            std::string::npos)
      << fake.printed;
  EXPECT_NE(fake.printed.find("fw_cfg file net0:nonsense: "), std::string::npos) << fake.printed;
}

TEST_F(RomPolicyTest, VlanConfigStandsOnTheHandleWithTheNicsPathAndGoesWithIt) {
  start("takeover");
  const EFI_HANDLE child = only<EFI_VLAN_CONFIG_PROTOCOL>();
  auto* path = get<EFI_DEVICE_PATH_PROTOCOL>(child);
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(uefi::network_nodes(uefi::DevicePath::copy(path)).mac,
            wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  EXPECT_EQ(boot(), EFI_NO_MEDIA);
  EXPECT_EQ(only<EFI_VLAN_CONFIG_PROTOCOL>(), child) << "a boot changes nothing";
  EXPECT_EQ(raw->Stop(raw, controller, 0, nullptr), EFI_SUCCESS);
  EXPECT_EQ(only<EFI_VLAN_CONFIG_PROTOCOL>(), nullptr);
}

TEST_F(RomPolicyTest, ABootTriesEachVlanOfTheOption) {
  fw_cfg.add("opt/org.kedge/vlan", "42:5,0,43");
  fw_cfg.add("opt/org.kedge/script", "echo [${net0/vlan}] && isset ${nothing}");
  start("takeover");
  EXPECT_TRUE(EFI_ERROR(boot()));
  const std::size_t first = fake.printed.find(", VLAN 42:5");
  const std::size_t second = fake.printed.find("The NIC's next VLAN is 0");
  const std::size_t third = fake.printed.find("The NIC's next VLAN is 43");
  EXPECT_LT(first, second) << fake.printed;
  EXPECT_LT(second, third) << fake.printed;
  EXPECT_LT(fake.printed.find("[42]"), fake.printed.find("[]"));
  EXPECT_LT(fake.printed.find("[]"), fake.printed.find("[43]"));
  // Once, at the end.
  const std::size_t back = fake.printed.find("Returning to the firmware");
  EXPECT_LT(third, back);
  EXPECT_EQ(fake.printed.find("Returning to the firmware", back + 1), std::string::npos);
}

TEST_F(RomPolicyTest, ABootThatEndsWellIsTheLast) {
  fw_cfg.add("opt/org.kedge/vlan", "42,43");
  fw_cfg.add("opt/org.kedge/script", "exit 0");
  start("takeover");
  EXPECT_EQ(boot(), EFI_ABORTED);
  EXPECT_EQ(fake.printed.find("next VLAN"), std::string::npos) << fake.printed;
}

TEST_F(RomPolicyTest, WithoutTheOptionTheVlansThatTheMachineRemembersCount) {
  fw_cfg.add("opt/org.kedge/script", "echo [${net0/vlan}] && exit 0");
  start("takeover");
  auto* vlans = get<EFI_VLAN_CONFIG_PROTOCOL>(only<EFI_VLAN_CONFIG_PROTOCOL>());
  EXPECT_EQ(vlans->Set(vlans, 100, 0), EFI_SUCCESS);
  EXPECT_EQ(boot(), EFI_ABORTED);
  EXPECT_NE(fake.printed.find("[100]"), std::string::npos) << fake.printed;
  fake.printed.clear();
  fw_cfg.add("opt/org.kedge/vlan", "0");
  EXPECT_EQ(boot(), EFI_ABORTED);
  EXPECT_NE(fake.printed.find("[]"), std::string::npos) << fake.printed;
  EXPECT_EQ(vlans->Remove(vlans, 100), EFI_SUCCESS);
}

TEST_F(RomPolicyTest, AStackThatDoesNotLetGoKeepsItsNic) {
  start("both");
  const EFI_HANDLE held = network();
  fake.add_open(held, uefi::kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, fake.add_handle(), held,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  EXPECT_EQ(boot(), EFI_DEVICE_ERROR);
  EXPECT_EQ(network(), held);
  EXPECT_NE(fake.printed.find("NIC 52:54:00:12:34:56: "), std::string::npos) << fake.printed;
  fake.opens(held, uefi::kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>).clear();
  EXPECT_EQ(boot(), EFI_NO_MEDIA);
}

}  // namespace
}  // namespace kedge::app
