#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/ip.h"
#include "gateway/base/reason.h"

namespace tidegate::net {

/// What write() says of the queue behind it.
enum class Flow { ready, congested };

/// How the peer stopped sending. `truncated`: TLS ended without close_notify (RFC 8446 §6.1).
enum class End { clean, truncated };

/// What TLS agreed upon. Strings live as long as the program.
struct TlsInfo {
  std::string_view version;  ///< "TLSv1.2" or "TLSv1.3", as nginx's $ssl_protocol
  std::string_view cipher;
  std::string server_name;  ///< SNI in lower case; empty: none was sent
  bool resumed = false;
  bool client_verified = false;  ///< a client certificate was sent and verified
};

/// What a client has shown of itself under TLS, in nginx's forms.
struct ClientCertificate {
  std::string verify;              ///< "SUCCESS" or "FAILED:reason"
  bool authority_unknown = false;  ///< it failed for that alone, which `optional_no_ca` allows
  std::string subject;             ///< RFC 2253; likewise the issuer
  std::string issuer;
  std::string serial;       ///< hexadecimal, capitals
  std::string fingerprint;  ///< SHA-1, hexadecimal
  std::string not_before;   ///< "Nov 21 05:55:09 2026 GMT"
  std::string not_after;
  std::string pem;  ///< with its last newline
};

struct ProxyHeader;  // gateway/net/proxy_header.h

/// Hears of one Stream. Every callback runs on the stream's loop, and may destroy the stream.
class StreamListener {
 public:
  /// Ready for bytes: a dial succeeded, a TLS handshake is complete. Not called for an accepted plain socket,
  /// which is open from the start.
  virtual void on_open() {}
  /// Bytes came; they are valid during the call only. Never empty.
  virtual void on_data(Bytes bytes) = 0;
  /// The peer sends no more. Writing is still possible.
  virtual void on_end(End end) = 0;
  /// The stream is broken in both directions; nothing else will be called. Before on_open: the dial or the
  /// handshake failed.
  virtual void on_error(const Error& error) = 0;
  /// The queue fell to half of the high mark after write() had answered `congested`.
  virtual void on_drained() = 0;
  /// The request or tunnel that the stream serves right now, for log lines about it; empty: none.
  virtual std::string_view log_id() const { return {}; }

 protected:
  ~StreamListener() = default;
};

/// A connected pair of byte directions: TCP, a unix socket, or TLS over one of them. The seam above which
/// nobody knows how bytes move.
///
/// Owner:  whoever holds the object; neither copied nor moved.
/// Thread: its loop's.
/// End:    the destructor: unsent bytes are dropped and the socket is closed. It may run at any moment, also
///         inside a callback of this very stream; the listener hears nothing once it has begun.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  virtual void set_listener(StreamListener& listener) = 0;

  /// Begins to deliver on_data; a stream does not read before (a TLS handshake and a dial do not wait for
  /// it). Calling start_reading() twice is harmless.
  virtual void start_reading() = 0;
  /// Counted: as many resumes as pauses let bytes flow again. While paused neither on_data nor on_end comes
  /// (bytes that were read already are delivered no sooner either, and are kept). resume_reading() itself
  /// never calls the listener from within: what was kept is delivered from the loop.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  /// Sends the pieces in order by one system call where the socket takes them; what it does not take is
  /// copied and queued. `congested` above the high mark (64 KiB): the bytes are accepted all the same, and
  /// on_drained will come. A broken socket is reported by on_error from the loop, never from within write().
  virtual Flow write(std::span<const Bytes> pieces) = 0;
  Flow write(Bytes bytes) { return write(std::span<const Bytes>(&bytes, 1)); }

  /// Bytes that the kernel has not taken yet.
  virtual std::size_t queued_bytes() const = 0;
  /// Bytes, with those of queued_bytes(), that the peer's kernel has not acknowledged (SIOCOUTQ; a FIN counts
  /// as one): what would be lost if the connection were reset now. A system call.
  virtual std::size_t unacknowledged_bytes() const = 0;

  /// After what is queued: close_notify under TLS, then FIN. No write() afterwards.
  virtual void end_writing() = 0;
  /// The destructor will send RST instead of FIN (SO_LINGER 0), and no close_notify: for a cut that must be
  /// visible.
  virtual void reset_on_close() = 0;

  /// The peer as the kernel names it; for a unix socket no address, port 0.
  virtual const IpAddress* peer() const = 0;
  virtual std::uint16_t peer_port() const = 0;
  /// The address of this end, without a port; empty for a unix socket. A system call.
  virtual std::string local_address() const = 0;
  /// Null on a plain stream, and before on_open.
  virtual const TlsInfo* tls() const = 0;
  /// Made anew by each call, since few ask; null: the client has shown none.
  virtual std::unique_ptr<ClientCertificate> client_certificate() const { return nullptr; }
  /// What a proxy in front said before the first byte; null: nothing was to be said.
  virtual const ProxyHeader* proxied() const { return nullptr; }
};

}  // namespace tidegate::net
