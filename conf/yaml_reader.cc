#include "conf/yaml_reader.h"

#include <sys/un.h>

#include <algorithm>
#include <cassert>

#include "conf/units.h"
#include "conf/yaml_loader.h"
#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

std::string empty_message(std::string_view what) {
  return in_quotes(what) + " has no value; write one or remove it (the words null and ~ need quotes)";
}

/// The part of `path` directly below `section`, or nothing.
std::string_view key_below(std::string_view path, std::string_view section) {
  if (!section.empty()) {
    if (!path.starts_with(section) || path.substr(section.size(), 1) != ".") return {};
    path.remove_prefix(section.size() + 1);
  }
  const bool leaf = path.find_first_of(".[") == std::string_view::npos;
  return leaf ? path : std::string_view();
}

/// What a message calls the section at `path`.
std::string name_of(std::string_view path) {
  if (path.empty()) return "the file";
  if (path.ends_with(".<name>")) path.remove_suffix(std::string_view("s.<name>").size());
  if (path.ends_with("s[]")) path.remove_suffix(std::string_view("s[]").size());
  const std::size_t dot = path.rfind('.');
  return in_quotes(path.substr(dot == std::string_view::npos ? 0 : dot + 1));
}

/// The sections that know a key of this name, for one that stands in the wrong place.
std::vector<std::string_view> homes_of(std::string_view key) {
  std::vector<std::string_view> homes;
  for (const KeyInfo& info : known_keys()) {
    const std::string_view path = info.path;
    const std::size_t dot = path.rfind('.');
    if (path.substr(dot == std::string_view::npos ? 0 : dot + 1) != key) continue;
    homes.push_back(dot == std::string_view::npos ? "the top level" : path.substr(0, dot));
  }
  return homes;
}

}  // namespace

std::optional<std::string> Context::scalar(const Node& node, std::string_view what) const {
  switch (node.kind) {
    case Node::Kind::null:
      error(node, empty_message(what));
      return std::nullopt;
    case Node::Kind::sequence:
      error(node, in_quotes(what) + " is a list here; write one value (in quotes, if it begins with \"[\")");
      return std::nullopt;
    case Node::Kind::map:
      error(node, in_quotes(what) +
                      " is a map here; write one value (in quotes, if it begins with \"{\" or holds \": \")");
      return std::nullopt;
    case Node::Kind::scalar:
      break;
  }
  std::string problem;
  auto expanded = expand_environment(node.text, problem);
  if (!expanded) error(node, problem);
  return expanded;
}

std::optional<Text> Context::text(const Node& node, std::string_view what) const {
  auto value = scalar(node, what);
  if (!value) return std::nullopt;
  return Text{std::move(*value), at(node)};
}

const std::vector<Node>* Context::list(const Node& node, std::string_view what) const {
  if (node.kind == Node::Kind::sequence) return &node.items;
  if (node.kind == Node::Kind::null) {
    error(node, empty_message(what));
  } else {
    error(node, in_quotes(what) + " is a list; write [a, b], or one entry per line after \"- \"");
  }
  return nullptr;
}

std::vector<const Node*> Context::one_or_more(const Node& node, std::string_view what) const {
  if (node.kind == Node::Kind::scalar) return {&node};
  std::vector<const Node*> nodes;
  if (const auto* items = list(node, what)) {
    for (const Node& item : *items) nodes.push_back(&item);
  }
  return nodes;
}

const std::vector<Node::Entry>* Context::entries(const Node& node, std::string_view what) const {
  if (node.kind == Node::Kind::map) return &node.entries;
  error(node, node.kind == Node::Kind::null ? empty_message(what)
                                            : in_quotes(what) + " is a map; write \"name: value\" below it");
  return nullptr;
}

std::string Context::absolute(const std::string& path) const {
  return (base_dir / path).lexically_normal().string();
}

std::string Context::socket_path(const Node& node, const std::string& path) const {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  std::string out = absolute(path);
  if (out.size() > kLongest) {
    error(node, "the path of a unix socket has at most " + std::to_string(kLongest) + " bytes, " +
                    in_quotes(out) + " has " + std::to_string(out.size()) + "; choose a shorter one");
  }
  return out;
}

Section::Section(const Context& context, const Node& node, std::string path)
    : context_(context), node_(node), path_(std::move(path)) {
  for (const KeyInfo& info : known_keys()) {
    const std::string_view key = key_below(info.path, path_);
    if (!key.empty()) keys_.push_back(key);
  }
  assert(!keys_.empty());
  if (node_.kind == Node::Kind::map) {
    for (const Node::Entry& entry : node_.entries) {
      if (std::find(keys_.begin(), keys_.end(), entry.key) == keys_.end()) report_unknown(entry);
    }
    return;
  }
  context_.error(node_, name_of(path_) + " is a map; its keys are " + all_of(keys_));
}

Section::~Section() {
  assert(asked_.size() == keys_.size());
}

