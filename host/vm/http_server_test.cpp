// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "support/file.h"

namespace kedge::host {
namespace {

// One request on its own connection; the whole answer, headers included.
std::string ask(int port, const std::string& request_line, const std::string& headers = "") {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return "(no connection)";
  }
  const std::string request =
      fmt::format("{} HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nConnection: close\r\n{}\r\n",
                  request_line, headers);
  if (::write(socket.get(), request.data(), request.size()) < 0) return "(not sent)";
  std::string answer;
  std::array<char, 65536> buffer{};
  for (ssize_t count = 0; (count = ::read(socket.get(), buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

std::string body(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto directory = TempDir::create("kedge-test-");
    ASSERT_TRUE(directory);
    directory_.emplace(*std::move(directory));
    ASSERT_TRUE(write_file(directory_->path() / "digits", "0123456789"));
    ASSERT_TRUE(write_file(directory_->path() / "outside", "secret"));
    std::filesystem::create_directory(directory_->path() / "root");
    ASSERT_TRUE(write_file(directory_->path() / "root" / "inside", "public"));
    std::filesystem::create_symlink("../outside", directory_->path() / "root" / "link");
    auto server = HttpServer::start();
    ASSERT_TRUE(server) << server.error().what;
    server_ = *std::move(server);
    server_->add_file("boot/digits", directory_->path() / "digits");
    server_->add_text("boot/script", "#!ipxe\n");
    server_->set_directory(directory_->path() / "root");
  }

  std::optional<TempDir> directory_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesFilesTextsAndTheDirectory) {
  EXPECT_EQ(body(ask(server_->port(), "GET /boot/digits")), "0123456789");
  EXPECT_EQ(body(ask(server_->port(), "GET /boot/script")), "#!ipxe\n");
  EXPECT_EQ(body(ask(server_->port(), "GET /inside")), "public");
}

TEST_F(HttpServerTest, DoesNotServeWhatIsOutsideOfTheDirectory) {
  for (const char* path : {"/../outside", "/link", "/root/../../outside", "/%2e%2e/outside"}) {
    const std::string answer = ask(server_->port(), fmt::format("GET {}", path));
    EXPECT_EQ(answer.find("secret"), std::string::npos) << path;
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 40")) << path << ": " << answer;
  }
}

TEST_F(HttpServerTest, AnswersRanges) {
  const std::string answer = ask(server_->port(), "GET /boot/digits", "Range: bytes=3-5\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 206")) << answer;
  EXPECT_NE(answer.find("Content-Range: bytes 3-5/10"), std::string::npos) << answer;
  EXPECT_EQ(body(answer), "345");
}

TEST_F(HttpServerTest, AnswersHeadWithTheLength) {
  const std::string answer = ask(server_->port(), "HEAD /boot/digits");
  EXPECT_NE(answer.find("Content-Length: 10"), std::string::npos) << answer;
  EXPECT_EQ(body(answer), "");
}

TEST_F(HttpServerTest, LogsEveryTransfer) {
  ask(server_->port(), "GET /boot/digits");
  ask(server_->port(), "GET /missing");
  ask(server_->port(), "HEAD /boot/digits");
  // The answer arrives a moment before its end is logged.
  std::vector<HttpTransfer> log;
  for (int i = 0; i < 1000; ++i) {
    log = server_->transfers();
    if (log.size() == 3 && log[0].complete) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(log.size(), 3);
  EXPECT_EQ(log[0].method + log[0].path, "GET/boot/digits");
  EXPECT_EQ(log[0].status, 200);
  EXPECT_EQ(log[0].bytes, 10);
  EXPECT_TRUE(log[0].complete);
  EXPECT_EQ(log[0].user_agent, "test");
  EXPECT_EQ(log[1].status, 404);
  EXPECT_EQ(log[2].method, "HEAD");
  EXPECT_EQ(log[2].bytes, 0);
  EXPECT_TRUE(log[2].complete);
}

TEST(HttpServer, APortInUseIsAFailure) {
  const auto first = HttpServer::start();
  ASSERT_TRUE(first);
  const auto second = HttpServer::start((*first)->port());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().what.starts_with("the HTTP server cannot listen on 127.0.0.1:"));
}

}  // namespace
}  // namespace kedge::host
