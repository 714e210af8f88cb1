// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_sequence.h"

#include "app/app_errors.h"
#include "app/boot_file.h"
#include "app/interrupt.h"
#include "async/combine.h"
#include "image/identify.h"
#include "script/settings.h"

namespace kedge::app {
namespace {

constexpr std::string_view kAutoexec = "autoexec.ipxe";

}  // namespace

async::Task<Result<void>> BootSequence::run() noexcept {
  // Scripts of any kind may name what stands beside us.
  if (!launch_.own_uri.empty()) environment_.images.set_working_uri(launch_.own_uri);
  if (!launch_.command_line.empty()) {
    format_to(environment_.console, "Script: command line\n");
    co_return co_await scripts_.run_text("command line", launch_.command_line);
  }
  if (launch_.local_autoexec.has_value()) {
    if (!image::is_script(as_byte_view(*launch_.local_autoexec)))
      co_return fail(err::app_not_a_script);
    format_to(environment_.console, "Script: {} on the volume Kedge was started from\n", kAutoexec);
    co_return co_await scripts_.run_text(std::string(kAutoexec), *launch_.local_autoexec);
  }
  if (!launch_.given_script.empty()) {
    format_to(environment_.console, "Script: the one that this machine was given\n");
    co_return co_await scripts_.run_text("given script", launch_.given_script);
  }
  if (!launch_.given_url.empty()) {
    KEDGE_CO_CHECK(co_await configure_one());
    co_return co_await boot_file(launch_.given_url);
  }
  if (!launch_.own_uri.empty()) {
    const Result<script::ImageId> autoexec =
        co_await interruptible(environment_.input, fetch_autoexec());
    if (autoexec.ok()) co_return co_await scripts_.run_image(*autoexec);
    const Error& error = autoexec.error();
    if (error.kind() == ErrorKind::cancelled || error == err::app_not_a_script) co_return error;
    // Its absence is the normal case for everybody who lets DHCP decide: one calm line.
    format_to(environment_.console, "No {} beside Kedge ({}); asking DHCP\n", kAutoexec,
              std::string_view(error.site().text));
  }
  co_return co_await boot_from_network();
}

async::Task<Result<script::ImageId>> BootSequence::fetch_autoexec() noexcept {
  const std::size_t index = boot_interface();
  if (index >= environment_.interfaces.count()) co_return fail(err::app_no_interface);
  KEDGE_CO_CHECK(co_await environment_.interfaces.configure(index, {.configurator = "dhcp"}));
  script::Images& images = environment_.images;
  KEDGE_CO_TRY(const script::ImageId image,
               co_await images.fetch({.uri = kAutoexec, .quiet = true}));
  const ByteView content = images.content(image);
  if (image::is_script(content)) co_return image;
  // Some servers have an empty file for every name that is asked for, and mean that there is none.
  const bool empty = content.empty();
  images.free(image);
  co_return fail(empty ? err::app_empty_autoexec : err::app_not_a_script);
}

std::size_t BootSequence::boot_interface() noexcept {
  if (!launch_.boot_mac.has_value()) return 0;
  const std::string wanted = format("{}", *launch_.boot_mac);
  for (std::size_t i = 0; i < environment_.interfaces.count(); ++i) {
    if (environment_.interfaces.describe(i).mac == wanted) return i;
  }
  return 0;
}

async::Task<Result<std::size_t>> BootSequence::configure_any() noexcept {
  const std::size_t count = environment_.interfaces.count();
  if (count == 0) co_return fail(err::app_no_interface);
  std::vector<async::Task<Result<void>>> attempts;
  // The interface that we came over is the first child: its error is the one that is reported.
  const std::size_t first = boot_interface();
  for (std::size_t i = 0; i < count; ++i) {
    attempts.push_back(
        environment_.interfaces.configure((first + i) % count, {.configurator = "dhcp"}));
  }
  KEDGE_CO_TRY(const std::size_t winner, co_await async::first_success(std::move(attempts)));
  co_return (first + winner) % count;
}

Result<std::string> BootSequence::boot_uri() noexcept {
  script::SettingsTree& settings = environment_.settings;
  const Result<script::FoundSetting> found = settings.fetch("filename");
  if (!found.ok()) return fail(err::app_no_filename);
  const std::string filename = settings.text("filename");
  // The server that is meant is the one of the message that named the file, by whatever it calls it
  // there (as client::BootInformation has it); only then what others say.
  const std::string block = found->origin->full_name();
  std::string server;
  for (const std::string& prefix : {block.empty() ? block : block + "/", std::string()}) {
    for (const std::string_view name : {"next-server", "66:string", "dhcp-server"}) {
      if (server.empty() || server == "0.0.0.0") server = settings.text(prefix + std::string(name));
    }
  }
  KEDGE_TRY(const wire::Uri uri, boot_file_uri(server, filename));
  return uri.to_string();
}

async::Task<Result<void>> BootSequence::configure_one() noexcept {
  KEDGE_CO_TRY(const std::size_t winner,
               co_await interruptible(environment_.input, configure_any()));
  script::Interfaces& interfaces = environment_.interfaces;
  for (std::size_t i = 0; i < interfaces.count(); ++i) {
    if (i != winner) interfaces.close(i);
  }
  co_return co_await interfaces.open(winner);  // makes it netX
}

async::Task<Result<void>> BootSequence::boot_file(std::string uri) noexcept {
  format_to(environment_.console, "Boot file: {}\n", uri);
  KEDGE_CO_TRY(const script::ImageId image,
               co_await interruptible(environment_.input, environment_.images.fetch({.uri = uri})));
  co_return co_await scripts_.run_image(image);
}

async::Task<Result<void>> BootSequence::boot_from_network() noexcept {
  KEDGE_CO_CHECK(co_await configure_one());
  KEDGE_CO_TRY(std::string uri, boot_uri());
  if (uri == launch_.own_uri) co_return fail(err::app_own_filename);
  co_return co_await boot_file(std::move(uri));
}

}  // namespace kedge::app
