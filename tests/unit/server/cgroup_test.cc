#include "gateway/server/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/certificates.h"

namespace tidegate::server::cgroup {
namespace {

/// A root directory with what a test writes under /proc and /sys.
class Cgroup : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root.path() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void write_self(const std::string& text) { write("/proc/self/cgroup", text); }

  std::optional<std::uint64_t> memory() const { return memory_limit(root.path()); }
  std::optional<double> cpu() const { return cpu_quota(root.path()); }

  test::TempDir root;
};

constexpr std::uint64_t kMiB = 1024 * 1024;

TEST_F(Cgroup, HasNoLimitsWhereNothingSaysSo) {
  EXPECT_EQ(std::nullopt, memory());
  EXPECT_EQ(std::nullopt, cpu());
  write_self("0::/\n");
  EXPECT_EQ(std::nullopt, memory()) << "the root cgroup has no such files";
  write("/sys/fs/cgroup/memory.max", "max\n");
  write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(std::nullopt, memory());
  EXPECT_EQ(std::nullopt, cpu());
}

TEST_F(Cgroup, ReadsAContainersLimits) {
  write_self("0::/\n");
  write("/sys/fs/cgroup/memory.max", "268435456\n");
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(256 * kMiB, memory());
  EXPECT_EQ(1.5, cpu());
}

TEST_F(Cgroup, TakesTheTightestOfItsGroupAndThoseAboveIt) {
  write_self("0::/kubepods.slice/pod1.slice/tidegate.scope\n");
  write("/sys/fs/cgroup/kubepods.slice/pod1.slice/tidegate.scope/memory.max", "max\n");
  write("/sys/fs/cgroup/kubepods.slice/pod1.slice/memory.max", "134217728\n");
  write("/sys/fs/cgroup/kubepods.slice/memory.max", "1073741824\n");
  write("/sys/fs/cgroup/kubepods.slice/pod1.slice/tidegate.scope/cpu.max", "400000 100000\n");
  write("/sys/fs/cgroup/kubepods.slice/cpu.max", "100000 50000\n");
  EXPECT_EQ(128 * kMiB, memory());
  EXPECT_EQ(2.0, cpu());
}

TEST_F(Cgroup, ReadsMemoryLimitsOfVersionOne) {
  write_self(
      "12:cpu,cpuacct:/docker/abc\n7:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n");
  write("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "67108864\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(64 * kMiB, memory());
}

TEST_F(Cgroup, ReadsCpuQuotasOfVersionOne) {
  write_self("12:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
  write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
  write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(2.5, cpu());
}

TEST_F(Cgroup, TakesMinusOneOfVersionOneAsNoQuota) {
  write_self("8:cpu:/\n");
  write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(std::nullopt, cpu());
}

TEST_F(Cgroup, TakesVersionOnesLargestNumberAsNoLimit) {
  write_self("7:memory:/\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(std::nullopt, memory());
}

TEST_F(Cgroup, FindsItsOwnAtTheTopWhereTheHostsPathIsNotToBeSeen) {
  write_self("4:memory:/docker/0123456789\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
  EXPECT_EQ(512 * kMiB, memory());
}

TEST_F(Cgroup, IsNotMisledByNonsense) {
  write_self("what\n:\n0:\n0::/../../else\n7:mem:/x\n");
  write("/sys/fs/cgroup/memory.max", "much\n");
  write("/sys/fs/cgroup/cpu.max", "100000 0\n");
  EXPECT_EQ(std::nullopt, memory());
  EXPECT_EQ(std::nullopt, cpu());
}

}  // namespace
}  // namespace tidegate::server::cgroup
