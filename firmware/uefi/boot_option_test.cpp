// SPDX-License-Identifier: BSD-2-Clause-Patent
// Boot options beside Simple Network, through the driver binding.
#include "uefi/boot_option.h"

#include <gtest/gtest.h>

#include "tests/fake/link_device.h"
#include "tests/fake/nic_policy.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/boot_name.h"
#include "uefi/driver_binding.h"

namespace kedge::uefi {
namespace {

constexpr driver::PciId kIds[] = {{0x1af4, 0x1000}};
constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

struct DriverState {
  bool fails = false;
  unsigned devices = 0;
  std::vector<driver::Consumer> consumers;
  fake::ScriptedDevice* device = nullptr;
};
DriverState driver_state;

class CountedDevice final : public fake::ScriptedDevice {
 public:
  CountedDevice() { ++driver_state.devices; }
  ~CountedDevice() override { --driver_state.devices; }
};

Result<std::unique_ptr<link::Device>> create_device(port::PciDevice& pci,
                                                    driver::Consumer consumer) noexcept {
  KEDGE_CHECK(pci.enable(true));
  if (driver_state.fails) return fail(err::uefi_pci_access);
  driver_state.consumers.push_back(consumer);
  auto device = std::make_unique<CountedDevice>();
  driver_state.device = device.get();
  return std::unique_ptr<link::Device>(std::move(device));
}

constexpr driver::NativeDriver kDrivers[] = {{kIds, create_device}};

struct BootOptionTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakePciIo pci{0x1af4, 0x1000, 3};
  DevicePath pci_path = DevicePath().append_vendor_media(kGuid<EFI_PCI_IO_PROTOCOL>);
  EFI_HANDLE controller = fake.add_protocol(nullptr, &pci.table.raw);
  EFI_HANDLE image = fake.firmware().image().raw();
  fake::FakePolicy policy{fake.firmware(), {.simple_network = false, .boot_option = true}};
  std::unique_ptr<NicDriverBinding> binding;
  EFI_DRIVER_BINDING_PROTOCOL* raw = nullptr;
  std::size_t handles = 0;
  DevicePath end;

  BootOptionTest() {
    driver_state = {};
    fake.add_protocol(controller, pci_path.raw());
    binding = std::make_unique<NicDriverBinding>(fake.firmware(), kDrivers, &policy);
    EXPECT_TRUE(binding->install().ok());
    raw = get<EFI_DRIVER_BINDING_PROTOCOL>(image);
    // The firmware stops all children, then the controller.
    fake.on_disconnect = [this](EFI_HANDLE handle, EFI_HANDLE) {
      std::vector<EFI_HANDLE> children;
      for (const auto& open : fake.opens(controller, kGuid<EFI_PCI_IO_PROTOCOL>)) {
        if (open.attributes == EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER) {
          children.push_back(open.controller);
        }
      }
      if (!children.empty()) {
        const EFI_STATUS status = raw->Stop(raw, handle, children.size(), children.data());
        if (EFI_ERROR(status)) return status;
      }
      return raw->Stop(raw, handle, 0, nullptr);
    };
    handles = fake.handle_count();
  }
  ~BootOptionTest() override {
    EXPECT_EQ(binding->unload(), EFI_SUCCESS);
    --handles;  // the image's, which had only the binding's protocols
    expect_nothing_is_left();
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_TRUE(fake.printed.empty());
  }
  template <class P>
  P* get(EFI_HANDLE handle) {
    return static_cast<P*>(fake.interface(handle, kGuid<P>));
  }
  void expect_nothing_is_left() {
    EXPECT_EQ(fake.handle_count(), handles);
    EXPECT_EQ(fake.open_count(image), 0U);
    EXPECT_EQ(fake.event_count(), 1U) << "the driver's, for the end of boot services";
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(pci.buffers, 0U);
    EXPECT_EQ(driver_state.devices, 0U);
  }
  EFI_STATUS start(EFI_DEVICE_PATH_PROTOCOL* remaining = nullptr) {
    return raw->Start(raw, controller, remaining);
  }
  EFI_STATUS stop() { return fake.on_disconnect(controller, image); }
  template <class P>
  EFI_HANDLE only() {
    const auto found = fake.firmware().locate<P>();
    EXPECT_LE(found.size(), 1U);
    return found.empty() ? nullptr : found.front().raw();
  }
  EFI_HANDLE network() { return only<EFI_SIMPLE_NETWORK_PROTOCOL>(); }
  EFI_HANDLE boot_option() { return only<EFI_LOAD_FILE_PROTOCOL>(); }
  DevicePath boot_path() {
    DevicePath path = pci_path;
    append_boot_option(path, kMac);
    return path;
  }
  DevicePath path_of(EFI_HANDLE handle) {
    return DevicePath::copy(get<EFI_DEVICE_PATH_PROTOCOL>(handle));
  }
  EFI_STATUS load() {
    auto* file = get<EFI_LOAD_FILE_PROTOCOL>(boot_option());
    UINTN bytes = 0;
    return file->LoadFile(file, end.raw(), TRUE, &bytes, nullptr);
  }
};

TEST_F(BootOptionTest, TakeoverOffersOnlyTheBootOption) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(network(), nullptr);
  EXPECT_TRUE(fake.firmware().locate<EFI_ADAPTER_INFORMATION_PROTOCOL>().empty());
  ASSERT_NE(boot_option(), nullptr);
  EXPECT_EQ(path_of(boot_option()), boot_path());
  // The NIC rests: no device that could do DMA.
  EXPECT_EQ(driver_state.devices, 0U);
  EXPECT_EQ(policy.asked, std::vector{kMac});
}

