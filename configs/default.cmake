# SPDX-License-Identifier: BSD-2-Clause-Patent
# The default configuration: everything that is built in, and Kedge runs the boot wherever it is loaded.
set(DEFAULT_KEDGE_ROM_PERSONALITY takeover)
