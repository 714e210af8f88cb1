// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageStarter: starts a PE image from memory through the firmware's LoadImage and StartImage, so
// that Secure Boot decides (docs/security.md), with what the image needs around it.
#pragma once

#include <string>

#include "uefi/initrd.h"
#include "uefi/virtual_fs.h"

namespace kedge::uefi {

/// What ImageStarter asks of whoever holds the NICs.
class NetworkHandover {
 public:
  /// Lets the firmware's drivers have the NICs: the image may look for a network.
  virtual void give_back() noexcept = 0;
  /// The image came back: the NICs are ours again.
  virtual void take_again() noexcept = 0;

 protected:
  ~NetworkHandover() = default;
};

struct StartRequest {
  ByteView image;                ///< the whole PE image; stays as it is until start() returns
  std::string name;              ///< of its file: "vmlinuz"
  std::string uri;               ///< where it came from; empty: unknown
  std::string arguments;         ///< its command line, without its name; empty: none
  DevicePath device;             ///< path of the NIC that it came through; empty: none
  Handle network;                ///< the handle with that path, when it has a network for the image
  std::vector<Source*> initrds;  ///< for Linux by LoadFile2, in this order
  std::vector<VirtualFileSystem::File> files;  ///< beside the image, read-only
  bool hand_back_network = true;  ///< false: a kernel that brings its own drivers (saves seconds)
};

class ImageStarter {
 public:
  ImageStarter(const Firmware& firmware, NetworkHandover& network) noexcept
      : firmware_(firmware), network_(network) {}

  /// Loads and starts the image. Returns when the image returns or cannot be started; an operating
  /// system does not return. Everything that was installed for it is gone then.
  /// The loop must not be running.
  /// Errors: uefi_image_refused, uefi_image_other_machine, uefi_image_load, uefi_image_failed
  /// (detail: the status it returned), uefi_no_memory, uefi_initrd_exists, uefi_install_failed.
  Result<void> start(const StartRequest& request) noexcept;

 private:
  Result<void> load_and_run(const StartRequest& request, const DevicePath& path) noexcept;
  Result<void> run(const StartRequest& request, Handle image) noexcept;

  const Firmware& firmware_;
  NetworkHandover& network_;
};

}  // namespace kedge::uefi
