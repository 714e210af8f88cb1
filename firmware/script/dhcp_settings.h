// SPDX-License-Identifier: BSD-2-Clause-Patent
// A DHCP message as a block of settings: every option by its number, options within options 43 and
// 175, and the fixed fields under the names that scripts know them by.
#pragma once

#include "script/settings.h"
#include "wire/dhcp4.h"

namespace kedge::script {

/// Replaces the contents of `block` (net0.dhcp, proxydhcp, pxebs) by those of `message`. Scripts
/// may then override single options in it.
void fill_dhcp_block(StoredBlock& block, const wire::Dhcp4View& message) noexcept;

}  // namespace kedge::script
