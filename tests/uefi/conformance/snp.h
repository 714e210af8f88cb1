// SPDX-License-Identifier: BSD-2-Clause-Patent
// Simple Network under question: its state as the conformance tests set it up.
#pragma once

#include <span>

#include "report.h"

namespace kedge::uefi::conformance {

class SnpUnderQuestion {
 public:
  SnpUnderQuestion(const Firmware& firmware, Report& report,
                   EFI_SIMPLE_NETWORK_PROTOCOL& snp) noexcept
      : firmware_(&firmware), report_(&report), snp_(&snp) {}

  EFI_SIMPLE_NETWORK_PROTOCOL* operator->() const noexcept { return snp_; }
  EFI_SIMPLE_NETWORK_PROTOCOL* raw() const noexcept { return snp_; }
  const EFI_SIMPLE_NETWORK_MODE& mode() const noexcept { return *snp_->Mode; }
  EFI_SIMPLE_NETWORK_STATE state() const noexcept {
    return static_cast<EFI_SIMPLE_NETWORK_STATE>(snp_->Mode->State);
  }
  bool is(EFI_SIMPLE_NETWORK_STATE wanted) const noexcept { return state() == wanted; }
  const Firmware& firmware() const noexcept { return *firmware_; }
  Report& report() const noexcept { return *report_; }

  /// Goes to a state from whatever state it is in. False: it did not work, and `question` is not
  /// asked.
  bool bring_to(EFI_SIMPLE_NETWORK_STATE wanted, std::string_view question) noexcept;
  /// One step towards a question, which is not asked when it fails.
  bool step(std::string_view question, std::string_view name, EFI_STATUS answer) noexcept;

 private:
  const Firmware* firmware_;
  Report* report_;
  EFI_SIMPLE_NETWORK_PROTOCOL* snp_;
};

using SnpQuestion = void (*)(SnpUnderQuestion& snp);

/// What works, and what is answered for calls that are wrong.
std::span<const SnpQuestion> snp_functions() noexcept;
std::span<const SnpQuestion> snp_states() noexcept;
/// All of the machine; with their numbers in the report.
std::vector<SnpUnderQuestion> all_snps(const Firmware& firmware, Report& report);

}  // namespace kedge::uefi::conformance
