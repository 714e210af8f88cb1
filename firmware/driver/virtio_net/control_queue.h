// SPDX-License-Identifier: BSD-2-Clause-Patent
// The control queue: commands that set the device's receive filter (5.1.6.5).
#pragma once

#include "driver/virtio_net/virtqueue.h"
#include "link/device.h"

namespace kedge::driver::virtio {

class ControlQueue {
 public:
  Result<void> create(port::PciDevice& pci, Transport& transport,
                      const Negotiated& negotiated) noexcept;
  /// The device must have been reset.
  void destroy() noexcept { queue_.destroy(); }

  /// Sets the device's filter, whatever it was before, and waits for the answers. False: create()
  /// has failed, or a command has, or was not answered in time. Then the filter may be any, and the
  /// device may still read and write the command: nothing is left but to reset it.
  bool set_filter(port::PciDevice& pci, Transport& transport,
                  const link::ReceiveFilter& filter) noexcept;

 private:
  Virtqueue queue_;  // behind the ring: the command
};

}  // namespace kedge::driver::virtio
