// SPDX-License-Identifier: BSD-2-Clause-Patent
// Simple Network: what works. Each question ends in the state in which it found the NIC.
#include <cstring>

#include "snp.h"

namespace kedge::uefi::conformance {
namespace {

constexpr UINT32 kInterrupts =
    EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT | EFI_SIMPLE_NETWORK_TRANSMIT_INTERRUPT |
    EFI_SIMPLE_NETWORK_COMMAND_INTERRUPT | EFI_SIMPLE_NETWORK_SOFTWARE_INTERRUPT;
constexpr UINTN kExtraBufferBytes = 32;
constexpr EFI_MAC_ADDRESS kGroup{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x02}};

bool is_same(const EFI_MAC_ADDRESS& a, const EFI_MAC_ADDRESS& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

void ask_start(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (snp.bring_to(EfiSimpleNetworkStopped, "snp.start")) {
    const EFI_STATUS answer = snp->Start(snp.raw());
    snp.report().check("snp.start", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkStarted),
                       answer);
  }
  (void)snp.bring_to(before, "after snp.start");
}

void ask_stop(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (snp.bring_to(EfiSimpleNetworkStarted, "snp.stop")) {
    const EFI_STATUS answer = snp->Stop(snp.raw());
    snp.report().check("snp.stop", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkStopped),
                       answer);
  }
  (void)snp.bring_to(before, "after snp.stop");
}

void ask_initialize(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkStarted, "snp.initialize")) return;
  EFI_STATUS answer = snp->Initialize(snp.raw(), 0, 0);
  snp.report().check("snp.initialize", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized),
                     answer);
  if (!snp.step("snp.initialize.extra", "Shutdown", snp->Shutdown(snp.raw()))) return;
  answer = snp->Initialize(snp.raw(), kExtraBufferBytes, kExtraBufferBytes);
  snp.report().check(
      "snp.initialize.extra",
      answer == EFI_UNSUPPORTED || (answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized)),
      answer);
  (void)snp.bring_to(before, "after snp.initialize");
}

/// Reset keeps what callers have set, and leaves nothing in the queues.
void ask_reset(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.reset")) return;
  const EFI_SIMPLE_NETWORK_MODE mode = snp.mode();
  // A frame that the firmware's stack fetches in between would change what is compared.
  const TplGuard guard(snp.firmware(), TPL_CALLBACK);
  EFI_NETWORK_STATISTICS first{};
  EFI_NETWORK_STATISTICS second{};
  UINTN first_size = sizeof first;
  UINTN second_size = sizeof second;
  if (!snp.step("snp.reset", "Statistics",
                snp->Statistics(snp.raw(), FALSE, &first_size, &first))) {
    return;
  }
  const EFI_STATUS answer = snp->Reset(snp.raw(), FALSE);
  bool holds = answer == EFI_SUCCESS || answer == EFI_UNSUPPORTED;
  holds &= mode.State == snp.mode().State &&
           mode.ReceiveFilterMask == snp.mode().ReceiveFilterMask &&
           mode.ReceiveFilterSetting == snp.mode().ReceiveFilterSetting &&
           is_same(mode.CurrentAddress, snp.mode().CurrentAddress) &&
           is_same(mode.PermanentAddress, snp.mode().PermanentAddress);
  void* sent = nullptr;
  UINT32 interrupts = 0;
  if (!snp.step("snp.reset", "GetStatus", snp->GetStatus(snp.raw(), &interrupts, &sent))) return;
  const UINT32 allowed = snp.mode().MediaPresent != FALSE ? kInterrupts : 0;
  holds &= (interrupts & ~allowed) == 0 && sent == nullptr;
  if (!snp.step("snp.reset", "Statistics",
                snp->Statistics(snp.raw(), FALSE, &second_size, &second))) {
    return;
  }
  holds &= first_size == second_size && std::memcmp(&first, &second, sizeof first) == 0;
  snp.report().check("snp.reset", holds, answer);
  snp.report().check_answer("snp.reset.extended", snp->Reset(snp.raw(), TRUE),
                            {EFI_SUCCESS, EFI_UNSUPPORTED});
  (void)snp.bring_to(before, "after snp.reset");
}

void ask_shutdown(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.shutdown")) return;
  const EFI_STATUS answer = snp->Shutdown(snp.raw());
  snp.report().check("snp.shutdown", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkStarted),
                     answer);
  (void)snp.bring_to(before, "after snp.shutdown");
}

/// The lowest filter that the NIC has, off, on, and both at once.
void ask_one_filter(SnpUnderQuestion& snp) {
  const UINT32 filter = snp.mode().ReceiveFilterMask & (~snp.mode().ReceiveFilterMask + 1);
  if (filter == 0 || filter > EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST) return;
  const auto ask = [&](std::string_view question, UINT32 on, UINT32 off, bool is_set) {
    const EFI_STATUS answer = snp->ReceiveFilters(snp.raw(), on, off, FALSE, 0, nullptr);
    const bool is_set_now = (snp.mode().ReceiveFilterSetting & filter) != 0;
    snp.report().check(question,
                       answer == EFI_UNSUPPORTED || (answer == EFI_SUCCESS && is_set_now == is_set),
                       answer);
  };
  ask("snp.filters.disable", 0, filter, false);
  ask("snp.filters.enable", filter, 0, true);
  ask("snp.filters.both", filter, filter, false);
}

