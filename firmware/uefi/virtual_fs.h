// SPDX-License-Identifier: BSD-2-Clause-Patent
// VirtualFileSystem: a read-only SimpleFileSystem over files in memory, for kernels and loaders
// that look for their files beside themselves (`initrd=name` before Linux 5.8).
#pragma once

#include <string>

#include "uefi/protocol.h"
#include "uefi/source.h"

namespace kedge::uefi {

class VirtualFileSystem {
 public:
  static constexpr std::size_t kFilesMax = 256;
  static constexpr std::size_t kOpenMax = 64;
  static constexpr std::size_t kNameMax = 200;  ///< UTF-16 units

  struct File {
    std::string name;  ///< without folders
    Source* source = nullptr;
  };

  /// The files must live as long as this object. Those beyond kFilesMax are left out, names are cut
  /// off at kNameMax.
  VirtualFileSystem(const Firmware& firmware, std::vector<File> files) noexcept;
  VirtualFileSystem(const VirtualFileSystem&) = delete;
  VirtualFileSystem& operator=(const VirtualFileSystem&) = delete;
  /// Files that the image left open become unusable, not dangling: their handles stay allocated.
  ~VirtualFileSystem() { disable(); }

  /// Makes every file unusable: the sources may go away.
  void disable() noexcept;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* protocol() noexcept { return &table_.raw; }
  std::size_t open_files() const noexcept { return opened_.size(); }

 private:
  friend struct FileCalls;
  struct Table {
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL raw;
    VirtualFileSystem* owner;
  };
  struct Entry {
    std::u16string name;
    Source* source;
  };
  struct Open;

  static EFI_STATUS open_volume(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* self,
                                EFI_FILE_PROTOCOL** root) noexcept;
  EFI_STATUS open(const Entry* entry, EFI_FILE_PROTOCOL** file) noexcept;
  /// The entry that a path means; the root for "\" and "."; nothing when there is none.
  bool find(std::u16string_view path, const Entry*& entry) const noexcept;

  const Firmware& firmware_;
  Table table_{};
  std::vector<Entry> entries_;
  std::vector<Open*> opened_;
  bool disabled_ = false;
};

}  // namespace kedge::uefi
