// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of uefi: what the firmware refused, or what it lacks. The detail is the EFI status
// without its error bit.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite uefi_protocol_missing{site_code(ErrorKind::not_found, Module::uefi, 1),
                                                 "the firmware has no such protocol there", ""};
inline constexpr ErrorSite uefi_open_failed{
    site_code(ErrorKind::busy, Module::uefi, 2), "another driver holds this device",
    "Disconnect that driver in the firmware's setup, or use the NIC through the firmware (SNP)."};
inline constexpr ErrorSite uefi_no_memory{site_code(ErrorKind::no_memory, Module::uefi, 3),
                                          "the firmware is out of memory",
                                          "Give the machine more memory, or load smaller files."};
inline constexpr ErrorSite uefi_install_failed{site_code(ErrorKind::internal, Module::uefi, 4),
                                               "the firmware refused to install a protocol", ""};
inline constexpr ErrorSite uefi_event_failed{site_code(ErrorKind::internal, Module::uefi, 5),
                                             "the firmware refused to create an event", ""};
inline constexpr ErrorSite uefi_clock_stands{
    site_code(ErrorKind::internal, Module::uefi, 6), "the CPU's time counter does not advance",
    "In a VM, check the CPU model's timer features; report the machine's type otherwise."};
inline constexpr ErrorSite uefi_entropy_poor{
    site_code(ErrorKind::denied, Module::uefi, 7), "no source of randomness passed its health test",
    "Give the VM a virtio-rng device or a CPU with RDRAND."};
inline constexpr ErrorSite uefi_reset_failed{site_code(ErrorKind::unsupported, Module::uefi, 8),
                                             "the firmware cannot reset or switch off", ""};
inline constexpr ErrorSite uefi_no_setup{site_code(ErrorKind::unsupported, Module::uefi, 9),
                                         "the firmware cannot be told to enter its setup",
                                         "Press its setup key during start instead."};
inline constexpr ErrorSite uefi_file_missing{site_code(ErrorKind::not_found, Module::uefi, 10),
                                             "file not found on the boot medium", ""};
inline constexpr ErrorSite uefi_file_failed{site_code(ErrorKind::io, Module::uefi, 11),
                                            "cannot read the file from the boot medium",
                                            "Write the medium again; it may be damaged."};
inline constexpr ErrorSite uefi_file_too_large{site_code(ErrorKind::too_large, Module::uefi, 12),
                                               "the file is larger than allowed here", ""};
inline constexpr ErrorSite uefi_device_path_malformed{
    site_code(ErrorKind::malformed, Module::uefi, 13), "the firmware's device path is malformed",
    ""};
inline constexpr ErrorSite uefi_snp_start{
    site_code(ErrorKind::io, Module::uefi, 20), "the firmware's NIC driver cannot be started",
    "Power the machine off and on; look for a newer firmware of machine or NIC."};
inline constexpr ErrorSite uefi_snp_transmit{site_code(ErrorKind::io, Module::uefi, 21),
                                             "the firmware's NIC driver cannot send", ""};
inline constexpr ErrorSite uefi_snp_not_ethernet{
    site_code(ErrorKind::unsupported, Module::uefi, 22), "this network interface is not Ethernet",
    ""};
inline constexpr ErrorSite uefi_pci_access{site_code(ErrorKind::io, Module::uefi, 23),
                                           "the PCI device cannot be accessed", ""};
inline constexpr ErrorSite uefi_dma_memory{site_code(ErrorKind::no_memory, Module::uefi, 24),
                                           "no memory that the device can reach", ""};
inline constexpr ErrorSite uefi_driver_stays{
    site_code(ErrorKind::busy, Module::uefi, 25), "a firmware driver does not let go of the NIC",
    "The NIC is used through that driver instead, which is slower."};
inline constexpr ErrorSite uefi_no_snp{
    site_code(ErrorKind::not_found, Module::uefi, 26), "the firmware has no driver for this NIC",
    "Use a NIC that the firmware or Kedge knows: virtio-net in a VM."};
inline constexpr ErrorSite uefi_image_refused{site_code(ErrorKind::denied, Module::uefi, 30),
                                              "refused by Secure Boot",
                                              "Sign the image with a key that this machine trusts, "
                                              "start it through shim, or turn Secure Boot "
                                              "off."};
inline constexpr ErrorSite uefi_image_other_machine{
    site_code(ErrorKind::unsupported, Module::uefi, 31),
    "the image is not for this machine's architecture, or not an EFI image",
    "Serve the image built for this architecture; x86-64 and aarch64 differ."};
inline constexpr ErrorSite uefi_image_load{site_code(ErrorKind::malformed, Module::uefi, 32),
                                           "the firmware cannot load the image",
                                           "Check that the file is complete and undamaged."};
inline constexpr ErrorSite uefi_image_failed{site_code(ErrorKind::refused, Module::uefi, 33),
                                             "the image ran and returned an error", ""};
inline constexpr ErrorSite uefi_initrd_exists{
    site_code(ErrorKind::exists, Module::uefi, 34),
    "another boot loader has installed an initrd already",
    "Start the kernel without initrd here, or without the other loader's initrd."};

inline constexpr const ErrorSite* kUefiSites[] = {
    &uefi_protocol_missing,      &uefi_open_failed,  &uefi_no_memory,
    &uefi_install_failed,        &uefi_event_failed, &uefi_clock_stands,
    &uefi_entropy_poor,          &uefi_reset_failed, &uefi_no_setup,
    &uefi_file_missing,          &uefi_file_failed,  &uefi_file_too_large,
    &uefi_device_path_malformed, &uefi_snp_start,    &uefi_snp_transmit,
    &uefi_snp_not_ethernet,      &uefi_pci_access,   &uefi_dma_memory,
    &uefi_driver_stays,          &uefi_no_snp,       &uefi_image_refused,
    &uefi_image_other_machine,   &uefi_image_load,   &uefi_image_failed,
    &uefi_initrd_exists};

}  // namespace kedge::err
