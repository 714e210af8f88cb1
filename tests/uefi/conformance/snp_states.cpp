// SPDX-License-Identifier: BSD-2-Clause-Patent
// Simple Network: calls in the wrong state, and with parameters that are wrong. What is left out
// by a step that fails shows in the count.
#include "snp.h"

namespace kedge::uefi::conformance {
namespace {

constexpr UINTN kBufferBytes = 2048;
constexpr UINTN kPacketBytes = 1024;

/// In Stopped everything but Start is NOT_STARTED, and it stays Stopped.
bool ask_stopped(SnpUnderQuestion& snp, std::string_view question, EFI_STATUS answer,
                 std::initializer_list<EFI_STATUS> allowed_too = {}) {
  bool holds = answer == EFI_NOT_STARTED && snp.is(EfiSimpleNetworkStopped);
  for (const EFI_STATUS other : allowed_too) holds |= answer == other;
  return snp.report().check(question, holds, answer);
}

void ask_start(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStarted, "snp.start.twice")) return;
  const EFI_STATUS answer = snp->Start(snp.raw());
  snp.report().check("snp.start.twice",
                     answer == EFI_ALREADY_STARTED && snp.is(EfiSimpleNetworkStarted), answer);
  (void)snp.bring_to(before, "after snp.start.twice");
}

/// A call in Stopped, and back to the state before.
template <class Call>
void ask_in_stopped(SnpUnderQuestion& snp, std::string_view question, Call call,
                    std::initializer_list<EFI_STATUS> allowed_too = {}) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, question)) return;
  const EFI_STATUS answer = call();
  ask_stopped(snp, question, answer, allowed_too);
  (void)snp.bring_to(before, question);
}

void ask_stop(SnpUnderQuestion& snp) {
  ask_in_stopped(snp, "snp.stop.stopped", [&] { return snp->Stop(snp.raw()); });
}
void ask_initialize(SnpUnderQuestion& snp) {
  ask_in_stopped(snp, "snp.initialize.stopped", [&] { return snp->Initialize(snp.raw(), 0, 0); });
}
void ask_reset(SnpUnderQuestion& snp) {
  ask_in_stopped(snp, "snp.reset.stopped", [&] { return snp->Reset(snp.raw(), FALSE); },
                 {EFI_UNSUPPORTED});
}
void ask_shutdown(SnpUnderQuestion& snp) {
  ask_in_stopped(snp, "snp.shutdown.stopped", [&] { return snp->Shutdown(snp.raw()); });
}

