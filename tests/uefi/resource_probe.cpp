// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// resource-probe.efi: a driver that watches what images take from the boot services and give back.
// Loaded for the first time it stays, and counts from then on, by the image that called: pieces of
// pool, pages, events. Loaded again it fails at once, and the one that stayed says who has taken
// how much more than given back: images by the name of their file, all that have none as
// "firmware". The last line is of the whole machine: handles, protocols on them, openings of these,
// pages of the memory map that are free, and how many lines there were before.
//
//     resource-probe: kedge.efi pool 3 pages 70 events 1
//     resource-probe: machine handles 150 protocols 420 openings 130 free 200000 lines 4
//
// The DXE core calls itself past the table: what it allocates for callers shows in the memory map.
#include <array>
#include <cstring>
#include <string_view>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"

namespace kedge::uefi {
namespace {

constexpr std::size_t kLiveMax = 1 << 16;  // a power of two
constexpr std::size_t kImagesMax = 1024;
constexpr std::size_t kOwnersMax = 32;
constexpr std::size_t kNameMax = 32;
constexpr EFI_GUID kProbeGuid = {
    0x5f0c7d55, 0x7b0a, 0x4bb4, {0x8a, 0x5e, 0x6b, 0x65, 0x64, 0x67, 0x65, 0x02}};

enum Kind : UINT8 { kPool, kPages, kEvents, kKinds };
constexpr std::size_t kFirmware = 0;  // the owner of what has no name

struct Owner {
  char name[kNameMax] = "firmware";
  std::array<INT64, kKinds> taken{};
};
struct ImageRange {
  UINT64 start = 0;
  UINT64 bytes = 0;
  std::size_t owner = kFirmware;
};
/// What somebody has and did not give back yet. Pages are entered one by one, for parts of an
/// allocation may be freed.
struct Live {
  UINT64 address = 0;  // 0: free
  UINT8 owner = 0;
  Kind kind = kPool;
};

class Probe {
 public:
  explicit Probe(const Firmware& firmware) noexcept : firmware_(firmware) {}

  /// Hooks the table, and stays.
  EFI_STATUS install() noexcept {
    self_ = this;
    for (const Handle image : firmware_.locate<EFI_LOADED_IMAGE_PROTOCOL>()) note_image(image);
    EFI_BOOT_SERVICES& boot = firmware_.boot();
    original_ = boot;
    EFI_HANDLE handle = firmware_.image().raw();
    const EFI_STATUS installed = boot.InstallProtocolInterface(&handle, guid_pointer(kProbeGuid),
                                                               EFI_NATIVE_INTERFACE, this);
    if (EFI_ERROR(installed)) return installed;
    boot.AllocatePool = allocate_pool;
    boot.FreePool = free_pool;
    boot.AllocatePages = allocate_pages;
    boot.FreePages = free_pages;
    boot.CreateEvent = create_event;
    boot.CreateEventEx = create_event_ex;
    boot.CloseEvent = close_event;
    boot.LocateHandleBuffer = locate_handle_buffer;
    boot.ProtocolsPerHandle = protocols_per_handle;
    boot.OpenProtocolInformation = open_protocol_information;
    boot.LoadImage = load_image;
    boot.Hdr.CRC32 = 0;
    (void)original_.CalculateCrc32(&boot, boot.Hdr.HeaderSize, &boot.Hdr.CRC32);
    say("resource-probe: on\n");
    return EFI_SUCCESS;
  }

  void report() noexcept {
    const Machine machine = look_at_machine();
    for (std::size_t i = 0; i < owners_used_; ++i) {
      const Owner& owner = owners_[i];
      say(format("resource-probe: {} pool {} pages {} events {}\n", std::string_view(owner.name),
                 owner.taken[kPool], owner.taken[kPages], owner.taken[kEvents]));
    }
    say(format("resource-probe: machine handles {} protocols {} openings {} free {} lines {}\n",
               machine.handles, machine.protocols, machine.openings, machine.free_pages,
               full_ ? 0 : owners_used_));
  }

 private:
  struct Machine {
    INT64 handles = 0;
    INT64 protocols = 0;
    INT64 openings = 0;
    INT64 free_pages = 0;
  };

  void say(std::string_view text) noexcept { TextConsole::print_raw(firmware_, text); }

  // ---- Who is who.

