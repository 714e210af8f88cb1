// SPDX-License-Identifier: BSD-2-Clause-Patent
// NicIdentifier: what names a NIC to those who drive it below Simple Network, where an image has
// it: EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL, version 3.1 (UEFI 2.10, 24.2).
#pragma once

#include <memory>

#include "uefi/raw.h"

namespace kedge::uefi {

class PciFunction;
class SnpProducer;

class NicIdentifier {
 public:
  virtual ~NicIdentifier() = default;
  virtual EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL* raw() noexcept = 0;
};

/// Both must outlive what is made. nullptr when it cannot be made: the NIC does without.
using MakeNicIdentifier = std::unique_ptr<NicIdentifier> (*)(SnpProducer&, PciFunction&) noexcept;

}  // namespace kedge::uefi
