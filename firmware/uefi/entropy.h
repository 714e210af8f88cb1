// SPDX-License-Identifier: BSD-2-Clause-Patent
// SystemEntropy: seeds the DRBG from everything the machine has, and counts only what is healthy.
//
// Sources: the CPU's generator (RDRAND, RNDR), the firmware's EFI_RNG_PROTOCOL, and the jitter of
// the CPU's counter around work of unpredictable length. All are mixed; a source can only add. Each
// passes the health tests of NIST SP 800-90B 4.4 or does not count towards the 256 bits that are
// needed to start.
#pragma once

#include "port/entropy.h"
#include "uefi/cpu.h"
#include "uefi/drbg.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

/// The two continuous tests of SP 800-90B 4.4 over samples of one byte.
class HealthTest {
 public:
  /// Cut-offs for a source of at least `bits_per_sample` (1..8) bits of min-entropy in each sample,
  /// with a false alarm rate of 2^-30.
  explicit HealthTest(unsigned bits_per_sample) noexcept;
  void sample(std::uint8_t value) noexcept;
  bool healthy() const noexcept { return !failed_ && samples_ >= kSamplesMin; }

 private:
  static constexpr unsigned kWindow = 512;       // 4.4.2, for samples that are not binary
  static constexpr unsigned kSamplesMin = 1024;  // 4.3, start-up test

  unsigned repetition_cutoff_;
  unsigned proportion_cutoff_;
  unsigned samples_ = 0;
  unsigned repeated_ = 0;
  unsigned in_window_ = 0;
  unsigned matches_ = 0;
  std::uint8_t last_ = 0;
  std::uint8_t first_of_window_ = 0;
  bool failed_ = false;
};

class SystemEntropy final : public port::Entropy {
 public:
  explicit SystemEntropy(const Firmware& firmware, Cpu& cpu = real_cpu()) noexcept
      : firmware_(firmware), cpu_(cpu) {}

  enum class FirmwareSource : std::uint8_t { none, any };

  /// Gathers the first seed; takes some milliseconds. The firmware's generators are not asked where
  /// there are `none`. Errors: uefi_entropy_poor when no source is healthy. What was gathered is
  /// used all the same, so that a caller may go on with a warning.
  Result<void> start(FirmwareSource firmware = FirmwareSource::any) noexcept;
  void fill(ByteSpan out) noexcept override;

  struct Sources {
    bool cpu = false;
    bool firmware = false;
    bool jitter = false;
  };
  /// Which sources passed.
  const Sources& sources() const noexcept { return sources_; }

 private:
  bool gather_cpu(Sha256& pool) noexcept;
  bool gather_firmware(Sha256& pool) noexcept;
  bool gather_jitter(Sha256& pool) noexcept;

  const Firmware& firmware_;
  Cpu& cpu_;
  HmacDrbg drbg_;
  Sources sources_;
};

}  // namespace kedge::uefi
