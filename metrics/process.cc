#include "metrics/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace tidegate::metrics {
namespace {

/// /proc/self/stat behind the command's name, which may hold anything: field 3 of proc(5) comes first.
std::vector<std::string> stat_fields() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

/// Unix time at which the machine started.
double boot_time() {
  std::ifstream in("/proc/stat");
  std::string word;
  double value = 0;
  while (in >> word) {
    if (word == "btime" && in >> value) return value;
  }
  return 0;
}

std::uint64_t count_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // the one that reads the folder
}

}  // namespace

Process Process::now() {
  Process process;
  constexpr std::size_t kUserTime = 14 - 3, kSystemTime = 15 - 3, kStart = 22 - 3, kVirtual = 23 - 3,
                        kResident = 24 - 3;
  const auto fields = stat_fields();
  if (fields.size() > kResident) {
    const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto number = [&fields](std::size_t i) { return std::stoull(fields[i]); };
    process.cpu_seconds = static_cast<double>(number(kUserTime) + number(kSystemTime)) / ticks;
    process.start_time_seconds = boot_time() + static_cast<double>(number(kStart)) / ticks;
    process.virtual_bytes = number(kVirtual);
    process.resident_bytes = number(kResident) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  process.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) process.max_descriptors = limit.rlim_cur;
  return process;
}

}  // namespace tidegate::metrics
