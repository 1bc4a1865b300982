#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::test {

/// One client that sends a message, waits for its echo, checks it, and sends the next: a tunnel that must
/// never end.
class Talker {
 public:
  /// Connects and completes the handshakes; `context` null: plain.
  Talker(std::uint16_t port, SSL_CTX* context);
  ~Talker();
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;

  int fd() const { return fd_; }
  /// Something can be read. False: the tunnel is lost, and `complaint` says how.
  bool on_readable();
  bool say_next();
  const std::string& complaint() const { return complaint_; }

 private:
  bool complain(const std::string& what);
  long read(char* to, std::size_t size);
  bool write(const std::string& bytes);

  int fd_;
  SSL* ssl_ = nullptr;
  std::string complaint_;
  std::string expected_;
  std::string got_;
  std::uint64_t count_ = 0;
};

/// Many of them, who talk on a thread of their own until they are told to stop.
class Talkers {
 public:
  /// Before start().
  void connect(std::uint16_t port, SSL_CTX* context, std::size_t count);
  void start();
  void stop();

  std::size_t size() const { return talkers_.size(); }
  std::uint64_t messages() const { return messages_.load(); }
  std::size_t lost() const { return lost_.load(); }
  /// Of the first that was lost. After stop().
  const std::string& complaint() const { return complaint_; }

 private:
  void run();

  std::vector<std::unique_ptr<Talker>> talkers_;
  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::size_t> lost_{0};
  std::atomic<bool> stopping_{false};
  std::string complaint_;
  std::thread thread_;
};

}  // namespace tidegate::test
