// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/driver_binding.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/fake/link_device.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/undi.h"

namespace kedge::uefi {
namespace {

constexpr driver::PciId kIds[] = {{0x1af4, 0x1000}};

// What the driver's function, which has no object, works with.
struct DriverState {
  bool fails = false;
  bool device_is_gone = false;
  fake::ScriptedDevice* device = nullptr;
};
DriverState driver_state;

Result<std::unique_ptr<link::Device>> create_device(port::PciDevice& pci,
                                                    driver::Consumer) noexcept {
  KEDGE_CHECK(pci.enable(true));
  if (driver_state.fails) {
    return fail(err::uefi_pci_access);
  }
  auto device = std::make_unique<fake::ScriptedDevice>();
  device->destroyed = &driver_state.device_is_gone;
  driver_state.device = device.get();
  driver_state.device_is_gone = false;
  return std::unique_ptr<link::Device>(std::move(device));
}

constexpr driver::NativeDriver kDrivers[] = {{kIds, create_device}};
constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

struct NicDriverBindingTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakePciIo pci{0x1af4, 0x1000, 3};
  fake::FakePciIo other_pci{0x8086, 0x100e, 4};
  DevicePath pci_path = DevicePath().append_vendor_media(kGuid<EFI_PCI_IO_PROTOCOL>);
  EFI_HANDLE controller = fake.add_protocol(nullptr, &pci.table.raw);
  EFI_HANDLE other_controller = fake.add_protocol(nullptr, &other_pci.table.raw);
  EFI_HANDLE image = fake.firmware().image().raw();
  std::unique_ptr<NicDriverBinding> binding;
  EFI_DRIVER_BINDING_PROTOCOL* raw = nullptr;
  EFI_COMPONENT_NAME2_PROTOCOL* names = nullptr;

  NicDriverBindingTest() {
    driver_state = {};
    fake.add_protocol(controller, pci_path.raw());
    pci.attributes = 0x5;
    binding = std::make_unique<NicDriverBinding>(fake.firmware(), kDrivers);
    EXPECT_TRUE(binding->install().ok());
    raw = get<EFI_DRIVER_BINDING_PROTOCOL>(image);
    names = get<EFI_COMPONENT_NAME2_PROTOCOL>(image);
    fake.on_disconnect = [this](EFI_HANDLE handle, EFI_HANDLE) {
      EFI_HANDLE children[] = {child()};
      if (children[0] != nullptr) {
        const EFI_STATUS status = raw->Stop(raw, handle, 1, children);
        if (EFI_ERROR(status)) return status;
      }
      return raw->Stop(raw, handle, 0, nullptr);
    };
    handles_ = fake.handle_count();
  }
  ~NicDriverBindingTest() override {
    if (binding != nullptr) {
      EXPECT_EQ(binding->unload(), EFI_SUCCESS);
      expect_nothing_is_left();
      EXPECT_EQ(get<EFI_DRIVER_BINDING_PROTOCOL>(image), nullptr);
      EXPECT_EQ(get<EFI_COMPONENT_NAME2_PROTOCOL>(image), nullptr);
    }
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_TRUE(fake.printed.empty());
  }
  template <class P>
  P* get(EFI_HANDLE handle) {
    return static_cast<P*>(fake.interface(handle, kGuid<P>));
  }
  /// The handle that our Simple Network is on.
  EFI_HANDLE child() {
    const auto found = fake.firmware().locate<EFI_SIMPLE_NETWORK_PROTOCOL>();
    return found.empty() ? nullptr : found.front().raw();
  }
  void expect_nothing_is_left() {
    EXPECT_EQ(child(), nullptr);
    EXPECT_EQ(fake.open_count(image), 0U);
    EXPECT_EQ(fake.event_count(), 1U) << "the driver's, for the end of boot services";
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(pci.buffers, 0U);
    EXPECT_EQ(pci.attributes, 0x5U);
    EXPECT_TRUE(driver_state.device == nullptr || driver_state.device_is_gone);
    EXPECT_TRUE(fake.violations.empty());
  }
  EFI_STATUS supported(EFI_HANDLE handle, EFI_DEVICE_PATH_PROTOCOL* remaining = nullptr) {
    return raw->Supported(raw, handle, remaining);
  }
  EFI_STATUS start(EFI_DEVICE_PATH_PROTOCOL* remaining = nullptr) {
    return raw->Start(raw, controller, remaining);
  }
  EFI_STATUS stop() { return fake.on_disconnect(controller, image); }
  void hold_child() {
    fake.add_open(child(), kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, fake.add_handle(), child(),
                  EFI_OPEN_PROTOCOL_BY_DRIVER);
  }

