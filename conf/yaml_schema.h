#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::conf {

/// The JSON Schema (draft 2020-12) of the YAML, for editors that complete and check while one types: two
/// spaces of indentation, newline at the end. It is made from known_keys(), so it knows what the loader
/// knows; what depends on more than one key, on files or on names is the loader's to check.
std::string yaml_schema();

/// The words that the key at `path` may be ("log.format": json, combined); empty for a key that takes no
/// fixed words.
std::vector<std::string_view> words_of(std::string_view path);

}  // namespace tidegate::conf
