// Request heads: a verdict never depends on how the bytes are cut, and what is forwarded is one request for a
// second parser too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gateway/http/forward.h"
#include "gateway/http/head_parser.h"
#include "tests/fuzz/check.h"

namespace tidegate::http {
namespace {

struct Outcome {
  Reason reason = Reason::none;
  std::size_t consumed = 0;
  std::unique_ptr<RequestHead> head;
};

Outcome parse(Bytes bytes, std::size_t piece_bytes) {
  RequestParser parser({.head_bytes = 1024, .fields = 20, .uri_bytes = 256});
  Outcome outcome;
  while (!bytes.empty() && !outcome.head) {
    const Bytes piece = bytes.first(std::min(piece_bytes, bytes.size()));
    const auto fed = parser.feed(piece);
    if (!fed) {
      outcome.reason = fed.error().reason;
      return outcome;
    }
    FUZZ_CHECK(fed.value().complete || fed.value().consumed == piece.size());
    outcome.consumed += fed.value().consumed;
    outcome.head = parser.take();
    FUZZ_CHECK(fed.value().complete == (outcome.head != nullptr));
    bytes = bytes.subspan(fed.value().consumed);
  }
  return outcome;
}

/// Whatever was accepted goes out as exactly one message that means the same.
void require_round_trip(const RequestHead& head) {
  RequestContext context;
  context.path = head.path;
  context.client_address = "192.0.2.1";
  context.scheme = "http";
  context.upstream_host = "upstream";
  std::string out;
  append_request(out, head, context);
  RequestParser parser({});
  const auto fed = parser.feed(as_bytes(out));
  FUZZ_CHECK(fed && fed.value().complete && fed.value().consumed == out.size());
  const auto again = parser.take();
  FUZZ_CHECK(again->method == head.method && again->path == head.path);
  FUZZ_CHECK(again->framing == head.framing && again->content_length == head.content_length);
  FUZZ_CHECK(again->count("Host") == 1 && again->count("X-Real-IP") == 1);
  FUZZ_CHECK(head.upgrade != Upgrade::websocket || again->upgrade == Upgrade::websocket);
}

void run(Bytes bytes) {
  const Outcome whole = parse(bytes, bytes.size() + 1);
  for (std::size_t piece_bytes : {1, 2, 7}) {
    const Outcome cut = parse(bytes, piece_bytes);
    FUZZ_CHECK(cut.reason == whole.reason && (cut.head != nullptr) == (whole.head != nullptr));
    FUZZ_CHECK(whole.reason != Reason::none || cut.consumed == whole.consumed);
    FUZZ_CHECK(!whole.head || cut.head->fields.size() == whole.head->fields.size());
  }
  if (whole.head) require_round_trip(*whole.head);
}

}  // namespace
}  // namespace tidegate::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::http::run(std::as_bytes(std::span(data, size)));
  return 0;
}
