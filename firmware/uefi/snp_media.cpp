// SPDX-License-Identifier: BSD-2-Clause-Patent
// SnpProducer's link: whether it is there, and how long it may be waited for.
#include "uefi/snp_producer.h"

namespace kedge::uefi {

Result<void> SnpProducer::run_device() noexcept {
  KEDGE_CHECK(device_.start());
  // Without a timer nobody waits.
  const bool waits = negotiation_timer_.start_timer(kNegotiation).ok();
  negotiation_ = waits ? Negotiation::running : Negotiation::over;
  return {};
}

void SnpProducer::negotiation_ends(EFI_EVENT, void* context) noexcept {
  auto& self = *static_cast<SnpProducer*>(context);
  if (self.retired_ || self.negotiation_ != Negotiation::running) return;
  self.negotiation_ = Negotiation::over;
  // It ran for the look only.
  if (self.mode_.State != EfiSimpleNetworkInitialized) self.device_.stop();
}

void SnpProducer::update_media() noexcept {
  mode_.MediaPresent = device_.link_state() == link::LinkState::down ? FALSE : TRUE;
}

Result<EFI_STATUS> SnpProducer::media_state() noexcept {
  const bool in_use = mode_.State == EfiSimpleNetworkInitialized;
  if (!in_use) {
    // The look that has ended meanwhile found none; the next one is a new one.
    if (negotiation_ == Negotiation::over) {
      negotiation_ = Negotiation::none;
      return EFI_NO_MEDIA;
    }
    if (negotiation_ == Negotiation::none) KEDGE_CHECK(run_device());
  }
  const bool is_down = device_.link_state() == link::LinkState::down;
  const bool waits = is_down && negotiation_ == Negotiation::running;
  if (in_use) {
    mode_.MediaPresent = is_down ? FALSE : TRUE;
  } else if (!waits) {
    device_.stop();
    negotiation_ = Negotiation::none;
  }
  if (waits) return EFI_NOT_READY;
  return is_down ? EFI_NO_MEDIA : EFI_SUCCESS;
}

}  // namespace kedge::uefi
