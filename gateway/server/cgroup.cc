#include "gateway/server/cgroup.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string_view>

#include "gateway/base/text.h"

namespace tidegate::server::cgroup {
namespace {

/// v1 says "no limit" as the largest number of whole pages; nobody has a tenth of that.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;

/// The process's path in the hierarchy of `controller`; of cgroup v2, which has no other, if it is empty.
/// proc(5): "0::/path" of v2, "7:cpu,memory:/path" of v1.
std::optional<std::string> path_in(const std::string& root, std::string_view controller) {
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view names = std::string_view(line).substr(first + 1, second - first - 1);
    bool fits = controller.empty() && names.empty();
    for_each_list_element(names, [&](std::string_view name) { fits = fits || name == controller; });
    if (fits) return line.substr(second + 1);
  }
  return std::nullopt;
}

/// Visits the folder of the process's group under `mount`, then those above it. In a container without a
/// cgroup namespace the lower ones are not to be seen: what is mounted as the top is the container's own.
void climb(const std::string& mount, std::string path, const std::function<void(const std::string&)>& visit) {
  while (true) {
    if (path == "/") path.clear();
    visit(mount + path);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

template <typename T>
void tighten(std::optional<T>& bound, T value) {
  bound = bound ? std::min(*bound, value) : value;
}

}  // namespace

std::optional<double> cpu_quota(const std::string& root) {
  std::optional<double> tightest;
  const auto take = [&](double quota, double period) {
    if (quota > 0 && period > 0) tighten(tightest, quota / period);
  };
  if (const auto path = path_in(root, "")) {
    climb(root + "/sys/fs/cgroup", *path, [&](const std::string& folder) {
      std::ifstream in(folder + "/cpu.max");  // "200000 100000", or "max 100000"
      double quota = 0;
      double period = 0;
      if (in >> quota >> period) take(quota, period);
    });
  }
  if (const auto path = path_in(root, "cpu")) {
    climb(root + "/sys/fs/cgroup/cpu", *path, [&](const std::string& folder) {
      std::ifstream quota_in(folder + "/cpu.cfs_quota_us");  // -1: none
      std::ifstream period_in(folder + "/cpu.cfs_period_us");
      double quota = 0;
      double period = 0;
      if (quota_in >> quota && period_in >> period) take(quota, period);
    });
  }
  return tightest;
}

std::optional<std::uint64_t> memory_limit(const std::string& root) {
  std::optional<std::uint64_t> tightest;
  const auto read = [&](const std::string& file) {
    std::ifstream in(file);
    std::uint64_t bytes = 0;
    if (in >> bytes && bytes < kUnlimited) tighten(tightest, bytes);  // "max" is no number
  };
  if (const auto path = path_in(root, "")) {
    climb(root + "/sys/fs/cgroup", *path, [&](const std::string& folder) { read(folder + "/memory.max"); });
  }
  if (const auto path = path_in(root, "memory")) {
    climb(root + "/sys/fs/cgroup/memory", *path,
          [&](const std::string& folder) { read(folder + "/memory.limit_in_bytes"); });
  }
  return tightest;
}

}  // namespace tidegate::server::cgroup
