// The schema that editors are given and the loader know the same keys and words.
#include "conf/yaml_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

using Json = nlohmann::json;

const Json& schema() {
  static const Json parsed = Json::parse(yaml_schema());
  return parsed;
}

/// Every way in which `node` may be an object, or hold objects in a list.
void find_objects(const Json& node, std::vector<const Json*>& out) {
  if (node.contains("items")) find_objects(node["items"], out);
  if (node.contains("anyOf")) {
    for (const Json& choice : node["anyOf"]) find_objects(choice, out);
  }
  if (node.contains("properties") || node.contains("additionalProperties")) out.push_back(&node);
}

/// What the schema says of the key at `path`, or null.
const Json* find(const Json& node, std::string_view path) {
  if (path.empty()) return &node;
  const std::size_t dot = path.find('.');
  std::string name(path.substr(0, dot));
  const std::string_view rest = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  if (name.ends_with("[]")) name.resize(name.size() - 2);
  std::vector<const Json*> objects;
  find_objects(node, objects);
  for (const Json* object : objects) {
    const Json* next = nullptr;
    if (name == "<name>") {
      const auto members = object->find("additionalProperties");
      if (members != object->end() && members->is_object()) next = &*members;
    } else if (object->contains("properties") && (*object)["properties"].contains(name)) {
      next = &(*object)["properties"][name];
    }
    if (next == nullptr) continue;
    if (const Json* found = find(*next, rest)) return found;
  }
  return nullptr;
}

TEST(YamlSchema, KnowsEveryKeyOfTheLoader) {
  for (const KeyInfo& key : known_keys()) EXPECT_NE(find(schema(), key.path), nullptr) << key.path;
  EXPECT_EQ(find(schema(), "routes[].upstraem"), nullptr);
}

TEST(YamlSchema, TakesNoOtherKeys) {
  for (const KeyInfo& key : known_keys()) {
    const Json* node = find(schema(), key.path);
    if (node == nullptr || key.type != "map") continue;
    EXPECT_EQ((*node)["additionalProperties"], false) << key.path;
  }
}

TEST(YamlSchema, AsksForWhatIsRequired) {
  for (const KeyInfo& key : known_keys()) {
    if (key.default_text != "required" || key.type == "word") continue;  // there it is a default
    const std::size_t dot = key.path.rfind('.');
    const Json* parent = find(schema(), dot == std::string::npos ? "" : key.path.substr(0, dot));
    ASSERT_NE(parent, nullptr) << key.path;
    std::vector<const Json*> objects;
    find_objects(*parent, objects);
    bool required = false;
    for (const Json* object : objects) {
      for (const Json& name : object->value("required", Json::array())) {
        required |= name == key.path.substr(dot == std::string::npos ? 0 : dot + 1);
      }
    }
    EXPECT_TRUE(required) << key.path;
  }
}

/// A configuration in which the key at `path` is `word`.
std::string with_word(const std::string& path, std::string_view word) {
  const std::string value(word);
  std::string listener = "{ address: ':1' }";
  std::string route = "{ upstream: u }";
  std::string upstream = "{ servers: [http://a] }";
  std::string rest;
  if (path == "underscores") rest = "underscores: " + value;
  if (path == "routes[].underscores") route = "{ upstream: u, underscores: " + value + " }";
  if (path == "upstreams.<name>.balance") upstream = "{ servers: [http://a], balance: " + value + " }";
  if (path == "upstreams.<name>.on_removal") upstream = "{ servers: [http://a], on_removal: " + value + " }";
  if (path == "listeners.<name>.tls.client_auth.verify") {
    listener =
        "{ address: ':1', tls: { certificates: [{ certificate: c, private_key: k }], client_auth: { ca: c, "
        "verify: " +
        value + " } } }";
  }
  if (path.starts_with("log.")) rest = "log: { " + path.substr(4) + ": " + value + " }";
  return "listeners: { l: " + listener + " }\nroutes: [" + route + "]\nupstreams: { u: " + upstream + " }\n" +
         rest + "\n";
}

bool loads(const std::string& yaml) {
  Diagnostics diagnostics;
  return load_yaml_text(yaml, "t.yaml", "/", diagnostics).has_value();
}

TEST(YamlSchema, ItsWordsAreTheLoaders) {
  for (const KeyInfo& key : known_keys()) {
    if (key.type != "word") continue;
    EXPECT_FALSE(words_of(key.path).empty()) << key.path;
    EXPECT_FALSE(loads(with_word(key.path, "nonsense"))) << key.path << " is not in with_word() above";
    for (const std::string_view word : words_of(key.path)) {
      EXPECT_TRUE(loads(with_word(key.path, word))) << key.path << ": " << word;
    }
  }
}

}  // namespace
}  // namespace tidegate::conf
