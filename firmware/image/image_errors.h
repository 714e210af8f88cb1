// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of images: why a file cannot be started or passed on.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite image_not_pe{site_code(ErrorKind::malformed, Module::image, 1),
                                        "not a PE image", ""};
inline constexpr ErrorSite image_bad_pe{
    site_code(ErrorKind::malformed, Module::image, 2), "the PE image is damaged",
    "Compare the file on the server with its original; it may be cut off."};
inline constexpr ErrorSite image_not_linux{site_code(ErrorKind::malformed, Module::image, 3),
                                           "not a Linux kernel", ""};
inline constexpr ErrorSite image_bad_cpio_name{
    site_code(ErrorKind::invalid, Module::image, 4), "not a usable name for a file of the initrd",
    "Write a path of up to 1024 characters, then mode=0755 or mkdir=1 if wanted."};
inline constexpr ErrorSite image_bad_cpio_argument{
    site_code(ErrorKind::invalid, Module::image, 5), "unknown argument of a file of the initrd",
    "After the path there may be mode=0755 (octal) and mkdir=1 (or mkdir=-1 for all folders)."};
inline constexpr ErrorSite image_cpio_too_large{
    site_code(ErrorKind::too_large, Module::image, 6), "file is too large for an initrd archive",
    "Files of an initrd archive have less than 4 GiB; pass it without arguments instead."};

inline constexpr ErrorSite image_empty{site_code(ErrorKind::malformed, Module::image, 10),
                                       "the file is empty", "Look at the file on the server."};
inline constexpr ErrorSite image_other_machine{
    site_code(ErrorKind::unsupported, Module::image, 11),
    "the image is for another kind of machine",
    "Load the build of the image for this machine's architecture."};
inline constexpr ErrorSite image_compressed{
    site_code(ErrorKind::unsupported, Module::image, 12), "a compressed file, not an EFI image",
    "Unpack it on the server (a kernel: Image instead of Image.gz)."};
inline constexpr ErrorSite image_web_page{
    site_code(ErrorKind::unsupported, Module::image, 13), "a web page, not an EFI image",
    "The server answers with a page instead of the file: open the address in a browser."};
inline constexpr ErrorSite image_no_efi_stub{site_code(ErrorKind::unsupported, Module::image, 14),
                                             "a Linux kernel without EFI stub",
                                             "Build the kernel with CONFIG_EFI_STUB=y."};
inline constexpr ErrorSite image_not_efi{
    site_code(ErrorKind::unsupported, Module::image, 15), "not an EFI application",
    "Start a file made for UEFI: a kernel with EFI stub, a boot loader (.efi) or a script."};

inline constexpr const ErrorSite* kImageSites[] = {&image_not_pe,
                                                   &image_bad_pe,
                                                   &image_not_linux,
                                                   &image_bad_cpio_name,
                                                   &image_bad_cpio_argument,
                                                   &image_cpio_too_large,
                                                   &image_empty,
                                                   &image_other_machine,
                                                   &image_compressed,
                                                   &image_web_page,
                                                   &image_no_efi_stub,
                                                   &image_not_efi};

}  // namespace kedge::err
