// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Debian's builds of OVMF beyond the plain one: with Secure Boot and somebody's keys, with memory
// protection.
#pragma once

#include <filesystem>

#include "support/outcome.h"
#include "vm/machine.h"

namespace kedge::host::e2e {

enum class OvmfBuild : std::uint8_t {
  // Only SMM writes the variables. Without keys it is in setup mode and verifies nothing.
  secure_boot,
  // The same, with EFI_MEMORY_ATTRIBUTE_PROTOCOL. The newer OVMF has it.
  strict_nx,
};

enum class EnrolledKeys : std::uint8_t {
  none,
  microsoft,  // trust shim as Debian ships it, and no kernel
  snakeoil,   // trusts what SnakeoilSigner signs, and nothing else
};

// Gives a machine that has the plain build the other build of the same OVMF, and a fresh copy of
// such variables.
Outcome<void> use_ovmf(MachineSpec& machine, OvmfBuild build, EnrolledKeys keys);

// Signs EFI images with the key that OVMF's package has for tests.
class SnakeoilSigner {
 public:
  // For the machine's OVMF, which has been chosen already. Keeps the key, without its passphrase,
  // in `directory`.
  static Outcome<SnakeoilSigner> make(const MachineSpec& machine,
                                      const std::filesystem::path& directory);

  // The image's only signature is ours afterwards.
  Outcome<void> sign(const std::filesystem::path& image) const;

 private:
  SnakeoilSigner(std::filesystem::path key, std::filesystem::path certificate)
      : key_(std::move(key)), certificate_(std::move(certificate)) {}

  std::filesystem::path key_;
  std::filesystem::path certificate_;
};

// Does nothing to an image that has none.
Outcome<void> remove_signatures(const std::filesystem::path& image);

}  // namespace kedge::host::e2e
