// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/boot_media.h"

#include <fmt/format.h>

#include <set>

#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
// Geometry of mformat's -h and -s: one cylinder is 1 MiB.
constexpr std::uint64_t kHeads = 64;
constexpr std::uint64_t kSectorsPerTrack = 32;
constexpr std::uint64_t kCylinderBytes = kHeads * kSectorsPerTrack * kSectorBytes;
// Room for the file allocation tables, directories and cluster slack.
constexpr std::uint64_t kSlackCylinders = 4;
// The same for every image, so that the same files make the same image.
constexpr const char* kVolumeSerial = "4b454447";

Outcome<void> run(std::vector<std::string> arguments) {
  KEDGE_HOST_TRY([[maybe_unused]] const auto output,
                 run_tool({.arguments = std::move(arguments)}, std::chrono::seconds(120)));
  return {};
}

}  // namespace

Outcome<void> make_fat_image(const std::filesystem::path& image,
                             const std::vector<MediaFile>& files, std::uint64_t bytes_min) {
  std::uint64_t bytes = 0;
  std::set<std::string> directories;  // sorted: parents before children
  for (const MediaFile& file : files) {
    std::error_code error;
    bytes += std::filesystem::file_size(file.source, error) + kCylinderBytes / 8;
    if (error) {
      return failure(fmt::format("cannot read {}: {}", file.source.string(), error.message()));
    }
    for (auto at = file.name.find('/'); at != std::string::npos; at = file.name.find('/', at + 1)) {
      directories.insert(file.name.substr(0, at));
    }
  }
  const std::uint64_t cylinders =
      std::max(bytes * 101 / 100 / kCylinderBytes + kSlackCylinders, bytes_min / kCylinderBytes);
  KEDGE_HOST_CHECK(create_empty_file(image, cylinders * kCylinderBytes));
  KEDGE_HOST_CHECK(run({"mformat", "-i", image.string(), "-v", "KEDGE", "-N", kVolumeSerial, "-h",
                        std::to_string(kHeads), "-s", std::to_string(kSectorsPerTrack), "-T",
                        std::to_string(cylinders * kHeads * kSectorsPerTrack), "::"}));
  for (const std::string& directory : directories) {
    KEDGE_HOST_CHECK(run({"mmd", "-i", image.string(), "::/" + directory}));
  }
  for (const MediaFile& file : files) {
    KEDGE_HOST_CHECK(run({"mcopy", "-i", image.string(), file.source.string(), "::/" + file.name}));
  }
  return {};
}

std::vector<MediaFile> boot_media_files(Architecture architecture,
                                        const std::filesystem::path& application,
                                        const std::filesystem::path& script) {
  std::vector<MediaFile> files = {
      {.name = fmt::format("EFI/BOOT/{}", removable_media_file(architecture)),
       .source = application}};
  if (!script.empty()) {
    files.push_back({.name = "EFI/BOOT/autoexec.ipxe", .source = script});
    files.push_back({.name = "autoexec.ipxe", .source = script});
  }
  return files;
}

}  // namespace kedge::host
