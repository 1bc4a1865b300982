// Which server, which location: nginx's precedence, case by case.

#include <chrono>

#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites::test {
namespace {

/// A regex as it may stand in a template.
std::string without_dollars(std::string text) {
  std::erase(text, '$');
  return text;
}

std::string head(std::string_view target, std::string_view host) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
}

TEST(ServerChoice, FollowsNginxOrder) {
  Site site;
  for (const auto names : {std::initializer_list<const char*>{"fallback"},
                           {"example.com"},
                           {"*.example.com"},
                           {".both.org"},
                           {"*.deep.example.com"},
                           {"www.example.*"},
                           {"~^(?<sub>[a-z]+)\\.re\\.org$"},
                           {"~Caps"},
                           {""}}) {
    site.server(names);
    site.root().script.push_back(give(200, without_dollars(site.sites->servers.back().first_name) + " $sub"));
  }
  const auto server = [&site](std::string_view host) { return Visit(site, head("/", host)).outcome(); };
  EXPECT_EQ(server("example.com"), "200 example.com ");
  EXPECT_EQ(server("EXAMPLE.com:8080"), "200 example.com ");
  EXPECT_EQ(server("a.example.com"), "200 *.example.com ");
  EXPECT_EQ(server("a.b.example.com"), "200 *.example.com ");
  EXPECT_EQ(server("a.deep.example.com"), "200 *.deep.example.com ");
  EXPECT_EQ(server("deep.example.com"), "200 *.example.com ");
  EXPECT_EQ(server("both.org"), "200 .both.org ");
  EXPECT_EQ(server("a.both.org"), "200 .both.org ");
  EXPECT_EQ(server("www.example.org"), "200 www.example.* ");
  EXPECT_EQ(server("www.example.co.uk"), "200 www.example.* ");
  EXPECT_EQ(server("www.example"), "200 fallback ");
  EXPECT_EQ(server("chat.re.org"), "200 ^(?<sub>[a-z]+)\\.re\\.org chat");
  EXPECT_EQ(server("has-caps.net"), "200 Caps ");
  EXPECT_EQ(server("other.net"), "200 fallback ");
  EXPECT_EQ(Visit(site, "GET / HTTP/1.0\r\n\r\n").outcome(), "200  ");
}

TEST(ServerChoice, TakesTheClientsHelloForWhatHostDoesNotSay) {
  Site site;
  for (const char* name : {"first", "second", "third"}) {
    site.server({name});
    site.root().script.push_back(give(200, name));
  }
  site.sites->servers[2].verify_client = conf::ClientAuth::Verify::required;
  const auto server = [&site](std::string_view sni, std::string_view host) {
    return Visit(site, head("/", host), "https", sni).outcome();
  };
  EXPECT_EQ(server("second", "nobody"), "200 first");
  EXPECT_EQ(server("second", "first"), "200 first");
  EXPECT_EQ(server("SECOND", "second"), "200 second");
  EXPECT_EQ(server("nobody", "nobody"), "200 first");
  EXPECT_EQ(server("second", "third"), "421");
  EXPECT_EQ(server("nobody", "third"), "400");  // the hello named nobody; no certificate came
  EXPECT_EQ(server("third", "third"), "400");   // no certificate came
  site.sites->servers[0].verify_client = conf::ClientAuth::Verify::optional;
  EXPECT_EQ(server("second", "nobody"), "421");  // it is the first's
  EXPECT_EQ(server("second", "second"), "200 second");
}

TEST(ServerChoice, LooksAtNoNamesWhereThereIsOneServer) {
  Site site;
  site.server({"only"});
  site.root().script.push_back(give(200, "only"));
  site.sites->servers[0].verify_client = conf::ClientAuth::Verify::optional;
  EXPECT_EQ(Visit(site, head("/", "nobody"), "https", "only").outcome(), "200 only");
}

