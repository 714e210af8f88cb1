// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Live migration between QEMUs whose NICs have different ROM files: what the size classes mean, of
// which `kedge domain explain` warns.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/rig/fixture.h"
#include "vm/qmp.h"

namespace kedge::host::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kIpxeRom = "/usr/lib/ipxe/qemu/efi-virtio.rom";
constexpr Duration kTimeout = std::chrono::seconds(60);

// A QEMU that runs nothing: the ROM travels with the machine, whatever the guest does.
class Qemu {
 public:
  static Outcome<Qemu> start(const std::filesystem::path& rom, const std::filesystem::path& log,
                             std::vector<std::string> more = {}) {
    KEDGE_HOST_TRY(auto sockets, make_socket_pair());
    const int control = sockets.second.get();
    std::vector<std::string> arguments = {"qemu-system-x86_64",
                                          "-nodefaults",
                                          "-no-user-config",
                                          "-display",
                                          "none",
                                          "-accel",
                                          "tcg",
                                          "-machine",
                                          "pc-i440fx-7.2",
                                          "-m",
                                          "32",
                                          "-S",
                                          "-chardev",
                                          fmt::format("socket,id=control,fd={}", control),
                                          "-mon",
                                          "chardev=control,mode=control",
                                          "-device",
                                          fmt::format("virtio-net-pci,romfile={}", rom.string())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    KEDGE_HOST_TRY(
        Process process,
        Process::start({.arguments = std::move(arguments), .output = log, .inherited = {control}}));
    Qemu qemu(std::move(process), std::move(sockets.first));
    KEDGE_HOST_CHECK(qemu.control_.handshake(after(kTimeout)));
    return qemu;
  }

  Outcome<nlohmann::json> ask(std::string_view command,
                              const nlohmann::json& arguments = nlohmann::json::object()) {
    return control_.execute(command, arguments, after(kTimeout));
  }
  std::optional<ExitStatus> wait_end() { return process_.wait_until(after(kTimeout)); }

 private:
  Qemu(Process process, FileDescriptor control)
      : process_(std::move(process)), control_(std::move(control)) {}

  Process process_;
  Qmp control_;
};

class Migration : public E2eTest {
 protected:
  // From a machine with iPXE's ROM to one with `rom`. Empty: it went well; else what the
  // destination said when it gave up.
  std::string migrate_to(const std::filesystem::path& rom) {
    const auto place = TempDir::create("km");  // short: it holds a Unix socket
    EXPECT_TRUE(place) << place.error().what;
    if (!place) return place.error().what;
    const std::string socket = "unix:" + (place->path() / "socket").string();
    const auto log = directory() / "destination.log";
    auto destination = Qemu::start(rom, log, {"-incoming", socket});
    auto source = Qemu::start(kIpxeRom, directory() / "source.log");
    if (!destination || !source) {
      ADD_FAILURE() << (destination ? source.error().what : destination.error().what);
      return "not started";
    }
    const auto begun = source->ask("migrate", {{"uri", socket}});
    EXPECT_TRUE(begun) << begun.error().what;
    for (const Instant deadline = after(kTimeout); now() < deadline;) {
      const auto state = source->ask("query-migrate");
      const std::string status = state ? state->value("status", "") : state.error().what;
      if (status == "completed") return {};
      if (status == "failed") {
        EXPECT_TRUE(destination->wait_end()) << "the destination does not end";
        return read_file(log).value_or("");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return "neither done nor failed";
  }

  // The warnings that explain has for a domain with the ROM.
  std::vector<std::string> warnings(const std::filesystem::path& rom) {
    const auto file = directory() / "vm.xml";
    EXPECT_TRUE(write_file(file, fmt::format(R"(<domain type='qemu'>
  <name>vm</name>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
  </os>
  <devices>
    <interface type='user'><model type='virtio'/><rom file='{}'/></interface>
  </devices>
</domain>
)",
                                             rom.string())));
    const auto said = directory() / "explain.json";
    auto process =
        Process::start({.arguments = {KEDGE_COMMAND, "domain", "explain", "--json", file.string()},
                        .output = said});
    EXPECT_TRUE(process && process->wait_until(after(kTimeout)));
    const auto json = nlohmann::json::parse(read_file(said).value_or(""), nullptr, false);
    EXPECT_TRUE(json.is_object());
    std::vector<std::string> ids;
    for (const auto& warning : json.value("warnings", nlohmann::json::array())) {
      ids.push_back(warning.value("id", ""));
    }
    return ids;
  }
};

TEST_F(Migration, GoesFromIpxesRomToOurs) {
  const auto rom = dist("roms/efi-virtio.rom");
  if (HasFailure()) return;
  EXPECT_THAT(warnings(rom), IsEmpty());
  EXPECT_EQ(migrate_to(rom), "");
}

TEST_F(Migration, FailsWithARomOfAnotherSizeClassAsTheWarningSays) {
  const auto rom = dist("roms/driver-only/efi-virtio.rom");
  if (HasFailure()) return;
  EXPECT_THAT(warnings(rom), ElementsAre("migration-size"));
  EXPECT_THAT(migrate_to(rom), HasSubstr("ize mismatch"));
}

}  // namespace
}  // namespace kedge::host::e2e
