// SPDX-License-Identifier: BSD-2-Clause-Patent
// Environment: what script commands may do to the world. app/ implements it, tests fake it.
//
// Whatever takes time shows its own progress on the console (the same functions serve a boot
// without any script), so commands print only results. All tasks end early with async_cancelled
// when their scope is cancelled (Ctrl-C). Views that a call takes stay valid until its task has
// ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/bytes.h"
#include "base/time.h"
#include "port/console.h"
#include "port/power.h"
#include "wire/ip.h"

namespace kedge::script {

class SettingsTree;

/// A downloaded image, never reused for another one. `none` names no image.
enum class ImageId : std::uint32_t { none = 0 };

struct ImageInfo {
  ImageId id = ImageId::none;
  std::string name;       ///< what commands call it; unique, the newest image takes the name
  std::string uri;        ///< absolute
  std::string type;       ///< "script", "EFI", ... ; empty when unknown
  std::string arguments;  ///< command line of a kernel; "name mode=0755" of an initrd
  std::uint64_t bytes = 0;
  bool selected = false;
  bool free_after_use = false;  ///< --autofree
};

struct FetchRequest {
  std::string_view uri{};   ///< as written; relative ones resolve against working_uri()
  std::string_view name{};  ///< empty: the last part of the URI's path
  Duration timeout = Duration::infinite();  ///< without progress, not for the whole transfer
  bool quiet = false;                       ///< no progress
};

/// The images in memory and the ways to start them.
class Images {
 public:
  /// Downloads an image and registers it; an older image of the same name is freed first.
  virtual async::Task<Result<ImageId>> fetch(FetchRequest request) noexcept = 0;
  /// The image called `name`, or none.
  virtual ImageId find(std::string_view name) noexcept = 0;
  virtual std::optional<ImageInfo> describe(ImageId image) noexcept = 0;
  /// All images in the order in which they were registered: initrds are passed in this order.
  virtual std::vector<ImageId> list() noexcept = 0;

  /// Exactly one image or none is selected: the one that `boot` starts.
  virtual ImageId selected() noexcept = 0;
  virtual void select(ImageId image) noexcept = 0;
  virtual void set_arguments(ImageId image, std::string arguments) noexcept = 0;
  /// Notes that the image is to be freed when its execution has ended; the interpreter does that.
  virtual void set_free_after_use(ImageId image, bool enabled) noexcept = 0;
  virtual void free(ImageId image) noexcept = 0;

  /// Starts an image that is not a script. Success means that it ran and returned success.
  virtual async::Task<Result<void>> execute(ImageId image) noexcept = 0;
  /// All bytes of an image; valid until it is freed, which does not happen while a script runs from
  /// it: hold() and release() enclose that.
  virtual ByteView content(ImageId image) noexcept = 0;
  virtual void hold(ImageId image) noexcept = 0;
  virtual void release(ImageId image) noexcept = 0;

  /// What relative URIs are relative to; the URI of the running script. Empty: none.
  virtual std::string working_uri() noexcept = 0;
  virtual void set_working_uri(std::string uri) noexcept = 0;

 protected:
  ~Images() = default;
};

struct InterfaceInfo {
  std::string name;    ///< "net0"
  std::string mac;     ///< "52:54:00:12:34:56"
  std::string driver;  ///< "virtio-net"
  std::string bus;     ///< "0000:00:03.0"
  std::string vlan;    ///< "42", "42:5" with a priority; empty: none
  bool open = false;
  bool link_up = false;
  std::string link_detail;             ///< why there is no link, or its speed; may be empty
  std::vector<std::string> addresses;  ///< "10.0.2.15/24 gw 10.0.2.2"
  std::uint64_t transmitted = 0;       ///< frames
  std::uint64_t transmit_errors = 0;
  std::uint64_t received = 0;
  std::uint64_t receive_errors = 0;
};

struct ConfigureRequest {
  std::string_view configurator{};  ///< "dhcp", "ipv6", ...; empty: all of them
  std::optional<Duration>
      timeout{};  ///< of the whole configuration; absent: the configurator's own
};

/// Network interfaces, by index 0..count()-1.
class Interfaces {
 public:
  virtual std::size_t count() noexcept = 0;
  virtual InterfaceInfo describe(std::size_t index) noexcept = 0;
  /// Opens the interface and makes it `netX`; settings such as net0/ip apply. Idempotent.
  virtual async::Task<Result<void>> open(std::size_t index) noexcept = 0;
  virtual void close(std::size_t index) noexcept = 0;
  virtual async::Task<Result<void>> wait_link(std::size_t index,
                                              std::optional<Duration> timeout) noexcept = 0;
  /// Opens the interface if needed, waits for its link and obtains addresses. Says on the console
  /// why it failed: when several interfaces are tried, only the last error is returned.
  virtual async::Task<Result<void>> configure(std::size_t index,
                                              ConfigureRequest request) noexcept = 0;
  /// One line per route, in words.
  virtual std::vector<std::string> routes() noexcept = 0;
  /// The addresses of a host name, best first, at least one.
  virtual async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name) noexcept = 0;

 protected:
  ~Interfaces() = default;
};

/// Everything a command may touch. References outlive every interpreter that uses them.
struct Environment {
  Images& images;
  Interfaces& interfaces;
  SettingsTree& settings;
  port::Console& console;
  port::Input& input;
  port::Power& power;
};

}  // namespace kedge::script
