// Response heads: a verdict never depends on how the bytes are cut, and what the client is told is one
// response for a second parser too.
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
  bool refused = false;
  std::size_t consumed = 0;
  std::unique_ptr<ResponseHead> head;
};

Outcome parse(Bytes bytes, std::size_t piece_bytes) {
  ResponseParser parser({.head_bytes = 1024, .fields = 20});
  Outcome outcome;
  while (!bytes.empty() && !outcome.head) {
    const auto fed = parser.feed(bytes.first(std::min(piece_bytes, bytes.size())));
    if (!fed) {
      FUZZ_CHECK(fed.error().at_fault == Party::upstream);
      outcome.refused = true;
      return outcome;
    }
    outcome.consumed += fed.value().consumed;
    outcome.head = parser.take(false);
    bytes = bytes.subspan(fed.value().consumed);
  }
  return outcome;
}

void require_round_trip(const ResponseHead& head) {
  ResponseContext context;
  context.framing = client_framing(head, 1);
  std::string out;
  append_response(out, head, context);
  ResponseParser parser({});
  const auto fed = parser.feed(as_bytes(out));
  FUZZ_CHECK(fed && fed.value().complete && fed.value().consumed == out.size());
  const auto again = parser.take(false);
  FUZZ_CHECK(again->status == head.status && again->phrase == head.phrase);
  FUZZ_CHECK(again->framing == context.framing);
  FUZZ_CHECK(context.framing != Framing::length || again->content_length == head.content_length);
}

void run(Bytes bytes) {
  const Outcome whole = parse(bytes, bytes.size() + 1);
  for (std::size_t piece_bytes : {1, 2, 7}) {
    const Outcome cut = parse(bytes, piece_bytes);
    FUZZ_CHECK(cut.refused == whole.refused && (cut.head != nullptr) == (whole.head != nullptr));
    FUZZ_CHECK(whole.refused || cut.consumed == whole.consumed);
  }
  if (whole.head) require_round_trip(*whole.head);
}

}  // namespace
}  // namespace tidegate::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::http::run(std::as_bytes(std::span(data, size)));
  return 0;
}
