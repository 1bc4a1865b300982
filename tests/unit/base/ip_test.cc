#include "gateway/base/ip.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate {
namespace {

IpAddress ip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress{});
}

Cidr cidr(std::string_view text) {
  const auto block = Cidr::parse(text);
  EXPECT_TRUE(block) << text;
  return block.value_or(Cidr{});
}

TEST(IpAddress, GoesRoundAsText) {
  for (const std::string_view text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::8:800:200c:417a", "fe80::1"}) {
    EXPECT_EQ(ip(text).to_string(), text);
  }
  EXPECT_EQ(ip("2001:DB8:0:0:0:0:0:1").to_string(), "2001:db8::1");
}

TEST(IpAddress, KnowsItsFamily) {
  EXPECT_TRUE(ip("10.0.0.1").is_v4());
  EXPECT_FALSE(ip("::1").is_v4());
}

TEST(IpAddress, CountsMappedAddressesAsIpv4) {
  EXPECT_TRUE(ip("::ffff:10.0.0.1").is_v4());
  EXPECT_EQ(ip("::ffff:10.0.0.1"), ip("10.0.0.1"));
  EXPECT_EQ(ip("::ffff:a00:1").to_string(), "10.0.0.1");
  EXPECT_FALSE(ip("::10.0.0.1").is_v4());
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const std::string_view bad :
       {"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80",
        "[::1]", "::1%lo", "fe80::1%1", ":::", "1::2::3", "12345::", "localhost", "0x7f.1", "2130706433"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, ReadsBytesInNetworkOrder) {
  const unsigned char v4[] = {192, 0, 2, 1};
  EXPECT_EQ(IpAddress::from_v4(v4), ip("192.0.2.1"));
  const unsigned char v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(IpAddress::from_v6(v6), ip("2001:db8::1"));
  EXPECT_EQ(IpAddress::from_v6(ip("192.0.2.1").bytes().data()), ip("192.0.2.1"));
}

TEST(Cidr, ContainsItsBlockAndNothingElse) {
  struct Case {
    const char *block, *inside, *outside;
  };
  for (const auto& c :
       {Case{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
        Case{"192.168.4.0/22", "192.168.7.255", "192.168.8.0"},
        Case{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"}, Case{"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
        Case{"192.0.2.1", "192.0.2.1", "192.0.2.2"}, Case{"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
        Case{"fe80::/10", "febf::1", "fec0::1"}, Case{"::1/128", "::1", "::2"}, Case{"::1", "::1", "::"},
        Case{"2001:db8::/127", "2001:db8::1", "2001:db8::2"}}) {
    EXPECT_TRUE(cidr(c.block).contains(ip(c.inside))) << c.block << " " << c.inside;
    EXPECT_FALSE(cidr(c.block).contains(ip(c.outside))) << c.block << " " << c.outside;
  }
}

TEST(Cidr, OfZeroBitsIsAWholeFamilyButNotTheOther) {
  EXPECT_TRUE(cidr("0.0.0.0/0").contains(ip("203.0.113.9")));
  EXPECT_FALSE(cidr("0.0.0.0/0").contains(ip("::1")));
  EXPECT_TRUE(cidr("::/0").contains(ip("2001:db8::1")));
  EXPECT_FALSE(cidr("::/0").contains(ip("203.0.113.9")));
}

TEST(Cidr, IgnoresBitsBehindThePrefix) {
  EXPECT_TRUE(cidr("10.1.2.3/8").contains(ip("10.9.9.9")));
}

TEST(Cidr, ContainsMappedAddressesAsIpv4) {
  EXPECT_TRUE(cidr("10.0.0.0/8").contains(ip("::ffff:10.1.2.3")));
}

TEST(Cidr, HoldsAtEveryPrefixLength) {
  for (int bits = 1; bits <= 32; ++bits) {
    const Cidr block = cidr("255.255.255.255/" + std::to_string(bits));
    unsigned char flipped[] = {255, 255, 255, 255};
    const int last = bits - 1;  // the last bit that counts
    flipped[last / 8] = static_cast<unsigned char>(255 ^ (0x80 >> last % 8));
    EXPECT_FALSE(block.contains(IpAddress::from_v4(flipped))) << bits;
    if (bits == 32) continue;
    unsigned char free[] = {255, 255, 255, 255};
    free[bits / 8] = static_cast<unsigned char>(255 ^ (0x80 >> bits % 8));
    EXPECT_TRUE(block.contains(IpAddress::from_v4(free))) << bits;
  }
}

TEST(Cidr, RefusesWhatIsNotABlock) {
  for (const std::string_view bad :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/ 8",
        "10.0.0.0/a", "10.0.0.0/8/8", "::/129", "10/8", "10.0.0.0/99999999999", "all"}) {
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace tidegate
