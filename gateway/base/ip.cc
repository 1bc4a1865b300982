#include "gateway/base/ip.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace tidegate {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);  // inet_pton wants a NUL
  if (copy.size() != std::strlen(copy.c_str())) return std::nullopt;
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return from_v4(&v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) == 1) return from_v6(&v6);
  return std::nullopt;
}

IpAddress IpAddress::from_v4(const void* bytes) {
  IpAddress address;
  address.v4_ = true;
  address.bytes_[10] = address.bytes_[11] = 0xff;
  std::memcpy(address.bytes_.data() + 12, bytes, 4);
  return address;
}

IpAddress IpAddress::from_v6(const void* bytes) {
  IpAddress address;
  std::memcpy(address.bytes_.data(), bytes, 16);
  static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  address.v4_ = std::memcmp(address.bytes_.data(), kMapped, sizeof kMapped) == 0;
  return address;
}

std::string IpAddress::to_string() const {
  if (!v4_) {
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  std::string text;  // by hand: every request needs one, and inet_ntop() prints by way of sprintf()
  for (std::size_t i = 12; i < 16; ++i) {
    char digits[3];
    if (i > 12) text += '.';
    text.append(digits, std::to_chars(digits, digits + sizeof digits, bytes_[i]).ptr);
  }
  return text;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const int width = base->is_v4() ? 32 : 128;
  int bits = width;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || digits[0] == '-' ||
        bits > width) {
      return std::nullopt;
    }
  }
  Cidr cidr;
  cidr.base_ = *base;
  cidr.prefix_bits_ = bits + (128 - width);
  return cidr;
}

std::string Cidr::to_string() const {
  const int bits = prefix_bits_ - (base_.is_v4() ? 96 : 0);
  const bool single = prefix_bits_ == 128;
  return base_.to_string() + (single ? "" : "/" + std::to_string(bits));
}

bool Cidr::contains(const IpAddress& address) const {
  if (address.is_v4() != base_.is_v4()) return false;
  for (int bit = 0; bit < prefix_bits_; bit += 8) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const int left = prefix_bits_ - bit;
    const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if ((address.bytes()[index] & mask) != (base_.bytes()[index] & mask)) return false;
  }
  return true;
}

}  // namespace tidegate
