#include "gateway/base/diagnostic.h"

namespace tidegate {

std::string to_string(const Diagnostic& diagnostic) {
  std::string out = diagnostic.at.file;
  if (diagnostic.at.line > 0) out += ':' + std::to_string(diagnostic.at.line);
  if (diagnostic.at.line > 0 && diagnostic.at.column > 0) out += ':' + std::to_string(diagnostic.at.column);
  if (!out.empty()) out += ": ";
  if (diagnostic.severity == Diagnostic::Severity::warning) out += "warning: ";
  return out + diagnostic.message;
}

}  // namespace tidegate
