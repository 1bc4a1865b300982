#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "nginx-compat/lexer.h"

namespace tidegate::nginx {

struct DirectiveRule;

/// One directive with its parameters and, where it opens one, its block. In the blocks whose lines are values
/// rather than directives (`map`, `geo`, `types` ...) it is such a line, and `rule` is null.
struct Directive {
  Word name;
  std::vector<Word> args;
  std::vector<Directive> block;
  const DirectiveRule* rule = nullptr;
  std::shared_ptr<const std::string> file;
  int end_line = 0;  ///< of its `;` or `{`: the line that nginx names in its complaints

  Position at() const { return {*file, name.line, name.column}; }
};

}  // namespace tidegate::nginx
