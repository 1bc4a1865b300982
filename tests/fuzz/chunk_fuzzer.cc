// Chunked bodies: payload, trailers and end never depend on how the bytes are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/body.h"
#include "tests/fuzz/check.h"

namespace tidegate::http {
namespace {

struct Outcome {
  Reason reason = Reason::none;
  std::size_t consumed = 0;
  bool complete = false;
  std::string payload;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(Bytes bytes, std::size_t piece_bytes) {
  BodyDecoder decoder(Framing::chunked, 0, Party::client);
  Outcome outcome;
  while (!bytes.empty() && !decoder.complete()) {
    const auto step = decoder.feed(bytes.first(std::min(piece_bytes, bytes.size())));
    if (!step) {
      // What came before the error may have been handed out in fewer or more steps.
      Outcome refused;
      refused.reason = step.error().reason;
      return refused;
    }
    FUZZ_CHECK(step.value().consumed > 0);
    outcome.consumed += step.value().consumed;
    outcome.payload += as_text(step.value().data);
    bytes = bytes.subspan(step.value().consumed);
  }
  outcome.complete = decoder.complete();
  outcome.trailers = decoder.trailers();
  FUZZ_CHECK(decoder.payload_bytes() == outcome.payload.size());
  FUZZ_CHECK(decoder.may_end_here() == outcome.complete);
  return outcome;
}

void run(Bytes bytes) {
  const Outcome whole = decode(bytes, bytes.size() + 1);
  for (std::size_t piece_bytes : {1, 2, 7}) FUZZ_CHECK(decode(bytes, piece_bytes) == whole);
}

}  // namespace
}  // namespace tidegate::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::http::run(std::as_bytes(std::span(data, size)));
  return 0;
}
