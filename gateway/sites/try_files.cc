#include "gateway/sites/try_files.h"

#include <cstring>
#include <utility>

#include "gateway/sites/disk.h"

namespace tidegate::sites {
namespace {

class Trial {
 public:
  Trial(const conf::FileRules& rules, const Place& place, std::string_view uri,
        const std::function<std::string(std::size_t)>& evaluate, const Subject& subject)
      : rules_(rules), place_(place), uri_(uri), evaluate_(evaluate), subject_(subject) {}

  TryOutcome run() {
    for (std::size_t i = 0; i < rules_.candidates.size(); ++i) {
      const std::string_view text = rules_.candidates[i].value;
      const bool wants_directory = text.ends_with('/');
      std::string name = evaluate_(i);
      if (wants_directory && name.ends_with('/')) name.pop_back();
      name = without_alias(text, std::move(name));
      if (is_there(place_.directory + name, wants_directory)) return go_on(std::move(name), wants_directory);
    }
    if (rules_.fallback_status != 0) return GiveUp{rules_.fallback_status};
    return fall_back(without_alias(rules_.fallback.value, evaluate_(rules_.candidates.size())));
  }

 private:
  /// In a location with `alias`, a value with variables is taken for a whole URI, if it begins with what the
  /// location matched; the fallback's too.
  std::string without_alias(std::string_view text, std::string name) const {
    const bool has_variables = text.find('$') != std::string_view::npos;
    if (place_.kind != Place::Kind::alias || !has_variables) return name;
    const std::string_view matched = uri_.substr(0, place_.matched);
    return name.starts_with(matched) ? name.substr(matched.size()) : name;
  }

  bool is_there(const std::string& path, bool wants_directory) const {
    const Found found = look_at(path, rules_.follow_symlinks);
    if (found.os_error == 0) return found.is_directory == wants_directory;
    if (!is_missing(found.os_error)) {
      subject_.complain(log::Level::error, "stat() \"" + path + "\" failed (" +
                                               std::to_string(found.os_error) + ": " +
                                               std::strerror(found.os_error) + ")");
    }
    return false;
  }

  GoOn go_on(std::string name, bool is_directory) const {
    switch (place_.kind) {
      case Place::Kind::root:
        return {std::move(name)};
      case Place::Kind::alias:
        return {std::string(uri_.substr(0, place_.matched)) + name};
      case Place::Kind::whole_alias:
        break;
    }
    if (is_directory) return {std::string(uri_)};
    return {std::move(name), true};
  }

  static FallBack fall_back(std::string target) {
    const std::size_t query = target.starts_with('@') ? std::string::npos : target.find('?');
    if (query == std::string::npos) return {std::move(target), {}};
    return {target.substr(0, query), target.substr(query + 1)};
  }

  const conf::FileRules& rules_;
  const Place& place_;
  std::string_view uri_;
  const std::function<std::string(std::size_t)>& evaluate_;
  const Subject& subject_;
};

}  // namespace

TryOutcome try_files(const conf::FileRules& rules, const Place& place, std::string_view uri,
                     const std::function<std::string(std::size_t)>& evaluate, const Subject& subject) {
  return Trial(rules, place, uri, evaluate, subject).run();
}

}  // namespace tidegate::sites
