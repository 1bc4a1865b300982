#include "gateway/server/tunnel_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/bytes.h"

namespace tidegate::server {
namespace {

using testing::HasSubstr;

constexpr std::size_t kPlenty = 1 << 20;

TunnelLimit limit_of(std::optional<unsigned> configured, std::optional<std::uint64_t> memory,
                     std::size_t descriptors = kPlenty) {
  conf::Limits limits;
  limits.tunnels = configured;
  return tunnel_limit(limits, {memory, descriptors});
}

TEST(TunnelLimit, IsNoneOutsideAMemoryLimit) {
  EXPECT_EQ(0u, limit_of(std::nullopt, std::nullopt).most);
}

TEST(TunnelLimit, FollowsTheMemoryLimit) {
  // (limit - max(32 MiB, limit / 8)) / 48 KiB
  EXPECT_EQ(682u, limit_of(std::nullopt, 64 * kMiB).most);
  EXPECT_EQ(4778u, limit_of(std::nullopt, 256 * kMiB).most);
  EXPECT_EQ(9557u, limit_of(std::nullopt, 512 * kMiB).most);
  EXPECT_EQ(19114u, limit_of(std::nullopt, kMiB * 1024).most);
  EXPECT_THAT(limit_of(std::nullopt, 512 * kMiB).why, HasSubstr("512 MiB"));
}

TEST(TunnelLimit, LeavesOneWhereThereIsHardlyAnyMemory) {
  EXPECT_EQ(1u, limit_of(std::nullopt, 16 * kMiB).most) << "0 would be no limit";
  EXPECT_EQ(1u, limit_of(std::nullopt, 0).most);
}

TEST(TunnelLimit, IsWhatTheFileSays) {
  EXPECT_EQ(1000u, limit_of(1000, 16 * kMiB).most);
  EXPECT_EQ(0u, limit_of(0, 16 * kMiB).most) << "none";
}

TEST(TunnelLimit, IsNeverAboveWhatTheDescriptorsSufficeFor) {
  EXPECT_EQ(480u, tunnels_for_descriptors(1024));
  EXPECT_EQ(0u, tunnels_for_descriptors(10));
  EXPECT_EQ(480u, limit_of(1000, std::nullopt, 1024).most);
  EXPECT_EQ(480u, limit_of(std::nullopt, 512 * kMiB, 1024).most);
  EXPECT_THAT(limit_of(1000, std::nullopt, 1024).why, HasSubstr("lowered from 1000"));
  EXPECT_EQ(1u, limit_of(1000, std::nullopt, 10).most) << "0 would be no limit";
  EXPECT_EQ(0u, limit_of(std::nullopt, std::nullopt, 1024).most) << "no limit stays none";
}

}  // namespace
}  // namespace tidegate::server
