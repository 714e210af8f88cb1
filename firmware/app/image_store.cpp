// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_store.h"

#include <algorithm>

#include "app/app_errors.h"
#include "app/download_progress.h"
#include "app/initrd.h"
#include "async/wait.h"

namespace kedge::app {

using script::ImageId;

namespace {

/// What an image is, from its beginning.
image::Identity identify(const client::PageSink& data) noexcept {
  const std::uint64_t count = std::min<std::uint64_t>(data.size(), image::kIdentifyBytes);
  std::vector<std::byte> head(static_cast<std::size_t>(count));
  data.read(0, head);
  return image::identify(head, data.size());
}

}  // namespace

Result<wire::Uri> ImageStore::absolute(std::string_view text) const noexcept {
  KEDGE_TRY(wire::Uri uri, wire::Uri::parse(text));
  if (uri.is_absolute()) return uri;
  if (working_uri_.empty()) return fail(err::app_relative_uri);
  KEDGE_TRY(const wire::Uri base, wire::Uri::parse(working_uri_));
  return wire::resolve(base, uri);
}

async::Task<Result<ImageId>> ImageStore::fetch(script::FetchRequest request) noexcept {
  if (images_.size() >= kImagesMax) co_return fail(err::app_too_many_images);
  KEDGE_CO_TRY(const wire::Uri uri, absolute(request.uri));
  auto image = std::make_unique<Image>(ImageId{++last_id_}, pages_);
  image->name = request.name.empty() ? uri.last_segment() : std::string(request.name);
  if (image->name.size() > kNameMax) image->name.resize(kNameMax);
  const auto progress = std::make_unique<DownloadProgress>(
      console_, clock_, image->name.empty() ? format("{}", uri) : image->name, request.quiet);
  const Result<wire::Uri> final_uri =
      co_await downloader_.download(uri, request.timeout, image->data, *progress);
  if (!final_uri.ok()) {
    progress->failed();
    co_return final_uri.error();
  }
  progress->finished();
  image->uri = final_uri->to_string();
  // The newest image takes the name; a running script of that name stays until it ends.
  if (const ImageId old = find(image->name); old != ImageId::none) free(old);
  images_.push_back(std::move(image));
  co_return images_.back()->id;
}

ImageStore::Image* ImageStore::get(ImageId id) noexcept {
  const auto found = std::ranges::find(images_, id, &Image::id);
  return found == images_.end() ? nullptr : found->get();
}

ImageId ImageStore::find(std::string_view name) noexcept {
  for (const auto& image : images_) {
    if (image->name == name && !image->free_when_released) return image->id;
  }
  return ImageId::none;
}

std::optional<script::ImageInfo> ImageStore::describe(ImageId id) noexcept {
  Image* image = get(id);
  if (image == nullptr) return std::nullopt;
  script::ImageInfo info;
  info.id = id;
  info.name = image->name;
  info.uri = image->uri;
  info.arguments = image->arguments;
  info.bytes = image->data.size();
  info.type = std::string(identify(image->data).type_name());
  info.selected = id == selected_;
  info.free_after_use = image->free_after_use;
  return info;
}

std::vector<ImageId> ImageStore::list() noexcept {
  std::vector<ImageId> ids;
  for (const auto& image : images_) {
    if (!image->free_when_released) ids.push_back(image->id);
  }
  return ids;
}

void ImageStore::set_arguments(ImageId id, std::string arguments) noexcept {
  if (Image* image = get(id)) image->arguments = std::move(arguments);
}

void ImageStore::set_free_after_use(ImageId id, bool enabled) noexcept {
  if (Image* image = get(id)) image->free_after_use = enabled;
}

void ImageStore::free(ImageId id) noexcept {
  Image* image = get(id);
  if (image == nullptr) return;
  if (id == selected_) selected_ = ImageId::none;
  if (image->holds > 0) {
    image->free_when_released = true;
    return;
  }
  std::erase_if(images_, [id](const auto& candidate) { return candidate->id == id; });
}

ByteView ImageStore::content(ImageId id) noexcept {
  Image* image = get(id);
  if (image == nullptr) return {};
  const Result<ByteView> bytes = image->data.contiguous();
  return bytes.ok() ? *bytes : ByteView();
}

void ImageStore::hold(ImageId id) noexcept {
  if (Image* image = get(id)) ++image->holds;
}

void ImageStore::release(ImageId id) noexcept {
  Image* image = get(id);
  if (image == nullptr || image->holds == 0) return;
  if (--image->holds == 0 && image->free_when_released) free(id);
}

async::Task<Result<void>> ImageStore::execute(ImageId id) noexcept {
  Image* image = get(id);
  if (image == nullptr) co_return fail(err::app_nothing_selected);
  hold(id);
  // Outside of the loop: the image may call us (PXE Base Code), and then the loop has to turn.
  Result<void> result;
  const auto run = [&] { result = start(*image); };
  co_await async::outside_loop(run);
  const bool free_now = image->free_after_use;
  release(id);
  if (free_now) free(id);
  co_return result;
}

Result<void> ImageStore::start(Image& image) noexcept {
  const image::Identity identity = identify(image.data);
  if (const Result<void> startable = identity.check_startable(machine_); !startable.ok()) {
    format_to(console_, "{}: {}\n", image.name, identity.why_not_startable(machine_));
    return startable;
  }
  KEDGE_TRY(const ByteView bytes, image.data.contiguous());
  InitrdFiles files;
  for (const auto& other : images_) {
    const bool is_script = identify(other->data).kind == image::Kind::script;
    if (other.get() == &image || other->holds > 0 || is_script) continue;
    KEDGE_CHECK(files.add(other->name, other->arguments, other->data));
  }
  format_to(console_, "Starting {}{}{}\n", image.name, image.arguments.empty() ? "" : " ",
            image.arguments);
  const port::StartRequest request{bytes, image.name, image.uri, image.arguments, files.files()};
  // Linux brings its own drivers, and ExitBootServices silences our NICs: handing them to the
  // firmware first would only cost seconds. Everything else may want to use the network.
  const bool hand_over = !identity.linux_info.has_value();
  if (hand_over && !devices_.share_with_image(image.uri)) devices_.give_to_firmware();
  const Result<void> result = starter_.start(request);
  if (hand_over) devices_.take_back();
  return result;
}

}  // namespace kedge::app
