#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

namespace tidegate::test {

/// A WebSocket echo server on 127.0.0.1 with a thread of its own: epoll, any number of connections, and each
/// ends as its request's target says (Fate).
///
/// End: the destructor, which ends what is open.
class EchoUpstream {
 public:
  EchoUpstream();
  ~EchoUpstream();
  EchoUpstream(const EchoUpstream&) = delete;
  EchoUpstream& operator=(const EchoUpstream&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t handshakes() const { return handshakes_.load(); }

 private:
  class Connection;

  void run();
  void accept_all();
  void update(Connection& connection);

  int listening_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::atomic<std::uint64_t> handshakes_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tidegate::test
