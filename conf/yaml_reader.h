#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "conf/names.h"
#include "conf/yaml_document.h"

namespace tidegate::conf::yaml {

/// What every reader of one file needs. Lives on the loader's stack.
struct Context {
  Diagnostics& diagnostics;
  std::string file;
  std::filesystem::path base_dir;  ///< absolute; relative paths in the file start here

  Position at(const Node& node) const { return {file, node.line, node.column}; }
  void error(const Node& node, std::string message) const { diagnostics.error(at(node), std::move(message)); }

  /// The node's text with the environment put in; an error about `what` if it is no scalar.
  std::optional<std::string> scalar(const Node& node, std::string_view what) const;
  std::optional<Text> text(const Node& node, std::string_view what) const;
  /// The items of a list; an error if it is none.
  const std::vector<Node>* list(const Node& node, std::string_view what) const;
  /// The same, but one scalar stands for a list of one.
  std::vector<const Node*> one_or_more(const Node& node, std::string_view what) const;
  /// The entries of a map whose keys the user chooses; an error if it is none.
  const std::vector<Node::Entry>* entries(const Node& node, std::string_view what) const;
  /// A path made absolute.
  std::string absolute(const std::string& path) const;
  /// The same for a unix socket's; an error if the system's sockaddr_un has no room for it.
  std::string socket_path(const Node& node, const std::string& path) const;
};

/// A map with keys that known_keys() lists under `path` ("routes[].timeouts"; "" is the top). The constructor
/// reports the keys that are not there; the readers leave `out` as it is where the key is missing or wrong.
/// Each listed key must be asked for, which the destructor asserts: no key is accepted and ignored.
class Section {
 public:
  using milliseconds = std::chrono::milliseconds;

  Section(const Context& context, const Node& node, std::string path);
  ~Section();
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  const Node& node() const { return node_; }
  const Context& context() const { return context_; }
  std::string path_of(std::string_view key) const;
  const Node* find(std::string_view key);
  /// find(), and an error if the key is missing; `example` says what would be right.
  const Node* require(std::string_view key, std::string_view example);

  void text(std::string_view key, Text& out);
  void string(std::string_view key, std::string& out);
  void file_path(std::string_view key, Text& out);  ///< made absolute; an empty one is an error
  void boolean(std::string_view key, bool& out);
  void duration(std::string_view key, milliseconds& out, milliseconds least = milliseconds(0));
  void size(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most);
  /// A size of at least 1, or `none`, which is 0.
  void size_or_none(std::string_view key, std::uint64_t& out);
  void number(std::string_view key, unsigned& out, unsigned least, unsigned most);
  /// A number of at least 1, or `none`, which is 0; `also` is a word that the caller has looked for.
  void number_or_none(std::string_view key, unsigned& out, std::string_view also = {});

  template <typename E>
  using Choices = std::initializer_list<std::pair<std::string_view, E>>;
  template <typename E>
  void choice(std::string_view key, E& out, Choices<E> choices) {
    const Node* value = find(key);
    if (value != nullptr) choose(context_, *value, key, out, choices);
  }
  template <typename E>
  static bool choose(const Context& context, const Node& node, std::string_view what, E& out,
                     Choices<E> choices) {
    const auto text = context.scalar(node, what);
    if (!text) return false;
    std::vector<std::string_view> words;
    for (const auto& [word, value] : choices) {
      words.push_back(word);
      if (word == *text) {
        out = value;
        return true;
      }
    }
    report_choice(context, node, *text, what, words);
    return false;
  }

 private:
  static void report_choice(const Context& context, const Node& node, const std::string& text,
                            std::string_view what, const std::vector<std::string_view>& words);
  void report_unknown(const Node::Entry& entry) const;

  const Context& context_;
  const Node& node_;
  const std::string path_;
  std::vector<std::string_view> keys_;   ///< that known_keys() lists here
  std::vector<std::string_view> asked_;  ///< those of them that were looked for
};

}  // namespace tidegate::conf::yaml
