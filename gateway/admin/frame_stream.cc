#include "gateway/admin/frame_stream.h"

#include <utility>

#include "gateway/admin/control_answers.h"

namespace tidegate::admin {
namespace {

const char* word(websocket::Opcode opcode) {
  switch (opcode) {
    case websocket::Opcode::continuation:
      return "continuation";
    case websocket::Opcode::text:
      return "text";
    case websocket::Opcode::binary:
      return "binary";
    case websocket::Opcode::close:
      return "close";
    case websocket::Opcode::ping:
      return "ping";
    case websocket::Opcode::pong:
      return "pong";
  }
  return "";
}

}  // namespace

Json frame_json(const tunnel::FrameEvent& event) {
  Json json = {{"at", to_rfc3339(event.at, Digits::microseconds)},
               {"direction", metrics::label(event.direction)},
               {"opcode", word(event.frame.opcode)},
               {"fin", event.frame.fin},
               {"rsv", event.frame.rsv},
               {"masked", event.frame.masked},
               {"length", event.frame.length}};
  if (event.frame.close_code) json["code"] = *event.frame.close_code;
  if (event.from_gateway) json["from_gateway"] = true;
  return json;
}

FrameStream::FrameStream(server::Server& server, HttpEndpoint& endpoint, SlotId connection,
                         std::string tunnel)
    : endpoint_(endpoint), connection_(connection), tunnel_(std::move(tunnel)) {
  watch_ = server.trace_tunnel(tunnel_, [this](const server::FrameNews& news) { on_news(news); });
}

void FrameStream::on_drained() {
  if (watch_ != nullptr && std::exchange(paused_, false)) watch_->resume();
}

void FrameStream::on_news(const server::FrameNews& news) {
  HttpConnection* connection = endpoint_.find(connection_);
  if (connection == nullptr) return watch_.reset();
  if (!news.found) {
    watch_.reset();
    return connection->answer(no_such_tunnel(tunnel_));
  }
  if (!std::exchange(begun_, true)) begin(*connection);
  tell(*connection, news);
  if (!news.ended) return;
  watch_.reset();
  connection->end_stream();
}

void FrameStream::begin(HttpConnection& connection) {
  Answer head = json_answer({});
  head.content_type = "application/x-ndjson";
  connection.begin_stream(head);
}

void FrameStream::tell(HttpConnection& connection, const server::FrameNews& news) {
  std::string lines;
  for (const tunnel::FrameEvent& frame : news.frames) lines += to_text(frame_json(frame)) + "\n";
  if (news.dropped > 0) lines += to_text({{"dropped", news.dropped}}) + "\n";
  if (news.ended) lines += to_text({{"ended", true}}) + "\n";
  connection.stream(lines);
  if (!connection.congested() || std::exchange(paused_, true)) return;
  watch_->pause();
}

}  // namespace tidegate::admin
