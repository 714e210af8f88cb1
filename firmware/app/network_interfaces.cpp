// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/network_interfaces.h"

#include "app/app_errors.h"
#include "async/combine.h"
#include "script/dhcp_settings.h"

namespace kedge::app {
namespace {

using client::DhcpProgress;

/// Shows what is remarkable: a first try that is answered at once is not.
class ProgressLines final : public client::DhcpObserver {
 public:
  ProgressLines(port::Console& console, std::string_view interface) noexcept
      : console_(console), interface_(interface) {}

  void dhcp_progress(const DhcpProgress& progress) noexcept override {
    using Step = DhcpProgress::Step;
    const bool first_try = progress.attempt <= 1;
    const bool sends = progress.step == Step::discover_sent ||
                       progress.step == Step::request_sent ||
                       progress.step == Step::proxy_request_sent;
    const bool routine = progress.step == Step::offered || progress.step == Step::bound ||
                         progress.step == Step::waiting_for_proxy ||
                         progress.step == Step::proxy_answered;
    if (routine || (sends && first_try)) return;
    format_to(console_, "{}: {}\n", interface_, progress);
  }

 private:
  port::Console& console_;
  std::string_view interface_;
};

void fill(script::StoredBlock& block, const client::DhcpPacket* packet) noexcept {
  block.clear_all();
  if (packet == nullptr) return;
  // It was parsed before it became a DhcpPacket, so this cannot fail.
  if (const auto view = wire::Dhcp4View::parse(packet->bytes()); view.ok()) {
    script::fill_dhcp_block(block, *view);
  }
}

std::string address_text(const net::Ipv4Configuration& configuration) {
  std::string text = format("{}/{}", configuration.address, configuration.prefix_bits);
  if (!configuration.gateway.is_any()) {
    StringSink sink(text);
    format_to(sink, " gw {}", configuration.gateway);
  }
  return text;
}

}  // namespace

NetworkInterfaces::NetworkInterfaces(net::Stack& stack, script::SettingsTree& settings,
                                     port::Console& console, MachineIdentity identity) noexcept
    : stack_(stack), settings_(settings), console_(console), identity_(std::move(identity)) {
  settings_.root().attach(proxydhcp_);
  settings_.root().attach(pxebs_);
}

NetworkInterfaces::~NetworkInterfaces() {
  close_all();
  settings_.set_net_x(nullptr);
}

void NetworkInterfaces::add(net::Interface& interface, NicFacts facts) noexcept {
  slots_.push_back(std::make_unique<InterfaceSlot>(interface, std::move(facts)));
  InterfaceSlot& slot = *slots_.back();
  settings_.root().attach(slot.settings);
  slot.settings.attach(slot.dhcp);
  set_facts(slot);
  const link::Device& device = interface.device();
  format_to(console_, "{}: {} {} {}", interface.name(), device.mac(), device.driver_name(),
            slot.facts.bus);
  if (!slot.facts.vlan.is_none()) format_to(console_, ", VLAN {}", slot.facts.vlan);
  console_.append("\n");
}

void NetworkInterfaces::set_facts(InterfaceSlot& slot) noexcept {
  const wire::MacAddress mac = slot.interface.device().mac();
  slot.settings.set_fact("mac", script::RawValue(as_text(mac.bytes())));
  slot.settings.set_fact("hwaddr", script::RawValue(as_text(mac.bytes())));
  slot.settings.set_fact("chip", script::RawValue(slot.interface.device().driver_name()));
  slot.settings.set_fact("ifname", script::RawValue(slot.interface.name()));
  slot.settings.set_fact("linktype", script::RawValue("Ethernet"));
  slot.settings.set_fact("bustype", script::RawValue("PCI"));
  if (slot.facts.vlan.id != 0) {
    auto id = script::parse_setting(script::SettingType::int16, format("{}", slot.facts.vlan.id));
    if (id.ok()) slot.settings.set_fact("vlan", *std::move(id));
  }
  auto location = script::parse_setting(script::SettingType::busdevfn, slot.facts.bus);
  if (location.ok()) slot.settings.set_fact("busloc", *std::move(location));
}

void NetworkInterfaces::offer_cached_lease(const wire::MacAddress& mac,
                                           client::DhcpLease lease) noexcept {
  cached_mac_ = mac;
  cached_lease_ = std::move(lease);
}

void NetworkInterfaces::close_all() noexcept {
  // While the firmware has the NIC, anybody may get a new lease for it.
  cached_lease_.reset();
  for (std::size_t i = 0; i < slots_.size(); ++i) close(i);
}

script::InterfaceInfo NetworkInterfaces::describe(std::size_t index) noexcept {
  InterfaceSlot& slot = *slots_[index];
  link::Device& device = slot.interface.device();
  const link::Statistics& statistics = device.statistics();
  const link::LinkState link = device.link_state();
  script::InterfaceInfo info;
  info.name = std::string(slot.interface.name());
  info.mac = format("{}", device.mac());
  info.driver = std::string(device.driver_name());
  info.bus = slot.facts.bus;
  if (!slot.facts.vlan.is_none()) info.vlan = format("{}", slot.facts.vlan);
  info.open = slot.interface.is_open();
  info.link_up = link != link::LinkState::down;
  if (link == link::LinkState::unknown) info.link_detail = "the driver cannot tell";
  if (!slot.interface.ipv4().address.is_any()) {
    info.addresses.push_back(address_text(slot.interface.ipv4()));
  }
  info.transmitted = statistics.transmitted_frames;
  info.transmit_errors = statistics.transmit_errors;
  info.received = statistics.received_frames;
  info.receive_errors = statistics.receive_errors + statistics.receive_dropped;
  return info;
}

async::Task<Result<void>> NetworkInterfaces::open(std::size_t index) noexcept {
  co_return open_now(*slots_[index]);
}

Result<void> NetworkInterfaces::open_now(InterfaceSlot& slot) noexcept {
  KEDGE_CHECK(slot.interface.open());
  settings_.set_net_x(&slot.settings);
  if (slot.lease.has_value() && leader_ != &slot) lead(slot);
  if (!slot.interface.ipv4().address.is_any()) return {};
  // A static configuration that a script has set: net0/ip, net0/netmask, net0/gateway, net0/dns.
  const std::string prefix = std::string(slot.interface.name()) + "/";
  const auto address = wire::Ipv4Address::parse(settings_.text(prefix + "ip"));
  if (!address.ok()) return {};
  net::Ipv4Configuration configuration;
  configuration.address = *address;
  configuration.prefix_bits = wire::Ipv4Subnet::classful(*address).prefix_length;
  if (const auto mask = wire::Ipv4Address::parse(settings_.text(prefix + "netmask")); mask.ok()) {
    KEDGE_TRY(const wire::Ipv4Subnet subnet, wire::Ipv4Subnet::from_netmask(*address, *mask));
    configuration.prefix_bits = subnet.prefix_length;
  }
  if (const auto gateway = wire::Ipv4Address::parse(settings_.text(prefix + "gateway"));
      gateway.ok()) {
    configuration.gateway = *gateway;
  }
  KEDGE_CHECK(slot.interface.configure(configuration));
  if (const auto server = wire::IpAddress::parse(settings_.text(prefix + "dns")); server.ok()) {
    leader_ = &slot;
    stack_.set_resolver({*server}, {settings_.text(prefix + "domain")});
  }
  announce(slot, "static");
  return {};
}

void NetworkInterfaces::close(std::size_t index) noexcept {
  InterfaceSlot& slot = *slots_[index];
  slot.interface.close();
  forget_lease(slot);
}

void NetworkInterfaces::forget_lease(InterfaceSlot& slot) noexcept {
  slot.dhcp.clear_all();
  slot.lease.reset();
  if (leader_ != &slot) return;
  leader_ = nullptr;
  fill(proxydhcp_, nullptr);
  fill(pxebs_, nullptr);
  stack_.set_resolver({}, {});
}

async::Task<Result<void>> NetworkInterfaces::wait_link(std::size_t index,
                                                       std::optional<Duration> timeout) noexcept {
  InterfaceSlot& slot = *slots_[index];
  KEDGE_CO_CHECK(open_now(slot));
  const Instant now = co_await async::current_time();
  co_return co_await slot.interface.wait_link(now + timeout.value_or(kLinkWait));
}

async::Task<Result<void>> NetworkInterfaces::configure(std::size_t index,
                                                       script::ConfigureRequest request) noexcept {
  if (!request.configurator.empty() && request.configurator != "dhcp") {
    co_return fail(err::app_unknown_configurator);
  }
  InterfaceSlot& slot = *slots_[index];
  const Result<void> outcome = co_await obtain_address(slot, request.timeout);
  // With one interface the caller's own message is enough.
  if (!outcome.ok() && slots_.size() > 1 && outcome.error().kind() != ErrorKind::cancelled) {
    format_to(console_, "{}: DHCP failed: {}\n", slot.interface.name(), outcome.error());
  }
  co_return outcome;
}

async::Task<Result<void>> NetworkInterfaces::obtain_address(
    InterfaceSlot& slot, std::optional<Duration> timeout) noexcept {
  KEDGE_CO_CHECK(open_now(slot));
  if (cached_lease_.has_value() && cached_mac_ == slot.interface.device().mac()) {
    client::DhcpLease lease = *std::move(cached_lease_);
    cached_lease_.reset();
    // One that cannot be used is no reason to fail: a new one may be better.
    if (slot.interface.configure(lease.configuration()).ok()) {
      use_lease(slot, std::move(lease));
      announce(slot, "DHCP (the firmware's lease)");
      co_return Result<void>();
    }
  }
  co_return co_await run_dhcp(slot, timeout);
}

async::Task<Result<void>> NetworkInterfaces::run_dhcp(InterfaceSlot& slot,
                                                      std::optional<Duration> timeout) noexcept {
  ProgressLines lines(console_, slot.interface.name());
  // On the heap: it holds packet buffers, which have no place in a coroutine frame.
  const auto dhcp = std::make_unique<client::DhcpClient>(stack_, slot.interface, identity_of(slot),
                                                         client::DhcpSettings{}, &lines);
  // The client takes the address away, so what came with it must not be believed any more.
  forget_lease(slot);
  const Instant now = co_await async::current_time();
  const Instant deadline = timeout.has_value() ? now + *timeout : Instant::never();
  KEDGE_CO_TRY(client::DhcpLease lease, co_await async::with_deadline(deadline, dhcp->acquire()));
  use_lease(slot, std::move(lease));
  announce(slot, "DHCP");
  co_return Result<void>();
}

client::DhcpIdentity NetworkInterfaces::identity_of(InterfaceSlot& slot) noexcept {
  client::DhcpIdentity identity;
  identity.mac = slot.interface.device().mac();
  identity.architecture = identity_.architecture;
  identity.uuid = identity_.uuid;
  const std::string prefix = std::string(slot.interface.name()) + "/";
  if (std::string value = settings_.text(prefix + "user-class"); !value.empty()) {
    identity.user_class = std::move(value);
  }
  identity.vendor_class = settings_.text(prefix + "vendor-class");
  if (slot.facts.vendor.has_value() && slot.facts.device.has_value()) {
    identity.bus = client::DhcpBusId{*slot.facts.vendor, *slot.facts.device};
  }
  return identity;
}

InterfaceSlot* NetworkInterfaces::booting() noexcept {
  InterfaceSlot* found = nullptr;
  for (auto& slot : slots_) {
    if (!slot->interface.is_open() || slot->interface.ipv4().address.is_any()) continue;
    if (slot.get() == leader_) return slot.get();
    if (found == nullptr) found = slot.get();
  }
  return found;
}

void NetworkInterfaces::use_lease(InterfaceSlot& slot, client::DhcpLease lease) noexcept {
  slot.lease = std::move(lease);
  fill(slot.dhcp, &slot.lease->dhcp);
  lead(slot);
  settings_.set_net_x(&slot.settings);
}

void NetworkInterfaces::lead(InterfaceSlot& slot) noexcept {
  leader_ = &slot;
  const client::DhcpLease& held = *slot.lease;
  fill(proxydhcp_, held.proxy.has_value() ? &*held.proxy : nullptr);
  fill(pxebs_, held.boot_server.has_value() ? &*held.boot_server : nullptr);
  slot.dhcp.reorder();  // and what stands beside its interface
  if (!held.dns_servers.empty()) stack_.set_resolver(held.dns_servers, held.search);
}

void NetworkInterfaces::announce(const InterfaceSlot& slot, std::string_view source) noexcept {
  const net::Ipv4Configuration& configuration = slot.interface.ipv4();
  format_to(console_, "{}: {} ok {}/{}", slot.interface.name(), source, configuration.address,
            configuration.prefix_bits);
  if (!configuration.gateway.is_any()) format_to(console_, " gateway {}", configuration.gateway);
  if (slot.lease.has_value() && !slot.lease->server_id.is_any()) {
    format_to(console_, " from {}", slot.lease->server_id);
  }
  console_.append("\n");
}

std::vector<std::string> NetworkInterfaces::routes() noexcept {
  std::vector<std::string> lines;
  for (const auto& slot : slots_) {
    const net::Ipv4Configuration& configuration = slot->interface.ipv4();
    if (!slot->interface.is_open() || configuration.address.is_any()) continue;
    lines.push_back(format("{}: {}", slot->interface.name(), address_text(configuration)));
    for (const net::Ipv4Route& route : configuration.routes) {
      lines.push_back(format("{}: {}/{} via {}", slot->interface.name(), route.network,
                             route.prefix_bits, route.gateway));
    }
  }
  return lines;
}

async::Task<Result<std::vector<wire::IpAddress>>> NetworkInterfaces::resolve(
    std::string name) noexcept {
  const Instant now = co_await async::current_time();
  co_return co_await stack_.resolve(std::move(name), now + kResolveTimeout);
}

}  // namespace kedge::app
