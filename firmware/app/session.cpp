// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/session.h"

#include "app/own_settings.h"

namespace kedge::app {

Session::Session(const Platform& platform, MachineIdentity identity, LaunchContext launch) noexcept
    : platform_(platform),
      launch_(std::move(launch)),
      interfaces_(platform.stack, settings_, platform.console, std::move(identity)),
      images_(platform.downloader, platform.pages, platform.starter, platform.devices,
              platform.console, platform.clock, platform.machine),
      environment_{images_,          interfaces_,    settings_,
                   platform.console, platform.input, platform.power},
      interpreter_(environment_) {}

Duration Session::failure_timeout() noexcept {
  const auto seconds = number_setting(settings_, kFailureTimeoutSetting);
  return seconds.has_value() ? Duration::seconds(*seconds) : kFailureTimeout;
}

void Session::forget_images() noexcept {
  for (const script::ImageId image : images_.list()) images_.free(image);
  images_.set_working_uri({});
}

Result<void> Session::run() noexcept {
  for (;;) {
    async::CancelScope scope;
    explained_ = Explained::no;
    BootSequence sequence(environment_, launch_, *this);
    const Result<void> result = async::run(platform_.loop, scope, sequence.run());
    if (result.ok()) return result;
    show_failure(platform_.console, result.error(), explained_);
    // Who has interrupted a boot is there, and may want something else.
    const bool asks = !launch_.another_follows || result.error().kind() == ErrorKind::cancelled;
    const Result<AfterFailure> choice =
        async::run(platform_.loop, scope,
                   ask_after_failure(platform_.console, platform_.input,
                                     asks ? failure_timeout() : Duration()));
    if (!choice.ok() || *choice == AfterFailure::give_up) return result;
    if (*choice == AfterFailure::shell) {
      return async::run(platform_.loop, scope, interpreter_.run_shell());
    }
    // What the failed attempt has loaded would be initrds of the next one's kernel.
    forget_images();
  }
}

}  // namespace kedge::app
