#pragma once

#include <string_view>

namespace tidegate::demo {

/// A file of the demo page, compiled in from the folder page/.
struct Resource {
  std::string_view path;
  std::string_view content_type;
  std::string_view body;
};

/// Null: there is none at that path.
const Resource* find_resource(std::string_view path);

}  // namespace tidegate::demo
