#include "gateway/sites/expression.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/sites/request.h"
#include "gateway/sites/variable_table.h"

namespace tidegate::sites {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

/// As ngx_http_script_compile: a capture is one digit and never in braces.
Expression Expression::compile(const conf::Text& text, VariableTable& variables, Diagnostics& diagnostics) {
  Expression out;
  const std::string_view all = text.value;
  std::size_t done = 0;
  for (std::size_t dollar = all.find('$'); dollar != std::string_view::npos; dollar = all.find('$', done)) {
    if (dollar > done)
      out.parts_.push_back({Part::Kind::literal, 0, std::string(all.substr(done, dollar - done))});
    std::size_t begin = dollar + 1;
    if (begin < all.size() && all[begin] >= '1' && all[begin] <= '9') {
      out.parts_.push_back({Part::Kind::capture, static_cast<std::uint32_t>(all[begin] - '0')});
      done = begin + 1;
      continue;
    }
    const bool braces = begin < all.size() && all[begin] == '{';
    if (braces) ++begin;
    std::size_t end = begin;
    while (end < all.size() && is_name_character(all[end])) ++end;
    done = end;
    const std::string_view name = all.substr(begin, end - begin);
    if (braces) {
      if (end == all.size() || all[end] != '}') {
        diagnostics.error(
            text.at, "the closing bracket in \"" + std::string(all.substr(begin)) + "\" variable is missing");
        return out;
      }
      ++done;
    }
    if (name.empty()) {
      diagnostics.error(text.at, "invalid variable name");
      return out;
    }
    out.parts_.push_back({Part::Kind::variable, variables.number(to_lower(name), text.at)});
  }
  if (done < all.size()) out.parts_.push_back({Part::Kind::literal, 0, std::string(all.substr(done))});
  return out;
}

void Expression::plain(std::string& out, std::string_view value, bool /*found*/) {
  out += value;
}

std::string Expression::evaluate(Request& request) const {
  std::string out;
  append(out, request);
  return out;
}

void Expression::append(std::string& out, Request& request, Writer variable, Writer capture) const {
  std::string value;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::literal:
        out += part.text;
        break;
      case Part::Kind::capture:
        capture(out, request.captures.group(part.number), true);
        break;
      case Part::Kind::variable: {
        value.clear();
        const bool found = request.append(part.number, value);
        variable(out, value, found);
        break;
      }
    }
  }
}

std::vector<Expression::Piece> Expression::cut(Request& request, Writer variable, Writer capture,
                                               const std::function<bool(std::uint32_t)>& late) const {
  std::vector<Piece> out(1);
  for (const Part& part : parts_) {
    if (part.kind == Part::Kind::variable && late(part.number)) {
      out.back().variable = part.number;
      out.emplace_back();
      continue;
    }
    Expression one;
    one.parts_.push_back(part);
    one.append(out.back().text, request, variable, capture);
  }
  return out;
}

bool Expression::constant() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.kind == Part::Kind::literal; });
}

}  // namespace tidegate::sites
