// SPDX-License-Identifier: BSD-2-Clause-Patent
// A world for scripts to act on, for tests and fuzz targets: served files, two interfaces of which
// the second has a DHCP server, keys at given times, and a console that remembers.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "async/wait.h"
#include "base/log.h"
#include "script/environment.h"
#include "script/interpreter.h"
#include "tests/fake/sim_clock.h"

namespace kedge::script {

inline constexpr ErrorSite kFakeNotFound{site_code(ErrorKind::not_found, Module::host, 200),
                                         "no such file on the server", "Ask the server's keeper."};
inline constexpr ErrorSite kFakeNoServer{site_code(ErrorKind::timed_out, Module::host, 201),
                                         "no DHCP server answered", ""};
inline constexpr ErrorSite kFakeBadImage{site_code(ErrorKind::unsupported, Module::host, 202),
                                         "image is for another machine", ""};

class FakeConsole final : public port::Console {
 public:
  void append(std::string_view text) noexcept override {
    if (output.size() < kOutputMax) output += text;
  }
  void rewrite_line(std::string_view text) noexcept override {
    output.resize(output.rfind('\n') + 1);
    append(text);
  }
  unsigned columns() const noexcept override { return 80; }

  static constexpr std::size_t kOutputMax = 1024 * 1024;
  std::string output;
};

class FakeInput final : public port::Input {
 public:
  /// A key that is there from the beginning.
  void press(char32_t key) {
    keys_.push_back({key});
    pressed_.notify_all();
  }
  void type(std::string_view text) {
    for (const char character : text) press(static_cast<unsigned char>(character));
  }
  std::optional<port::Key> poll_key() noexcept override {
    if (keys_.empty()) return std::nullopt;
    const port::Key key = keys_.front();
    keys_.pop_front();
    return key;
  }
  async::Task<Result<port::Key>> read_key(Instant deadline) noexcept override {
    while (keys_.empty()) KEDGE_CO_CHECK(co_await pressed_.wait_until(deadline));
    co_return *poll_key();
  }

 private:
  std::deque<port::Key> keys_;
  async::Signal pressed_;
};

class FakePower final : public port::Power {
 public:
  Result<void> reboot(Reset kind) noexcept override {
    calls += kind == Reset::warm ? "warm " : kind == Reset::cold ? "cold " : "setup ";
    return {};
  }
  Result<void> power_off() noexcept override {
    calls += "off ";
    return {};
  }
  std::string calls;
};

class FakeImages final : public Images {
 public:
  struct Served {
    std::string content;
    Duration delay = Duration::milliseconds(10);
  };
  struct Image {
    ImageInfo info;
    std::string content;
    int holds = 0;
    bool gone = false;
  };

  std::map<std::string, Served, std::less<>> server;
  std::list<Image> images;
  /// What was executed: "kernel args [initrd args] [initrd]".
  std::vector<std::string> executed;

  ImageId add(std::string name, std::string uri, std::string content) {
    for (Image& image : images) {
      if (image.info.name == name) image.gone = true;
    }
    purge();
    Image& image = images.emplace_back();
    image.info.id = ImageId{next_++};
    image.info.name = std::move(name);
    image.info.uri = std::move(uri);
    image.info.bytes = content.size();
    image.info.type = content.starts_with("#!ipxe") ? "script" : "EFI";
    image.content = std::move(content);
    return image.info.id;
  }

  async::Task<Result<ImageId>> fetch(FetchRequest request) noexcept override {
    std::string uri(request.uri);
    std::string name(request.name);
    if (uri.find("://") == std::string::npos)
      uri = working_uri_.substr(0, working_uri_.rfind('/') + 1) + uri;
    if (name.empty()) name = uri.substr(uri.rfind('/') + 1);
    const auto served = server.find(uri);
    const Duration delay =
        served == server.end() ? Duration::milliseconds(1) : served->second.delay;
    KEDGE_CO_CHECK(co_await async::sleep_for(delay));
    if (served == server.end()) co_return fail(kFakeNotFound, 404);
    co_return add(std::move(name), std::move(uri), served->second.content);
  }
  ImageId find(std::string_view name) noexcept override {
    for (Image& image : images) {
      if (!image.gone && image.info.name == name) return image.info.id;
    }
    return ImageId::none;
  }
  std::optional<ImageInfo> describe(ImageId id) noexcept override {
    Image* image = get(id);
    if (image == nullptr) return std::nullopt;
    ImageInfo info = image->info;
    info.selected = id == selected_;
    return info;
  }
  std::vector<ImageId> list() noexcept override {
    std::vector<ImageId> ids;
    for (Image& image : images) {
      if (!image.gone) ids.push_back(image.info.id);
    }
    return ids;
  }
  ImageId selected() noexcept override {
    return get(selected_) != nullptr ? selected_ : ImageId::none;
  }
  void select(ImageId id) noexcept override { selected_ = id; }
  void set_arguments(ImageId id, std::string arguments) noexcept override {
    if (Image* image = get(id)) image->info.arguments = std::move(arguments);
  }
  void set_free_after_use(ImageId id, bool enabled) noexcept override {
    if (Image* image = get(id)) image->info.free_after_use = enabled;
  }
  void free(ImageId id) noexcept override {
    if (Image* image = get(id)) image->gone = true;
    purge();
  }
  async::Task<Result<void>> execute(ImageId id) noexcept override {
    Image* image = get(id);
    KEDGE_ASSERT(image != nullptr && image->holds > 0);
    std::string call = image->info.name;
    if (!image->info.arguments.empty()) call += " " + image->info.arguments;
    for (const Image& other : images) {
      if (other.gone || other.info.id == id || other.info.type == "script") continue;
      call += " [" + other.info.name;
      if (!other.info.arguments.empty()) call += " " + other.info.arguments;
      call += "]";
    }
    executed.push_back(call);
    if (image->content.starts_with("bad")) co_return fail(kFakeBadImage);
    co_return Result<void>();
  }
  ByteView content(ImageId id) noexcept override {
    Image* image = get(id);
    return image == nullptr ? ByteView() : as_byte_view(image->content);
  }
  void hold(ImageId id) noexcept override {
    Image* image = get(id);
    KEDGE_ASSERT(image != nullptr);
    ++image->holds;
  }
  void release(ImageId id) noexcept override {
    for (Image& image : images) {
      if (image.info.id == id) {
        KEDGE_ASSERT(image.holds > 0);
        --image.holds;
      }
    }
    purge();
  }
  std::string working_uri() noexcept override { return working_uri_; }
  void set_working_uri(std::string uri) noexcept override { working_uri_ = std::move(uri); }