  /// Images from files have a name of their own, and the shell that the firmware booted, too.
  void note_image(Handle image) noexcept {
    const auto* loaded = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, image);
    if (loaded == nullptr || images_used_ == images_.size()) {
      full_ |= images_used_ == images_.size();
      return;
    }
    std::array<char, kNameMax> name{};
    read_name(loaded->FilePath, name);
    ImageRange& range = images_[images_used_++];
    range = {reinterpret_cast<UINT64>(loaded->ImageBase), loaded->ImageSize,
             name[0] == '\0' ? kFirmware : owner_named(name.data())};
  }
  /// The last component of a file's path; UEFI 2.10, 10.3.5.4.
  static void read_name(const EFI_DEVICE_PATH_PROTOCOL* path,
                        std::array<char, kNameMax>& name) noexcept {
    constexpr std::uint8_t kMedia = 4;
    constexpr std::uint8_t kFile = 4;
    const auto node = path == nullptr ? std::nullopt : first_node(device_path_bytes(path));
    if (!node || !node->is(kMedia, kFile)) return;
    std::size_t length = 0;
    for (std::size_t i = 0; i + 1 < node->data.size(); i += sizeof(CHAR16)) {
      const char c = static_cast<char>(node->data[i]);
      if (c == '\\') {
        name.fill('\0');
        length = 0;
      } else if (length + 1 < name.size()) {
        name[length++] = c;
      }
    }
  }
  std::size_t owner_named(const char* name) noexcept {
    for (std::size_t i = 0; i < owners_used_; ++i) {
      if (std::string_view(owners_[i].name) == name) return i;
    }
    if (owners_used_ == owners_.size()) {
      full_ = true;
      return kFirmware;
    }
    std::memcpy(owners_[owners_used_].name, name, kNameMax);
    return owners_used_++;
  }
  /// Of the image that has the address. A later image may lie where an earlier one has been.
  std::size_t owner_of(const void* caller) const noexcept {
    const auto address = reinterpret_cast<UINT64>(caller);
    for (std::size_t i = images_used_; i-- > 0;) {
      if (address - images_[i].start < images_[i].bytes) return images_[i].owner;
    }
    return kFirmware;
  }

  // ---- What is live. Callers come at any TPL up to NOTIFY, and interrupt each other.

  static std::size_t slot_of(UINT64 address) noexcept {
    constexpr UINT64 kMultiplier = 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(address * kMultiplier >> 48) % kLiveMax;
  }
  std::size_t find(UINT64 address, Kind kind) const noexcept {
    std::size_t slot = slot_of(address);
    while (live_[slot].address != 0 &&
           (live_[slot].address != address || live_[slot].kind != kind)) {
      slot = (slot + 1) % kLiveMax;
    }
    return slot;
  }
  void add(const void* what, Kind kind, const void* caller) noexcept {
    const auto address = reinterpret_cast<UINT64>(what);
    const EFI_TPL tpl = original_.RaiseTPL(TPL_HIGH_LEVEL);
    const std::size_t slot = find(address, kind);
    // What was given back past the table, such as the pool of the DXE core's own calls.
    if (live_[slot].address != 0) {
      --owners_[live_[slot].owner].taken[kind];
    } else if (live_used_ + 1 == kLiveMax) {
      full_ = true;
      original_.RestoreTPL(tpl);
      return;
    } else {
      ++live_used_;
    }
    const std::size_t owner = owner_of(caller);
    live_[slot] = {address, static_cast<UINT8>(owner), kind};
    ++owners_[owner].taken[kind];
    original_.RestoreTPL(tpl);
  }
  void remove(const void* what, Kind kind) noexcept {
    const EFI_TPL tpl = original_.RaiseTPL(TPL_HIGH_LEVEL);
    std::size_t hole = find(reinterpret_cast<UINT64>(what), kind);
    if (live_[hole].address != 0) {
      --owners_[live_[hole].owner].taken[kind];
      --live_used_;
      live_[hole].address = 0;
      // What was pushed on by it moves up.
      for (std::size_t slot = (hole + 1) % kLiveMax; live_[slot].address != 0;
           slot = (slot + 1) % kLiveMax) {
        const std::size_t home = slot_of(live_[slot].address);
        if ((slot - home) % kLiveMax < (slot - hole) % kLiveMax) continue;
        live_[hole] = live_[slot];
        live_[slot].address = 0;
        hole = slot;
      }
    }
    original_.RestoreTPL(tpl);
  }

  // ---- The whole machine, asked past the hooks.

  Machine look_at_machine() noexcept {
    Machine machine;
    machine.free_pages = free_pages();
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    if (EFI_ERROR(original_.LocateHandleBuffer(AllHandles, nullptr, nullptr, &count, &handles))) {
      return machine;
    }
    machine.handles = static_cast<INT64>(count);
    for (UINTN i = 0; i < count; ++i) look_at_handle(handles[i], machine);
    (void)original_.FreePool(handles);
    return machine;
  }
  void look_at_handle(EFI_HANDLE handle, Machine& machine) noexcept {
    UINTN count = 0;
    EFI_GUID** guids = nullptr;
    if (EFI_ERROR(original_.ProtocolsPerHandle(handle, &guids, &count))) return;
    machine.protocols += static_cast<INT64>(count);
    for (UINTN i = 0; i < count; ++i) {
      UINTN openings = 0;
      EFI_OPEN_PROTOCOL_INFORMATION_ENTRY* entries = nullptr;
      if (EFI_ERROR(original_.OpenProtocolInformation(handle, guids[i], &entries, &openings))) {
        continue;
      }
      machine.openings += static_cast<INT64>(openings);
      (void)original_.FreePool(entries);
    }
    (void)original_.FreePool(guids);
  }
  INT64 free_pages() noexcept {
    UINTN bytes = map_.size();
    UINTN key = 0;
    UINTN step = 0;
    UINT32 version = 0;
    auto* first = reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(map_.data());
    if (EFI_ERROR(original_.GetMemoryMap(&bytes, first, &key, &step, &version))) {
      full_ = true;
      return 0;
    }
    INT64 pages = 0;
    for (std::size_t at = 0; at < bytes; at += step) {
      const auto* piece = reinterpret_cast<const EFI_MEMORY_DESCRIPTOR*>(map_.data() + at);
      if (piece->Type == EfiConventionalMemory) pages += static_cast<INT64>(piece->NumberOfPages);
    }
    return pages;
  }

