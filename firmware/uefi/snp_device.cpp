// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/snp_device.h"

#include <algorithm>
#include <new>

#include "base/log.h"
#include "link/link_errors.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kFrameMin = 60;         // IEEE 802.3: 64 with the FCS
constexpr std::size_t kReceiveSlack = 4 + 4;  // a VLAN tag, an FCS that a driver left on
constexpr std::size_t kMtuMax = 9216;
constexpr Duration kStatusEvery = 50_ms;
constexpr Duration kStuckAfter = 3_s;
constexpr Duration kLinkAgain = 10_ms;
constexpr Duration kLinkPatience = 2_s;
constexpr int kLinkAttempts = 10;
constexpr int kCompletionsPerAsk = 64;  // a driver that never says "none" must not hang us

void pause(Clock& clock) noexcept {
  const Instant again = clock.now() + kLinkAgain;
  while (clock.now() < again) clock.idle(again);
}

}  // namespace

SnpDevice::SnpDevice(Clock& clock, Driven<EFI_SIMPLE_NETWORK_PROTOCOL> snp,
                     bool keep_associated) noexcept
    : clock_(clock), snp_(std::move(snp)), keep_associated_(keep_associated) {}

Result<std::unique_ptr<SnpDevice>> SnpDevice::open(const Firmware& firmware, Clock& clock,
                                                   port::Pages& pages, Handle handle) noexcept {
  const bool wireless = peek<EFI_WIRELESS_MAC_CONNECTION_II_PROTOCOL>(firmware, handle) != nullptr;
  KEDGE_TRY(auto snp, Driven<EFI_SIMPLE_NETWORK_PROTOCOL>::open(firmware, handle, Evict::yes));
  std::unique_ptr<SnpDevice> device(new (std::nothrow) SnpDevice(clock, std::move(snp), wireless));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->prepare(pages));
  return Result<std::unique_ptr<SnpDevice>>(std::move(device));
}

Result<void> SnpDevice::prepare(port::Pages& pages) noexcept {
  const EFI_SIMPLE_NETWORK_MODE* mode = snp_->Mode;
  constexpr std::uint8_t kEthernet = 1;  // RFC 1700, hardware type
  if (mode == nullptr || mode->HwAddressSize != wire::MacAddress::kSize ||
      mode->MediaHeaderSize != kEthernetHeader || mode->IfType > kEthernet) {
    return fail(err::uefi_snp_not_ethernet);
  }
  std::array<std::uint8_t, wire::MacAddress::kSize> octets;
  std::copy_n(mode->CurrentAddress.Addr, octets.size(), octets.begin());
  mac_ = wire::MacAddress(octets);
  // Some drivers count the header as part of the packet; 1514 is then meant.
  std::size_t mtu = mode->MaxPacketSize == 1500 + kEthernetHeader ? 1500 : mode->MaxPacketSize;
  mtu = std::clamp<std::size_t>(mtu, 576, kMtuMax);
  mtu_ = static_cast<std::uint16_t>(mtu);
  if (!mode->MultipleTxSupported) in_flight_max_ = 1;

  const std::size_t bytes = (mtu + kEthernetHeader + kReceiveSlack + 63) / 64 * 64;
  KEDGE_TRY(receive_pool_, ReceivePool::create(pages, bytes));
  transmit_buffer_bytes_ = bytes;
  KEDGE_TRY(transmit_memory_, PageBlock::allocate(pages, bytes * kTransmitBuffers));
  for (std::size_t i = 0; i < kTransmitBuffers; ++i) {
    transmit_buffers_[i].memory = transmit_memory_.bytes().data() + i * bytes;
  }
  return {};
}

Result<void> SnpDevice::start() noexcept {
  if (running_) return {};
  state_before_ = snp_->Mode->State;
  KEDGE_CHECK(initialize());
  set_filters();
  statistics_ = {};
  last_completion_ = clock_.now();
  running_ = true;
  return {};
}

