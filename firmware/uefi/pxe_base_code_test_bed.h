// SPDX-License-Identifier: BSD-2-Clause-Patent
// A PxeBaseCode on a scripted backend, for its tests.
#pragma once

#include "uefi/pxe_base_code.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <numeric>

#include "async/async_errors.h"
#include "client/dhcp/dhcp_errors.h"
#include "client/tftp/tftp_client_errors.h"
#include "net/net_errors.h"
#include "tests/fake/uefi.h"
#include "uefi/pxe_errors.h"
#include "wire/dhcp4.h"

namespace kedge::uefi {
using Pxe = EFI_PXE_BASE_CODE_PROTOCOL;

inline constexpr wire::Ipv4Address kStation(192, 0, 2, 50);
inline constexpr wire::Ipv4Address kServer(192, 0, 2, 1);
inline constexpr wire::Ipv4Address kOther(192, 0, 2, 77);
inline constexpr wire::MacAddress kOwnMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
inline constexpr wire::MacAddress kServerMac({0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc});

inline EFI_IP_ADDRESS raw(wire::Ipv4Address address) {
  EFI_IP_ADDRESS ip{};
  const auto octets = address.octets();
  std::memcpy(&ip, octets.data(), octets.size());
  return ip;
}

inline std::vector<std::byte> bytes(std::string_view text) {
  const ByteView view = as_byte_view(text);
  return {view.begin(), view.end()};
}

/// A DHCP message with the given option 43.
inline std::vector<std::byte> dhcp_message(ByteView encapsulated = {},
                                           wire::Ipv4Address server = kServer) {
  std::vector<std::byte> buffer(wire::kDhcpMessageMax);
  wire::Dhcp4Header header;
  header.operation = wire::BootpOperation::reply;
  header.yours = kStation;
  header.server = server;
  wire::Dhcp4Builder builder(buffer, header);
  builder.type(wire::DhcpMessageType::ack);
  if (!encapsulated.empty()) builder.option(43, encapsulated);
  const auto message = builder.finish();
  return {message->begin(), message->end()};
}

class FakeBackend final : public PxeBackend {
 public:
  bool uuid = true;
  std::function<Result<PxeLease>(PxeWatch&)> on_dhcp;
  std::function<Result<PxeSearchResult>(const PxeSearch&, PxeWatch&)> on_discover;
  std::function<Result<void>(const PxeFile&, client::Sink&, PxeWatch&,
                             std::optional<PxeServerError>&)>
      on_read;
  std::function<Result<void>(const PxeFile&, ByteView, std::optional<PxeServerError>&)> on_write;
  std::function<Result<std::uint16_t>(const PxeUdpTarget&, std::string)> on_send;
  std::optional<Error> configure_error;
  std::vector<PxeDatagram> incoming;
  std::optional<Error> receive_error;
  std::function<bool(PxeWatch&)> on_receive;
  std::function<Result<wire::MacAddress>()> on_neighbour;
  std::uint16_t asked_port = 0xffff;
  net::Ipv4Configuration configuration;
  unsigned closed = 0;

  bool has_uuid() const noexcept override { return uuid; }
  wire::MacAddress mac() const noexcept override { return kOwnMac; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  Result<PxeLease> dhcp(PxeWatch& watch) noexcept override { return on_dhcp(watch); }
  Result<PxeSearchResult> discover(const PxeSearch& search, PxeWatch& watch) noexcept override {
    return on_discover(search, watch);
  }
  Result<void> configure(const net::Ipv4Configuration& wanted) noexcept override {
    if (configure_error) return *configure_error;
    configuration = wanted;
    return {};
  }
  Result<void> read(const PxeFile& file, client::Sink& sink, PxeWatch& watch,
                    std::optional<PxeServerError>& refusal) noexcept override {
    return on_read(file, sink, watch, refusal);
  }
  Result<void> write(const PxeFile& file, ByteView content, PxeWatch&,
                     std::optional<PxeServerError>& refusal) noexcept override {
    return on_write(file, content, refusal);
  }
  Result<std::uint16_t> send(const PxeUdpTarget& target,
                             std::span<const ByteView> payload) noexcept override {
    std::string all;
    for (const ByteView piece : payload) all += as_text(piece);
    return on_send(target, all);
  }
  Result<PxeDatagram> receive(std::uint16_t port, Duration,
                              FunctionRef<bool(const PxeDatagram&)> accept,
                              PxeWatch& watch) noexcept override {
    asked_port = port;
    if (receive_error) return *receive_error;
    if (on_receive && !on_receive(watch)) return fail(err::pxe_aborted);
    while (!incoming.empty()) {
      const PxeDatagram next = incoming.front();
      incoming.erase(incoming.begin());
      if (accept(next)) return next;
    }
    return fail(err::async_timed_out);
  }
  Result<wire::MacAddress> find_neighbour(wire::Ipv4Address, Duration,
                                          PxeWatch& watch) noexcept override {
    if (!watch.waiting()) return fail(err::pxe_aborted);
    return on_neighbour();
  }
  void unread(const PxeDatagram& datagram) noexcept override {
    incoming.insert(incoming.begin(), datagram);
    incoming.front().again = true;
  }
  net::InterfaceMode interface_mode;
  std::function<void()> on_set_mode;
  void set_mode(const net::InterfaceMode& mode) noexcept override {
    interface_mode = mode;
    if (on_set_mode) on_set_mode();
  }
  void close_ports() noexcept override { ++closed; }
};

/// The callback protocol of a started image.
struct FakeCallback {
  EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL protocol{};
  std::vector<std::pair<EFI_PXE_BASE_CODE_FUNCTION, std::string>> calls;
  std::size_t abort_at = SIZE_MAX;
  std::function<void()> inside;
  static inline FakeCallback* current = nullptr;

