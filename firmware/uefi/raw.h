// SPDX-License-Identifier: BSD-2-Clause-Patent
// The UEFI definitions that uefi/ uses (edk2's MdePkg), and the GUID of each protocol by its type.
#pragma once

// edk2 leaves the calling convention of x86-64 to the compiler's command line.
#if defined(__x86_64__) && !defined(EFIAPI)
#define EFIAPI __attribute__((ms_abi))
#endif

#include <Uefi.h>
#include <Uefi/UefiPxe.h>

#include <Pi/PiDxeCis.h>

#include <Guid/DxeServices.h>
#include <Guid/FileInfo.h>
#include <Guid/FileSystemInfo.h>
#include <Guid/GlobalVariable.h>
#include <Guid/SmBios.h>
#include <Protocol/AdapterInformation.h>
#include <Protocol/ComponentName2.h>
#include <Protocol/DevicePath.h>
#include <Protocol/DriverBinding.h>
#include <Protocol/DriverSupportedEfiVersion.h>
#include <Protocol/LoadFile.h>
#include <Protocol/LoadFile2.h>
#include <Protocol/LoadedImage.h>
#include <Protocol/NetworkInterfaceIdentifier.h>
#include <Protocol/PciIo.h>
#include <Protocol/PxeBaseCode.h>
#include <Protocol/PxeBaseCodeCallBack.h>
#include <Protocol/Rng.h>
#include <Protocol/SimpleFileSystem.h>
#include <Protocol/SimpleNetwork.h>
#include <Protocol/SimpleTextIn.h>
#include <Protocol/SimpleTextInEx.h>
#include <Protocol/SimpleTextOut.h>
#include <Protocol/VlanConfig.h>
#include <Protocol/WiFi2.h>

namespace kedge::uefi {

namespace detail {
template <class>
inline constexpr bool kNoGuid = false;
}  // namespace detail

/// The GUID of protocol P; a protocol without one does not compile.
template <class P>
struct ProtocolGuid {
  static_assert(detail::kNoGuid<P>, "add the protocol to uefi/raw.h");
};

#define KEDGE_PROTOCOL_GUID(type, guid)     \
  template <>                               \
  struct ProtocolGuid<type> {               \
    static constexpr EFI_GUID value = guid; \
  }
KEDGE_PROTOCOL_GUID(EFI_ADAPTER_INFORMATION_PROTOCOL, EFI_ADAPTER_INFORMATION_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_COMPONENT_NAME2_PROTOCOL, EFI_COMPONENT_NAME2_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_DEVICE_PATH_PROTOCOL, EFI_DEVICE_PATH_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_DRIVER_BINDING_PROTOCOL, EFI_DRIVER_BINDING_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_DRIVER_SUPPORTED_EFI_VERSION_PROTOCOL,
                    EFI_DRIVER_SUPPORTED_EFI_VERSION_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_LOAD_FILE_PROTOCOL, EFI_LOAD_FILE_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_LOAD_FILE2_PROTOCOL, EFI_LOAD_FILE2_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_LOADED_IMAGE_PROTOCOL, EFI_LOADED_IMAGE_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL,
                    EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL_GUID_31);
KEDGE_PROTOCOL_GUID(EFI_PCI_IO_PROTOCOL, EFI_PCI_IO_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_PXE_BASE_CODE_PROTOCOL, EFI_PXE_BASE_CODE_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL, EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_RNG_PROTOCOL, EFI_RNG_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL, EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_SIMPLE_NETWORK_PROTOCOL, EFI_SIMPLE_NETWORK_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_SIMPLE_TEXT_INPUT_EX_PROTOCOL, EFI_SIMPLE_TEXT_INPUT_EX_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_VLAN_CONFIG_PROTOCOL, EFI_VLAN_CONFIG_PROTOCOL_GUID);
KEDGE_PROTOCOL_GUID(EFI_WIRELESS_MAC_CONNECTION_II_PROTOCOL,
                    EFI_WIRELESS_MAC_CONNECTION_II_PROTOCOL_GUID);
#undef KEDGE_PROTOCOL_GUID

template <class P>
inline constexpr EFI_GUID kGuid = ProtocolGuid<P>::value;
/// The entry of the configuration table with the DXE services (PI 1.8, II-4.4).
inline constexpr EFI_GUID kDxeServicesTable = DXE_SERVICES_TABLE_GUID;

/// The form in which firmware wants GUIDs: it never writes to them.
template <class P>
EFI_GUID* guid_pointer() noexcept {
  return const_cast<EFI_GUID*>(&kGuid<P>);
}
inline EFI_GUID* guid_pointer(const EFI_GUID& guid) noexcept {
  return const_cast<EFI_GUID*>(&guid);
}

inline bool same_guid(const EFI_GUID& a, const EFI_GUID& b) noexcept {
  return __builtin_memcmp(&a, &b, sizeof(EFI_GUID)) == 0;
}

}  // namespace kedge::uefi
