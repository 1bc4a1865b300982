#include "gateway/net/proxy_header.h"

#include <charconv>

namespace tidegate::net {
namespace {

using Found = ProxyHeaderFound;

// https://www.haproxy.org/download/2.7/doc/proxy-protocol.txt; the paragraphs below are its own.
constexpr std::string_view kTextBegins = "PROXY ";
constexpr std::size_t kTextBytes = 107;  // §2.1: with CRLF
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kBinaryHead = 16;

Found malformed() {
  return {.state = Found::State::malformed};
}

/// Takes what stands before the next space; nothing: there is none.
std::optional<std::string_view> take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space + 1);
  return word;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || padded) return std::nullopt;
  return port;
}

/// §2.1: "TCP4 192.0.2.1 192.0.2.2 56324 443", or "UNKNOWN" and whatever follows it.
std::optional<ProxyHeader> parse_line(std::string_view line) {
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return ProxyHeader{};
  const auto family = take_word(line);
  const auto source = take_word(line);
  const auto destination = take_word(line);
  const auto source_port = take_word(line);
  if (!family || !source_port || (*family != "TCP4" && *family != "TCP6")) return std::nullopt;
  ProxyHeader header;
  header.source = IpAddress::parse(*source);
  header.destination = IpAddress::parse(*destination);
  const auto from = parse_port(*source_port);
  const auto to = parse_port(line);
  if (!header.source || !header.destination || !from || !to) return std::nullopt;
  const bool v4 = *family == "TCP4";
  if (v4 != (source->find(':') == std::string_view::npos)) return std::nullopt;
  if (v4 != (destination->find(':') == std::string_view::npos)) return std::nullopt;
  header.source_port = *from;
  header.destination_port = *to;
  return header;
}

Found find_text(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kTextBytes).find("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() < kTextBytes ? Found{} : malformed();
  }
  const auto header = parse_line(bytes.substr(kTextBegins.size(), end - kTextBegins.size()));
  return header ? Found{.state = Found::State::complete, .size = end + 2, .header = *header} : malformed();
}

std::uint16_t number(std::string_view bytes, std::size_t at) {
  const auto byte = [bytes](std::size_t i) { return unsigned{static_cast<unsigned char>(bytes[i])}; };
  return static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
}

/// §2.2: two addresses of `size` bytes, then two ports.
std::optional<ProxyHeader> parse_addresses(std::string_view bytes, std::size_t size) {
  if (bytes.size() < 2 * size + 4) return std::nullopt;
  const auto address = [&](std::size_t at) {
    return size == 4 ? IpAddress::from_v4(bytes.data() + at) : IpAddress::from_v6(bytes.data() + at);
  };
  return ProxyHeader{.source = address(0),
                     .destination = address(size),
                     .source_port = number(bytes, 2 * size),
                     .destination_port = number(bytes, 2 * size + 2)};
}

Found find_binary(std::string_view bytes) {
  if (bytes.size() < kBinaryHead) return {};
  const unsigned version = static_cast<unsigned char>(bytes[12]) >> 4;
  const unsigned command = static_cast<unsigned char>(bytes[12]) & 15u;
  const unsigned family = static_cast<unsigned char>(bytes[13]) >> 4;
  const std::size_t size = kBinaryHead + number(bytes, 14);
  if (version != 2 || command > 1 || size > kProxyHeaderBytes) return malformed();
  if (bytes.size() < size) return {};
  Found found{.state = Found::State::complete, .size = size};
  const std::string_view body = bytes.substr(kBinaryHead, size - kBinaryHead);
  if (command == 0 || (family != 1 && family != 2)) return found;  // LOCAL, unix, or unspecified
  const auto header = parse_addresses(body, family == 1 ? 4 : 16);
  if (!header) return malformed();
  found.header = *header;
  return found;
}

bool may_become(std::string_view bytes, std::string_view whole) {
  return whole.starts_with(bytes.substr(0, whole.size()));
}

}  // namespace

ProxyHeaderFound find_proxy_header(std::string_view bytes) {
  if (bytes.starts_with(kTextBegins)) return find_text(bytes);
  if (bytes.starts_with(kSignature)) return find_binary(bytes);
  return may_become(bytes, kTextBegins) || may_become(bytes, kSignature) ? Found{} : malformed();
}

}  // namespace tidegate::net
