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

/// Visits `file` of the process's group, then of those above it. In a container without a cgroup namespace
/// the lower ones are not to be seen: what is mounted as the top is the container's own.
void climb(const std::string& mount, std::string path, const std::string& file,
           const std::function<void(std::ifstream&)>& visit) {
  while (true) {
    if (path == "/") path.clear();
    std::ifstream in(mount + path + file);
    if (in) visit(in);
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
  const auto path = path_in(root, "");
  if (!path) return tightest;
  climb(root + "/sys/fs/cgroup", *path, "/cpu.max", [&](std::ifstream& in) {  // "200000 100000", "max 100000"
    double quota = 0;
    double period = 0;
    if (in >> quota >> period && quota > 0 && period > 0) tighten(tightest, quota / period);
  });
  return tightest;
}

std::optional<std::uint64_t> memory_limit(const std::string& root) {
  std::optional<std::uint64_t> tightest;
  const auto read = [&](std::ifstream& in) {
    std::uint64_t bytes = 0;
    if (in >> bytes && bytes < kUnlimited) tighten(tightest, bytes);  // "max" is no number
  };
  if (const auto path = path_in(root, "")) climb(root + "/sys/fs/cgroup", *path, "/memory.max", read);
  if (const auto path = path_in(root, "memory")) {
    climb(root + "/sys/fs/cgroup/memory", *path, "/memory.limit_in_bytes", read);
  }
  return tightest;
}

}  // namespace tidegate::server::cgroup
