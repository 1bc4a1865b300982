#include <algorithm>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// `upstream` and what stands in it.

namespace tidegate::nginx {
namespace {

using Balance = conf::Upstream::Balance;

void on_upstream(Work& work, const Directive& directive) {
  const std::string& name = first_arg(directive);
  for (const UpstreamBlock* const other : work.upstreams_of(name)) {
    if (!other->is_implicit) return work.fail(directive, "duplicate upstream " + quoted(name));
    if (other->has_port) {
      return work.fail(directive, "upstream " + quoted(name) + " may not have port " +
                                      std::to_string(other->port) + " in " + *other->directive->file + ':' +
                                      std::to_string(other->directive->end_line));
    }
  }
  UpstreamBlock& block = work.upstream_block(name);
  block.is_implicit = false;
  block.directive = &directive;
  block.upstream.name = name;
  block.upstream.at = directive.at();
  block.upstream.keepalive_idle = milliseconds(0);
  Scope scope;
  scope.context = kUpstream;
  scope.upstream = &block;
  work.walk(directive.block, scope);
  if (block.upstream.servers.empty()) work.fail(directive, "no servers are inside upstream");
}

/// A method of balancing; the second is told of, as in nginx.
void set_method(Work& work, const Directive& directive, Balance balance, bool no_backup) {
  UpstreamBlock& block = *work.scope().upstream;
  if (block.method != nullptr) work.warn(directive, "load balancing method redefined");
  block.method = &directive;
  block.no_backup = no_backup;
  block.upstream.balance = balance;
}

void on_ip_hash(Work& work, const Directive& directive) {
  set_method(work, directive, Balance::ip_hash, true);
}

void on_least_conn(Work& work, const Directive& directive) {
  set_method(work, directive, Balance::least_connections, false);
}

void on_hash(Work& work, const Directive& directive) {
  const bool consistent = directive.args.size() == 2;
  if (consistent && directive.args[1].text != "consistent")
    return invalid_parameter(work, directive, directive.args[1].text);
  set_method(work, directive, consistent ? Balance::consistent_hash : Balance::hash, true);
  work.scope().upstream->upstream.hash_key = Work::text_of(directive, 0);
}

void on_random(Work& work, const Directive& directive) {
  const std::vector<Word>& args = directive.args;
  if (!args.empty() && args[0].text != "two") return invalid_parameter(work, directive, args[0].text);
  if (args.size() == 2 && args[1].text != "least_conn")
    return invalid_parameter(work, directive, args[1].text);
  set_method(work, directive, args.empty() ? Balance::random : Balance::random_two, true);
}

void on_keepalive(Work& work, const Directive& directive) {
  conf::Upstream& upstream = work.scope().upstream->upstream;
  if (work.scope().upstream->keepalive) return work.fail_directive(directive, "is duplicate");
  const auto count = read_number(first_arg(directive));
  if (!count || *count == 0) {
    return work.fail(directive,
                     "invalid value " + quoted(first_arg(directive)) + " in \"keepalive\" directive");
  }
  work.scope().upstream->keepalive = true;
  upstream.keepalive_max = static_cast<unsigned>(std::min<std::uint64_t>(*count, 1000000));
}

void on_zone(Work& work, const Directive& directive) {
  constexpr std::uint64_t kLeast = 8 * 4096;
  const std::string& name = first_arg(directive);
  if (name.empty()) return work.fail(directive, "invalid zone name " + quoted(name));
  if (directive.args.size() == 2) {
    const std::string& text = directive.args[1].text;
    const auto size = read_size(text);
    if (!size || *size == 0) return work.fail(directive, "invalid zone size " + quoted(text));
    if (*size < kLeast) return work.fail(directive, "zone " + quoted(name) + " is too small");
    if (!work.declare_zone(directive, name, "upstream", *size)) return;
  } else {
    work.use_zone(directive, name, "upstream");
  }
  work.ignored(directive, "workers share the state of servers at any rate");
}

/// weight=, max_conns= and their like. False, and a complaint, where it is none.
bool read_server_parameter(Work& work, const Directive& directive, const std::string& word,
                           conf::Server& server) {
  constexpr std::uint64_t kMost = 0x7FFFFFFF;
  const auto number = [&](std::string_view name, unsigned& out, std::uint64_t least) {
    const auto value = parameter(word, name);
    if (!value) return false;
    const auto read = read_number(*value);
    if (!read || *read < least)
      invalid_parameter(work, directive, word);
    else
      out = static_cast<unsigned>(std::min(*read, kMost));
    return true;
  };
  if (number("weight=", server.weight, 1) || number("max_conns=", server.max_connections, 0) ||
      number("max_fails=", server.max_fails, 0)) {
    return true;
  }
  if (const auto value = parameter(word, "fail_timeout=")) {
    const auto time = read_seconds(*value);
    if (!time) return invalid_parameter(work, directive, word), false;
    server.fail_timeout = *time;
    return true;
  }
  if (word == "backup") {
    if (work.scope().upstream->no_backup) {
      work.fail(directive, "balancing method does not support parameter " + quoted(word));
      return false;
    }
    return server.backup = true;
  }
  if (word == "down") return server.down = true;
  if (word == "resolve") return true;  // of newer ones; names are looked up again at any rate
  invalid_parameter(work, directive, word);
  return false;
}

}  // namespace

void add_upstream_server(Work& work, const Directive& directive) {
  UpstreamBlock& block = *work.scope().upstream;
  conf::Server server;
  server.at = Work::text_of(directive, 0).at;
  server.text = first_arg(directive);
  server.max_fails = 1;
  for (std::size_t i = 1; i < directive.args.size(); ++i) {
    if (!read_server_parameter(work, directive, directive.args[i].text, server)) return;
  }
  Url url;
  std::string problem = read_url(server.text, {}, url);
  if (problem.empty() && !url.unix_path.empty()) {
    server.unix_path = work.full_path(url.unix_path);
    server.port = 0;
  } else if (problem.empty()) {
    const bool v6 = url.host.starts_with('[');
    server.host = v6 ? url.host.substr(1, url.host.size() - 2) : url.host;
    server.port = url.port;
    if (!work.is_known(server.host)) problem = "host not found";
  }
  if (!problem.empty()) work.fail(directive, problem + " in upstream " + quoted(server.text));
  block.upstream.servers.push_back(std::move(server));
}

void set_upstream_keepalive(Work& work, const Directive& directive) {
  UpstreamBlock& block = *work.scope().upstream;
  if (!block.keepalive_said.insert(directive.name.text).second)
    return work.fail_directive(directive, "is duplicate");
  const std::string& name = directive.name.text;
  if (name == "keepalive_requests") {
    const auto number = read_number(first_arg(directive));
    if (!number) return work.fail_directive(directive, "invalid number");
    block.upstream.keepalive_requests = *number;
    return;
  }
  if (directive.args.size() != 1) {
    return work.fail(directive, "invalid number of arguments in " + quoted(name) + " directive");
  }
  const auto time = read_milliseconds(first_arg(directive));
  if (!time) return work.fail_directive(directive, "invalid value");
  (name == "keepalive_time" ? block.upstream.keepalive_time : block.keepalive_timeout) = *time;
}

namespace {

constexpr Decision kDecisions[] = {
    {"hash", on_hash},           {"ip_hash", on_ip_hash},
    {"keepalive", on_keepalive}, {"least_conn", on_least_conn},
    {"random", on_random},       {"upstream", on_upstream},
    {"zone", on_zone},
};

}  // namespace

std::span<const Decision> upstream_decisions() {
  return kDecisions;
}

std::optional<std::size_t> Work::upstream_for(const Directive& directive, const Url& url) {
  const std::string name = url.unix_path.empty() ? url.host : "unix:" + url.unix_path;
  const auto [begin, end] = upstream_names_.equal_range(to_lower(name));
  for (auto it = begin; it != end; ++it) {
    const UpstreamBlock& block = *upstreams[it->second];
    if (!block.is_implicit && url.has_port) {
      fail(directive, "upstream " + quoted(block.name) + " may not have port " + std::to_string(url.port));
      return std::nullopt;
    }
    if (!block.is_implicit || block.port == url.port) return it->second;
  }
  const std::size_t index = upstreams.size();
  UpstreamBlock& block = *upstreams.emplace_back(std::make_unique<UpstreamBlock>());
  upstream_names_.emplace(to_lower(name), index);
  block.name = name;
  block.is_implicit = true;
  block.port = url.port;
  block.has_port = url.has_port;
  block.directive = &directive;
  block.upstream.at = directive.at();
  block.upstream.keepalive_idle = milliseconds(0);
  conf::Server server;
  server.at = directive.at();
  if (url.unix_path.empty()) {
    const bool v6 = url.host.starts_with('[');
    server.host = v6 ? url.host.substr(1, url.host.size() - 2) : url.host;
    server.port = url.port;
    server.text = url.host + ':' + std::to_string(url.port);
  } else {
    server.unix_path = full_path(url.unix_path);
    server.text = name;
    server.port = 0;
  }
  server.max_fails = 1;
  block.upstream.servers.push_back(std::move(server));
  return index;
}

UpstreamBlock& Work::upstream_block(const std::string& name) {
  const auto [begin, end] = upstream_names_.equal_range(to_lower(name));
  if (begin != end) {
    UpstreamBlock& block = *upstreams[begin->second];
    block.upstream = {};
    return block;
  }
  upstream_names_.emplace(to_lower(name), upstreams.size());
  UpstreamBlock& block = *upstreams.emplace_back(std::make_unique<UpstreamBlock>());
  block.name = name;
  return block;
}

std::vector<const UpstreamBlock*> Work::upstreams_of(const std::string& name) const {
  std::vector<const UpstreamBlock*> found;
  const auto [begin, end] = upstream_names_.equal_range(to_lower(name));
  for (auto it = begin; it != end; ++it) found.push_back(upstreams[it->second].get());
  return found;
}

bool Work::is_known(const std::string& host) {
  return !options_.look_up || !addresses_of(host).empty();
}

}  // namespace tidegate::nginx
