#include "gateway/tls/tls_stream.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/tls/client_certificate.h"

namespace tidegate::tls {
namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;  // RFC 8446 §5.1: 2^14
constexpr std::size_t kRecordOverheadBytes = 64;                // header, tag, content type, explicit nonce
constexpr std::size_t kKeptRecordBufferBytes = 256 * kKiB;
constexpr std::uint16_t kAlertLingerMs = 1000;
constexpr std::uint16_t kPlainHttpLingerMs = 2000;

constexpr std::string_view kPlainHttpHead =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 77\r\n"
    "Connection: close\r\n"
    "\r\n";
constexpr std::string_view kPlainHttpBody =
    "This port speaks HTTPS, and the request was plain HTTP. Use https:// instead.";
static_assert(kPlainHttpBody.size() == 77);

}  // namespace

/// Bytes that wait for the listener, and their turn on the loop.
struct TlsStream::Kept final : net::Deferred {
  explicit Kept(TlsStream& of) : stream(of) {}
  void on_deferred() override { stream.deliver_kept(); }

  TlsStream& stream;
  std::vector<std::byte> ciphertext;
  bool write_failed = false;  ///< on_error is due
};

/// Tells whether the stream died in a callback of its listener.
class TlsStream::Watch {
 public:
  explicit Watch(TlsStream& stream) : stream_(stream) {
    assert(stream.destroyed_ == nullptr);
    stream.destroyed_ = &gone_;
  }
  ~Watch() {
    if (!gone_) stream_.destroyed_ = nullptr;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  bool gone() const { return gone_; }

 private:
  TlsStream& stream_;
  bool gone_ = false;
};

TlsStream::TlsStream(net::Loop& loop, std::shared_ptr<Shared> shared, SslPtr ssl, Role role,
                     std::unique_ptr<net::Stream> socket, net::StreamListener& listener)
    : loop_(loop),
      shared_(std::move(shared)),
      ssl_(std::move(ssl)),
      socket_(std::move(socket)),
      listener_(&listener),
      role_(role) {}

TlsStream::~TlsStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  // RFC 5246 §7.2.1: a session stays resumable when its connection ends without close_notify. OpenSSL would
  // drop it, unless told that both sides have said theirs. Nothing is sent by this.
  if (state_ == State::open) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  if (linger_ms_ == 0) return;
  if (socket_paused_) socket_->resume_reading();
  const std::chrono::milliseconds time(linger_ms_);
  loop_.linger(std::move(socket_), {.end = time, .take = time});
}

void TlsStream::begin() {
  socket_->set_listener(*this);
  socket_->start_reading();
  if (role_ == Role::server) return;
  Bytes nothing;
  step(nothing);  // cannot fail before the server has answered
  flush();
}

// ---- Reading
// ------------------------------------------------------------------------------------------------

void TlsStream::on_open() {}  // the dial succeeded; the ClientHello was queued behind it

void TlsStream::on_data(Bytes bytes) {
  if (state_ == State::broken || peer_ended_) return;
  receive(bytes);
}

void TlsStream::receive(Bytes input) {
  const Watch watch(*this);
  if (state_ == State::handshaking && !shake_hands(input, watch)) return;
  deliver(input, watch);
}

/// Whether the stream is open now; false too when the listener destroyed it.
bool TlsStream::shake_hands(Bytes& input, const Watch& watch) {
  if (first_byte_ == 0) first_byte_ = std::to_integer<std::uint8_t>(input.front());
  const Outcome outcome = step(input);
  if (outcome == Outcome::failed) {
    handshake_failed();
    return false;
  }
  send_answers();
  if (outcome != Outcome::done) {
    update_socket_reading();
    return false;
  }
  state_ = State::open;
  note_agreement();
  listener_->on_open();
  return !watch.gone();
}

void TlsStream::deliver(Bytes input, const Watch& watch) {
  for (;;) {
    if (held()) {
      if (!input.empty() || SSL_pending(ssl_.get()) > 0) keep(input);
      break;
    }
    Outcome outcome = Outcome::done;
    const Bytes plaintext = decrypt(input, outcome);
    send_answers();
    if (!plaintext.empty()) {
      listener_->on_data(plaintext);
      if (watch.gone()) return;
    }
    if (outcome == Outcome::ended || outcome == Outcome::failed) {
      if (held()) {
        keep({});  // reading again tells the same outcome
        break;
      }
      update_socket_reading();
      return conclude(outcome);
    }
    if (input.empty() && SSL_pending(ssl_.get()) == 0) break;
  }
  update_socket_reading();
}

/// Decrypts as many records as there are and fit into the loop's buffer. Stops without asking OpenSSL where
/// it could only answer that it wants more.
Bytes TlsStream::decrypt(Bytes& input, Outcome& outcome) {
  const std::span<std::byte> buffer = loop_.plaintext_buffer();
  std::size_t filled = 0;
  do {
    std::size_t got = 0;
    outcome = run(
        input, [&] { return SSL_read_ex(ssl_.get(), buffer.data() + filled, buffer.size() - filled, &got); });
    filled += got;
  } while (outcome == Outcome::done && filled < buffer.size() &&
           (!input.empty() || SSL_pending(ssl_.get()) > 0));
  return buffer.first(filled);
}

