// SPDX-License-Identifier: BSD-2-Clause-Patent
// The application: builds the ports on the firmware, runs a session, gives everything back.
#include "app/fetcher.h"
#include "app/session.h"
#include "kedge_config.h"
#include "net/lwip/lwip_stack.h"
#include "uefi/clock.h"
#include "uefi/console.h"
#include "uefi/entropy.h"
#include "uefi/input.h"
#include "uefi/pages.h"
#include "uefi/power.h"
#include "uefi/rt/runtime.h"
#include "uefi/snp_device.h"

namespace kedge::app {
namespace {

#if defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "x86_64";
#endif

class NoStarter final : public port::ImageStarter {
 public:
  Result<void> start(const port::StartRequest&) noexcept override { return fail(err::base_invalid); }
};
class NoHandover final : public DeviceHandover {
 public:
  void give_to_firmware() noexcept override {}
  void take_back() noexcept override {}
};

EFI_STATUS run(const uefi::Firmware& firmware) noexcept {
  uefi::TextConsole console(firmware);
  format_to(console, "\nKedge {} ({} UEFI)\n", config::kVersion, kArchitecture);
  uefi::CpuClock clock(firmware);
  if (const Result<void> started = clock.start(); !started) {
    format_to(console, "{}\n", started.error());
    return EFI_DEVICE_ERROR;
  }
  uefi::SystemEntropy entropy(firmware);
  if (const Result<void> started = entropy.start(); !started) format_to(console, "{}\n", started.error());
  async::Loop loop(clock);
  uefi::Keyboard keyboard(firmware, loop);
  uefi::FirmwarePages pages(firmware);
  uefi::FirmwarePower power(firmware);
  std::vector<std::unique_ptr<uefi::SnpDevice>> devices;
  std::vector<std::unique_ptr<uefi::WatchedDevice>> watched;
  net::LwipStack stack(loop, entropy);
  Fetcher fetcher(stack, format("Kedge/{}", config::kVersion));
  NoStarter starter;
  NoHandover handover;
  Session session({loop, clock, console, keyboard, power, pages, starter, stack, handover, fetcher}, {}, {});
  for (uefi::Handle handle : firmware.locate<EFI_SIMPLE_NETWORK_PROTOCOL>()) {
    auto device = uefi::SnpDevice::open(firmware, clock, pages, handle);
    if (!device) {
      format_to(console, "{}\n", device.error());
      continue;
    }
    devices.push_back(*std::move(device));
    watched.push_back(std::make_unique<uefi::WatchedDevice>(*devices.back(), clock));
    auto added = stack.add(*watched.back());
    if (!added) continue;
    session.interfaces().add(**added, {});
    format_to(console, "{}: {} {}\n", (*added)->name(), watched.back()->mac(), watched.back()->driver_name());
  }
  const Result<void> result = session.run();
  return result.ok() ? EFI_SUCCESS : EFI_ABORTED;
}

}  // namespace
}  // namespace kedge::app

std::size_t kedge_main(void* image_handle, void* system_table) {
  const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                       static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return kedge::app::run(firmware);
}
