#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/admin/http_endpoint.h"
#include "gateway/admin/json.h"
#include "gateway/server/server.h"

namespace tidegate::admin {

/// One line of GET /tunnels/{id}/frames.
Json frame_json(const tunnel::FrameEvent& event);

/// The answer to one GET /tunnels/{id}/frames: a line per frame header, from when the tunnel was found until
/// it or the client has ended. While the client does not keep up, the trace behind it is paused, and what it
/// has no room for is counted as dropped: at most one batch of it waits here, beside the stream's own queue.
///
/// Owner:  ControlListener. Thread: the main one. End: the destructor ends the trace.
class FrameStream {
 public:
  /// `connection` is looked for by its id whenever there are news.
  FrameStream(server::Server& server, HttpEndpoint& endpoint, SlotId connection, std::string tunnel);

  /// The client has room again.
  void on_drained();

 private:
  void on_news(const server::FrameNews& news);
  void begin(HttpConnection& connection);
  void tell(HttpConnection& connection, const server::FrameNews& news);

  HttpEndpoint& endpoint_;
  const SlotId connection_;
  const std::string tunnel_;
  bool begun_ = false;
  bool paused_ = false;
  std::unique_ptr<server::FrameWatch> watch_;
};

}  // namespace tidegate::admin