/// The last act of a callback.
void TlsStream::conclude(Outcome outcome) {
  if (outcome == Outcome::ended) {
    peer_ended_ = true;
    listener_->on_end(net::End::clean);
    return;
  }
  state_ = State::broken;
  linger_ms_ = kAlertLingerMs;
  shared_->failures.report(loop_.now(), "stream broke: " + take_error_text(), listener_->log_id());
  listener_->on_error(Error(role_ == Role::server ? Reason::client_reset : Reason::upstream_reset, -EPROTO));
}

void TlsStream::on_end(net::End) {
  if (state_ == State::broken || peer_ended_) return;
  peer_ended_ = true;
  if (state_ == State::open) {
    listener_->on_end(net::End::truncated);  // RFC 8446 §6.1: no close_notify came
    return;
  }
  state_ = State::broken;
  shared_->failures.report(loop_.now(), "handshake failed: the peer closed the connection",
                           listener_->log_id());
  listener_->on_error(
      Error(role_ == Role::server ? Reason::tls_handshake_failed : Reason::upstream_tls_failed, -ECONNRESET));
}

void TlsStream::on_error(const Error& error) {
  if (state_ == State::broken) return;
  const bool shaking = state_ == State::handshaking;
  state_ = State::broken;
  linger_ms_ = 0;
  const bool from_a_connection =
      error.reason == Reason::client_reset || error.reason == Reason::upstream_reset;
  if (!shaking || !from_a_connection) {  // a dial's own error says more than "the handshake failed

    listener_->on_error(error);
    return;
  }
  listener_->on_error(Error(
      role_ == Role::server ? Reason::tls_handshake_failed : Reason::upstream_tls_failed, error.os_error));
}

void TlsStream::on_drained() {
  if (state_ == State::broken) return;
  answers_congested_ = false;
  update_socket_reading();
  if (std::exchange(tell_drained_, false)) listener_->on_drained();
}

// ---- Pausing
// ------------------------------------------------------------------------------------------------

void TlsStream::start_reading() {
  if (std::exchange(started_, true)) return;
  deliver_kept_soon();
  update_socket_reading();
}

void TlsStream::pause_reading() {
  ++pauses_;
  update_socket_reading();
}

void TlsStream::resume_reading() {
  assert(pauses_ > 0);
  --pauses_;
  deliver_kept_soon();
  update_socket_reading();
}

/// A handshake reads whatever the listener says; an open stream lets the socket read when the listener wants
/// bytes and none are kept.
void TlsStream::update_socket_reading() {
  const bool hold = answers_congested_ || (state_ == State::open && (held() || kept_ != nullptr));
  if (hold == socket_paused_) return;
  socket_paused_ = hold;
  if (hold) {
    socket_->pause_reading();
  } else {
    socket_->resume_reading();
  }
}

/// What the listener does not want now: ciphertext in a copy (at most what one read brought, 64 KiB), and
/// what OpenSSL has decrypted already stays there.
void TlsStream::keep(Bytes input) {
  kept_ = std::make_unique<Kept>(*this);
  kept_->ciphertext.assign(input.begin(), input.end());
}

void TlsStream::deliver_kept_soon() {
  if (kept_ != nullptr && !held()) loop_.defer(*kept_);
}

/// OpenSSL refused to encrypt: out of memory, or of sequence numbers. on_error comes from the loop.
void TlsStream::break_soon() {
  if (kept_ == nullptr) keep({});
  kept_->write_failed = true;
  writing_ended_ = true;
  loop_.defer(*kept_);
}

void TlsStream::deliver_kept() {
  if (state_ == State::broken) return;
  if (kept_->write_failed) return conclude(Outcome::failed);
  if (held()) return;
  const std::unique_ptr<Kept> kept = std::move(kept_);  // its bytes are read below
  receive(kept->ciphertext);
}

// ---- Writing
// ------------------------------------------------------------------------------------------------

net::Flow TlsStream::write(std::span<const Bytes> pieces) {
  if (state_ != State::open || writing_ended_) return net::Flow::ready;
  std::size_t total = 0;
  for (const Bytes& piece : pieces) total += piece.size();
  if (total == 0) return net::Flow::ready;
  loop_.record_buffer().reserve(total + (total / kRecordBytes + 1) * kRecordOverheadBytes);
  if (!encrypt(pieces)) {
    loop_.record_buffer().clear();
    break_soon();
    return net::Flow::ready;
  }
  const net::Flow flow = flush();
  if (flow == net::Flow::congested) tell_drained_ = true;
  return flow;
}

