// SPDX-License-Identifier: BSD-2-Clause-Patent
// For tests: a protocol's table as somebody else has it. Our functions look at what stands before.
#pragma once

#include "uefi/producer.h"

namespace kedge::uefi {

template <class P>
struct ForeignTable {
  ProducerHead before{};
  P raw{};
};

}  // namespace kedge::uefi
