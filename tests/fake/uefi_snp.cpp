// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/uefi_snp.h"

#include <algorithm>
#include <cstring>

namespace kedge::fake {

struct SnpCalls {
  using Snp = EFI_SIMPLE_NETWORK_PROTOCOL;

  static FakeSnp& of(Snp* snp) { return *reinterpret_cast<FakeSnp::Table*>(snp)->owner; }

  static EFI_STATUS EFIAPI start(Snp* snp) {
    FakeSnp& self = of(snp);
    if (self.mode.State != EfiSimpleNetworkStopped) return EFI_ALREADY_STARTED;
    self.mode.State = EfiSimpleNetworkStarted;
    ++self.starts;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI stop(Snp* snp) {
    FakeSnp& self = of(snp);
    if (self.mode.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
    if (self.mode.State == EfiSimpleNetworkInitialized) return EFI_DEVICE_ERROR;
    self.mode.State = EfiSimpleNetworkStopped;
    ++self.stops;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI initialize(Snp* snp, UINTN, UINTN) {
    FakeSnp& self = of(snp);
    if (self.mode.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
    if (self.mode.State == EfiSimpleNetworkInitialized) return EFI_DEVICE_ERROR;
    ++self.initializes;
    if (self.on_initialize) self.on_initialize();
    if (EFI_ERROR(self.initialize_status)) return self.initialize_status;
    self.mode.State = EfiSimpleNetworkInitialized;
    self.mode.MediaPresent = self.initializes > self.link_after_initializes;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI shutdown(Snp* snp) {
    FakeSnp& self = of(snp);
    if (self.mode.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
    if (self.mode.State == EfiSimpleNetworkStarted) return EFI_DEVICE_ERROR;
    self.mode.State = EfiSimpleNetworkStarted;
    self.mode.ReceiveFilterSetting = 0;
    self.completed.clear();
    self.in_ring_ = 0;
    ++self.shutdowns;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI receive_filters(Snp* snp, UINT32 enable, UINT32 disable, BOOLEAN, UINTN,
                                           EFI_MAC_ADDRESS*) {
    FakeSnp& self = of(snp);
    if (self.mode.State != EfiSimpleNetworkInitialized) return EFI_DEVICE_ERROR;
    if ((enable & ~self.mode.ReceiveFilterMask) != 0) return EFI_INVALID_PARAMETER;
    if ((enable & self.refused_filters) != 0) return EFI_DEVICE_ERROR;
    if (disable != 0) self.filter_was_disabled = true;
    self.mode.ReceiveFilterSetting = (self.mode.ReceiveFilterSetting & ~disable) | enable;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI get_status(Snp* snp, UINT32* interrupts, void** buffer) {
    FakeSnp& self = of(snp);
    if (self.mode.State != EfiSimpleNetworkInitialized) return EFI_NOT_STARTED;
    ++self.status_calls;
    *interrupts = 0;
    *buffer = nullptr;
    if (self.foreign_completion != nullptr) {
      *buffer = std::exchange(self.foreign_completion, nullptr);
    } else if (!self.completed.empty()) {
      *buffer = self.completed.front();
      self.completed.pop_front();
      --self.in_ring_;
    }
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI transmit(Snp* snp, UINTN header, UINTN size, void* buffer,
                                    EFI_MAC_ADDRESS*, EFI_MAC_ADDRESS*, UINT16*) {
    FakeSnp& self = of(snp);
    if (self.mode.State != EfiSimpleNetworkInitialized) return EFI_NOT_STARTED;
    if (header != 0) return EFI_INVALID_PARAMETER;
    if (self.in_ring_ >= self.ring) return EFI_NOT_READY;
    const auto* bytes = static_cast<const std::byte*>(buffer);
    self.sent.emplace_back(bytes, bytes + size);
    ++self.in_ring_;
    if (self.completes) self.completed.push_back(buffer);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI receive(Snp* snp, UINTN*, UINTN* size, void* buffer, EFI_MAC_ADDRESS*,
                                   EFI_MAC_ADDRESS*, UINT16*) {
    FakeSnp& self = of(snp);
    if (self.mode.State != EfiSimpleNetworkInitialized) return EFI_NOT_STARTED;
    if (self.incoming.empty()) return EFI_NOT_READY;
    if (self.needs_filter_disable && !self.filter_was_disabled) return EFI_NOT_READY;
    if (self.mode.ReceiveFilterSetting == 0) return EFI_NOT_READY;
    const std::vector<std::byte> frame = self.incoming.front();
    const bool fits = frame.size() <= *size;
    *size = frame.size();
    self.incoming.pop_front();
    if (!fits) return EFI_BUFFER_TOO_SMALL;
    std::memcpy(buffer, frame.data(), frame.size());
    return EFI_SUCCESS;
  }
};

FakeSnp::FakeSnp(const wire::MacAddress& mac) {
  table.owner = this;
  protocol.Revision = EFI_SIMPLE_NETWORK_PROTOCOL_REVISION;
  protocol.Start = SnpCalls::start;
  protocol.Stop = SnpCalls::stop;
  protocol.Initialize = SnpCalls::initialize;
  protocol.Shutdown = SnpCalls::shutdown;
  protocol.ReceiveFilters = SnpCalls::receive_filters;
  protocol.GetStatus = SnpCalls::get_status;
  protocol.Transmit = SnpCalls::transmit;
  protocol.Receive = SnpCalls::receive;
  protocol.Mode = &mode;
  mode.HwAddressSize = 6;
  mode.MediaHeaderSize = 14;
  mode.MaxPacketSize = 1500;
  mode.ReceiveFilterMask = 0x1f;
  mode.IfType = 1;
  mode.MultipleTxSupported = TRUE;
  mode.MediaPresentSupported = TRUE;
  std::copy_n(mac.octets().begin(), 6, mode.CurrentAddress.Addr);
  std::copy_n(mac.octets().begin(), 6, mode.PermanentAddress.Addr);
}

}  // namespace kedge::fake
