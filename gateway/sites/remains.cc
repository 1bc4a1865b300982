#include "gateway/sites/remains.h"

#include <algorithm>
#include <array>

#include "gateway/sites/compiled.h"
#include "gateway/sites/request.h"

namespace tidegate::sites {

bool is_late(std::string_view variable) {
  static constexpr std::array<std::string_view, 11> kLate{"body_bytes_sent",
                                                          "bytes_sent",
                                                          "connection_time",
                                                          "msec",
                                                          "request_time",
                                                          "time_iso8601",
                                                          "time_local",
                                                          "upstream_bytes_received",
                                                          "upstream_bytes_sent",
                                                          "upstream_response_length",
                                                          "upstream_response_time"};
  return std::find(kLate.begin(), kLate.end(), variable) != kLate.end();
}

std::vector<std::pair<std::string_view, std::string>> Remains::log_lines(Facts& facts) const {
  // What is late is read from the facts and the clock alone.
  http::RequestHead head;
  Visitor visitor;
  visitor.head = &head;
  visitor.accepted = accepted_;
  Request request(table_, visitor, facts);
  std::vector<std::pair<std::string_view, std::string>> out;
  for (const Line& line : lines_) {
    std::string text;
    for (const Expression::Piece& piece : line.pieces) {
      text += piece.text;
      if (!piece.variable) continue;
      std::string value;
      const bool found = request.append(*piece.variable, value);
      line.write(text, value, found);
    }
    out.emplace_back(line.path, std::move(text));
  }
  return out;
}

}  // namespace tidegate::sites
