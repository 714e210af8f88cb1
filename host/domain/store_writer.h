// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// For tests: writes variable stores as edk2 does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/variable_store.h"

namespace kedge::host {

inline constexpr std::string_view kKedgeTestVendor = "e45be53d-b28c-49ad-bde9-455c76101169";

struct StoredVariable {
  std::string_view name;
  std::string_view data;
  std::uint8_t state = 0x3f;  // of variables that count
  std::string_view vendor = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
  std::uint32_t attributes = 7;
};

class StoreWriter {
 public:
  explicit StoreWriter(bool authenticated) : authenticated_(authenticated) {
    bytes_ = std::string(16, '\0') + guid("fff12b8d-7696-4c8b-a985-2747075b4f50");
    bytes_ += number(kVolumeBytes, 8) + "_FVH" + number(0x4feff, 4) + number(kVolumeHeaderBytes, 2);
    bytes_.resize(kVolumeHeaderBytes, '\0');
    bytes_ += guid(authenticated ? "aaf32c78-947b-439a-a180-2e144ec37792"
                                 : "ddcf3616-3275-4164-98b6-fe85707ffe7d");
    bytes_ += number(kVolumeBytes - kVolumeHeaderBytes, 4) + number(0xfe5a, 2) + number(0, 6);
  }

  // With what fills it up.
  static std::string encode(const StoredVariable& variable, bool authenticated) {
    std::string bytes =
        number(0x55aa, 2) + number(variable.state, 2) + number(variable.attributes, 4);
    if (authenticated) bytes += number(0, 28);
    bytes += number(2 * (variable.name.size() + 1), 4) + number(variable.data.size(), 4);
    bytes += guid(variable.vendor);
    for (const char c : variable.name) bytes += {c, '\0'};
    bytes += std::string(2, '\0');
    bytes += variable.data;
    while (bytes.size() % 4 != 0) bytes += '\xff';
    return bytes;
  }
  void add(std::string_view name, std::string_view data, std::uint8_t state = 0x3f,
           std::string_view vendor = StoredVariable().vendor) {
    bytes_ +=
        encode({.name = name, .data = data, .state = state, .vendor = vendor}, authenticated_);
  }

  std::size_t size() const { return bytes_.size(); }
  std::string volume() const {
    std::string all = bytes_;
    all.resize(kVolumeBytes, '\xff');
    return all;
  }

 private:
  static constexpr std::size_t kVolumeBytes = 8192;
  static constexpr std::size_t kVolumeHeaderBytes = 72;

  static std::string number(std::size_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
      text += static_cast<char>(i < sizeof value ? value >> (8 * i) & 0xff : 0);
    }
    return text;
  }
  static std::string guid(std::string_view text) {
    const EfiGuid bytes = parse_guid(text);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  bool authenticated_;
  std::string bytes_;
};

}  // namespace kedge::host
