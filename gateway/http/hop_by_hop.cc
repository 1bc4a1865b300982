#include "gateway/http/hop_by_hop.h"

#include "gateway/base/text.h"

namespace tidegate::http {
namespace {

constexpr std::string_view kHopByHop[] = {"Connection", "Keep-Alive",    "Proxy-Connection",
                                          "TE",         "Trailer",       "Transfer-Encoding",
                                          "Upgrade",    "HTTP2-Settings"};
constexpr std::string_view kNeverNominated[] = {"Host", "Content-Length", "Expect"};
constexpr std::string_view kWebSocketPrefix = "Sec-WebSocket-";

}  // namespace

ConnectionOptions::ConnectionOptions(const Head& head) {
  for (const Field& field : head.fields) {
    if (!iequals(field.name, "Connection")) continue;
    for_each_list_element(field.value, [this](std::string_view option) {
      if (size_ == kMaxOptions) {
        too_many_ = true;
      } else {
        options_[size_++] = option;
      }
    });
  }
}

bool ConnectionOptions::nominates(std::string_view name) const {
  for (std::size_t i = 0; i < size_; ++i) {
    if (iequals(options_[i], name)) return true;
  }
  return false;
}

bool is_hop_by_hop(std::string_view name) {
  for (std::string_view known : kHopByHop) {
    if (iequals(name, known)) return true;
  }
  return false;
}

bool is_nominable(std::string_view name) {
  for (std::string_view known : kNeverNominated) {
    if (iequals(name, known)) return false;
  }
  return !iequals(name.substr(0, kWebSocketPrefix.size()), kWebSocketPrefix);
}

}  // namespace tidegate::http