TEST(ServerChoice, HoldsCertificatesAgainstTheServersWish) {
  using Verify = conf::ClientAuth::Verify;
  const auto outcome = [](Verify wish, std::string_view found, bool tolerable = false) {
    Site site;
    site.server();
    site.sites->servers[0].verify_client = wish;
    site.root().script.push_back(give(200, "in"));
    Visit visit(site, "/", "https");
    visit.visitor.ssl_client_verify = found;
    visit.visitor.ssl_client_tolerable = tolerable;
    return visit.outcome();
  };
  EXPECT_EQ(outcome(Verify::required, "SUCCESS"), "200 in");
  EXPECT_EQ(outcome(Verify::required, "NONE"), "400");
  EXPECT_EQ(outcome(Verify::required, "FAILED:expired"), "400");
  EXPECT_EQ(outcome(Verify::optional, "NONE"), "200 in");
  EXPECT_EQ(outcome(Verify::optional, "FAILED:expired"), "400");
  EXPECT_EQ(outcome(Verify::optional, "FAILED:self signed", true), "400");
  EXPECT_EQ(outcome(Verify::optional_no_ca, "FAILED:self signed", true), "200 in");
  EXPECT_EQ(outcome(Verify::optional_no_ca, "FAILED:expired"), "400");
  EXPECT_EQ(outcome(Verify::optional_no_ca, "NONE"), "200 in");
}

class LocationChoice : public testing::Test {
 protected:
  LocationChoice() { site_.server(); }
  std::size_t add(std::string_view pattern, std::size_t outer = 0) {
    const std::size_t at = site_.location(pattern, outer);
    site_.respond(at, 200, without_dollars(std::string(pattern)) + " $1");
    return at;
  }
  std::string find(std::string_view target) { return Visit(site_, target).outcome(); }
  Site site_;
};

TEST_F(LocationChoice, PrefersExactThenProtectedPrefixThenRegexThenPrefix) {
  for (const char* pattern : {"/", "= /", "/images/", "^~ /static/", "~ \\.(php)$", "~* \\.(JPG|png)$",
                              "/images/raw/", "= /images/x.jpg"})
    add(pattern);
  EXPECT_EQ(find("/"), "200 = / ");
  EXPECT_EQ(find("/other"), "200 / ");
  EXPECT_EQ(find("/images/"), "200 /images/ ");
  EXPECT_EQ(find("/images/raw/1"), "200 /images/raw/ ");
  EXPECT_EQ(find("/images/a.jpg"), "200 ~* \\.(JPG|png) jpg");
  EXPECT_EQ(find("/images/x.jpg"), "200 = /images/x.jpg ");
  EXPECT_EQ(find("/static/a.jpg"), "200 ^~ /static/ ");
  EXPECT_EQ(find("/a.php"), "200 ~ \\.(php) php");
  EXPECT_EQ(find("/a.PHP"), "200 / ");
  EXPECT_EQ(find("/%61.php"), "200 ~ \\.(php) php");
  EXPECT_EQ(find("/x/../static//./a.jpg"), "200 ^~ /static/ ");
}

TEST_F(LocationChoice, LooksIntoNestedLocations) {
  const std::size_t outer = add("/app/");
  add("/app/deep/", outer);
  add("~ \\.(json)$", outer);
  add("~ \\.(txt)$");
  const std::size_t guarded = add("^~ /guarded/");
  add("/guarded/in/", guarded);
  const std::size_t regex = add("~ ^/re(.)");
  add("~ x$", regex);
  EXPECT_EQ(find("/app/a"), "200 /app/ ");
  EXPECT_EQ(find("/app/deep/a"), "200 /app/deep/ ");
  EXPECT_EQ(find("/app/deep/a.json"), "200 ~ \\.(json) json");
  EXPECT_EQ(find("/app/deep/a.txt"), "200 ~ \\.(txt) txt");
  EXPECT_EQ(find("/guarded/in/a.txt"), "200 /guarded/in/ ");
  EXPECT_EQ(find("/re1"), "200 ~ ^/re(.) 1");
  EXPECT_EQ(find("/re1x"), "200 ~ x ");
  EXPECT_EQ(find("/none"), "404");
}

