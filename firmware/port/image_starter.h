// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageStarter: runs a boot image that is in memory. The firmware's LoadImage decides whether it
// may.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"

namespace kedge::port {

/// A loaded file that the started image may read: initrds, in order. Need not be contiguous.
struct ImageFile {
  std::string_view name;  ///< in the virtual file system, for `initrd=name`
  std::uint64_t bytes = 0;
  /// Copies `out.size()` bytes from `offset`; both lie within the file.
  FunctionRef<void(std::uint64_t offset, ByteSpan out)> read;
  /// Part of the initrd that Linux gets by LoadFile2.
  bool initrd = true;
};

struct StartRequest {
  ByteView image;              ///< the PE image
  std::string_view name;       ///< file name shown in the device path
  std::string_view uri;        ///< where it came from
  std::string_view arguments;  ///< command line without the name; empty: none
  std::span<const ImageFile> files;
};

class ImageStarter {
 public:
  /// Runs the image. Success: it ran and returned success. Errors tell refusal (Secure Boot, other
  /// machine) from a failure that the image itself returned. Network devices must have been made
  /// ready for it before; `request` must stay valid until it returns. The loop must not be running.
  virtual Result<void> start(const StartRequest& request) noexcept = 0;

 protected:
  ~ImageStarter() = default;
};

}  // namespace kedge::port
