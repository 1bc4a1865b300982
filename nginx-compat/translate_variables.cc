#include <algorithm>
#include <set>
#include <unordered_map>
#include <vector>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// `map`, `geo` and `split_clients`: variables that are worked out from others.

namespace tidegate::nginx {
namespace {

Position place_of(const Directive& line) {
  return end_of(line);
}

bool read_variable(Work& work, const Directive& directive, std::size_t arg, std::string& out) {
  const std::string& name = directive.args[arg].text;
  if (!name.starts_with('$') || name.size() < 2) {
    work.fail(directive, "invalid variable name " + quoted(name));
    return false;
  }
  out = to_lower(std::string_view(name).substr(1));
  return true;
}

using Entry = conf::Map::Entry;

/// A key without `~`: a plain one, or a wildcard where host names are meant.
bool read_map_key(Work& work, const Directive& line, bool hostnames, Entry& entry) {
  std::string key = line.name.text;
  if (key.starts_with('\\')) key.erase(0, 1);
  key = to_lower(key);
  entry.key = {key, place_of(line)};
  if (!hostnames) return true;
  const bool leading = key.starts_with('.') || key.starts_with("*.");
  const bool trailing = key.size() > 2 && key.ends_with(".*");
  const std::string_view inside =
      std::string_view(key).substr(leading ? key.find('.') + 1 : 0, trailing ? key.size() - 2 : key.size());
  const bool bad = (leading && trailing) || inside.find('*') != std::string_view::npos ||
                   (leading && inside.empty()) || key.find("..") != std::string::npos;
  if (bad) {
    work.fail(line, "invalid hostname or wildcard " + quoted(key));
    return false;
  }
  if (leading) entry.kind = Entry::Kind::prefix_wildcard;
  if (trailing) entry.kind = Entry::Kind::suffix_wildcard;
  return true;
}

void read_map_line(Work& work, const Directive& line, conf::Map& map, std::set<std::string>& keys,
                   bool& has_default) {
  const std::string& key = line.name.text;
  if (line.args.empty() && (key == "hostnames" || key == "volatile")) {
    (key == "hostnames" ? map.hostnames : map.is_volatile) = true;
    return;
  }
  if (line.args.size() != 1) return work.fail(line, "invalid number of the map parameters");
  if (key == "default") {
    if (std::exchange(has_default, true)) return work.fail(line, "duplicate default map parameter");
    map.otherwise = Work::text_of(line, 0);
    return;
  }
  Entry entry;
  entry.value = Work::text_of(line, 0);
  if (key.starts_with('~')) {
    const bool ignore_case = key.starts_with("~*");
    entry.kind = ignore_case ? Entry::Kind::regex_ignore_case : Entry::Kind::regex;
    entry.key = {key.substr(ignore_case ? 2 : 1), place_of(line)};
  } else {
    if (!read_map_key(work, line, map.hostnames, entry)) return;
    if (!keys.insert(entry.key.value).second)
      return work.fail(line, "conflicting parameter " + quoted(line.name.text));
  }
  map.entries.push_back(std::move(entry));
}

void on_map(Work& work, const Directive& directive) {
  conf::Map map;
  map.at = directive.at();
  map.source = Work::text_of(directive, 0);
  if (!read_variable(work, directive, 1, map.variable)) return;
  std::set<std::string> keys;
  bool has_default = false;
  for (const Directive& line : directive.block) read_map_line(work, line, map, keys, has_default);
  work.sites.maps.push_back(std::move(map));
}

/// "a-b", both ends in.
bool read_range(std::string_view text, IpAddress& first, IpAddress& last) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto from = IpAddress::parse(text.substr(0, dash));
  const auto to = IpAddress::parse(text.substr(dash + 1));
  if (!from || !to || from->is_v4() != to->is_v4() || to->bytes() < from->bytes()) return false;
  first = *from;
  last = *to;
  return true;
}

/// A `geo` while its lines are read. What `delete` names is taken out at the end, all at once.
struct GeoLines {
  conf::Geo geo;
  bool ranges = false;
  std::unordered_map<std::string, std::vector<std::size_t>> numbers{};  ///< of blocks or ranges, by their net
  std::vector<bool> deleted{};

