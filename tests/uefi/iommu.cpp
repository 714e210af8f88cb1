// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// iommu.efi: a driver that switches the machine's IOMMU on (Intel Virtualization Technology for
// Directed I/O, VT-d, revision 4.0; QEMU's intel-iommu) and lets PCI devices reach only what the
// firmware's PCI I/O has mapped, as firmware with DMA protection does. The function 00:08.0 has
// nothing else; whoever began before us keeps the first GiB as well. Each mapping gets addresses of
// its own, which are not those of the memory, and which nobody gets again: a driver that tells its
// device the address of a buffer, or uses a mapping that is gone, makes a fault.
// Loaded again it fails at once, and the one that stayed tells how many mappings there have been
// and are, and what was refused:
//
//     iommu: maps 70 live 66 faults 1
//     iommu: 00:08.0 may not write to 0x3e5f2000, reason 5
//
// That edk2's PCI host bridge maps through this protocol (EDKII_IOMMU_PROTOCOL) is no part of the
// UEFI specification.
#include <array>
#include <span>
#include <string_view>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kIommuGuid = {
    0x4e939de9, 0xd948, 0x4b0f, {0x88, 0xed, 0xe6, 0xe1, 0xce, 0x51, 0x7c, 0x1e}};
constexpr EFI_GUID kRemapperGuid = {
    0x0d5b7a0e, 0x1c5f, 0x4d0e, {0x9a, 0x41, 0x6b, 0x65, 0x64, 0x67, 0x65, 0x03}};
struct Iommu {
  UINT64 revision;
  EFI_STATUS(EFIAPI* set_attribute)(Iommu*, EFI_HANDLE device, VOID* mapping, UINT64 access);
  EFI_STATUS(EFIAPI* map)(Iommu*, UINT32 operation, VOID* host, UINTN* bytes,
                          EFI_PHYSICAL_ADDRESS* device, VOID** mapping);
  EFI_STATUS(EFIAPI* unmap)(Iommu*, VOID* mapping);
  EFI_STATUS(EFIAPI* allocate_buffer)(Iommu*, EFI_ALLOCATE_TYPE, EFI_MEMORY_TYPE, UINTN pages,
                                      VOID** host, UINT64 attributes);
  EFI_STATUS(EFIAPI* free_buffer)(Iommu*, UINTN pages, VOID* host);
};
constexpr UINT64 kRevision = 0x10000;
// Operations; three more for addresses of 64 bits.
constexpr UINT32 kDeviceReads = 0;
constexpr UINT32 kDeviceWrites = 1;
constexpr UINT32 kOperations = 3;

// VT-d 11.4: registers, and where the machine has them (QEMU's q35).
constexpr UINTN kRegisters = 0xfed90000;
constexpr UINTN kVersion = 0x00;
constexpr UINTN kCapability = 0x08;
constexpr UINTN kExtendedCapability = 0x10;
constexpr UINTN kGlobalCommand = 0x18;
constexpr UINTN kGlobalStatus = 0x1c;
constexpr UINTN kRootTable = 0x20;
constexpr UINTN kContextCommand = 0x28;
constexpr UINT32 kTranslate = 1U << 31;
constexpr UINT32 kSetRootTable = 1U << 30;
constexpr UINT64 kInvalidate = 1ULL << 63;
constexpr UINT64 kAllContexts = 1ULL << 61;
constexpr UINT64 kAllTranslations = 1ULL << 60;
constexpr UINT64 kFault = 1ULL << 63;
constexpr UINT64 kFaultIsRead = 1ULL << 62;

// VT-d 9.1 to 9.8: entries of the tables.
constexpr UINT64 kPresent = 1;
constexpr UINT64 kRead = 1;
constexpr UINT64 kWrite = 2;
constexpr UINT64 kLargePage = 1 << 7;
constexpr UINT64 kThreeLevels = 1;  // addresses of 39 bits
constexpr unsigned kDomainShift = 8;
constexpr std::size_t kEntries = 512;
using Table = std::array<UINT64, kEntries>;

constexpr UINT8 kNic = 0x08 << 3;
constexpr UINT64 kWindow = 1ULL << 30;  // where mappings are: the second GiB
constexpr std::size_t kWindowPages = kEntries * kEntries;
constexpr std::size_t kMappingsMax = 4096;
constexpr unsigned kPollsMax = 1'000'000;  // of a register

struct Mapping {
  std::size_t page = 0;
  std::size_t pages = 0;  // 0: free
};

template <class T>
volatile T& at(UINTN offset) noexcept {
  return *reinterpret_cast<volatile T*>(kRegisters + offset);
}

class Remapper {
 public:
  explicit Remapper(const Firmware& firmware) noexcept : firmware_(firmware) {}

