# SPDX-License-Identifier: BSD-2-Clause-Patent
# For the packages that replace iPXE's option ROMs of QEMU: a ROM is only a NIC driver unless the host's
# settings for the VM ask for more.
set(DEFAULT_KEDGE_ROM_PERSONALITY driver)
