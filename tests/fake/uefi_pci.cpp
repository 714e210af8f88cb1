// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/uefi_pci.h"

#include <cstdlib>
#include <cstring>

namespace kedge::fake {

struct PciCalls {
  using Pci = EFI_PCI_IO_PROTOCOL;

  static FakePciIo& of(Pci* pci) { return *reinterpret_cast<FakePciIo::Table*>(pci)->owner; }
  static EFI_STATUS injected() { return FakeFirmware::current().injected(Call::pci_io); }
  static std::size_t bytes(EFI_PCI_IO_PROTOCOL_WIDTH width) { return std::size_t{1} << width; }

  static EFI_STATUS EFIAPI config_read(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT32 offset,
                                       UINTN, void* buffer) {
    std::memcpy(buffer, of(pci).config.data() + offset, bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI config_write(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT32 offset,
                                        UINTN, void* buffer) {
    std::memcpy(of(pci).config.data() + offset, buffer, bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI memory_read(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT8 bar,
                                       UINT64 offset, UINTN, void* buffer) {
    std::memcpy(buffer, &of(pci).memory[{bar, offset}], bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI memory_write(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT8 bar,
                                        UINT64 offset, UINTN, void* buffer) {
    std::memcpy(&of(pci).memory[{bar, offset}], buffer, bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI port_read(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT8 bar,
                                     UINT64 offset, UINTN count, void* buffer) {
    if (width == EfiPciIoWidthFifoUint32) {
      if (count > of(pci).fifo.size()) return EFI_DEVICE_ERROR;
      std::memcpy(buffer, of(pci).fifo.data(), count * sizeof(std::uint32_t));
      return EFI_SUCCESS;
    }
    std::memcpy(buffer, &of(pci).ports[{bar, offset}], bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI port_write(Pci* pci, EFI_PCI_IO_PROTOCOL_WIDTH width, UINT8 bar,
                                      UINT64 offset, UINTN count, void* buffer) {
    if (width == EfiPciIoWidthFifoUint32) {
      const auto* values = static_cast<const std::uint32_t*>(buffer);
      of(pci).fifo.assign(values, values + count);
      return EFI_SUCCESS;
    }
    std::memcpy(&of(pci).ports[{bar, offset}], buffer, bytes(width));
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI attributes(Pci* pci, EFI_PCI_IO_PROTOCOL_ATTRIBUTE_OPERATION operation,
                                      UINT64 value, UINT64* result) {
    FakePciIo& self = of(pci);
    // Giving attributes back does not fail.
    const bool takes_back = operation == EfiPciIoAttributeOperationSet ||
                            operation == EfiPciIoAttributeOperationDisable;
    if (!takes_back && EFI_ERROR(injected())) return EFI_DEVICE_ERROR;
    switch (operation) {
      case EfiPciIoAttributeOperationGet:
        *result = self.attributes;
        break;
      case EfiPciIoAttributeOperationSupported:
        *result = self.supported;
        break;
      case EfiPciIoAttributeOperationSet:
        self.attributes = value;
        break;
      case EfiPciIoAttributeOperationEnable:
        if ((value & ~self.supported) != 0) return EFI_UNSUPPORTED;
        self.attributes |= value;
        break;
      case EfiPciIoAttributeOperationDisable:
        self.attributes &= ~value;
        break;
      default:
        return EFI_INVALID_PARAMETER;
    }
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI bar_attributes(Pci* pci, UINT8 bar, UINT64*, void** resources) {
    const auto found = of(pci).bars.find(bar);
    if (found == of(pci).bars.end()) return EFI_UNSUPPORTED;
    if (EFI_ERROR(FakeFirmware::current().table().BootServices->AllocatePool(EfiBootServicesData,
                                                                             48, resources))) {
      return EFI_OUT_OF_RESOURCES;
    }
    auto* out = static_cast<UINT8*>(*resources);
    std::memset(out, 0, 48);
    out[0] = 0x8a;
    std::memcpy(out + 14, &found->second.first, 8);
    std::memcpy(out + 30, &found->second.second, 8);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI allocate_buffer(Pci* pci, EFI_ALLOCATE_TYPE, EFI_MEMORY_TYPE,
                                           UINTN pages, void** host, UINT64) {
    if (const EFI_STATUS status = injected(); EFI_ERROR(status)) return status;
    *host = std::aligned_alloc(EFI_PAGE_SIZE, pages * EFI_PAGE_SIZE);
    std::memset(*host, 0xaf, pages * EFI_PAGE_SIZE);
    ++of(pci).buffers;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI free_buffer(Pci* pci, UINTN, void* host) {
    std::free(host);
    --of(pci).buffers;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI map(Pci* pci, EFI_PCI_IO_PROTOCOL_OPERATION, void* host, UINTN*,
                               EFI_PHYSICAL_ADDRESS* device, void** mapping) {
    if (const EFI_STATUS status = injected(); EFI_ERROR(status)) return status;
    if (of(pci).map_fails) return EFI_OUT_OF_RESOURCES;
    *device = reinterpret_cast<EFI_PHYSICAL_ADDRESS>(host) + of(pci).device_offset;
    *mapping = host;
    ++of(pci).mappings;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI unmap(Pci* pci, void*) {
    --of(pci).mappings;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI location(Pci* pci, UINTN* segment, UINTN* bus, UINTN* device,
                                    UINTN* function) {
    *segment = *bus = *function = 0;
    *device = of(pci).number_;
    return EFI_SUCCESS;
  }
};

FakePciIo::FakePciIo(std::uint16_t vendor, std::uint16_t device, std::uint8_t number)
    : number_(number) {
  table.owner = this;
  table.raw.Pci.Read = PciCalls::config_read;
  table.raw.Pci.Write = PciCalls::config_write;
  table.raw.Mem.Read = PciCalls::memory_read;
  table.raw.Mem.Write = PciCalls::memory_write;
  table.raw.Io.Read = PciCalls::port_read;
  table.raw.Io.Write = PciCalls::port_write;
  table.raw.Attributes = PciCalls::attributes;
  table.raw.GetBarAttributes = PciCalls::bar_attributes;
  table.raw.AllocateBuffer = PciCalls::allocate_buffer;
  table.raw.FreeBuffer = PciCalls::free_buffer;
  table.raw.Map = PciCalls::map;
  table.raw.Unmap = PciCalls::unmap;
  table.raw.GetLocation = PciCalls::location;
  std::memcpy(config.data(), &vendor, 2);
  std::memcpy(config.data() + 2, &device, 2);
  config[0x0b] = 2;
}

FakePciIo::~FakePciIo() = default;

void FakePciIo::set_bar(unsigned bar, std::uint32_t value) {
  std::memcpy(config.data() + 0x10 + 4 * bar, &value, 4);
}

}  // namespace kedge::fake
