#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "gateway/base/text.h"
#include "gateway/sites/compiled.h"
#include "gateway/sites/forwarded.h"
#include "gateway/sites/host_table.h"
#include "gateway/sites/murmur.h"
#include "gateway/sites/request.h"

namespace tidegate::sites {
namespace {

class MapVariable final : public Computed {
 public:
  MapVariable(const conf::Map& conf, VariableTable& variables, Diagnostics& diagnostics)
      : volatile_(conf.is_volatile),
        hostnames_(conf.hostnames),
        source_(Expression::compile(conf.source, variables, diagnostics)),
        otherwise_(Expression::compile(conf.otherwise, variables, diagnostics)) {
    using Kind = conf::Map::Entry::Kind;
    for (const conf::Map::Entry& entry : conf.entries) {
      const std::size_t number = values_.size();
      values_.push_back(Expression::compile(entry.value, variables, diagnostics));
      switch (entry.kind) {
        case Kind::exact:
          exact_.emplace(to_lower(entry.key.value), number);
          break;
        case Kind::prefix_wildcard:
        case Kind::suffix_wildcard:
          wildcards_.add(entry.key.value, number);
          break;
        case Kind::regex:
        case Kind::regex_ignore_case:
          regexes_.emplace_back(
              Pattern::compile(entry.key, entry.kind == Kind::regex_ignore_case, variables, diagnostics),
              number);
          break;
      }
    }
  }

  bool cached() const override { return !volatile_; }

  void compute(Request& request, std::string& out) const override {
    find(source_.evaluate(request), request).append(out, request);
  }

 private:
  const Expression& find(const std::string& source, Request& request) const {
    std::string key = to_lower(source);
    if (hostnames_ && key.ends_with('.')) key.pop_back();
    if (const auto found = exact_.find(key); found != exact_.end()) return values_[found->second];
    if (const auto found = wildcards_.find(key)) return values_[*found];
    for (const auto& [pattern, number] : regexes_) {
      if (pattern.matches(source, request)) return values_[number];
    }
    return otherwise_;
  }

  bool volatile_;
  bool hostnames_;
  Expression source_;
  Expression otherwise_;
  std::vector<Expression> values_;
  routing::TextMap<std::size_t> exact_;
  HostTable wildcards_;
  std::vector<std::pair<Pattern, std::size_t>> regexes_;
};

using Bytes = std::array<std::uint8_t, 16>;

Bytes masked(Bytes bytes, unsigned bits) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8u) : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00u >> kept));
  }
  return bytes;
}

class GeoVariable final : public Computed {
 public:
  GeoVariable(const conf::Geo& conf, VariableTable& variables, Diagnostics& diagnostics)
      : conf_(conf), source_(Expression::compile(conf.source, variables, diagnostics)) {
    for (const auto& [block, value] : conf.blocks) add(block, value);
    for (const auto& [first, last, value] : conf.ranges) {
      ranges_.insert_or_assign(first.bytes(), std::pair(last.bytes(), std::string_view(value)));
    }
  }

  void compute(Request& request, std::string& out) const override {
    auto address = IpAddress::parse(source_.evaluate(request));
    if (!address) address = IpAddress::parse("255.255.255.255");  // as inet_addr() says that it is none
    if (address && is_among(*address, conf_.proxies)) {
      const std::string list = request.field("x_forwarded_for").value_or(std::string());
      if (const auto behind = forwarded_address(list, conf_.proxies, conf_.proxy_recursive))
        address = behind->address;
    }
    out += address ? find(*address) : std::string_view(conf_.otherwise);
  }

 private:
  /// A block written twice: the later one counts, as in nginx.
  void add(const Cidr& block, std::string_view value) {
    const std::string text = block.to_string();
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return;
    unsigned bits = 128;
    if (slash != std::string::npos) {
      bits = static_cast<unsigned>(parse_decimal(std::string_view(text).substr(slash + 1)).value_or(0));
      if (base->is_v4()) bits += 96;
    }
    blocks_[bits].insert_or_assign(masked(base->bytes(), bits), value);
  }

  std::string_view find(const IpAddress& address) const {
    for (auto length = blocks_.rbegin(); length != blocks_.rend(); ++length) {
      const auto found = length->second.find(masked(address.bytes(), length->first));
      if (found != length->second.end()) return found->second;
    }
    auto range = ranges_.upper_bound(address.bytes());
    if (range != ranges_.begin() && address.bytes() <= (--range)->second.first) return range->second.second;
    return conf_.otherwise;
  }

  const conf::Geo& conf_;
  Expression source_;
  std::map<unsigned, std::map<Bytes, std::string_view>> blocks_;  ///< by their length in bits
  std::map<Bytes, std::pair<Bytes, std::string_view>> ranges_;    ///< by their first address
};

class SplitVariable final : public Computed {
 public:
  SplitVariable(const conf::Split& conf, VariableTable& variables, Diagnostics& diagnostics)
      : source_(Expression::compile(conf.source, variables, diagnostics)),
        otherwise_(Expression::compile(conf.otherwise, variables, diagnostics)) {
    for (const auto& [until, value] : conf.parts)
      parts_.emplace_back(until, Expression::compile(value, variables, diagnostics));
  }

  void compute(Request& request, std::string& out) const override {
    const std::uint32_t hash = murmur2(source_.evaluate(request));
    const auto part = std::find_if(parts_.begin(), parts_.end(), [hash](const auto& p) {
      return hash < p.first || p.first == 0xFFFFFFFF;  // the last part of a hundred percent
    });
    (part == parts_.end() ? otherwise_ : part->second).append(out, request);
  }

 private:
  Expression source_;
  Expression otherwise_;
  std::vector<std::pair<std::uint32_t, Expression>> parts_;
};

}  // namespace

void compile_computed(const conf::Sites& sites, VariableTable& variables, Diagnostics& diagnostics) {
  for (const conf::Map& map : sites.maps) {
    variables.compute(map.variable, map.at, std::make_unique<MapVariable>(map, variables, diagnostics),
                      diagnostics);
  }
  for (const conf::Geo& geo : sites.geos) {
    variables.compute(geo.variable, geo.at, std::make_unique<GeoVariable>(geo, variables, diagnostics),
                      diagnostics);
  }
  for (const conf::Split& split : sites.splits) {
    variables.compute(split.variable, split.source.at,
                      std::make_unique<SplitVariable>(split, variables, diagnostics), diagnostics);
  }
}

}  // namespace tidegate::sites
