// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pci_io.h"

#include <cstring>
#include <new>

#include "port/pages.h"

namespace kedge::uefi {
namespace {

// PCI Local Bus Specification 3.0, 6.1.
constexpr std::uint16_t kVendorId = 0x00;
constexpr std::uint16_t kBaseClass = 0x0b;
constexpr std::uint16_t kFirstBar = 0x10;
constexpr std::uint8_t kNetworkController = 0x02;
constexpr std::uint32_t kBarIsIo = 1U << 0;
constexpr std::uint32_t kBarIs64Bit = 2U << 1;

template <class T>
constexpr EFI_PCI_IO_PROTOCOL_WIDTH width() noexcept {
  if constexpr (sizeof(T) == 1) return EfiPciIoWidthUint8;
  if constexpr (sizeof(T) == 2) return EfiPciIoWidthUint16;
  return EfiPciIoWidthUint32;
}

class CommonBuffer final : public port::DmaMemory {
 public:
  CommonBuffer(EFI_PCI_IO_PROTOCOL* io, void* mapping, ByteSpan cpu,
               port::DeviceAddress device) noexcept
      : DmaMemory(cpu, device), io_(io), mapping_(mapping) {}
  ~CommonBuffer() override {
    (void)io_->Unmap(io_, mapping_);
    (void)io_->FreeBuffer(io_, cpu().size() / port::kPageBytes, cpu().data());
  }

