#pragma once

#include <span>
#include <string_view>

#include "nginx-compat/translator.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

class Work;

/// What is done about a directive: it is handled, or it has the same verdict wherever it stands.
struct Decision {
  using Handler = void (*)(Work&, const Directive&);
  std::string_view name;
  Handler handle = nullptr;  ///< may change the verdict
  Verdict::Kind kind = Verdict::Kind::exact;
  std::string_view why{};
  bool harmless = false;
};

/// Null: the table has forgotten this name, which a test would find.
const Decision* decision_of(std::string_view name);

/// By what they are about, each in a file of its own.
std::span<const Decision> core_decisions();
std::span<const Decision> server_decisions();
std::span<const Decision> listen_decisions();
std::span<const Decision> location_decisions();
std::span<const Decision> rewrite_decisions();
std::span<const Decision> variable_decisions();
std::span<const Decision> proxy_decisions();
std::span<const Decision> proxy_tls_decisions();
std::span<const Decision> upstream_decisions();
std::span<const Decision> tls_decisions();
std::span<const Decision> access_decisions();
std::span<const Decision> limit_decisions();
std::span<const Decision> file_decisions();
std::span<const Decision> log_decisions();
std::span<const Decision> fixed_decisions();
/// Of a module whose directives all have the same verdict, or null.
const Decision* decision_of_family(std::string_view name);

}  // namespace tidegate::nginx
