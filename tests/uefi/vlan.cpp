// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// vlan.efi add ID | remove ID | boot ID: makes a VLAN of each NIC that has a VLAN Config protocol
// (UEFI 2.10, 27.1) and connects the firmware's stack to it, takes it away, or boots over it by the
// firmware's PXE over IPv4. It says "vlan ID: added", "vlan ID: removed" or what failed.
#include <cstring>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

// UEFI 2.10, 10.3.4: nodes of messaging device paths.
constexpr std::uint8_t kMessaging = 3;
constexpr std::uint8_t kVlan = 20;
constexpr std::uint8_t kIpv4 = 12;

class Vlan {
 public:
  explicit Vlan(const Firmware& firmware) noexcept : firmware_(firmware) {}

  EFI_STATUS run() noexcept {
    std::string_view verb;
    if (!read_arguments(verb)) return say("add, remove or boot, and an id", EFI_INVALID_PARAMETER);
    if (verb == "boot") return boot();
    const auto nics = firmware_.locate<EFI_VLAN_CONFIG_PROTOCOL>();
    if (nics.empty()) return say("no NIC has VLAN Config", EFI_NOT_FOUND);
    for (const Handle nic : nics) {
      const EFI_STATUS status = verb == "add" ? add(nic) : remove(nic);
      if (EFI_ERROR(status)) return say(status_name(status), status);
    }
    return say(verb == "add" ? "added" : "removed", EFI_SUCCESS);
  }

 private:
  EFI_STATUS say(std::string_view text, EFI_STATUS status) noexcept {
    TextConsole::print_raw(firmware_, format("vlan {}: {}\n", id_, text));
    return status;
  }

  /// The shell gives the whole command line.
  bool read_arguments(std::string_view& verb) noexcept {
    const auto* image = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, firmware_.image());
    if (image == nullptr) return false;
    line_ = to_utf8(static_cast<const CHAR16*>(image->LoadOptions),
                    image->LoadOptionsSize / sizeof(CHAR16));
    if (const auto end = line_.find('\0'); end != std::string::npos) line_.resize(end);
    const std::size_t last = line_.rfind(' ');
    const std::size_t before = line_.rfind(' ', last - 1);
    if (last == std::string::npos || before == std::string::npos) return false;
    verb = std::string_view(line_).substr(before + 1, last - before - 1);
    for (std::size_t i = last + 1; i < line_.size(); ++i) {
      if (line_[i] < '0' || line_[i] > '9') return false;
      id_ = static_cast<UINT16>(id_ * 10 + (line_[i] - '0'));
    }
    return verb == "add" || verb == "remove" || verb == "boot";
  }

  EFI_STATUS add(Handle nic) noexcept {
    auto* config = peek<EFI_VLAN_CONFIG_PROTOCOL>(firmware_, nic);
    const EFI_STATUS status = config->Set(config, id_, 0);
    if (EFI_ERROR(status)) return status;
    for (const Handle handle : firmware_.locate<EFI_DEVICE_PATH_PROTOCOL>()) {
      if (!is_on_vlan(handle)) continue;
      (void)firmware_.boot().ConnectController(handle.raw(), nullptr, nullptr, TRUE);
    }
    return EFI_SUCCESS;
  }
  EFI_STATUS remove(Handle nic) noexcept {
    auto* config = peek<EFI_VLAN_CONFIG_PROTOCOL>(firmware_, nic);
    return config->Remove(config, id_);
  }

  /// The device path has a node of the VLAN.
  bool is_on_vlan(Handle handle, std::uint8_t and_subtype = kVlan) noexcept {
    const auto* path = peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, handle);
    bool vlan = false;
    bool other = false;
    for (const DevicePathNode& node : DevicePath::copy(path).nodes()) {
      other |= node.is(kMessaging, and_subtype);
      vlan |= node.is(kMessaging, kVlan) && node.data.size() == sizeof id_ &&
              std::memcmp(node.data.data(), &id_, sizeof id_) == 0;
    }
    return vlan && other;
  }

  EFI_STATUS boot() noexcept {
    for (const Handle handle : firmware_.locate<EFI_LOAD_FILE_PROTOCOL>()) {
      if (!is_on_vlan(handle, kIpv4)) continue;
      if (peek<EFI_PXE_BASE_CODE_PROTOCOL>(firmware_, handle) == nullptr) continue;
      auto* path = peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, handle);
      EFI_HANDLE image = nullptr;
      const EFI_STATUS loaded =
          firmware_.boot().LoadImage(TRUE, firmware_.image().raw(), path, nullptr, 0, &image);
      if (EFI_ERROR(loaded)) return say(status_name(loaded), loaded);
      return firmware_.boot().StartImage(image, nullptr, nullptr);
    }
    return say("nothing to boot from", EFI_NOT_FOUND);
  }

  const Firmware& firmware_;
  std::string line_;
  UINT16 id_ = 0;
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                       static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return kedge::uefi::Vlan(firmware).run();
}
