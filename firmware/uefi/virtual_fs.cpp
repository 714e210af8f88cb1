// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/virtual_fs.h"

#include <algorithm>
#include <new>

#include "uefi/firmware_entry.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kFileInfo = EFI_FILE_INFO_ID;
constexpr EFI_GUID kFileSystemInfo = EFI_FILE_SYSTEM_INFO_ID;
constexpr std::u16string_view kLabel = u"KEDGE";
constexpr std::uint32_t kBlockBytes = 512;

char16_t upper(char16_t unit) noexcept {
  return unit >= u'a' && unit <= u'z' ? static_cast<char16_t>(unit - 32) : unit;
}

bool same_name(std::u16string_view a, std::u16string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char16_t x, char16_t y) { return upper(x) == upper(y); });
}

/// The two-call protocol for a structure that ends in a string of its own.
EFI_STATUS answer(ByteView head, std::u16string_view tail, UINTN* size, void* buffer) noexcept {
  const std::size_t tail_bytes = tail.size() * sizeof(char16_t);
  const std::size_t needed = head.size() + tail_bytes + sizeof(char16_t);
  const bool fits = buffer != nullptr && *size >= needed;
  *size = needed;
  if (!fits) return EFI_BUFFER_TOO_SMALL;
  auto* out = static_cast<std::byte*>(buffer);
  std::memcpy(out, head.data(), head.size());
  if (tail_bytes != 0) std::memcpy(out + head.size(), tail.data(), tail_bytes);
  std::memset(out + head.size() + tail_bytes, 0, sizeof(char16_t));
  return EFI_SUCCESS;
}

EFI_STATUS answer_file_info(std::u16string_view name, std::uint64_t bytes, bool is_folder,
                            UINTN* size, void* buffer) noexcept {
  EFI_FILE_INFO info{};
  constexpr std::size_t kHead = SIZE_OF_EFI_FILE_INFO;
  info.Size = kHead + (name.size() + 1) * sizeof(char16_t);
  info.FileSize = bytes;
  info.PhysicalSize = (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  info.Attribute = EFI_FILE_READ_ONLY | (is_folder ? EFI_FILE_DIRECTORY : 0);
  return answer(std::as_bytes(std::span(&info, 1)).first(kHead), name, size, buffer);
}

}  // namespace

/// An open file. Its table is first, so that the firmware's pointer is ours.
struct VirtualFileSystem::Open {
  EFI_FILE_PROTOCOL raw{};
  const Firmware* firmware = nullptr;
  VirtualFileSystem* system = nullptr;  // nullptr: the file system is gone
  const Entry* entry = nullptr;         // nullptr: the root
  std::uint64_t position = 0;           // in bytes; in the root, the number of the next entry
};

/// The members of EFI_FILE_PROTOCOL (UEFI 2.10, 13.5).
struct FileCalls {
  using Open = VirtualFileSystem::Open;
  using File = EFI_FILE_PROTOCOL;

  /// nullptr for no file, and for all after the end of boot services.
  static Open* closable(File* file) noexcept {
    auto* open = reinterpret_cast<Open*>(file);
    return open == nullptr || open->firmware->boot_services_ended() ? nullptr : open;
  }
  /// nullptr for a file of a file system that is gone, too.
  static Open* of(File* file) noexcept {
    Open* open = closable(file);
    return open == nullptr || open->system == nullptr ? nullptr : open;
  }

  static EFI_STATUS open(File* self, File** out, CHAR16* name, UINT64 mode, UINT64) noexcept {
    Open* folder = of(self);
    if (folder == nullptr) return EFI_DEVICE_ERROR;
    if (out == nullptr || name == nullptr) return EFI_INVALID_PARAMETER;
    if ((mode & (EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE)) != 0) return EFI_WRITE_PROTECTED;
    std::size_t length = 0;
    while (length <= VirtualFileSystem::kNameMax && name[length] != 0) ++length;
    const std::u16string_view path(reinterpret_cast<const char16_t*>(name), length);
    const VirtualFileSystem::Entry* entry = nullptr;
    if (!folder->system->find(path, entry)) return EFI_NOT_FOUND;
    return folder->system->open(entry, out);
  }

