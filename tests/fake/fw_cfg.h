// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakeFwCfg: QEMU's fw_cfg device with the files of a test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uefi/fw_cfg.h"

namespace kedge::fake {

class FakeFwCfg final : public uefi::FwCfgIo {
 public:
  std::string signature = "QEMU";
  std::string directory;  ///< when not empty, instead of the true one

  void add(std::string_view name, std::string content) {
    files_.push_back({std::string(name), std::move(content)});
  }
  void select(std::uint16_t key) noexcept override {
    offset_ = 0;
    if (key == 0) {
      item_ = signature;
    } else if (key == 0x19) {
      item_ = directory.empty() ? make_directory() : directory;
    } else if (key >= kFirstFile && key < kFirstFile + files_.size()) {
      item_ = files_[key - kFirstFile].content;
    } else {
      item_.clear();
    }
  }
  void read(ByteSpan out) noexcept override {
    for (std::byte& byte : out) {
      byte = offset_ < item_.size() ? static_cast<std::byte>(item_[offset_++]) : std::byte{0};
    }
  }

 private:
  static constexpr std::uint16_t kFirstFile = 0x20;
  struct File {
    std::string name;
    std::string content;
  };
  static void put(std::string& to, std::size_t value, unsigned bytes) {
    while (bytes-- > 0) to.push_back(static_cast<char>(value >> (8 * bytes)));
  }
  std::string make_directory() const {
    std::string made;
    put(made, files_.size(), 4);
    std::uint16_t key = kFirstFile;
    for (const File& file : files_) {
      put(made, file.content.size(), 4);
      put(made, key++, 2);
      put(made, 0, 2);
      std::string name = file.name;
      name.resize(56);
      made += name;
    }
    return made;
  }

  std::vector<File> files_;
  std::string item_;
  std::size_t offset_ = 0;
};

}  // namespace kedge::fake
