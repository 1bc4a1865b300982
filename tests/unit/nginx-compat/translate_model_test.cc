#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/nginx-compat/translated.h"

namespace tidegate::nginx {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using LocationKind = conf::Location::Kind;

std::vector<std::string> names_of(const std::vector<conf::AddedField>& fields) {
  std::vector<std::string> names;
  for (const conf::AddedField& field : fields) names.push_back(field.name);
  return names;
}

TEST(TranslateModel, NginxsDefaultsHold) {
  const Translated file = in_server("location / { proxy_pass http://127.0.0.1:3000; }");
  EXPECT_THAT(file.complaints, IsEmpty());
  const conf::Route& route = file.route("/");
  EXPECT_EQ(route.timeouts.connect, 60s);
  EXPECT_EQ(route.timeouts.response, 60s);
  EXPECT_EQ(route.timeouts.send, 60s);
  EXPECT_EQ(route.timeouts.body, 60s);
  EXPECT_EQ(route.websocket.idle_timeout, 60s);
  EXPECT_EQ(route.max_body_bytes, 1024u * 1024);
  EXPECT_EQ(file.config().timeouts.header, 60s);
  EXPECT_EQ(file.config().limits.head_bytes, 4u * 8192);
  EXPECT_EQ(file.config().limits.uri_bytes, 8192u);
  const conf::Location& location = file.location("/");
  EXPECT_EQ(location.keepalive_timeout, 75s);
  EXPECT_EQ(location.files.root.value, "/prefix/html");
  EXPECT_EQ(location.files.default_type, "text/plain");
  EXPECT_EQ(location.files.index.at(0).value, "index.html");
  EXPECT_EQ(location.files.types->at("html"), "text/html");
  EXPECT_EQ(location.access_logs.at(0).path, "/var/log/nginx/access.log");
  const conf::Upstream& upstream = file.config().upstreams.at(0);
  EXPECT_EQ(upstream.keepalive_idle, 0ms);
  EXPECT_EQ(upstream.servers.at(0).max_fails, 1u);
  EXPECT_EQ(upstream.servers.at(0).fail_timeout, 10s);
  EXPECT_EQ(upstream.servers.at(0).port, 3000);
}

TEST(TranslateModel, ArraysReplaceAndSimpleValuesOverride) {
  const Translated file = in_http(R"(
    add_header A 1; proxy_read_timeout 5s; client_max_body_size 2m;
    server {
      listen 80;
      add_header B 2; add_header C 3;
      location /own { add_header D 4; proxy_read_timeout 7s; }
      location /none { client_max_body_size 0; location /none/within { } }
    })");
  EXPECT_THAT(file.complaints, IsEmpty());
  EXPECT_THAT(names_of(file.location("/own").added_fields), ElementsAre("D"));
  EXPECT_THAT(names_of(file.location("/none").added_fields), ElementsAre("B", "C"));
  EXPECT_EQ(file.route("/own").timeouts.response, 7s);
  EXPECT_EQ(file.route("/none").timeouts.response, 5s);
  EXPECT_EQ(file.route("/own").max_body_bytes, 2u * 1024 * 1024);
  EXPECT_EQ(file.route("/none/within").max_body_bytes, 0u);
}

TEST(TranslateModel, AnIfInheritsFromItsLocationAndKeepsItsProxy) {
  const Translated file = in_server(R"(
    location /a {
      proxy_pass http://one;
      try_files $uri =404;
      add_header A 1;
      if ($arg_x) { add_header B 2; }
      if ($arg_y) { proxy_pass http://two; }
    })");
  EXPECT_THAT(file.complaints, IsEmpty());
  const conf::Location& location = file.location("/a");
  ASSERT_THAT(location.script, SizeIs(2));
  ASSERT_TRUE(location.script[0].into.has_value());
  const conf::Location& first = file.server().locations.at(*location.script[0].into);
  const conf::Location& second = file.server().locations.at(*location.script[1].into);
  EXPECT_EQ(first.kind, LocationKind::inner);
  EXPECT_EQ(first.proxy->upstream, "one:80");
  EXPECT_EQ(first.route, location.route) << "nothing that a route says differs";
  EXPECT_THAT(names_of(first.added_fields), ElementsAre("B"));
  EXPECT_THAT(first.files.candidates, IsEmpty()) << "try_files is not inherited";
  EXPECT_EQ(second.proxy->upstream, "two:80");
  EXPECT_NE(second.route, location.route);
  EXPECT_THAT(names_of(second.added_fields), ElementsAre("A"));
}

TEST(TranslateModel, ANestedLocationDoesNotInheritProxyPass) {
  const Translated file = in_server("location /a { proxy_pass http://one; location /a/b { } }");
  EXPECT_TRUE(file.location("/a").proxy.has_value());
  EXPECT_FALSE(file.location("/a/b").proxy.has_value());
  EXPECT_EQ(file.location("/a/b").parent, 1u);
  EXPECT_THAT(file.location("/a").nested, ElementsAre(2u));
  EXPECT_THAT(file.server().locations.at(0).nested, ElementsAre(1u));
}

TEST(TranslateModel, LimitExceptSaysWhoMayUseOtherMethods) {
  const Translated file =
      in_server("location / { allow all; proxy_pass http://one; limit_except GET POST { deny all; } }");
  const conf::Location& location = file.location("/");
  EXPECT_THAT(location.except_methods, ElementsAre("GET", "POST"));
  const conf::Location& except = file.server().locations.at(*location.except);
  ASSERT_THAT(except.admission.rules, SizeIs(1));
  EXPECT_FALSE(except.admission.rules[0].allow);
  EXPECT_TRUE(except.proxy.has_value());
}

TEST(TranslateModel, ProxyPassSaysHostPortAndUri) {
  const Translated file = in_server(R"(
    location /a { proxy_pass http://app.example.com:3000; }
    location /b { proxy_pass https://app.example.com/x/; }
    location /c { proxy_pass http://unix:/run/app.sock:/y; }
    location /d { proxy_pass http://$backend/z; })");
  EXPECT_THAT(file.complaints, IsEmpty());
  const conf::ProxyPass& a = *file.location("/a").proxy;
  EXPECT_EQ(a.host, "app.example.com:3000");
  EXPECT_EQ(a.port, "3000");
  EXPECT_FALSE(a.uri.has_value());
  const conf::ProxyPass& b = *file.location("/b").proxy;
  EXPECT_EQ(b.host, "app.example.com");
  EXPECT_EQ(b.port, "443");
  EXPECT_TRUE(b.https);
  EXPECT_EQ(b.uri->value, "/x/");
  EXPECT_EQ(b.upstream, "https://app.example.com:443");
  const conf::ProxyPass& c = *file.location("/c").proxy;
  EXPECT_EQ(c.host, "localhost");
  EXPECT_EQ(c.uri->value, "/y");
  const conf::ProxyPass& d = *file.location("/d").proxy;
  EXPECT_EQ(d.upstream, "");
  EXPECT_EQ(d.target.value, "http://$backend/z");
}

TEST(TranslateModel, AnUpstreamIsOnePerSchemeAndTls) {
  const Translated file = in_http(R"(
    upstream app { least_conn; server 10.0.0.1:3000 weight=2 max_fails=3 fail_timeout=5s; server unix:/a.sock backup;
                   keepalive 8; keepalive_timeout 20s; }
    server { listen 80;
      location /a { proxy_pass http://app; }
      location /b { proxy_pass https://app; }
      location /c { proxy_pass https://app; proxy_ssl_server_name on; proxy_ssl_name x.example.com; }
      location /d { proxy_pass https://app; } })");
  EXPECT_THAT(file.complaints, IsEmpty());
  ASSERT_THAT(file.config().upstreams, SizeIs(3));
  EXPECT_EQ(file.location("/a").proxy->upstream, "app");
  EXPECT_EQ(file.location("/b").proxy->upstream, "https://app");
  EXPECT_EQ(file.location("/c").proxy->upstream, "https://app (2)");
  EXPECT_EQ(file.location("/d").proxy->upstream, "https://app");
  const conf::Upstream& plain = file.config().upstreams[0];
  EXPECT_EQ(plain.balance, conf::Upstream::Balance::least_connections);
  EXPECT_EQ(plain.servers.at(0).weight, 2u);
  EXPECT_EQ(plain.servers.at(0).max_fails, 3u);
  EXPECT_TRUE(plain.servers.at(1).backup);
  EXPECT_EQ(plain.servers.at(1).unix_path, "/a.sock");
  EXPECT_EQ(plain.keepalive_idle, 20s);
  EXPECT_EQ(plain.keepalive_max, 8u);
  EXPECT_EQ(file.config().upstreams[2].tls.server_name, "x.example.com");
  EXPECT_TRUE(file.config().upstreams[2].tls.send_name);
  EXPECT_FALSE(file.config().upstreams[1].tls.verify);
}

TEST(TranslateModel, AnUpstreamMayComeAfterItsUse) {
  const Translated file = in_http(
      "server { listen 80; location / { proxy_pass http://app; } } upstream app { server 10.0.0.1; }");
  EXPECT_THAT(file.complaints, IsEmpty());
  ASSERT_THAT(file.config().upstreams, SizeIs(1));
  EXPECT_EQ(file.config().upstreams[0].name, "app");
  EXPECT_EQ(file.config().upstreams[0].servers.at(0).host, "10.0.0.1");
}

TEST(TranslateModel, HostsMustBeKnownWhereNamesAreLookedUp) {
  TranslateOptions options;
  options.look_up = [](const std::string&) { return std::vector<IpAddress>{}; };
  const Translated file =
      in_http("server { listen 80; location / {\nproxy_pass http://nowhere; } }", options);
  EXPECT_THAT(file.complaints, ElementsAre("nginx.conf:4: host not found in upstream \"nowhere\""));
}

TEST(TranslateModel, ServersShareAnAddressAndItsTls) {
  const Translated file = in_http(R"(
    server { listen 443 ssl; server_name a.example.com; ssl_certificate a.pem; ssl_certificate_key a.key; }
    server { listen 443 ssl default_server; listen 80; server_name .b.example.com ~^c(?<x>.+)$;
             ssl_certificate b.pem; ssl_certificate_key b.key; ssl_protocols TLSv1.3; })");
  EXPECT_THAT(file.complaints, IsEmpty());
  ASSERT_THAT(file.config().listeners, SizeIs(2));
  const conf::Listener& listener = file.config().listeners[0];
  EXPECT_EQ(listener.name, "0.0.0.0:443");
  ASSERT_TRUE(listener.tls.has_value());
  EXPECT_EQ(listener.tls->certificates.at(0).certificate.value, "/conf/b.pem");
  EXPECT_THAT(listener.tls->protocols, ElementsAre(conf::TlsVersion::tls1_3));
  ASSERT_THAT(listener.tls->by_name, SizeIs(2));
  EXPECT_THAT(listener.tls->by_name[0].names, ElementsAre("a.example.com"));
  EXPECT_EQ(listener.tls->by_name[0].tls.certificates.at(0).private_key.value, "/conf/a.key");
  EXPECT_THAT(listener.tls->by_name[0].tls.protocols, ElementsAre(conf::TlsVersion::tls1_2));
  EXPECT_THAT(listener.tls->by_name[1].names,
              ElementsAre("b.example.com", "*.b.example.com", "~^c(?<x>.+)$"));
  EXPECT_THAT(file.sites().by_listener.at(0).servers, ElementsAre(0u, 1u));
  EXPECT_EQ(file.sites().by_listener.at(0).otherwise, 1u);
  EXPECT_THAT(file.sites().by_listener.at(1).servers, ElementsAre(1u));
  EXPECT_EQ(file.server(1).first_name, "b.example.com");
}

TEST(TranslateModel, BesideAWildcardAnAddressHasNoSocketOfItsOwn) {
  const Translated file = in_http(R"(
    server { listen 127.0.0.1:80; listen 80; listen 10.0.0.1:80 backlog=5; listen 127.0.0.1:81; }
    server { listen [::1]:80; listen [::]:80 ipv6only=off; listen unix:/a.sock; }
    server { listen 82 reuseport; listen 127.0.0.1:82 reuseport; })");
  EXPECT_THAT(file.complaints, IsEmpty());
  std::vector<int> through;
  for (const conf::ListenerServers& listener : file.sites().by_listener)
    through.push_back(listener.through ? static_cast<int>(*listener.through) : -1);
  EXPECT_THAT(through, ElementsAre(1, -1, -1, -1, 5, -1, -1, -1, 7));
}

TEST(TranslateModel, ProxyPassWithVariablesSpeaksItsLocationsTls) {
  const Translated file = in_http(R"(
    upstream App { server 10.0.0.1; }
    server { listen 80; proxy_ssl_trusted_certificate /ca.pem;
      location /a { proxy_pass https://$arg_to; proxy_ssl_verify on; proxy_ssl_name $arg_name; }
      location /b { proxy_pass https://$arg_to; }
      location /c { proxy_pass $arg_to; proxy_ssl_verify on; proxy_ssl_name x.example.com; }
      location /d { proxy_pass http://$arg_to; proxy_ssl_verify on; }
      location /e { proxy_pass https://App; proxy_ssl_name $host; } })");
  EXPECT_THAT(file.complaints, IsEmpty());
  const auto proxy = [&file](const char* path) -> const conf::ProxyPass& {
    return *file.location(path).proxy;
  };
  const auto named = [&](const char* path) -> const conf::Upstream& {
    const std::string& name = proxy(path).https_upstreams->at("app");
    const auto& all = file.config().upstreams;
    return *std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  };
  EXPECT_TRUE(named("/a").tls.verify);
  EXPECT_EQ(named("/a").tls.server_name, "App");
  EXPECT_EQ(proxy("/a").tls_name.value, "$arg_name");
  EXPECT_FALSE(named("/b").tls.verify);
  EXPECT_TRUE(named("/c").tls.verify);
  EXPECT_EQ(named("/c").tls.server_name, "x.example.com");
  EXPECT_EQ(proxy("/c").tls.ca.value, "/ca.pem");
  EXPECT_EQ(proxy("/d").https_upstreams, nullptr);
  EXPECT_EQ(proxy("/e").tls_name.value, "$host");
}

TEST(TranslateModel, RealIpsAndReferersAreTheLocations) {
  const Translated file = in_http(R"(
    set_real_ip_from 10.0.0.0/8;
    server { listen 80; server_name A.example.com ~^b; real_ip_header X-Other; valid_referers server_names;
      location /a { set_real_ip_from unix:; real_ip_recursive on; valid_referers none *.Example.com/Path ~x$; }
      location /b { } })");
  EXPECT_THAT(file.complaints, IsEmpty());
  const conf::Location& a = file.location("/a");
  EXPECT_TRUE(a.real_ip.from_unix_sockets);
  EXPECT_THAT(a.real_ip.from, IsEmpty());
  EXPECT_TRUE(a.real_ip.recursive);
  EXPECT_EQ(a.real_ip.header, "X-Other");
  ASSERT_THAT(a.referers->names, SizeIs(3));
  EXPECT_TRUE(a.referers->none);
  EXPECT_EQ(a.referers->names[0].host.name.value, "*.example.com");
  EXPECT_EQ(a.referers->names[0].path, "/Path");
  EXPECT_TRUE(a.referers->names[1].whole);
  EXPECT_EQ(a.referers->names[2].host.name.value, "^b") << "the regexes of the server's names stay";
  const conf::Location& b = file.location("/b");
  EXPECT_FALSE(b.real_ip.from_unix_sockets);
  EXPECT_THAT(b.real_ip.from, SizeIs(1));
  ASSERT_THAT(b.referers->names, SizeIs(2));
  EXPECT_EQ(b.referers->names[0].host.name.value, "a.example.com");
  EXPECT_TRUE(b.referers->names[1].host.regex);
}

TEST(TranslateModel, ListenSaysWhatTheSocketIs) {
  const Translated file = in_http(
      "server { listen [::1]:8080 backlog=7 rcvbuf=8k so_keepalive=30s:5:3 proxy_protocol; listen "
      "unix:/a.sock; "
      "listen [::]:81 ipv6only=off; listen 9000-9001; }");
  EXPECT_THAT(file.complaints, IsEmpty());
  ASSERT_THAT(file.config().listeners, SizeIs(5));
  const conf::Listener& first = file.config().listeners[0];
  EXPECT_EQ(first.address.host, "::1");
  EXPECT_EQ(first.socket.backlog, 7);
  EXPECT_EQ(first.socket.receive_buffer_bytes, 8192);
  EXPECT_EQ(first.socket.keepalive_idle, 30s);
  EXPECT_EQ(first.socket.keepalive_probes, 3);
  EXPECT_TRUE(first.proxy_protocol);
  EXPECT_EQ(file.config().listeners[1].address.unix_path, "/a.sock");
  EXPECT_FALSE(file.config().listeners[2].socket.ipv6_only);
  EXPECT_EQ(file.config().listeners[4].name, "0.0.0.0:9001");
}

TEST(TranslateModel, RoutesHaveReadableUniqueNames) {
  const Translated file = in_http(R"(
    server { listen 80; server_name example.com; location / { } location = /x { } location ~ \.php$ { }
             location @app { } }
    server { listen 443; server_name example.com; location / { if ($arg_a) { root /x; client_max_body_size 5; } } }
    server { listen 81; })");
  std::vector<std::string> names;
  for (const conf::Route& route : file.config().routes) names.push_back(route.name);
  EXPECT_THAT(names, ElementsAre("example.com", "example.com /", "example.com = /x", "example.com ~ \\.php$",
                                 "example.com @app", "example.com:443", "example.com:443 /", "_"));
}

TEST(TranslateModel, HeadersGoOnAsNginxSendsThem) {
  const Translated file = in_server(
      "proxy_pass_header Server; proxy_hide_header X-Powered-By; location / { proxy_pass http://a; "
      "proxy_set_header host $host; proxy_set_header X-A b; }");
  const conf::ProxyPass& proxy = *file.location("/").proxy;
  std::vector<std::string> names;
  for (const auto& [name, value] : proxy.set_fields) names.push_back(name + '=' + value.value);
  EXPECT_THAT(names, ElementsAre("host=$host", "X-A=b", "Connection=close",
                                 "TE=", "Keep-Alive=", "Expect=", "Upgrade="));
  EXPECT_THAT(proxy.hide_fields, ::testing::Not(::testing::Contains("Server")));
  EXPECT_THAT(proxy.hide_fields, ::testing::Contains("X-Powered-By"));
}

TEST(TranslateModel, AccessLogsOffCountsForAll) {
  const Translated file = in_server(
      "access_log /a.log; location /a { access_log off; } location /b { access_log off; access_log /b.log; "
      "}");
  EXPECT_EQ(file.server().locations.at(0).access_logs.at(0).path, "/a.log");
  EXPECT_THAT(file.location("/a").access_logs, IsEmpty());
  EXPECT_THAT(file.location("/b").access_logs, IsEmpty());
}

TEST(TranslateModel, ZonesHaveRates) {
  const Translated file = in_http(
      "limit_req_zone $host zone=a:1m rate=10r/s; limit_req_zone $uri zone=b:1m rate=30r/m; "
      "server { listen 80; limit_req zone=a burst=5 nodelay; limit_req zone=b burst=9 delay=4; }");
  EXPECT_THAT(file.complaints, IsEmpty());
  EXPECT_EQ(file.sites().zones.at(0).per_minute, 600u * 1000);
  EXPECT_EQ(file.sites().zones.at(1).per_minute, 30u * 1000);
  const auto& limits = file.server().locations.at(0).admission.request_limits;
  EXPECT_FALSE(limits.at(0).delay.has_value());
  EXPECT_EQ(limits.at(1).delay, 4u);
}

TEST(TranslateModel, TheProcessIsTold) {
  const Translated file = translated(
      "user www-data; pid nginx.pid; worker_processes 3; worker_shutdown_timeout 10s; worker_rlimit_nofile "
      "4096; "
      "error_log /e.log warn; env A=b; daemon off; events {} http { server { listen 80; } }");
  const Process& process = file.translation.process;
  EXPECT_EQ(process.user, "www-data");
  EXPECT_EQ(process.pid_file, "/prefix/nginx.pid");
  EXPECT_EQ(process.error_log, "/e.log");
  EXPECT_EQ(process.error_log_level, "warn");
  EXPECT_EQ(process.descriptors, 4096u);
  EXPECT_THAT(process.environment, ElementsAre("A=b"));
  EXPECT_FALSE(process.daemon);
  EXPECT_EQ(file.config().workers, 3u);
  EXPECT_EQ(file.config().drain.deadline, 10s);
}

TEST(TranslateModel, WhatWouldTakeTooMuchMemoryIsRefused) {
  std::string text = "server { listen 80;";
  for (int i = 0; i < 3000; ++i) text += " add_header A" + std::to_string(i) + " b;";
  for (int i = 0; i < 3000; ++i) text += " location /" + std::to_string(i) + " {}";
  EXPECT_THAT(in_http(text + " }").complaints, ElementsAre(HasSubstr("would take too much memory")));
}

}  // namespace
}  // namespace tidegate::nginx