 private:
  // PciIo belongs to the PCI bus driver and stays as long as the device does, opened or not.
  EFI_PCI_IO_PROTOCOL* io_;
  void* mapping_;
};

}  // namespace

Result<std::unique_ptr<PciFunction>> PciFunction::open(const Firmware& firmware,
                                                       Handle handle) noexcept {
  KEDGE_TRY(auto io, Driven<EFI_PCI_IO_PROTOCOL>::open(firmware, handle, Evict::no));
  UINT64 before = 0;
  KEDGE_CHECK(from_status(io->Attributes(io.get(), EfiPciIoAttributeOperationGet, 0, &before),
                          err::uefi_pci_access));
  std::unique_ptr<PciFunction> function(new (std::nothrow) PciFunction(firmware, std::move(io)));
  if (function == nullptr) return fail(err::base_no_memory);
  function->attributes_before_ = before;
  function->read_bars();
  return Result<std::unique_ptr<PciFunction>>(std::move(function));
}

PciFunction::~PciFunction() {
  (void)io_->Attributes(io_.get(), EfiPciIoAttributeOperationSet, attributes_before_, nullptr);
}

void PciFunction::read_bars() noexcept {
  // The firmware numbers BARs, not registers: in edk2 a 64-bit BAR takes two registers and one
  // number. The addresses tell which is which.
  std::uint8_t number = 0;
  for (std::uint8_t bar = 0; bar < kBars; ++bar, ++number) {
    const auto offset = static_cast<std::uint16_t>(kFirstBar + 4 * bar);
    const std::uint32_t low = config_read32(offset);
    bars_[bar].is_io = (low & kBarIsIo) != 0;
    if (bars_[bar].is_io) {
      bars_[bar].index = firmware_index(low & ~3U, number);
      continue;
    }
    std::uint64_t address = low & ~15U;
    const bool is_wide = (low & kBarIs64Bit) != 0 && bar + 1 < kBars;
    if (is_wide) {
      address |= std::uint64_t{config_read32(static_cast<std::uint16_t>(offset + 4))} << 32;
    }
    bars_[bar].index = firmware_index(address, number);
    if (is_wide) bars_[++bar].index = kBars;  // no BAR of its own
  }
}

std::uint8_t PciFunction::firmware_index(std::uint64_t address, std::uint8_t otherwise) noexcept {
  // ACPI 6.4, 6.4.3.5.1: QWord address space descriptor.
  constexpr std::uint8_t kQwordAddressSpace = 0x8a;
  constexpr std::size_t kDescriptorBytes = 46;
  if (address == 0) return otherwise;
  for (std::uint8_t index = 0; index < kBars; ++index) {
    void* resources = nullptr;
    if (EFI_ERROR(io_->GetBarAttributes(io_.get(), index, nullptr, &resources)) ||
        resources == nullptr) {
      continue;
    }
    ByteReader reader(ByteView(static_cast<const std::byte*>(resources), kDescriptorBytes));
    const std::uint8_t tag = reader.u8();
    reader.skip(13);  // length, type, flags, granularity
    const std::uint64_t lowest = reader.le64();
    reader.skip(8);  // highest
    const std::uint64_t translation = reader.le64();
    (void)firmware_.boot().FreePool(resources);
    // UEFI 2.10, 14.4 GetBarAttributes: the host's address; the device's is that plus the offset.
    if (tag == kQwordAddressSpace && (lowest == address || lowest + translation == address)) {
      return index;
    }
  }
  return otherwise;
}

template <class T>
T PciFunction::config_read(std::uint16_t offset) noexcept {
  T value{};
  if (EFI_ERROR(io_->Pci.Read(io_.get(), width<T>(), offset, 1, &value)))
    return static_cast<T>(~T{});
  return value;
}

template <class T>
void PciFunction::config_write(std::uint16_t offset, T value) noexcept {
  (void)io_->Pci.Write(io_.get(), width<T>(), offset, 1, &value);
}

template <class T>
T PciFunction::bar_read(std::uint8_t bar, std::uint64_t offset) noexcept {
  // What does not answer reads as all ones, as on the bus.
  T value{};
  if (bar >= kBars) return static_cast<T>(~T{});
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  const auto read = bars_[bar].is_io ? io->Io.Read : io->Mem.Read;
  if (EFI_ERROR(read(io, width<T>(), bars_[bar].index, offset, 1, &value))) {
    return static_cast<T>(~T{});
  }
  return value;
}

template <class T>
void PciFunction::bar_write(std::uint8_t bar, std::uint64_t offset, T value) noexcept {
  if (bar >= kBars) return;
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  const auto write = bars_[bar].is_io ? io->Io.Write : io->Mem.Write;
  (void)write(io, width<T>(), bars_[bar].index, offset, 1, &value);
}

std::uint8_t PciFunction::config_read8(std::uint16_t offset) noexcept {
  return config_read<std::uint8_t>(offset);
}
std::uint16_t PciFunction::config_read16(std::uint16_t offset) noexcept {
  return config_read<std::uint16_t>(offset);
}
std::uint32_t PciFunction::config_read32(std::uint16_t offset) noexcept {
  return config_read<std::uint32_t>(offset);
}
void PciFunction::config_write8(std::uint16_t offset, std::uint8_t value) noexcept {
  config_write(offset, value);
}
void PciFunction::config_write16(std::uint16_t offset, std::uint16_t value) noexcept {
  config_write(offset, value);
}
void PciFunction::config_write32(std::uint16_t offset, std::uint32_t value) noexcept {
  config_write(offset, value);
}
std::uint8_t PciFunction::bar_read8(std::uint8_t bar, std::uint64_t offset) noexcept {
  return bar_read<std::uint8_t>(bar, offset);
}
std::uint16_t PciFunction::bar_read16(std::uint8_t bar, std::uint64_t offset) noexcept {
  return bar_read<std::uint16_t>(bar, offset);
}
std::uint32_t PciFunction::bar_read32(std::uint8_t bar, std::uint64_t offset) noexcept {
  return bar_read<std::uint32_t>(bar, offset);
}
void PciFunction::bar_write8(std::uint8_t bar, std::uint64_t offset, std::uint8_t value) noexcept {
  bar_write(bar, offset, value);
}
void PciFunction::bar_write16(std::uint8_t bar, std::uint64_t offset,
                              std::uint16_t value) noexcept {
  bar_write(bar, offset, value);
}
void PciFunction::bar_write32(std::uint8_t bar, std::uint64_t offset,
                              std::uint32_t value) noexcept {
  bar_write(bar, offset, value);
}

// UEFI 2.10, 14.4: the FIFO widths read or write one address `Count` times.
void PciFunction::bar_read_port32(std::uint8_t bar, std::uint64_t offset,
                                  std::span<std::uint32_t> values) noexcept {
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  EFI_STATUS status = EFI_UNSUPPORTED;
  if (bar < kBars) {
    const auto read = bars_[bar].is_io ? io->Io.Read : io->Mem.Read;
    status =
        read(io, EfiPciIoWidthFifoUint32, bars_[bar].index, offset, values.size(), values.data());
  }
  if (EFI_ERROR(status)) std::memset(values.data(), 0xff, values.size_bytes());
}

void PciFunction::bar_write_port32(std::uint8_t bar, std::uint64_t offset,
                                   std::span<const std::uint32_t> values) noexcept {
  if (bar >= kBars) return;
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  const auto write = bars_[bar].is_io ? io->Io.Write : io->Mem.Write;
  (void)write(io, EfiPciIoWidthFifoUint32, bars_[bar].index, offset, values.size(),
              const_cast<std::uint32_t*>(values.data()));
}

Result<std::unique_ptr<port::DmaMemory>> PciFunction::allocate_dma(std::size_t bytes) noexcept {
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  const std::size_t pages = (bytes + port::kPageBytes - 1) / port::kPageBytes;
  void* host = nullptr;
  KEDGE_CHECK(
      from_status(io->AllocateBuffer(io, AllocateAnyPages, EfiBootServicesData, pages, &host, 0),
                  err::uefi_dma_memory));
  UINTN mapped = pages * port::kPageBytes;
  EFI_PHYSICAL_ADDRESS address = 0;
  void* mapping = nullptr;
  const EFI_STATUS status =
      io->Map(io, EfiPciIoOperationBusMasterCommonBuffer, host, &mapped, &address, &mapping);
  if (EFI_ERROR(status) || mapped != pages * port::kPageBytes) {
    if (!EFI_ERROR(status)) (void)io->Unmap(io, mapping);
    (void)io->FreeBuffer(io, pages, host);
    return fail(err::uefi_dma_memory, static_cast<std::uint32_t>(status));
  }
  std::memset(host, 0, mapped);
  const ByteSpan cpu(static_cast<std::byte*>(host), mapped);
  std::unique_ptr<port::DmaMemory> memory(
      new (std::nothrow) CommonBuffer(io, mapping, cpu, port::DeviceAddress{address}));
  if (memory == nullptr) {
    (void)io->Unmap(io, mapping);
    (void)io->FreeBuffer(io, pages, host);
    return fail(err::base_no_memory);
  }
  return Result<std::unique_ptr<port::DmaMemory>>(std::move(memory));
}

Result<void> PciFunction::enable(bool bus_master) noexcept {
  EFI_PCI_IO_PROTOCOL* io = io_.get();
  UINT64 supported = 0;
  KEDGE_CHECK(from_status(io->Attributes(io, EfiPciIoAttributeOperationSupported, 0, &supported),
                          err::uefi_pci_access));
  // Dual address cycle: DMA above 4 GiB without bounce buffers, for devices that reach so far.
  std::uint64_t wanted = EFI_PCI_DEVICE_ENABLE;
  if (dma_reach_ == port::DmaReach::bits64) wanted |= EFI_PCI_IO_ATTRIBUTE_DUAL_ADDRESS_CYCLE;
  // The BARs answer in any case: a driver looks at its device before it lets it master the bus.
  const std::uint64_t enabled =
      bus_master ? wanted : wanted & ~std::uint64_t{EFI_PCI_IO_ATTRIBUTE_BUS_MASTER};
  KEDGE_CHECK(from_status(
      io->Attributes(io, EfiPciIoAttributeOperationEnable, enabled & supported, nullptr),
      err::uefi_pci_access));
  if (bus_master) return {};
  return from_status(io->Attributes(io, EfiPciIoAttributeOperationDisable,
                                    EFI_PCI_IO_ATTRIBUTE_BUS_MASTER, nullptr),
                     err::uefi_pci_access);
}

std::optional<PciSummary> look_at_pci(const Firmware& firmware, Handle handle) noexcept {
  auto* io = peek<EFI_PCI_IO_PROTOCOL>(firmware, handle);
  if (io == nullptr) return std::nullopt;
  PciSummary summary;
  std::uint32_t ids = 0;
  std::uint8_t base_class = 0;
  UINTN segment = 0;
  UINTN bus = 0;
  UINTN device = 0;
  UINTN function = 0;
  if (EFI_ERROR(io->Pci.Read(io, EfiPciIoWidthUint32, kVendorId, 1, &ids)) ||
      EFI_ERROR(io->Pci.Read(io, EfiPciIoWidthUint8, kBaseClass, 1, &base_class)) ||
      EFI_ERROR(io->GetLocation(io, &segment, &bus, &device, &function))) {
    return std::nullopt;
  }
  summary.id = {static_cast<std::uint16_t>(ids & 0xffff), static_cast<std::uint16_t>(ids >> 16)};
  summary.is_network = base_class == kNetworkController;
  summary.segment = static_cast<std::uint32_t>(segment);
  summary.bus = static_cast<std::uint8_t>(bus);
  summary.device = static_cast<std::uint8_t>(device);
  summary.function = static_cast<std::uint8_t>(function);
  return summary;
}

void format_value(TextSink& sink, const PciSummary& pci) noexcept {
  format_to(sink, "{:04x}:{:02x}:{:02x}.{}", pci.segment, pci.bus, pci.device, pci.function);
}

}  // namespace kedge::uefi
