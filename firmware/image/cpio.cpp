// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "image/cpio.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"
#include "image/image_errors.h"

namespace kedge::image {
namespace {

constexpr std::uint32_t kTypeFile = 0100000;
constexpr std::uint32_t kTypeFolder = 0040000;
constexpr std::uint32_t kFolderMode = 0755;
constexpr std::uint32_t kModeBits = 07777;
constexpr std::size_t kAlignment = 4;
constexpr std::string_view kTrailer = "TRAILER!!!";

void pad(std::string& text) {
  while (text.size() % kAlignment != 0) text += '\0';
}

/// A header with its name: fourteen fields, of which these matter.
void append_entry(std::string& archive, std::string_view name, std::uint32_t mode,
                  std::uint64_t file_bytes, std::uint32_t inode) {
  constexpr std::uint32_t kLinks = 1;
  archive += format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", inode, mode, 0u, 0u, kLinks,
                    0u, file_bytes);
  archive += format("{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", 0u, 0u, 0u, 0u, name.size() + 1, 0u);
  archive += name;
  archive += '\0';
  pad(archive);
}

std::string_view take_word(std::string_view& text) noexcept {
  constexpr std::string_view kSpaces = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  const std::size_t length = std::min(text.find_first_of(kSpaces), text.size());
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

template <class T>
bool parse_whole(std::string_view text, T& value, int radix) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<CpioMember> CpioMember::parse(std::string_view arguments) noexcept {
  CpioMember member;
  std::string_view path = take_word(arguments);
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty() || path.size() > kCpioNameMax || path.ends_with('/') ||
      path.find('\0') != path.npos) {
    return fail(err::image_bad_cpio_name);
  }
  member.path = path;
  for (auto word = take_word(arguments); !word.empty(); word = take_word(arguments)) {
    bool valid = false;
    if (word.starts_with("mode=")) {
      valid = parse_whole(word.substr(5), member.mode, 8) && (member.mode & ~kModeBits) == 0;
    } else if (word.starts_with("mkdir=")) {
      valid = parse_whole(word.substr(6), member.folders, 10) && member.folders >= kAllFolders;
    }
    if (!valid) return fail(err::image_bad_cpio_argument);
  }
  return member;
}

Result<std::string> cpio_before(const CpioMember& member, std::uint64_t file_bytes) noexcept {
  if (file_bytes > UINT32_MAX) return fail(err::image_cpio_too_large);
  std::string archive;
  std::uint32_t inode = 1;
  const auto depth = std::ranges::count(member.path, '/');
  const auto skipped = member.folders == CpioMember::kAllFolders
                           ? 0
                           : depth - std::min<std::ptrdiff_t>(depth, member.folders);
  std::ptrdiff_t seen = 0;
  for (std::size_t i = 0; i < member.path.size(); ++i) {
    if (member.path[i] != '/' || seen++ < skipped) continue;
    append_entry(archive, std::string_view(member.path).substr(0, i), kTypeFolder | kFolderMode, 0,
                 inode++);
  }
  append_entry(archive, member.path, kTypeFile | member.mode, file_bytes, inode);
  return archive;
}

std::string cpio_after(std::uint64_t file_bytes) noexcept {
  std::string end;
  append_entry(end, kTrailer, 0, 0, 0);
  return std::string((kAlignment - file_bytes % kAlignment) % kAlignment, '\0') + end;
}

}  // namespace kedge::image