  // ---- The hooks.

  static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes,
                                         VOID** buffer) noexcept {
    return self_->taken(self_->original_.AllocatePool(type, bytes, buffer), buffer, kPool,
                        __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI free_pool(VOID* buffer) noexcept {
    const EFI_STATUS status = self_->original_.FreePool(buffer);
    if (!EFI_ERROR(status)) self_->remove(buffer, kPool);
    return status;
  }
  static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                          EFI_PHYSICAL_ADDRESS* memory) noexcept {
    const EFI_STATUS status = self_->original_.AllocatePages(how, type, pages, memory);
    for (UINTN i = 0; !EFI_ERROR(status) && i < pages; ++i) {
      self_->add(reinterpret_cast<void*>(*memory + EFI_PAGES_TO_SIZE(i)), kPages,
                 __builtin_return_address(0));
    }
    return status;
  }
  static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS memory, UINTN pages) noexcept {
    const EFI_STATUS status = self_->original_.FreePages(memory, pages);
    for (UINTN i = 0; !EFI_ERROR(status) && i < pages; ++i) {
      self_->remove(reinterpret_cast<void*>(memory + EFI_PAGES_TO_SIZE(i)), kPages);
    }
    return status;
  }
  static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                        VOID* context, EFI_EVENT* event) noexcept {
    return self_->taken(self_->original_.CreateEvent(type, level, notify, context, event), event,
                        kEvents, __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI create_event_ex(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                           const VOID* context, const EFI_GUID* group,
                                           EFI_EVENT* event) noexcept {
    return self_->taken(self_->original_.CreateEventEx(type, level, notify, context, group, event),
                        event, kEvents, __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI close_event(EFI_EVENT event) noexcept {
    const EFI_STATUS status = self_->original_.CloseEvent(event);
    if (!EFI_ERROR(status)) self_->remove(event, kEvents);
    return status;
  }
  // The lists that these give are the caller's to free.
  static EFI_STATUS EFIAPI locate_handle_buffer(EFI_LOCATE_SEARCH_TYPE type, EFI_GUID* protocol,
                                                VOID* key, UINTN* count,
                                                EFI_HANDLE** handles) noexcept {
    return self_->taken(self_->original_.LocateHandleBuffer(type, protocol, key, count, handles),
                        handles, kPool, __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI protocols_per_handle(EFI_HANDLE handle, EFI_GUID*** protocols,
                                                UINTN* count) noexcept {
    return self_->taken(self_->original_.ProtocolsPerHandle(handle, protocols, count), protocols,
                        kPool, __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI open_protocol_information(EFI_HANDLE handle, EFI_GUID* protocol,
                                                     EFI_OPEN_PROTOCOL_INFORMATION_ENTRY** entries,
                                                     UINTN* count) noexcept {
    return self_->taken(self_->original_.OpenProtocolInformation(handle, protocol, entries, count),
                        entries, kPool, __builtin_return_address(0));
  }
  static EFI_STATUS EFIAPI load_image(BOOLEAN policy, EFI_HANDLE parent,
                                      EFI_DEVICE_PATH_PROTOCOL* path, VOID* source, UINTN bytes,
                                      EFI_HANDLE* image) noexcept {
    const EFI_STATUS status =
        self_->original_.LoadImage(policy, parent, path, source, bytes, image);
    if (!EFI_ERROR(status)) self_->note_image(Handle(*image));
    return status;
  }
  template <class Pointer>
  EFI_STATUS taken(EFI_STATUS status, Pointer* place, Kind kind, const void* caller) noexcept {
    if (!EFI_ERROR(status) && *place != nullptr) add(*place, kind, caller);
    return status;
  }

  static inline Probe* self_ = nullptr;
  Firmware firmware_;
  EFI_BOOT_SERVICES original_{};
  std::array<Owner, kOwnersMax> owners_{};
  std::size_t owners_used_ = 1;
  std::array<ImageRange, kImagesMax> images_{};
  std::size_t images_used_ = 0;
  std::array<Live, kLiveMax> live_{};
  std::size_t live_used_ = 0;
  std::array<UINT8, 1 << 16> map_{};
  bool full_ = false;  // some of it was not counted
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  using namespace kedge::uefi;
  const Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                          static_cast<EFI_SYSTEM_TABLE*>(system_table));
  void* there = nullptr;
  if (!EFI_ERROR(firmware.boot().LocateProtocol(guid_pointer(kProbeGuid), nullptr, &there))) {
    static_cast<Probe*>(there)->report();
    return EFI_ALREADY_STARTED;
  }
  static Probe probe(firmware);
  return probe.install();
}
