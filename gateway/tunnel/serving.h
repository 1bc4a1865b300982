#pragma once

#include <cstddef>

#include "gateway/base/bytes.h"
#include "gateway/net/loop.h"
#include "gateway/tunnel/access_record.h"

namespace tidegate::tunnel {

/// What serves one request of a client's connection for longer than the callback its head came in.
///
/// Owner: the ClientConnection, which retires it. Thread: the worker's.
class Serving : public net::Retired {
 public:
  /// Does it take bytes of the request's body now? Where it does not, they wait (bounded) in the connection,
  /// and so does the next request.
  virtual bool wants_body() const = 0;
  /// Takes bytes of the request's body; answers how many (all, or up to its end).
  virtual std::size_t feed_body(Bytes bytes) = 0;
  /// The client reads again.
  virtual void on_client_drained() = 0;
  /// The client has sent EOF: does it get its answer all the same?
  virtual bool outlives_client_end() const { return false; }
  /// The client is gone, or the worker stops: nothing is called any more.
  virtual void cancel() = 0;
  /// What happened so far, for the log.
  virtual AccessRecord record() const = 0;
};

}  // namespace tidegate::tunnel
