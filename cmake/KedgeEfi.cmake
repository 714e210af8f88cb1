# SPDX-License-Identifier: BSD-2-Clause-Patent
# kedge_efi_image and what it needs; see toolchain-uefi.cmake.
