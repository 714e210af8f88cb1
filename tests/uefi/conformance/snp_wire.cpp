// SPDX-License-Identifier: BSD-2-Clause-Patent
// Simple Network with packets: the questions for which a person watches the wire or sends a packet.
// Here the packets are asked for: 192.0.2.1 answers ARP in the network of the end-to-end tests.
#include <algorithm>
#include <cstring>

#include "snp.h"
#include "uefi/event.h"

namespace kedge::uefi::conformance {
namespace {

constexpr std::size_t kHeaderBytes = 14;
constexpr std::size_t kFrameBytes = 128;
constexpr std::size_t kBufferBytes = 1024;
constexpr UINT16 kTypeArp = 0x0806;
// What the conformance tests allow a frame until its buffer comes back.
constexpr UINT64 kSentWithin100ns = 50'000;
constexpr unsigned kTriesMax = 2000;  // of a millisecond, until there is an answer
constexpr std::uint32_t kBetweenTriesUs = 1000;
constexpr EFI_MAC_ADDRESS kEverybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/// RFC 826: who has 192.0.2.1.
void fill_request(std::vector<UINT8>& frame, const EFI_MAC_ADDRESS& own) {
  constexpr UINT8 kRequest[] = {0, 1, 8, 0, 6, 4, 0, 1};
  constexpr UINT8 kOwn[] = {192, 0, 2, 99};
  constexpr UINT8 kServer[] = {192, 0, 2, 1};
  std::fill(frame.begin(), frame.end(), UINT8{0});
  UINT8* arp = &frame[kHeaderBytes];
  std::memcpy(arp, kRequest, sizeof kRequest);
  std::memcpy(arp + 8, &own, 6);
  std::memcpy(arp + 14, kOwn, sizeof kOwn);
  std::memcpy(arp + 24, kServer, sizeof kServer);
}

EFI_STATUS send(SnpUnderQuestion& snp, std::vector<UINT8>& frame) {
  fill_request(frame, snp.mode().CurrentAddress);
  EFI_MAC_ADDRESS from = snp.mode().CurrentAddress;
  EFI_MAC_ADDRESS to = kEverybody;
  UINT16 type = kTypeArp;
  return snp->Transmit(snp.raw(), snp.mode().MediaHeaderSize, kFrameBytes, frame.data(), &from, &to,
                       &type);
}

/// GetStatus until the buffer comes back, for as long as the conformance tests wait.
EFI_STATUS fetch_sent(const Firmware& firmware, SnpUnderQuestion& snp, const void* buffer) {
  Event deadline;
  if (!deadline.create(firmware, EVT_TIMER, TPL_CALLBACK, nullptr, nullptr).ok() ||
      EFI_ERROR(firmware.boot().SetTimer(deadline.raw(), TimerRelative, kSentWithin100ns))) {
    return EFI_OUT_OF_RESOURCES;
  }
  while (true) {  // the deadline ends it
    UINT32 interrupts = 0;
    void* sent = nullptr;
    const EFI_STATUS answer = snp->GetStatus(snp.raw(), &interrupts, &sent);
    if (EFI_ERROR(answer)) return answer;
    if (sent == buffer) return EFI_SUCCESS;
    if (!EFI_ERROR(firmware.boot().CheckEvent(deadline.raw()))) return EFI_TIMEOUT;
  }
}

void ask_what_was_sent(const Firmware& firmware, SnpUnderQuestion& snp, std::vector<UINT8>& frame) {
  const EFI_STATUS answer = send(snp, frame);
  snp.report().check("wire.transmit", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized),
                     answer);
  snp.report().check_answer("wire.status.sent", fetch_sent(firmware, snp, frame.data()),
                            {EFI_SUCCESS});
}

/// Twice in a row; without a link there is nothing to tell.
void ask_status(SnpUnderQuestion& snp) {
  constexpr UINT32 kKnown =
      EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT | EFI_SIMPLE_NETWORK_TRANSMIT_INTERRUPT |
      EFI_SIMPLE_NETWORK_COMMAND_INTERRUPT | EFI_SIMPLE_NETWORK_SOFTWARE_INTERRUPT;
  UINT32 interrupts = 0;
  void* sent = nullptr;
  const EFI_STATUS first = snp->GetStatus(snp.raw(), &interrupts, &sent);
  const EFI_STATUS second = snp->GetStatus(snp.raw(), &interrupts, &sent);
  const UINT32 allowed = snp.mode().MediaPresent != FALSE ? kKnown : 0;
  snp.report().check("wire.status",
                     first == EFI_SUCCESS && second == EFI_SUCCESS && (interrupts & ~allowed) == 0,
                     EFI_ERROR(first) ? first : second);
}

/// Waits for a packet without taking it. No question of the conformance tests, but of UEFI 2.10,
/// 24.1: the event is there in Mode's life, and is signalled when there is a packet.
bool ask_for_the_event(const Firmware& firmware, SnpUnderQuestion& snp) {
  EFI_STATUS answer = EFI_NOT_READY;
  for (unsigned i = 0; i < kTriesMax && answer == EFI_NOT_READY; ++i) {
    answer = firmware.boot().CheckEvent(snp->WaitForPacket);
    if (answer == EFI_NOT_READY) firmware.stall_us(kBetweenTriesUs);
  }
  return snp.report().check_answer("wire.wait", answer, {EFI_SUCCESS});
}

/// A packet that does not fit stays, and is given next, with nothing but its bytes.
void ask_receive(const Firmware& firmware, SnpUnderQuestion& snp, std::vector<UINT8>& frame) {
  std::vector<UINT8> packet(kBufferBytes);
  if (!ask_for_the_event(firmware, snp)) return;
  UINTN bytes = 0;
  EFI_STATUS answer =
      snp->Receive(snp.raw(), nullptr, &bytes, packet.data(), nullptr, nullptr, nullptr);
  snp.report().check_answer("wire.receive.small", answer, {EFI_BUFFER_TOO_SMALL});
  bytes = packet.size();
  answer = snp->Receive(snp.raw(), nullptr, &bytes, packet.data(), nullptr, nullptr, nullptr);
  snp.report().check("wire.receive", answer == EFI_SUCCESS && snp.is(EfiSimpleNetworkInitialized),
                     answer);
  if (!snp.step("wire.receive.header", "Transmit", send(snp, frame))) return;
  answer = EFI_NOT_READY;
  UINTN header = 0;
  EFI_MAC_ADDRESS from{};
  EFI_MAC_ADDRESS to{};
  UINT16 type = 0;
  for (unsigned i = 0; i < kTriesMax && answer == EFI_NOT_READY; ++i) {
    bytes = packet.size();
    answer = snp->Receive(snp.raw(), &header, &bytes, packet.data(), &from, &to, &type);
    if (answer == EFI_NOT_READY) firmware.stall_us(kBetweenTriesUs);
  }
  const bool is_the_answer = header == snp.mode().MediaHeaderSize && type == kTypeArp &&
                             std::memcmp(&to, &snp.mode().CurrentAddress, 6) == 0 &&
                             std::memcmp(packet.data() + 6, &from, 6) == 0;
  snp.report().check("wire.receive.header", answer == EFI_SUCCESS && is_the_answer, answer);
  (void)fetch_sent(firmware, snp, frame.data());
}

void ask(const Firmware& firmware, SnpUnderQuestion& snp) {
  if (!snp.bring_to(EfiSimpleNetworkStopped, "wire") ||
      !snp.bring_to(EfiSimpleNetworkInitialized, "wire")) {
    return;
  }
  constexpr UINT32 kFilters =
      EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
  if (!snp.step("wire", "ReceiveFilters",
                snp->ReceiveFilters(snp.raw(), kFilters, 0, FALSE, 0, nullptr))) {
    return;
  }
  // The firmware's stack polls the same interface by a timer, and would take the answers.
  const TplGuard guard(firmware, TPL_CALLBACK);
  std::vector<UINT8> frame(kFrameBytes);
  ask_what_was_sent(firmware, snp, frame);
  ask_status(snp);
  ask_receive(firmware, snp, frame);
}

}  // namespace

void ask_snp_on_the_wire(const Firmware& firmware, Report& report) {
  std::vector<SnpUnderQuestion> all = all_snps(firmware, report);
  for (std::size_t i = 0; i < all.size(); ++i) {
    report.put_to(i + 1);
    ask(firmware, all[i]);
  }
}

}  // namespace kedge::uefi::conformance
