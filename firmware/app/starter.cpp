// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/starter.h"

#include <vector>

namespace kedge::app {
namespace {

class FileSource final : public uefi::Source {
 public:
  explicit FileSource(const port::ImageFile& file) noexcept : file_(file) {}
  std::uint64_t size() const noexcept override { return file_.bytes; }
  bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    if (offset > file_.bytes || out.size() > file_.bytes - offset) return false;
    file_.read(offset, out);
    return true;
  }

 private:
  const port::ImageFile& file_;
};

}  // namespace

Result<void> Starter::start(const port::StartRequest& request) noexcept {
  std::vector<FileSource> sources;
  sources.reserve(request.files.size());
  uefi::StartRequest start;
  start.image = request.image;
  start.name = std::string(request.name);
  start.uri = std::string(request.uri);
  start.arguments = std::string(request.arguments);
  start.device = network_ ? network_path_ : device_;
  start.network = network_;
  start.hand_back_network = false;
  for (const port::ImageFile& file : request.files) {
    sources.emplace_back(file);
    start.files.push_back({std::string(file.name), &sources.back()});
    if (file.initrd) start.initrds.push_back(&sources.back());
  }
  return starter_.start(start);
}

}  // namespace kedge::app
