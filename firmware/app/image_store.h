// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageStore: the images that scripts have loaded, and how they are started.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/page_sink.h"
#include "image/identify.h"
#include "port/image_starter.h"
#include "script/environment.h"
#include "wire/uri.h"

namespace kedge::app {

/// Fetches a URI of any scheme; client::fetch in the application.
class Downloader {
 public:
  /// Returns the URI after redirects. `stall_timeout`: without progress; infinite: the protocol's
  /// own.
  virtual async::Task<Result<wire::Uri>> download(wire::Uri uri, Duration stall_timeout,
                                                  client::Sink& sink,
                                                  client::Progress& progress) noexcept = 0;

 protected:
  ~Downloader() = default;
};

/// Gives the NICs away while an image runs, and takes them back if it returns.
class DeviceHandover {
 public:
  /// Keeps the NICs and lets the image that came from `uri` use one of them beside us. False when
  /// that cannot be: then the firmware should have them.
  virtual bool share_with_image(std::string_view uri) noexcept = 0;
  virtual void give_to_firmware() noexcept = 0;
  virtual void take_back() noexcept = 0;

 protected:
  ~DeviceHandover() = default;
};

class ImageStore final : public script::Images {
 public:
  static constexpr std::size_t kImagesMax = 256;
  static constexpr std::size_t kNameMax = 255;

  ImageStore(Downloader& downloader, port::Pages& pages, port::ImageStarter& starter,
             DeviceHandover& devices, port::Console& console, Clock& clock,
             image::Machine machine) noexcept
      : downloader_(downloader),
        pages_(pages),
        starter_(starter),
        devices_(devices),
        console_(console),
        clock_(clock),
        machine_(machine) {}
  ~ImageStore() = default;

  async::Task<Result<script::ImageId>> fetch(script::FetchRequest request) noexcept override;
  script::ImageId find(std::string_view name) noexcept override;
  std::optional<script::ImageInfo> describe(script::ImageId image) noexcept override;
  std::vector<script::ImageId> list() noexcept override;
  script::ImageId selected() noexcept override { return selected_; }
  void select(script::ImageId image) noexcept override { selected_ = image; }
  void set_arguments(script::ImageId image, std::string arguments) noexcept override;
  void set_free_after_use(script::ImageId image, bool enabled) noexcept override;
  void free(script::ImageId image) noexcept override;
  async::Task<Result<void>> execute(script::ImageId image) noexcept override;
  ByteView content(script::ImageId image) noexcept override;
  void hold(script::ImageId image) noexcept override;
  void release(script::ImageId image) noexcept override;
  std::string working_uri() noexcept override { return working_uri_; }
  void set_working_uri(std::string uri) noexcept override { working_uri_ = std::move(uri); }

 private:
  struct Image {
    Image(script::ImageId image_id, port::Pages& pages) : id(image_id), data(pages) {}
    script::ImageId id;
    std::string name;
    std::string uri;
    std::string arguments;
    client::PageSink data;
    bool free_after_use = false;
    unsigned holds = 0;
    bool free_when_released = false;
  };

  Result<wire::Uri> absolute(std::string_view text) const noexcept;
  Image* get(script::ImageId image) noexcept;
  Result<void> start(Image& image) noexcept;

  Downloader& downloader_;
  port::Pages& pages_;
  port::ImageStarter& starter_;
  DeviceHandover& devices_;
  port::Console& console_;
  Clock& clock_;
  image::Machine machine_;
  std::vector<std::unique_ptr<Image>> images_;
  script::ImageId selected_ = script::ImageId::none;
  std::uint32_t last_id_ = 0;
  std::string working_uri_;
};

}  // namespace kedge::app
