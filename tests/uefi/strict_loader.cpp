// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// strict-loader.efi: makes of a firmware with EFI_MEMORY_ATTRIBUTE_PROTOCOL one with a strict
// policy, and starts program.efi of its volume there. Data do not run, neither what is allocated
// later; of images with NX_COMPAT code and constants are not written; other images are left as they
// are. It says "strict-loader: on" when it has seen that this holds.
#include <vector>

#include "base/bytes.h"
#include "image/pe.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"

#include <Protocol/MemoryAttribute.h>

namespace kedge::uefi {

template <>
struct ProtocolGuid<EFI_MEMORY_ATTRIBUTE_PROTOCOL> {
  static constexpr EFI_GUID value = EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID;
};

namespace {

constexpr UINT64 kAll = EFI_MEMORY_RO | EFI_MEMORY_XP;
constexpr UINT64 kLowMemoryEnd = 1 << 20;  // the firmware starts other processors there

class Strict {
 public:
  explicit Strict(const Firmware& firmware) noexcept : firmware_(firmware) {}

  EFI_STATUS run() noexcept {
    current_ = this;
    const auto handles = firmware_.locate<EFI_MEMORY_ATTRIBUTE_PROTOCOL>();
    if (handles.empty()) return fail("no EFI_MEMORY_ATTRIBUTE_PROTOCOL");
    memory_ = peek<EFI_MEMORY_ATTRIBUTE_PROTOCOL>(firmware_, handles.front());
    if (!protect_data()) return fail("the memory map cannot be protected");
    load_image_ = firmware_.boot().LoadImage;
    firmware_.boot().LoadImage = load_and_protect;
    EFI_HANDLE program = nullptr;
    auto* self = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, firmware_.image());
    auto* volume = peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, Handle(self->DeviceHandle));
    DevicePath path = DevicePath::copy(volume);
    path.append_file("\\program.efi");
    const EFI_STATUS loaded = firmware_.boot().LoadImage(FALSE, firmware_.image().raw(), path.raw(),
                                                         nullptr, 0, &program);
    if (EFI_ERROR(loaded)) return fail("program.efi cannot be loaded");
    if (!is_strict(Handle(program))) return fail("the firmware is not strict");
    say("strict-loader: on\n");
    const EFI_STATUS status = firmware_.boot().StartImage(program, nullptr, nullptr);
    firmware_.boot().LoadImage = load_image_;
    return status;
  }

 private:
  void say(std::string_view text) noexcept { TextConsole::print_raw(firmware_, text); }
  EFI_STATUS fail(std::string_view why) noexcept {
    say("strict-loader: ");
    say(why);
    say("\n");
    return EFI_ABORTED;
  }

  bool protect_data() noexcept {
    UINTN bytes = 0;
    UINTN key = 0;
    UINTN step = 0;
    UINT32 version = 0;
    (void)firmware_.boot().GetMemoryMap(&bytes, nullptr, &key, &step, &version);
    // Its own allocation may add to the map.
    constexpr std::size_t kMore = 16;
    std::vector<std::byte> map(bytes + kMore * step);
    bytes = map.size();
    auto* first = reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(map.data());
    if (EFI_ERROR(firmware_.boot().GetMemoryMap(&bytes, first, &key, &step, &version))) {
      return false;
    }
    for (std::size_t at = 0; at < bytes; at += step) {
      const auto* piece = reinterpret_cast<const EFI_MEMORY_DESCRIPTOR*>(map.data() + at);
      const bool data = piece->Type == EfiConventionalMemory || piece->Type == EfiLoaderData ||
                        piece->Type == EfiBootServicesData;
      if (!data || piece->PhysicalStart < kLowMemoryEnd) continue;
      if (!set(piece->PhysicalStart, piece->NumberOfPages * EFI_PAGE_SIZE, EFI_MEMORY_XP)) {
        return false;
      }
    }
    return true;
  }

  bool set(UINT64 start, UINT64 bytes, UINT64 attributes) noexcept {
    const EFI_STATUS cleared = memory_->ClearMemoryAttributes(memory_, start, bytes, kAll);
    if (EFI_ERROR(cleared) || attributes == 0) return !EFI_ERROR(cleared);
    return !EFI_ERROR(memory_->SetMemoryAttributes(memory_, start, bytes, attributes));
  }
  UINT64 get(UINT64 address) noexcept {
    UINT64 attributes = 0;
    const UINT64 page = address & ~static_cast<UINT64>(EFI_PAGE_SIZE - 1);
    const EFI_STATUS got = memory_->GetMemoryAttributes(memory_, page, EFI_PAGE_SIZE, &attributes);
    return EFI_ERROR(got) ? 0 : attributes;
  }

  static EFI_STATUS EFIAPI load_and_protect(BOOLEAN policy, EFI_HANDLE parent,
                                            EFI_DEVICE_PATH_PROTOCOL* path, VOID* source,
                                            UINTN bytes, EFI_HANDLE* image) noexcept {
    const EFI_STATUS status = current_->load_image_(policy, parent, path, source, bytes, image);
    if (EFI_ERROR(status)) return status;
    return current_->protect_image(Handle(*image)) ? EFI_SUCCESS : EFI_LOAD_ERROR;
  }

  /// As its sections want it, which have to stand on pages of their own.
  bool protect_image(Handle handle) noexcept {
    const auto* loaded = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, handle);
    const auto base = reinterpret_cast<UINT64>(loaded->ImageBase);
    const UINT64 size = EFI_PAGES_TO_SIZE(EFI_SIZE_TO_PAGES(loaded->ImageSize));
    const ByteView bytes(static_cast<const std::byte*>(loaded->ImageBase),
                         static_cast<std::size_t>(loaded->ImageSize));
    const auto info = image::PeInfo::parse(bytes);
    const auto sections = image::pe_sections(bytes);
    if (!info.ok() || !sections.ok()) return false;
    if (!info->has_nx_compat) return set(base, size, 0);
    if (!set(base, size, kAll)) return false;  // headers, and what lies between sections
    for (const image::PeSection& section : *sections) {
      const UINT64 attributes =
          (section.executable ? 0 : EFI_MEMORY_XP) | (section.writable ? 0 : EFI_MEMORY_RO);
      if (!set(base + section.address, EFI_PAGES_TO_SIZE(EFI_SIZE_TO_PAGES(section.bytes)),
               attributes)) {
        return false;
      }
    }
    return true;
  }

  /// Looks at the stack, at a fresh page and at the program's first page.
  bool is_strict(Handle program) noexcept {
    const auto* loaded = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, program);
    EFI_PHYSICAL_ADDRESS fresh = 0;
    if (EFI_ERROR(firmware_.boot().AllocatePages(AllocateAnyPages, EfiLoaderData, 1, &fresh))) {
      return false;
    }
    const bool strict = (get(fresh) & EFI_MEMORY_XP) != 0 &&
                        (get(reinterpret_cast<UINT64>(&fresh)) & EFI_MEMORY_XP) != 0 &&
                        get(reinterpret_cast<UINT64>(loaded->ImageBase)) == kAll;
    (void)firmware_.boot().FreePages(fresh, 1);
    return strict;
  }

  static inline Strict* current_ = nullptr;
  const Firmware& firmware_;
  EFI_MEMORY_ATTRIBUTE_PROTOCOL* memory_ = nullptr;
  EFI_IMAGE_LOAD load_image_ = nullptr;
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                       static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return kedge::uefi::Strict(firmware).run();
}
