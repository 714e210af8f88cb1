// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// undi-client.efi: puts the firmware's own driver for UNDI on the UNDI of our NIC driver, and boots
// by PXE over that. First it sees that this driver stays off our own handle, whatever is connected.
// Then it publishes the same UNDI on a handle of its own, has that connected, and loads and starts
// what the LoadFile below offers. It says "undi-client: on UNDI" when it has seen that a Simple
// Network that is not ours works there, and else what failed.
#include <algorithm>
#include <cstring>
#include <span>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"
#include "uefi/status.h"

namespace kedge::uefi {
namespace {

using Nii = EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL;
using Snp = EFI_SIMPLE_NETWORK_PROTOCOL;

class Client {
 public:
  explicit Client(const Firmware& firmware) noexcept : firmware_(firmware) {}

  EFI_STATUS run() noexcept {
    return find() && stays_off() && publish() && boot() ? EFI_SUCCESS : EFI_ABORTED;
  }

 private:
  void print(std::string_view text) noexcept { TextConsole::print_raw(firmware_, text); }
  bool check(std::string_view what, bool good) noexcept {
    if (!good) print(format("undi-client: {} is wrong\n", what));
    return good;
  }
  bool done(std::string_view what, EFI_STATUS status) noexcept {
    if (EFI_ERROR(status)) print(format("undi-client: {}: {}\n", what, status_name(status)));
    return !EFI_ERROR(status);
  }
  void connect(Handle handle) noexcept {
    (void)firmware_.boot().ConnectController(handle.raw(), nullptr, nullptr, TRUE);
  }

  bool find() noexcept {
    const auto handles = firmware_.locate<Nii>();
    if (!check("the number of NII", handles.size() == 1)) return false;
    ours_ = handles.front();
    nii_ = peek<Nii>(firmware_, ours_);
    snp_ = peek<Snp>(firmware_, ours_);
    return check("the handle with NII", nii_ != nullptr && snp_ != nullptr);
  }

  /// The agent that drives the NII of a handle; none, or too many, is nobody.
  Handle driver_of(Handle handle) noexcept {
    EFI_OPEN_PROTOCOL_INFORMATION_ENTRY* entries = nullptr;
    UINTN count = 0;
    if (EFI_ERROR(firmware_.boot().OpenProtocolInformation(handle.raw(), guid_pointer<Nii>(),
                                                           &entries, &count))) {
      return Handle();
    }
    Handle result;
    for (const auto& entry : std::span(entries, count)) {
      if ((entry.Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) != 0) result = Handle(entry.AgentHandle);
    }
    (void)firmware_.boot().FreePool(entries);
    return result;
  }

  bool stays_off() noexcept {
    connect(ours_);
    // PXE puts the same pointer on handles of its own.
    const auto networks = firmware_.locate<Snp>();
    const bool is_one = std::ranges::all_of(
        networks, [&](Handle handle) { return peek<Snp>(firmware_, handle) == snp_; });
    our_driver_ = driver_of(ours_);
    auto* names = peek<EFI_COMPONENT_NAME2_PROTOCOL>(firmware_, our_driver_);
    CHAR8 english[] = "en";
    CHAR16* name = nullptr;
    return check("the number of Simple Networks", is_one) &&
           check("the driver of NII", names != nullptr) &&
           done("GetDriverName", names->GetDriverName(names, english, &name)) &&
           check("the name of the driver of NII",
                 std::memcmp(name, u"Kedge", 5 * sizeof(CHAR16)) == 0);
  }

  bool publish() noexcept {
    EFI_BOOT_SERVICES& boot = firmware_.boot();
    // Nobody uses the NIC by our Simple Network any more.
    (void)boot.DisconnectController(ours_.raw(), nullptr, nullptr);
    if (!check("the state", snp_->Mode->State == EfiSimpleNetworkStopped)) return false;
    path_ = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, ours_)).parent();
    path_.append_vendor_media(kGuid<Nii>);
    copy_ = *nii_;
    EFI_HANDLE handle = nullptr;
    if (!done("the device path",
              boot.InstallProtocolInterface(&handle, guid_pointer<EFI_DEVICE_PATH_PROTOCOL>(),
                                            EFI_NATIVE_INTERFACE, path_.raw())) ||
        !done("NII", boot.InstallProtocolInterface(&handle, guid_pointer<Nii>(),
                                                   EFI_NATIVE_INTERFACE, &copy_))) {
      return false;
    }
    connect(Handle(handle));
    auto* theirs = peek<Snp>(firmware_, Handle(handle));
    const Handle driver = driver_of(Handle(handle));
    if (!check("the Simple Network on UNDI", theirs != nullptr && theirs != snp_) ||
        !check("the driver on UNDI", driver && driver != our_driver_) ||
        !check("the address",
               std::memcmp(&theirs->Mode->CurrentAddress, &snp_->Mode->CurrentAddress, 6) == 0)) {
      return false;
    }
    print("undi-client: on UNDI\n");
    return true;
  }

  /// PXE over IPv4 of our handle: its path has an IPv4 node, and no URI as that of HTTP boot.
  bool is_pxe(const DevicePath& path) const noexcept {
    const NetworkNodes nodes = network_nodes(path);
    const bool has_uri = std::ranges::any_of(path.nodes(), [](const DevicePathNode& node) {
      return node.is(MESSAGING_DEVICE_PATH, MSG_URI_DP);
    });
    return path_.is_prefix_of(path) && nodes.ipv4.has_value() && !has_uri;
  }

  bool boot() noexcept {
    for (const Handle handle : firmware_.locate<EFI_LOAD_FILE_PROTOCOL>()) {
      const DevicePath path = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, handle));
      if (!is_pxe(path)) continue;
      EFI_HANDLE image = nullptr;
      return done("LoadImage", firmware_.boot().LoadImage(TRUE, firmware_.image().raw(), path.raw(),
                                                          nullptr, 0, &image)) &&
             done("StartImage", firmware_.boot().StartImage(image, nullptr, nullptr));
    }
    return check("PXE on UNDI", false);
  }

  const Firmware& firmware_;
  Handle ours_;
  Handle our_driver_;
  Nii* nii_ = nullptr;
  Snp* snp_ = nullptr;
  // On a handle that stays.
  DevicePath path_;
  Nii copy_{};
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  static const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                              static_cast<EFI_SYSTEM_TABLE*>(system_table));
  static kedge::uefi::Client client(firmware);
  return client.run();
}
