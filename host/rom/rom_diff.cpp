// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rom/rom_report.h"

namespace kedge::host {
namespace {

// Facts in the order in which people read them. Names are unique.
class Facts {
 public:
  void add(const std::string& field, std::string value) {
    const std::size_t count = ++counts_[field];
    all_.emplace_back(count == 1 ? field : fmt::format("{} ({})", field, count), std::move(value));
  }
  // What the image does not tell is no fact.
  void add_known(const std::string& field, const std::string& value) {
    if (!value.empty()) add(field, value);
  }

  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
  std::map<std::string, std::size_t> counts_;
};

void compare(const Facts& a, const Facts& b, std::vector<RomDifference>& out) {
  const std::map<std::string, std::string> of_b(b.all().begin(), b.all().end());
  std::set<std::string> of_a;
  for (const auto& [field, value] : a.all()) {
    of_a.insert(field);
    const auto other = of_b.find(field);
    if (other == of_b.end()) {
      out.push_back({.field = field, .a = value, .b = {}});
    } else if (other->second != value) {
      out.push_back({.field = field, .a = value, .b = other->second});
    }
  }
  for (const auto& [field, value] : b.all()) {
    if (!of_a.contains(field)) out.push_back({.field = field, .a = {}, .b = value});
  }
}

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

std::string machine_of(const ImageReport& report) {
  if (report.image.efi) return machine_text(report.image.efi->machine);
  return report.pe ? machine_text(static_cast<std::uint16_t>(report.pe->info.machine)) : "";
}

std::string type_of(const RomImage& image) {
  if (image.is_efi()) return "EFI";
  return image.pci ? code_type_name(image.pci->type) : "ISA expansion ROM";
}

std::string kind_of(const ImageReport& report) {
  const std::string machine = machine_of(report);
  return type_of(report.image) + (machine.empty() ? "" : " " + machine);
}

void add_pci(const PciData& pci, Facts& facts) {
  facts.add("id", fmt::format("{:04x}:{:04x}", pci.vendor, pci.device));
  std::string list;
  for (const std::uint16_t device : pci.more_devices) {
    list += fmt::format("{}{:04x}", list.empty() ? "" : " ", device);
  }
  facts.add_known("device list", list);
  facts.add("class", fmt::format("{:06x}", pci.class_code));
  facts.add("PCI data revision", fmt::format("{}", pci.revision));
  facts.add("PCI data bytes", fmt::format("{}", pci.length));
  facts.add("code revision", fmt::format("{}", pci.code_revision));
  facts.add("marked as last", yes_or_no(pci.last));
}

void add_header(const ImageReport& report, Facts& facts) {
  const RomImage& image = report.image;
  facts.add("packaging", image.is_plain_pe ? "PE file" : "option ROM");
  if (image.pci) add_pci(*image.pci, facts);
  facts.add_known("machine", machine_of(report));
  std::uint16_t subsystem = 0;
  if (report.pe) subsystem = static_cast<std::uint16_t>(report.pe->info.subsystem);
  if (image.efi) subsystem = image.efi->subsystem;
  if (image.is_efi()) facts.add("subsystem", std::string(subsystem_text(subsystem)));
  facts.add("offset", fmt::format("{:#x}", image.offset));
  facts.add("bytes", fmt::format("{}", image.bytes.size()));
  if (image.efi) {
    const std::uint16_t compression = image.efi->compression;
    facts.add("compression", compression == 0   ? "none"
                             : compression == 1 ? "UEFI"
                                                : fmt::format("type {}", compression));
    facts.add("bytes in the header", fmt::format("{}", image.efi->initialization_bytes));
    facts.add("EFI image at", fmt::format("{:#x}", image.efi->image_offset));
    if (compression == 1) facts.add("packed bytes", fmt::format("{}", report.packed_bytes));
  } else if (!image.is_plain_pe) {
    facts.add("bytes in the header", fmt::format("{}", image.header_bytes));
    facts.add("checksum", image.sum == 0 ? "good" : "wrong");
  }
}

void add_marker(const ImageMarker& marker, Facts& facts) {
  facts.add("marker version", marker.version);
  facts.add("marker configuration", marker.configuration);
  facts.add("marker personality", marker.personality);
  facts.add("marker choice", marker.run_time_choice ? "run-time" : "fixed");
  std::string ids;
  for (const MarkedId& id : marker.ids) {
    ids += fmt::format("{}{:04x}:{:04x}", ids.empty() ? "" : " ", id.vendor, id.device);
  }
  facts.add_known("marker ids", ids);
  if (marker.gives_rng) facts.add("marker gives", "rng");
}

void add_origin(const ImageReport& report, Facts& facts) {
  const Origin& origin = report.origin;
  facts.add_known("producer", origin.producer);
  facts.add_known("version", origin.version);
  if (report.pe) {
    facts.add("personality", std::string(personality_name(origin.personality)));
    facts.add_known("default personality", origin.default_personality);
  }
  for (const std::string& evidence : origin.evidence) {
    const std::size_t colon = evidence.find(": ");
    if (colon == std::string::npos) {
      facts.add("evidence " + evidence, "found");
    } else {
      facts.add("evidence " + evidence.substr(0, colon), evidence.substr(colon + 2));
    }
  }
  if (origin.marker) add_marker(*origin.marker, facts);
}

void add_pe(const ImageReport& report, Facts& facts) {
  facts.add_known("damaged", report.pe_error);
  if (!report.pe) return;
  const PeFacts& pe = *report.pe;
  facts.add("PE bytes", fmt::format("{}", report.pe_bytes));
  facts.add("memory bytes", fmt::format("{}", pe.info.memory_bytes));
  facts.add("NX_COMPAT", yes_or_no(pe.info.has_nx_compat));
  facts.add("signed", yes_or_no(pe.info.has_signature));
  facts.add("relocation bytes", fmt::format("{}", pe.relocation_bytes));
  facts.add("section alignment", fmt::format("{}", pe.section_alignment));
  for (const PeSection& section : pe.sections) {
    facts.add("section " + section.name,
              fmt::format("{} bytes at {:#x}, {} in the file, r{}{}", section.memory_bytes,
                          section.address, section.file_bytes, section.writable ? "w" : "-",
                          section.executable ? "x" : "-"));
  }
  facts.add_known("SBAT", pe.sbat);
  facts.add_known("build id", pe.build_id);
  facts.add_known("debug name", pe.debug_path);
}

Facts facts_of(const ImageReport& report, std::size_t number) {
  Facts facts;
  add_origin(report, facts);
  facts.add("image number", fmt::format("{}", number));
  add_header(report, facts);
  add_pe(report, facts);
  return facts;
}

// The first byte that differs, with its offset in the name.
void compare_bytes(std::string_view what, std::string_view a, std::string_view b,
                   std::vector<RomDifference>& out) {
  if (a == b) return;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const auto byte = [at](std::string_view side) {
    return at < side.size() ? fmt::format("{:02x}", static_cast<unsigned char>(side[at]))
                            : std::string("end");
  };
  out.push_back({.field = fmt::format("{}, first different byte, at {:#x}", what, at),
                 .a = byte(a),
                 .b = byte(b)});
}

// What the comparison of code looks at. ROM headers count units of 512 bytes, so what an image
// stored uncompressed has behind its PE file may be padding; bytes that the PE headers count are
// never taken for it.
std::string code_of(const ImageReport& report) {
  if (!report.image.is_efi()) return std::string(as_text(report.image.bytes));
  auto pe = pe_of(report.image);
  if (!pe) return std::string(as_text(report.image.bytes));
  if (!report.pe) return *std::move(pe);
  const std::size_t behind = pe->find_last_not_of(std::string_view("\0\xff", 2)) + 1;
  const std::uint64_t needed = std::max<std::uint64_t>(behind, report.pe->info.file_bytes_needed);
  if (needed < pe->size()) pe->resize(needed);
  return *std::move(pe);
}

std::string_view code_word(const ImageDiff& image) {
  return image.is_efi ? "EFI code" : "image";
}

void compare_code(const ImageReport& a, const ImageReport& b, ImageDiff& out) {
  const std::string code_a = code_of(a);
  const std::string code_b = code_of(b);
  out.same_code = code_a == code_b;
  compare_bytes(code_word(out), code_a, code_b, out.differences);
}

struct Pair {
  std::optional<std::size_t> a;
  std::optional<std::size_t> b;
};

bool is_paired(const std::vector<Pair>& pairs, std::optional<std::size_t> Pair::* side,
               std::size_t number) {
  return std::ranges::any_of(pairs, [&](const Pair& pair) { return pair.*side == number; });
}

// Pairs the images that have none yet with those for which `name` is the same, in their order.
template <class Name>
void pair_up(const RomReport& a, const RomReport& b, Name name, std::vector<Pair>& pairs) {
  for (std::size_t i = 0; i < a.images.size(); ++i) {
    if (is_paired(pairs, &Pair::a, i)) continue;
    for (std::size_t j = 0; j < b.images.size(); ++j) {
      if (is_paired(pairs, &Pair::b, j) || name(a.images[i]) != name(b.images[j])) continue;
      pairs.push_back({.a = i, .b = j});
      break;
    }
  }
}

std::vector<Pair> pair_images(const RomReport& a, const RomReport& b) {
  std::vector<Pair> pairs;
  pair_up(a, b, kind_of, pairs);
  pair_up(a, b, [](const ImageReport& report) { return type_of(report.image); }, pairs);
  for (std::size_t i = 0; i < a.images.size(); ++i) {
    if (!is_paired(pairs, &Pair::a, i)) pairs.push_back({.a = i, .b = {}});
  }
  std::ranges::sort(pairs, {}, &Pair::a);
  for (std::size_t i = 0; i < b.images.size(); ++i) {
    if (!is_paired(pairs, &Pair::b, i)) pairs.push_back({.a = {}, .b = i});
  }
  return pairs;
}

ImageDiff diff_images(const RomReport& a, const RomReport& b, const Pair& pair) {
  const ImageReport& one = pair.a ? a.images[*pair.a] : b.images[*pair.b];
  ImageDiff diff{.kind = kind_of(one), .is_efi = one.image.is_efi()};
  Facts facts_a;
  Facts facts_b;
  if (pair.a) {
    diff.a = *pair.a + 1;
    facts_a = facts_of(a.images[*pair.a], diff.a);
  }
  if (pair.b) {
    diff.b = *pair.b + 1;
    facts_b = facts_of(b.images[*pair.b], diff.b);
  }
  compare(facts_a, facts_b, diff.differences);
  if (pair.a && pair.b) compare_code(a.images[*pair.a], b.images[*pair.b], diff);
  return diff;
}

Facts file_facts(const RomReport& report) {
  Facts facts;
  facts.add("bytes", fmt::format("{}", report.file_bytes));
  if (!report.images.front().image.is_plain_pe) {
    facts.add("size class (BAR in QEMU)",
              fmt::format("{} KiB", qemu_bar_bytes(report.file_bytes) / 1024));
  }
  facts.add("images", fmt::format("{}", report.images.size()));
  facts.add("bytes behind the images", fmt::format("{}", report.file_bytes - report.chain_bytes));
  for (const RomProblem& problem : report.problems) {
    facts.add("damaged", fmt::format("offset {:#x}: {}", problem.offset, problem.what));
  }
  return facts;
}

// SBAT has several lines. (What reads the files replaces control characters.)
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

void format_differences(std::string& out, const std::vector<RomDifference>& differences) {
  for (const RomDifference& difference : differences) {
    out += fmt::format("  {}: {} -> {}\n", one_line(difference.field),
                       one_line(difference.a.value_or("(none)")),
                       one_line(difference.b.value_or("(none)")));
  }
}

std::string image_title(const ImageDiff& image) {
  const std::string& kind = image.kind;
  if (image.b == 0) return fmt::format("image {} of A, {}: B has none like it", image.a, kind);
  if (image.a == 0) return fmt::format("image {} of B, {}: A has none like it", image.b, kind);
  const std::string number = image.a == image.b
                                 ? fmt::format("image {}", image.a)
                                 : fmt::format("image {} of A, {} of B", image.a, image.b);
  return fmt::format("{}, {}: the {} {}{}", number, kind, code_word(image),
                     image.same_code ? "is the same bytes" : "differs",
                     image.same_code && image.is_efi ? ", unpacked" : "");
}

nlohmann::json json_differences(const std::vector<RomDifference>& differences) {
  nlohmann::json list = nlohmann::json::array();
  const auto side = [](const std::optional<std::string>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  for (const RomDifference& difference : differences) {
    list.push_back(
        {{"field", difference.field}, {"a", side(difference.a)}, {"b", side(difference.b)}});
  }
  return list;
}

}  // namespace

RomDiff diff_roms(std::string a_name, const OptionRom& a, std::string b_name, const OptionRom& b) {
  const RomReport report_a = report_rom(a_name, a);
  const RomReport report_b = report_rom(b_name, b);
  RomDiff diff{.a = std::move(a_name), .b = std::move(b_name)};
  compare(file_facts(report_a), file_facts(report_b), diff.file);
  compare_bytes("file", as_text(a.file), as_text(b.file), diff.file);
  for (const Pair& pair : pair_images(report_a, report_b)) {
    diff.images.push_back(diff_images(report_a, report_b, pair));
  }
  return diff;
}

std::string format_diff(const RomDiff& diff) {
  if (diff.same()) return fmt::format("{} and {} are the same bytes\n", diff.a, diff.b);
  std::string out = fmt::format("A: {}\nB: {}\nfile\n", diff.a, diff.b);
  format_differences(out, diff.file);
  for (const ImageDiff& image : diff.images) {
    out += image_title(image) + "\n";
    // Every fact of an image that one side lacks would only repeat `kedge rom info`.
    if (image.a != 0 && image.b != 0) format_differences(out, image.differences);
  }
  return out;
}

nlohmann::json json_diff(const RomDiff& diff) {
  const auto number = [](std::size_t value) {
    return value == 0 ? nlohmann::json() : nlohmann::json(value);
  };
  nlohmann::json json = {{"a", diff.a},
                         {"b", diff.b},
                         {"same", diff.same()},
                         {"differences", json_differences(diff.file)},
                         {"images", nlohmann::json::array()}};
  for (const ImageDiff& image : diff.images) {
    json["images"].push_back({{"kind", image.kind},
                              {"a", number(image.a)},
                              {"b", number(image.b)},
                              {"same_code", image.same_code},
                              {"differences", json_differences(image.differences)}});
  }
  return json;
}

}  // namespace kedge::host
