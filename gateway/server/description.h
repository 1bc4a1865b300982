#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conf/model.h"

// A configuration as keys and values in words, in the names of the YAML.

namespace tidegate::server {

/// What one key says. A secret's value is compared, never shown.
struct Entry {
  std::string key;  ///< below its subject: "timeouts.response"
  std::string value;
  bool secret = false;
};

/// Of what has one subject in a reload, in the order of the reference page; keys that say nothing ("none")
/// are left out. Servers are left out of their upstream's, and have their own.
///
/// Each function takes its struct apart by name, so that a new member of the model does not compile until it
/// was thought of here.
std::vector<Entry> describe(const conf::Listener& listener);
std::vector<Entry> describe(const conf::Route& route);
std::vector<Entry> describe(const conf::Upstream& upstream);
std::vector<Entry> describe(const conf::Server& server);
/// What is neither: the settings of the process.
std::vector<Entry> describe_settings(const conf::Config& config);

/// "timeouts.response: 60s -> 5m; rewrite.strip_prefix: none -> /ws"; empty: nothing.
std::string changes(const std::vector<Entry>& before, const std::vector<Entry>& after);
/// One change without its key: "60s -> 5m". Null is a key that says nothing.
std::string change(const Entry* before, const Entry* after);

/// A server by what it is, however its address is written.
std::string identity(const conf::Server& server);

}  // namespace tidegate::server
