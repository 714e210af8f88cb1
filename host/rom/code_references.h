// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// How often machine code refers to an address: a guess by instructions as compilers write them, for
// no code is followed along its branches.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "image/pe.h"

namespace kedge::host {

// Instructions that make the address or, on aarch64, load or store there. `code` begins at
// `code_address`. Nothing for machines whose instructions are not known here.
std::optional<unsigned> count_references(image::Machine machine, ByteView code,
                                         std::uint32_t code_address, std::uint32_t target);

}  // namespace kedge::host