TEST_F(BootOptionTest, BothOffersBothOnHandlesOfTheirOwn) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  ASSERT_NE(network(), nullptr);
  ASSERT_NE(boot_option(), nullptr);
  EXPECT_NE(network(), boot_option());
  EXPECT_EQ(path_of(network()), DevicePath(pci_path).append_mac(kMac));
  EXPECT_EQ(path_of(boot_option()), boot_path());
}

TEST_F(BootOptionTest, DriverOffersNoBootOption) {
  policy.offer = {};
  ASSERT_EQ(start(), EFI_SUCCESS);
  EXPECT_NE(network(), nullptr);
  EXPECT_EQ(boot_option(), nullptr);
}

TEST_F(BootOptionTest, TheNameTellsTheNicInTextAndReadsBack) {
  EXPECT_EQ(boot_option_name(kMac), "MAC:525400123456 Kedge");
  // QEMU's boot order is matched against the beginning of the path's text: ".../MAC".
  EXPECT_EQ(format("{}", boot_path()).substr(format("{}", pci_path).size()),
            "/MAC:525400123456 Kedge");
  DevicePath path;
  append_boot_option(path, kMac);
  EXPECT_EQ(boot_option_mac(path.nodes().front()), kMac);
  DevicePath other = DevicePath().append_file("MAC:525400123456 Kedge");
  EXPECT_FALSE(boot_option_mac(other.nodes().front()).has_value());
  DevicePath mac = DevicePath().append_mac(kMac);
  EXPECT_FALSE(boot_option_mac(mac.nodes().front()).has_value());
}

