#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// What the cgroup that this process lives in, and those above it, let it have: a container's limits. Each
/// answers the tightest bound, or nothing where there is none. `root` stands before /proc and /sys: tests
/// have trees of their own.
namespace tidegate::server::cgroup {

/// In cores; cpu.max of cgroup v2, cpu.cfs_quota_us by cpu.cfs_period_us of v1.
std::optional<double> cpu_quota(const std::string& root = "");

/// In bytes; memory.max of cgroup v2, memory.limit_in_bytes of v1.
std::optional<std::uint64_t> memory_limit(const std::string& root = "");

}  // namespace tidegate::server::cgroup
