// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Makes FAT images: the disk that a VM boots its UEFI application from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/outcome.h"
#include "vm/machine.h"

namespace kedge::host {

struct MediaFile {
  std::string name;              // with directories: "EFI/BOOT/BOOTX64.EFI"
  std::filesystem::path source;  // copied from here
};

// A FAT file system without a partition table, as UEFI accepts it on any disk.
Outcome<void> make_fat_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files);

// The application as the removable media file, the script (if any) beside it and in the root.
std::vector<MediaFile> boot_media_files(Architecture architecture,
                                        const std::filesystem::path& application,
                                        const std::filesystem::path& script);

}  // namespace kedge::host
