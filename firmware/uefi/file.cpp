// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/file.h"

#include <algorithm>
#include <string>

#include "uefi/protocol.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

/// An open file, closed when destroyed.
class OpenFile {
 public:
  OpenFile() noexcept = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (file_ != nullptr) (void)file_->Close(file_);
  }
  EFI_FILE_PROTOCOL** out() noexcept { return &file_; }
  EFI_FILE_PROTOCOL* operator->() const noexcept { return file_; }
  EFI_FILE_PROTOCOL* get() const noexcept { return file_; }

 private:
  EFI_FILE_PROTOCOL* file_ = nullptr;
};

constexpr EFI_GUID kFileInfo = EFI_FILE_INFO_ID;

Result<std::uint64_t> size_of(const OpenFile& file) noexcept {
  // The information ends in the file's name, so its size is not known before.
  alignas(EFI_FILE_INFO) std::byte buffer[sizeof(EFI_FILE_INFO) + 512];
  UINTN bytes = sizeof(buffer);
  KEDGE_CHECK(from_status(file->GetInfo(file.get(), guid_pointer(kFileInfo), &bytes, buffer),
                          err::uefi_file_failed));
  const auto* info = reinterpret_cast<const EFI_FILE_INFO*>(buffer);
  if ((info->Attribute & EFI_FILE_DIRECTORY) != 0) return fail(err::uefi_file_missing);
  return std::uint64_t{info->FileSize};
}

}  // namespace

Result<std::vector<std::byte>> read_file(const Firmware& firmware, Handle device,
                                         std::string_view path, std::size_t bytes_max) noexcept {
  auto* system = peek<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(firmware, device);
  if (system == nullptr) return fail(err::uefi_file_missing);
  OpenFile root;
  KEDGE_CHECK(from_status(system->OpenVolume(system, root.out()), err::uefi_file_failed));
  std::u16string name = to_utf16(path);
  std::replace(name.begin(), name.end(), u'/', u'\\');
  OpenFile file;
  const EFI_STATUS status = root->Open(root.get(), file.out(), raw(name), EFI_FILE_MODE_READ, 0);
  if (status == EFI_NOT_FOUND) return fail(err::uefi_file_missing);
  KEDGE_CHECK(from_status(status, err::uefi_file_failed));
  KEDGE_TRY(const std::uint64_t size, size_of(file));
  if (size > bytes_max) return fail(err::uefi_file_too_large);
  std::vector<std::byte> content(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < content.size()) {
    UINTN bytes = content.size() - done;
    KEDGE_CHECK(
        from_status(file->Read(file.get(), &bytes, content.data() + done), err::uefi_file_failed));
    if (bytes == 0) return fail(err::uefi_file_failed);
    done += bytes;
  }
  return content;
}

}  // namespace kedge::uefi
