// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge rom`: looks into PCI option ROMs, checks them and takes them apart.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "kedge/commands.h"
#include "rom/rom_build.h"
#include "rom/rom_diff.h"
#include "rom/rom_report.h"
#include "support/file.h"

namespace kedge::host {
namespace {

constexpr int kExitBad = 1;         // a file is damaged, or no option ROM
constexpr int kExitCannotRead = 3;  // a file cannot be read or written
constexpr int kExitDifferent = 1;   // of `diff`, as diff(1) has it

constexpr const char* kExamples = R"(
Examples:
  What is in the ROMs that QEMU's NICs have, and which of them take over the boot:
    kedge rom info /usr/lib/ipxe/qemu/efi-*.rom
  The personality, for a script:
    kedge rom info --json efi-virtio.rom | jq -r '.[].images[] | select(.machine) | .personality'
  Is the file sound?
    kedge rom verify my.rom
  The driver as a .efi file (unpacked), and the BIOS image beside it:
    kedge rom extract efi-virtio.rom --directory /tmp/parts
  A ROM of one of Kedge's drivers, in the size class of QEMU's, QEMU's BIOS image in front:
    kedge rom build --bios efi-virtio.rom --size 256 --output my.rom virtio.efi
  A ROM of others' drivers, for two machine types:
    kedge rom build --id 8086:100e --output my.rom driver-x86_64.efi driver-aarch64.efi
  What changes for the NIC with the new ROM?
    kedge rom diff /usr/lib/ipxe/qemu/efi-virtio.rom my.rom

Exit codes: 0 all is well; 1 a file is damaged or no option ROM, or cannot be built; 2 wrong
  usage; 3 a file cannot be read or written. Of diff: 0 the files are the same; 1 they differ; 2
  wrong usage; 3 a file cannot be read or is no option ROM. The manual page is kedge-rom(1).)";

struct Arguments {
  std::vector<std::string> files;
  std::string a;
  std::string b;
  std::filesystem::path directory = ".";
  bool json = false;
  bool strict = false;
  bool packed = false;
  std::vector<std::string> ids;
  std::string bios;
  std::string output;
  std::size_t kib = 0;
  bool plain = false;
};

void say_failure(const Failure& error) {
  fmt::print(stderr, "kedge: {}\n", error.what);
  if (!error.advice.empty()) fmt::print(stderr, "kedge: {}\n", error.advice);
}

// Calls `use(name, rom)` for every file that is a ROM. Returns the exit code; the worst one wins.
template <class Use>
int for_each_rom(const Arguments& arguments, Use use) {
  int result = 0;
  for (const std::string& name : arguments.files) {
    const auto content = read_file_head(name, kRomBytesMax + 1);
    if (!content) {
      say_failure(content.error());
      result = kExitCannotRead;
      continue;
    }
    auto rom = parse_option_rom(as_byte_view(*content));
    if (!rom) {
      rom.error().what = fmt::format("{}: {}", name, rom.error().what);
      say_failure(rom.error());
      result = std::max(result, kExitBad);
      continue;
    }
    result = std::max(result, use(name, *rom));
  }
  return result;
}

void print_json(const nlohmann::json& json) {
  constexpr int kIndent = 2;
  fmt::print("{}\n", json.dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace));
}

int run_info(const Arguments& arguments) {
  nlohmann::json all = nlohmann::json::array();
  bool first = true;
  const int result = for_each_rom(arguments, [&](const std::string& name, const OptionRom& rom) {
    const RomReport report = report_rom(name, rom);
    if (arguments.json) {
      all.push_back(json_report(report));
    } else {
      fmt::print("{}{}", first ? "" : "\n", format_report(report));
    }
    first = false;
    return report.sound() ? 0 : kExitBad;
  });
  if (arguments.json) print_json(all);
  return result;
}

