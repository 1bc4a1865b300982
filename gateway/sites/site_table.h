#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "conf/model.h"
#include "conf/sites.h"
#include "gateway/base/diagnostic.h"

namespace tidegate::sites {

/// Config::sites with its regexes and templates compiled. Immutable; any thread may use it; the config must
/// outlive it. Walks over it are a worker's own.
class SiteTable {
 public:
  /// Null when a regex or a template is wrong, or a variable unknown; all complaints are in `diagnostics`.
  static std::unique_ptr<SiteTable> compile(const conf::Config& config, Diagnostics& diagnostics);
  ~SiteTable();
  SiteTable(const SiteTable&) = delete;
  SiteTable& operator=(const SiteTable&) = delete;

  /// The compiled parts, for this folder's own.
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit SiteTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::sites
