// SPDX-License-Identifier: BSD-2-Clause-Patent
// PXE Base Code under question. Two parts: what needs no network, and what needs a DHCP server with
// TFTP and somebody who sends datagrams to ports 69 and 80 (tests/e2e/pxe_conformance_test.cpp).
#pragma once

#include "report.h"

namespace kedge::uefi::conformance {

class PxeUnderQuestion {
 public:
  PxeUnderQuestion(const Firmware& firmware, Report& report, Handle handle,
                   EFI_PXE_BASE_CODE_PROTOCOL& pxe) noexcept
      : firmware_(firmware), report_(report), handle_(handle), pxe_(pxe) {}

  EFI_PXE_BASE_CODE_PROTOCOL* operator->() const noexcept { return &pxe_; }
  EFI_PXE_BASE_CODE_PROTOCOL* raw() const noexcept { return &pxe_; }
  EFI_PXE_BASE_CODE_MODE& mode() const noexcept { return *pxe_.Mode; }
  Report& report() const noexcept { return report_; }
  const Firmware& firmware() const noexcept { return firmware_; }
  Handle handle() const noexcept { return handle_; }

  /// One assertion about an answer: "pxe." and the name.
  bool asks(std::string_view name, EFI_STATUS answer, EFI_STATUS wanted) noexcept;
  bool holds(std::string_view name, bool good, EFI_STATUS answer = EFI_SUCCESS) noexcept;
  /// Stopped, or started anew for IPv4. False: the question is left out.
  bool stop(std::string_view question) noexcept;
  bool restart(std::string_view question) noexcept;
  /// Has a lease, with the file name or the servers that make it one of PXE.
  bool lease(std::string_view question) noexcept;

 private:
  const Firmware& firmware_;
  Report& report_;
  Handle handle_;
  EFI_PXE_BASE_CODE_PROTOCOL& pxe_;
};

EFI_IP_ADDRESS pxe_address(UINT8 a, UINT8 b, UINT8 c, UINT8 d) noexcept;

void ask_pxe_states(PxeUnderQuestion& pxe);
void ask_pxe_network(PxeUnderQuestion& pxe);
void ask_pxe_files(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server);
void ask_pxe_datagrams(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server);

/// The image's callback that ends one function.
class AbortingCallback {
 public:
  /// On the handle while it lives, and wanted by the mode.
  AbortingCallback(PxeUnderQuestion& pxe, EFI_PXE_BASE_CODE_FUNCTION function) noexcept;
  AbortingCallback(const AbortingCallback&) = delete;
  AbortingCallback& operator=(const AbortingCallback&) = delete;
  ~AbortingCallback();
  bool works() const noexcept { return works_; }
  bool was_called() const noexcept { return calls_ != 0; }

 private:
  static EFI_PXE_BASE_CODE_CALLBACK_STATUS EFIAPI call(EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* self,
                                                       EFI_PXE_BASE_CODE_FUNCTION function,
                                                       BOOLEAN received, UINT32 length,
                                                       EFI_PXE_BASE_CODE_PACKET* packet);
  EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL protocol_{};  // first: the firmware hands it back as `self`
  PxeUnderQuestion& pxe_;
  EFI_PXE_BASE_CODE_FUNCTION function_;
  EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* theirs_ =
      nullptr;  // the firmware's own, which shows progress
  EFI_PXE_CALLBACK their_call_ = nullptr;
  unsigned calls_ = 0;
  bool works_ = false;
};

}  // namespace kedge::uefi::conformance
