// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What a domain will boot through, and how each statement is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/cpu_random.h"
#include "domain/domain_model.h"
#include "domain/firmware_image.h"
#include "domain/host_facts.h"
#include "domain/kedge_options.h"
#include "domain/nic_models.h"
#include "domain/rom_content.h"
#include "domain/variable_store.h"
#include "domain/vlan_list.h"

namespace kedge::host {

// A statement, and what it rests on.
struct Fact {
  std::string text;
  std::string source;
};

enum class FirmwareKind : std::uint8_t { uefi, bios, none, unknown };
std::string_view firmware_kind_name(FirmwareKind kind);

struct FirmwareReport {
  FirmwareKind kind = FirmwareKind::unknown;
  std::string file;
  Fact chosen;                         // which firmware, and why this one
  std::optional<FirmwareImage> image;  // of UEFI firmware that can be read
  Fact content;
  std::optional<bool> secure_boot;
  Fact secure_boot_fact;
  std::string variables_file;              // empty: none
  std::optional<VariableStore> variables;  // as far as they can be read
  Fact variables_fact;
};

enum class RomPlace : std::uint8_t { none, bar, fw_cfg };
enum class BootStack : std::uint8_t { rom, firmware, both, nobody, unknown };
std::string_view boot_stack_name(BootStack stack);

struct InterfaceReport {
  DomainInterface nic;
  NicModel model;
  RomPlace place = RomPlace::none;
  std::string rom_name;         // as QEMU is given it; empty: none
  std::string rom_file;         // where it is; empty: not found or not looked for
  bool rom_is_default = false;  // QEMU's default for the model
  Fact rom;
  std::optional<RomContent> content;
  std::vector<Fact> inside;     // per image
  std::optional<RomPart> runs;  // the image that the firmware runs
  std::string personality;      // of that image, decided; empty: it has none
  Fact run;
  std::string driver;  // "rom", "firmware", "none", "unknown"
  Fact driver_fact;
  BootStack stack = BootStack::unknown;
  Fact verdict;
  // Of the boots that Kedge runs; empty: none, or not known.
  std::vector<wire::VlanTag> vlans;
  Fact vlans_fact;   // without text: nobody has said anything, or it does not count
  std::string note;  // what is said of it and does nothing
  std::string hint;  // how to change it
};

struct BootStep {
  std::string text;
  std::string source;
  int interface = 0;  // number; 0: no interface
};

struct Warning {
  std::string id;
  int interface = 0;  // 0: the domain's
  std::string text;
  std::string advice;
  std::string source;
};

struct Explanation {
  Domain domain;
  std::string host;  // "QEMU 7.2"
  FirmwareReport firmware;
  CpuRandom random;
  std::vector<InterfaceReport> interfaces;
  int rng_giver = 0;  // the interface whose running ROM gives EFI_RNG to the firmware; 0: none
  std::vector<BootStep> boot;
  std::vector<std::string> firmware_options;  // Boot#### of the variable store, in BootOrder
  std::vector<Warning> warnings;
  std::vector<std::string> notes;
};

Explanation explain(Domain domain, const HostFacts& host);
// The same with a firmware that is known already.
Explanation explain_with(Domain domain, const HostFacts& host, FirmwareReport firmware);

// For people; with the source of each statement.
std::string format_explanation(const Explanation& explanation);

// --- The parts of explain(), each in a file of its own.

FirmwareReport explain_firmware(const Domain& domain, const HostFacts& host);
// Fills in what the ROM is, what is in it and which of its images runs.
void explain_rom(const Explanation& so_far, const HostFacts& host, InterfaceReport& report);
// The firmware's network stack wants random numbers that this machine does not have.
bool lacks_random(const Explanation& so_far);
// Fills in who drives it, once it is known which ROMs run, and who boots from it.
void explain_interface(const Explanation& so_far, InterfaceReport& report);
// What the domain and its variables tell Kedge's ROMs.
std::vector<KedgeOption> options_of(const Explanation& so_far);
// Fills in the VLANs, once it is known who boots.
void explain_vlans(const Explanation& so_far, InterfaceReport& report);
std::vector<BootStep> explain_boot_order(const Explanation& so_far);
std::vector<Warning> find_warnings(const Explanation& so_far, const HostFacts& host);

}  // namespace kedge::host
