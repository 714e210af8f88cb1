// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_client.h"

namespace kedge::client {

void format_value(TextSink& sink, const DhcpProgress& progress) noexcept {
  using Step = DhcpProgress::Step;
  const auto sent = [&](std::string_view what) {
    format_to(sink, "DHCP: {} sent, try {} of {}", what, progress.attempt, progress.attempts);
  };
  switch (progress.step) {
    case Step::waiting_for_link:
      return sink.append("DHCP: waiting for link");
    case Step::discover_sent:
      return sent("DISCOVER");
    case Step::offered:
      return format_to(sink, "DHCP: {} offers {}", progress.server, progress.address);
    case Step::proxy_offered:
      return format_to(sink, "DHCP: {} offers boot information (ProxyDHCP)", progress.server);
    case Step::waiting_for_proxy:
      return sink.append("DHCP: address offered, waiting for ProxyDHCP");
    case Step::request_sent:
      return sent("REQUEST");
    case Step::refused:
      return format_to(sink, "DHCP: {} refuses {} (NAK)", progress.server, progress.address);
    case Step::restarting:
      return format_to(sink, "DHCP: starting again, {} of {}", progress.attempt, progress.attempts);
    case Step::bound:
      return format_to(sink, "DHCP: {} from {}", progress.address, progress.server);
    case Step::proxy_request_sent:
      return sent("ProxyDHCP REQUEST");
    case Step::proxy_answered:
      return format_to(sink, "DHCP: ProxyDHCP {} answered", progress.server);
    case Step::proxy_silent:
      return format_to(sink, "DHCP: ProxyDHCP {} does not answer, going on without",
                       progress.server);
    case Step::boot_server_request_sent:
      return sent("boot server REQUEST");
    case Step::boot_server_answered:
      return format_to(sink, "DHCP: boot server {} answered", progress.server);
  }
}

}  // namespace kedge::client