Result<void> SnpDevice::initialize() noexcept {
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  const EFI_SIMPLE_NETWORK_MODE& mode = *snp->Mode;
  if (mode.State == EfiSimpleNetworkStopped) {
    const EFI_STATUS status = snp->Start(snp);
    if (status != EFI_ALREADY_STARTED) KEDGE_CHECK(from_status(status, err::uefi_snp_start));
  }
  if (mode.State == EfiSimpleNetworkInitialized && keep_associated_) return {};
  // Initialize itself takes seconds in drivers that wait for the link: enough is enough.
  const Instant patience = clock_.now() + kLinkPatience;
  for (int attempt = 1;; ++attempt) {
    if (mode.State == EfiSimpleNetworkInitialized) (void)snp->Shutdown(snp);
    const EFI_STATUS status = snp->Initialize(snp, 0, 0);
    // Some drivers fail while there is no link; others are Initialized although they say no.
    if (EFI_ERROR(status) && mode.State != EfiSimpleNetworkInitialized) {
      const bool no_link = status == EFI_NO_MEDIA || status == EFI_TIMEOUT;
      if (!no_link || attempt == kLinkAttempts || clock_.now() >= patience) {
        return from_status(status, err::uefi_snp_start);
      }
      pause(clock_);
      continue;
    }
    // The link may be seen only at Initialize, and falsely be down the first time (AX88179).
    ask_status();
    if (!mode.MediaPresentSupported || mode.MediaPresent) return {};
    if (attempt == kLinkAttempts || clock_.now() >= patience) return {};
    pause(clock_);
  }
}

void SnpDevice::set_filters() noexcept {
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  const std::uint32_t mask = snp->Mode->ReceiveFilterMask;
  // Some UNDI drivers receive nothing until a filter was disabled once; errors are of no interest.
  (void)snp->ReceiveFilters(snp, 0, mask, TRUE, 0, nullptr);
  constexpr std::uint32_t kUnicast = EFI_SIMPLE_NETWORK_RECEIVE_UNICAST;
  constexpr std::uint32_t kBroadcast = EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
  constexpr std::uint32_t kAllMulticast = EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST;
  constexpr std::uint32_t kPromiscuous = EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS;
  // Best first. Drivers refuse combinations that their hardware lacks.
  constexpr std::uint32_t kWanted[] = {
      kUnicast | kBroadcast | kAllMulticast,
      kUnicast | kBroadcast | kAllMulticast | kPromiscuous,
      kUnicast | kBroadcast,
      kPromiscuous,
  };
  for (const std::uint32_t wanted : kWanted) {
    if ((wanted & ~mask) != 0) continue;
    if (!EFI_ERROR(snp->ReceiveFilters(snp, wanted, 0, FALSE, 0, nullptr))) return;
  }
  log(LogLevel::warning, "snp", "{}: the driver accepts no receive filter", mac_);
}

void SnpDevice::stop() noexcept {
  if (receive_pool_ != nullptr && spare_ != nullptr) {
    receive_pool_->release(std::exchange(spare_, nullptr));
  }
  if (!running_) return;
  running_ = false;
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  if (!keep_associated_) {
    // As it was found; what was in flight is the driver's no more once it is shut down.
    if (snp->Mode->State == EfiSimpleNetworkInitialized) (void)snp->Shutdown(snp);
    if (state_before_ == EfiSimpleNetworkStopped) (void)snp->Stop(snp);
    if (state_before_ == EfiSimpleNetworkInitialized) (void)snp->Initialize(snp, 0, 0);
  }
  for (TransmitBuffer& buffer : transmit_buffers_) buffer.in_flight = false;
  in_flight_ = 0;
}

link::LinkState SnpDevice::link_state() noexcept {
  const EFI_SIMPLE_NETWORK_MODE& mode = *snp_->Mode;
  if (!mode.MediaPresentSupported) return link::LinkState::unknown;
  return mode.MediaPresent ? link::LinkState::up : link::LinkState::down;
}

std::uint32_t SnpDevice::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (!running_) return 0;
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  std::uint32_t delivered = 0;
  while (delivered < budget) {
    if (spare_ == nullptr) spare_ = receive_pool_->take();
    // Without memory frames stay with the firmware, whose ring then drops them.
    if (spare_ == nullptr) break;
    UINTN bytes = receive_pool_->buffer_bytes();
    const EFI_STATUS status =
        snp->Receive(snp, nullptr, &bytes, spare_->data, nullptr, nullptr, nullptr);
    if (status == EFI_NOT_READY) break;
    if (EFI_ERROR(status) || bytes < kEthernetHeader || bytes > receive_pool_->buffer_bytes()) {
      // A frame too large is gone or is kept, depending on the driver; the next poll goes on.
      ++statistics_.receive_errors;
      break;
    }
    link::Segment* segment = std::exchange(spare_, nullptr);
    segment->length = static_cast<std::uint32_t>(bytes);
    ++statistics_.received_frames;
    statistics_.received_bytes += bytes;
    ++delivered;
    receiver.receive(link::Frame(*receive_pool_, segment, segment->length, {}));
    // The receiver may have stopped us.
    if (!running_) return delivered;
  }
  if (in_flight_ >= in_flight_max_ / 2 + 1 || clock_.now() - last_status_ >= kStatusEvery) {
    ask_status();
    restart_when_stuck();
  }
  return delivered;
}

