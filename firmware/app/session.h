// SPDX-License-Identifier: BSD-2-Clause-Patent
// Session: everything above the hardware for one run of the application: settings, images, scripts,
// the boot sequence, and what a person is asked when it fails. Knows nothing of UEFI.
#pragma once

#include "app/boot_sequence.h"
#include "app/failure_screen.h"
#include "app/image_store.h"
#include "app/network_interfaces.h"
#include "script/interpreter.h"
#include "script/settings.h"

namespace kedge::app {

/// What the platform gives a session.
struct Platform {
  async::Loop& loop;
  Clock& clock;
  port::Console& console;
  port::Input& input;
  port::Power& power;
  port::Pages& pages;
  port::ImageStarter& starter;
  net::Stack& stack;
  DeviceHandover& devices;
  Downloader& downloader;
  image::Machine machine;
};

class Session final : private ScriptRunner {
 public:
  /// How long a failed boot stays on the screen unless a script has set it (own_settings.h).
  static constexpr Duration kFailureTimeout = Duration::seconds(10);

  Session(const Platform& platform, MachineIdentity identity, LaunchContext launch) noexcept;

  NetworkInterfaces& interfaces() noexcept { return interfaces_; }
  script::SettingsTree& settings() noexcept { return settings_; }
  /// Boots, explains failures, asks. Ends with the result of the last thing that ran.
  Result<void> run() noexcept;

 private:
  async::Task<Result<void>> run_text(std::string name, std::string text) noexcept override {
    explained_ = Explained::yes;
    return interpreter_.run_text(std::move(name), std::move(text));
  }
  async::Task<Result<void>> run_image(script::ImageId image) noexcept override {
    const auto info = images_.describe(image);
    if (info.has_value() && info->type == "script") explained_ = Explained::yes;
    return interpreter_.run_image(image);
  }
  Duration failure_timeout() noexcept;
  void forget_images() noexcept;

  Platform platform_;
  LaunchContext launch_;
  script::SettingsTree settings_;
  NetworkInterfaces interfaces_;
  ImageStore images_;
  script::Environment environment_;
  script::Interpreter interpreter_;
  Explained explained_ = Explained::no;  // the interpreter explains what fails inside it
};

}  // namespace kedge::app
