#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/sites.h"
#include "gateway/sites/action.h"
#include "gateway/sites/expression.h"
#include "gateway/sites/pattern.h"

namespace tidegate::sites {

struct LocationPart;

/// A compiled rewrite program (ngx_http_rewrite_module). Immutable.
class Program {
 public:
  /// What a run came to. Neither: the next phase.
  struct Outcome {
    std::optional<int> status;      ///< an answer with this status
    std::optional<std::string> to;  ///< with a status that redirects: Location
    std::optional<std::string> body;
    bool rewritten = false;  ///< a `rewrite` has matched
  };

  static Program compile(const conf::Script& script, VariableTable& variables, Diagnostics& diagnostics);
  bool empty() const { return steps_.empty(); }
  /// Rewrites the request's URI, arguments and variables; an `if` may move it into a location of its own.
  Outcome run(Request& request) const;

 private:
  struct Step {
    const conf::RewriteStep* conf = nullptr;
    std::uint32_t variable = 0;
    Pattern pattern{};   ///< of rewrite and of `if (a ~ b)`
    Expression value{};  ///< set, return; rewrite: the path
    Expression query{};  ///< rewrite that stays here: what follows the replacement's "?"
    bool has_query = false;
    bool keeps_args = true;  ///< rewrite: the replacement does not end in "?"
    int redirect = 0;        ///< rewrite: the status that sends the client elsewhere; 0: none
    Expression subject{};    ///< of a condition
    Expression operand{};
    std::unique_ptr<Program> then{};
  };

  static void compile_rewrite(Step& step, VariableTable& variables, Diagnostics& diagnostics);
  static std::string value_of(const Expression& value, Request& request, const Outcome& outcome);
  static bool holds(const Step& step, Request& request, const Outcome& outcome);
  /// True: the program ends here.
  static bool run_step(const Step& step, Request& request, Outcome& outcome);
  static bool rewrite(const Step& step, Request& request, Outcome& outcome);
  static bool respond(const Step& step, Request& request, Outcome& outcome);
  bool run_into(Request& request, Outcome& outcome) const;

  std::vector<Step> steps_;
};

}  // namespace tidegate::sites
