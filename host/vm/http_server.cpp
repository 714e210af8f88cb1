// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <thread>

#include "support/file.h"

namespace kedge::host {
namespace {

// Bytes read and written at once. Large, because each piece costs two system calls.
constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kKeepAliveRequestsMax = 1000;
constexpr int kKeepAliveSeconds = 60;
// Every connection that is kept alive occupies a thread.
constexpr std::size_t kThreads = 16;
constexpr const char* kContentType = "application/octet-stream";

// A file being sent, shared by the two callbacks of one response.
struct OpenFile {
  FileDescriptor file;
  std::vector<char> buffer = std::vector<char>(kPieceBytes);
};

bool is_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
  const auto mismatch = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return mismatch.first == directory.end();
}

}  // namespace

struct HttpServer::State {
  httplib::Server server;
  int port = 0;
  std::map<std::string, std::filesystem::path> files;
  std::map<std::string, std::string> texts;
  std::filesystem::path directory;  // canonical
  mutable std::mutex mutex;         // guards transfers: requests are served by several threads
  std::vector<HttpTransfer> transfers;
  std::thread thread;

  std::size_t begin_transfer(const httplib::Request& request);
  void add_bytes(std::size_t index, std::uint64_t count);
  void end_transfer(std::size_t index, bool complete);
  void set_status(std::size_t index, int status);

  std::filesystem::path resolve(const std::string& name) const;
  void handle(const httplib::Request& request, httplib::Response& response);
  void send_file(std::size_t index, FileDescriptor file, const httplib::Request& request,
                 httplib::Response& response);
};

std::size_t HttpServer::State::begin_transfer(const httplib::Request& request) {
  const std::scoped_lock lock(mutex);
  transfers.push_back({.method = request.method,
                       .path = request.path,
                       .begun = now(),
                       .ended = now(),
                       .user_agent = request.get_header_value("User-Agent")});
  return transfers.size() - 1;
}

void HttpServer::State::add_bytes(std::size_t index, std::uint64_t count) {
  const std::scoped_lock lock(mutex);
  transfers[index].bytes += count;
  transfers[index].ended = now();
}

void HttpServer::State::end_transfer(std::size_t index, bool complete) {
  const std::scoped_lock lock(mutex);
  transfers[index].complete = complete;
  transfers[index].ended = now();
}

void HttpServer::State::set_status(std::size_t index, int status) {
  const std::scoped_lock lock(mutex);
  transfers[index].status = status;
}

std::filesystem::path HttpServer::State::resolve(const std::string& name) const {
  if (const auto found = files.find(name); found != files.end()) return found->second;
  if (directory.empty()) return {};
  std::error_code error;
  auto path = std::filesystem::canonical(directory / name, error);
  if (error || !is_inside(path, directory)) return {};
  return std::filesystem::is_regular_file(path, error) ? path : std::filesystem::path();
}

void HttpServer::State::send_file(std::size_t index, FileDescriptor file,
                                  const httplib::Request& request, httplib::Response& response) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    response.status = 500;
    return;
  }
  // Changes with the content, which is what a client that resumes a transfer asks for (If-Range).
  response.set_header("ETag",
                      fmt::format("\"{:x}-{:x}-{:x}\"", status.st_ino, status.st_size,
                                  status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec));
  const bool head = request.method == "HEAD";  // the provider is not called at all
  auto open_file = std::make_shared<OpenFile>(OpenFile{.file = std::move(file)});
  response.set_content_provider(
      static_cast<std::size_t>(status.st_size), kContentType,
      [this, index, open_file](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        const std::size_t wanted = std::min(length, open_file->buffer.size());
        const ssize_t count = ::pread(open_file->file.get(), open_file->buffer.data(), wanted,
                                      static_cast<off_t>(offset));
        if (count <= 0) return false;
        if (!sink.write(open_file->buffer.data(), static_cast<std::size_t>(count))) return false;
        add_bytes(index, static_cast<std::uint64_t>(count));
        return true;
      },
      [this, index, head](bool success) { end_transfer(index, success || head); });
}

void HttpServer::State::handle(const httplib::Request& request, httplib::Response& response) {
  const std::size_t index = begin_transfer(request);
  const std::string name = request.path.substr(1);
  response.status = request.ranges.empty() ? 200 : 206;
  if (const auto text = texts.find(name); text != texts.end()) {
    response.set_content(text->second, "text/plain");
    add_bytes(index, text->second.size());
    end_transfer(index, true);
  } else {
    FileDescriptor file;
    if (const auto path = resolve(name); !path.empty()) {
      file = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    if (!file.valid()) {
      response.status = 404;
      response.set_content(fmt::format("{} is not here\n", request.path), "text/plain");
      end_transfer(index, true);
    } else {
      send_file(index, std::move(file), request, response);
    }
  }
  set_status(index, response.status);
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Outcome<std::unique_ptr<HttpServer>> HttpServer::start(int port) {
  auto state = std::make_unique<State>();
  State& shared = *state;
  shared.server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  shared.server.set_keep_alive_max_count(kKeepAliveRequestsMax);
  shared.server.set_keep_alive_timeout(kKeepAliveSeconds);
  shared.server.set_tcp_nodelay(true);
  // Not the library's default, SO_REUSEPORT, with which two servers share a port by lot.
  shared.server.set_socket_options([](int socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  shared.server.Get("/.*", [&shared](const httplib::Request& request, httplib::Response& response) {
    shared.handle(request, response);
  });
  constexpr const char* kLoopback = "127.0.0.1";
  if (port == 0) {
    shared.port = shared.server.bind_to_any_port(kLoopback);
  } else {
    shared.port = shared.server.bind_to_port(kLoopback, port) ? port : -1;
  }
  if (shared.port <= 0) {
    return errno_failure(fmt::format("the HTTP server cannot listen on {}:{}", kLoopback, port),
                         "choose another port with --http-port, or leave it out");
  }
  shared.thread = std::thread([&shared] { shared.server.listen_after_bind(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  // stop() does nothing unless the thread has got as far as listening.
  const Instant deadline = after(std::chrono::seconds(5));
  while (!state_->server.is_running() && now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

void HttpServer::add_file(std::string name, std::filesystem::path file) {
  state_->files[std::move(name)] = std::move(file);
}

void HttpServer::add_text(std::string name, std::string text) {
  state_->texts[std::move(name)] = std::move(text);
}

void HttpServer::set_directory(std::filesystem::path directory) {
  std::error_code ignored;
  state_->directory = std::filesystem::canonical(directory, ignored);
}

int HttpServer::port() const {
  return state_->port;
}

std::vector<HttpTransfer> HttpServer::transfers() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->transfers;
}

}  // namespace kedge::host