 private:
  std::size_t handles_ = 0;
};

TEST_F(NicDriverBindingTest, TheVersionIsThatOfAnIndependentVendorAboveTheFirmwares) {
  EXPECT_GT(raw->Version, 0x10U);
  EXPECT_LT(raw->Version, 0xfffffff0U);
  EXPECT_EQ(raw->ImageHandle, image);
  EXPECT_EQ(raw->DriverBindingHandle, image);
  auto* version = get<EFI_DRIVER_SUPPORTED_EFI_VERSION_PROTOCOL>(image);
  ASSERT_NE(version, nullptr);
  EXPECT_EQ(version->Length, 8U);
}

TEST_F(NicDriverBindingTest, SupportedAcceptsOnlyOurDevicesAndLeavesNothingBehind) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(supported(controller), EFI_SUCCESS);
    EXPECT_EQ(supported(other_controller), EFI_UNSUPPORTED);
    EXPECT_EQ(supported(fake.console_in_handle), EFI_UNSUPPORTED);
  }
  EXPECT_EQ(raw->Supported(nullptr, controller, nullptr), EFI_INVALID_PARAMETER);
  expect_nothing_is_left();
}

TEST_F(NicDriverBindingTest, SupportedSaysWhoHasTheDevice) {
  const EFI_HANDLE driver = fake.add_handle();
  fake.add_open(controller, kGuid<EFI_PCI_IO_PROTOCOL>, driver, controller,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  EXPECT_EQ(supported(controller), EFI_ACCESS_DENIED);
  EXPECT_EQ(start(), EFI_DEVICE_ERROR);
  expect_nothing_is_left();
  fake.opens(controller, kGuid<EFI_PCI_IO_PROTOCOL>).clear();
  EXPECT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(supported(controller), EFI_ALREADY_STARTED);
  EXPECT_EQ(start(), EFI_ALREADY_STARTED);
}

TEST_F(NicDriverBindingTest, StartMakesACompleteChild) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  ASSERT_NE(child(), nullptr);
  const DevicePath path = DevicePath::copy(get<EFI_DEVICE_PATH_PROTOCOL>(child()));
  EXPECT_EQ(path, DevicePath(pci_path).append_mac(kMac));
  EXPECT_NE(get<EFI_ADAPTER_INFORMATION_PROTOCOL>(child()), nullptr);
  const auto& opens = fake.opens(controller, kGuid<EFI_PCI_IO_PROTOCOL>);
  ASSERT_EQ(opens.size(), 2U);
  EXPECT_EQ(opens[0].attributes, UINT32{EFI_OPEN_PROTOCOL_BY_DRIVER});
  EXPECT_EQ(opens[0].controller, controller);
  EXPECT_EQ(opens[1].attributes, UINT32{EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER});
  EXPECT_EQ(opens[1].controller, child());
  EXPECT_FALSE(driver_state.device->running);
}

TEST_F(NicDriverBindingTest, StartAndStopCanBeRepeated) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(start(), EFI_SUCCESS);
    auto* snp = get<EFI_SIMPLE_NETWORK_PROTOCOL>(child());
    ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
    ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
    // Whoever used it has not shut it down.
    ASSERT_EQ(stop(), EFI_SUCCESS);
    expect_nothing_is_left();
  }
}

TEST_F(NicDriverBindingTest, StartFailsCleanlyAtEveryPoint) {
  struct Point {
    fake::Call call;
    unsigned count;
  };
  // Events: packet, negotiation. Protocols: path, information, network. Opened: a look at the
  // ids, the function, a look at the path, the function for the child.
  for (const Point& point :
       {Point{fake::Call::create_event, 2}, Point{fake::Call::install_protocol, 3},
        Point{fake::Call::open_protocol, 4}}) {
    for (unsigned skip = 0; skip < point.count; ++skip) {
      fake.fail(point.call, EFI_OUT_OF_RESOURCES, skip);
      EXPECT_NE(start(), EFI_SUCCESS) << static_cast<int>(point.call) << " " << skip;
      expect_nothing_is_left();
    }
  }
  driver_state.fails = true;
  EXPECT_EQ(start(), EFI_DEVICE_ERROR);
  expect_nothing_is_left();
  driver_state.fails = false;
  EXPECT_EQ(start(), EFI_SUCCESS);
}

