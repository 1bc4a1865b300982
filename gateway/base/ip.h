#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) count as IPv4.
class IpAddress {
 public:
  /// Accepts the textual forms of inet_pton, without brackets, port or zone.
  static std::optional<IpAddress> parse(std::string_view text);
  /// From 4 or 16 bytes in network order.
  static IpAddress from_v4(const void* bytes);
  static IpAddress from_v6(const void* bytes);

  bool is_v4() const { return v4_; }
  /// In network order; IPv4 stands in the last four bytes, mapped.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string to_string() const;
  bool operator==(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool v4_ = false;
};

/// A block of addresses, such as 10.0.0.0/8; a bare address is a block of one.
class Cidr {
 public:
  static std::optional<Cidr> parse(std::string_view text);
  /// "10.0.0.0/8"; a block of one has no length.
  std::string to_string() const;
  bool contains(const IpAddress& address) const;
  bool operator==(const Cidr&) const = default;

 private:
  IpAddress base_;
  int prefix_bits_ = 0;  ///< of the 128 of the mapped form
};

}  // namespace tidegate
