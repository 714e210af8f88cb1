// SPDX-License-Identifier: BSD-2-Clause-Patent
// RngProducer: EFI_RNG_PROTOCOL (UEFI 2.10, 37.5) from our own generator, for a firmware that has
// none; and the network drivers of that firmware, which wait for it
// (docs/adr/0009-healing-a-firmware-without-rng.md).
#pragma once

#include "uefi/entropy.h"
#include "uefi/producer.h"
#include "uefi/protocol.h"

namespace kedge::uefi {

class RngProducer {
 public:
  explicit RngProducer(const Firmware& firmware, Cpu& cpu = real_cpu()) noexcept;
  RngProducer(const RngProducer&) = delete;
  RngProducer& operator=(const RngProducer&) = delete;

  /// Where no EFI_RNG exists and a source of ours is healthy: installs ours, and has the firmware
  /// dispatch the drivers that have waited for one. Otherwise nothing happens.
  void heal() noexcept;
  /// False when the firmware does not let go: then it works on.
  bool remove() noexcept { return installation_.remove(); }
  bool installed() const noexcept { return static_cast<bool>(installation_.handle()); }

 private:
  EFI_STATUS get_info(UINTN* size, EFI_RNG_ALGORITHM* list) noexcept;
  EFI_STATUS get_random(EFI_RNG_ALGORITHM* algorithm, UINTN size, UINT8* value) noexcept;

  const Firmware& firmware_;
  SystemEntropy entropy_;
  ProducerTable<EFI_RNG_PROTOCOL, RngProducer> table_;
  Installation installation_;
};

}  // namespace kedge::uefi
