// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/image_network.h"

#include <new>

namespace kedge::uefi {

Result<std::unique_ptr<ImageNetwork>> ImageNetwork::create(const Firmware& firmware, Nic nic,
                                                           PxeBackend& backend) noexcept {
  std::unique_ptr<ImageNetwork> network(new (std::nothrow)
                                            ImageNetwork(firmware, std::move(nic), backend));
  if (network == nullptr) return fail(err::base_no_memory);
  if (const Result<void> done = network->install(); !done.ok()) {
    if (!network->remove()) (void)network.release();
    return done.error();
  }
  return Result<std::unique_ptr<ImageNetwork>>(std::move(network));
}

ImageNetwork::ImageNetwork(const Firmware& firmware, Nic nic, PxeBackend& backend) noexcept
    : firmware_(firmware),
      nic_(std::move(nic)),
      pxe_(firmware, backend),
      installation_(firmware, nic_.handle) {}

ImageNetwork::~ImageNetwork() {
  (void)remove();
}

Result<void> ImageNetwork::install() noexcept {
  KEDGE_TRY(snp_, SnpProducer::create(firmware_, nic_.device.guest()));
  adapter_information_.emplace(*snp_);
  KEDGE_CHECK(exit_event_.create(firmware_, EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
                                 firmware_entry<&exit_boot_services>, this));
  if (!nic_.handle) {
    KEDGE_CHECK(installation_.install<EFI_DEVICE_PATH_PROTOCOL>(nic_.path.raw()));
    // As a driver's child holds its function, which walkers of the device tree look for.
    if (nic_.controller) {
      KEDGE_TRY(opening_, Child<EFI_PCI_IO_PROTOCOL>::open(firmware_, nic_.controller, handle()));
    }
  }
  KEDGE_CHECK(installation_.install(adapter_information_->raw()));
  pxe_.set_handle(handle());
  KEDGE_CHECK(installation_.install(pxe_.raw()));
  // Who waits for Simple Network finds the others there.
  return installation_.install(snp_->raw());
}

bool ImageNetwork::remove() noexcept {
  exit_event_.close();
  // With the last protocol the handle goes, and then this record could not be closed any more.
  opening_.close();
  const bool gone = installation_.remove();
  // It may hold a frame of the device, which can go before the memory of a refused removal does.
  if (snp_ != nullptr) snp_->abandon();
  retire();
  nic_.device.guest().stop();
  return gone;
}

void ImageNetwork::retire() noexcept {
  pxe_.retire();
  if (snp_ != nullptr) snp_->retire();
}

void ImageNetwork::exit_boot_services(EFI_EVENT, void* context) noexcept {
  // Only entry points are closed: nothing is uninstalled, freed or allocated. Whoever owns the
  // device silences it.
  static_cast<ImageNetwork*>(context)->retire();
}

}  // namespace kedge::uefi