int run_verify(const Arguments& arguments) {
  nlohmann::json all = nlohmann::json::array();
  const int result = for_each_rom(arguments, [&](const std::string& name, const OptionRom& rom) {
    const std::vector<Finding> findings = verify_option_rom(rom);
    nlohmann::json list = nlohmann::json::array();
    bool good = true;
    for (const Finding& finding : findings) {
      const bool is_error = finding.severity == Severity::error;
      good &= !is_error && !arguments.strict;
      const char* word = is_error ? "error" : "warning";
      list.push_back({{"severity", word}, {"offset", finding.offset}, {"what", finding.what}});
      if (!arguments.json) {
        fmt::print("{}: {:#x}: {}: {}\n", name, finding.offset, word, finding.what);
      }
    }
    if (!arguments.json) fmt::print("{}: {}\n", name, good ? "sound" : "not sound");
    all.push_back({{"file", name}, {"sound", good}, {"findings", std::move(list)}});
    return good ? 0 : kExitBad;
  });
  if (arguments.json) print_json(all);
  return result;
}

// "2-x86_64.efi", "1-bios.bin".
Outcome<std::pair<std::string, std::string>> part_of(const RomImage& image, std::size_t number,
                                                     bool packed) {
  if (!image.is_efi() || packed) {
    return std::pair(fmt::format("{}-{}", number, image.is_efi() ? "efi.rom" : "bios.rom"),
                     std::string(as_text(image.bytes)));
  }
  KEDGE_HOST_TRY(std::string pe, pe_of(image));
  std::string machine = "pe";
  if (const auto info = image::PeInfo::parse(as_byte_view(pe)); info.ok()) {
    machine = image::machine_name(info->machine);
    std::ranges::replace(machine, ' ', '-');
  }
  return std::pair(fmt::format("{}-{}.efi", number, machine), std::move(pe));
}

int run_extract(const Arguments& arguments) {
  nlohmann::json all = nlohmann::json::array();
  const int worst = for_each_rom(arguments, [&](const std::string& name, const OptionRom& rom) {
    int result = rom.problems.empty() ? 0 : kExitBad;
    for (const RomProblem& problem : rom.problems) {
      say_failure(
          {.what = fmt::format("{}: offset {:#x}: {}", name, problem.offset, problem.what)});
    }
    for (std::size_t i = 0; i < rom.images.size(); ++i) {
      const auto part = part_of(rom.images[i], i + 1, arguments.packed);
      if (!part) {
        say_failure({.what = fmt::format("{}: {}", name, part.error().what)});
        result = std::max(result, kExitBad);
        continue;
      }
      const std::string stem = std::filesystem::path(name).stem();
      const std::filesystem::path path = arguments.directory / (stem + "-" + part->first);
      if (const auto written = write_file(path, part->second); !written) {
        say_failure(written.error());
        return kExitCannotRead;
      }
      if (!arguments.json) fmt::print("{}: {} bytes\n", path.string(), part->second.size());
      all.push_back({{"rom", name},
                     {"image", i + 1},
                     {"file", path.string()},
                     {"bytes", part->second.size()}});
    }
    return result;
  });
  if (arguments.json) print_json(all);
  return worst;
}

Outcome<void> build(const Arguments& arguments) {
  RomRecipe recipe{.compress = !arguments.plain, .size = arguments.kib * 1024};
  for (const std::string& id : arguments.ids) {
    KEDGE_HOST_TRY(const MarkedId parsed, parse_pci_id(id));
    KEDGE_HOST_CHECK(add_id(parsed, recipe));
  }
  if (!arguments.bios.empty()) {
    KEDGE_HOST_TRY(recipe.bios, read_file_head(arguments.bios, kRomBytesMax + 1));
  }
  for (const std::string& name : arguments.files) {
    KEDGE_HOST_TRY(std::string driver, read_file_head(name, kRomBytesMax + 1));
    recipe.drivers.push_back(std::move(driver));
  }
  if (recipe.devices.empty()) KEDGE_HOST_CHECK(add_marked_ids(recipe));
  KEDGE_HOST_TRY(const std::string rom, build_rom(recipe));
  KEDGE_HOST_CHECK(write_file(arguments.output, rom));
  if (arguments.json) {
    print_json({{"file", arguments.output}, {"bytes", rom.size()}});
  } else {
    fmt::print("{}: {} bytes\n", arguments.output, rom.size());
  }
  return {};
}

int run_build(const Arguments& arguments) {
  const auto built = build(arguments);
  if (!built) say_failure(built.error());
  return built ? 0 : kExitBad;
}

