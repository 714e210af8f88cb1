// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Makes FAT images: the disk that a VM boots its UEFI application from.
#pragma once

#include <cstdint>
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

// Below this size the file system is FAT12, which UEFI reads, too, but little else likes on a disk.
constexpr std::uint64_t kFat16BytesMin = 33u << 20;

// A FAT file system without a partition table, as UEFI accepts it on any disk, of at least
// `bytes_min` bytes. With SOURCE_DATE_EPOCH in the environment the same files make the same image.
Outcome<void> make_fat_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files,
                             std::uint64_t bytes_min = kFat16BytesMin);

// The application as the removable media file, the script (if any) beside it and in the root.
std::vector<MediaFile> boot_media_files(Architecture architecture,
                                        const std::filesystem::path& application,
                                        const std::filesystem::path& script);

}  // namespace kedge::host