void ask_filter_lists(SnpUnderQuestion& snp) {
  constexpr UINT32 kMulticast = EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST;
  const auto ask = [&](std::string_view question, UINT32 enable, UINTN count,
                       EFI_MAC_ADDRESS* list) {
    snp.report().check_answer(question,
                              snp->ReceiveFilters(snp.raw(), enable, 0, FALSE, count, list),
                              {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
  };
  ask("snp.filters.unknown", ~snp.mode().ReceiveFilterMask, 0, nullptr);
  if ((snp.mode().ReceiveFilterMask & kMulticast) == 0) return;
  // As many as are said to be there: a driver that takes them reads no further.
  std::vector<EFI_MAC_ADDRESS> groups(snp.mode().MaxMCastFilterCount + 1,
                                      EFI_MAC_ADDRESS{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x02}});
  ask("snp.filters.list.long", kMulticast, groups.size(), groups.data());
  ask("snp.filters.list.empty", kMulticast, 0, groups.data());
  ask("snp.filters.list.null", kMulticast, 1, nullptr);
}

void ask_filters(SnpUnderQuestion& snp) {
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.filters.stopped")) return;
  const auto call = [&] { return snp->ReceiveFilters(snp.raw(), 0, 0, FALSE, 0, nullptr); };
  ask_stopped(snp, "snp.filters.stopped", call(), {EFI_UNSUPPORTED});
  if (!snp.step("snp.filters.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.filters.started", call(), {EFI_DEVICE_ERROR, EFI_UNSUPPORTED});
  if (!snp.step("snp.filters.unknown", "Initialize", snp->Initialize(snp.raw(), 0, 0))) return;
  ask_filter_lists(snp);
}

void ask_address(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.address.stopped")) return;
  const auto call = [&] { return snp->StationAddress(snp.raw(), TRUE, nullptr); };
  ask_stopped(snp, "snp.address.stopped", call(), {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
  if (!snp.step("snp.address.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.address.started", call(),
                            {EFI_DEVICE_ERROR, EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
  (void)snp.bring_to(before, "after snp.address.started");
}

void ask_statistics(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.statistics.stopped")) return;
  EFI_NETWORK_STATISTICS table{};
  UINTN size = sizeof table;
  const auto call = [&] { return snp->Statistics(snp.raw(), FALSE, &size, &table); };
  ask_stopped(snp, "snp.statistics.stopped", call(), {EFI_UNSUPPORTED});
  if (!snp.step("snp.statistics.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.statistics.started", call(), {EFI_DEVICE_ERROR, EFI_UNSUPPORTED});
  if (!snp.step("snp.statistics.small", "Initialize", snp->Initialize(snp.raw(), 0, 0))) return;
  size = 0;
  snp.report().check_answer("snp.statistics.small", call(),
                            {EFI_BUFFER_TOO_SMALL, EFI_UNSUPPORTED});
  (void)snp.bring_to(before, "after snp.statistics.small");
}

void ask_multicast_address(SnpUnderQuestion& snp) {
  EFI_IP_ADDRESS ip{};
  ip.v4 = {{239, 255, 255, 255}};
  EFI_MAC_ADDRESS mac{};
  ask_in_stopped(snp, "snp.mcast.stopped",
                 [&] { return snp->MCastIpToMac(snp.raw(), FALSE, &ip, &mac); });
}

void ask_nv_data(SnpUnderQuestion& snp) {
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.nvdata.stopped")) return;
  const UINTN size = snp.mode().NvRamSize;
  const UINTN piece = snp.mode().NvRamAccessSize;
  if (size == 0 || piece == 0) return;
  std::vector<UINT8> data(size);
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.nvdata.stopped")) return;
  ask_stopped(snp, "snp.nvdata.stopped", snp->NvData(snp.raw(), TRUE, 0, piece, data.data()),
              {EFI_UNSUPPORTED});
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.nvdata.offset")) return;
  const auto ask = [&](std::string_view question, UINTN offset, UINTN bytes) {
    snp.report().check_answer(question, snp->NvData(snp.raw(), TRUE, offset, bytes, data.data()),
                              {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
  };
  ask("snp.nvdata.offset", piece / 2, piece);
  ask("snp.nvdata.size", 0, piece / 2);
  ask("snp.nvdata.end", 0, size + 100);
}

void ask_get_status(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.status.stopped")) return;
  UINT32 interrupts = 0;
  void* sent = nullptr;
  const auto call = [&] { return snp->GetStatus(snp.raw(), &interrupts, &sent); };
  ask_stopped(snp, "snp.status.stopped", call());
  if (!snp.step("snp.status.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.status.started", call(), {EFI_DEVICE_ERROR});
  if (before == EfiSimpleNetworkStopped) (void)snp.bring_to(before, "after snp.status.started");
}

void ask_transmit(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.transmit.stopped")) return;
  (void)snp->StationAddress(snp.raw(), TRUE, nullptr);
  std::vector<UINT8> packet(kBufferBytes);
  const UINTN header = snp.mode().MediaHeaderSize;
  const auto bare = [&] {
    return snp->Transmit(snp.raw(), 0, header, packet.data(), nullptr, nullptr, nullptr);
  };
  ask_stopped(snp, "snp.transmit.stopped", bare());
  if (!snp.step("snp.transmit.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.transmit.started", bare(), {EFI_DEVICE_ERROR});
  if (!snp.step("snp.transmit.header", "Initialize", snp->Initialize(snp.raw(), 0, 0))) return;
  EFI_MAC_ADDRESS from{};
  EFI_MAC_ADDRESS to{};
  UINT16 type = snp.mode().IfType;
  const auto ask = [&](std::string_view question, EFI_STATUS wanted, UINTN header_bytes,
                       UINTN bytes, void* buffer, EFI_MAC_ADDRESS* destination, UINT16* protocol) {
    snp.report().check_answer(
        question,
        snp->Transmit(snp.raw(), header_bytes, bytes, buffer, &from, destination, protocol),
        {wanted});
  };
  void* buffer = packet.data();
  ask("snp.transmit.header", EFI_INVALID_PARAMETER, header + 2, kPacketBytes, buffer, &to, &type);
  ask("snp.transmit.small", EFI_BUFFER_TOO_SMALL, header, header - 2, buffer, &to, &type);
  ask("snp.transmit.buffer", EFI_INVALID_PARAMETER, header, kPacketBytes, nullptr, &to, &type);
  ask("snp.transmit.to", EFI_INVALID_PARAMETER, header, kPacketBytes, buffer, nullptr, &type);
  ask("snp.transmit.type", EFI_INVALID_PARAMETER, header, kPacketBytes, buffer, &to, nullptr);
  if (before == EfiSimpleNetworkStopped) (void)snp.bring_to(before, "after snp.transmit");
}

void ask_receive(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStopped, "snp.receive.stopped")) return;
  std::vector<UINT8> packet(kBufferBytes);
  UINTN header = 0;
  UINTN bytes = 0;
  const auto bare = [&] {
    return snp->Receive(snp.raw(), &header, &bytes, packet.data(), nullptr, nullptr, nullptr);
  };
  ask_stopped(snp, "snp.receive.stopped", bare());
  if (!snp.step("snp.receive.started", "Start", snp->Start(snp.raw()))) return;
  snp.report().check_answer("snp.receive.started", bare(), {EFI_DEVICE_ERROR});
  if (!snp.step("snp.receive.buffer", "Initialize", snp->Initialize(snp.raw(), 0, 0))) return;
  (void)snp->ReceiveFilters(
      snp.raw(), EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST, 0,
      FALSE, 0, nullptr);
  EFI_MAC_ADDRESS from{};
  EFI_MAC_ADDRESS to{};
  UINT16 type = 0;
  snp.report().check_answer("snp.receive.buffer",
                            snp->Receive(snp.raw(), &header, &bytes, nullptr, &from, &to, &type),
                            {EFI_INVALID_PARAMETER});
  if (before == EfiSimpleNetworkStopped) (void)snp.bring_to(before, "after snp.receive");
}

constexpr SnpQuestion kQuestions[] = {
    ask_start,   ask_stop,       ask_initialize,        ask_reset,   ask_shutdown,   ask_filters,
    ask_address, ask_statistics, ask_multicast_address, ask_nv_data, ask_get_status, ask_transmit,
    ask_receive,
};

}  // namespace

std::span<const SnpQuestion> snp_states() noexcept {
  return kQuestions;
}

}  // namespace kedge::uefi::conformance
