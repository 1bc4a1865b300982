// Fuzz target for nginx's language: whatever the bytes, a tree or a complaint with its line.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "nginx-compat/parser.h"

namespace {

/// Only one file, which may include itself.
class OneFile final : public tidegate::nginx::Files {
 public:
  explicit OneFile(std::string_view text) : text_(text) {}
  std::optional<std::string> read(const std::string& path, int& os_error) override {
    if (path == "/nginx.conf") return std::string(text_);
    os_error = ENOENT;
    return std::nullopt;
  }
  std::vector<std::string> glob(const std::string&) override { return {"/nginx.conf"}; }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  OneFile files({reinterpret_cast<const char*>(data), size});
  tidegate::Diagnostics diagnostics;
  tidegate::nginx::ParseOptions options;
  options.most_files = 8;
  tidegate::nginx::parse("/nginx.conf", files, options, diagnostics);
  for (const tidegate::Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.message.empty() || diagnostic.at.line == 0) std::abort();
  }
  return 0;
}
