// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The boot options that a domain asks for, in their order.
#include <fmt/format.h>

#include <algorithm>

#include "domain/explain.h"

namespace kedge::host {
namespace {

const InterfaceReport* report_of(const Explanation& so_far, int number) {
  const auto found = std::ranges::find_if(
      so_far.interfaces, [number](const auto& report) { return report.nic.number == number; });
  return found == so_far.interfaces.end() ? nullptr : &*found;
}

std::string interface_text(const Explanation& so_far, const DomainInterface& nic) {
  const InterfaceReport* const report = report_of(so_far, nic.number);
  std::string who = "not known who boots";
  if (report != nullptr && report->stack == BootStack::nobody) who = "nothing boots";
  if (report != nullptr && report->stack == BootStack::firmware) who = "the firmware's own stack";
  if (report != nullptr && report->stack == BootStack::rom) who = report->runs->name();
  if (report != nullptr && report->stack == BootStack::both) {
    who = report->runs->name() + ", and the firmware's own stack";
  }
  return fmt::format("{}: {}", nic.name(), who);
}

std::vector<BootStep> by_device_order(const Explanation& so_far) {
  struct Ordered {
    unsigned order;
    BootStep step;
  };
  std::vector<Ordered> all;
  const auto source = [](unsigned order, int line) {
    return fmt::format("XML line {}: <boot order='{}'/>", line, order);
  };
  for (const DomainInterface& nic : so_far.domain.interfaces) {
    if (nic.boot_order == 0) continue;
    all.push_back({nic.boot_order,
                   {.text = interface_text(so_far, nic),
                    .source = source(nic.boot_order, nic.boot_line),
                    .interface = nic.number}});
  }
  for (const DomainDevice& device : so_far.domain.devices) {
    if (device.boot_order == 0) continue;
    all.push_back({device.boot_order,
                   {.text = device.what, .source = source(device.boot_order, device.boot_line)}});
  }
  std::ranges::sort(all, {}, &Ordered::order);  // libvirt refuses equal ones
  std::vector<BootStep> steps;
  steps.reserve(all.size());
  for (Ordered& one : all) steps.push_back(std::move(one.step));
  return steps;
}

// <os><boot dev=''/>: libvirt means the first device of each kind, for disks all of them in order.
void add_boot_dev(const Explanation& so_far, const BootDev& boot, std::vector<BootStep>& steps) {
  const std::string source =
      boot.line == 0 ? "libvirt's default, as the XML names nothing"
                     : fmt::format("XML line {}: <boot dev='{}'/>", boot.line, boot.dev);
  if (boot.dev == "network") {
    if (so_far.domain.interfaces.empty()) return;
    const DomainInterface& nic = so_far.domain.interfaces.front();
    steps.push_back({.text = interface_text(so_far, nic),
                     .source = source + ", the first interface",
                     .interface = nic.number});
    return;
  }
  const std::string_view kind = boot.dev == "hd"      ? "disk"
                                : boot.dev == "cdrom" ? "cdrom"
                                                      : "floppy";
  const auto device = std::ranges::find(so_far.domain.devices, kind, &DomainDevice::kind);
  if (device == so_far.domain.devices.end()) {
    steps.push_back({.text = fmt::format("no {} to boot from", kind), .source = source});
  } else {
    steps.push_back({.text = device->what, .source = source});
  }
}

}  // namespace

std::vector<BootStep> explain_boot_order(const Explanation& so_far) {
  std::vector<BootStep> steps;
  if (!so_far.domain.direct_kernel.empty()) {
    steps.push_back(
        {.text = fmt::format("the kernel {}, before everything else", so_far.domain.direct_kernel),
         .source = "XML: <os><kernel>"});
  }
  std::vector<BootStep> ordered = by_device_order(so_far);
  if (ordered.empty()) {
    for (const BootDev& boot : so_far.domain.boot_devs) add_boot_dev(so_far, boot, ordered);
  }
  if (ordered.empty()) add_boot_dev(so_far, {.dev = "hd", .line = 0}, ordered);
  for (BootStep& step : ordered) steps.push_back(std::move(step));
  return steps;
}

}  // namespace kedge::host
