// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Bootable media: what a person burns or writes to a stick. The same files make the same image,
// whenever and wherever.
#pragma once

#include <filesystem>
#include <vector>

#include "support/outcome.h"
#include "vm/boot_media.h"

namespace kedge::host {

// A disk image with an MBR and one EFI system partition (UEFI 2.10, 5.2 and 13.3), for `dd` to a
// USB stick. The partition has room for kernels and scripts that its owner adds.
Outcome<void> make_usb_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files);

// An ISO 9660 image that UEFI boots from optical media by El Torito (UEFI 2.10, 13.3.2.1) and,
// because the same boot image is also a partition, from a USB stick. The files are in the ISO file
// system, too, for people to read.
Outcome<void> make_iso_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files);

// Parses "EFI/BOOT/BOOTX64.EFI=build/kedge.efi". Names have at most kMediaNameMax bytes and no
// "..".
constexpr std::size_t kMediaNameMax = 200;
Outcome<MediaFile> parse_media_file(std::string_view argument);

}  // namespace kedge::host
