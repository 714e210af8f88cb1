// SPDX-License-Identifier: BSD-2-Clause-Patent
// Driver Binding, Component Name 2 and a boot option's LoadFile: each function, in each state of a
// NIC, with each kind of parameter, at each level, and after the end of boot services.
#include <gtest/gtest.h>

#include "base/base_errors.h"
#include "tests/fake/link_device.h"
#include "tests/fake/nic_policy.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/boot_option.h"
#include "uefi/driver_binding.h"
#include "uefi/producer_foreign_table.h"

namespace kedge::uefi {
namespace {

using Binding = EFI_DRIVER_BINDING_PROTOCOL;
using Names = EFI_COMPONENT_NAME2_PROTOCOL;
using LoadFile = EFI_LOAD_FILE_PROTOCOL;

constexpr driver::PciId kIds[] = {{0x1af4, 0x1000}};
constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
constexpr wire::MacAddress kWrongMac({2, 0, 0, 0, 0, 1});

const ErrorSite* driver_error = nullptr;

Result<std::unique_ptr<link::Device>> create_device(port::PciDevice& pci,
                                                    driver::Consumer) noexcept {
  KEDGE_CHECK(pci.enable(true));
  if (driver_error != nullptr) return fail(*driver_error);
  return std::unique_ptr<link::Device>(std::make_unique<fake::ScriptedDevice>());
}

constexpr driver::NativeDriver kDrivers[] = {{kIds, create_device}};

enum class State {
  no_function,    // a handle without PciIo
  other_nic,      // of another chip
  ours,           // nobody has it
  by_driver,      // another driver has it
  exclusive,      // somebody has it for himself
  broken,         // our driver fails
  no_memory,      // our driver finds no memory
  without_child,  // started with the end of a path
  started,        // with both children
  child_held,     // and somebody holds on to Simple Network
  booting,        // our own stack has it
  ended,          // boot services have ended, nobody had it
  ended_started,  // boot services have ended, and we had it
};

/// What remains of the path, for Supported and Start.
enum Path { kNone, kEnd, kOwnMac, kBootName, kOtherMac, kOtherNode, kPaths };
/// The children that Stop is to stop.
enum Children { kAll, kChild, kBoot, kBoth, kForeign, kNull, kNoList, kChildren };

constexpr EFI_STATUS kOk = EFI_SUCCESS;
constexpr EFI_STATUS kNot = EFI_UNSUPPORTED;
constexpr EFI_STATUS kBusy = EFI_ACCESS_DENIED;
constexpr EFI_STATUS kIs = EFI_ALREADY_STARTED;
constexpr EFI_STATUS kBad = EFI_DEVICE_ERROR;
constexpr EFI_STATUS kMemory = EFI_OUT_OF_RESOURCES;

struct Row {
  const char* name;
  State state;
  std::array<EFI_STATUS, kPaths> supported;
  std::array<EFI_STATUS, kPaths> start;
  std::array<EFI_STATUS, kChildren> stop;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// UEFI 2.10, 11.1. Whether a NIC has an address is only known when its driver has looked at it.
constexpr std::array<EFI_STATUS, kPaths> kAllNot{kNot, kNot, kNot, kNot, kNot, kNot};
constexpr std::array<EFI_STATUS, kPaths> kAllBusy{kBusy, kBusy, kBusy, kBusy, kBusy, kBusy};
constexpr std::array<EFI_STATUS, kPaths> kAllIs{kIs, kIs, kIs, kIs, kIs, kIs};
constexpr std::array<EFI_STATUS, kPaths> kAllBad{kBad, kBad, kBad, kBad, kBad, kBad};
constexpr std::array<EFI_STATUS, kPaths> kByIds{kOk, kOk, kOk, kOk, kOk, kNot};
constexpr std::array<EFI_STATUS, kPaths> kHasIt{kIs, kIs, kIs, kIs, kIs, kNot};
constexpr std::array<EFI_STATUS, kPaths> kFails{kBad, kBad, kBad, kBad, kBad, kNot};
constexpr std::array<EFI_STATUS, kChildren> kNoStop{kBad, kBad, kBad, kBad, kBad, kBad, kBad};

constexpr Row kRows[] = {
    {"NoFunction", State::no_function, kAllNot, kAllNot, kNoStop},
    {"OtherNic", State::other_nic, kAllNot, kAllNot, kNoStop},
    {"Ours", State::ours, kByIds, {kOk, kOk, kOk, kOk, kNot, kNot}, kNoStop},
    {"ByDriver", State::by_driver, kAllBusy, kFails, kNoStop},
    {"Exclusive", State::exclusive, kAllBusy, kFails, kNoStop},
    {"Broken", State::broken, kByIds, kFails, kNoStop},
    {"NoMemory",
     State::no_memory,
     kByIds,
     {kMemory, kMemory, kMemory, kMemory, kMemory, kNot},
     kNoStop},
    {"WithoutChild",
     State::without_child,
     {kOk, kIs, kOk, kOk, kNot, kNot},
     {kOk, kIs, kOk, kOk, kNot, kIs},
     {kOk, kBad, kBad, kBad, kBad, kBad, kBad}},
    {"Started", State::started, kHasIt, kAllIs, {kOk, kOk, kOk, kOk, kBad, kBad, kBad}},
    {"ChildHeld", State::child_held, kHasIt, kAllIs, {kBad, kBad, kOk, kBad, kBad, kBad, kBad}},
    {"Booting", State::booting, kHasIt, kAllIs, kNoStop},
    {"Ended", State::ended, kAllBad, kAllBad, kNoStop},
    {"EndedStarted", State::ended_started, kAllBad, kAllBad, kNoStop},
};

/// A machine in a state.
class World {
 public:
  explicit World(State state) : state_(state) {
    fake.add_protocol(nic_, pci_path_.raw());
    EXPECT_TRUE(binding_.install().ok());
    raw = get<Binding>(image);
    names = get<Names>(image);
    controller = state == State::no_function ? fake.console_in_handle
                 : state == State::other_nic ? foreign
                                             : nic_;
    if (state == State::by_driver) hold(nic_, kPciIo, EFI_OPEN_PROTOCOL_BY_DRIVER);
    if (state == State::exclusive) hold(nic_, kPciIo, EFI_OPEN_PROTOCOL_EXCLUSIVE);
    if (state == State::broken) driver_error = &err::uefi_pci_access;
    if (state == State::no_memory) driver_error = &err::base_no_memory;
    if (state == State::without_child) EXPECT_EQ(raw->Start(raw, nic_, end_.raw()), EFI_SUCCESS);
    if (state >= State::started && state != State::ended) start();
    if (state == State::child_held) hold(child, kSnp, EFI_OPEN_PROTOCOL_BY_DRIVER);
  }
  ~World() {
    fake.forget_the_end();
    driver_error = nullptr;
    if (state_ == State::child_held) fake.opens(child, kSnp).clear();
    fake.on_disconnect = [&](EFI_HANDLE handle, EFI_HANDLE) {
      return raw->Stop(raw, handle, 0, nullptr);
    };
    EXPECT_EQ(binding_.unload(), EFI_SUCCESS);
    EXPECT_EQ(fake.open_count(image), 0U);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_TRUE(fake.printed.empty());
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Calls `what` in the state, at the level.
  void at(EFI_TPL level, const std::function<void()>& what) {
    const auto raised = [&] {
      fake.tpl = level;
      fake.highest_tpl = level;
      what();
      EXPECT_EQ(fake.tpl, level);
      fake.tpl = TPL_APPLICATION;
    };
    if (state_ == State::booting) {
      policy.on_boot = [&](DriverNic& nic) -> Result<void> {
        EXPECT_TRUE(nic.give_to(DriverNic::User::own_stack).ok());
        raised();
        return nic.give_to(DriverNic::User::simple_network);
      };
      EXPECT_EQ(load(TRUE), EFI_ABORTED);
      EXPECT_EQ(policy.boots, 1U);
    } else if (has_ended()) {
      fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
      const fake::FakeFirmware::NoBootServices none(fake);
      raised();
      EXPECT_EQ(fake.highest_tpl, level);
    } else {
      raised();
    }
  }
  EFI_DEVICE_PATH_PROTOCOL* path(int which) {
    DevicePath* const all[] = {nullptr, &end_, &own_, &boot_name_, &other_mac_, &other_node_};
    return all[which] == nullptr ? nullptr : all[which]->raw();
  }
  EFI_STATUS stop(int which) {
    EFI_HANDLE const lists[][2] = {{}, {child}, {boot}, {child, boot}, {foreign}, {}, {}};
    constexpr UINTN kCounts[] = {0, 1, 1, 2, 1, 1, 1};
    EFI_HANDLE list[] = {lists[which][0], lists[which][1]};
    const bool has_list = which != kAll && which != kNoList;
    return raw->Stop(raw, controller, kCounts[which], has_list ? list : nullptr);
  }
  EFI_STATUS load(BOOLEAN boot_policy) {
    UINTN bytes = 0;
    return file->LoadFile(file, end_.raw(), boot_policy, &bytes, nullptr);
  }
  bool has_ended() const { return state_ == State::ended || state_ == State::ended_started; }
  bool is_started() const { return state_ >= State::started && state_ != State::ended; }

  fake::FakeFirmware fake;
  EFI_HANDLE image = fake.firmware().image().raw();
  fake::FakePolicy policy{fake.firmware(), {.simple_network = true, .boot_option = true}};

 private:
  template <class P>
  P* get(EFI_HANDLE handle) {
    return static_cast<P*>(fake.interface(handle, kGuid<P>));
  }
  void hold(EFI_HANDLE handle, const EFI_GUID& guid, UINT32 attributes) {
    fake.add_open(handle, guid, fake.add_handle(), handle, attributes);
  }
  void start() {
    EXPECT_EQ(raw->Start(raw, nic_, nullptr), EFI_SUCCESS);
    child = fake.firmware().locate<EFI_SIMPLE_NETWORK_PROTOCOL>().at(0).raw();
    boot = fake.firmware().locate<LoadFile>().at(0).raw();
    file = get<LoadFile>(boot);
  }

  static constexpr const EFI_GUID& kPciIo = kGuid<EFI_PCI_IO_PROTOCOL>;
  static constexpr const EFI_GUID& kSnp = kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>;
  State state_;
  fake::FakePciIo pci_{0x1af4, 0x1000, 3};
  fake::FakePciIo other_pci_{0x8086, 0x100e, 4};
  DevicePath pci_path_ = DevicePath().append_vendor_media(kPciIo);
  EFI_HANDLE nic_ = fake.add_protocol(nullptr, &pci_.table.raw);
  NicDriverBinding binding_{fake.firmware(), kDrivers, &policy};
  DevicePath end_;
  DevicePath own_ = DevicePath().append_mac(kMac);
  DevicePath boot_name_ = named(kMac);
  DevicePath other_mac_ = DevicePath().append_mac(kWrongMac);
  DevicePath other_node_ = DevicePath().append_file("x");
  static DevicePath named(const wire::MacAddress& mac) {
    DevicePath path;
    append_boot_option(path, mac);
    return path;
  }

 public:
  Binding* raw = nullptr;
  Names* names = nullptr;
  LoadFile* file = nullptr;
  EFI_HANDLE foreign = fake.add_protocol(nullptr, &other_pci_.table.raw);
  EFI_HANDLE controller = nullptr;  // what the calls are about
  EFI_HANDLE child = nullptr;
  EFI_HANDLE boot = nullptr;
};

struct DriverStatus : testing::TestWithParam<Row> {
  static constexpr EFI_TPL kLevels[] = {TPL_APPLICATION, TPL_CALLBACK};
};

TEST_P(DriverStatus, SupportedAnswersAsDocumentedAndLeavesNothingBehind) {
  for (const EFI_TPL level : kLevels) {
    World world(GetParam().state);
    world.at(level, [&] {
      const std::size_t opens = world.fake.open_count(world.image);
      for (int path = 0; path < kPaths; ++path) {
        EXPECT_EQ(world.raw->Supported(world.raw, world.controller, world.path(path)),
                  GetParam().supported.at(static_cast<std::size_t>(path)))
            << path << " at " << level;
        EXPECT_EQ(world.fake.open_count(world.image), opens);
      }
    });
  }
}

TEST_P(DriverStatus, StartAnswersAsDocumentedAndWhatFailsChangesNothing) {
  for (const EFI_TPL level : kLevels) {
    for (int path = 0; path < kPaths; ++path) {
      World world(GetParam().state);
      world.at(level, [&] {
        const std::size_t opens = world.fake.open_count(world.image);
        const std::size_t handles = world.fake.handle_count();
        const EFI_STATUS status = world.raw->Start(world.raw, world.controller, world.path(path));
        EXPECT_EQ(status, GetParam().start.at(static_cast<std::size_t>(path)))
            << path << " at " << level;
        if (!EFI_ERROR(status)) return;
        EXPECT_EQ(world.fake.open_count(world.image), opens);
        EXPECT_EQ(world.fake.handle_count(), handles);
      });
    }
  }
}

TEST_P(DriverStatus, StopAnswersAsDocumentedAndWhatIsRefusedStays) {
  for (const EFI_TPL level : kLevels) {
    for (int children = 0; children < kChildren; ++children) {
      World world(GetParam().state);
      world.at(level, [&] {
        const std::size_t opens = world.fake.open_count(world.image);
        const std::size_t handles = world.fake.handle_count();
        const EFI_STATUS status = world.stop(children);
        EXPECT_EQ(status, GetParam().stop.at(static_cast<std::size_t>(children)))
            << children << " at " << level;
        EXPECT_EQ(world.fake.open_count(world.image) == opens, EFI_ERROR(status)) << children;
        if (EFI_ERROR(status)) {
          EXPECT_EQ(world.fake.handle_count(), handles) << children;
        }
      });
    }
  }
}

TEST_P(DriverStatus, NamesAreGivenAsDocumented) {
  CHAR8 english[] = "en";
  CHAR8 french[] = "fr";
  for (const EFI_TPL level : kLevels) {
    World world(GetParam().state);
    Names* const names = world.names;
    const EFI_STATUS given = world.has_ended() ? kBad : kOk;
    const EFI_STATUS invalid = world.has_ended() ? kBad : EFI_INVALID_PARAMETER;
    const EFI_STATUS unsupported = world.has_ended() ? kBad : kNot;
    const bool has_nic = GetParam().state == State::without_child || world.is_started();
    const EFI_STATUS of_nic = has_nic ? given : unsupported;
    const EFI_STATUS of_child = world.is_started() ? given : unsupported;
    const auto expect = [&](EFI_STATUS status, std::u16string_view text, auto&& call) {
      CHAR16* name = nullptr;
      EXPECT_EQ(call(&name), status) << level;
      ASSERT_EQ(name == nullptr, EFI_ERROR(status));
      if (name == nullptr) return;
      EXPECT_EQ(std::u16string_view(reinterpret_cast<char16_t*>(name)), text);
    };
    const auto of_driver = [&](CHAR8* language) {
      return [=](CHAR16** name) { return names->GetDriverName(names, language, name); };
    };
    const auto of = [&](EFI_HANDLE controller, EFI_HANDLE child, CHAR8* language) {
      return [=](CHAR16** name) {
        return names->GetControllerName(names, controller, child, language, name);
      };
    };
    // A child that is not there is nobody, and would stand for the NIC.
    const EFI_HANDLE child = world.child == nullptr ? world.image : world.child;
    const EFI_HANDLE boot = world.boot == nullptr ? world.image : world.boot;
    world.at(level, [&] {
      expect(given, u"Kedge network driver", of_driver(english));
      expect(unsupported, u"", of_driver(french));
      expect(invalid, u"", of_driver(nullptr));
      EXPECT_EQ(names->GetDriverName(names, english, nullptr), invalid);
      expect(of_nic, u"Network controller driven by Kedge", of(world.controller, nullptr, english));
      expect(of_child, u"Kedge network interface", of(world.controller, child, english));
      expect(of_child, u"Kedge network boot", of(world.controller, boot, english));
      expect(unsupported, u"", of(world.controller, world.foreign, english));
      expect(unsupported, u"", of(world.foreign, nullptr, english));
      expect(unsupported, u"", of(world.controller, nullptr, french));
      expect(invalid, u"", of(nullptr, nullptr, english));
      expect(invalid, u"", of(world.controller, nullptr, nullptr));
      EXPECT_EQ(names->GetControllerName(names, world.controller, nullptr, english, nullptr),
                invalid);
    });
  }
}

TEST_P(DriverStatus, TablesThatAreNotOursAreRefused) {
  for (const EFI_TPL level : kLevels) {
    World world(GetParam().state);
    ForeignTable<Binding> binding;
    ForeignTable<Names> names;
    CHAR8 english[] = "en";
    world.at(level, [&] {
      for (Binding* other : {static_cast<Binding*>(nullptr), &binding.raw}) {
        EXPECT_EQ(world.raw->Supported(other, world.controller, nullptr), EFI_INVALID_PARAMETER);
        EXPECT_EQ(world.raw->Start(other, world.controller, nullptr), EFI_INVALID_PARAMETER);
        EXPECT_EQ(world.raw->Stop(other, world.controller, 0, nullptr), EFI_INVALID_PARAMETER);
      }
      for (Names* other : {static_cast<Names*>(nullptr), &names.raw}) {
        CHAR16* name = nullptr;
        EXPECT_EQ(world.names->GetDriverName(other, english, &name), EFI_INVALID_PARAMETER);
        EXPECT_EQ(world.names->GetControllerName(other, world.controller, nullptr, english, &name),
                  EFI_INVALID_PARAMETER);
        EXPECT_EQ(name, nullptr);
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Of, DriverStatus, testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

// UEFI 2.10, 13.1, of the states in which there is a boot option.
struct LoadFileStatus : testing::TestWithParam<State> {};

TEST_P(LoadFileStatus, EveryCallAnswersAsDocumented) {
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    World world(GetParam());
    LoadFile* const file = world.file;
    ForeignTable<LoadFile> foreign;
    const bool ended = world.has_ended();
    const bool boots = !ended && GetParam() != State::booting && level == TPL_APPLICATION;
    const EFI_STATUS invalid = ended ? kBad : EFI_INVALID_PARAMETER;
    EFI_DEVICE_PATH_PROTOCOL* const end = world.path(kEnd);
    world.at(level, [&] {
      const unsigned before = world.policy.boots;
      UINTN bytes = 0;
      EXPECT_EQ(file->LoadFile(nullptr, end, TRUE, &bytes, nullptr), EFI_INVALID_PARAMETER);
      EXPECT_EQ(file->LoadFile(&foreign.raw, end, TRUE, &bytes, nullptr), EFI_INVALID_PARAMETER);
      EXPECT_EQ(file->LoadFile(file, nullptr, TRUE, &bytes, nullptr), invalid);
      EXPECT_EQ(file->LoadFile(file, end, TRUE, nullptr, nullptr), invalid);
      EXPECT_EQ(file->LoadFile(file, world.path(kOtherNode), TRUE, &bytes, nullptr), invalid);
      EXPECT_EQ(world.load(FALSE), ended ? kBad : kNot);
      EXPECT_EQ(world.policy.boots, before);
      EXPECT_EQ(world.load(TRUE), boots ? EFI_ABORTED : kBad);
      EXPECT_EQ(world.policy.boots, before + (boots ? 1 : 0));
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Of, LoadFileStatus,
                         testing::Values(State::started, State::child_held, State::booting,
                                         State::ended_started),
                         [](const auto& info) {
                           for (const Row& row : kRows) {
                             if (row.state == info.param) return std::string(row.name);
                           }
                           return std::string();
                         });

}  // namespace
}  // namespace kedge::uefi
