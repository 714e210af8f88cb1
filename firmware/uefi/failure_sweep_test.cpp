// SPDX-License-Identifier: BSD-2-Clause-Patent
// Everything a producer does, with each call of a boot service or of PciIo failing once, and with
// each allocation that can fail: whatever then has an error, nothing is left over, nothing is
// called that may not be, and the next attempt works. Its own program, because it replaces operator
// new.
#include <gtest/gtest.h>

#include "tests/fake/failing_heap.h"
#include "tests/fake/link_device.h"
#include "tests/fake/nic_policy.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/boot_option.h"
#include "uefi/driver_binding.h"
#include "uefi/image_starter.h"
#include "uefi/rng_producer.h"
#include "uefi/undi.h"

namespace {

/// Allocations until the one that fails; -1: nobody has met it, or somebody has.
long until_failure = -1;

}  // namespace

bool kedge::fake::allocation_fails() noexcept {
  return until_failure >= 0 && until_failure-- == 0;
}

namespace kedge::uefi {
namespace {

constexpr std::size_t kCallsMax = 500;

constexpr driver::PciId kIds[] = {{0x1af4, 0x1000}};

/// Has memory for DMA from its beginning, and more while it runs.
class DmaDevice final : public fake::ScriptedDevice {
 public:
  DmaDevice(port::PciDevice& pci, std::unique_ptr<port::DmaMemory> first)
      : pci_(pci), first_(std::move(first)) {}
  Result<void> start() noexcept override {
    if (running) return {};
    KEDGE_TRY(ring_, pci_.allocate_dma(4096));
    return ScriptedDevice::start();
  }
  void stop() noexcept override {
    ring_.reset();
    ScriptedDevice::stop();
  }

 private:
  port::PciDevice& pci_;
  std::unique_ptr<port::DmaMemory> first_;
  std::unique_ptr<port::DmaMemory> ring_;
};

Result<std::unique_ptr<link::Device>> create_device(port::PciDevice& pci,
                                                    driver::Consumer) noexcept {
  KEDGE_CHECK(pci.enable(true));
  KEDGE_TRY(auto memory, pci.allocate_dma(8192));
  return std::unique_ptr<link::Device>(std::make_unique<DmaDevice>(pci, std::move(memory)));
}

constexpr driver::NativeDriver kDrivers[] = {{kIds, create_device}};

/// Takes the device and gives it back, to whom it belongs between boots.
Result<void> borrow(DriverNic& nic) {
  Result<void> done = nic.give_to(DriverNic::User::own_stack);
  if (done.ok()) done = nic.device()->start();
  if (nic.device() != nullptr) nic.device()->stop();
  const Result<void> back = nic.give_to(nic.offer().simple_network ? DriverNic::User::simple_network
                                                                   : DriverNic::User::nobody);
  return done.ok() ? back : done;
}

struct FailureSweep : testing::TestWithParam<EFI_TPL> {
  fake::FakeFirmware fake;
  EFI_BOOT_SERVICES& boot = fake.firmware().boot();
  fake::FakePciIo pci{0x1af4, 0x1000, 3};
  DevicePath pci_path = DevicePath().append_vendor_media(kGuid<EFI_PCI_IO_PROTOCOL>);
  EFI_HANDLE controller = fake.add_protocol(nullptr, &pci.table.raw);
  EFI_HANDLE image = fake.firmware().image().raw();
  fake::FakePolicy policy{fake.firmware(), {.simple_network = true, .boot_option = true}};
  std::size_t calls = 0;        // that went wrong in the last run
  std::size_t allocations = 0;  // that could fail

