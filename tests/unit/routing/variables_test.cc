#include "gateway/routing/variables.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/routing/requests.h"

namespace tidegate::routing {
namespace {

using test::Request;

Template compiled(const std::string& text) {
  Diagnostics diagnostics;
  Template out = Template::compile(text, {}, diagnostics);
  for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << text << ": " << d.message;
  return out;
}

std::string value(const std::string& text, const Request& request) {
  return compiled(text).evaluate(request.view);
}

std::string complaint(const std::string& text) {
  Diagnostics diagnostics;
  Template::compile(text, {"tidegate.yaml", 3, 7}, diagnostics);
  EXPECT_EQ(diagnostics.errors(), 1u) << text;
  return diagnostics.list().empty() ? "" : to_string(diagnostics.list().front());
}

TEST(Template, KnowsNginxsVariables) {
  Request request("/a%20b/c?x=1&Y=%20&x=2", "Chat.Example.com:8443",
                  {{"X-Real-Thing", "yes"}, {"Cookie", "sid=abc"}});
  request.view.remote_addr = "203.0.113.9";
  request.view.realip_remote_addr = "10.0.0.1";
  request.view.remote_port = 50123;
  request.view.server_port = 443;
  request.view.ssl_protocol = "TLSv1.3";
  request.view.ssl_cipher = "TLS_AES_128_GCM_SHA256";
  request.view.ssl_server_name = "chat.example.com";
  request.view.uri_rest = "c";
  request.view.request_id = "00112233445566778899aabbccddeeff";
  const std::pair<const char*, const char*> expected[] = {
      {"$host", "chat.example.com"},
      {"$http_host", "Chat.Example.com:8443"},
      {"$http_x_real_thing", "yes"},
      {"$http_absent", ""},
      {"$cookie_sid", "abc"},
      {"$arg_x", "1"},
      {"$arg_y", "%20"},
      {"$arg_z", ""},
      {"$request_uri", "/a%20b/c?x=1&Y=%20&x=2"},
      {"$uri", "/a b/c"},
      {"$uri_rest", "c"},
      {"$args", "x=1&Y=%20&x=2"},
      {"$query_string", "x=1&Y=%20&x=2"},
      {"$is_args", "?"},
      {"$remote_addr", "203.0.113.9"},
      {"$realip_remote_addr", "10.0.0.1"},
      {"$remote_port", "50123"},
      {"$scheme", "https"},
      {"$server_port", "443"},
      {"$request_method", "GET"},
      {"$ssl_protocol", "TLSv1.3"},
      {"$ssl_cipher", "TLS_AES_128_GCM_SHA256"},
      {"$ssl_server_name", "chat.example.com"},
      {"$request_id", "00112233445566778899aabbccddeeff"},
  };
  for (const auto& [text, wanted] : expected) EXPECT_EQ(value(text, request), wanted) << text;
}

TEST(Template, KnowsTheMachinesName) {
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(value("$hostname", Request("/")), to_lower(name));
}

TEST(Template, FillsNamesIntoText) {
  const Request request("/x?v=2", "example.com");
  EXPECT_EQ(value("https://$host$request_uri", request), "https://example.com/x?v=2");
  EXPECT_EQ(value("${scheme}s-${arg_v}x$arg_v", request), "httpss-2x2");
  EXPECT_EQ(value("$host:8443", request), "example.com:8443");
  EXPECT_EQ(value("$HOST", request), "example.com");
  EXPECT_EQ(value("plain {text}", request), "plain {text}");
  EXPECT_EQ(value("/new/$uri_rest$is_args$args", Request("/old/")), "/new/");
}

TEST(Template, KnowsWhetherItIsEmptyOrConstant) {
  EXPECT_TRUE(Template().empty());
  EXPECT_TRUE(compiled("").empty());
  EXPECT_TRUE(compiled("").constant());
  EXPECT_TRUE(compiled("text").constant());
  EXPECT_FALSE(compiled("text").empty());
  EXPECT_FALSE(compiled("$host").constant());
}

TEST(Template, JoinsFieldsOfOneName) {
  const Request request("/", "h",
                        {{"X-A", "1"}, {"x-a", "2"}, {"X_A", "3"}, {"Cookie", "a=1"}, {"Cookie", "b=2"}});
  EXPECT_EQ(value("$http_x_a", request), "1, 2, 3");
  EXPECT_EQ(value("$http_cookie", request), "a=1; b=2");
}

TEST(Template, NoValueEndsAHeaderLine) {
  EXPECT_EQ(value("https://h$uri", Request("/a%0d%0aSet-Cookie:%20x")), "https://h/a%0D%0ASet-Cookie: x");
  EXPECT_EQ(value("$uri", Request("/%7f%01%1f\t")), "/%7F%01%1F\t");
}

TEST(Template, TheServerAsAWholeHasARoot) {
  EXPECT_EQ(value("https://$host$request_uri", Request("*")), "https://example.com/");
}

TEST(Template, NamesTheNearestOfAnUnknownVariable) {
  EXPECT_EQ(complaint("https://$hots/"),
            "tidegate.yaml:3:7: unknown variable \"$hots\" at character 9 of \"https://$hots/\"; did you "
            "mean \"$host\"?");
  EXPECT_NE(complaint("$htp_upgrade").find("did you mean \"$http_NAME\"?"), std::string::npos);
  EXPECT_NE(complaint("${remote_adr}").find("did you mean \"$remote_addr\"?"), std::string::npos);
  EXPECT_NE(complaint("$request_url").find("did you mean \"$request_uri\"?"), std::string::npos);
  EXPECT_EQ(complaint("$completely_else").find("did you mean"), std::string::npos);
  EXPECT_NE(complaint("$http_").find("unknown variable"), std::string::npos);
  EXPECT_NE(complaint("$1").find("unknown variable"), std::string::npos);
}

TEST(Template, RefusesADollarWithoutAName) {
  for (const char* text : {"$", "a$", "$ b", "cost: 5$.", "${}", "${", "$-"}) {
    EXPECT_NE(complaint(text).find("no variable's name follows"), std::string::npos) << text;
  }
  EXPECT_NE(complaint("$$host").find("at character 1 "), std::string::npos);
  EXPECT_NE(complaint("${host").find("no \"}\" follows"), std::string::npos);
  EXPECT_NE(complaint("${host-x}").find("no \"}\" follows"), std::string::npos);
}

TEST(Template, CollectsAllComplaints) {
  Diagnostics diagnostics;
  Template::compile("$a $b $host $", {}, diagnostics);
  EXPECT_EQ(diagnostics.errors(), 3u);
}

TEST(Argument, IsTheFirstWithAValue) {
  EXPECT_EQ(argument("a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(argument("a=1&b=2", "b"), "2");
  EXPECT_EQ(argument("aa=1&ba=2", "a"), "");
  EXPECT_EQ(argument("A=1", "a"), "1");
  EXPECT_EQ(argument("a=b=c", "a"), "b=c");
  EXPECT_EQ(argument("a&a=1", "a"), "1");
  EXPECT_EQ(argument("x=a=1", "a"), "");
  EXPECT_EQ(argument("&&a=1&", "a"), "1");
  EXPECT_EQ(argument("", "a"), "");
  EXPECT_EQ(argument("a=%41+b", "a"), "%41+b");
}

TEST(Argument, WithoutAValueIsTold) {
  EXPECT_EQ(find_argument("x&debug&y", "debug"), "");
  EXPECT_EQ(find_argument("debug=", "debug"), "");
  EXPECT_EQ(find_argument("debugs", "debug"), std::nullopt);
  EXPECT_EQ(find_argument("", "debug"), std::nullopt);
}

std::string cookie_of(std::string_view name, Request::Fields fields) {
  Request request("/", "h", fields);
  return std::string(cookie(request.head(), name));
}

TEST(Cookie, IsFoundInAllFields) {
  EXPECT_EQ(cookie_of("a", {{"Cookie", "a=1; b=2"}}), "1");
  EXPECT_EQ(cookie_of("b", {{"Cookie", "a=1; b=2"}}), "2");
  EXPECT_EQ(cookie_of("b", {{"Cookie", "a=1;b=2;c"}}), "2");
  EXPECT_EQ(cookie_of("c", {{"cookie", "a=1"}, {"X-Other", "c=9"}, {"Cookie", "c=3==; d"}}), "3==");
  EXPECT_EQ(cookie_of("a", {{"Cookie", "ba=1; aa=2"}}), "");
  EXPECT_EQ(cookie_of("a", {{"Cookie", "a"}}), "");
  EXPECT_EQ(cookie_of("a", {}), "");
  EXPECT_EQ(cookie_of("sid", {{"Cookie", "x=\"a; SID=2"}}), "2");
}

}  // namespace
}  // namespace tidegate::routing
