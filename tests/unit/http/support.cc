#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

using Pieces = std::vector<std::string_view>;

/// Calls check(pieces, how) for the ways to cut `input` but for the whole. Long inputs are cut at some
/// positions only.
void for_each_cut(std::string_view input,
                  const std::function<void(const Pieces&, const std::string&)>& check) {
  const std::size_t stride = input.size() < 1024 ? 1 : input.size() / 64;
  for (std::size_t cut = 0; cut <= input.size(); cut += stride) {
    check({input.substr(0, cut), input.substr(cut)}, "cut at " + std::to_string(cut));
  }
  Pieces bytes;
  for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
  check(bytes, "byte by byte");
}

/// Each piece in memory of its own, so that AddressSanitizer sees a read beyond it and a view kept into it.
template <typename Parser, typename Outcome>
bool feed_pieces(Parser& parser, const Pieces& pieces, Outcome& outcome) {
  for (std::string_view piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    const auto fed = parser.feed(as_bytes({copy.data(), copy.size()}));
    if (!fed) {
      outcome.reason = fed.error().reason;
      outcome.at_fault = fed.error().at_fault;
      const auto again = parser.feed(as_bytes("x"));
      EXPECT_FALSE(again) << "a spent parser must stay so";
      if (!again) {
        EXPECT_EQ(again.error(), fed.error());
      }
      return false;
    }
    outcome.consumed += fed.value().consumed;
    if (fed.value().complete) return true;
    EXPECT_EQ(fed.value().consumed, piece.size());
  }
  return false;
}

RequestOutcome parse_request(const Pieces& pieces, const HeadLimits& limits) {
  RequestParser parser(limits);
  RequestOutcome outcome;
  const bool complete = feed_pieces(parser, pieces, outcome);
  outcome.partial_line = parser.partial_line();
  outcome.head = parser.take();
  EXPECT_EQ(outcome.head != nullptr, complete);
  return outcome;
}

ResponseOutcome parse_response(const Pieces& pieces, bool head_request, const HeadLimits& limits) {
  ResponseParser parser(limits);
  ResponseOutcome outcome;
  const bool complete = feed_pieces(parser, pieces, outcome);
  outcome.head = parser.take(head_request);
  EXPECT_EQ(outcome.head != nullptr, complete);
  return outcome;
}

BodyOutcome decode(const Pieces& pieces, Framing framing, std::uint64_t content_length, Party sender) {
  BodyDecoder decoder(framing, content_length, sender);
  BodyOutcome outcome;
  for (std::string_view piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    Bytes rest = as_bytes({copy.data(), copy.size()});
    while (!rest.empty() && !decoder.complete()) {
      const auto step = decoder.feed(rest);
      if (!step) {
        outcome.reason = step.error().reason;
        outcome.at_fault = step.error().at_fault;
        EXPECT_FALSE(decoder.feed(as_bytes("0\r\n\r\n"))) << "a spent decoder must stay so";
        EXPECT_FALSE(decoder.complete() || decoder.may_end_here());
        return outcome;
      }
      EXPECT_GT(step.value().consumed, 0u) << "no progress";
      if (step.value().consumed == 0) return outcome;
      outcome.payload += as_text(step.value().data);
      outcome.consumed += step.value().consumed;
      rest = rest.subspan(step.value().consumed);
    }
  }
  outcome.complete = decoder.complete();
  outcome.may_end_here = decoder.may_end_here();
  outcome.payload_bytes = decoder.payload_bytes();
  outcome.trailers = decoder.trailers();
  return outcome;
}

void expect_same_head(const Head& head, const Head& whole, const std::string& how) {
  EXPECT_EQ(fields_of(head), fields_of(whole)) << how;
  EXPECT_EQ(head.minor_version, whole.minor_version) << how;
  EXPECT_EQ(head.framing, whole.framing) << how;
  EXPECT_EQ(head.content_length, whole.content_length) << how;
}

