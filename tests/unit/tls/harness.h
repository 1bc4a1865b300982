#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/net/acceptor.h"
#include "gateway/net/loop.h"
#include "gateway/net/socket.h"
#include "gateway/net/stream.h"
#include "gateway/tls/client_context.h"
#include "gateway/tls/server_context.h"
#include "tests/support/certificates.h"

namespace tidegate::tls {

using namespace std::chrono_literals;  // NOLINT: literals in tests

/// A loop whose turns never wait, and which is given up after twenty seconds.
class TestLoop {
 public:
  net::Loop& loop() { return loop_; }
  /// Turns the loop until `condition` holds; false: it never did.
  bool until(const std::function<bool()>& condition);
  /// A few turns, for "nothing more comes".
  void settle();

 private:
  class Restless final : public net::Deferred {
   public:
    explicit Restless(net::Loop& loop) : loop_(loop) { on_deferred(); }
    void on_deferred() override { loop_.defer(*this); }

   private:
    net::Loop& loop_;
  };
  net::Loop loop_;
  Restless restless_{loop_};
};

/// Owns a stream and writes down what it says.
class Recorder final : public net::StreamListener {
 public:
  void on_open() override;
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;

  std::unique_ptr<net::Stream> stream;
  bool start_at_open = true;
  bool opened = false;
  std::string data;
  int data_calls = 0;
  int drained = 0;
  std::optional<net::End> end;
  std::optional<Error> error;
  std::function<void()> at_open, at_data, at_end,
      at_error;  ///< called as the last act; may destroy the stream
};

/// A connected pair of non-blocking sockets.
struct SocketPair {
  SocketPair();
  int ours = -1;
  int theirs = -1;
};

/// OpenSSL on a socket, driven by hand: the other side, as somebody else wrote it.
class RawPeer {
 public:
  /// Takes `fd`. `ctx` remains the caller's. A client unless `server`.
  RawPeer(int fd, SSL_CTX* ctx, bool server = false);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  SSL* ssl() { return ssl_; }
  /// Sends what OpenSSL wants sent and gives it what has come; to be called between turns.
  void pump();
  /// Pumps and turns until the handshake has ended; false with `error` if it failed.
  bool shake_hands(TestLoop& loop);
  void write(const std::string& text);
  /// Decrypts into `data`.
  void read();
  void close_notify();
  void shut_down_socket();
  void send_raw(const std::string& bytes);

  std::size_t cut = SIZE_MAX;  ///< bytes sent by one pump at most
  bool paused = false;         ///< receives nothing
  std::string data;
  std::string error;  ///< OpenSSL's words
  bool got_close_notify = false;
  bool got_eof = false;
  std::string raw_received;  ///< all ciphertext

 private:
  void note_failure(int result);
  int fd_;
  SSL* ssl_;
  std::string unsent_;
};

using CtxPtr = std::shared_ptr<SSL_CTX>;
/// A client that trusts `ca` (all, if empty).
CtxPtr client_ctx(const std::string& ca = "");
CtxPtr server_ctx(const test::Issued& issued);

/// A listener's configuration in a directory of its own.
struct ListenerSetup {
  test::Authority authority;
  test::TempDir files;
  conf::ListenerTls conf;
  std::string listener = "https";
  std::shared_ptr<TicketKeys> tickets = make_ticket_keys();

  ListenerSetup& add(const test::Wanted& wanted);
  /// The same for a virtual server with these names.
  conf::ListenerTls& add_named(std::vector<std::string> names, const test::Wanted& wanted);
  std::shared_ptr<const ServerMaterial> load();

 private:
  conf::Certificate issue(const test::Wanted& wanted);
  int issued_ = 0;
};

/// One worker that terminates TLS.
struct Worker {
  explicit Worker(ListenerSetup& setup)
      : context(ServerContext::make(library, setup.load(), setup.tickets)) {}
  Library library;
  std::shared_ptr<ServerContext> context;
};

/// A RawPeer talks to a stream of a worker.
struct Conversation {
  Conversation(TestLoop& loop, Worker& worker, SSL_CTX* ctx);
  Conversation(TestLoop& loop, Worker& worker, SSL_CTX* ctx, SocketPair pair);
  /// Both sides agreed.
  bool shake_hands() {
    return peer.shake_hands(loop) && loop.until([&] { return server.opened; });
  }
  /// Turns, pumping and reading on the peer's side.
  bool until(const std::function<bool()>& condition);

  TestLoop& loop;
  Recorder server;
  RawPeer peer;
};

inline const net::TlsInfo& info_of(const Recorder& recorder) {
  return *recorder.stream->tls();
}

/// OpenSSL's macros of these names have C casts.
void set_server_name(SSL* ssl, const char* name);
void set_signature_algorithms(SSL_CTX* ctx, const char* list);

/// Subject's common name of the certificate that the peer was shown.
std::string shown_name(SSL* ssl);
bool shown_rsa(SSL* ssl);

}  // namespace tidegate::tls
