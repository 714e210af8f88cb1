// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageHost: who has the NICs while an image runs that we start. Either the firmware, or we keep
// them and offer the image PXE Base Code and Simple Network on the NIC that we booted over.
#pragma once

#include "app/fetcher.h"
#include "app/session_run.h"
#include "app/starter.h"
#include "uefi/input.h"
#include "uefi/pxe_stack_backend.h"

namespace kedge::app {

class ImageHost final : public DeviceHandover {
 public:
  ImageHost(const uefi::Firmware& firmware, NicSource& nics, async::Loop& loop, net::Stack& stack,
            uefi::Keyboard& keyboard, Starter& starter) noexcept
      : firmware_(firmware),
        nics_(nics),
        loop_(loop),
        stack_(stack),
        keyboard_(keyboard),
        starter_(starter) {}
  ImageHost(const ImageHost&) = delete;
  ImageHost& operator=(const ImageHost&) = delete;

  void attach(Session& session, Fetcher& fetcher) noexcept {
    session_ = &session;
    fetcher_ = &fetcher;
  }
  /// Lets go of everything that stands on the NICs.
  void close() noexcept;

  bool share_with_image(std::string_view uri) noexcept override;
  void give_to_firmware() noexcept override;
  void take_back() noexcept override;

 private:
  /// Opens the interface again, with a device for `consumer`, as it was configured.
  Result<void> reopen(net::Interface& interface, driver::Consumer consumer) noexcept;
  Result<void> offer(InterfaceSlot& slot, uefi::ImageNetwork::Nic nic,
                     std::string_view uri) noexcept;

  const uefi::Firmware& firmware_;
  NicSource& nics_;
  async::Loop& loop_;
  net::Stack& stack_;
  uefi::Keyboard& keyboard_;
  Starter& starter_;
  Session* session_ = nullptr;
  Fetcher* fetcher_ = nullptr;
  // While an image has a network of ours.
  InterfaceSlot* slot_ = nullptr;
  std::unique_ptr<uefi::PxeStackBackend> backend_;
  std::unique_ptr<uefi::ImageNetwork> network_;
};

}  // namespace kedge::app
