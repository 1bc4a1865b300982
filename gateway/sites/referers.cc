#include "gateway/sites/referers.h"

#include <string>

#include "gateway/base/text.h"

namespace tidegate::sites {
namespace {

constexpr std::size_t kLongestHost = 256;
constexpr std::size_t kShortestUrl = sizeof("http://i.ru") - 1;

}  // namespace

RefererTable::RefererTable(const conf::Referers& conf, Diagnostics& diagnostics) : conf_(&conf) {
  // nginx asks the regexes of the server's names first.
  for (const bool whole : {false, true}) {
    for (std::size_t i = 0; i < conf.names.size(); ++i) {
      const conf::Referers::Name& name = conf.names[i];
      if (name.whole != whole) continue;
      if (!name.host.regex) {
        hosts_.add(name.host.name.value, i);
        continue;
      }
      add_regex(name, diagnostics);
    }
  }
}

void RefererTable::add_regex(const conf::Referers::Name& name, Diagnostics& diagnostics) {
  const conf::Text& text = name.host.name;
  routing::Regex::Failure failure;
  auto regex = routing::Regex::compile(text.value, failure, /*ignore_case=*/true);
  if (regex != nullptr) {
    regexes_.emplace_back(std::move(regex), name.whole);
    return;
  }
  std::string complaint = "pcre2_compile() failed: " + failure.message + " in \"" + text.value + '"';
  if (failure.offset < text.value.size()) complaint += " at \"" + text.value.substr(failure.offset) + '"';
  diagnostics.error(text.at, std::move(complaint));
}

RefererTable::Verdict RefererTable::judge(const std::string_view* referer) const {
  const auto valid = [](bool is) { return is ? Verdict::valid : Verdict::invalid; };
  if (conf_->names.empty()) return Verdict::valid;
  if (referer == nullptr) return valid(conf_->none);
  if (referer->size() >= kShortestUrl) {
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (iequals(referer->substr(0, scheme.size()), scheme))
        return judge_url(referer->substr(scheme.size()));
    }
  }
  return valid(conf_->blocked);
}

RefererTable::Verdict RefererTable::judge_url(std::string_view url) const {
  const std::string host = to_lower(url.substr(0, url.find_first_of("/:")));
  if (host.size() > kLongestHost) return Verdict::invalid;
  if (const auto found = hosts_.find(host)) {
    const std::string& path = conf_->names[*found].path;
    const std::size_t slash = std::min(url.find('/'), url.size());
    return url.substr(slash).starts_with(path) ? Verdict::valid : Verdict::invalid;
  }
  for (const auto& [regex, whole] : regexes_) {
    std::vector<routing::Regex::Group> groups;
    bool gave_up = false;
    if (regex->matches(whole ? url : std::string_view(host), groups, &gave_up)) return Verdict::valid;
    if (gave_up) return Verdict::gave_up;
  }
  return Verdict::invalid;
}

}  // namespace tidegate::sites
