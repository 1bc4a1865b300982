#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/body.h"
#include "gateway/http/forward.h"
#include "gateway/http/head_parser.h"

namespace tidegate::http {

/// What became of a request head: the head, or the reason why there is none (Reason::none and no head: it
/// goes on).
struct RequestOutcome {
  Reason reason = Reason::none;
  Party at_fault = Party::client;
  std::size_t consumed = 0;
  std::string partial_line;
  std::shared_ptr<RequestHead> head;
};

struct ResponseOutcome {
  Reason reason = Reason::none;
  Party at_fault = Party::upstream;
  std::size_t consumed = 0;
  std::shared_ptr<ResponseHead> head;
};

struct BodyOutcome {
  Reason reason = Reason::none;
  Party at_fault = Party::client;
  std::size_t consumed = 0;
  std::string payload;
  bool complete = false;
  bool may_end_here = false;
  std::uint64_t payload_bytes = 0;
  std::vector<std::pair<std::string, std::string>> trailers;
};

/// These read `input` whole, cut in two at each position, and byte by byte, expect the same outcome from all,
/// and give it.
RequestOutcome read_request(std::string_view input, const HeadLimits& limits = {});
ResponseOutcome read_response(std::string_view input, bool head_request = false,
                              const HeadLimits& limits = {});
BodyOutcome decode_body(std::string_view input, Framing framing, std::uint64_t content_length = 0,
                        Party sender = Party::client);

/// `GET / HTTP/1.1` with a Host and the given fields (CRLF behind each).
RequestOutcome read_get(std::string_view fields);

/// `name: value` per line, as the head has them.
std::string fields_of(const Head& head);

}  // namespace tidegate::http
