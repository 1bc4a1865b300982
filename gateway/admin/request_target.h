#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::admin {

/// A request's path, its segments decoded one by one (RFC 3986 §2.1: an encoded "/" is a part of its
/// segment), and the arguments of its query.
struct RequestTarget {
  std::vector<std::string> path;  ///< "/a/b%2Fc" is {"a", "b/c"}, "/" is {""}
  std::vector<std::pair<std::string, std::string>> query;

  /// None, and what is wrong, where an escape is broken or an argument stands twice.
  static std::optional<RequestTarget> parse(std::string_view target, std::string& problem);
};

/// Reads a query's arguments; each must be asked for, and what was not is an error. The first error stays.
class QueryReader {
 public:
  explicit QueryReader(const RequestTarget& target) : query_(target.query) {}

  std::string text(std::string_view name);  ///< empty where it is missing
  std::uint64_t number(std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                       std::uint64_t most);
  /// The place of its value among `words`; the first one's where it is missing.
  std::size_t choice(std::string_view name, std::initializer_list<std::string_view> words);
  /// After all were asked for: what was wrong with the query, if anything.
  std::optional<std::string> problem();

 private:
  const std::string* find(std::string_view name);
  void complain(std::string problem);

  const std::vector<std::pair<std::string, std::string>>& query_;
  std::vector<std::string_view> asked_;
  std::optional<std::string> problem_;
};

}  // namespace tidegate::admin
