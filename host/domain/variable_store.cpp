// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/variable_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "domain/ftw_queue.h"
#include "domain/json_input.h"
#include "domain/qcow2.h"

namespace kedge::host {
namespace {

constexpr std::string_view kGlobalVendor = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::string_view kNvDataVolume = "fff12b8d-7696-4c8b-a985-2747075b4f50";
constexpr std::string_view kPlainStore = "ddcf3616-3275-4164-98b6-fe85707ffe7d";
constexpr std::string_view kAuthenticatedStore = "aaf32c78-947b-439a-a180-2e144ec37792";

constexpr std::uint16_t kVariableStart = 0x55aa;
constexpr std::uint8_t kStoreFormatted = 0x5a;
constexpr std::uint8_t kStoreHealthy = 0xfe;
// States are made by clearing bits of 0xff: added, then perhaps being deleted while its successor
// is written, then deleted.
constexpr std::uint8_t kAdded = 0x3f;
constexpr std::uint8_t kAddedInDeletion = 0x3e;

EfiGuid read_guid(ByteReader& reader) {
  EfiGuid guid{};
  const ByteView bytes = reader.bytes(guid.size());
  if (!bytes.empty()) std::memcpy(guid.data(), bytes.data(), guid.size());
  return guid;
}

struct Store {
  std::size_t offset = 0;  // of its header in the file
  std::size_t bytes = 0;
  bool authenticated = false;
  bool volume_header = false;  // found behind a firmware volume's header
};

// The header of a variable store at `offset`, if there is one.
std::optional<Store> store_at(ByteView file, std::size_t offset) {
  if (offset > file.size()) return std::nullopt;
  ByteReader reader(file.subspan(offset));
  const std::string guid = format_guid(read_guid(reader));
  Store store{
      .offset = offset, .bytes = reader.le32(), .authenticated = guid == kAuthenticatedStore};
  const std::uint8_t format = reader.u8();
  const std::uint8_t state = reader.u8();
  constexpr std::size_t kHeaderBytes = 28;
  const bool known = store.authenticated || guid == kPlainStore;
  if (!reader.ok() || !known || format != kStoreFormatted || state != kStoreHealthy ||
      store.bytes < kHeaderBytes || store.bytes > file.size() - offset) {
    return std::nullopt;
  }
  return store;
}

// The variable store in the volume whose header is at `offset`.
std::optional<Store> store_in_volume(ByteView file, std::size_t offset) {
  if (offset > file.size()) return std::nullopt;
  ByteReader reader(file.subspan(offset));
  reader.skip(16);
  const bool right = format_guid(read_guid(reader)) == kNvDataVolume;
  reader.skip(8);
  const bool is_volume = as_text(reader.bytes(4)) == "_FVH";
  reader.skip(4);
  const std::size_t header = reader.le16();
  if (!reader.ok() || !right || !is_volume) return std::nullopt;
  auto store = store_at(file, offset + header);
  if (store) store->volume_header = true;
  return store;
}

// The store in the spare area, which begins with a volume header of its own, behind the store that
// it is to replace.
std::optional<Store> find_spare(ByteView file) {
  constexpr std::size_t kBlock = 4096;
  constexpr std::size_t kSearched = 4U << 20;
  for (std::size_t at = kBlock; at < std::min(file.size(), kSearched); at += kBlock) {
    if (auto store = store_in_volume(file, at)) return store;
  }
  return std::nullopt;
}

// The store at the file's beginning; or the spare one, when the other was lost in the middle of a
// rewrite, or the firmware has yet to copy the spare one over it.
std::optional<Store> find_store(ByteView file, VariableStore& result) {
  auto store = store_in_volume(file, 0);
  if (!store) store = store_at(file, 0);
  if (store && !find_pending_write(file)) return store;
  auto spare = find_spare(file);
  if (!spare) return store;
  result.from_spare = true;
  return spare;
}

// Debian's template for AArch64 is all zeros.
bool is_blank(ByteView file) {
  return !file.empty() && (file[0] == std::byte{0} || file[0] == std::byte{0xff}) &&
         std::ranges::all_of(file, [first = file[0]](std::byte byte) { return byte == first; });
}

enum class Step : std::uint8_t { next, end };

Step read_variable(ByteReader& reader, const Store& store, VariableStore& result,
                   std::vector<bool>& in_deletion) {
  EfiVariable variable{.offset = store.offset + reader.offset()};
  const std::size_t begin = reader.offset();
  const auto problem = [&](std::string_view what) {
    result.problems.push_back(
        fmt::format("offset {:#x}: {}; what follows was not read", variable.offset, what));
    return Step::end;
  };
  if (reader.le16() != kVariableStart || !reader.ok()) return Step::end;  // free space
  const std::uint8_t state = reader.u8();
  reader.skip(1);
  variable.attributes = reader.le32();
  constexpr std::size_t kAuthenticationBytes = 8 + 16 + 4;  // count, time, index of the key
  if (store.authenticated) reader.skip(kAuthenticationBytes);
  const std::size_t name_bytes = reader.le32();
  const std::size_t data_bytes = reader.le32();
  variable.vendor = read_guid(reader);
  if (!reader.ok()) return problem("the store ends in a variable's header");
  if (name_bytes > 2 * kVariableNameMax || name_bytes % 2 != 0) {
    return problem("a variable's name has an impossible length");
  }
  variable.name = utf16_text(reader.bytes(name_bytes));
  variable.data = std::string(as_text(reader.bytes(data_bytes)));
  if (!reader.ok()) return problem("a variable is longer than the store");
  constexpr std::size_t kAlignment = 4;
  const std::size_t padding = (kAlignment - (reader.offset() - begin) % kAlignment) % kAlignment;
  reader.skip(std::min(padding, reader.remaining()));
  if (state == kAdded || state == kAddedInDeletion) {
    if (result.variables.size() >= kVariablesMax) return problem("too many variables");
    result.variables.push_back(std::move(variable));
    in_deletion.push_back(state == kAddedInDeletion);
  }
  return Step::next;
}

// A variable whose deletion was begun counts only if its successor is not there.
void drop_replaced(VariableStore& result, const std::vector<bool>& in_deletion) {
  std::vector<EfiVariable> kept;
  for (std::size_t i = 0; i < result.variables.size(); ++i) {
    const EfiVariable& old = result.variables[i];
    bool replaced = false;
    for (std::size_t j = 0; in_deletion[i] && j < result.variables.size(); ++j) {
      replaced |= !in_deletion[j] && result.variables[j].name == old.name &&
                  result.variables[j].vendor == old.vendor;
    }
    if (!replaced) kept.push_back(old);
  }
  result.variables = std::move(kept);
}

Outcome<std::string> from_hex(const std::string& text) {
  std::string bytes;
  if (text.size() % 2 != 0) return failure("data with an odd number of hexadecimal digits");
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return failure("data that is not hexadecimal");
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

// QEMU's docs/interop/firmware or hw/uefi: {"version": 2, "variables": [{name, guid, attr, data}]}.
Outcome<VariableStore> parse_json_store(std::string_view text) {
  constexpr std::size_t kJsonBytesMax = 8U << 20;
  constexpr int kDepthMax = 8;
  KEDGE_HOST_TRY(const nlohmann::json root, parse_json(text, kJsonBytesMax, kDepthMax));
  if (!root.is_object() || !root.contains("variables") || !root["variables"].is_array()) {
    return failure("JSON, but without the array \"variables\" of QEMU's variable stores");
  }
  VariableStore store{.form = "QEMU's uefi-vars (JSON)", .variables = {}, .problems = {}};
  for (const nlohmann::json& item : root["variables"]) {
    if (store.variables.size() >= kVariablesMax) return failure("too many variables");
    if (!item.is_object()) return failure("a variable that is no JSON object");
    const auto text_at = [&item](const char* key) {
      const auto found = item.find(key);
      return found != item.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    EfiVariable variable{.name = text_at("name"), .vendor = parse_guid(text_at("guid"))};
    if (variable.name.empty()) return failure("a variable without a name");
    if (const auto attributes = item.find("attr");
        attributes != item.end() && attributes->is_number_unsigned()) {
      variable.attributes = attributes->get<std::uint32_t>();
    }
    auto data = from_hex(text_at("data"));
    if (!data) return failure(fmt::format("variable {}: {}", variable.name, data.error().what));
    variable.data = *std::move(data);
    store.variables.push_back(std::move(variable));
  }
  return store;
}

Outcome<VariableStore> parse_flash_store(ByteView file) {
  VariableStore result;
  const std::optional<Store> store = find_store(file, result);
  if (!store && is_blank(file)) {
    result.form = "blank, the firmware formats it at the first start";
    return result;
  }
  if (!store) return failure("offset 0x0: no UEFI variable store begins here");
  result.form = fmt::format("{} variables, {} KiB store",
                            store->authenticated ? "authenticated" : "plain", store->bytes / 1024);
  constexpr std::size_t kHeaderBytes = 28;
  ByteReader reader(file.subspan(store->offset, store->bytes));
  reader.skip(kHeaderBytes);
  std::vector<bool> in_deletion;
  do {
    result.end = store->offset + reader.offset();
  } while (reader.ok() && read_variable(reader, *store, result, in_deletion) == Step::next);
  drop_replaced(result, in_deletion);
  return result;
}

}  // namespace

const EfiVariable* VariableStore::find(std::string_view name, std::string_view vendor) const {
  const EfiGuid guid = parse_guid(vendor.empty() ? kGlobalVendor : vendor);
  const auto found = std::ranges::find_if(variables, [&](const EfiVariable& variable) {
    return variable.name == name && variable.vendor == guid;
  });
  return found == variables.end() ? nullptr : &*found;
}

Outcome<VariableStore> parse_variable_store(ByteView file) {
  const std::string_view text = as_text(file);
  if (const auto first = text.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && text[first] == '{') {
    return parse_json_store(text);
  }
  if (is_qcow2(file)) {
    KEDGE_HOST_TRY(const std::string content, read_qcow2(file, kVariableStoreBytesMax));
    KEDGE_HOST_TRY(VariableStore store, parse_flash_store(as_byte_view(content)));
    store.form += ", in a qcow2 image";
    return store;
  }
  return parse_flash_store(file);
}

std::string format_guid(const EfiGuid& g) {
  return fmt::format(
      "{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-"
      "{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}",
      g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
      g[15]);
}

EfiGuid parse_guid(std::string_view text) {
  constexpr std::size_t kTextBytes = 36;
  // Where each byte's digits stand: the first three groups are little endian.
  constexpr std::array<std::size_t, 16> kPlaces = {6,  4,  2,  0,  11, 9,  16, 14,
                                                   19, 21, 24, 26, 28, 30, 32, 34};
  EfiGuid guid{};
  if (text.size() != kTextBytes) return guid;
  for (std::size_t i = 0; i < guid.size(); ++i) {
    const auto byte = from_hex(std::string(text.substr(kPlaces[i], 2)));
    if (!byte) return {};
    guid[i] = static_cast<std::uint8_t>(byte->front());
  }
  return guid;
}

std::string utf16_text(ByteView bytes) {
  std::string text;
  ByteReader reader(bytes);
  while (reader.remaining() >= 2) {
    std::uint32_t c = reader.le16();
    if (c == 0) break;
    constexpr std::uint32_t kHigh = 0xd800;
    constexpr std::uint32_t kLow = 0xdc00;
    if (c >= kHigh && c < 0xe000) {
      const std::uint32_t second = c < kLow && reader.remaining() >= 2 ? reader.le16() : 0;
      const bool pair = second >= kLow && second < 0xe000;
      c = pair ? 0x10000 + ((c - kHigh) << 10) + (second - kLow) : 0xfffd;
    }
    const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6);
      put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12);
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    }
  }
  return text;
}

}  // namespace kedge::host
