#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/base/reason.h"
#include "gateway/http/head.h"

namespace tidegate::http {

enum class MessageKind : std::uint8_t { request, response };

/// Is it an HTTP/1 method in llhttp's table? (It also knows methods of RTSP, Icecast and HTTP/2's preface;
/// they are none of HTTP/1's.)
bool is_known_method(std::string_view method);

/// The second opinion on a head: llhttp reads the complete head `text`, which lies in `head.storage` and has
/// kept our own grammar, and fills in head.fields. Anything that llhttp refuses is refused, whatever we made
/// of it, and so is a head in which it sees another number of fields than we did. Reason::none: it agrees.
Reason read_fields(Head& head, std::string_view text, MessageKind kind, std::size_t expected_fields);

}  // namespace tidegate::http
