// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// kedge-media: makes kedge.iso and kedge.img from UEFI applications.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "base/assert.h"
#include "media/media.h"

namespace kedge {
void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}
}  // namespace kedge

namespace {

using namespace kedge::host;

constexpr const char kUsage[] =
    "usage: kedge-media [--iso FILE] [--usb FILE] NAME=FILE...\n"
    "\n"
    "Makes an ISO image and a USB stick image that contain each FILE under its NAME,\n"
    "for example EFI/BOOT/BOOTX64.EFI=kedge.efi autoexec.ipxe=first.ipxe\n";

Outcome<void> make(const std::string& iso, const std::string& usb,
                   const std::vector<MediaFile>& files) {
  if (!iso.empty()) KEDGE_HOST_CHECK(make_iso_image(iso, files));
  if (!usb.empty()) KEDGE_HOST_CHECK(make_usb_image(usb, files));
  return {};
}

int report(const Failure& error) {
  std::fprintf(stderr, "kedge-media: %s\n%s%s", error.what.c_str(), error.advice.c_str(),
               error.advice.empty() ? "" : "\n");
  return 1;
}

int run(int count, char** words) {
  std::string iso, usb;
  std::vector<MediaFile> files;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if ((word == "--iso" || word == "--usb") && i + 1 < count) {
      (word == "--iso" ? iso : usb) = words[++i];
      continue;
    }
    auto file = parse_media_file(word);
    if (!file) return report(file.error());
    files.push_back(*std::move(file));
  }
  if (files.empty() || (iso.empty() && usb.empty())) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto made = make(iso, usb, files);
  return made ? 0 : report(made.error());
}

}  // namespace

int main(int count, char** words) {
  try {  // std::filesystem throws
    return run(count, words);
  } catch (const std::exception& error) {
    return report({.what = error.what()});
  }
}
