// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rng_producer.h"

#include <cstring>

namespace kedge::uefi {
namespace {

/// What HmacDrbg is; edk2's network stack accepts the three DRBGs of SP 800-90A.
constexpr EFI_RNG_ALGORITHM kAlgorithm = EFI_RNG_ALGORITHM_SP800_90_HMAC_256_GUID;
/// More is never asked for at once; the caller's TPL stays raised meanwhile.
constexpr UINTN kRequestBytesMax = 64 * 1024;

}  // namespace

RngProducer::RngProducer(const Firmware& firmware, Cpu& cpu) noexcept
    : firmware_(firmware),
      entropy_(firmware, cpu),
      // The generator's state is one; callers at different levels take turns.
      table_(*this, firmware, {.level = TPL_NOTIFY}),
      installation_(firmware) {
  using P = EFI_RNG_PROTOCOL;
  table_.raw.GetInfo = Entry<P, &RngProducer::get_info>::call;
  table_.raw.GetRNG = Entry<P, &RngProducer::get_random>::call;
}

void RngProducer::heal() noexcept {
  void* present = nullptr;
  EFI_BOOT_SERVICES& boot = firmware_.boot();
  const EFI_STATUS status =
      boot.LocateProtocol(guid_pointer(kGuid<EFI_RNG_PROTOCOL>), nullptr, &present);
  if (status != EFI_NOT_FOUND) return;
  if (!entropy_.start(SystemEntropy::FirmwareSource::none).ok()) return;
  if (!installation_.install(&table_.raw).ok()) return;
  // The firmware looks at its drivers' dependencies again only when somebody asks it to (PI 1.8,
  // II-7.3); during boot device selection nobody does any more.
  const void* table = firmware_.configuration_table(kDxeServicesTable);
  if (table != nullptr) (void)static_cast<const EFI_DXE_SERVICES*>(table)->Dispatch();
}

/// SUCCESS, INVALID_PARAMETER, BUFFER_TOO_SMALL (with the size that is needed).
EFI_STATUS RngProducer::get_info(UINTN* size, EFI_RNG_ALGORITHM* list) noexcept {
  if (size == nullptr) return EFI_INVALID_PARAMETER;
  const UINTN given = std::exchange(*size, sizeof(kAlgorithm));
  if (given < sizeof(kAlgorithm)) return EFI_BUFFER_TOO_SMALL;
  if (list == nullptr) return EFI_INVALID_PARAMETER;
  *list = kAlgorithm;
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, UNSUPPORTED (another algorithm). nullptr is the default algorithm.
EFI_STATUS RngProducer::get_random(EFI_RNG_ALGORITHM* algorithm, UINTN size,
                                   UINT8* value) noexcept {
  if (size == 0 || value == nullptr || size > kRequestBytesMax) return EFI_INVALID_PARAMETER;
  if (algorithm != nullptr && !same_guid(*algorithm, kAlgorithm)) return EFI_UNSUPPORTED;
  entropy_.fill(ByteSpan(reinterpret_cast<std::byte*>(value), size));
  return EFI_SUCCESS;
}

}  // namespace kedge::uefi
