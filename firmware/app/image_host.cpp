// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_host.h"

#include <new>

#include "app/image_lease.h"
#include "app/own_settings.h"
#include "base/log.h"
#include "kedge_config.h"

namespace kedge::app {

bool ImageHost::share_with_image(std::string_view uri) noexcept {
  const bool from_network = uri.find("://") != std::string_view::npos && !uri.starts_with("file:");
  if (!from_network || session_->settings().text(kImageNetworkSetting) == "firmware") return false;
  InterfaceSlot* slot = session_->interfaces().booting();
  if (slot == nullptr) return false;
  auto nic = run_.nics.shared_nic(slot->interface);
  if (!nic.has_value()) return false;
  fetcher_->close_idle();
  const Result<void> offered = offer(*slot, *std::move(nic), uri);
  if (!offered.ok()) {
    log(LogLevel::warning, "image", "no network of ours for the image: {}", offered.error());
    backend_.reset();
    slot->interface.close();
    run_.nics.set_consumer(slot->interface, driver::Consumer::own_stack);
    return false;
  }
  slot_ = slot;
  run_.keyboard.pause();
  run_.starter.set_network(network_->handle(), network_->path());
  return true;
}

Result<void> ImageHost::reopen(net::Interface& interface, driver::Consumer consumer) noexcept {
  const net::Ipv4Configuration configuration = interface.ipv4();
  interface.close();
  run_.nics.set_consumer(interface, consumer);
  KEDGE_CHECK(interface.open());
  return interface.configure(configuration);
}

Result<void> ImageHost::offer(InterfaceSlot& slot, uefi::ImageNetwork::Nic nic,
                              std::string_view uri) noexcept {
  KEDGE_CHECK(reopen(slot.interface, driver::Consumer::simple_network));
  backend_.reset(new (std::nothrow) uefi::PxeStackBackend(
      {run_.firmware, run_.loop, run_.stack, slot.interface, nic.device,
       session_->interfaces().identity_of(slot), fetcher_->options(),
       config::kImageMtftp ? &client::tftp_get_from_group : nullptr}));
  if (backend_ == nullptr) return fail(err::base_no_memory);
  KEDGE_TRY(network_, uefi::ImageNetwork::create(run_.firmware, std::move(nic), *backend_));
  network_->pxe().adopt(image_lease(slot, uri));
  return {};
}

void ImageHost::take_back() noexcept {
  if (slot_ == nullptr) return;
  InterfaceSlot& slot = *std::exchange(slot_, nullptr);
  run_.starter.set_network({}, {});
  // What the firmware does not let go must stay in memory, but answers nothing any more.
  if (!network_->remove()) (void)network_.release();
  network_.reset();
  std::optional<client::DhcpLease> lease = std::move(backend_->new_lease());
  backend_.reset();
  if (lease.has_value()) session_->interfaces().use_lease(slot, *std::move(lease));
  if (const Result<void> done = reopen(slot.interface, driver::Consumer::own_stack); !done.ok()) {
    log(LogLevel::warning, "image", "{}: {}", slot.interface.name(), done.error());
  }
  run_.keyboard.resume();
}

}  // namespace kedge::app