  FailureSweep() {
    policy.on_boot = borrow;
    fake.add_protocol(controller, pci_path.raw());
    pci.bars[0] = {0xfebc0000, 0};
    pci.set_bar(0, 0xfebc0000);
    pci.attributes = 0x5;
  }
  template <class P>
  P* get(EFI_HANDLE handle) {
    return static_cast<P*>(fake.interface(handle, kGuid<P>));
  }
  template <class P>
  P* first() {
    for (const auto handle : handles_of_children()) {
      if (P* found = get<P>(handle)) return found;
    }
    return nullptr;
  }
  std::vector<EFI_HANDLE> handles_of_children() {
    std::vector<EFI_HANDLE> children;
    for (const auto& open : fake.opens(controller, kGuid<EFI_PCI_IO_PROTOCOL>)) {
      if (open.attributes == EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER) {
        children.push_back(open.controller);
      }
    }
    return children;
  }
  void note(EFI_STATUS status) { calls += EFI_ERROR(status) ? 1 : 0; }

  void use_network() {
    auto* snp = first<EFI_SIMPLE_NETWORK_PROTOCOL>();
    auto* information = first<EFI_ADAPTER_INFORMATION_PROTOCOL>();
    if (snp == nullptr || information == nullptr) return;
    void* block = nullptr;
    UINTN size = 0;
    EFI_GUID type = EFI_ADAPTER_INFO_MEDIA_STATE_GUID;
    const EFI_STATUS told = information->GetInformation(information, &type, &block, &size);
    note(told);
    if (!EFI_ERROR(told)) boot.FreePool(block);
    EFI_GUID* types = nullptr;
    const EFI_STATUS listed = information->GetSupportedTypes(information, &types, &size);
    note(listed);
    if (!EFI_ERROR(listed)) boot.FreePool(types);
    if (snp->Mode->State == EfiSimpleNetworkStopped) note(snp->Start(snp));
    if (snp->Mode->State == EfiSimpleNetworkStarted) note(snp->Initialize(snp, 0, 0));
    if (snp->Mode->State != EfiSimpleNetworkInitialized) return;
    std::byte frame[64]{};
    note(snp->Transmit(snp, 0, sizeof(frame), frame, nullptr, nullptr, nullptr));
    void* sent = nullptr;
    note(snp->GetStatus(snp, nullptr, &sent));
    note(snp->Reset(snp, FALSE));
    EXPECT_NE(snp->Mode->State, UINT32{EfiSimpleNetworkStopped});
  }
  void use_vlan_config() {
    auto* vlans = first<EFI_VLAN_CONFIG_PROTOCOL>();
    if (vlans == nullptr) return;
    UINT16 count = 0;
    EFI_VLAN_FIND_DATA* entries = nullptr;
    note(vlans->Set(vlans, 42, 1));
    const EFI_STATUS found = vlans->Find(vlans, nullptr, &count, &entries);
    note(found);
    if (!EFI_ERROR(found)) boot.FreePool(entries);
    note(vlans->Remove(vlans, 42));
    fake.variables.clear();
  }
  void use_boot_option() {
    auto* file = first<EFI_LOAD_FILE_PROTOCOL>();
    if (file == nullptr) return;
    DevicePath end;
    UINTN bytes = 0;
    // It answers ABORTED when the boot has ended well.
    if (file->LoadFile(file, end.raw(), TRUE, &bytes, nullptr) != EFI_ABORTED) ++calls;
  }
  EFI_STATUS stop(EFI_DRIVER_BINDING_PROTOCOL* raw) {
    std::vector<EFI_HANDLE> children = handles_of_children();
    if (!children.empty()) {
      const EFI_STATUS status = raw->Stop(raw, controller, children.size(), children.data());
      if (EFI_ERROR(status)) return status;
    }
    return raw->Stop(raw, controller, 0, nullptr);
  }
  /// The whole life of a driver, at the test's level.
  void live(NicPolicy* offers, MakeNicIdentifier make_identifier = nullptr) {
    calls = 0;
    NicDriverBinding binding(fake.firmware(), kDrivers, offers, make_identifier);
    if (!binding.install().ok()) {
      ++calls;
      return;
    }
    auto* raw = get<EFI_DRIVER_BINDING_PROTOCOL>(image);
    fake.on_disconnect = [&](EFI_HANDLE, EFI_HANDLE) { return stop(raw); };
    const EFI_TPL before = boot.RaiseTPL(GetParam());
    note(raw->Supported(raw, controller, nullptr));
    const EFI_STATUS started = raw->Start(raw, controller, nullptr);
    note(started);
    if (!EFI_ERROR(started)) {
      EXPECT_EQ(raw->Supported(raw, controller, nullptr), EFI_ALREADY_STARTED);
      use_network();
      use_vlan_config();
      boot.RestoreTPL(before);
      if (offers != nullptr) use_boot_option();
      use_network();
      (void)boot.RaiseTPL(GetParam());
      EXPECT_EQ(stop(raw), EFI_SUCCESS);
    }
    EXPECT_EQ(fake.tpl, GetParam());
    boot.RestoreTPL(before);
    EXPECT_EQ(binding.nic_count(), 0U);
    EXPECT_EQ(binding.unload(), EFI_SUCCESS);
    fake.on_disconnect = nullptr;
  }
  /// Runs `what` with its first, second, ... call failing, until there are no more.
  void sweep(const std::function<void()>& what) {
    for (const EFI_STATUS status : {EFI_OUT_OF_RESOURCES, EFI_DEVICE_ERROR, EFI_ACCESS_DENIED}) {
      std::size_t n = 0;
      for (; n < kCallsMax; ++n) {
        SCOPED_TRACE(testing::Message() << "call " << n);
        fake.fail_nth(n, status);
        what();
        const bool failed = fake.nth_has_failed();
        expect_nothing_is_left();
        if (testing::Test::HasFailure()) return;
        if (!failed) break;
      }
      EXPECT_EQ(calls, 0U) << "without a failure";
      EXPECT_GT(n, 3U);
      EXPECT_LT(n, kCallsMax);
    }
    sweep_memory(what);
  }
  void sweep_memory(const std::function<void()>& what) {
    std::size_t n = 0;
    for (; n < kCallsMax; ++n) {
      SCOPED_TRACE(testing::Message() << "allocation " << n);
      until_failure = static_cast<long>(n);
      what();
      const bool failed = std::exchange(until_failure, -1) < 0;
      expect_nothing_is_left();
      if (testing::Test::HasFailure()) return;
      if (!failed) break;
    }
    EXPECT_EQ(calls, 0U) << "without a failure";
    EXPECT_LT(n, kCallsMax);
    allocations = n;
  }
  void expect_nothing_is_left() {
    EXPECT_EQ(fake.open_count(image), 0U);
    EXPECT_EQ(fake.event_count(), 0U);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(fake.pages_in_use(), 0U);
    EXPECT_EQ(pci.buffers, 0U);
    EXPECT_EQ(pci.mappings, 0U);
    EXPECT_EQ(pci.attributes, 0x5U);
    EXPECT_TRUE(fake.firmware().locate<EFI_SIMPLE_NETWORK_PROTOCOL>().empty());
    EXPECT_TRUE(fake.firmware().locate<EFI_LOAD_FILE_PROTOCOL>().empty());
    EXPECT_TRUE(fake.firmware().locate<EFI_VLAN_CONFIG_PROTOCOL>().empty());
    EXPECT_TRUE(fake.firmware().locate<EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL>().empty());
    EXPECT_EQ(get<EFI_DRIVER_BINDING_PROTOCOL>(image), nullptr);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty()) << fake.violations.front();
  }
};

TEST_P(FailureSweep, OfADriver) {
  sweep([&] { live(nullptr); });
  EXPECT_GT(allocations, 3U);
}

TEST_P(FailureSweep, OfADriverWithABootOption) {
  sweep([&] { live(&policy); });
  EXPECT_GT(allocations, 3U);
}

TEST_P(FailureSweep, OfATakeover) {
  policy.offer = {.simple_network = false, .boot_option = true, .vlan_config = true};
  sweep([&] { live(&policy); });
  EXPECT_GT(allocations, 3U);
}

TEST_P(FailureSweep, OfADriverWithUndi) {
  sweep([&] { live(nullptr, &Undi::create); });
  EXPECT_GT(allocations, 3U);
}

TEST_P(FailureSweep, OfADriverWithUndiAndABootOption) {
  sweep([&] { live(&policy, &Undi::create); });
  EXPECT_GT(allocations, 3U);
}

TEST_P(FailureSweep, OfAGenerator) {
  fake::FakeCpu cpu(fake);
  std::uint64_t word = 1;
  cpu.next_random = [&] { return std::optional(word = word * 6364136223846793005U + 1442695U); };
  const std::size_t before = fake.handle_count();
  sweep([&] {
    calls = 0;
    const EFI_TPL level = boot.RaiseTPL(GetParam());
    RngProducer rng(fake.firmware(), cpu);
    rng.heal();
    EFI_RNG_PROTOCOL* raw = nullptr;
    for (const Handle handle : fake.firmware().locate<EFI_RNG_PROTOCOL>()) {
      raw = get<EFI_RNG_PROTOCOL>(handle.raw());
    }
    if (raw != nullptr) {
      UINT8 value[16];
      note(raw->GetRNG(raw, nullptr, sizeof(value), value));
    }
    calls += rng.installed() ? 0 : 1;
    EXPECT_TRUE(rng.remove());
    boot.RestoreTPL(level);
    EXPECT_EQ(fake.handle_count(), before);
  });
}

struct NoHandover final : NetworkHandover {
  void give_back() noexcept override {}
  void take_again() noexcept override {}
};

TEST_P(FailureSweep, OfAnImageWithAnInitrdAndFiles) {
  NoHandover handover;
  ImageStarter starter(fake.firmware(), handover);
  MemorySource content(as_byte_view("initrd"));
  StartRequest request;
  request.image = as_byte_view("MZ image");
  request.name = "vmlinuz";
  request.initrds = {&content};
  request.files = {{"initrd.img", &content}};
  const std::size_t before = fake.handle_count();
  // What the image does with what it finds, at the test's level.
  const auto use = [&](EFI_HANDLE device) {
    auto* volume = get<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(device);
    EFI_FILE_PROTOCOL* root = nullptr;
    EFI_FILE_PROTOCOL* file = nullptr;
    char16_t name[] = u"initrd.img";
    EFI_STATUS status = volume->OpenVolume(volume, &root);
    if (!EFI_ERROR(status)) {
      status = root->Open(root, &file, reinterpret_cast<CHAR16*>(name), EFI_FILE_MODE_READ, 0);
    }
    EXPECT_TRUE(status == EFI_SUCCESS || status == EFI_OUT_OF_RESOURCES);
    note(status);
    if (file != nullptr) {
      EXPECT_EQ(file->Close(file), EFI_SUCCESS);
    }
    if (root != nullptr) {
      EXPECT_EQ(root->Close(root), EFI_SUCCESS);
    }
  };
  fake.on_start_image = [&](EFI_HANDLE started) {
    const EFI_TPL level = boot.RaiseTPL(GetParam());
    use(fake.images.at(started).protocol.DeviceHandle);
    boot.RestoreTPL(level);
    return EFI_SUCCESS;
  };
  sweep([&] {
    calls = 0;
    calls += starter.start(request).ok() ? 0 : 1;
    EXPECT_EQ(fake.handle_count(), before);
    EXPECT_TRUE(fake.images.empty());
  });
  EXPECT_GE(allocations, 3U) << "what stands around the image, and two files";
}

INSTANTIATE_TEST_SUITE_P(AtEachLevel, FailureSweep, testing::Values(TPL_APPLICATION, TPL_CALLBACK),
                         [](const auto& info) {
                           return info.param == TPL_APPLICATION ? "Application" : "Callback";
                         });

}  // namespace
}  // namespace kedge::uefi
