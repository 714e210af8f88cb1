// SPDX-License-Identifier: BSD-2-Clause-Patent
// NicHandover: who has the NICs while an image runs that we start. Here: the firmware, which is all
// that builds without KEDGE_IMAGE_NETWORK have.
#pragma once

#include "app/fetcher.h"
#include "app/session_run.h"
#include "app/starter.h"
#include "uefi/input.h"

namespace kedge::app {

/// What a run is made of; everything outlives the handover.
struct RunParts {
  const uefi::Firmware& firmware;
  NicSource& nics;
  async::Loop& loop;
  net::Stack& stack;
  uefi::Keyboard& keyboard;
  Starter& starter;
};

class NicHandover : public DeviceHandover {
 public:
  explicit NicHandover(const RunParts& run) noexcept : run_(run) {}
  virtual ~NicHandover() = default;
  NicHandover(const NicHandover&) = delete;
  NicHandover& operator=(const NicHandover&) = delete;

  void attach(Session& session, Fetcher& fetcher) noexcept {
    session_ = &session;
    fetcher_ = &fetcher;
  }
  /// Lets go of everything that stands on the NICs.
  void close() noexcept {
    fetcher_->close_idle();
    session_->interfaces().close_all();
  }

  bool share_with_image(std::string_view) noexcept override { return false; }
  void give_to_firmware() noexcept override {
    close();
    run_.nics.give_to_firmware();
  }
  void take_back() noexcept override {}

 protected:
  RunParts run_;
  Session* session_ = nullptr;
  Fetcher* fetcher_ = nullptr;
};

}  // namespace kedge::app
