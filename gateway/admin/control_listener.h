#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/admin/frame_stream.h"
#include "gateway/admin/http_endpoint.h"
#include "gateway/admin/json.h"
#include "gateway/admin/request_target.h"

namespace tidegate::admin {

/// The `admin` addresses: a running gateway told and steered (docs/reference/admin-api.md). Over a unix
/// socket, whose mode lets in the gateway's user and root, everything; over TCP it is read-only.
///
/// Owner:  main(), or a test; made before Server::start(), gone before the server. Thread: the server's main
/// one. End:    the destructor cuts what is open.
class ControlListener final : HttpHandler {
 public:
  /// What is told of the program, and the server does not know.
  struct Program {
    std::string version;
    std::string config_file;  ///< empty: there is none
  };
  ControlListener(server::Server& server, Program program);
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  /// Where it accepts, as in the configuration.
  std::vector<net::SocketAddress> addresses() const { return endpoint_.addresses(); }

 private:
  /// One request on its way to its answer.
  struct Call {
    HttpConnection& connection;
    const http::RequestHead& head;
    RequestTarget target;
    std::string body;
  };
  /// One line of the page's table.
  struct Action {
    std::string_view method;
    std::string_view path;  ///< "{}" is any segment
    void (ControlListener::*run)(const Call& call);
    bool takes_body = false;
  };

  std::size_t most_body_bytes(const HttpConnection& connection, const http::RequestHead& head) override;
  void on_request(HttpConnection& connection, const http::RequestHead& head, std::string body) override;
  Answer refusal(int status) override;
  void on_stream_drained(HttpConnection& connection) override;
  void on_gone(SlotId id) override { frames_.erase(key_of(id)); }

  static std::uint64_t key_of(SlotId id) { return std::uint64_t{id.slot} << 32 | id.generation; }
  static const std::vector<Action>& actions();
  void dispatch(const Call& call);

  // What the page's table lists, in its order (control_actions.cc).
  void get_dashboard(const Call& call);
  void get_status(const Call& call);
  void get_config(const Call& call);
  void get_routes(const Call& call);
  void get_upstreams(const Call& call);
  void get_tunnels(const Call& call);
  void get_frames(const Call& call);
  void delete_tunnel(const Call& call);
  void post_reload(const Call& call);
  void post_plan(const Call& call);
  void post_drain(const Call& call);
  void post_stop(const Call& call);
  void post_server(const Call& call);

  /// What answers `call` with make(result) when the server has come to one, if the connection is there still.
  template <typename Make>
  auto later(const Call& call, Make make) {
    return [this, id = call.connection.id(), make = std::move(make)](const auto& result) {
      HttpConnection* asked = endpoint_.find(id);
      if (asked != nullptr) asked->answer(make(result));
    };
  }

  server::Server& server_;
  const Program program_;
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  std::unordered_map<std::uint64_t, std::unique_ptr<FrameStream>> frames_;  ///< by connection, see key_of()
  HttpEndpoint endpoint_;
};

}  // namespace tidegate::admin
