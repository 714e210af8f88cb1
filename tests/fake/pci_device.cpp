// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/pci_device.h"

#include <cstdlib>
#include <cstring>

namespace kedge::fake {

namespace {
constexpr std::size_t kPage = 4096;
}  // namespace

class FakePciDevice::Memory final : public port::DmaMemory {
 public:
  Memory(FakePciDevice& pci, std::byte* block, std::size_t bytes, std::uint64_t address)
      : DmaMemory(ByteSpan(block, bytes), port::DeviceAddress{address}),
        pci_(pci),
        address_(address) {
    pci_.blocks_[address_] = cpu();
  }
  ~Memory() override {
    pci_.blocks_.erase(address_);
    std::free(cpu().data());
  }

 private:
  FakePciDevice& pci_;
  std::uint64_t address_;
};

FakePciDevice::~FakePciDevice() {
  if (blocks_.empty()) return;
  std::fprintf(stderr, "a PCI device went while %zu blocks of its DMA memory were in use\n",
               blocks_.size());
  std::abort();
}

std::size_t FakePciDevice::dma_bytes() const {
  std::size_t sum = 0;
  for (const auto& [address, block] : blocks_) sum += block.size();
  return sum;
}

ByteSpan FakePciDevice::dma(std::uint64_t address, std::size_t length) {
  if (!bus_master_) {
    violation("DMA without bus mastering");
    return {};
  }
  auto next = blocks_.upper_bound(address);
  if (next != blocks_.begin()) {
    const auto& [start, block] = *std::prev(next);
    const std::uint64_t offset = address - start;
    if (offset <= block.size() && length <= block.size() - offset) {
      return block.subspan(offset, length);
    }
  }
  violation("DMA outside of shared memory");
  return {};
}

void FakePciDevice::put_config16(std::uint16_t offset, std::uint16_t value) {
  std::memcpy(&config.at(offset), &value, sizeof(value));
}
void FakePciDevice::put_config32(std::uint16_t offset, std::uint32_t value) {
  std::memcpy(&config.at(offset), &value, sizeof(value));
}

std::uint8_t FakePciDevice::config_read8(std::uint16_t offset) noexcept {
  if (offset >= config.size()) return 0xff;
  return config[offset];
}
std::uint16_t FakePciDevice::config_read16(std::uint16_t offset) noexcept {
  return static_cast<std::uint16_t>(config_read8(offset) |
                                    config_read8(static_cast<std::uint16_t>(offset + 1)) << 8);
}
std::uint32_t FakePciDevice::config_read32(std::uint16_t offset) noexcept {
  return static_cast<std::uint32_t>(config_read16(offset)) |
         static_cast<std::uint32_t>(config_read16(static_cast<std::uint16_t>(offset + 2))) << 16;
}
void FakePciDevice::config_write8(std::uint16_t offset, std::uint8_t value) noexcept {
  if (offset < config.size()) config[offset] = value;
}
void FakePciDevice::config_write16(std::uint16_t offset, std::uint16_t value) noexcept {
  config_write8(offset, static_cast<std::uint8_t>(value));
  config_write8(static_cast<std::uint16_t>(offset + 1), static_cast<std::uint8_t>(value >> 8));
}
void FakePciDevice::config_write32(std::uint16_t offset, std::uint32_t value) noexcept {
  config_write16(offset, static_cast<std::uint16_t>(value));
  config_write16(static_cast<std::uint16_t>(offset + 2), static_cast<std::uint16_t>(value >> 16));
}

std::uint8_t FakePciDevice::bar_read8(std::uint8_t bar, std::uint64_t offset) noexcept {
  ++bar_accesses;
  return static_cast<std::uint8_t>(enabled_ ? bar_read(bar, offset, 1) : 0xff);
}
std::uint16_t FakePciDevice::bar_read16(std::uint8_t bar, std::uint64_t offset) noexcept {
  ++bar_accesses;
  return static_cast<std::uint16_t>(enabled_ ? bar_read(bar, offset, 2) : 0xffff);
}
std::uint32_t FakePciDevice::bar_read32(std::uint8_t bar, std::uint64_t offset) noexcept {
  ++bar_accesses;
  return enabled_ ? bar_read(bar, offset, 4) : 0xffffffff;
}
void FakePciDevice::bar_write8(std::uint8_t bar, std::uint64_t offset,
                               std::uint8_t value) noexcept {
  ++bar_accesses;
  if (enabled_) bar_write(bar, offset, 1, value);
}
void FakePciDevice::bar_write16(std::uint8_t bar, std::uint64_t offset,
                                std::uint16_t value) noexcept {
  ++bar_accesses;
  if (enabled_) bar_write(bar, offset, 2, value);
}
void FakePciDevice::bar_write32(std::uint8_t bar, std::uint64_t offset,
                                std::uint32_t value) noexcept {
  ++bar_accesses;
  if (enabled_) bar_write(bar, offset, 4, value);
}

Result<std::unique_ptr<port::DmaMemory>> FakePciDevice::allocate_dma(std::size_t bytes) noexcept {
  if (allocations_left == 0 || bytes > allocation_bytes_max) return fail(err::base_no_memory);
  if (allocations_left > 0) --allocations_left;
  // The end of the block, not the end of its last page, is where the guard begins.
  void* block = nullptr;
  if (::posix_memalign(&block, kPage, bytes) != 0) return fail(err::base_no_memory);
  std::memset(block, 0, bytes);
  const std::uint64_t address = next_address;
  next_address += (bytes + kPage - 1) / kPage * kPage + kPage;
  return std::unique_ptr<port::DmaMemory>(
      std::make_unique<Memory>(*this, static_cast<std::byte*>(block), bytes, address));
}

Result<void> FakePciDevice::enable(bool bus_master) noexcept {
  enabled_ = true;
  bus_master_ = bus_master;
  return {};
}

}  // namespace kedge::fake