void ask_filters(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.filters")) return;
  ask_one_filter(snp);
  const EFI_SIMPLE_NETWORK_MODE& mode = snp.mode();
  if ((mode.ReceiveFilterMask & EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST) != 0) {
    EFI_MAC_ADDRESS group = kGroup;
    const EFI_STATUS answer =
        snp->ReceiveFilters(snp.raw(), EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST, 0, FALSE, 1, &group);
    const bool is_listed = answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized) &&
                           mode.MCastFilterCount == 1 && is_same(mode.MCastFilter[0], kGroup);
    const bool has_no_list = answer == EFI_INVALID_PARAMETER && mode.MaxMCastFilterCount == 0;
    snp.report().check("snp.filters.list", is_listed || has_no_list || answer == EFI_UNSUPPORTED,
                       answer);
  }
  const EFI_STATUS answer = snp->ReceiveFilters(snp.raw(), 0, 0, TRUE, 0, nullptr);
  const bool is_empty =
      answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized) && mode.MCastFilterCount == 0;
  snp.report().check("snp.filters.list.reset", is_empty || answer == EFI_UNSUPPORTED, answer);
  (void)snp.bring_to(before, "after snp.filters");
}

void ask_address(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.address")) return;
  const EFI_STATUS reset = snp->StationAddress(snp.raw(), TRUE, nullptr);
  const bool is_reset = is_same(snp.mode().CurrentAddress, snp.mode().PermanentAddress);
  EFI_MAC_ADDRESS own = snp.mode().CurrentAddress;
  EFI_MAC_ADDRESS other{};
  const EFI_STATUS set = snp->StationAddress(snp.raw(), FALSE, &other);
  const bool is_set = is_same(snp.mode().CurrentAddress, other);
  (void)snp->StationAddress(snp.raw(), FALSE, &own);
  const auto is_not_offered = [](EFI_STATUS answer) {
    return answer == EFI_INVALID_PARAMETER || answer == EFI_UNSUPPORTED;
  };
  snp.report().check("snp.address.reset",
                     is_not_offered(reset) || (reset == EFI_SUCCESS && is_reset), reset);
  snp.report().check("snp.address.set", is_not_offered(set) || (set == EFI_SUCCESS && is_set), set);
  (void)snp.bring_to(before, "after snp.address");
}

void ask_statistics(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.statistics")) return;
  EFI_NETWORK_STATISTICS first{};
  EFI_NETWORK_STATISTICS second{};
  UINTN size = sizeof first;
  (void)snp->Statistics(snp.raw(), FALSE, &size, &first);
  size = sizeof second;
  EFI_STATUS answer = snp->Statistics(snp.raw(), FALSE, &size, &second);
  bool is_same_table = std::memcmp(&first, &second, sizeof first) == 0;
  snp.report().check("snp.statistics",
                     answer == EFI_UNSUPPORTED || (answer == EFI_SUCCESS && is_same_table), answer);
  first = {};
  second = {};
  size = sizeof first;
  answer = snp->Statistics(snp.raw(), TRUE, &size, &first);
  is_same_table = std::memcmp(&first, &second, sizeof first) == 0;
  snp.report().check("snp.statistics.reset",
                     answer == EFI_UNSUPPORTED || (answer == EFI_SUCCESS && is_same_table), answer);
  (void)snp.bring_to(before, "after snp.statistics");
}

void ask_multicast_address(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.mcast")) return;
  EFI_IP_ADDRESS ip{};
  ip.v4 = {{234, 0, 0, 1}};
  EFI_MAC_ADDRESS mac{};
  snp.report().check_answer("snp.mcast", snp->MCastIpToMac(snp.raw(), FALSE, &ip, &mac),
                            {EFI_SUCCESS});
  (void)snp.bring_to(before, "after snp.mcast");
}

/// Reads all of it, all but its first piece, its last piece; writes it and writes it back. The
/// state stays where there is none, as the conformance tests leave it.
void ask_nv_data(SnpUnderQuestion& snp) {
  const auto before = snp.state();
  if (!snp.bring_to(EfiSimpleNetworkInitialized, "snp.nvdata")) return;
  const UINTN size = snp.mode().NvRamSize;
  const UINTN piece = snp.mode().NvRamAccessSize;
  if (size == 0 || piece == 0) return;
  std::vector<UINT8> data(size);
  std::vector<UINT8> again(size);
  const auto ask = [&](std::string_view question, UINTN offset, UINTN bytes) {
    const EFI_STATUS answer = snp->NvData(snp.raw(), TRUE, offset, bytes, data.data());
    if (answer != EFI_UNSUPPORTED) snp.report().check_answer(question, answer, {EFI_SUCCESS});
    return answer == EFI_SUCCESS;
  };
  ask("snp.nvdata.read.end", piece, size - piece);
  ask("snp.nvdata.read.last", size - piece, piece);
  if (ask("snp.nvdata.read", 0, size)) {
    const EFI_STATUS answer = snp->NvData(snp.raw(), FALSE, 0, size, data.data());
    (void)snp->NvData(snp.raw(), TRUE, 0, size, again.data());
    if (answer != EFI_UNSUPPORTED) {
      snp.report().check("snp.nvdata.write", answer == EFI_SUCCESS && data == again, answer);
    }
  }
  (void)snp.bring_to(before, "after snp.nvdata");
}

constexpr SnpQuestion kQuestions[] = {
    ask_start,   ask_stop,       ask_initialize,        ask_reset,   ask_shutdown, ask_filters,
    ask_address, ask_statistics, ask_multicast_address, ask_nv_data,
};

}  // namespace

std::span<const SnpQuestion> snp_functions() noexcept {
  return kQuestions;
}

}  // namespace kedge::uefi::conformance