// The ROM's views are into `content`.
Outcome<OptionRom> open_rom(const std::string& name, std::string& content) {
  KEDGE_HOST_TRY(content, read_file_head(name, kRomBytesMax + 1));
  auto rom = parse_option_rom(as_byte_view(content));
  if (!rom) rom.error().what = fmt::format("{}: {}", name, rom.error().what);
  return rom;
}

int run_diff(const Arguments& arguments) {
  std::string content_a;
  std::string content_b;
  const auto a = open_rom(arguments.a, content_a);
  const auto b = open_rom(arguments.b, content_b);
  if (!a) say_failure(a.error());
  if (!b) say_failure(b.error());
  if (!a || !b) return kExitCannotRead;
  const RomDiff diff = diff_roms(arguments.a, *a, arguments.b, *b);
  if (arguments.json) {
    print_json(json_diff(diff));
  } else {
    fmt::print("{}", format_diff(diff));
  }
  return diff.same() ? 0 : kExitDifferent;
}

void add_build(CLI::App& rom, const std::shared_ptr<Arguments>& arguments, int& exit_code) {
  CLI::App* const command = rom.add_subcommand("build", "Packs UEFI drivers into a ROM");
  command->add_option("DRIVER", arguments->files, "UEFI drivers, one per machine")->required();
  command
      ->add_option("--id", arguments->ids,
                   "The NIC's PCI id; may be repeated, the first is the main one. Kedge's drivers "
                   "say themselves for which NICs they are")
      ->type_name("VVVV:DDDD")
      ->take_all()
      ->expected(1);
  command->add_option("-o,--output", arguments->output, "The ROM")->type_name("FILE")->required();
  command->add_option("--bios", arguments->bios, "A ROM whose BIOS image goes first")
      ->type_name("FILE");
  command->add_option("--size", arguments->kib, "Fill the ROM up to this power of two")
      ->type_name("KIB")
      ->check(CLI::Range(2, 65536));
  command->add_flag("--no-compress", arguments->plain, "Leave the drivers uncompressed");
  command->add_flag("--json", arguments->json, "An object, for programs");
  command->callback([arguments, &exit_code] { exit_code = run_build(*arguments); });
}

CLI::App* add_subcommand(CLI::App& rom, Arguments& arguments, const char* name, const char* text) {
  CLI::App* const command = rom.add_subcommand(name, text);
  command->add_option("FILE", arguments.files, "Option ROMs; .efi files are looked into as well")
      ->required();
  return command;
}

}  // namespace

void add_rom_command(CLI::App& application, int& exit_code) {
  CLI::App* const rom = application.add_subcommand(
      "rom", "Looks into PCI option ROMs: what they are, and whether they take over the boot.");
  rom->footer(kExamples);
  rom->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const info = add_subcommand(*rom, *arguments, "info", "What is in the ROM");
  info->add_flag("--json", arguments->json, "An array of files, for programs");
  info->callback([arguments, &exit_code] { exit_code = run_info(*arguments); });
  CLI::App* const verify = add_subcommand(*rom, *arguments, "verify",
                                          "Whether firmware and QEMU will be content with it");
  verify->add_flag("--json", arguments->json, "An array of files, for programs");
  verify->add_flag("--strict", arguments->strict, "Warnings count as errors");
  verify->callback([arguments, &exit_code] { exit_code = run_verify(*arguments); });
  CLI::App* const extract = add_subcommand(*rom, *arguments, "extract", "Its images as files");
  extract->add_option("-d,--directory", arguments->directory, "Where to (default: here)")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  extract->add_flag("--raw", arguments->packed,
                    "EFI images as they are in the ROM, headers included, instead of unpacked");
  extract->add_flag("--json", arguments->json, "An array of the files written, for programs");
  extract->callback([arguments, &exit_code] { exit_code = run_extract(*arguments); });
  CLI::App* const diff =
      rom->add_subcommand("diff", "How two ROMs or .efi files differ, image by image");
  diff->add_option("A", arguments->a, "An option ROM or .efi file")->type_name("FILE")->required();
  diff->add_option("B", arguments->b, "The one to compare it with")->type_name("FILE")->required();
  diff->add_flag("--json", arguments->json, "An object, for programs");
  diff->callback([arguments, &exit_code] { exit_code = run_diff(*arguments); });
  add_build(*rom, arguments, exit_code);
}

}  // namespace kedge::host