TEST_F(BootOptionTest, AFirmwareThatConnectsOnlyTheBootOptionsPathStartsTheNic) {
  DevicePath remaining;
  append_boot_option(remaining, kMac);
  EXPECT_EQ(raw->Supported(raw, controller, remaining.raw()), EFI_SUCCESS);
  ASSERT_EQ(start(remaining.raw()), EFI_SUCCESS);
  EXPECT_NE(boot_option(), nullptr);
  EXPECT_EQ(raw->Supported(raw, controller, remaining.raw()), EFI_ALREADY_STARTED);
  ASSERT_EQ(stop(), EFI_SUCCESS);
  DevicePath wrong;
  append_boot_option(wrong, wire::MacAddress({2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(start(wrong.raw()), EFI_UNSUPPORTED);
  expect_nothing_is_left();
}

TEST_F(BootOptionTest, StartsAndStopsCompletely) {
  for (int i = 0; i < 50; ++i) {
    policy.offer.simple_network = i % 2 == 0;
    ASSERT_EQ(start(), EFI_SUCCESS);
    EXPECT_EQ(raw->Supported(raw, controller, nullptr), EFI_ALREADY_STARTED);
    ASSERT_EQ(stop(), EFI_SUCCESS);
    expect_nothing_is_left();
  }
}

TEST_F(BootOptionTest, AStoppedChildCanBeStartedAgainAlone) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  for (int i = 0; i < 2; ++i) {
    EFI_HANDLE one[] = {i == 0 ? boot_option() : network()};
    ASSERT_EQ(raw->Stop(raw, controller, 1, one), EFI_SUCCESS);
    EXPECT_EQ(boot_option() == nullptr, i == 0);
    EXPECT_EQ(network() == nullptr, i == 1);
    EXPECT_EQ(raw->Supported(raw, controller, nullptr), EFI_SUCCESS);
    ASSERT_EQ(start(), EFI_SUCCESS);
    EXPECT_NE(boot_option(), nullptr);
    EXPECT_NE(network(), nullptr);
  }
  EXPECT_EQ(policy.asked, std::vector{kMac});
}

TEST_F(BootOptionTest, StartFailsCleanlyAtEveryPoint) {
  policy.offer.simple_network = true;
  struct Point {
    fake::Call call;
    unsigned count;
  };
  // Protocols: path, information, network; path, load file. Opened: a look at the ids, the
  // function, a look at the path, the function for the child; the same two for the boot option.
  for (const Point& point :
       {Point{fake::Call::create_event, 2}, Point{fake::Call::install_protocol, 5},
        Point{fake::Call::open_protocol, 6}}) {
    for (unsigned skip = 0; skip < point.count; ++skip) {
      fake.fail(point.call, EFI_OUT_OF_RESOURCES, skip);
      EXPECT_NE(start(), EFI_SUCCESS) << static_cast<int>(point.call) << " " << skip;
      expect_nothing_is_left();
    }
  }
  EXPECT_EQ(start(), EFI_SUCCESS);
}

TEST_F(BootOptionTest, ARemovalThatIsRefusedLeavesEverythingUsable) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  for (unsigned skip = 0; skip < 5; ++skip) {
    fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED, skip);
    EXPECT_EQ(stop(), EFI_DEVICE_ERROR) << skip;
    EXPECT_NE(network(), nullptr) << skip;
    // What went before the refusal can be made again.
    const EFI_STATUS again = start();
    EXPECT_TRUE(again == EFI_SUCCESS || again == EFI_ALREADY_STARTED) << skip;
    ASSERT_NE(boot_option(), nullptr) << skip;
    EXPECT_EQ(load(), EFI_ABORTED);
  }
}

TEST_F(BootOptionTest, LoadingRunsOneBootAndNeverYieldsAFile) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(load(), EFI_ABORTED);
  EXPECT_EQ(policy.boots, 1U);
  struct Case {
    ErrorKind kind;
    EFI_STATUS status;
  };
  for (const Case& each :
       {Case{ErrorKind::no_link, EFI_NO_MEDIA}, Case{ErrorKind::timed_out, EFI_NO_RESPONSE},
        Case{ErrorKind::unreachable, EFI_NO_RESPONSE}, Case{ErrorKind::not_found, EFI_NOT_FOUND},
        Case{ErrorKind::cancelled, EFI_ABORTED}, Case{ErrorKind::too_large, EFI_DEVICE_ERROR},
        Case{ErrorKind::denied, EFI_DEVICE_ERROR}}) {
    const ErrorSite site{site_code(each.kind, Module::app, 250), "", ""};
    policy.on_boot = [&](DriverNic&) -> Result<void> { return fail(site); };
    EXPECT_EQ(load(), each.status);
  }
}

