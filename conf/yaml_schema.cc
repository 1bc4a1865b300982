#include "conf/yaml_schema.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "conf/yaml_loader.h"
#include "gateway/base/log.h"

namespace tidegate::conf {
namespace {

using Json = nlohmann::ordered_json;

// What YAML reads as a number or a truth may stand where text is wanted, and `${env:NAME}` anywhere.
const Json kText = {{"type", {"string", "number", "boolean"}}};
const Json kFromEnvironment = {{"type", "string"}, {"pattern", R"(\$\{env:)"}};

Json either(std::initializer_list<Json> choices) {
  return {{"anyOf", choices}};
}

Json list_of(const Json& item) {
  return {{"type", "array"}, {"items", item}};
}

Json pattern(const char* regex) {
  return either({{{"type", {"string", "integer"}}, {"pattern", regex}}, kFromEnvironment});
}

Json one_of(const std::vector<std::string_view>& words) {
  return either({{{"enum", words}}, kFromEnvironment});
}

/// One level, or a map of areas.
Json level_schema() {
  const Json level = one_of({"debug", "info", "warning", "error"});
  Json areas = {{"type", "object"}, {"additionalProperties", false}, {"properties", {{"default", level}}}};
  for (const std::string_view area : log::kAreas) areas["properties"][std::string(area)] = level;
  return either({level, areas});
}

/// By the types that known_keys() speaks of. None: a map, whose keys follow.
std::optional<Json> value_schema(const KeyInfo& key) {
  static const Json map = {{"type", "object"}, {"additionalProperties", false}};
  static const Json text_map = {{"type", "object"}, {"additionalProperties", kText}};
  static const Json positive = {{"type", "integer"}, {"minimum", 1}};
  static const char* const duration = "^[0-9]+(ms|s|m|h|d)$|^0$";
  static const std::map<std::string_view, Json> schemas = {
      {"boolean", either({{{"type", "boolean"}}, kFromEnvironment})},
      {"number", either({{{"type", "integer"}, {"minimum", 0}}, kFromEnvironment})},
      {"`auto` or number", either({positive, {{"const", "auto"}}, kFromEnvironment})},
      {"`auto`, number or `none`", either({positive, {{"enum", {"auto", "none"}}}, kFromEnvironment})},
      {"number or `none`", either({positive, {{"const", "none"}}, kFromEnvironment})},
      {"duration", pattern(duration)},
      {"size", pattern("^[0-9]+(KiB|MiB|GiB)?$")},
      {"size or `none`", pattern("^[0-9]+(KiB|MiB|GiB)?$|^none$")},
      {"list", list_of(kText)},
      {"list of addresses", list_of(kText)},
      {"list of origins", list_of(kText)},
      {"list of maps", list_of(map)},
      {"address or list of addresses", either({kText, list_of(kText)})},
      {"host or list of hosts", either({kText, list_of(kText)})},
      {"list of URLs or maps", list_of(either({kText, map}))},
      {"path or map", either({kText, map})},
      {"`https`, URL or map", either({kText, map})},
      {"map", map},
      {"map of names", {{"type", "object"}}},
      {"map of strings", text_map},
      {"map of templates", text_map},
      {"`stdout`, `off` or path", kText},
      {"address", kText},
      {"host", kText},
      {"name", kText},
      {"path", kText},
      {"regex", kText},
      {"string", kText},
      {"template", kText},
      {"URL", kText},
  };
  if (key.type == "word") return one_of(words_of(key.path));
  if (key.path == "log.level") return level_schema();
  const auto found = schemas.find(key.type);
  if (found == schemas.end()) return std::nullopt;
  return found->second;
}

/// The object that holds `properties` within `schema`: itself, what its list holds, or that of its choices
/// which is a map.
Json& object_of(Json& schema) {
  if (schema.contains("items")) return object_of(schema["items"]);
  if (schema.contains("anyOf")) {
    for (Json& choice : schema["anyOf"]) {
      if (choice.value("type", Json()) == "object") return choice;
    }
  }
  return schema;
}

/// Where the value of the key at `path` is described; what is missing on the way there is made.
Json& place_of(Json& root, std::string_view path) {
  Json* at = &root;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    std::string_view name = path.substr(0, dot);
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
    if (name.ends_with("[]")) name.remove_suffix(2);  // what a list holds is found by object_of()
    Json& object = object_of(*at);
    at = name == "<name>" ? &object["additionalProperties"] : &object["properties"][std::string(name)];
    if (at->is_null()) *at = {{"type", "object"}, {"additionalProperties", false}};
  }
  return *at;
}

/// "required" may also be the default of a key that takes words.
bool is_required(const KeyInfo& key) {
  return key.default_text == "required" && key.type != "word";
}

bool is_value(const KeyInfo& key) {
  if (key.type == "word") return key.default_text != "inherited";
  return key.default_text != "required" && key.default_text != "none" && key.default_text != "inherited" &&
         key.default_text.find(' ') == std::string::npos && key.default_text.find(',') == std::string::npos;
}

/// An upstream may be written as one URL, or as a list of servers.
void allow_short_upstreams(Json& root) {
  Json& upstream = place_of(root, "upstreams.<name>");
  const Json servers = place_of(root, "upstreams.<name>.servers");
  upstream = either({kText, servers, Json(upstream)});
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view path) {
  if (path == "underscores" || path == "routes[].underscores") return {"drop", "allow"};
  if (path == "listeners.<name>.tls.client_auth.verify") return {"required", "optional"};
  if (path == "upstreams.<name>.balance") return {"round_robin", "least_tunnels", "random"};
  if (path == "upstreams.<name>.on_removal") return {"keep", "drain", "close"};
  if (path == "log.diagnostics") return {"text", "json"};
  if (path == "log.format") return {"json", "combined"};
  return {};
}

std::string yaml_schema() {
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "Tidegate"},
               {"description", "The configuration of the Tidegate WebSocket gateway, tidegate.yaml"},
               {"type", "object"},
               {"additionalProperties", false},
               {"properties", Json::object()},
               {"required", Json::array({"listeners"})}};
  for (const KeyInfo& key : known_keys()) {
    const auto schema = value_schema(key);
    if (!schema) throw std::logic_error("the schema does not know the type of " + key.path);
    Json& place = place_of(root, key.path);
    place = *schema;
    if (is_value(key)) place["description"] = "Default: " + key.default_text;
  }
  // Required keys, once every object is where it stays.
  for (const KeyInfo& key : known_keys()) {
    const std::size_t dot = key.path.rfind('.');
    if (!is_required(key) || dot == std::string::npos) continue;
    Json& object = object_of(place_of(root, key.path.substr(0, dot)));
    object["required"].push_back(key.path.substr(dot + 1));
  }
  allow_short_upstreams(root);
  return root.dump(2) + '\n';
}

}  // namespace tidegate::conf