  FakeCallback() {
    current = this;
    protocol.Revision = EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL_REVISION;
    protocol.Callback = call;
  }
  static EFI_PXE_BASE_CODE_CALLBACK_STATUS EFIAPI call(EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL*,
                                                       EFI_PXE_BASE_CODE_FUNCTION function, BOOLEAN,
                                                       UINT32 length,
                                                       EFI_PXE_BASE_CODE_PACKET* packet) {
    const auto* text = reinterpret_cast<const char*>(packet);
    current->calls.emplace_back(function, length == 0 ? "" : std::string(text, length));
    if (current->inside) current->inside();
    return current->calls.size() > current->abort_at ? EFI_PXE_BASE_CODE_CALLBACK_STATUS_ABORT
                                                     : EFI_PXE_BASE_CODE_CALLBACK_STATUS_CONTINUE;
  }
};

struct PxeBaseCodeTest : testing::Test {
  fake::FakeFirmware fake;
  FakeBackend backend;
  std::unique_ptr<PxeBaseCode> producer = std::make_unique<PxeBaseCode>(fake.firmware(), backend);
  Pxe* pxe = producer->raw();
  const EFI_PXE_BASE_CODE_MODE& mode = *pxe->Mode;
  EFI_HANDLE handle = fake.add_protocol(nullptr, pxe);
  FakeCallback callback;

  PxeBaseCodeTest() { producer->set_handle(Handle(handle)); }
  ~PxeBaseCodeTest() override {
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_EQ(fake.pools_in_use(), 0U);
  }
  PxeLease lease() {
    PxeLease made;
    made.configuration.address = kStation;
    made.configuration.prefix_bits = 24;
    made.configuration.gateway = kServer;
    made.discover = bytes("discover");
    made.ack = dhcp_message();
    return made;
  }
  void start_with_lease() { producer->adopt(lease()); }
  void want_callbacks() {
    fake.add_protocol(handle, &callback.protocol);
    BOOLEAN yes = TRUE;
    ASSERT_EQ(pxe->SetParameters(pxe, nullptr, nullptr, nullptr, nullptr, &yes), EFI_SUCCESS);
  }
  EFI_STATUS read(std::vector<char>& buffer, UINT64& size, const char* name = "file",
                  EFI_PXE_BASE_CODE_TFTP_OPCODE operation = EFI_PXE_BASE_CODE_TFTP_READ_FILE) {
    EFI_IP_ADDRESS server = raw(kServer);
    EFI_PXE_BASE_CODE_MTFTP_INFO info{};
    return pxe->Mtftp(pxe, operation, buffer.data(), FALSE, &size, nullptr, &server,
                      reinterpret_cast<UINT8*>(const_cast<char*>(name)), &info, FALSE);
  }
  void serve(std::string content, bool announced = true) {
    backend.on_read = [=](const PxeFile&, client::Sink& sink, PxeWatch& watch,
                          std::optional<PxeServerError>&) -> Result<void> {
      if (announced) KEDGE_CHECK(sink.expect(content.size()));
      if (!watch.waiting()) return fail(err::pxe_aborted);
      return sink.write(as_byte_view(content));
    };
  }
};

inline UINT8* text(const char* name) {
  return reinterpret_cast<UINT8*>(const_cast<char*>(name));
}

/// An error of the network and what the caller is told of it.
struct Failure {
  const char* name;
  const ErrorSite* site;
  EFI_STATUS status;
};
inline void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.name;
}

}  // namespace kedge::uefi
