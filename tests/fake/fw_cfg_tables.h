// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a platform says about QEMU's fw_cfg device: device trees, AML and ACPI tables of a test.
#pragma once

#include <string>
#include <string_view>

#include "tests/fake/uefi.h"
#include "uefi/fw_cfg_place.h"

namespace kedge::fake {

/// UEFI 2.10, 4.6.1.
inline constexpr EFI_GUID kDeviceTreeTable = {
    0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

inline std::string little(std::uint64_t value, unsigned bytes) {
  std::string made;
  for (unsigned i = 0; i < bytes; ++i) made += static_cast<char>(value >> (8 * i));
  return made;
}
inline std::string le32(std::uint32_t value) {
  return little(value, 4);
}
inline std::string le64(std::uint64_t value) {
  return little(value, 8);
}
inline std::string be32(std::uint32_t value) {
  return little(std::byteswap(value), 4);
}
inline std::string be64(std::uint64_t value) {
  return little(std::byteswap(value), 8);
}

/// A flattened device tree (Devicetree Specification 0.4, chapter 5).
class DeviceTree {
 public:
  void begin(std::string_view name) {
    structure_ += be32(1);
    structure_ += name;
    structure_ += '\0';
    align();
  }
  void end() { structure_ += be32(2); }
  void property(std::string_view name, std::string_view value) {
    structure_ += be32(3) + be32(static_cast<std::uint32_t>(value.size())) +
                  be32(static_cast<std::uint32_t>(strings_.size()));
    structure_ += value;
    align();
    strings_ += name;
    strings_ += '\0';
  }
  std::string made() const {
    constexpr std::uint32_t kHeaderBytes = 40;
    const std::string structure = structure_ + be32(9);
    const auto strings_at = static_cast<std::uint32_t>(kHeaderBytes + 16 + structure.size());
    const auto bytes = static_cast<std::uint32_t>(strings_at + strings_.size());
    return be32(0xd00dfeed) + be32(bytes) + be32(kHeaderBytes + 16) + be32(strings_at) +
           be32(kHeaderBytes) + be32(17) + be32(16) + be32(0) +
           be32(static_cast<std::uint32_t>(strings_.size())) +
           be32(static_cast<std::uint32_t>(structure.size())) + std::string(16, '\0') + structure +
           strings_;
  }
  /// What matters of the tree of QEMU's virt machine.
  static DeviceTree virt_machine(const uefi::FwCfgPlace& place) {
    DeviceTree tree;
    tree.begin("");
    tree.property("interrupt-parent", be32(0x8002));
    tree.property("#size-cells", be32(2));
    tree.property("#address-cells", be32(2));
    tree.property("compatible", std::string("linux,dummy-virt\0", 17));
    tree.begin("platform-bus@c000000");
    tree.property("compatible", std::string("qemu,platform\0simple-bus\0", 25));
    tree.begin("device");
    tree.end();
    tree.end();
    tree.structure_ += be32(4);
    tree.begin("fw-cfg@9020000");
    tree.property("dma-coherent", {});
    tree.property("reg", be64(place.address) + be64(place.bytes));
    tree.property("compatible", std::string("qemu,fw-cfg-mmio\0", 17));
    tree.end();
    tree.begin("memory@40000000");
    tree.property("reg", be64(0x4000'0000) + be64(0x800'0000));
    tree.end();
    tree.end();
    return tree;
  }

 private:
  void align() { structure_.resize((structure_.size() + 3) / 4 * 4); }

  std::string structure_;
  std::string strings_;
};

// --- AML (ACPI 6.5, 20.2)

/// A package: its length, in two bytes as QEMU writes what is longer than 62, and its content.
inline std::string aml_package(std::string_view content) {
  std::string made;
  if (content.size() < 63) {
    made += static_cast<char>(content.size() + 1);
  } else {
    const std::size_t bytes = content.size() + 2;
    made += static_cast<char>(0x40 | (bytes & 15));
    made += static_cast<char>(bytes >> 4);
  }
  return made + std::string(content);
}
inline std::string aml_string(std::string_view text) {
  return '\x0d' + std::string(text) + '\0';
}
inline std::string aml_buffer(std::string_view bytes) {
  return '\x11' + aml_package("\x0a" + little(bytes.size(), 1) + std::string(bytes));
}
inline std::string aml_name(std::string_view name, std::string_view value) {
  return '\x08' + std::string(name) + std::string(value);
}
inline std::string aml_device(std::string_view name, std::string_view terms) {
  return "\x5b\x82" + aml_package(std::string(name) + std::string(terms));
}
/// 6.4.3.4.
inline std::string memory32_fixed(std::uint32_t address, std::uint32_t bytes) {
  return std::string("\x86\x09\0\x01", 4) + le32(address) + le32(bytes);
}

/// The chain of tables from the root pointer to the DSDT. They point to each other: they stay where
/// they are.
class AcpiTables {
 public:
  AcpiTables() = default;
  AcpiTables(const AcpiTables&) = delete;
  AcpiTables& operator=(const AcpiTables&) = delete;

  std::string root;
  std::string tables;
  std::string description;
  std::string dsdt;

  void set_code(std::string_view code) {
    dsdt = header("DSDT") + std::string(code);
    description = header("FACP") + std::string(240, '\0');
    description.replace(140, 8, pointer(dsdt));
    other_ = header("APIC");
    tables = header("XSDT") + pointer(other_) + pointer(description);
    root = "RSD PTR " + std::string(7, '\0') + '\2' + le32(0) + le32(36) + pointer(tables) +
           std::string(4, '\0');
    seal();
  }
  /// Makes the checksums right.
  void seal() {
    for (std::string* table : {&dsdt, &description, &other_, &tables}) {
      table->replace(4, 4, le32(static_cast<std::uint32_t>(table->size())));
      balance(*table, table->size(), 9);
    }
    balance(root, 20, 8);
    balance(root, 36, 32);
  }
  void install(FakeFirmware& firmware) {
    firmware.add_configuration_table(
        {0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}},
        root.data());
  }

 private:
  static std::string header(std::string_view signature) {
    return std::string(signature) + std::string(32, '\0');
  }
  static std::string pointer(const std::string& to) {
    return le64(reinterpret_cast<std::uint64_t>(to.data()));
  }
  static void balance(std::string& table, std::size_t bytes, std::size_t checksum_at) {
    table[checksum_at] = 0;
    unsigned sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) sum += static_cast<unsigned char>(table[i]);
    table[checksum_at] = static_cast<char>(-sum);
  }

  std::string other_;
};

}  // namespace kedge::fake
