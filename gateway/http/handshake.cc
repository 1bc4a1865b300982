#include "gateway/base/crypto.h"
#include "gateway/base/text.h"
#include "gateway/http/forward.h"

namespace tidegate::http {
namespace {

/// Is every element of `answered`'s lists an element of `offered`'s? `key` gives the part of an element that
/// counts.
template <typename Key>
bool all_offered(const Head& answered, const Head& offered, std::string_view name, Key key) {
  bool all = true;
  for (const Field& answer : answered.fields) {
    if (!iequals(answer.name, name)) continue;
    for_each_list_element(answer.value, [&](std::string_view element) {
      bool found = false;
      for (const Field& offer : offered.fields) {
        if (!iequals(offer.name, name)) continue;
        for_each_list_element(offer.value, [&](std::string_view candidate) {
          found = found || key(candidate) == key(element);
        });
      }
      all = all && found;
    });
  }
  return all;
}

}  // namespace

bool accepts_handshake(const ResponseHead& response, const RequestHead& request) {
  if (request.upgrade != Upgrade::websocket || response.status != 101) return false;
  if (response.count("Upgrade") != 1 || !iequals(response.value("Upgrade"), "websocket")) return false;
  if (!response.lists("Connection", "upgrade") || response.count("Sec-WebSocket-Accept") != 1) return false;
  return response.value("Sec-WebSocket-Accept") == websocket_accept(request.value("Sec-WebSocket-Key"));
}

bool answers_unoffered(const ResponseHead& response, const RequestHead& request) {
  const auto whole = [](std::string_view protocol) { return protocol; };
  const auto before_parameters = [](std::string_view extension) {
    return to_lower(trim_ows(extension.substr(0, extension.find(';'))));
  };
  return !all_offered(response, request, "Sec-WebSocket-Protocol", whole) ||
         !all_offered(response, request, "Sec-WebSocket-Extensions", before_parameters);
}

}  // namespace tidegate::http
