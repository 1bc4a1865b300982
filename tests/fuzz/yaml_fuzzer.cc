// Fuzz target for the YAML loader: whatever the bytes, it answers with a configuration or with an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "conf/yaml_loader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = tidegate::conf::load_yaml_text(text, "fuzz.yaml", "/", diagnostics);
  if (config.has_value() == diagnostics.failed()) std::abort();
  return 0;
}
