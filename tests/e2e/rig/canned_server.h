// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Servers that misbehave on purpose, as no real one can be configured to.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/network_namespace.h"

namespace kedge::host::e2e {

// Answers every TCP connection's first request with the same bytes and closes the connection.
class CannedHttpServer {
 public:
  static Outcome<std::unique_ptr<CannedHttpServer>> start(const NetworkNamespace& network, int port,
                                                          std::string answer);
  CannedHttpServer(const CannedHttpServer&) = delete;
  CannedHttpServer& operator=(const CannedHttpServer&) = delete;
  ~CannedHttpServer();

 private:
  CannedHttpServer(FileDescriptor listener, std::string answer);
  void serve();

  FileDescriptor listener_;
  std::string answer_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// A DHCP server that offers an address to everybody and takes it back when it is requested.
class RefusingDhcpServer {
 public:
  static Outcome<std::unique_ptr<RefusingDhcpServer>> start(const NetworkNamespace& network);
  RefusingDhcpServer(const RefusingDhcpServer&) = delete;
  RefusingDhcpServer& operator=(const RefusingDhcpServer&) = delete;
  ~RefusingDhcpServer();

  int naks_sent() const { return naks_sent_; }

 private:
  explicit RefusingDhcpServer(FileDescriptor socket);
  void serve();

  FileDescriptor socket_;
  std::atomic<int> naks_sent_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// Sends a small datagram to each of some ports of a machine, again and again.
class DatagramSender {
 public:
  static Outcome<std::unique_ptr<DatagramSender>> start(const NetworkNamespace& network,
                                                        std::string address,
                                                        std::vector<int> ports);
  DatagramSender(const DatagramSender&) = delete;
  DatagramSender& operator=(const DatagramSender&) = delete;
  ~DatagramSender();

 private:
  DatagramSender(FileDescriptor socket, std::string address, std::vector<int> ports);
  void send();

  FileDescriptor socket_;
  std::string address_;
  std::vector<int> ports_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// Holds a UDP port and never answers: packets do arrive, and no ICMP error goes back.
Outcome<FileDescriptor> hold_udp_port(const NetworkNamespace& network, int port);

}  // namespace kedge::host::e2e
