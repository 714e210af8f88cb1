// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "media/media.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "base/bytes.h"
#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

// The time stamp of everything in an image: the first second that FAT can express, 1980-01-01 UTC.
constexpr const char* kSourceDateEpoch = "315532800";

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kPartitionOffset =
    1u << 20;  // where every partitioning tool begins the first one
// El Torito (2.2) counts sectors of 512 bytes in 16 bits; keep the boot image of an ISO as small as
// its files.
constexpr std::uint64_t kIsoBytesMin = 1u << 20;

Outcome<void> run(std::vector<std::string> arguments) {
  KEDGE_HOST_TRY([[maybe_unused]] const auto output,
                 run_tool({.arguments = std::move(arguments)}, std::chrono::seconds(120)));
  return {};
}

// UEFI 2.10, 5.2.1: legacy MBR with one partition of type 0xEF.
std::array<std::byte, kSectorBytes> boot_record(std::uint32_t sector_count) {
  std::array<std::byte, kSectorBytes> sector{};
  ByteWriter out(sector);
  out.zeros(440);
  out.le32(0x4745444B);  // disk signature: any, but the same in each build
  out.le16(0);
  out.u8(0);  // not active: that is for BIOS
  // Cylinder, head and sector cannot express these; all ones says so.
  const auto no_geometry = [&] {
    out.u8(0xFE);
    out.u8(0xFF);
    out.u8(0xFF);
  };
  no_geometry();
  out.u8(0xEF);
  no_geometry();
  out.le32(static_cast<std::uint32_t>(kPartitionOffset / kSectorBytes));
  out.le32(sector_count);
  out.zeros(3 * 16);
  out.le16(0xAA55);
  return sector;
}

Outcome<void> set_time_stamp() {
  if (setenv("SOURCE_DATE_EPOCH", kSourceDateEpoch, 1) != 0 || setenv("TZ", "UTC", 1) != 0) {
    return errno_failure("cannot set SOURCE_DATE_EPOCH");
  }
  return {};
}

}  // namespace

Outcome<MediaFile> parse_media_file(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  if (equals == std::string_view::npos || name.empty() || equals + 1 == argument.size()) {
    return failure(fmt::format("'{}' is not NAME=FILE", argument));
  }
  if (name.size() > kMediaNameMax || name.front() == '/' ||
      name.find("..") != std::string_view::npos) {
    return failure(fmt::format("'{}' cannot be a file's name on the medium", name));
  }
  return MediaFile{.name = std::string(name), .source = std::string(argument.substr(equals + 1))};
}

Outcome<void> make_usb_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files) {
  KEDGE_HOST_CHECK(set_time_stamp());
  KEDGE_HOST_TRY(const TempDir directory, TempDir::create("kedge-media"));
  const std::filesystem::path partition = directory.path() / "partition";
  KEDGE_HOST_CHECK(make_fat_image(partition, files, kFat16BytesMin * 2));
  const std::uint64_t sectors = std::filesystem::file_size(partition) / kSectorBytes;
  if (sectors > std::numeric_limits<std::uint32_t>::max())
    return failure("the files are too large for an MBR partition");
  const auto record = boot_record(static_cast<std::uint32_t>(sectors));
  KEDGE_HOST_CHECK(write_file(image, as_text(record)));
  // conv=notrunc,sparse keeps what is already there, and holes.
  return run({"dd", "if=" + partition.string(), "of=" + image.string(), "bs=1M", "seek=1",
              "conv=notrunc,sparse", "status=none"});
}

Outcome<void> make_iso_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files) {
  KEDGE_HOST_CHECK(set_time_stamp());
  KEDGE_HOST_TRY(const TempDir directory, TempDir::create("kedge-media"));
  const std::filesystem::path boot_image = directory.path() / "boot";
  KEDGE_HOST_CHECK(make_fat_image(boot_image, files, kIsoBytesMin));
  std::filesystem::remove(image);
  std::vector<std::string> command = {
      "xorriso", "-as", "mkisofs", "-quiet", "-o", image.string(), "-V", "KEDGE", "-r", "-J",
      // One copy of the boot image, named by the boot catalogue and by the partition table.
      "-append_partition", "2", "0xef", boot_image.string(), "-appended_part_as_gpt", "-e",
      "--interval:appended_partition_2:all::", "-no-emul-boot",
      // Times and owners of the building machine stay out; -r has set the owner to root.
      "--set_all_file_dates", std::string("=") + kSourceDateEpoch, "-graft-points"};
  for (const MediaFile& file : files) command.push_back(file.name + "=" + file.source.string());
  KEDGE_HOST_TRY(const std::string output,
                 run_tool({.arguments = command}, std::chrono::seconds(120)));
  if (!std::filesystem::exists(image)) return failure("xorriso wrote no image", output);
  return {};
}

}  // namespace kedge::host