TEST_F(BootOptionTest, CallsThatDoNotBootDoNotBoot) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  auto* file = get<EFI_LOAD_FILE_PROTOCOL>(boot_option());
  UINTN bytes = 0;
  DevicePath other = DevicePath().append_file("x");
  EXPECT_EQ(file->LoadFile(file, end.raw(), FALSE, &bytes, nullptr), EFI_UNSUPPORTED);
  EXPECT_EQ(file->LoadFile(file, other.raw(), TRUE, &bytes, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(file->LoadFile(file, nullptr, TRUE, &bytes, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(file->LoadFile(file, end.raw(), TRUE, nullptr, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(file->LoadFile(nullptr, end.raw(), TRUE, &bytes, nullptr), EFI_INVALID_PARAMETER);
  fake.tpl = TPL_CALLBACK;
  EXPECT_EQ(file->LoadFile(file, end.raw(), TRUE, &bytes, nullptr), EFI_DEVICE_ERROR);
  fake.tpl = TPL_APPLICATION;
  EXPECT_EQ(policy.boots, 0U);
}

TEST_F(BootOptionTest, WhileABootRunsItIsNeitherStartedAgainNorStopped) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  policy.on_boot = [&](DriverNic&) -> Result<void> {
    EXPECT_EQ(load(), EFI_DEVICE_ERROR);
    EXPECT_EQ(stop(), EFI_DEVICE_ERROR);
    EXPECT_EQ(binding->unload(), EFI_DEVICE_ERROR);
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  EXPECT_EQ(policy.boots, 1U);
  EXPECT_NE(boot_option(), nullptr);
}

TEST_F(BootOptionTest, TheDeviceGoesFromUserToUser) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    EXPECT_EQ(nic.user(), DriverNic::User::nobody);
    EXPECT_TRUE(nic.give_to(DriverNic::User::own_stack).ok());
    EXPECT_EQ(driver_state.consumers.back(), driver::Consumer::own_stack);
    EXPECT_EQ(network(), nullptr);
    EXPECT_TRUE(nic.device()->start().ok());
    EXPECT_TRUE(nic.give_to(DriverNic::User::simple_network).ok());
    EXPECT_EQ(driver_state.consumers.back(), driver::Consumer::simple_network);
    EXPECT_EQ(driver_state.devices, 1U);
    EXPECT_EQ(path_of(network()), nic.path());
    EXPECT_TRUE(nic.give_to(DriverNic::User::own_stack).ok());
    EXPECT_EQ(network(), nullptr);
    EXPECT_TRUE(nic.give_to(DriverNic::User::nobody).ok());
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  EXPECT_EQ(driver_state.devices, 0U);
}

TEST_F(BootOptionTest, ANetworkThatIsHeldKeepsTheDevice) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  const EFI_HANDLE held = network();
  fake.add_open(held, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, fake.add_handle(), held,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  ++handles;
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    EXPECT_FALSE(nic.give_to(DriverNic::User::own_stack).ok());
    EXPECT_EQ(nic.user(), DriverNic::User::simple_network);
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  auto* snp = get<EFI_SIMPLE_NETWORK_PROTOCOL>(held);
  EXPECT_EQ(snp->Start(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  fake.opens(held, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>).clear();
}

TEST_F(BootOptionTest, WhileOurStackHasTheDeviceTheChildStays) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  EFI_HANDLE children[] = {network()};
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    EXPECT_TRUE(nic.give_to(DriverNic::User::own_stack).ok());
    EXPECT_EQ(raw->Stop(raw, controller, 1, children), EFI_DEVICE_ERROR);
    EXPECT_EQ(nic.child().raw(), children[0]);
    EXPECT_NE(get<EFI_DEVICE_PATH_PROTOCOL>(children[0]), nullptr);
    EXPECT_TRUE(nic.give_to(DriverNic::User::simple_network).ok());
    // Nothing of ours uses it then.
    EXPECT_EQ(raw->Stop(raw, controller, 1, children), EFI_SUCCESS);
    EXPECT_TRUE(nic.give_to(DriverNic::User::nobody).ok());
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  EXPECT_EQ(network(), nullptr);
}

TEST_F(BootOptionTest, WhatAStartedImagesNetworkLeftOnTheChildIsReplaced) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  const EFI_HANDLE child = network();
  EFI_SIMPLE_NETWORK_PROTOCOL retired{};
  EFI_ADAPTER_INFORMATION_PROTOCOL retired_information{};
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    EXPECT_TRUE(nic.give_to(DriverNic::User::own_stack).ok());
    fake.add_protocol(child, &retired);
    fake.add_protocol(child, &retired_information);
    // Somebody still holds it.
    fake.add_open(child, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, child, child,
                  EFI_OPEN_PROTOCOL_BY_DRIVER);
    EXPECT_FALSE(nic.give_to(DriverNic::User::simple_network).ok());
    EXPECT_EQ(nic.user(), DriverNic::User::nobody);
    fake.opens(child, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>).clear();
    EXPECT_TRUE(nic.give_to(DriverNic::User::simple_network).ok());
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  ASSERT_EQ(network(), child);
  EXPECT_NE(get<EFI_SIMPLE_NETWORK_PROTOCOL>(child), &retired);
  EXPECT_NE(get<EFI_ADAPTER_INFORMATION_PROTOCOL>(child), &retired_information);
}

TEST_F(BootOptionTest, AHandleThatCannotBeTakenBackStaysUntilTheFirmwareLetsGo) {
  // Of the boot option: its path is there, LoadFile is not, and the path is held.
  fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, 2);
  fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
  EXPECT_EQ(start(), EFI_DEVICE_ERROR);
  EXPECT_EQ(boot_option(), nullptr);
  EXPECT_EQ(binding->nic_count(), 1U);
  EXPECT_EQ(raw->Stop(raw, controller, 0, nullptr), EFI_SUCCESS);
  expect_nothing_is_left();
  EXPECT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(path_of(boot_option()), boot_path());
}

TEST_F(BootOptionTest, ADeviceThatCannotBeMadeAgainIsNobodys) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    driver_state.fails = true;
    EXPECT_FALSE(nic.give_to(DriverNic::User::own_stack).ok());
    EXPECT_EQ(nic.user(), DriverNic::User::nobody);
    EXPECT_FALSE(nic.give_to(DriverNic::User::simple_network).ok());
    EXPECT_EQ(nic.user(), DriverNic::User::nobody);
    driver_state.fails = false;
    fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, 1);
    EXPECT_FALSE(nic.give_to(DriverNic::User::simple_network).ok());
    EXPECT_EQ(network(), nullptr);
    EXPECT_EQ(driver_state.devices, 0U);
    return {};
  };
  EXPECT_EQ(load(), EFI_ABORTED);
}

