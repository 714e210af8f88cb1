// SPDX-License-Identifier: BSD-2-Clause-Patent
// Adapter Information of NICs.
#include <cstring>
#include <span>

#include "report.h"
#include "uefi/protocol.h"

namespace kedge::uefi::conformance {
namespace {

/// Of no information that there is.
constexpr EFI_GUID kNoType = {
    0x0b1d5a6c, 0x7c4e, 0x4f27, {0x8e, 0x15, 0x36, 0xd9, 0x42, 0x70, 0xab, 0x05}};

/// UEFI 2.10, 11.12.1: the size of each block.
constexpr struct {
  EFI_GUID type;
  UINTN bytes;
} kBlocks[] = {
    {EFI_ADAPTER_INFO_MEDIA_STATE_GUID, sizeof(EFI_ADAPTER_INFO_MEDIA_STATE)},
    {EFI_ADAPTER_INFO_NETWORK_BOOT_GUID, sizeof(EFI_ADAPTER_INFO_NETWORK_BOOT)},
    {EFI_ADAPTER_INFO_SAN_MAC_ADDRESS_GUID, sizeof(EFI_ADAPTER_INFO_SAN_MAC_ADDRESS)},
    {EFI_ADAPTER_INFO_UNDI_IPV6_SUPPORT_GUID, sizeof(EFI_ADAPTER_INFO_UNDI_IPV6_SUPPORT)},
    {EFI_ADAPTER_INFO_MEDIA_TYPE_GUID, sizeof(EFI_ADAPTER_INFO_MEDIA_TYPE)},
};

class AdapterQuestions {
 public:
  AdapterQuestions(const Firmware& firmware, Report& report,
                   EFI_ADAPTER_INFORMATION_PROTOCOL& adapter) noexcept
      : firmware_(firmware), report_(report), adapter_(adapter) {}

  void ask() {
    Pool types(firmware_);
    UINTN count = 0;
    const EFI_STATUS answer =
        adapter_.GetSupportedTypes(&adapter_, reinterpret_cast<EFI_GUID**>(types.out()), &count);
    if (!report_.check("adapter.types", answer == EFI_SUCCESS && types.get() != nullptr, answer)) {
      return;
    }
    for (EFI_GUID& type : std::span(static_cast<EFI_GUID*>(types.get()), count)) {
      ask_type(type);
      ask_wrong_calls(type);
    }
    ask_unknown_type();
    ask_wrong_type_lists();
  }

 private:
  EFI_STATUS get(EFI_GUID& type, void** block, UINTN* bytes) {
    return adapter_.GetInformation(&adapter_, &type, block, bytes);
  }

  void ask_type(EFI_GUID& type) {
    Pool block(firmware_);
    UINTN bytes = 0;
    EFI_STATUS answer = get(type, block.out(), &bytes);
    if (!report_.check("adapter.get", answer == EFI_SUCCESS && block.get() != nullptr, answer)) {
      return;
    }
    bool fits = true;
    for (const auto& known : kBlocks) {
      if (same_guid(known.type, type)) fits = known.bytes == bytes;
    }
    report_.check("adapter.get.size", fits, answer);
    answer = adapter_.SetInformation(&adapter_, &type, block.get(), bytes);
    report_.check_answer("adapter.set", answer, {EFI_SUCCESS, EFI_WRITE_PROTECTED});
    if (answer != EFI_SUCCESS) return;
    Pool again(firmware_);
    UINTN bytes_again = 0;
    answer = get(type, again.out(), &bytes_again);
    report_.check("adapter.set.get",
                  answer == EFI_SUCCESS && again.get() != nullptr && bytes_again == bytes &&
                      std::memcmp(again.get(), block.get(), bytes) == 0,
                  answer);
  }

  void ask_wrong_calls(EFI_GUID& type) {
    UINTN bytes = 0;
    report_.check_answer("adapter.get.block.null", get(type, nullptr, &bytes),
                         {EFI_INVALID_PARAMETER});
    Pool block(firmware_);
    report_.check_answer("adapter.get.size.null", get(type, block.out(), nullptr),
                         {EFI_INVALID_PARAMETER});
    block.free();
    if (EFI_ERROR(get(type, block.out(), &bytes))) return;
    report_.check_answer("adapter.set.block.null",
                         adapter_.SetInformation(&adapter_, &type, nullptr, bytes),
                         {EFI_INVALID_PARAMETER, EFI_WRITE_PROTECTED});
  }

  void ask_unknown_type() {
    EFI_GUID unknown = kNoType;
    Pool block(firmware_);
    UINTN bytes = 0;
    report_.check_answer("adapter.get.unknown", get(unknown, block.out(), &bytes),
                         {EFI_UNSUPPORTED});
    UINT8 octet = 0;
    report_.check_answer("adapter.set.unknown",
                         adapter_.SetInformation(&adapter_, &unknown, &octet, 0),
                         {EFI_UNSUPPORTED});
  }

  void ask_wrong_type_lists() {
    UINTN count = 0;
    report_.check_answer("adapter.types.null",
                         adapter_.GetSupportedTypes(&adapter_, nullptr, &count),
                         {EFI_INVALID_PARAMETER});
    Pool types(firmware_);
    report_.check_answer(
        "adapter.types.count.null",
        adapter_.GetSupportedTypes(&adapter_, reinterpret_cast<EFI_GUID**>(types.out()), nullptr),
        {EFI_INVALID_PARAMETER});
  }

  const Firmware& firmware_;
  Report& report_;
  EFI_ADAPTER_INFORMATION_PROTOCOL& adapter_;
};

}  // namespace

void ask_adapter_information(const Firmware& firmware, Report& report) {
  const std::vector<Handle> handles =
      network_handles(firmware, kGuid<EFI_ADAPTER_INFORMATION_PROTOCOL>);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    auto* adapter = peek<EFI_ADAPTER_INFORMATION_PROTOCOL>(firmware, handles[i]);
    if (adapter == nullptr) continue;
    tell_subject(firmware, report, handles[i], i + 1);
    AdapterQuestions(firmware, report, *adapter).ask();
  }
}

}  // namespace kedge::uefi::conformance
