// SPDX-License-Identifier: BSD-2-Clause-Patent
// InitrdFiles: loaded images as the files that a started image may read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/page_sink.h"
#include "port/image_starter.h"

namespace kedge::app {

class InitrdFiles {
 public:
  /// Adds an image. With `arguments` ("name mode=0755") it becomes a member of a cpio archive of
  /// that name in the initramfs; without, it is passed as it is. `data` must outlive this object.
  /// Errors: image_bad_cpio_name, image_bad_cpio_argument, image_cpio_too_large.
  Result<void> add(std::string_view name, std::string_view arguments,
                   const client::PageSink& data) noexcept;
  std::span<const port::ImageFile> files() const noexcept { return files_; }

 private:
  /// Header bytes, then the image, then padding and trailer.
  struct Piece {
    std::vector<std::byte> before;
    const client::PageSink* data;
    std::vector<std::byte> after;

    std::uint64_t size() const noexcept { return before.size() + data->size() + after.size(); }
    void operator()(std::uint64_t offset, ByteSpan out) const noexcept;
  };

  std::vector<std::unique_ptr<Piece>> pieces_;
  std::vector<port::ImageFile> files_;
};

}  // namespace kedge::app
