#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/http/field_scanner.h"
#include "gateway/http/head.h"

namespace tidegate::http {

/// Takes a message's body out of its framing, piece by piece, without copying payload. Strict chunks: CRLF
/// only, hex digits only, overflow checked; extensions dropped, their size bounded (RFC 9112 §7.1). Trailers
/// are read under the same grammar as fields, bounded, and kept.
///
/// No sockets, no clock; holds no payload. After an error it is spent: it answers the same error.
class BodyDecoder {
 public:
  BodyDecoder(Framing framing, std::uint64_t content_length, Party sender);

  struct Step {
    std::size_t consumed = 0;  ///< of the bytes given
    Bytes data;                ///< payload, a part of the bytes given; may be empty
  };
  /// Takes one run of bytes; call again with the rest until everything is consumed or complete() is true.
  /// Bytes behind the end of the body are never consumed.
  Result<Step> feed(Bytes bytes);
  /// The body has ended by its own framing (at once for Framing::none; never for until_close).
  bool complete() const;
  /// May EOF end it? (until_close, or complete)
  bool may_end_here() const;
  std::uint64_t payload_bytes() const;
  /// Trailer fields of a chunked body; owned copies.
  const std::vector<std::pair<std::string, std::string>>& trailers() const;

 private:
  enum class Place : std::uint8_t {
    payload,    ///< of Framing::length, of until_close
    size,       ///< a chunk's hex digits
    extension,  ///< what follows them, up to CR
    size_lf,
    chunk,  ///< a chunk's data
    chunk_cr,
    chunk_lf,
    trailers,
    complete,
    failed,
  };

  Result<Step> fail(Reason reason);
  Result<Step> feed_framing(std::string_view text);
  /// One byte of a chunk's framing; Reason::none if it may stand there.
  Reason accept(char c);
  Reason accept_size(char c);
  Result<Step> feed_trailers(std::string_view text);
  Step take_payload(Bytes bytes);

  std::uint64_t remaining_ = 0;  ///< of the body, or of the chunk (whose size it is while that is read)
  std::uint64_t payload_bytes_ = 0;
  std::size_t extension_bytes_ = 0;  ///< of this chunk
  std::size_t extensions_total_bytes_ = 0;
  FieldScanner trailer_scanner_;
  std::string trailer_text_;  ///< while trailers are read
  std::vector<std::pair<std::string, std::string>> trailers_;
  Framing framing_;
  Party sender_;
  Place place_;
  Reason failed_with_ = Reason::none;
  std::uint8_t size_digits_ = 0;
};

/// `1a2b\r\n`: what goes before a chunk of that size (its data and CRLF follow).
std::string_view chunk_header(std::uint64_t size, char (&buffer)[24]);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace tidegate::http
