#include "gateway/tls/tickets.h"

#include <gtest/gtest.h>

namespace tidegate::tls {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals in tests

const TicketKeys::Time kStart{1000h};

TEST(TicketKeys, SealsWithOneKeyForAnHour) {
  TicketKeys keys;
  const auto first = keys.sealing(kStart);
  EXPECT_EQ(keys.sealing(kStart + 59min).name, first.name);
  const auto second = keys.sealing(kStart + 1h);
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher_key, first.cipher_key);
  EXPECT_NE(second.mac_key, first.mac_key);
}

TEST(TicketKeys, OpensWithOlderKeysAndAsksForRenewal) {
  TicketKeys keys;
  const auto first = keys.sealing(kStart);
  const auto fresh = keys.opening(first.name, kStart + 59min);
  ASSERT_TRUE(fresh);
  EXPECT_FALSE(fresh->renew);
  EXPECT_EQ(fresh->key.cipher_key, first.cipher_key);
  keys.sealing(kStart + 1h);
  const auto old = keys.opening(first.name, kStart + 179min);
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->renew);
  EXPECT_EQ(old->key.mac_key, first.mac_key);
}

TEST(TicketKeys, ForgetsKeysAfterThreeHours) {
  TicketKeys keys;
  const auto first = keys.sealing(kStart);
  EXPECT_FALSE(keys.opening(first.name, kStart + 3h));
  EXPECT_FALSE(keys.opening(first.name, kStart)) << "it was wiped";
}

TEST(TicketKeys, DoesNotKnowStrangeNames) {
  TicketKeys keys;
  keys.sealing(kStart);
  EXPECT_FALSE(keys.opening(std::array<std::uint8_t, 16>{}, kStart));
}

}  // namespace
}  // namespace tidegate::tls
