#pragma once

#include "conf/model.h"
#include "conf/yaml_text.h"
#include "conf/yaml_writer.h"

/// The pieces of write_yaml().
namespace tidegate::conf::yaml {

/// What the file says once for all routes; of the model it is a part of every route.
struct Inherited {
  WebSocketRules websocket;
  bool allow_underscores = false;
};
/// Chosen so that the routes have little to add.
Inherited inherited_by_routes(const Config& config);

Writing routes(const Config& config, const Inherited& inherited, const YamlNotes& notes);
/// What stands behind the upstreams.
Writing process(const Config& config, const Inherited& inherited, const YamlNotes& notes);

Writing duration(milliseconds value);
Writing size_or_none(std::uint64_t bytes);
Writing number(std::uint64_t value);
Writing number_or_none(std::uint64_t value);
Writing boolean(bool value);
Writing address(const ListenAddress& address);
Writing texts(const std::vector<std::string>& values);
/// `https_is_a_word`: the usual redirect is `https`, which a listener with TLS does not take.
Writing redirect(const Redirect& redirect, bool https_is_a_word);
/// What differs.
Writing websocket(const WebSocketRules& rules, const WebSocketRules& inherited);

}  // namespace tidegate::conf::yaml
