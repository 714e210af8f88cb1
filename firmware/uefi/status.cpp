// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/status.h"

namespace kedge::uefi {

EFI_STATUS to_status(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::internal:
      return EFI_DEVICE_ERROR;
    case ErrorKind::not_found:
      return EFI_NOT_FOUND;
    case ErrorKind::timed_out:
      return EFI_TIMEOUT;
    case ErrorKind::refused:
      return EFI_DEVICE_ERROR;
    case ErrorKind::no_memory:
      return EFI_OUT_OF_RESOURCES;
    case ErrorKind::malformed:
      return EFI_LOAD_ERROR;
    case ErrorKind::cancelled:
      return EFI_ABORTED;
    case ErrorKind::unsupported:
      return EFI_UNSUPPORTED;
    case ErrorKind::denied:
      return EFI_SECURITY_VIOLATION;
    case ErrorKind::busy:
      return EFI_ACCESS_DENIED;
    case ErrorKind::closed:
      return EFI_DEVICE_ERROR;
    case ErrorKind::unreachable:
      return EFI_NETWORK_UNREACHABLE;
    case ErrorKind::too_large:
      return EFI_BUFFER_TOO_SMALL;
    case ErrorKind::io:
      return EFI_DEVICE_ERROR;
    case ErrorKind::no_link:
      return EFI_NO_MEDIA;
    case ErrorKind::invalid:
      return EFI_INVALID_PARAMETER;
    case ErrorKind::exists:
      return EFI_ALREADY_STARTED;
    case ErrorKind::again:
      return EFI_NOT_READY;
  }
  return EFI_DEVICE_ERROR;
}

std::string_view status_name(EFI_STATUS status) noexcept {
  struct Name {
    EFI_STATUS status;
    std::string_view text;
  };
  // UEFI 2.10, appendix D.
  static constexpr Name kNames[] = {
      {EFI_SUCCESS, "SUCCESS"},
      {EFI_LOAD_ERROR, "LOAD_ERROR"},
      {EFI_INVALID_PARAMETER, "INVALID_PARAMETER"},
      {EFI_UNSUPPORTED, "UNSUPPORTED"},
      {EFI_BAD_BUFFER_SIZE, "BAD_BUFFER_SIZE"},
      {EFI_BUFFER_TOO_SMALL, "BUFFER_TOO_SMALL"},
      {EFI_NOT_READY, "NOT_READY"},
      {EFI_DEVICE_ERROR, "DEVICE_ERROR"},
      {EFI_WRITE_PROTECTED, "WRITE_PROTECTED"},
      {EFI_OUT_OF_RESOURCES, "OUT_OF_RESOURCES"},
      {EFI_VOLUME_CORRUPTED, "VOLUME_CORRUPTED"},
      {EFI_VOLUME_FULL, "VOLUME_FULL"},
      {EFI_NO_MEDIA, "NO_MEDIA"},
      {EFI_MEDIA_CHANGED, "MEDIA_CHANGED"},
      {EFI_NOT_FOUND, "NOT_FOUND"},
      {EFI_ACCESS_DENIED, "ACCESS_DENIED"},
      {EFI_NO_RESPONSE, "NO_RESPONSE"},
      {EFI_NO_MAPPING, "NO_MAPPING"},
      {EFI_TIMEOUT, "TIMEOUT"},
      {EFI_NOT_STARTED, "NOT_STARTED"},
      {EFI_ALREADY_STARTED, "ALREADY_STARTED"},
      {EFI_ABORTED, "ABORTED"},
      {EFI_ICMP_ERROR, "ICMP_ERROR"},
      {EFI_TFTP_ERROR, "TFTP_ERROR"},
      {EFI_PROTOCOL_ERROR, "PROTOCOL_ERROR"},
      {EFI_INCOMPATIBLE_VERSION, "INCOMPATIBLE_VERSION"},
      {EFI_SECURITY_VIOLATION, "SECURITY_VIOLATION"},
      {EFI_CRC_ERROR, "CRC_ERROR"},
      {EFI_END_OF_MEDIA, "END_OF_MEDIA"},
      {EFI_END_OF_FILE, "END_OF_FILE"},
      {EFI_INVALID_LANGUAGE, "INVALID_LANGUAGE"},
      {EFI_COMPROMISED_DATA, "COMPROMISED_DATA"},
      {EFI_HTTP_ERROR, "HTTP_ERROR"},
      {EFI_NETWORK_UNREACHABLE, "NETWORK_UNREACHABLE"},
      {EFI_HOST_UNREACHABLE, "HOST_UNREACHABLE"},
  };
  for (const Name& name : kNames) {
    if (name.status == status) return name.text;
  }
  return "unknown status";
}

}  // namespace kedge::uefi