  static EFI_STATUS close(File* self) noexcept {
    Open* file = closable(self);
    if (file == nullptr) return EFI_DEVICE_ERROR;
    if (file->system != nullptr) std::erase(file->system->opened_, file);
    delete file;
    return EFI_SUCCESS;
  }

  static EFI_STATUS remove(File* self) noexcept {
    // The handle is closed; that the file stays is a warning.
    const EFI_STATUS closed = close(self);
    return EFI_ERROR(closed) ? closed : EFI_WARN_DELETE_FAILURE;
  }

  static EFI_STATUS read(File* self, UINTN* size, void* buffer) noexcept {
    Open* file = of(self);
    if (file == nullptr) return EFI_DEVICE_ERROR;
    if (size == nullptr) return EFI_INVALID_PARAMETER;
    if (file->entry == nullptr) return read_folder(*file, size, buffer);
    const std::uint64_t total = file->entry->source->size();
    // Reading from beyond the end is an error; at the end it yields nothing.
    if (file->position > total) return EFI_DEVICE_ERROR;
    const std::uint64_t count = std::min<std::uint64_t>(*size, total - file->position);
    if (count != 0 && buffer == nullptr) return EFI_INVALID_PARAMETER;
    const ByteSpan out(static_cast<std::byte*>(buffer), static_cast<std::size_t>(count));
    if (!file->entry->source->read(file->position, out)) return EFI_DEVICE_ERROR;
    file->position += count;
    *size = static_cast<UINTN>(count);
    return EFI_SUCCESS;
  }

  static EFI_STATUS read_folder(Open& folder, UINTN* size, void* buffer) noexcept {
    const auto& entries = folder.system->entries_;
    if (folder.position >= entries.size()) {
      *size = 0;
      return EFI_SUCCESS;
    }
    const VirtualFileSystem::Entry& entry = entries[static_cast<std::size_t>(folder.position)];
    const EFI_STATUS status =
        answer_file_info(entry.name, entry.source->size(), false, size, buffer);
    if (!EFI_ERROR(status)) ++folder.position;
    return status;
  }

  // These touch nothing, so whose file it is does not matter.
  static EFI_STATUS write(File*, UINTN*, void*) noexcept { return EFI_WRITE_PROTECTED; }
  static EFI_STATUS set_info(File*, EFI_GUID*, UINTN, void*) noexcept {
    return EFI_WRITE_PROTECTED;
  }
  /// All files were opened for reading.
  static EFI_STATUS flush(File*) noexcept { return EFI_ACCESS_DENIED; }

  static EFI_STATUS get_position(File* self, UINT64* position) noexcept {
    Open* file = of(self);
    if (file == nullptr) return EFI_DEVICE_ERROR;
    if (position == nullptr) return EFI_INVALID_PARAMETER;
    if (file->entry == nullptr) return EFI_UNSUPPORTED;
    *position = file->position;
    return EFI_SUCCESS;
  }

  static EFI_STATUS set_position(File* self, UINT64 position) noexcept {
    Open* file = of(self);
    if (file == nullptr) return EFI_DEVICE_ERROR;
    if (file->entry == nullptr) {
      if (position != 0) return EFI_UNSUPPORTED;
      file->position = 0;
      return EFI_SUCCESS;
    }
    constexpr UINT64 kEnd = ~UINT64{0};
    file->position = position == kEnd ? file->entry->source->size() : position;
    return EFI_SUCCESS;
  }

