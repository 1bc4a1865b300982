#include "tests/integration/messages.h"

#include <gtest/gtest.h>

#include <charconv>

namespace tidegate::test {

void deliver(Peer& peer, std::string_view bytes, Delivery delivery) {
  if (delivery == Delivery::whole) {
    peer.send(bytes);
  } else {
    peer.send_bytewise(bytes);
  }
}

std::string_view name_of(Delivery delivery) {
  return delivery == Delivery::whole ? "whole" : "byte by byte";
}

std::string get(const std::string& path, const std::string& fields) {
  return "GET " + path + " HTTP/1.1\r\nHost: example.com\r\n" + fields + "\r\n";
}

std::string post(const std::string& body, const std::string& fields, const std::string& path) {
  return "POST " + path + " HTTP/1.1\r\nHost: example.com\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + fields + "\r\n" + body;
}

std::string post_chunked(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n" + fields + "\r\n";
}

std::string ok(const std::string& body, const std::string& fields) {
  return ok_head("Content-Length: " + std::to_string(body.size()) + "\r\n" + fields) + body;
}

std::string ok_head(const std::string& fields) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

std::string chunk(std::string_view payload) {
  char size[17];
  const char* const end = std::to_chars(size, size + sizeof size, payload.size(), 16).ptr;
  return std::string(size, static_cast<std::size_t>(end - size))
      .append("\r\n")
      .append(payload)
      .append("\r\n");
}

int status_of(std::string_view message) {
  int status = 0;
  if (message.starts_with("HTTP/1.1 ") && message.size() > 12) {
    std::from_chars(message.data() + 9, message.data() + 12, status);
  }
  return status;
}

std::string body_of(std::string_view message) {
  const std::size_t end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(message.substr(end + 4));
}

std::string field_of(std::string_view message, std::string_view name) {
  const std::string_view head = message.substr(0, message.find("\r\n\r\n"));
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string_view::npos) return {};
  const std::string_view value = head.substr(at + line.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

std::string dechunk(std::string_view body) {
  std::string payload;
  while (true) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), size, 16);
    body.remove_prefix(static_cast<std::size_t>(end - body.data()));
    if (error != std::errc() || !body.starts_with("\r\n") || body.size() < size + 4 ||
        body.substr(size + 2, 2) != "\r\n") {
      ADD_FAILURE() << "not a chunked body; at: " << body.substr(0, 80);
      return payload;
    }
    payload += body.substr(2, size);
    body.remove_prefix(size + 4);
    if (size == 0) {
      EXPECT_EQ("", body) << "behind the last chunk";
      return payload;
    }
  }
}

int count_of(std::string_view text, std::string_view what) {
  int count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

}  // namespace tidegate::test
