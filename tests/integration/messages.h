#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tests/integration/peer.h"

namespace tidegate::test {

/// How a test sends a message: in one write, or each byte in a segment of its own.
enum class Delivery { whole, bytewise };
inline constexpr std::array kDeliveries{Delivery::whole, Delivery::bytewise};

void deliver(Peer& peer, std::string_view bytes, Delivery delivery);
std::string_view name_of(Delivery delivery);

/// Requests to example.com in HTTP/1.1; `fields` are whole lines.
std::string get(const std::string& path = "/", const std::string& fields = "");
std::string post(const std::string& body, const std::string& fields = "", const std::string& path = "/");
/// The head of a request whose body comes in chunks.
std::string post_chunked(const std::string& fields = "");

/// A 200 with a Content-Length.
std::string ok(const std::string& body, const std::string& fields = "");
/// The head of a 200 with this framing field, or without one.
std::string ok_head(const std::string& fields = "");

/// One chunk; what an empty one would say is kLastChunk.
std::string chunk(std::string_view payload);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// Of a message as it came: the status, 0 if it has none; what stands behind the head; a field's value.
int status_of(std::string_view message);
std::string body_of(std::string_view message);
std::string field_of(std::string_view message, std::string_view name);
/// The payload of a whole chunked body; fails the test where it is none.
std::string dechunk(std::string_view body);

/// How often `what` occurs.
int count_of(std::string_view text, std::string_view what);

}  // namespace tidegate::test