TEST_F(BootOptionTest, ExitBootServicesSilencesADeviceOfOurOwnStack) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  DriverNic* running = nullptr;
  policy.on_boot = [&](DriverNic& nic) -> Result<void> {
    running = &nic;
    return nic.give_to(DriverNic::User::own_stack);
  };
  EXPECT_EQ(load(), EFI_ABORTED);
  const std::size_t opens = fake.open_count(image);
  {
    const fake::FakeFirmware::NoBootServices none(fake);
    fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  }
  EXPECT_EQ(driver_state.device->quiesces, 1U);
  EXPECT_EQ(driver_state.device->stops, 0U);
  EXPECT_EQ(fake.open_count(image), opens);
  EXPECT_EQ(load(), EFI_DEVICE_ERROR);
  EXPECT_EQ(policy.boots, 1U);
  fake.forget_the_end();
  EXPECT_TRUE(running->give_to(DriverNic::User::nobody).ok());
}

TEST_F(BootOptionTest, BothChildrenHaveNames) {
  policy.offer.simple_network = true;
  ASSERT_EQ(start(), EFI_SUCCESS);
  auto* names = get<EFI_COMPONENT_NAME2_PROTOCOL>(image);
  CHAR8 english[] = "en";
  CHAR16* of_network = nullptr;
  CHAR16* of_boot = nullptr;
  EXPECT_EQ(names->GetControllerName(names, controller, network(), english, &of_network),
            EFI_SUCCESS);
  EXPECT_EQ(names->GetControllerName(names, controller, boot_option(), english, &of_boot),
            EFI_SUCCESS);
  EXPECT_NE(of_network, of_boot);
}

}  // namespace
}  // namespace kedge::uefi
