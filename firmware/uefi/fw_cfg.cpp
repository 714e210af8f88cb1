// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg.h"

#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#else
#include "uefi/fw_cfg_mmio.h"
#endif

namespace kedge::uefi {
namespace {

// docs/specs/fw_cfg.rst: well-known items, and an entry of the directory.
constexpr std::uint16_t kSignatureKey = 0x0000;
constexpr std::uint16_t kDirectoryKey = 0x0019;
constexpr std::string_view kSignature = "QEMU";
constexpr std::size_t kNameBytes = 56;
constexpr std::size_t kEntryBytes = 4 + 2 + 2 + kNameBytes;

#if defined(__x86_64__)

class PortFwCfg final : public FwCfgIo {
 public:
  void select(std::uint16_t key) noexcept override {
    __asm__ volatile("outw %0, %1" : : "a"(key), "Nd"(kSelectorPort));
  }
  void read(ByteSpan out) noexcept override {
    void* to = out.data();
    std::size_t count = out.size();
    // One string instruction: a hypervisor takes it in pieces of a page, single reads one by one.
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(kDataPort) : "memory");
  }

 private:
  static constexpr std::uint16_t kSelectorPort = 0x510;
  static constexpr std::uint16_t kDataPort = 0x511;
};

bool runs_below_hypervisor() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  __cpuid(1, a, b, c, d);
  return (c & 1U << 31) != 0;
}

#else

class CpuMemory final : public DeviceMemory {
 public:
#if defined(__aarch64__)
  // A hypervisor can only emulate accesses with one register and no write-back (Arm ARM, ESR_EL2's
  // ISV): a compiler is free to make others.
  void write16(std::uint64_t address, std::uint16_t value) noexcept override {
    __asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory");
  }
  std::uint8_t read8(std::uint64_t address) noexcept override {
    std::uint32_t value = 0;
    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<std::uint8_t>(value);
  }
  std::uint64_t read64(std::uint64_t address) noexcept override {
    std::uint64_t value = 0;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
  }
#else
  void write16(std::uint64_t address, std::uint16_t value) noexcept override {
    *reinterpret_cast<volatile std::uint16_t*>(address) = value;
  }
  std::uint8_t read8(std::uint64_t address) noexcept override {
    return *reinterpret_cast<volatile std::uint8_t*>(address);
  }
  std::uint64_t read64(std::uint64_t address) noexcept override {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
  }
#endif
};

#endif

}  // namespace

FwCfgIo* real_fw_cfg([[maybe_unused]] const Firmware& firmware) noexcept {
#if defined(__x86_64__)
  static PortFwCfg port;
  return runs_below_hypervisor() ? &port : nullptr;
#else
  static CpuMemory memory;
  static MmioFwCfg registers(firmware, memory);
  return &registers;
#endif
}

std::optional<FwCfg> FwCfg::open(const Firmware& firmware, FwCfgIo* io) noexcept {
  if (io == nullptr) return std::nullopt;
  std::array<std::byte, kSignature.size()> signature{};
  // The firmware uses the device, too; its timers must not come between selecting and reading.
  const TplGuard guard(firmware, TPL_NOTIFY);
  io->select(kSignatureKey);
  io->read(signature);
  if (as_text(signature) != kSignature) return std::nullopt;
  return FwCfg(firmware, *io);
}

std::vector<FwCfg::File> FwCfg::list(std::string_view prefix) noexcept {
  std::vector<File> files;
  std::array<std::byte, kEntryBytes> bytes{};
  const TplGuard guard(*firmware_, TPL_NOTIFY);
  io_->select(kDirectoryKey);
  io_->read(std::span(bytes).first(4));
  const std::size_t count =
      std::min<std::size_t>(ByteReader(std::span(bytes).first(4)).be32(), kFilesMax);
  for (std::size_t i = 0; i < count; ++i) {
    io_->read(bytes);
    ByteReader reader(bytes);
    const std::uint32_t size = reader.be32();
    const std::uint16_t key = reader.be16();
    reader.skip(2);
    const std::string_view padded = as_text(reader.rest());
    const std::string_view name = padded.substr(0, padded.find('\0'));
    if (name.starts_with(prefix)) files.push_back({std::string(name), size, key});
  }
  return files;
}

std::vector<std::byte> FwCfg::read(const File& file, std::size_t bytes_max) noexcept {
  std::vector<std::byte> content(std::min<std::size_t>(file.bytes, bytes_max));
  const TplGuard guard(*firmware_, TPL_NOTIFY);
  io_->select(file.key);
  io_->read(content);
  return content;
}

}  // namespace kedge::uefi