std::string Section::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Section::report_unknown(const Node::Entry& entry) const {
  const Position at{context_.file, entry.line, entry.column};
  std::string message = "unknown key " + in_quotes(entry.key);
  const std::vector<std::string_view> homes = homes_of(entry.key);
  if (!homes.empty()) {
    context_.diagnostics.error(at, message + " here; it belongs to " + one_of(homes));
    return;
  }
  const std::string_view near = nearest(entry.key, keys_);
  context_.diagnostics.error(at, near.empty() ? message + "; the keys here are " + all_of(keys_)
                                              : message + "; did you mean " + in_quotes(near) + "?");
}

const Node* Section::find(std::string_view key) {
  assert(std::find(keys_.begin(), keys_.end(), key) != keys_.end());
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
  for (const Node::Entry& entry : node_.entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const Node* Section::require(std::string_view key, std::string_view example) {
  const Node* value = find(key);
  if (value == nullptr && node_.kind == Node::Kind::map) {
    context_.error(node_, in_quotes(key) + " is missing; write " + std::string(example));
  }
  return value;
}

void Section::text(std::string_view key, Text& out) {
  const Node* value = find(key);
  if (value == nullptr) return;
  if (auto read = context_.text(*value, key)) out = std::move(*read);
}

void Section::string(std::string_view key, std::string& out) {
  const Node* value = find(key);
  if (value == nullptr) return;
  if (auto read = context_.scalar(*value, key)) out = std::move(*read);
}

void Section::file_path(std::string_view key, Text& out) {
  Text read;
  text(key, read);
  if (read.at.line == 0) return;
  if (read.empty()) {
    context_.diagnostics.error(read.at, in_quotes(key) + " is empty; write a path");
    return;
  }
  out = {context_.absolute(read.value), read.at};
}

void Section::boolean(std::string_view key, bool& out) {
  choice<bool>(key, out, {{"true", true}, {"false", false}});
}

void Section::duration(std::string_view key, milliseconds& out, milliseconds least) {
  const Node* value = find(key);
  if (value == nullptr) return;
  const auto text = context_.scalar(*value, key);
  if (!text) return;
  std::string problem;
  const auto read = parse_duration(*text, problem);
  if (!read) {
    context_.error(*value, problem);
  } else if (*read < least) {
    context_.error(*value, in_quotes(key) + " is too short; write at least " + format_duration(least));
  } else {
    out = *read;
  }
}

void Section::size(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most) {
  const Node* value = find(key);
  if (value == nullptr) return;
  const auto text = context_.scalar(*value, key);
  if (!text) return;
  std::string problem;
  const auto read = parse_size(*text, problem);
  if (!read) {
    context_.error(*value, problem);
  } else if (*read < least || *read > most) {
    context_.error(*value, in_quotes(key) + " is out of range; write a size from " + format_size(least) +
                               " to " + format_size(most));
  } else {
    out = *read;
  }
}

void Section::size_or_none(std::string_view key, std::uint64_t& out) {
  const Node* value = find(key);
  if (value == nullptr) return;
  const auto text = context_.scalar(*value, key);
  if (!text) return;
  std::string problem;
  const auto read = *text == "none" ? std::optional<std::uint64_t>(0) : parse_size(*text, problem);
  if (!read) {
    context_.error(*value, problem + ", or none");
  } else if (*read == 0 && *text != "none") {
    context_.error(*value,
                   in_quotes(key) + " of 0 would let nothing pass; write a size, or none for no limit");
  } else {
    out = *read;
  }
}

void Section::number(std::string_view key, unsigned& out, unsigned least, unsigned most) {
  const Node* value = find(key);
  if (value == nullptr) return;
  const auto text = context_.scalar(*value, key);
  if (!text) return;
  const auto read = parse_decimal(*text);
  if (!read || *read < least || *read > most) {
    context_.error(*value, in_quotes(*text) + " does not fit " + in_quotes(key) +
                               "; write a whole number from " + std::to_string(least) + " to " +
                               std::to_string(most));
    return;
  }
  out = static_cast<unsigned>(*read);
}

void Section::number_or_none(std::string_view key, unsigned& out, std::string_view also) {
  constexpr unsigned kMost = 100'000'000;
  const Node* value = find(key);
  if (value == nullptr) return;
  const auto text = context_.scalar(*value, key);
  if (!text) return;
  if (*text == "none") {
    out = 0;
    return;
  }
  const auto read = parse_decimal(*text);
  if (!read || *read < 1 || *read > kMost) {
    context_.error(*value, in_quotes(*text) + " does not fit " + in_quotes(key) +
                               "; write a whole number from 1 to " + std::to_string(kMost) + ", or " +
                               (also.empty() ? "none" : std::string(also) + ", or none"));
    return;
  }
  out = static_cast<unsigned>(*read);
}

void Section::report_choice(const Context& context, const Node& node, const std::string& text,
                            std::string_view what, const std::vector<std::string_view>& words) {
  context.error(node, in_quotes(text) + " does not fit " + in_quotes(what) + "; write " + one_of(words));
}

}  // namespace tidegate::conf::yaml
