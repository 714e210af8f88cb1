// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An explanation for people: each statement, and below it in brackets how it is known.
#include <fmt/format.h>

#include "domain/explain.h"

namespace kedge::host {
namespace {

constexpr std::size_t kColumn = 12;

class Page {
 public:
  void heading(const std::string& text) { out_ += fmt::format("{}\n", text); }

  void row(std::string_view key, const std::string& text, const std::string& source) {
    if (text.empty()) return;
    out_ += fmt::format("  {:<{}}{}\n", key, kColumn - 2, text);
    if (!source.empty()) out_ += fmt::format("{:{}}[{}]\n", "", kColumn, source);
  }
  void row(std::string_view key, const Fact& fact) { row(key, fact.text, fact.source); }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void write_interface(Page& page, const InterfaceReport& report) {
  const DomainInterface& nic = report.nic;
  page.heading(fmt::format("Interface {}: {}{} (XML line {})", nic.number,
                           nic.mac.empty() ? "" : nic.mac + ", ", nic.model, nic.line));
  page.row("ROM", report.rom);
  for (std::size_t i = 0; i < report.inside.size(); ++i) {
    page.row(i == 0 ? "inside" : "", report.inside[i]);
  }
  if (report.content) page.row("runs", report.run);
  page.row("driver", report.driver_fact);
  page.row("boots", report.verdict);
  if (!report.hint.empty()) page.row("", report.hint, {});
  page.row("VLANs", report.vlans_fact);
}

}  // namespace

std::string format_explanation(const Explanation& e) {
  Page page;
  page.heading(fmt::format("{}: {}, {}, {}", e.domain.name, e.domain.type, e.domain.architecture,
                           e.domain.machine));
  page.row("firmware",
           fmt::format("{}: {}", firmware_kind_name(e.firmware.kind), e.firmware.chosen.text),
           e.firmware.chosen.source);
  page.row("has", e.firmware.content);
  page.row("", e.firmware.secure_boot_fact);
  page.row("variables", e.firmware.variables_fact);
  for (const InterfaceReport& report : e.interfaces) write_interface(page, report);
  page.heading("Boot order");
  for (std::size_t i = 0; i < e.boot.size(); ++i) {
    page.row(fmt::format("{}.", i + 1), e.boot[i].text, e.boot[i].source);
  }
  if (!e.firmware_options.empty()) {
    page.heading("Boot options in the variable store, in BootOrder");
    for (const std::string& option : e.firmware_options) page.row("", option, {});
  }
  if (e.warnings.empty()) page.heading("No warnings");
  for (const Warning& warning : e.warnings) {
    page.heading(
        fmt::format("Warning{}: {}",
                    warning.interface == 0 ? "" : fmt::format(", interface {}", warning.interface),
                    warning.text));
    page.row("", warning.advice, warning.source + "; " + warning.id);
  }
  for (const std::string& note : e.notes) page.heading("Note: " + note);
  return page.take();
}

}  // namespace kedge::host