 private:
  Image* get(ImageId id) {
    for (Image& image : images) {
      if (image.info.id == id && !image.gone) return &image;
    }
    return nullptr;
  }
  void purge() {
    images.remove_if([](const Image& image) { return image.gone && image.holds == 0; });
  }
  std::uint32_t next_ = 1;
  ImageId selected_ = ImageId::none;
  std::string working_uri_;
};

class FakeInterfaces final : public Interfaces {
 public:
  explicit FakeInterfaces(SettingsTree& tree) : tree_(tree) {
    for (std::size_t i = 0; i < count(); ++i) {
      tree.root().attach(blocks[i]);
      blocks[i].set_fact("mac", std::string("\x52\x54\0\x12\x34", 5) + static_cast<char>(0x56 + i));
      blocks[i].set_fact("chip", "virtio-net");
    }
  }
  ~FakeInterfaces() { tree_.set_net_x(nullptr); }

  std::size_t count() noexcept override { return 2; }
  InterfaceInfo describe(std::size_t index) noexcept override {
    InterfaceInfo info;
    info.name = blocks[index].name();
    info.mac = index == 0 ? "52:54:00:12:34:56" : "52:54:00:12:34:57";
    info.driver = "virtio-net";
    info.bus = "0000:00:03.0";
    info.open = opened[index];
    info.link_up = true;
    return info;
  }
  async::Task<Result<void>> open(std::size_t index) noexcept override {
    opened[index] = true;
    tree_.set_net_x(&blocks[index]);
    co_return Result<void>();
  }
  void close(std::size_t index) noexcept override { opened[index] = false; }
  async::Task<Result<void>> wait_link(std::size_t, std::optional<Duration>) noexcept override {
    co_return co_await async::sleep_for(Duration::seconds(1));
  }
  async::Task<Result<void>> configure(std::size_t index,
                                      ConfigureRequest request) noexcept override {
    KEDGE_CO_CHECK(co_await open(index));
    if (index == 0) {
      KEDGE_CO_CHECK(co_await async::sleep_for(request.timeout.value_or(Duration::seconds(10))));
      co_return fail(kFakeNoServer);
    }
    KEDGE_CO_CHECK(co_await async::sleep_for(Duration::milliseconds(2)));
    blocks[1].attach(dhcp);
    for (const auto& [name, value] : {std::pair{"ip", "10.0.2.15"},
                                      {"filename", "boot.ipxe"},
                                      {"next-server", "10.0.2.2"},
                                      {"66:string", "tftp.example"}}) {
      KEDGE_CO_CHECK(tree_.set(std::string("net1.dhcp/") + name, value));
    }
    co_return Result<void>();
  }
  std::vector<std::string> routes() noexcept override { return {"net1: 10.0.2.15/24 gw 10.0.2.2"}; }
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name) noexcept override {
    KEDGE_CO_CHECK(co_await async::sleep_for(Duration::milliseconds(2)));
    if (name != "boot.example") co_return fail(kFakeNotFound);
    co_return std::vector<wire::IpAddress>{wire::Ipv4Address(192, 0, 2, 7)};
  }

  InterfaceBlock blocks[2] = {InterfaceBlock("net0"), InterfaceBlock("net1")};
  StoredBlock dhcp{"dhcp"};
  bool opened[2] = {};

 private:
  SettingsTree& tree_;
};

/// Everything together, with an interpreter on a simulated clock.
struct FakeWorld {
  fake::SimLoop sim;
  SettingsTree settings;
  FakeImages images;
  FakeInterfaces interfaces{settings};
  FakeConsole console;
  FakeInput input;
  FakePower power;
  Environment environment{images, interfaces, settings, console, input, power};
  Interpreter interpreter{environment};
  std::list<fake::At> events;

  void at(Duration when, std::function<void()> action) {
    events.emplace_back(sim.loop, sim.after(when), std::move(action));
  }
  Result<void> run(std::string script, std::string name = "test.ipxe") {
    const ImageId image = images.add(name, "http://server/" + name, std::move(script));
    return sim.run(interpreter.run_image(image));
  }
};

}  // namespace kedge::script