  void add(const std::string& net) {
    numbers[net].push_back(deleted.size());
    deleted.push_back(false);
  }
  void remove(const std::string& net) {
    for (const std::size_t number : numbers[net]) deleted[number] = true;
    numbers[net].clear();
  }
  template <typename T>
  void sweep(std::vector<T>& all) const {
    std::size_t number = 0;
    std::erase_if(all, [&](const T&) { return deleted[number++]; });
  }
};

void read_geo_range(Work& work, const Directive& line, const std::string& net, const std::string* value,
                    GeoLines& lines) {
  IpAddress first;
  IpAddress last;
  if (!read_range(net, first, last)) return work.fail(line, "invalid range " + quoted(net));
  const std::string name = first.to_string() + '-' + last.to_string();
  if (value == nullptr) return lines.remove(name);
  lines.add(name);
  lines.geo.ranges.emplace_back(first, last, *value);
}

void read_geo_line(Work& work, const Directive& line, GeoLines& lines) {
  conf::Geo& geo = lines.geo;
  const std::string& key = line.name.text;
  if (line.args.empty() && key == "ranges") {
    if (!geo.blocks.empty())
      return work.fail(line, "the \"ranges\" directive must be the first directive inside \"geo\" block");
    lines.ranges = true;
    return;
  }
  if (line.args.empty() && key == "proxy_recursive") {
    geo.proxy_recursive = true;
    return;
  }
  if (line.args.size() != 1) return work.fail(line, "invalid number of the geo parameters");
  const std::string& value = line.args[0].text;
  if (key == "default") {
    geo.otherwise = value;
    return;
  }
  const bool removes = key == "delete";
  const std::string& net = removes || key == "proxy" ? value : key;
  if (lines.ranges && key != "proxy")
    return read_geo_range(work, line, net, removes ? nullptr : &value, lines);
  const auto block = Cidr::parse(net);
  if (!block) return work.fail(line, "invalid network " + quoted(net));
  if (key == "proxy") {
    geo.proxies.push_back(*block);
  } else if (removes) {
    lines.remove(block->to_string());
  } else {
    lines.add(block->to_string());
    geo.blocks.emplace_back(*block, value);
  }
}

void on_geo(Work& work, const Directive& directive) {
  GeoLines lines;
  conf::Geo& geo = lines.geo;
  geo.at = directive.at();
  const bool has_source = directive.args.size() == 2;
  std::string source;
  if (has_source && !read_variable(work, directive, 0, source)) return;
  geo.source = has_source ? Work::text_of(directive, 0) : Text{"$remote_addr", directive.at()};
  if (!read_variable(work, directive, directive.args.size() - 1, geo.variable)) return;
  for (const Directive& line : directive.block) read_geo_line(work, line, lines);
  if (lines.ranges)
    lines.sweep(geo.ranges);
  else
    lines.sweep(geo.blocks);
  work.sites.geos.push_back(std::move(geo));
}

/// "12.34%" in hundredths of a percent.
std::optional<std::uint64_t> read_percent(std::string_view text) {
  if (text.size() < 2 || !text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t dot = text.find('.');
  const auto whole = read_number(text.substr(0, dot));
  if (!whole || *whole > 100) return std::nullopt;
  if (dot == std::string_view::npos) return *whole * 100;
  const std::string_view fraction = text.substr(dot + 1);
  const auto part = read_number(fraction);
  if (!part || fraction.size() > 2) return std::nullopt;
  return *whole * 100 + (fraction.size() == 1 ? *part * 10 : *part);
}

void on_split_clients(Work& work, const Directive& directive) {
  constexpr std::uint64_t kAll = 10000;
  conf::Split split;
  split.source = Work::text_of(directive, 0);
  if (!read_variable(work, directive, 1, split.variable)) return;
  std::uint64_t sum = 0;
  for (const Directive& line : directive.block) {
    if (line.args.size() != 1) {
      work.fail(line, "invalid number of arguments in \"split_clients\" block");
      continue;
    }
    if (line.name.text == "*") {
      split.otherwise = Work::text_of(line, 0);
      continue;
    }
    const auto percent = read_percent(line.name.text);
    if (!percent || *percent == 0) {
      work.fail(line, "invalid percent value " + quoted(line.name.text));
      continue;
    }
    sum += *percent;
    if (sum > kAll) return work.fail(directive, "percent total is greater than 100%");
    const std::uint64_t end = sum == kAll ? 0xFFFFFFFF : 0xFFFFFFFFULL * sum / kAll;
    split.parts.emplace_back(static_cast<std::uint32_t>(end), Work::text_of(line, 0));
  }
  work.sites.splits.push_back(std::move(split));
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr std::string_view kMemory = "memory is taken as it is needed";

constexpr Decision kDecisions[] = {
    {"geo", on_geo},
    {"map", on_map},
    {"map_hash_bucket_size", nullptr, kIgnored, kMemory},
    {"map_hash_max_size", nullptr, kIgnored, kMemory},
    {"split_clients", on_split_clients},
    {"variables_hash_bucket_size", nullptr, kIgnored, kMemory},
    {"variables_hash_max_size", nullptr, kIgnored, kMemory},
};

}  // namespace

std::span<const Decision> variable_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
