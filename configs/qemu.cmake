# SPDX-License-Identifier: BSD-2-Clause-Patent
# For the packages that replace iPXE's option ROMs of QEMU: a ROM is only a NIC driver unless the host's
# settings for the VM ask for more.
set(DEFAULT_KEDGE_ROM_PERSONALITY driver)
# 256 KiB, the size class of the ROMs that they replace, have no room for it beside PXE Base Code in virtio's.
set(DEFAULT_KEDGE_UNDI OFF)