void expect_same(const RequestOutcome& outcome, const RequestOutcome& whole, const std::string& how) {
  EXPECT_EQ(word(outcome.reason), word(whole.reason)) << how;
  EXPECT_EQ(outcome.partial_line, whole.partial_line) << how;
  if (whole.reason == Reason::none) {
    EXPECT_EQ(outcome.consumed, whole.consumed) << how;
  }
  ASSERT_EQ(outcome.head != nullptr, whole.head != nullptr) << how;
  if (!whole.head) return;
  expect_same_head(*outcome.head, *whole.head, how);
  EXPECT_EQ(outcome.head->method, whole.head->method) << how;
  EXPECT_EQ(outcome.head->target, whole.head->target) << how;
  EXPECT_EQ(outcome.head->path, whole.head->path) << how;
  EXPECT_EQ(outcome.head->authority, whole.head->authority) << how;
  EXPECT_EQ(outcome.head->host, whole.head->host) << how;
  EXPECT_EQ(outcome.head->port, whole.head->port) << how;
  EXPECT_EQ(outcome.head->upgrade, whole.head->upgrade) << how;
}

void expect_same(const ResponseOutcome& outcome, const ResponseOutcome& whole, const std::string& how) {
  EXPECT_EQ(word(outcome.reason), word(whole.reason)) << how;
  if (whole.reason == Reason::none) {
    EXPECT_EQ(outcome.consumed, whole.consumed) << how;
  }
  ASSERT_EQ(outcome.head != nullptr, whole.head != nullptr) << how;
  if (!whole.head) return;
  expect_same_head(*outcome.head, *whole.head, how);
  EXPECT_EQ(outcome.head->status, whole.head->status) << how;
  EXPECT_EQ(outcome.head->phrase, whole.head->phrase) << how;
  EXPECT_EQ(outcome.head->keep_alive, whole.head->keep_alive) << how;
}

}  // namespace

RequestOutcome read_request(std::string_view input, const HeadLimits& limits) {
  const RequestOutcome whole = parse_request({input}, limits);
  for_each_cut(input, [&](const Pieces& pieces, const std::string& how) {
    expect_same(parse_request(pieces, limits), whole, how);
  });
  return whole;
}

ResponseOutcome read_response(std::string_view input, bool head_request, const HeadLimits& limits) {
  const ResponseOutcome whole = parse_response({input}, head_request, limits);
  for_each_cut(input, [&](const Pieces& pieces, const std::string& how) {
    expect_same(parse_response(pieces, head_request, limits), whole, how);
  });
  return whole;
}

BodyOutcome decode_body(std::string_view input, Framing framing, std::uint64_t content_length, Party sender) {
  const BodyOutcome whole = decode({input}, framing, content_length, sender);
  for_each_cut(input, [&](const Pieces& pieces, const std::string& how) {
    const BodyOutcome outcome = decode(pieces, framing, content_length, sender);
    EXPECT_EQ(word(outcome.reason), word(whole.reason)) << how;
    if (whole.reason != Reason::none) return;
    EXPECT_EQ(outcome.consumed, whole.consumed) << how;
    EXPECT_EQ(outcome.payload, whole.payload) << how;
    EXPECT_EQ(outcome.complete, whole.complete) << how;
    EXPECT_EQ(outcome.may_end_here, whole.may_end_here) << how;
    EXPECT_EQ(outcome.payload_bytes, whole.payload_bytes) << how;
    EXPECT_EQ(outcome.trailers, whole.trailers) << how;
  });
  return whole;
}

RequestOutcome read_get(std::string_view fields) {
  return read_request("GET / HTTP/1.1\r\nHost: example.com\r\n" + std::string(fields) + "\r\n");
}

std::string fields_of(const Head& head) {
  std::string text;
  for (const Field& field : head.fields) {
    text.append(field.name).append(": ").append(field.value).append("\n");
  }
  return text;
}

}  // namespace tidegate::http