  static EFI_STATUS get_info(File* self, EFI_GUID* type, UINTN* size, void* buffer) noexcept {
    Open* file = of(self);
    if (file == nullptr) return EFI_DEVICE_ERROR;
    if (type == nullptr || size == nullptr) return EFI_INVALID_PARAMETER;
    if (same_guid(*type, kFileInfo)) {
      if (file->entry == nullptr) return answer_file_info(u"", 0, true, size, buffer);
      return answer_file_info(file->entry->name, file->entry->source->size(), false, size, buffer);
    }
    if (same_guid(*type, kFileSystemInfo)) {
      EFI_FILE_SYSTEM_INFO info{};
      constexpr std::size_t kHead = SIZE_OF_EFI_FILE_SYSTEM_INFO;
      info.Size = kHead + (kLabel.size() + 1) * sizeof(char16_t);
      info.ReadOnly = TRUE;
      info.BlockSize = kBlockBytes;
      for (const auto& entry : file->system->entries_) info.VolumeSize += entry.source->size();
      return answer(std::as_bytes(std::span(&info, 1)).first(kHead), kLabel, size, buffer);
    }
    return EFI_UNSUPPORTED;
  }
};

VirtualFileSystem::VirtualFileSystem(const Firmware& firmware, std::vector<File> files) noexcept
    : firmware_(firmware) {
  table_.raw.Revision = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_REVISION;
  table_.raw.OpenVolume = firmware_entry<&open_volume>;
  table_.owner = this;
  for (const File& file : files) {
    if (entries_.size() == kFilesMax) break;
    std::u16string name = to_utf16(file.name);
    if (name.size() > kNameMax) name.resize(kNameMax);
    entries_.push_back({std::move(name), file.source});
  }
}

void VirtualFileSystem::disable() noexcept {
  for (Open* file : opened_) {
    file->system = nullptr;
    file->entry = nullptr;
  }
  opened_.clear();
  entries_.clear();
  disabled_ = true;
}

EFI_STATUS VirtualFileSystem::open_volume(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* self,
                                          EFI_FILE_PROTOCOL** root) noexcept {
  if (self == nullptr || root == nullptr) return EFI_INVALID_PARAMETER;
  return reinterpret_cast<Table*>(self)->owner->open(nullptr, root);
}

EFI_STATUS VirtualFileSystem::open(const Entry* entry, EFI_FILE_PROTOCOL** file) noexcept {
  if (firmware_.boot_services_ended()) return EFI_DEVICE_ERROR;
  if (disabled_) return EFI_NO_MEDIA;
  if (opened_.size() == kOpenMax) return EFI_OUT_OF_RESOURCES;
  auto* opened = new (std::nothrow) Open;
  if (opened == nullptr) return EFI_OUT_OF_RESOURCES;
  EFI_FILE_PROTOCOL& raw = opened->raw;
  raw.Revision = EFI_FILE_PROTOCOL_REVISION;
  raw.Open = firmware_entry<&FileCalls::open>;
  raw.Close = firmware_entry<&FileCalls::close>;
  raw.Delete = firmware_entry<&FileCalls::remove>;
  raw.Read = firmware_entry<&FileCalls::read>;
  raw.Write = firmware_entry<&FileCalls::write>;
  raw.GetPosition = firmware_entry<&FileCalls::get_position>;
  raw.SetPosition = firmware_entry<&FileCalls::set_position>;
  raw.GetInfo = firmware_entry<&FileCalls::get_info>;
  raw.SetInfo = firmware_entry<&FileCalls::set_info>;
  raw.Flush = firmware_entry<&FileCalls::flush>;
  opened->firmware = &firmware_;
  opened->system = this;
  opened->entry = entry;
  opened_.push_back(opened);
  *file = &raw;
  return EFI_SUCCESS;
}

bool VirtualFileSystem::find(std::u16string_view path, const Entry*& entry) const noexcept {
  // There is one folder; "\", "." and any of them in front of a name mean it.
  for (;;) {
    if (path.starts_with(u'\\') || path.starts_with(u'/')) {
      path.remove_prefix(1);
    } else if (path == u"." || path.starts_with(u".\\")) {
      path.remove_prefix(1);
    } else {
      break;
    }
  }
  entry = nullptr;
  if (path.empty()) return true;
  for (const Entry& candidate : entries_) {
    if (!same_name(candidate.name, path)) continue;
    entry = &candidate;
    return true;
  }
  return false;
}

}  // namespace kedge::uefi
