// SPDX-License-Identifier: BSD-2-Clause-Patent
// Component Name 2 of the driver that has made the handle with Simple Network.
#include <algorithm>
#include <string>

#include "base/format.h"
#include "openings.h"
#include "uefi/protocol.h"
#include "uefi/text.h"

namespace kedge::uefi::conformance {
namespace {

constexpr std::size_t kNameUnitsMax = 128;
/// In this order the conformance tests look for a language that the driver does not know.
constexpr std::string_view kLanguages[] = {"en-US", "da-DE", "fr-FR", "zh-CN",
                                           "ja",    "ko-KP", "es-ES"};
constexpr std::string_view kNoLanguage = "enus";
/// Of a handle that no driver knows.
constexpr EFI_GUID kOwnProtocol = {
    0x6f0c3d52, 0x2a0e, 0x4c4b, {0x9d, 0x6e, 0x51, 0x0c, 0x8a, 0x3e, 0x77, 0x21}};

struct Driver {
  Handle handle;
  EFI_COMPONENT_NAME2_PROTOCOL* names = nullptr;
  std::vector<Opening> own;  // openings by this driver
};

class NameQuestions {
 public:
  NameQuestions(const Firmware& firmware, Report& report, Driver driver) noexcept
      : firmware_(firmware), report_(report), driver_(std::move(driver)) {
    const std::string_view all = driver_.names->SupportedLanguages;
    for (std::size_t at = 0; at <= all.size();) {
      const std::size_t end = std::min(all.find(';', at), all.size());
      if (end > at) languages_.emplace_back(all.substr(at, end - at));
      at = end + 1;
    }
  }

  void ask() {
    if (!report_.check("name.languages", !languages_.empty(), EFI_NOT_FOUND)) return;
    ask_names();
    ask_driver_name();
    ask_controller_name();
    ask_strangers();
  }

 private:
  EFI_STATUS driver_name(CHAR8* language, CHAR16** name) {
    return driver_.names->GetDriverName(driver_.names, language, name);
  }
  EFI_STATUS controller_name(EFI_HANDLE controller, EFI_HANDLE child, CHAR8* language,
                             CHAR16** name) {
    return driver_.names->GetControllerName(driver_.names, controller, child, language, name);
  }
  static CHAR8* raw(const std::string& text) noexcept { return const_cast<CHAR8*>(text.c_str()); }
  std::string unknown_language() const {
    for (const std::string_view candidate : kLanguages) {
      const bool is_known = std::ranges::any_of(languages_, [&](const std::string& language) {
        return std::string_view(language).starts_with(candidate.substr(0, 2));
      });
      if (!is_known) return std::string(candidate);
    }
    return std::string(kNoLanguage);
  }
  /// A name that is not given is no fault: a driver may not know its children.
  void check_name(std::string_view question, EFI_STATUS answer, const CHAR16* name) {
    report_.check_answer(question, answer, {EFI_SUCCESS, EFI_UNSUPPORTED});
    report_.note(format("{} is \"{}\"", question, to_utf8(name, kNameUnitsMax)));
  }

  void ask_names() {
    for (const std::string& language : languages_) {
      CHAR16* name = nullptr;
      const EFI_STATUS answer = driver_name(raw(language), &name);
      check_name("name.driver", answer, name);
      for (const Opening& opening : driver_.own) {
        name = nullptr;
        const EFI_HANDLE child = opening.is_child ? opening.controller.raw() : nullptr;
        const EFI_STATUS given = controller_name(opening.device.raw(), child, raw(language), &name);
        check_name(child != nullptr ? "name.child" : "name.controller", given, name);
      }
    }
  }

  void ask_driver_name() {
    CHAR16* name = nullptr;
    report_.check_answer("name.driver.language.null", driver_name(nullptr, &name),
                         {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
    report_.check_answer("name.driver.null", driver_name(raw(languages_[0]), nullptr),
                         {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
    const std::string unknown = unknown_language();
    report_.check_answer("name.driver.language.unknown", driver_name(raw(unknown), &name),
                         {EFI_UNSUPPORTED});
  }

  void ask_controller_name() {
    CHAR16* name = nullptr;
    CHAR8* language = raw(languages_[0]);
    report_.check_answer("name.controller.handle.null",
                         controller_name(nullptr, nullptr, language, &name),
                         {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
    EFI_HANDLE device = driver_.own[0].device.raw();
    report_.check_answer("name.controller.null",
                         controller_name(device, nullptr, language, nullptr),
                         {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
    report_.check_answer("name.controller.language.null",
                         controller_name(device, nullptr, nullptr, &name),
                         {EFI_INVALID_PARAMETER, EFI_UNSUPPORTED});
    for (const std::string& unknown : {unknown_language(), std::string(kNoLanguage)}) {
      report_.check_answer("name.controller.language.unknown",
                           controller_name(device, nullptr, raw(unknown), &name),
                           {EFI_UNSUPPORTED});
    }
  }

  void ask_strangers() {
    CHAR16* name = nullptr;
    CHAR8* language = raw(languages_[0]);
    Installation stranger(firmware_);
    if (!stranger.install(kOwnProtocol, nullptr).ok()) {
      report_.left_out("name.controller.stranger", "InstallProtocolInterface",
                       EFI_OUT_OF_RESOURCES);
      return;
    }
    report_.check_answer("name.controller.stranger",
                         controller_name(stranger.handle().raw(), nullptr, language, &name),
                         {EFI_UNSUPPORTED});
    report_.check_answer(
        "name.child.stranger",
        controller_name(driver_.own[0].device.raw(), stranger.handle().raw(), language, &name),
        {EFI_UNSUPPORTED});
  }

  const Firmware& firmware_;
  Report& report_;
  Driver driver_;
  std::vector<std::string> languages_;
};

/// Those that have a child with Simple Network which is a NIC itself: no handle of PXE Base Code.
std::vector<Driver> nic_drivers(const Firmware& firmware) {
  const std::vector<Handle> networks =
      network_handles(firmware, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>);
  const std::vector<Opening> all = openings(firmware);
  std::vector<Driver> result;
  for (const Opening& opening : all) {
    const bool is_nic = opening.is_child &&
                        std::ranges::find(networks, opening.controller) != networks.end() &&
                        std::ranges::find(networks, opening.device) == networks.end();
    const bool is_new = std::ranges::none_of(
        result, [&](const Driver& driver) { return driver.handle == opening.driver; });
    auto* names = peek<EFI_COMPONENT_NAME2_PROTOCOL>(firmware, opening.driver);
    if (!is_nic || !is_new || names == nullptr || names->SupportedLanguages == nullptr) continue;
    Driver driver{.handle = opening.driver, .names = names, .own = {}};
    for (const Opening& other : all) {
      const auto is_same = [&](const Opening& known) {
        return known.device == other.device && known.controller == other.controller &&
               known.is_child == other.is_child;
      };
      if (other.driver == opening.driver && std::ranges::none_of(driver.own, is_same)) {
        driver.own.push_back(other);
      }
    }
    result.push_back(std::move(driver));
  }
  return result;
}

}  // namespace

void ask_component_name(const Firmware& firmware, Report& report) {
  const std::vector<Driver> drivers = nic_drivers(firmware);
  for (std::size_t i = 0; i < drivers.size(); ++i) {
    report.subject(i + 1, "a driver of a NIC");
    NameQuestions(firmware, report, drivers[i]).ask();
  }
}

}  // namespace kedge::uefi::conformance