void SnpDevice::ask_status() noexcept {
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  last_status_ = clock_.now();
  for (int i = 0; i < kCompletionsPerAsk; ++i) {
    UINT32 interrupts = 0;
    void* done = nullptr;
    if (EFI_ERROR(snp->GetStatus(snp, &interrupts, &done)) || done == nullptr) return;
    const auto buffer =
        std::find_if(transmit_buffers_.begin(), transmit_buffers_.end(),
                     [&](const TransmitBuffer& b) { return b.memory == done && b.in_flight; });
    // Buffers of whoever used the NIC before us come back, too.
    if (buffer == transmit_buffers_.end()) continue;
    buffer->in_flight = false;
    --in_flight_;
    last_completion_ = last_status_;
    refused_ = false;
  }
}

void SnpDevice::restart_when_stuck() noexcept {
  if (in_flight_ == 0) {
    last_completion_ = clock_.now();
    return;
  }
  if (!refused_ || clock_.now() - last_completion_ < kStuckAfter) return;
  log(LogLevel::warning, "snp", "{}: {} frames were never sent; restarting the firmware's driver",
      mac_, in_flight_);
  statistics_.transmit_errors += in_flight_;
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  (void)snp->Shutdown(snp);
  for (TransmitBuffer& buffer : transmit_buffers_) buffer.in_flight = false;
  in_flight_ = 0;
  refused_ = false;
  last_completion_ = clock_.now();
  if (EFI_ERROR(snp->Initialize(snp, 0, 0))) return;
  set_filters();
}

SnpDevice::TransmitBuffer* SnpDevice::free_buffer() noexcept {
  if (in_flight_ >= in_flight_max_) ask_status();
  if (in_flight_ >= in_flight_max_) return nullptr;
  const auto buffer = std::find_if(transmit_buffers_.begin(), transmit_buffers_.end(),
                                   [](const TransmitBuffer& b) { return !b.in_flight; });
  return buffer == transmit_buffers_.end() ? nullptr : &*buffer;
}

Result<void> SnpDevice::transmit(std::span<const ByteView> pieces, link::TransmitInfo) noexcept {
  if (!running_) return fail(err::link_stopped);
  TransmitBuffer* buffer = free_buffer();
  if (buffer == nullptr) {
    refused_ = true;
    ++statistics_.transmit_busy;
    return fail(err::link_busy);
  }
  ByteWriter writer(ByteSpan(buffer->memory, mtu_ + kEthernetHeader));
  for (const ByteView piece : pieces) writer.bytes(piece);
  if (writer.size() < kFrameMin) writer.zeros(kFrameMin - writer.size());
  if (!writer.ok()) return fail(err::link_frame_too_large);

  EFI_SIMPLE_NETWORK_PROTOCOL* snp = snp_.get();
  EFI_STATUS status =
      snp->Transmit(snp, 0, writer.size(), buffer->memory, nullptr, nullptr, nullptr);
  if (status == EFI_NOT_READY) {
    // The ring is full until somebody asks for completions.
    ask_status();
    status = snp->Transmit(snp, 0, writer.size(), buffer->memory, nullptr, nullptr, nullptr);
  }
  if (status == EFI_NOT_READY) {
    refused_ = true;
    ++statistics_.transmit_busy;
    return fail(err::link_busy);
  }
  if (EFI_ERROR(status)) {
    ++statistics_.transmit_errors;
    return from_status(status, err::uefi_snp_transmit);
  }
  buffer->in_flight = true;
  ++in_flight_;
  ++statistics_.transmitted_frames;
  statistics_.transmitted_bytes += writer.size();
  return {};
}

}  // namespace kedge::uefi