  EFI_STATUS install() noexcept {
    if (at<UINT32>(kVersion) == ~UINT32{0} || at<UINT32>(kVersion) == 0) {
      say("iommu: there is none\n");
      return EFI_UNSUPPORTED;
    }
    self_ = this;
    if (!make_tables()) return EFI_OUT_OF_RESOURCES;
    EFI_HANDLE handle = firmware_.image().raw();
    EFI_BOOT_SERVICES& boot = firmware_.boot();
    EFI_STATUS installed = boot.InstallProtocolInterface(&handle, guid_pointer(kRemapperGuid),
                                                         EFI_NATIVE_INTERFACE, this);
    if (!EFI_ERROR(installed)) {
      installed = boot.InstallProtocolInterface(&handle, guid_pointer(kIommuGuid),
                                                EFI_NATIVE_INTERFACE, &table_);
    }
    if (EFI_ERROR(installed)) return installed;
    at<UINT64>(kRootTable) = reinterpret_cast<UINT64>(tables_.root);
    const bool works = command(kSetRootTable) && invalidate() && command(kTranslate);
    say(works ? "iommu: on\n" : "iommu: does not answer\n");
    // Once it translates, the image must stay; where it does not, it does no harm.
    return EFI_SUCCESS;
  }

  void report() noexcept {
    std::size_t live = 0;
    for (const Mapping& mapping : mappings_) live += mapping.pages != 0 ? 1 : 0;
    // VT-d 11.4.14: records of 16 bytes, by their place and number in the capabilities.
    const UINT64 capability = at<UINT64>(kCapability);
    const UINTN records = (capability >> 24 & 0x3ff) * 16;
    const std::size_t count = (capability >> 40 & 0xff) + 1;
    std::size_t faults = 0;
    for (std::size_t i = 0; i < count; ++i) {
      faults += (at<UINT64>(records + i * 16 + 8) & kFault) != 0 ? 1 : 0;
    }
    say(format("iommu: maps {} live {} faults {}\n", maps_, live, faults));
    for (std::size_t i = 0; i < count; ++i) {
      const UINT64 what = at<UINT64>(records + i * 16 + 8);
      if ((what & kFault) == 0) continue;
      say(format("iommu: {:02x}:{:02x}.{} may not {} {:#x}, reason {}\n", what >> 8 & 0xff,
                 what >> 3 & 0x1f, what & 7, (what & kFaultIsRead) != 0 ? "read" : "write to",
                 at<UINT64>(records + i * 16), what >> 32 & 0xff));
    }
  }

 private:
  struct Tables {
    Table* root = nullptr;
    Table* context = nullptr;
    Table* nic = nullptr;     // what 00:08.0 reaches
    Table* others = nullptr;  // what all others reach
    Table* window = nullptr;  // of both
    Table* leaves = nullptr;  // kEntries of them
  };

  void say(std::string_view text) noexcept { TextConsole::print_raw(firmware_, text); }

  bool make_tables() noexcept {
    constexpr std::size_t kTables = 5 + kEntries;
    EFI_PHYSICAL_ADDRESS memory = kWindow - 1;
    if (EFI_ERROR(firmware_.boot().AllocatePages(AllocateMaxAddress, EfiReservedMemoryType, kTables,
                                                 &memory))) {
      return false;
    }
    auto* table = reinterpret_cast<Table*>(memory);
    for (Table& each : std::span(table, kTables)) each.fill(0);
    tables_ = {table, table + 1, table + 2, table + 3, table + 4, table + 5};
    (*tables_.root)[0] = reinterpret_cast<UINT64>(tables_.context) | kPresent;
    for (std::size_t function = 0; function < kEntries / 2; ++function) {
      const bool is_nic = function == kNic;
      (*tables_.context)[2 * function] =
          reinterpret_cast<UINT64>(is_nic ? tables_.nic : tables_.others) | kPresent;
      (*tables_.context)[2 * function + 1] = kThreeLevels | (is_nic ? UINT64{2} : UINT64{1})
                                                                << kDomainShift;
    }
    const UINT64 window = reinterpret_cast<UINT64>(tables_.window) | kRead | kWrite;
    (*tables_.nic)[1] = window;
    (*tables_.others)[0] = kLargePage | kRead | kWrite;
    (*tables_.others)[1] = window;
    for (std::size_t i = 0; i < kEntries; ++i) {
      (*tables_.window)[i] = reinterpret_cast<UINT64>(tables_.leaves + i) | kRead | kWrite;
    }
    return true;
  }