TEST_F(NicDriverBindingTest, AHandleThatCannotBeTakenBackStaysOursUntilTheFirmwareLetsGo) {
  // The path is installed, the network is not, and the path is held.
  for (const bool stops : {true, false}) {
    fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, 1);
    fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
    EXPECT_EQ(start(), EFI_DEVICE_ERROR);
    EXPECT_EQ(child(), nullptr);
    ASSERT_EQ(binding->nic_count(), 1U);
    EXPECT_EQ(fake.open_count(image), 1U) << "the function is ours";
    if (stops) {
      EXPECT_EQ(raw->Stop(raw, controller, 0, nullptr), EFI_SUCCESS);
      expect_nothing_is_left();
      continue;
    }
    EXPECT_EQ(supported(controller), EFI_SUCCESS) << "the child is still to be made";
    EXPECT_EQ(start(), EFI_SUCCESS);
    EXPECT_NE(get<EFI_DEVICE_PATH_PROTOCOL>(child()), nullptr);
    EXPECT_EQ(fake.open_count(image), 2U);
    EXPECT_EQ(supported(controller), EFI_ALREADY_STARTED);
  }
}

TEST_F(NicDriverBindingTest, AControllerThatIsNotOursIsNotStarted) {
  EXPECT_EQ(raw->Start(raw, other_controller, nullptr), EFI_UNSUPPORTED);
  EXPECT_EQ(raw->Stop(raw, other_controller, 0, nullptr), EFI_DEVICE_ERROR);
  expect_nothing_is_left();
}

TEST_F(NicDriverBindingTest, RemainingPathsChooseTheChild) {
  DevicePath end;
  DevicePath own = DevicePath().append_mac(kMac);
  DevicePath wrong = DevicePath().append_mac(wire::MacAddress({2, 0, 0, 0, 0, 1}));
  DevicePath foreign = DevicePath().append_file("x");
  EXPECT_EQ(supported(controller, own.raw()), EFI_SUCCESS);
  EXPECT_EQ(supported(controller, end.raw()), EFI_SUCCESS);
  EXPECT_EQ(supported(controller, foreign.raw()), EFI_UNSUPPORTED);
  EXPECT_EQ(start(wrong.raw()), EFI_UNSUPPORTED);
  EXPECT_EQ(start(foreign.raw()), EFI_UNSUPPORTED);
  expect_nothing_is_left();
  // None now, and the child later.
  EXPECT_EQ(start(end.raw()), EFI_SUCCESS);
  EXPECT_EQ(child(), nullptr);
  EXPECT_EQ(supported(controller, end.raw()), EFI_ALREADY_STARTED);
  EXPECT_EQ(supported(controller, wrong.raw()), EFI_UNSUPPORTED);
  EXPECT_EQ(supported(controller, own.raw()), EFI_SUCCESS);
  EXPECT_EQ(start(own.raw()), EFI_SUCCESS);
  EXPECT_NE(child(), nullptr);
}

TEST_F(NicDriverBindingTest, StopRefusesForeignChildren) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  EFI_HANDLE children[] = {child(), other_controller};
  EXPECT_EQ(raw->Stop(raw, controller, 2, children), EFI_DEVICE_ERROR);
  EXPECT_EQ(raw->Stop(raw, controller, 1, nullptr), EFI_DEVICE_ERROR);
  EXPECT_NE(child(), nullptr);
}

TEST_F(NicDriverBindingTest, AChildThatWasLeftRunningIsStoppedWithItsHandle) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  auto* snp = get<EFI_SIMPLE_NETWORK_PROTOCOL>(child());
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  EFI_HANDLE children[] = {child()};
  EXPECT_EQ(raw->Stop(raw, controller, 1, children), EFI_SUCCESS);
  EXPECT_EQ(child(), nullptr);
  EXPECT_FALSE(driver_state.device->running);
  EXPECT_EQ(start(), EFI_SUCCESS);
  ASSERT_NE(child(), nullptr);
  EXPECT_EQ(get<EFI_SIMPLE_NETWORK_PROTOCOL>(child())->Mode->State,
            UINT32{EfiSimpleNetworkStopped});
}

