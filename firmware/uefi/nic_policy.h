// SPDX-License-Identifier: BSD-2-Clause-Patent
// NicPolicy: what the image around a driver binding decides about each NIC. An image without a
// policy is a driver for the firmware's network stack and nothing else.
#pragma once

#include <memory>
#include <optional>

#include "uefi/device_path.h"
#include "uefi/firmware.h"
#include "wire/mac.h"

namespace kedge::uefi {

class DriverNic;

/// What is on offer for a NIC.
struct NicOffer {
  bool simple_network = true;  ///< for the firmware's network stack
  bool boot_option = false;    ///< a boot of our own
  bool vlan_config = false;    ///< where the firmware's stack, which brings its own, has no place
};

/// A protocol on the handle of a NIC.
class NicProtocol {
 public:
  virtual ~NicProtocol() = default;
  virtual const EFI_GUID& guid() const noexcept = 0;
  virtual void* raw() noexcept = 0;
};

/// A boot option of a NIC, on a handle of its own.
class NicBootOption {
 public:
  virtual ~NicBootOption() = default;
  /// Idempotent. Errors: uefi_install_failed, uefi_open_failed, uefi_device_path_malformed.
  virtual Result<void> install() noexcept = 0;
  /// Idempotent. False when it runs, or somebody holds on to it: then it stays as it is.
  virtual bool remove() noexcept = 0;
  /// None while it is not installed.
  virtual Handle handle() const noexcept = 0;
};

class NicPolicy {
 public:
  /// Asked once for each start of a NIC.
  virtual NicOffer offer_for(const wire::MacAddress& mac) noexcept = 0;
  /// Not installed yet; nullptr when there is no memory.
  virtual std::unique_ptr<NicBootOption> make_boot_option(DriverNic& nic) noexcept = 0;
  /// nullptr when there is no memory.
  virtual std::unique_ptr<NicProtocol> make_vlan_config(const wire::MacAddress& mac) noexcept = 0;
  /// The NIC whose boot option `node`, the first of what remains of a path, names.
  virtual std::optional<wire::MacAddress> named_by(const DevicePathNode& node) noexcept = 0;

 protected:
  ~NicPolicy() = default;
};

}  // namespace kedge::uefi
