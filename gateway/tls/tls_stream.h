#pragma once

#include <cstdint>
#include <memory>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tls/bio.h"
#include "gateway/tls/failure_log.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

enum class Role : std::uint8_t { server, client };

/// What the streams of one context share; each holds a reference, which keeps the whole context alive.
struct Shared {
  Wire wire;
  FailureLog failures;
};

/// TLS over another stream. Owns no buffer while idle: ciphertext is read where the socket read it to,
/// plaintext goes through the loop's shared buffer, records through its record buffer and out by one write
/// per call or callback.
///
///     socket ──on_data──► receive ──► SSL (Wire) ──► plaintext_buffer ──► listener.on_data
///     socket ◄──write──── flush ◄──── record_buffer ◄── SSL (Wire) ◄───── write
///
/// Owner:  whoever accepted or connected. Thread: the loop's.
/// End:    the destructor sends nothing: the peer sees a truncated stream unless end_writing() came before.
/// After a
///         failure of TLS itself the socket lingers a moment, so that the alert is not overtaken by a reset.
class TlsStream final : public net::Stream, private net::StreamListener {
 public:
  /// `ssl` is attached to the shared wire, and its role is set. Call begin() next.
  TlsStream(net::Loop& loop, std::shared_ptr<Shared> shared, SslPtr ssl, Role role,
            std::unique_ptr<net::Stream> socket, net::StreamListener& listener);
  ~TlsStream() override;

  /// Listens to the socket; a client sends its ClientHello. Calls no listener.
  void begin();

  void set_listener(net::StreamListener& listener) override { listener_ = &listener; }
  void start_reading() override;
  void pause_reading() override;
  void resume_reading() override;
  using net::Stream::write;
  net::Flow write(std::span<const Bytes> pieces) override;
  std::size_t queued_bytes() const override { return socket_->queued_bytes(); }
  std::size_t unacknowledged_bytes() const override { return socket_->unacknowledged_bytes(); }
  void end_writing() override;
  void reset_on_close() override;
  const IpAddress* peer() const override { return socket_->peer(); }
  std::uint16_t peer_port() const override { return socket_->peer_port(); }
  std::string local_address() const override { return socket_->local_address(); }
  const net::TlsInfo* tls() const override { return info_.version.empty() ? nullptr : &info_; }
  std::unique_ptr<net::ClientCertificate> client_certificate() const override;
  const net::ProxyHeader* proxied() const override { return socket_->proxied(); }

 private:
  enum class State : std::uint8_t { handshaking, open, broken };
  /// What a call into OpenSSL left behind.
  enum class Outcome : std::uint8_t { done, wants_more, ended, failed };
  struct Kept;
  class Watch;

  // The socket speaks.
  void on_open() override;
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;

  void receive(Bytes input);
  bool shake_hands(Bytes& input, const Watch& watch);
  void deliver(Bytes input, const Watch& watch);
  Bytes decrypt(Bytes& input, Outcome& outcome);
  void conclude(Outcome outcome);

  /// Runs one call into OpenSSL on `input`; a result of 1 is success.
  template <typename Call>
  Outcome run(Bytes& input, Call call);
  Outcome step(Bytes& input);
  bool encrypt(std::span<const Bytes> pieces);
  bool encrypt_record(Bytes record);
  void send_answers();
  net::Flow flush();

  void handshake_failed();
  bool is_plain_http(int reason) const;
  void answer_plain_http();
  void note_agreement();
  void keep(Bytes input);
  void deliver_kept_soon();
  void break_soon();
  void deliver_kept();
  bool held() const { return !started_ || pauses_ > 0; }
  void update_socket_reading();

  net::Loop& loop_;
  std::shared_ptr<Shared> shared_;  // before ssl_, which uses its wire
  SslPtr ssl_;
  std::unique_ptr<net::Stream> socket_;
  net::StreamListener* listener_;
  std::unique_ptr<Kept> kept_;  // ciphertext that the listener did not want yet; null most of the time
  bool* destroyed_ = nullptr;   // told by the destructor while a callback is under way
  net::TlsInfo info_;
  std::uint32_t pauses_ = 0;
  std::uint16_t linger_ms_ = 0;  // not zero: the socket lingers when this dies
  const Role role_;
  State state_ = State::handshaking;
  std::uint8_t first_byte_ = 0;  // of the handshake; tells HTTP from TLS
  bool started_ = false;
  bool socket_paused_ = false;
  bool answers_congested_ =
      false;                   // what TLS itself sent waits; nothing is read, lest a peer grow it at will
  bool tell_drained_ = false;  // write() answered congested
  bool peer_ended_ = false;    // close_notify came, or the socket's end
  bool writing_ended_ = false;
};

}  // namespace tidegate::tls