TEST_F(NicDriverBindingTest, AChildThatIsHeldStaysAndWorks) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  hold_child();
  const EFI_HANDLE held = child();
  EXPECT_EQ(stop(), EFI_DEVICE_ERROR);
  EXPECT_EQ(binding->unload(), EFI_DEVICE_ERROR);
  EXPECT_EQ(child(), held);
  EXPECT_EQ(fake.open_count(image), 2U);
  auto* snp = get<EFI_SIMPLE_NETWORK_PROTOCOL>(held);
  EXPECT_EQ(snp->Start(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  fake.opens(held, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>).clear();
  EXPECT_EQ(stop(), EFI_SUCCESS);
  expect_nothing_is_left();
}

TEST_F(NicDriverBindingTest, AStopThatFailsHalfwayIsUndone) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  const EFI_HANDLE before = child();
  for (unsigned skip = 0; skip < 3; ++skip) {
    fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED, skip);
    EXPECT_EQ(stop(), EFI_DEVICE_ERROR) << skip;
    EXPECT_EQ(child(), before);
    EXPECT_NE(get<EFI_DEVICE_PATH_PROTOCOL>(before), nullptr);
    EXPECT_NE(get<EFI_ADAPTER_INFORMATION_PROTOCOL>(before), nullptr);
    EXPECT_EQ(fake.open_count(image), 2U);
  }
}

TEST_F(NicDriverBindingTest, ExitBootServicesOnlySilencesTheDevice) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  auto* snp = get<EFI_SIMPLE_NETWORK_PROTOCOL>(child());
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  const std::size_t events = fake.event_count();
  const std::size_t handles = fake.handle_count();
  const std::size_t opens = fake.open_count(image);
  auto* information = get<EFI_ADAPTER_INFORMATION_PROTOCOL>(child());
  const std::size_t pages = fake.pages_in_use();
  const std::size_t pools = fake.pools_in_use();
  {
    const fake::FakeFirmware::NoBootServices none(fake);
    fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  }
  EXPECT_EQ(fake.pages_in_use(), pages);
  EXPECT_EQ(fake.pools_in_use(), pools);
  EXPECT_EQ(driver_state.device->quiesces, 1U);
  EXPECT_EQ(driver_state.device->stops, 0U);
  EXPECT_EQ(fake.event_count(), events);
  EXPECT_EQ(fake.handle_count(), handles);
  EXPECT_EQ(fake.open_count(image), opens);
  EXPECT_EQ(snp->Shutdown(snp), EFI_DEVICE_ERROR);
  EFI_GUID type = EFI_ADAPTER_INFO_MEDIA_STATE_GUID;
  void* block = nullptr;
  UINTN size = 0;
  EXPECT_EQ(information->GetInformation(information, &type, &block, &size), EFI_DEVICE_ERROR);
  {
    const fake::FakeFirmware::NoBootServices none(fake);
    EXPECT_EQ(binding->unload(), EFI_DEVICE_ERROR);
  }
  fake.forget_the_end();
}

