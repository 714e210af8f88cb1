// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "snp.h"

#include "uefi/protocol.h"

namespace kedge::uefi::conformance {

bool SnpUnderQuestion::step(std::string_view question, std::string_view name,
                            EFI_STATUS answer) noexcept {
  if (EFI_ERROR(answer)) report_->left_out(question, name, answer);
  return !EFI_ERROR(answer);
}

bool SnpUnderQuestion::bring_to(EFI_SIMPLE_NETWORK_STATE wanted,
                                std::string_view question) noexcept {
  if (wanted != EfiSimpleNetworkInitialized && is(EfiSimpleNetworkInitialized) &&
      !step(question, "Shutdown", snp_->Shutdown(snp_))) {
    return false;
  }
  if (wanted == EfiSimpleNetworkStopped && is(EfiSimpleNetworkStarted)) {
    return step(question, "Stop", snp_->Stop(snp_));
  }
  if (wanted != EfiSimpleNetworkStopped && is(EfiSimpleNetworkStopped) &&
      !step(question, "Start", snp_->Start(snp_))) {
    return false;
  }
  if (wanted == EfiSimpleNetworkInitialized && is(EfiSimpleNetworkStarted)) {
    return step(question, "Initialize", snp_->Initialize(snp_, 0, 0));
  }
  return true;
}

std::vector<SnpUnderQuestion> all_snps(const Firmware& firmware, Report& report) {
  std::vector<SnpUnderQuestion> result;
  for (const Handle handle : network_handles(firmware, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>)) {
    auto* raw = peek<EFI_SIMPLE_NETWORK_PROTOCOL>(firmware, handle);
    if (raw == nullptr) continue;
    result.emplace_back(firmware, report, *raw);
    tell_subject(firmware, report, handle, result.size());
  }
  return result;
}

// PXE Base Code's handles have the NIC's interface, too. The conformance tests ask there as well,
// each question everywhere before the next.
void ask_snp(const Firmware& firmware, Report& report) {
  std::vector<SnpUnderQuestion> all = all_snps(firmware, report);
  for (const std::span<const SnpQuestion> questions : {snp_functions(), snp_states()}) {
    for (const SnpQuestion ask : questions) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        report.put_to(i + 1);
        ask(all[i]);
      }
    }
  }
}

}  // namespace kedge::uefi::conformance
