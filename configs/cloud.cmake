# SPDX-License-Identifier: BSD-2-Clause-Patent
# For machines at cloud providers: virtual NICs and HTTP; TFTP, which does not leave a local network, is off.
set(DEFAULT_KEDGE_ROM_PERSONALITY takeover)
set(DEFAULT_KEDGE_CLIENT_TFTP OFF)
