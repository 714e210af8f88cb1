// SPDX-License-Identifier: BSD-2-Clause-Patent
// VLAN Config, which the firmware's stack installs on the handle of a NIC with Simple Network.
#include "report.h"
#include "uefi/protocol.h"

namespace kedge::uefi::conformance {
namespace {

constexpr EFI_GUID kVlanConfig = EFI_VLAN_CONFIG_PROTOCOL_GUID;
constexpr UINT16 kNoVlan = 4095;  // IEEE 802.1Q: reserved
constexpr UINT8 kNoPriority = 9;

class VlanQuestions {
 public:
  VlanQuestions(const Firmware& firmware, Report& report, EFI_VLAN_CONFIG_PROTOCOL& vlans) noexcept
      : firmware_(firmware), report_(report), vlans_(vlans) {}

  void ask() {
    if (!find_free_id()) return;
    ask_set();
    ask_find_all();
    ask_find_one();
    ask_remove();
    ask_wrong_numbers();
    ask_wrong_finds();
  }

 private:
  struct Found {
    EFI_STATUS answer = EFI_SUCCESS;
    UINT16 count = 0;
    bool has_entries = false;
    EFI_VLAN_FIND_DATA first{};
  };

  Found find(UINT16* id) {
    Pool entries(firmware_);
    Found found;
    found.answer = vlans_.Find(&vlans_, id, &found.count,
                               reinterpret_cast<EFI_VLAN_FIND_DATA**>(entries.out()));
    found.has_entries = entries.get() != nullptr;
    if (found.has_entries) found.first = *static_cast<EFI_VLAN_FIND_DATA*>(entries.get());
    return found;
  }
  /// The machine of a test has none before; another is left alone.
  bool find_free_id() {
    const Found found = find(nullptr);
    if (found.answer != EFI_NOT_FOUND) report_.left_out("vlan", "Find", found.answer);
    return found.answer == EFI_NOT_FOUND;
  }
  bool check_set(std::string_view question, UINT8 priority) {
    return report_.check_answer(question, vlans_.Set(&vlans_, id_, priority), {EFI_SUCCESS});
  }
  bool check_found(std::string_view question, UINT8 priority) {
    const Found found = find(&id_);
    return report_.check(question,
                         found.answer == EFI_SUCCESS && found.count == 1 && found.has_entries &&
                             found.first.Priority == priority && found.first.VlanId == id_,
                         found.answer);
  }
  void remove() { (void)vlans_.Remove(&vlans_, id_); }

  /// A VLAN, and the same once more with another priority.
  void ask_set() {
    if (!check_set("vlan.set", 1)) return;
    if (check_found("vlan.set.find", 1) && check_set("vlan.set.again", 2)) {
      check_found("vlan.set.again.find", 2);
    }
    remove();
  }

  void ask_find_all() {
    const Found found = find(nullptr);
    const bool are_some = found.answer == EFI_SUCCESS && found.count != 0 && found.has_entries;
    const bool is_none = found.answer == EFI_NOT_FOUND && found.count == 0 && !found.has_entries;
    report_.check("vlan.find.all", are_some || is_none, found.answer);
  }

  void ask_find_one() {
    if (!check_set("vlan.find.set", 1)) return;
    if (!check_found("vlan.find", 1)) return remove();
    if (!report_.check_answer("vlan.find.remove", vlans_.Remove(&vlans_, id_), {EFI_SUCCESS})) {
      return;
    }
    const Found found = find(&id_);
    report_.check("vlan.find.removed",
                  found.answer == EFI_NOT_FOUND && found.count == 0 && !found.has_entries,
                  found.answer);
  }

  void ask_remove() {
    if (!check_set("vlan.remove.set", 1)) return;
    if (!report_.check_answer("vlan.remove", vlans_.Remove(&vlans_, id_), {EFI_SUCCESS})) return;
    report_.check_answer("vlan.remove.again", vlans_.Remove(&vlans_, id_), {EFI_NOT_FOUND});
  }

  void ask_wrong_numbers() {
    report_.check_answer("vlan.set.unknown", vlans_.Set(&vlans_, kNoVlan, 0),
                         {EFI_INVALID_PARAMETER});
    report_.check_answer("vlan.set.priority", vlans_.Set(&vlans_, id_, kNoPriority),
                         {EFI_INVALID_PARAMETER});
    UINT16 unknown = kNoVlan;
    report_.check_answer("vlan.find.unknown", find(&unknown).answer, {EFI_INVALID_PARAMETER});
    report_.check_answer("vlan.remove.unknown", vlans_.Remove(&vlans_, kNoVlan),
                         {EFI_INVALID_PARAMETER});
    report_.check_answer("vlan.remove.missing", vlans_.Remove(&vlans_, id_), {EFI_NOT_FOUND});
  }

  void ask_wrong_finds() {
    Pool entries(firmware_);
    report_.check_answer("vlan.find.count.null",
                         vlans_.Find(&vlans_, nullptr, nullptr,
                                     reinterpret_cast<EFI_VLAN_FIND_DATA**>(entries.out())),
                         {EFI_INVALID_PARAMETER});
    UINT16 count = 0;
    report_.check_answer("vlan.find.all.null", vlans_.Find(&vlans_, nullptr, &count, nullptr),
                         {EFI_INVALID_PARAMETER});
    const EFI_STATUS set = vlans_.Set(&vlans_, id_, 0);
    if (EFI_ERROR(set)) return report_.left_out("vlan.find.null", "Set", set);
    report_.check_answer("vlan.find.null", vlans_.Find(&vlans_, &id_, &count, nullptr),
                         {EFI_INVALID_PARAMETER});
    remove();
  }

  const Firmware& firmware_;
  Report& report_;
  EFI_VLAN_CONFIG_PROTOCOL& vlans_;
  UINT16 id_ = 0;
};

}  // namespace

void ask_vlan_config(const Firmware& firmware, Report& report) {
  const std::vector<Handle> handles = network_handles(firmware, kVlanConfig);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    auto* vlans =
        static_cast<EFI_VLAN_CONFIG_PROTOCOL*>(detail::peek(firmware, handles[i], kVlanConfig));
    if (vlans == nullptr) continue;
    tell_subject(firmware, report, handles[i], i + 1);
    VlanQuestions(firmware, report, *vlans).ask();
  }
}

}  // namespace kedge::uefi::conformance
