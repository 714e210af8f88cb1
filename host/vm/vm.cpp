// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/vm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace kedge::host {
namespace {

using nlohmann::json;

constexpr Duration kBringUpTimeout = std::chrono::seconds(30);
constexpr Duration kCommandTimeout = std::chrono::seconds(10);
constexpr Duration kQuitTimeout = std::chrono::seconds(3);

// QEMU throws away what the guest writes to its serial port while nobody takes it, and each byte is
// a message of its own, for which the kernel counts hundreds: room for many screens, as far as this
// user may have it.
void make_room_for_serial(const FileDescriptor& socket) {
  constexpr int kBytes = 64 << 20;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kBytes, sizeof kBytes) == 0) return;
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kBytes, sizeof kBytes);
}

}  // namespace

Outcome<std::unique_ptr<Vm>> Vm::start(VmLaunch launch) {
  std::unique_ptr<Vm> vm(new Vm);
  vm->launch_ = std::move(launch);
  KEDGE_HOST_TRY(auto serial, make_socket_pair());
  make_room_for_serial(serial.second);
  KEDGE_HOST_TRY(auto control, make_socket_pair());
  MachineSpec& machine = vm->launch_.machine;
  machine.serial_descriptor = serial.second.get();
  machine.qmp_descriptor = control.second.get();
  if (!vm->launch_.serial_file.empty()) {
    vm->serial_file_ = FileDescriptor(
        ::open(vm->launch_.serial_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!vm->serial_file_.valid()) {
      return errno_failure(fmt::format("cannot create {}", vm->launch_.serial_file.string()));
    }
  }
  KEDGE_HOST_TRY(auto process,
                 Process::start({.arguments = qemu_command(machine),
                                 .output = vm->launch_.qemu_log,
                                 .directory = {},
                                 .inherited = {serial.second.get(), control.second.get()},
                                 .network_namespace = vm->launch_.network_namespace}));
  vm->process_.emplace(std::move(process));
  vm->serial_socket_ = std::move(serial.first);
  vm->qmp_.emplace(std::move(control.first));
  serial.second.reset();  // now only QEMU holds the other ends: its end closes our sockets
  control.second.reset();
  if (auto up = vm->bring_up(); !up) {
    vm->stop();
    const auto log = read_file(vm->launch_.qemu_log);
    return failure(fmt::format("{} did not start: {}\n{}", qemu_program(machine.architecture),
                               up.error().what, log ? *log : std::string()),
                   fmt::format("the command was: {}", quote_command(qemu_command(machine))));
  }
  return vm;
}

Outcome<void> Vm::bring_up() {
  const Instant deadline = after(kBringUpTimeout);
  KEDGE_HOST_CHECK(qmp_->handshake(deadline));
  const auto& nics = launch_.machine.nics;
  for (std::size_t i = 0; i < nics.size(); ++i) {
    if (!nics[i].link_up) KEDGE_HOST_CHECK(set_link(i, false));
  }
  KEDGE_HOST_TRY([[maybe_unused]] const json answer,
                 qmp_->execute("cont", json::object(), deadline));
  started_ = now();
  return {};
}

Vm::~Vm() {
  if (process_) stop();
}

void Vm::read_serial() {
  std::array<char, 65536> buffer{};
  while (serial_socket_.valid()) {
    const ssize_t count = ::recv(serial_socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) {
      serial_socket_.reset();
      return;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    serial_.feed(bytes, now());
    if (serial_file_.valid() && ::write(serial_file_.get(), bytes.data(), bytes.size()) != count) {
      serial_file_.reset();  // a full disk ends the copy, not the machine
    }
    if (launch_.on_serial) launch_.on_serial(bytes);
  }
}

void Vm::handle_events() {
  for (const json& event : qmp_->take_events()) {
    const std::string name = event.value("event", std::string());
    if (name != "SHUTDOWN" || state_ != VmState::running) continue;
    const std::string reason =
        event.contains("data") ? event["data"].value("reason", std::string()) : std::string();
    if (reason == "guest-shutdown") {
      state_ = VmState::powered_off;
    } else if (reason == "guest-reset") {
      state_ = VmState::reset;
    } else {
      state_ = VmState::ended;
    }
  }
}

void Vm::pump(Instant deadline, const std::vector<int>& extra) {
  std::vector<pollfd> entries = {{.fd = process_->pidfd(), .events = POLLIN, .revents = 0}};
  if (serial_socket_.valid()) {
    entries.push_back({.fd = serial_socket_.get(), .events = POLLIN, .revents = 0});
  }
  if (!qmp_->closed())
    entries.push_back({.fd = qmp_->descriptor(), .events = POLLIN, .revents = 0});
  for (const int fd : extra) entries.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  ::poll(entries.data(), entries.size(), poll_timeout(deadline));
  handle_events();
  // The order matters: what the guest said before QEMU ended is still in the socket.
  const bool gone = process_->poll().has_value();
  read_serial();
  if (gone) {
    handle_events();
    if (state_ == VmState::running) state_ = VmState::ended;
  }
}

std::optional<SerialMatch> Vm::wait_for(const Pattern& pattern, Instant deadline) {
  for (;;) {
    if (auto match = serial_.search(pattern, cursor_)) return match;
    if (now() >= deadline) return std::nullopt;
    if (state_ != VmState::running && process_->poll()) {
      read_serial();  // its last words may still be in the socket
      return serial_.search(pattern, cursor_);
    }
    pump(deadline);
  }
}

std::optional<SerialMatch> Vm::wait_for(std::string_view pattern, Duration timeout) {
  return wait_for(Pattern::must_compile(pattern), after(timeout));
}

bool Vm::wait_end(Instant deadline) {
  while (now() < deadline) {
    if (process_->poll()) {
      read_serial();
      return true;
    }
    pump(deadline);
  }
  return false;
}

Outcome<void> Vm::type(std::string_view text) {
  const Instant deadline = after(kCommandTimeout);
  while (!text.empty()) {
    if (!serial_socket_.valid()) return failure("the VM has ended: nobody reads its console");
    const ssize_t count =
        ::send(serial_socket_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (now() >= deadline) {
      return failure("the guest does not read its serial console");
    } else {
      pump(after(std::chrono::milliseconds(10)));
    }
  }
  return {};
}

Outcome<nlohmann::json> Vm::command(std::string_view name, const json& arguments) {
  return qmp_->execute(name, arguments, after(kCommandTimeout));
}

Outcome<void> Vm::press(const std::vector<std::string>& keys) {
  json list = json::array();
  for (const std::string& key : keys) list.push_back({{"type", "qcode"}, {"data", key}});
  KEDGE_HOST_TRY([[maybe_unused]] const json answer, command("send-key", {{"keys", list}}));
  return {};
}

Outcome<void> Vm::screenshot(const std::filesystem::path& file) {
  KEDGE_HOST_TRY([[maybe_unused]] const json answer,
                 command("screendump", {{"filename", std::filesystem::absolute(file).string()},
                                        {"format", "png"}}));
  return {};
}

Outcome<void> Vm::set_link(std::size_t nic, bool up) {
  KEDGE_HOST_TRY([[maybe_unused]] const json answer,
                 command("set_link", {{"name", nic_id(nic)}, {"up", up}}));
  return {};
}

void Vm::stop() {
  if (!process_) return;
  if (!process_->poll() && qmp_ && !qmp_->closed()) {
    if (qmp_->execute("quit", json::object(), after(kQuitTimeout))) {
      process_->wait_until(after(kQuitTimeout));
    }
  }
  handle_events();
  read_serial();
  process_->stop();
  if (state_ == VmState::running) state_ = VmState::ended;
}

}  // namespace kedge::host
