// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_timers.h"

#include "net/lwip/lwip_headers.h"

namespace kedge::net {
namespace {

constexpr Duration kTick = Duration::milliseconds(TCP_TMR_INTERVAL);
constexpr unsigned kTicksPerSecond = 1000 / TCP_TMR_INTERVAL;
static_assert(ARP_TMR_INTERVAL == 1000 && IP_TMR_INTERVAL == 1000);

}  // namespace

void LwipTimers::touch() noexcept {
  quiet_ticks_ = 0;
  if (armed()) return;
  const Instant now = loop_.now();
  if (stopped_ != Instant() && now - stopped_ >= kForgetAfter) {
    netif* interface = nullptr;
    NETIF_FOREACH(interface) {
      etharp_cleanup_netif(interface);
    }
  }
  next_ = now + kTick;
  (void)loop_.arm(*this, next_);
}

void LwipTimers::expired() noexcept {
  tcp_tmr();
  if (++tick_ % kTicksPerSecond == 0) {
    etharp_tmr();
    ip_reass_tmr();
  }
  const bool connections = tcp_active_pcbs != nullptr || tcp_tw_pcbs != nullptr;
  quiet_ticks_ = connections ? 0 : quiet_ticks_ + 1;
  const Instant now = loop_.now();
  if (quiet_ticks_ > kQuietTicksMax) {
    stopped_ = now;
    return;
  }
  // Ticks that were missed (firmware took the CPU) are not made up for: a burst of them would
  // retransmit and give up at once.
  next_ = next_ + kTick;
  if (next_ <= now) next_ = now + kTick;
  if (!armed()) (void)loop_.arm(*this, next_);
}

}  // namespace kedge::net