/// Full records go to OpenSSL from where they stand; shorter pieces are gathered into one.
bool TlsStream::encrypt(std::span<const Bytes> pieces) {
  std::array<std::byte, kRecordBytes> gathered;  // NOLINT: left uninitialised on purpose
  std::size_t filled = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Bytes piece = pieces[i];
    const bool last = i + 1 == pieces.size();
    while (!piece.empty()) {
      if (filled == 0 && (last || piece.size() >= kRecordBytes)) {
        const Bytes record = piece.first(std::min(piece.size(), kRecordBytes));
        if (!encrypt_record(record)) return false;
        piece = piece.subspan(record.size());
        continue;
      }
      const std::size_t taken = std::min(piece.size(), kRecordBytes - filled);
      std::memcpy(gathered.data() + filled, piece.data(), taken);
      filled += taken;
      piece = piece.subspan(taken);
      if (filled < kRecordBytes) continue;
      if (!encrypt_record(gathered)) return false;
      filled = 0;
    }
  }
  return filled == 0 || encrypt_record(Bytes(gathered).first(filled));
}

bool TlsStream::encrypt_record(Bytes record) {
  Bytes nothing;
  std::size_t written = 0;
  return run(nothing, [&] { return SSL_write_ex(ssl_.get(), record.data(), record.size(), &written); }) ==
         Outcome::done;
}

/// What TLS itself has to say: handshake messages, tickets, key updates, alerts. A peer that makes us answer
/// without reading the answers is not read from until it does.
void TlsStream::send_answers() {
  if (flush() == net::Flow::congested) answers_congested_ = true;
}

/// Sends what OpenSSL wrote by one write.
net::Flow TlsStream::flush() {
  std::string& records = loop_.record_buffer();
  if (records.empty()) return net::Flow::ready;
  const net::Flow flow = writing_ended_ ? net::Flow::ready : socket_->write(as_bytes(records));
  records.clear();
  if (records.capacity() > kKeptRecordBufferBytes) records.shrink_to_fit();
  return flow;
}

void TlsStream::end_writing() {
  if (writing_ended_) return;
  if (state_ == State::open) {
    Bytes nothing;
    run(nothing, [&] { return SSL_shutdown(ssl_.get()) >= 0 ? 1 : -1; });  // 0: the peer's is still to come
    flush();
  }
  writing_ended_ = true;
  socket_->end_writing();
}

void TlsStream::reset_on_close() {
  linger_ms_ = 0;
  socket_->reset_on_close();
}

// ---- OpenSSL
// ------------------------------------------------------------------------------------------------

template <typename Call>
TlsStream::Outcome TlsStream::run(Bytes& input, Call call) {
  clear_errors();
  shared_->wire.begin(input, loop_.record_buffer());
  const int result = call();
  shared_->wire.end();
  if (result == 1) return Outcome::done;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Outcome::wants_more;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::ended;
    default:
      return Outcome::failed;
  }
}

TlsStream::Outcome TlsStream::step(Bytes& input) {
  const Outcome outcome = run(input, [&] { return SSL_do_handshake(ssl_.get()); });
  return outcome == Outcome::ended ? Outcome::failed : outcome;  // close_notify within the handshake
}

void TlsStream::note_agreement() {
  info_.version = SSL_get_version(ssl_.get());
  info_.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_.get()));
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))
    info_.server_name = to_lower(name);
  info_.resumed = SSL_session_reused(ssl_.get()) == 1;
  info_.client_verified = role_ == Role::server && SSL_get0_peer_certificate(ssl_.get()) != nullptr &&
                          SSL_get_verify_result(ssl_.get()) == X509_V_OK;
}

std::unique_ptr<net::ClientCertificate> TlsStream::client_certificate() const {
  return role_ == Role::server ? client_certificate_of(ssl_.get()) : nullptr;
}

/// The last act of a callback.
void TlsStream::handshake_failed() {
  state_ = State::broken;
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (role_ == Role::server && is_plain_http(reason)) {
    clear_errors();
    answer_plain_http();
    listener_->on_error(Error(Reason::plain_http_on_tls));
    return;
  }
  std::string why = "handshake failed: " + take_error_text();
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) why += std::string(": ") + X509_verify_cert_error_string(verified);
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) {
    why += std::string(" (server name ") + name + ")";
  }
  shared_->failures.report(loop_.now(), why, listener_->log_id());
  flush();
  linger_ms_ = kAlertLingerMs;
  listener_->on_error(
      Error(role_ == Role::server ? Reason::tls_handshake_failed : Reason::upstream_tls_failed));
}

/// OpenSSL recognises GET, HEAD, POST, PUT and CONNECT. Other methods are capitals where a record's type
/// should be.
bool TlsStream::is_plain_http(int reason) const {
  if (first_byte_ < 'A' || first_byte_ > 'Z') return false;
  return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
         reason == SSL_R_WRONG_VERSION_NUMBER;
}

void TlsStream::answer_plain_http() {
  loop_.record_buffer().clear();  // an alert would be noise in front of the answer
  const Bytes pieces[] = {as_bytes(kPlainHttpHead),
                          as_bytes(first_byte_ == 'H' ? "" : kPlainHttpBody)};  // HEAD
  socket_->write(pieces);
  linger_ms_ = kPlainHttpLingerMs;
}

}  // namespace tidegate::tls
