// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Whether a domain's CPU has an instruction that gives random numbers (RDRAND, RNDR).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/domain_model.h"

namespace kedge::host {

struct CpuRandom {
  std::optional<bool> has;  // none: not known
  std::string source;       // "XML line 12: CPU model Haswell"
};

// `host_has` is for CPUs that are the host's.
CpuRandom cpu_random(const Domain& domain, std::optional<bool> host_has);

// Of QEMU's x86 CPU models, by family; none for names that are not known.
std::optional<bool> x86_model_has_rdrand(std::string_view model);

}  // namespace kedge::host
