// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/domain_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "domain/explain.h"
#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

constexpr int kBackupsMax = 1000;

// FILE.bak, FILE.bak2, ...: the first that does not exist.
Outcome<std::filesystem::path> write_backup(const std::filesystem::path& file,
                                            const std::string& content) {
  for (int i = 1; i <= kBackupsMax; ++i) {
    std::filesystem::path backup = file;
    backup += i == 1 ? ".bak" : fmt::format(".bak{}", i);
    std::error_code ignored;
    if (std::filesystem::exists(backup, ignored)) continue;
    KEDGE_HOST_CHECK(write_file(backup, content));
    return backup;
  }
  return failure(fmt::format("{} has {} backups already", file.string(), kBackupsMax));
}

// What the boot depends on, to compare two definitions.
std::string essence(const Domain& domain) {
  const Explanation all = explain_with(domain, remote_host(), {});
  std::string text;
  for (const DomainInterface& nic : domain.interfaces) {
    const auto word = [](std::optional<bool> value) {
      return !value ? "-" : *value ? "yes" : "no";
    };
    text += fmt::format("{} {} {} {} {} {}\n", nic.mac, nic.model, word(nic.rom.enabled),
                        word(nic.rom.bar), nic.rom.file, nic.boot_order);
  }
  for (const GuestText& entry : domain.fw_cfg) {
    text += fmt::format("{}={}\n", entry.name, entry.value.value_or(""));
  }
  for (const GuestText& entry : domain.oem_strings) text += entry.value.value_or("") + "\n";
  for (const BootStep& step : all.boot) text += fmt::format("{}\n", step.interface);
  return text + (domain.rng_line != 0 ? "rng" : "");
}

// A name as a file's: libvirt allows anything but '/' and newlines.
std::string file_name(const std::string& name) {
  std::string safe = name;
  std::ranges::replace(safe, '/', '_');
  return safe.starts_with('.') ? "_" + safe : safe;
}

}  // namespace

Outcome<std::string> validate_domain_xml(const std::string& xml) {
  if (!find_program("virt-xml-validate")) {
    return "not validated: virt-xml-validate is not installed (Debian: libvirt-clients)";
  }
  KEDGE_HOST_TRY(const TempDir directory, TempDir::create("kedge-validate"));
  const std::filesystem::path file = directory.path() / "domain.xml";
  KEDGE_HOST_CHECK(write_file(file, xml));
  const auto checked = run_tool({.arguments = {"virt-xml-validate", file.string(), "domain"}});
  if (!checked) return failure("libvirt's schema refuses the changed XML", checked.error().what);
  return "validated by libvirt's schema";
}

Outcome<std::filesystem::path> store_domain_file(const std::filesystem::path& file,
                                                 const std::string& before,
                                                 const std::string& after) {
  KEDGE_HOST_TRY(std::filesystem::path backup, write_backup(file, before));
  std::filesystem::path next = file;
  next += ".kedge-new";
  KEDGE_HOST_CHECK(write_file(next, after));
  std::error_code failed;
  std::filesystem::permissions(next, std::filesystem::status(file, failed).permissions(), failed);
  std::filesystem::rename(next, file, failed);
  if (failed) {
    return failure(fmt::format("cannot replace {}: {}", file.string(), failed.message()));
  }
  return backup;
}

Outcome<std::filesystem::path> store_domain_definition(
    const DomainInput& input, const std::string& after,
    const std::filesystem::path& backup_directory) {
  KEDGE_HOST_TRY(const Domain wanted, parse_domain(after));
  std::error_code failed;
  std::filesystem::create_directories(backup_directory, failed);
  // The XML may have passwords in it.
  std::filesystem::permissions(backup_directory, std::filesystem::perms::owner_all, failed);
  KEDGE_HOST_TRY(std::filesystem::path backup,
                 write_backup(backup_directory / (file_name(wanted.name) + ".xml"), input.xml));
  KEDGE_HOST_CHECK(input.connection->define(after));
  const auto undo = [&](const std::string& why) {
    const auto undone = input.connection->define(input.xml);
    return failure(undone ? why + "; the old definition is back"
                          : fmt::format("{}; the old definition could not be put back: {}", why,
                                        undone.error().what),
                   fmt::format("The old XML is in {}.", backup.string()));
  };
  const auto stored = input.connection->domain_xml(wanted.name);
  if (!stored) return undo("the defined domain cannot be read back: " + stored.error().what);
  const auto now = parse_domain(*stored);
  if (!now || essence(*now) != essence(wanted)) {
    return undo("libvirt has defined something else than was asked for");
  }
  return backup;
}

std::filesystem::path default_backup_directory() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  const std::filesystem::path base =
      state != nullptr && *state != '\0'
          ? std::filesystem::path(state)
          : std::filesystem::path(home != nullptr ? home : "/var/tmp") / ".local/state";
  return base / "kedge/domains";
}

}  // namespace kedge::host
