#pragma once

#include <memory>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/http/head.h"

namespace tidegate::http {

struct HeadLimits {
  std::size_t head_bytes = 32 * kKiB;  ///< the whole head: 431
  std::size_t fields = 100;            ///< 431
  std::size_t uri_bytes = 8 * kKiB;    ///< 414
};

/// How far one call of feed() came.
struct Fed {
  std::size_t consumed = 0;
  bool complete = false;  ///< the head has ended; the rest of the bytes is not the head's
};

/// Reads one request head at a time from bytes cut anywhere: a byte-level check of our own, then llhttp, and
/// both must agree, so that the rules hold whatever llhttp's version and leniency. Limits are enforced while
/// bytes come, before they are kept. After an error the parser is spent: it answers the same error.
///
/// No sockets, no clock. Holds memory only between a head's first byte and take(), which hands it over.
class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits);
  ~RequestParser();
  Result<Fed> feed(Bytes bytes);
  /// After `complete`: hands the head over and is ready for the next one. Null before that.
  std::unique_ptr<RequestHead> take();
  /// Has a byte of the current request come (not counting the one CRLF tolerated before a request line)?
  bool begun() const;
  /// What is known of the request line for the log when feed() failed: method, SP and target as far as they
  /// came, up to and with the byte that was refused, control characters and all; may be empty.
  std::string_view partial_line() const;

 private:
  struct State;
  HeadLimits limits_;
  std::unique_ptr<State> state_;  ///< null while nothing has come
};

/// The same for responses. Errors are the upstream's fault. `head_request`: the response to HEAD has no body.
class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits);
  ~ResponseParser();
  Result<Fed> feed(Bytes bytes);
  std::unique_ptr<ResponseHead> take(bool head_request);
  bool begun() const;

 private:
  struct State;
  HeadLimits limits_;
  std::unique_ptr<State> state_;  ///< null while nothing has come
};

}  // namespace tidegate::http
