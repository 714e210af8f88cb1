# SPDX-License-Identifier: BSD-2-Clause-Patent
# The minimal build: NIC drivers for the firmware's own network stack and no boot of our own.
set(DEFAULT_KEDGE_ROM_PERSONALITY driver)
set(DEFAULT_KEDGE_STACK OFF)
set(DEFAULT_KEDGE_DRIVER_SNP OFF)
set(DEFAULT_KEDGE_IMAGE_NETWORK OFF)
set(DEFAULT_KEDGE_CLIENT_TFTP OFF)
set(DEFAULT_KEDGE_CLIENT_HTTP OFF)
# Room for what users see.
set(DEFAULT_KEDGE_ASSERT_TEXTS OFF)
