#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/process.h"
#include "metrics/report.h"

namespace tidegate::metrics {

/// One metric family as docs/reference/metrics.md lists it.
struct FamilyInfo {
  enum class Type { counter, gauge, histogram };
  std::string_view name;
  Type type;
  std::string_view labels;  ///< comma-separated, in the order in which they are exposed; empty: none
  std::string_view help;
};

/// Every family there is, in the order of the page.
const std::vector<FamilyInfo>& known_families();
std::string_view word(FamilyInfo::Type type);

/// The report as Prometheus reads it, text format 0.0.4. The workers' numbers are summed. Series of names
/// that the configuration has are there from the start; those of a reason, code, method or result once there
/// is something to count. A label that is empty (a request that no route matched) is as good as absent to
/// Prometheus.
std::string expose(const Report& report, const Process& process);

inline constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace tidegate::metrics
