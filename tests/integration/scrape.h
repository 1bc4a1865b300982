#pragma once

#include <map>
#include <string>

#include "tests/integration/gateway.h"

namespace tidegate::test {

/// What one scrape said: by `name{label="value",…}`, as it stands in the text.
class Scrape {
 public:
  explicit Scrape(const Gateway& gateway);
  explicit Scrape(const std::string& text);

  /// 0 where the series is not there.
  double of(const std::string& series) const;
  bool has(const std::string& series) const { return values_.contains(series); }
  const std::map<std::string, double>& all() const { return values_; }

 private:
  void read(const std::string& text);
  std::map<std::string, double> values_;
};

/// GET (or another method) on the metrics address, with `Connection: close`: the whole answer.
std::string ask_metrics(const Gateway& gateway, const std::string& path, const std::string& method = "GET",
                        const std::string& fields = "");

/// Scrapes until the series has this value, for counters follow what they count; false when it never has.
bool becomes(const Gateway& gateway, const std::string& series, double value);

}  // namespace tidegate::test
