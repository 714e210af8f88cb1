// SPDX-License-Identifier: BSD-2-Clause-Patent
// BootSequence: what runs when nobody types anything.
//
// In this order, the first that exists: the script on our command line, autoexec.ipxe on our
// volume, the script and the URL that the machine was given, autoexec.ipxe at our URI, the file
// that DHCP names (a script or a boot image).
#pragma once

#include <string>
#include <string_view>

#include "app/launch_context.h"
#include "script/environment.h"

namespace kedge::app {

/// Runs scripts; the interpreter, or a recorder in tests.
class ScriptRunner {
 public:
  /// Runs commands that are not an image: a command line, a file from our own volume.
  virtual async::Task<Result<void>> run_text(std::string name, std::string text) noexcept = 0;
  /// Runs an image if it is a script, else starts it.
  virtual async::Task<Result<void>> run_image(script::ImageId image) noexcept = 0;

 protected:
  ~ScriptRunner() = default;
};

class BootSequence {
 public:
  BootSequence(script::Environment& environment, const LaunchContext& launch,
               ScriptRunner& scripts) noexcept
      : environment_(environment), launch_(launch), scripts_(scripts) {}

  /// Ends when something that ran has returned, or with the reason why nothing could run.
  async::Task<Result<void>> run() noexcept;

  /// DHCP on all interfaces side by side; boots what the first answer names.
  async::Task<Result<void>> boot_from_network() noexcept;

 private:
  async::Task<Result<script::ImageId>> fetch_autoexec() noexcept;
  async::Task<Result<std::size_t>> configure_any() noexcept;
  /// The same, and only the interface that answered stays open; it becomes netX.
  async::Task<Result<void>> configure_one() noexcept;
  async::Task<Result<void>> boot_file(std::string uri) noexcept;
  Result<std::string> boot_uri() noexcept;
  std::size_t boot_interface() noexcept;

  script::Environment& environment_;
  const LaunchContext& launch_;
  ScriptRunner& scripts_;
};

}  // namespace kedge::app
