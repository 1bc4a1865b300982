#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/http/head_parser.h"
#include "gateway/sites/site_table.h"
#include "gateway/sites/walk.h"
#include "gateway/sites/zones.h"

namespace tidegate::sites::test {

/// A configuration of one listener (plain, port 8080) that is written piece by piece, then compiled.
class Site {
 public:
  using Kind = conf::Location::Kind;
  using Step = conf::RewriteStep;

  Site() {
    config.sites = sites = std::make_shared<conf::Sites>();
    sites->by_listener.emplace_back();
  }

  /// A server that answers to these names ("~" begins a regex); its index.
  std::size_t server(std::initializer_list<const char*> names = {"example.com"});
  /// A location within `outer` (0: at the top) of the latest server: "/a", "= /a", "^~ /a", "~ re", "~* re",
  /// "@a"; its index.
  std::size_t location(std::string_view pattern, std::size_t outer = 0);
  conf::Location& at(std::size_t location) { return sites->servers.back().locations[location]; }
  conf::Location& root() { return at(0); }
  /// proxy_pass http://app:3000 with this URI part.
  conf::ProxyPass& proxy(std::size_t location, const char* uri = nullptr);
  /// proxy_pass with variables.
  conf::ProxyPass& proxy_variable(std::size_t location, const std::string& target);
  /// `return status text`, which says where a request came to.
  void respond(std::size_t location, int status, const std::string& text = {});
  void map(const std::string& source, const std::string& variable,
           std::initializer_list<std::pair<const char*, const char*>> entries);

  const SiteTable& table();
  /// The complaints of compiling it, which must fail.
  std::vector<std::string> complaints();

  conf::Config config;
  std::shared_ptr<conf::Sites> sites;
  Zones zones;

 private:
  std::unique_ptr<SiteTable> table_;
};

Site::Step set(const std::string& variable, const std::string& value);
Site::Step rewrite(const std::string& regex, const std::string& to,
                   Site::Step::Flag flag = Site::Step::Flag::none);
Site::Step give(int status, const std::string& text = {});
Site::Step stop();
/// `if` as it is written between the brackets: "$a", "$a = b", "$a !~* b", "-f /x".
Site::Step when(const std::string& condition, conf::Script then);

/// One request and its walk, kept together.
class Visit {
 public:
  /// `raw`: a whole head, or a target ("GET target HTTP/1.1", Host: example.com).
  Visit(Site& site, std::string_view raw, std::string_view scheme = "http", std::string_view sni = {});

  Action begin() { return walk->begin(); }
  /// What begin() came to, as words: "200 text", "301 to URL", "pass", "404", "hangup" ...
  std::string outcome();
  static std::string words(const Action& action);
  /// The same for another action of this visit.
  Outgoing outgoing() {
    EXPECT_EQ(outcome(), "pass");
    return walk->outgoing();
  }
  /// The value of an expression after begin(), by way of add_header.
  std::string field(const http::FieldRules& rules, std::string_view name) const;

  IpAddress peer;
  std::unique_ptr<http::RequestHead> head;
  Visitor visitor;
  Facts facts;
  std::unique_ptr<Walk> walk;
};

std::unique_ptr<http::RequestHead> request_head(std::string_view raw);
std::unique_ptr<http::ResponseHead> response_head(std::string_view raw);

}  // namespace tidegate::sites::test