TEST_F(LocationChoice, AddsTheSlashOfAProxiedLocation) {
  site_.proxy(site_.location("/app/"));
  site_.proxy(site_.location("= /one/"));
  site_.proxy(site_.location("/both/"));
  add("= /both");
  site_.respond(site_.location("/plain/"), 200);
  EXPECT_EQ(find("/app"), "301 to http://example.com:8080/app/");
  EXPECT_EQ(find("/app?a=1"), "301 to http://example.com:8080/app/?a=1");
  EXPECT_EQ(find("/app/"), "pass");
  EXPECT_EQ(find("/appx"), "404");
  EXPECT_EQ(find("/one"), "301 to http://example.com:8080/one/");
  EXPECT_EQ(find("/both"), "200 = /both ");
  EXPECT_EQ(find("/plain"), "404");
}

TEST_F(LocationChoice, ClosesInternalLocations) {
  site_.at(add("/secret/")).internal = true;
  site_.location("/in");
  site_.at(site_.location("/go")).script = {rewrite("^/go(.*)", "/secret$1", Site::Step::Flag::last)};
  EXPECT_EQ(find("/secret/x"), "404");
  EXPECT_EQ(find("/go/x"), "200 /secret/ /x");
}

TEST_F(LocationChoice, KeepsSlashesWhereTheServerSaysSo) {
  site_.sites->servers[0].merge_slashes = false;
  add("~ ^(.*)$");
  EXPECT_EQ(find("/a//b/./c/../d"), "200 ~ ^(.*) /a//b/d");
  EXPECT_EQ(find("/a//"), "200 ~ ^(.*) /a//");
}

TEST_F(LocationChoice, RefusesWhatClimbs) {
  add("/");
  EXPECT_EQ(find("/../etc/passwd"), "400");
  EXPECT_EQ(find("/%2e%2e/x"), "400");
  EXPECT_EQ(find("/a%00b"), "400");
}

TEST_F(LocationChoice, LimitsMethods) {
  const std::size_t at = site_.location("/a");
  site_.proxy(at);
  const std::size_t except = site_.location("", at);
  site_.proxy(except);
  site_.at(except).admission.rules = {{false, {}, false}};
  site_.at(at).except = except;
  site_.at(at).except_methods = {"GET"};
  const auto send = [this](const char* method) {
    return Visit(site_, std::string(method) + " /a HTTP/1.1\r\nHost: a\r\n\r\n").outcome();
  };
  EXPECT_EQ(send("GET"), "pass");
  EXPECT_EQ(send("HEAD"), "pass");
  EXPECT_EQ(send("DELETE"), "403");
}

TEST_F(LocationChoice, RefusesBodiesThatAreTooLong) {
  site_.config.routes.resize(2);
  site_.config.routes[1].max_body_bytes = 5;
  site_.at(add("/small")).route = 1;
  const std::size_t paged = add("/paged");
  site_.at(paged).route = 1;
  site_.at(paged).error_pages = {{{413}, std::nullopt, {"/small", {}}}};
  const auto send = [this](const std::string& target, int length) {
    return Visit(site_, "POST " + target +
                            " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n")
        .outcome();
  };
  EXPECT_EQ(send("/small", 5), "200 /small ");
  EXPECT_EQ(send("/small", 6), "413");
  EXPECT_EQ(send("/paged", 6), "413 /small ");
}

TEST(HostileHosts, CostNoTime) {
  Site site;
  site.server({"*.example.com", "www.example.*"});
  site.respond(0, 200, "ok");
  std::string host;
  while (host.size() < 8000) host += "a.";
  host += "b";
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Visit(site, head("/", host)).outcome(), "200 ok");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

}  // namespace
}  // namespace tidegate::sites::test