TEST_F(NicDriverBindingTest, NamesAreGivenForWhatIsOurs) {
  CHAR8 english[] = "en";
  CHAR8 french[] = "fr";
  CHAR16* name = nullptr;
  EXPECT_STREQ(names->SupportedLanguages, "en");
  EXPECT_EQ(names->GetDriverName(names, english, &name), EFI_SUCCESS);
  EXPECT_EQ(names->GetDriverName(names, nullptr, &name), EFI_INVALID_PARAMETER);
  EXPECT_EQ(names->GetDriverName(names, english, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(names->GetDriverName(names, french, &name), EFI_UNSUPPORTED);
  EXPECT_EQ(names->GetDriverName(nullptr, english, &name), EFI_INVALID_PARAMETER);
  // What the conformance tests call unsupported when "en" is all there is.
  for (const char* other : {"enus", "en-US", "eng", "da-DE", "zh-CN", "ja", ""}) {
    CHAR8 language[8] = {};
    std::strncpy(language, other, sizeof(language) - 1);
    EXPECT_EQ(names->GetDriverName(names, language, &name), EFI_UNSUPPORTED) << other;
    EXPECT_EQ(names->GetControllerName(names, controller, nullptr, language, &name),
              EFI_UNSUPPORTED)
        << other;
  }
  const auto controller_name = [&](EFI_HANDLE handle, EFI_HANDLE of_child, CHAR8* language) {
    return names->GetControllerName(names, handle, of_child, language, &name);
  };
  EXPECT_EQ(controller_name(controller, nullptr, english), EFI_UNSUPPORTED);
  ASSERT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(controller_name(controller, nullptr, english), EFI_SUCCESS);
  EXPECT_EQ(controller_name(controller, child(), english), EFI_SUCCESS);
  EXPECT_EQ(controller_name(controller, other_controller, english), EFI_UNSUPPORTED);
  EXPECT_EQ(controller_name(other_controller, nullptr, english), EFI_UNSUPPORTED);
  EXPECT_EQ(controller_name(nullptr, nullptr, english), EFI_INVALID_PARAMETER);
  EXPECT_EQ(controller_name(controller, nullptr, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(controller_name(controller, nullptr, french), EFI_UNSUPPORTED);
  EXPECT_EQ(names->GetControllerName(names, controller, nullptr, english, nullptr),
            EFI_INVALID_PARAMETER);
}

TEST_F(NicDriverBindingTest, UnloadLetsGoOfAllNics) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  EXPECT_EQ(binding->nic_count(), 1U);
  EXPECT_EQ(binding->unload(), EFI_SUCCESS);
  EXPECT_EQ(binding->nic_count(), 0U);
  expect_nothing_is_left();
}

struct NicWithUndi : NicDriverBindingTest {
  using Nii = EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL;
  NicWithUndi() {
    EXPECT_EQ(binding->unload(), EFI_SUCCESS);
    binding = std::make_unique<NicDriverBinding>(fake.firmware(), kDrivers, nullptr, &Undi::create);
    EXPECT_TRUE(binding->install().ok());
    raw = get<EFI_DRIVER_BINDING_PROTOCOL>(image);
  }
  ~NicWithUndi() override {
    EXPECT_TRUE(fake.firmware().locate<Nii>().empty() || binding->nic_count() != 0);
  }
  /// It is there, and only we hold it.
  void expect_held(EFI_HANDLE handle) {
    ASSERT_NE(get<Nii>(handle), nullptr);
    const auto& opens = fake.opens(handle, kGuid<Nii>);
    ASSERT_EQ(opens.size(), 1U);
    EXPECT_EQ(opens[0].agent, image);
    EXPECT_EQ(opens[0].controller, handle);
    EXPECT_EQ(opens[0].attributes, UINT32{EFI_OPEN_PROTOCOL_BY_DRIVER});
    // What edk2's driver for it asks first.
    void* interface = nullptr;
    const EFI_HANDLE driver = fake.add_handle();
    EXPECT_EQ(fake.firmware().boot().OpenProtocol(handle, guid_pointer<Nii>(), &interface, driver,
                                                  handle, EFI_OPEN_PROTOCOL_BY_DRIVER),
              EFI_ACCESS_DENIED);
  }
};

TEST_F(NicWithUndi, NiiIsOnTheChildAndHeldByOurselves) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  expect_held(child());
  EXPECT_EQ(fake.open_count(image), 3U);
  EXPECT_EQ(stop(), EFI_SUCCESS);
  expect_nothing_is_left();
}

TEST_F(NicWithUndi, AStopThatFailsHalfwayIsUndone) {
  ASSERT_EQ(start(), EFI_SUCCESS);
  const EFI_HANDLE before = child();
  for (unsigned skip = 0; skip < 4; ++skip) {
    fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED, skip);
    EXPECT_EQ(stop(), EFI_DEVICE_ERROR) << skip;
    EXPECT_EQ(child(), before);
    EXPECT_NE(get<EFI_ADAPTER_INFORMATION_PROTOCOL>(before), nullptr);
    expect_held(before);
  }
}

TEST_F(NicDriverBindingTest, InstallFailsCleanly) {
  ASSERT_EQ(binding->unload(), EFI_SUCCESS);
  binding.reset();
  EXPECT_EQ(fake.event_count(), 0U);
  for (unsigned skip = 0; skip < 4; ++skip) {
    NicDriverBinding second(fake.firmware(), kDrivers);
    if (skip == 3) {
      fake.fail(fake::Call::create_event, EFI_OUT_OF_RESOURCES);
    } else {
      fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, skip);
    }
    EXPECT_FALSE(second.install().ok());
    EXPECT_EQ(fake.event_count(), 0U) << "nobody destroys what the firmware throws away";
    EXPECT_EQ(get<EFI_DRIVER_BINDING_PROTOCOL>(image), nullptr);
    EXPECT_EQ(get<EFI_COMPONENT_NAME2_PROTOCOL>(image), nullptr);
  }
}

}  // namespace
}  // namespace kedge::uefi
