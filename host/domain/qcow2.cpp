// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/qcow2.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kedge::host {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "QFI\xfb"sv;
constexpr unsigned kClusterBitsMin = 9;
constexpr unsigned kClusterBitsMax = 21;
constexpr std::size_t kEntryBytes = 8;  // of both tables

// Bits of table entries.
constexpr std::uint64_t kOffset = 0x00ff'ffff'ffff'fe00;
constexpr std::uint64_t kCompressed = std::uint64_t{1} << 62;
constexpr std::uint64_t kZeros = 1;
// Features without which an image cannot be read.
constexpr std::uint64_t kDirty = 1;
constexpr std::uint64_t kCompressionType = 8;

struct Header {
  std::uint64_t backing_offset = 0;
  unsigned cluster_bits = 0;
  std::uint64_t bytes = 0;
  std::uint32_t encryption = 0;
  std::uint32_t first_entries = 0;
  std::uint64_t first_offset = 0;
  std::uint64_t features = 0;
};

std::unexpected<Failure> damage(std::uint64_t offset, const std::string& what) {
  return failure(fmt::format("qcow2 image, offset {:#x}: {}", offset, what),
                 "`qemu-img check FILE` says more; `qemu-img convert -O raw FILE COPY` makes a "
                 "copy that Kedge reads.");
}

Outcome<Header> read_header(ByteView file, std::size_t bytes_max) {
  ByteReader reader(file);
  reader.skip(kMagic.size());
  const std::uint32_t version = reader.be32();
  Header header{.backing_offset = reader.be64()};
  reader.skip(4);
  header.cluster_bits = reader.be32();
  header.bytes = reader.be64();
  header.encryption = reader.be32();
  header.first_entries = reader.be32();
  header.first_offset = reader.be64();
  reader.skip(24);  // reference counts, snapshots
  if (version == 3) header.features = reader.be64();
  if (!reader.ok()) return damage(reader.offset(), "the file ends in the header");
  if (version != 2 && version != 3) return damage(4, fmt::format("version {}", version));
  if (header.backing_offset != 0) return damage(8, "it is an overlay of another image");
  if (header.cluster_bits < kClusterBitsMin || header.cluster_bits > kClusterBitsMax) {
    return damage(20, fmt::format("clusters of 2^{} bytes", header.cluster_bits));
  }
  if (header.bytes > bytes_max) {
    return damage(24, fmt::format("{} bytes large; {} is the limit", header.bytes, bytes_max));
  }
  if (header.encryption != 0) return damage(32, "it is encrypted");
  if ((header.features & ~(kDirty | kCompressionType)) != 0) {
    return damage(72, fmt::format("features {:#x}, which Kedge does not know", header.features));
  }
  return header;
}

class Image {
 public:
  Image(ByteView file, const Header& header)
      : file_(file), header_(header), cluster_bytes_(std::size_t{1} << header.cluster_bits) {}

  Outcome<std::string> read() {
    std::string content(header_.bytes, '\0');
    for (std::size_t at = 0; at < content.size(); at += cluster_bytes_) {
      KEDGE_HOST_TRY(const std::uint64_t place, find(at / cluster_bytes_));
      if (place == 0) continue;
      const std::size_t bytes = std::min(cluster_bytes_, content.size() - at);
      // The image's last cluster may end with the file.
      if (place >= file_.size()) return damage(place, "data behind the end of the file");
      const std::size_t there = std::min<std::size_t>(bytes, file_.size() - place);
      const std::string_view data = as_text(file_.subspan(place, there));
      std::ranges::copy(data, content.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return content;
  }

 private:
  Outcome<std::uint64_t> entry(std::uint64_t table, std::uint64_t index) const {
    const std::uint64_t at = table + index * kEntryBytes;
    if (table > file_.size() || at + kEntryBytes > file_.size()) {
      return damage(at, "a table behind the end of the file");
    }
    ByteReader reader(file_.subspan(at, kEntryBytes));
    return reader.be64();
  }

  // Where a cluster's data are in the file; 0: it is all zeros.
  Outcome<std::uint64_t> find(std::size_t cluster) const {
    const std::size_t per_table = cluster_bytes_ / kEntryBytes;
    const std::size_t first = cluster / per_table;
    if (first >= header_.first_entries) return damage(36, "the first table is too small");
    KEDGE_HOST_TRY(const std::uint64_t table, entry(header_.first_offset, first));
    if ((table & kOffset) == 0) return 0;
    KEDGE_HOST_TRY(const std::uint64_t place, entry(table & kOffset, cluster % per_table));
    if ((place & kCompressed) != 0) {
      return damage((table & kOffset) + cluster % per_table * kEntryBytes,
                    "a compressed cluster, which Kedge does not unpack");
    }
    return (place & kZeros) != 0 ? 0 : place & kOffset;
  }

  ByteView file_;
  Header header_;
  std::size_t cluster_bytes_;
};

}  // namespace

bool is_qcow2(ByteView file) {
  return as_text(file).starts_with(kMagic);
}

Outcome<std::string> read_qcow2(ByteView file, std::size_t bytes_max) {
  KEDGE_HOST_TRY(const Header header, read_header(file, bytes_max));
  return Image(file, header).read();
}

}  // namespace kedge::host
