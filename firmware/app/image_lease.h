// SPDX-License-Identifier: BSD-2-Clause-Patent
// image_lease: the DHCP packets that an image finds in PXE Base Code.
#pragma once

#include <string_view>

#include "app/interface_slot.h"
#include "uefi/pxe_stack_backend.h"

namespace kedge::app {

/// The packets of the slot's lease, as they came, when they name the image at `uri`. Otherwise, as
/// after a script, they are made to name it: images look there for the folder that they came from,
/// and load the rest from it. Names of other protocols than TFTP are whole URIs, which our Mtftp
/// takes. An interface without a lease gets an answer as DHCP would have given it.
uefi::PxeLease image_lease(const InterfaceSlot& slot, std::string_view uri);

}  // namespace kedge::app
