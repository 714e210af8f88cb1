// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// QEMU's qcow2 images (QEMU: docs/interop/qcow2.rst), as distributions keep firmware and variables
// in them: images of version 2 and 3 that stand alone.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

bool is_qcow2(ByteView file);

// What a machine sees in the image, at most `bytes_max` bytes. Refused, with the offset: damage;
// images that need other files, keys, or unpacking.
Outcome<std::string> read_qcow2(ByteView file, std::size_t bytes_max);

}  // namespace kedge::host
