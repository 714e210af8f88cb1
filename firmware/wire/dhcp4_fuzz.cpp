// SPDX-License-Identifier: BSD-2-Clause-Patent
// DHCP messages with all their nested options: what is read can be built again and reads the same.
#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "wire/dhcp4.h"
#include "wire/pxe_options.h"

using namespace kedge;

namespace {

void read_nested(const wire::DhcpOptionView& option) {
  if (const auto pxe = wire::PxeOptions::parse(option.value)) {
    wire::PxeBootServerReader servers(pxe->boot_servers);
    while (const auto server = servers.next()) {
      for (std::size_t i = 0; i < server->address_count(); ++i) (void)server->address(i);
    }
    KEDGE_ASSERT(servers.ok());
    wire::PxeMenuReader menu(pxe->menu);
    while (menu.next()) {
    }
    KEDGE_ASSERT(menu.ok());
  }
  wire::DomainSearchReader names(option.value);
  while (names.next()) {
  }
  std::vector<wire::ClasslessRoute> routes;
  wire::ClasslessRouteReader reader(option.value);
  while (const auto route = reader.next()) routes.push_back(*route);
  std::vector<std::byte> buffer(9 * routes.size());
  ByteWriter writer(buffer);
  for (const auto& route : routes) wire::write_classless_route(writer, route);
  const auto written = writer.finish();
  KEDGE_ASSERT(written.ok());
  wire::ClasslessRouteReader again(*written);
  for (const auto& route : routes) KEDGE_ASSERT(again.next() == route);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto view = wire::Dhcp4View::parse(std::as_bytes(std::span(data, size)));
  if (!view) return 0;
  // Room for the fixed part, the cookie, every option header and value, END.
  std::vector<std::byte> buffer(wire::kBootpMessageMin + 2 * size + 8);
  wire::Dhcp4Builder builder(buffer, view->header(), view->server_name(), view->file());
  wire::Dhcp4OptionWalk walk(*view);
  while (const auto option = walk.next()) {
    read_nested(*option);
    if (option->code != wire::dhcp_option::kOverload) builder.option(option->code, option->value);
  }
  const auto message = builder.finish();
  KEDGE_ASSERT(message.ok());
  const auto again = wire::Dhcp4View::parse(*message);
  KEDGE_ASSERT(again.ok());
  KEDGE_ASSERT(again->header().hardware_address == view->header().hardware_address);
  KEDGE_ASSERT(view->file().starts_with(again->file()));
  wire::Dhcp4OptionWalk first(*view);
  wire::Dhcp4OptionWalk second(*again);
  while (auto option = first.next()) {
    if (option->code == wire::dhcp_option::kOverload) continue;
    const auto copy = second.next();
    KEDGE_ASSERT(copy && copy->code == option->code);
    KEDGE_ASSERT(std::ranges::equal(copy->value, option->value));
  }
  return 0;
}