  /// VT-d 11.4.4: what is on must be said again.
  static bool command(UINT32 bit) noexcept {
    at<UINT32>(kGlobalCommand) = (at<UINT32>(kGlobalStatus) & kTranslate) | bit;
    return comes([bit] { return (at<UINT32>(kGlobalStatus) & bit) != 0; });
  }
  static bool invalidate() noexcept {
    at<UINT64>(kContextCommand) = kInvalidate | kAllContexts;
    const UINTN translations = (at<UINT64>(kExtendedCapability) >> 8 & 0x3ff) * 16 + 8;
    if (!comes([] { return (at<UINT64>(kContextCommand) & kInvalidate) == 0; })) return false;
    at<UINT64>(translations) = kInvalidate | kAllTranslations;
    return comes([=] { return (at<UINT64>(translations) & kInvalidate) == 0; });
  }
  template <class Condition>
  static bool comes(Condition condition) noexcept {
    for (unsigned i = 0; i < kPollsMax; ++i) {
      if (condition()) return true;
    }
    return false;
  }

  UINT64& entry(std::size_t page) noexcept {
    return tables_.leaves[page / kEntries][page % kEntries];
  }
  Mapping* unused() noexcept {
    for (Mapping& mapping : mappings_) {
      if (mapping.pages == 0) return &mapping;
    }
    return nullptr;
  }

  /// Callers come at any TPL up to NOTIFY, and interrupt each other.
  Mapping* add(UINT32 operation, UINT64 host, UINTN bytes) noexcept {
    const std::size_t pages = (host % EFI_PAGE_SIZE + bytes + EFI_PAGE_SIZE - 1) / EFI_PAGE_SIZE;
    Mapping* mapping = unused();
    if (mapping == nullptr || pages == 0 || pages > kWindowPages - next_) return nullptr;
    *mapping = {next_, pages};
    next_ += pages;
    ++maps_;
    const UINT64 access = operation % kOperations == kDeviceReads    ? kRead
                          : operation % kOperations == kDeviceWrites ? kWrite
                                                                     : kRead | kWrite;
    for (std::size_t i = 0; i < pages; ++i) {
      entry(mapping->page + i) = (host & ~UINT64{EFI_PAGE_MASK}) + i * EFI_PAGE_SIZE | access;
    }
    return mapping;
  }

  static EFI_STATUS EFIAPI map(Iommu*, UINT32 operation, VOID* host, UINTN* bytes,
                               EFI_PHYSICAL_ADDRESS* device, VOID** mapping) noexcept {
    const EFI_TPL tpl = self_->firmware_.boot().RaiseTPL(TPL_HIGH_LEVEL);
    const auto address = reinterpret_cast<UINT64>(host);
    const Mapping* added = self_->add(operation, address, *bytes);
    self_->firmware_.boot().RestoreTPL(tpl);
    if (added == nullptr) return EFI_OUT_OF_RESOURCES;
    *device = kWindow + added->page * EFI_PAGE_SIZE + address % EFI_PAGE_SIZE;
    *mapping = const_cast<Mapping*>(added);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI unmap(Iommu*, VOID* which) noexcept {
    auto* mapping = static_cast<Mapping*>(which);
    const std::span<Mapping> ours(self_->mappings_);
    // One of those who began before us.
    if (mapping < ours.data() || mapping >= ours.data() + ours.size()) return EFI_SUCCESS;
    const EFI_TPL tpl = self_->firmware_.boot().RaiseTPL(TPL_HIGH_LEVEL);
    for (std::size_t i = 0; i < mapping->pages; ++i) self_->entry(mapping->page + i) = 0;
    mapping->pages = 0;
    (void)invalidate();  // it has answered before
    self_->firmware_.boot().RestoreTPL(tpl);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI set_attribute(Iommu*, EFI_HANDLE, VOID*, UINT64) noexcept {
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI allocate_buffer(Iommu*, EFI_ALLOCATE_TYPE, EFI_MEMORY_TYPE type,
                                           UINTN pages, VOID** host, UINT64) noexcept {
    EFI_PHYSICAL_ADDRESS memory = kWindow - 1;
    const EFI_STATUS status =
        self_->firmware_.boot().AllocatePages(AllocateMaxAddress, type, pages, &memory);
    if (!EFI_ERROR(status)) *host = reinterpret_cast<VOID*>(memory);
    return status;
  }
  static EFI_STATUS EFIAPI free_buffer(Iommu*, UINTN pages, VOID* host) noexcept {
    return self_->firmware_.boot().FreePages(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(host), pages);
  }

  static inline Remapper* self_ = nullptr;
  Firmware firmware_;
  Iommu table_{kRevision, set_attribute, map, unmap, allocate_buffer, free_buffer};
  Tables tables_;
  std::array<Mapping, kMappingsMax> mappings_{};
  std::size_t next_ = 0;  // page of the window
  std::size_t maps_ = 0;
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  using namespace kedge::uefi;
  const Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                          static_cast<EFI_SYSTEM_TABLE*>(system_table));
  void* there = nullptr;
  if (!EFI_ERROR(firmware.boot().LocateProtocol(guid_pointer(kRemapperGuid), nullptr, &there))) {
    static_cast<Remapper*>(there)->report();
    return EFI_ALREADY_STARTED;
  }
  static Remapper remapper(firmware);
  return remapper.install();
}
