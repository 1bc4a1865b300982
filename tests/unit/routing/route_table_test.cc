#include "gateway/routing/route_table.h"

#include <gtest/gtest.h>

#include "tests/unit/routing/requests.h"

namespace tidegate::routing {
namespace {

using conf::PathMatch;
using test::Request;

conf::Route route(std::string name, std::vector<std::string> hosts, std::string path,
                  PathMatch::Kind kind = PathMatch::Kind::prefix, bool before_regex = false) {
  conf::Route out;
  out.name = std::move(name);
  out.hosts = std::move(hosts);
  out.path = {kind, {std::move(path), {}}, before_regex};
  return out;
}

conf::Route exact(std::string name, std::string path) {
  return route(std::move(name), {}, std::move(path), PathMatch::Kind::exact);
}
conf::Route regex(std::string name, std::string path) {
  return route(std::move(name), {}, std::move(path), PathMatch::Kind::regex);
}
conf::Route prefix(std::string name, std::string path) {
  return route(std::move(name), {}, std::move(path));
}
conf::Route first(std::string name, std::string path) {
  return route(std::move(name), {}, std::move(path), PathMatch::Kind::prefix, true);
}
conf::Route with(conf::Route out, conf::Match match) {
  out.match = std::move(match);
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

conf::Match listener(std::string name) {
  conf::Match out;
  out.listener = {std::move(name), {}};
  return out;
}
conf::Match methods(std::vector<std::string> list) {
  conf::Match out;
  out.methods = std::move(list);
  return out;
}
conf::Match headers(Pairs list) {
  conf::Match out;
  out.headers = std::move(list);
  return out;
}
conf::Match query(Pairs list) {
  conf::Match out;
  out.query = std::move(list);
  return out;
}
conf::Match subprotocol(std::string name) {
  conf::Match out;
  out.subprotocol = std::move(name);
  return out;
}

/// A table, and the configuration that it points into.
class Table {
 public:
  explicit Table(std::vector<conf::Route> routes) {
    config_.routes = std::move(routes);
    Diagnostics diagnostics;
    table_ = RouteTable::compile(config_, diagnostics);
    for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.message;
  }
  std::string find(const Request& request, bool named_listener_only = false) const {
    const RouteTable::Found found = table_->find(request.view, named_listener_only);
    return found.route == nullptr ? "none" : found.route->conf->name;
  }
  std::string find(const std::string& path, std::string_view host = "example.com") const {
    return find(Request(path, host));
  }
  const RouteTable& operator*() const { return *table_; }

 private:
  conf::Config config_;
  std::unique_ptr<RouteTable> table_;
};

TEST(RouteTable, PrefersExactHostsThenLongestSuffixesThenNone) {
  const Table table({route("any", {}, "/"), route("com", {"*.com"}, "/"),
                     route("wild", {"*.example.com"}, "/"), route("deep", {"*.chat.example.com"}, "/"),
                     route("exact", {"example.com", "WWW.example.com"}, "/"), route("v6", {"[::1]"}, "/")});
  const std::pair<const char*, const char*> cases[] = {{"example.com", "exact"},
                                                       {"EXAMPLE.com:8443", "exact"},
                                                       {"www.example.com", "exact"},
                                                       {"a.example.com", "wild"},
                                                       {"a.b.example.com", "wild"},
                                                       {"chat.example.com", "wild"},
                                                       {"a.chat.example.com", "deep"},
                                                       {"a.b.chat.example.com", "deep"},
                                                       {"other.com", "com"},
                                                       {"xexample.com", "com"},
                                                       {"example.org", "any"},
                                                       {"com", "any"},
                                                       {"", "any"},
                                                       {"[::1]", "v6"},
                                                       {"[::1]:80", "v6"},
                                                       {".example.com", "com"},
                                                       {"example.com.evil.example", "any"}};
  for (const auto& [host, name] : cases) EXPECT_EQ(table.find("/", host), name) << host;
}

TEST(RouteTable, ALabelHeavyHostIsNobodys) {
  const Table table({route("wild", {"*.com"}, "/")});
  std::string host = "a.com";
  while (host.size() < 30000) host.insert(0, "a.");
  EXPECT_EQ(table.find("/", host), "none");
}

TEST(RouteTable, FollowsNginxsPrecedenceOfPaths) {
  const Table table({prefix("root", "/"), prefix("static", "/static"), first("images", "/images/"),
                     prefix("images-raw", "/images/raw/"), regex("png", "\\.png$"),
                     regex("any-images", "^/images/"), exact("one", "/static/one.png"),
                     regex("second-png", "one\\.png$")});
  const std::pair<const char*, const char*> cases[] = {
      {"/", "root"},
      {"/x", "root"},
      {"/static/one.png", "one"},           // exact before all
      {"/static/two.png", "png"},           // a regex before a prefix
      {"/static/two.txt", "static"},        // the longest prefix
      {"/staticx", "static"},               // a plain string
      {"/images/a.png", "images"},          // a prefix that says before_regex
      {"/images/raw/a.png", "png"},         // the longest one does not say so
      {"/images/raw/a.txt", "any-images"},  // regexes in file order
      {"/other/one.png", "png"},
      {"/PNG.PNG", "root"},  // the case matters
  };
  for (const auto& [path, name] : cases) EXPECT_EQ(table.find(path), name) << path;
}

TEST(RouteTable, PrefixesArePlainStrings) {
  const Table table({prefix("ws", "/ws"), prefix("api", "/api/")});
  EXPECT_EQ(table.find("/ws"), "ws");
  EXPECT_EQ(table.find("/wsx"), "ws");
  EXPECT_EQ(table.find("/ws/a"), "ws");
  EXPECT_EQ(table.find("/w"), "none");
  EXPECT_EQ(table.find("/api"), "none");
  EXPECT_EQ(table.find("/api/"), "api");
}

TEST(RouteTable, MatchesNormalisedPaths) {
  const Table table({prefix("root", "/"), prefix("admin", "/admin/"), exact("health", "/healthz"),
                     regex("room", "^/room/[0-9]+$")});
  EXPECT_EQ(table.find("/x/../admin/a"), "admin");
  EXPECT_EQ(table.find("//admin//a"), "admin");
  EXPECT_EQ(table.find("/%61dmin/a"), "admin");
  EXPECT_EQ(table.find("/x%2f..%2fadmin%2fa"), "admin");
  EXPECT_EQ(table.find("/admin/../a"), "root");
  EXPECT_EQ(table.find("/%68ealthz?x"), "health");
  EXPECT_EQ(table.find("/healthz/"), "root");
  EXPECT_EQ(table.find("/room/%31"), "room");
  EXPECT_EQ(table.find("*"), "root");
}

TEST(RouteTable, PassesOverRoutesWhosePathDoesNotFitDownToThoseWithoutAHost) {
  const Table table({route("host-api", {"example.com"}, "/api/"), route("wild-ws", {"*.com"}, "/ws/"),
                     route("any", {}, "/"), route("any-api", {}, "/api/")});
  EXPECT_EQ(table.find("/api/x"), "host-api");
  EXPECT_EQ(table.find("/ws/x"), "wild-ws");  // example.com ends with .com
  EXPECT_EQ(table.find("/other"), "any");
  EXPECT_EQ(table.find("/api/x", "a.org"), "any-api");
}

TEST(RouteTable, AHostGoesBeforeAPath) {
  const Table table(
      {route("host-root", {"example.com"}, "/"), route("any-exact", {}, "/ws", PathMatch::Kind::exact)});
  EXPECT_EQ(table.find("/ws"), "host-root");
  EXPECT_EQ(table.find("/ws", "other.com"), "any-exact");
}

TEST(RouteTable, MatchesMethods) {
  const Table table({with(prefix("posts", "/"), methods({"POST", "PUT"})), prefix("others", "/")});
  Request request("/");
  EXPECT_EQ(table.find(request), "others");
  request.head().method = "PUT";
  EXPECT_EQ(table.find(request), "posts");
  request.head().method = "put";
  EXPECT_EQ(table.find(request), "others");
}

TEST(RouteTable, MatchesHeaders) {
  const Table table({with(prefix("beta", "/"), headers({{"X-Beta", "1"}, {"x-team", "a"}}))});
  EXPECT_EQ(table.find(Request("/", "h", {{"x-beta", "1"}, {"X-Team", "a"}})), "beta");
  EXPECT_EQ(table.find(Request("/", "h", {{"X-Beta", "0"}, {"X-Beta", "1"}, {"X-Team", "a"}})), "beta");
  EXPECT_EQ(table.find(Request("/", "h", {{"X-Beta", "1"}})), "none");
  EXPECT_EQ(table.find(Request("/", "h", {{"X-Beta", "1"}, {"X-Team", "A"}})), "none");
  EXPECT_EQ(table.find(Request("/", "h", {{"X-Beta", "11"}, {"X-Team", "a"}})), "none");
}

TEST(RouteTable, MatchesQueries) {
  const Table table(
      {with(prefix("v2", "/"), query({{"v", "2"}})), with(prefix("debug", "/"), query({{"debug", ""}}))});
  EXPECT_EQ(table.find("/?v=2"), "v2");
  EXPECT_EQ(table.find("/?a=1&v=2&b"), "v2");
  EXPECT_EQ(table.find("/?v=22"), "none");
  EXPECT_EQ(table.find("/?vv=2"), "none");
  EXPECT_EQ(table.find("/?debug"), "debug");
  EXPECT_EQ(table.find("/"), "none");
}

TEST(RouteTable, MatchesAnOfferedSubprotocol) {
  const Table table({with(prefix("stomp", "/"), subprotocol("v12.stomp"))});
  EXPECT_EQ(table.find(Request("/", "h", {{"sec-websocket-protocol", "v12.stomp"}})), "stomp");
  EXPECT_EQ(table.find(Request("/", "h", {{"Sec-WebSocket-Protocol", "a, v12.stomp ,b"}})), "stomp");
  EXPECT_EQ(table.find(Request("/", "h",
                               {{"Sec-WebSocket-Protocol", "a"}, {"Sec-WebSocket-Protocol", "v12.stomp"}})),
            "stomp");
  EXPECT_EQ(table.find(Request("/", "h", {{"Sec-WebSocket-Protocol", "V12.STOMP"}})), "none");
  EXPECT_EQ(table.find(Request("/", "h", {{"Sec-WebSocket-Protocol", "v12.stomps"}})), "none");
  EXPECT_EQ(table.find("/"), "none");
}

TEST(RouteTable, MatchesListeners) {
  const Table table({with(prefix("plain", "/"), listener("http")), prefix("any", "/")});
  Request request("/");
  request.view.listener = "http";
  EXPECT_EQ(table.find(request), "plain");
  EXPECT_EQ(table.find(request, true), "plain");
  request.view.listener = "https";
  EXPECT_EQ(table.find(request), "any");
  EXPECT_EQ(table.find(request, true), "none");
}

TEST(RouteTable, AllConditionsMustFit) {
  conf::Match both = methods({"GET"});
  both.query = {{"v", "2"}};
  const Table table({with(prefix("both", "/"), both)});
  EXPECT_EQ(table.find("/?v=2"), "both");
  Request post("/?v=2");
  post.head().method = "POST";
  EXPECT_EQ(table.find(post), "none");
}

TEST(RouteTable, ConditionsGoFirstAmongEqualsEachInFileOrder) {
  const conf::Match beta = headers({{"X-Beta", "1"}}), v2 = query({{"v", "2"}});
  for (const auto make : {prefix, exact}) {
    const Table table({make("plain", "/a"), with(make("beta", "/a"), beta), with(make("v2", "/a"), v2),
                       make("late", "/a")});
    EXPECT_EQ(table.find("/a"), "plain");
    EXPECT_EQ(table.find("/a?v=2"), "v2");
    EXPECT_EQ(table.find(Request("/a?v=2", "h", {{"X-Beta", "1"}})), "beta");
  }
  const Table table({regex("other", "x$"), regex("plain", "^/a"), with(regex("beta", "^/a"), beta)});
  EXPECT_EQ(table.find("/a"), "plain");
  EXPECT_EQ(table.find(Request("/a", "h", {{"X-Beta", "1"}})), "beta");
  EXPECT_EQ(table.find(Request("/ax", "h", {{"X-Beta", "1"}})), "other");
}

TEST(RouteTable, PassesOverRoutesWhoseMatchDoesNotFit) {
  const conf::Match beta = headers({{"X-Beta", "1"}});
  const Table table({with(exact("exact", "/a/b"), beta), with(first("first", "/a/"), beta),
                     with(regex("regex", "^/a/"), beta), prefix("short", "/a"), prefix("root", "/")});
  EXPECT_EQ(table.find("/a/b"), "short");
  EXPECT_EQ(table.find(Request("/a/b", "h", {{"X-Beta", "1"}})), "exact");
  EXPECT_EQ(table.find(Request("/a/c", "h", {{"X-Beta", "1"}})), "first");
  EXPECT_EQ(table.find("/b"), "root");
}

TEST(RouteTable, ADeadEndInOneHostLeadsToTheNext) {
  const conf::Match beta = headers({{"X-Beta", "1"}});
  const Table table({with(route("exact", {"a.example.com"}, "/"), beta),
                     with(route("wild", {"*.example.com"}, "/"), beta), route("wider", {"*.com"}, "/x"),
                     route("any", {}, "/")});
  EXPECT_EQ(table.find(Request("/", "a.example.com", {{"X-Beta", "1"}})), "exact");
  EXPECT_EQ(table.find(Request("/", "b.example.com", {{"X-Beta", "1"}})), "wild");
  EXPECT_EQ(table.find("/x", "a.example.com"), "wider");
  EXPECT_EQ(table.find("/", "a.example.com"), "any");
}

TEST(RouteTable, NoRouteIsNone) {
  EXPECT_EQ(Table({}).find("/"), "none");
  EXPECT_EQ(Table({route("a", {"a.com"}, "/")}).find("/", "b.com"), "none");
}

TEST(RouteTable, ARegexThatBacktracksForeverDoesNotMatch) {
  const Table table({prefix("root", "/"), regex("evil", "^/(a+)+$")});
  EXPECT_EQ(table.find("/aaa"), "evil");
  EXPECT_EQ(table.find("/" + std::string(5000, 'a') + "!"), "root");
}

TEST(RouteTable, TellsWhatFollowsThePrefix) {
  const Table table({prefix("old", "/old/"), exact("one", "/one"), regex("room", "^/room/")});
  const auto rest = [&](const std::string& path) { return (*table).find(Request(path).view).uri_rest; };
  EXPECT_EQ(rest("/old/a/b?c=/d"), "a/b");
  EXPECT_EQ(rest("/old/a%20b"), "a%20b");
  EXPECT_EQ(rest("/%6fld/a%20b"), "a%20b");
  EXPECT_EQ(rest("/old/..//old/..%2fold/a"), "a");
  EXPECT_EQ(rest("/old//evil.example"), "evil.example");
  EXPECT_EQ(rest("/old/"), "");
  EXPECT_EQ(rest("/one"), "");
  EXPECT_EQ(rest("/room/1"), "");
}

TEST(RouteTable, CompilesWhatARouteSays) {
  conf::Route all = prefix("all", "/");
  all.request_headers = {{{"X-Real-IP", {"$remote_addr", {}}}}, {"X-Debug"}};
  all.response_headers = {{{"X-Id", {"$request_id", {}}}}, {"Server"}};
  all.redirect = conf::Redirect{308, {"https://$host/", {}}};
  all.respond = conf::Respond{200, {"hello $remote_addr", {}}, "text/plain"};
  const Table table({prefix("other", "/other"), all});
  const CompiledRoute& compiled = (*table).routes().at(1);
  Request request("/");
  request.view.remote_addr = "192.0.2.1";
  request.view.request_id = "id";
  EXPECT_EQ(compiled.index, 1u);
  EXPECT_EQ(compiled.conf->name, "all");
  ASSERT_EQ(compiled.request_set.size(), 1u);
  EXPECT_EQ(compiled.request_set[0].first, "X-Real-IP");
  EXPECT_EQ(compiled.request_set[0].second.evaluate(request.view), "192.0.2.1");
  EXPECT_EQ(compiled.response_set.at(0).second.evaluate(request.view), "id");
  EXPECT_EQ(compiled.request_remove, std::vector<std::string>{"X-Debug"});
  EXPECT_EQ(compiled.response_remove, std::vector<std::string>{"Server"});
  EXPECT_EQ(compiled.redirect_to.evaluate(request.view), "https://example.com/");
  EXPECT_EQ(compiled.respond_body.evaluate(request.view), "hello 192.0.2.1");
}

TEST(RouteTable, CollectsAllComplaints) {
  conf::Config config;
  config.routes = {regex("r", "^/(a"), regex("same", "^/(a"), prefix("t", "/")};
  config.routes[0].path.text.at = {"tidegate.yaml", 4, 20};
  config.routes[2].redirect = conf::Redirect{301, {"https://$hots/", {"tidegate.yaml", 9, 5}}};
  config.routes[2].request_headers.set = {{"X", {"$", {"tidegate.yaml", 10, 5}}}};
  Diagnostics diagnostics;
  EXPECT_EQ(RouteTable::compile(config, diagnostics), nullptr);
  ASSERT_EQ(diagnostics.errors(), 3u);  // one regex is one complaint, however many routes have it
  EXPECT_EQ(
      to_string(diagnostics.list()[0]).find("tidegate.yaml:4:20: the regex \"^/(a\" does not compile: "), 0u)
      << to_string(diagnostics.list()[0]);
}

}  // namespace
}  // namespace tidegate::routing
