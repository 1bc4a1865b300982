#include "gateway/commands.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace tidegate {

void print(const Diagnostics& diagnostics) {
  std::vector<Diagnostic> list = diagnostics.list();
  std::stable_sort(list.begin(), list.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  for (const Diagnostic& diagnostic : list) {
    std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
  }
}

}  // namespace tidegate
