// Holds the translator to the real nginx: values that nginx refuses are refused in its words.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "nginx-compat/parser.h"
#include "nginx-compat/translator.h"
#include "tests/integration/nginx/reference.h"

namespace tidegate::nginx {
namespace {

class NginxValues : public NginxReference {
 protected:
  /// Our first complaint; with its place where nginx's has one.
  std::string we_say(const std::string& nginx) const {
    DiskFiles files;
    ParseOptions parsing;
    parsing.prefix = folder_.string();
    Diagnostics diagnostics;
    const std::vector<Directive> tree = parse(path(), files, parsing, diagnostics);
    TranslateOptions options;
    options.prefix = options.conf_prefix = folder_.string();
    options.is_root = true;
    options.look_up = [](const std::string& host) {
      return host == "localhost" ? std::vector{*IpAddress::parse("127.0.0.1")} : std::vector<IpAddress>{};
    };
    translate(tree, options, diagnostics);
    for (const Diagnostic& one : diagnostics.list()) {
      if (one.severity != Diagnostic::Severity::error) continue;
      const std::string place = " in " + one.at.file + ':' + std::to_string(one.at.line);
      return nginx.ends_with(place) ? one.message + place : one.message;
    }
    return "";
  }

  void compare(std::string_view text) const {
    write(text);
    const std::string nginx = nginx_stops_with();
    EXPECT_NE(nginx, "") << "nginx takes it:\n" << text;
    EXPECT_EQ(we_say(nginx), nginx) << text;
  }

  static std::string in_http(std::string_view text) {
    return "events {}\nhttp {\naccess_log off;\n" + std::string(text) + "\n}\n";
  }
  static std::string in_server(std::string_view text) {
    return in_http("server {\nlisten 127.0.0.1:8999;\n" + std::string(text) + "\n}");
  }
  static std::string in_location(std::string_view text) {
    return in_server("location / {\n" + std::string(text) + "\n}");
  }
};

TEST_F(NginxValues, OfTheMainContext) {
  for (const std::string_view text : {
           "worker_processes x; events {}",
           "worker_processes 1; worker_processes 2; events {}",
           "events {} events {}",
           "events { worker_connections x; }",
           "events { use smoke_signals; }",
           "worker_rlimit_nofile x; events {}",
           "worker_shutdown_timeout x; events {}",
           "pid a; pid b; events {}",
           "error_log stderr loud; events {}",
           "daemon on; daemon off; events {}",
           "worker_processes 1;",
           "events {} http {} http {}",
       }) {
    compare(text);
  }
}

TEST_F(NginxValues, OfHttp) {
  for (const std::string_view text : {
           "root a; root b;",
           "client_max_body_size 1x;",
           "client_max_body_size -1;",
           "keepalive_timeout 1q;",
           "keepalive_timeout 1 1q;",
           "keepalive_requests x;",
           "send_timeout 1y;",
           "client_header_timeout 5m5h;",
           "large_client_header_buffers 4 0;",
           "large_client_header_buffers x 8k;",
           "server_tokens maybe;",
           "satisfy most;",
           "if_modified_since never;",
           "log_format combined x;",
           "log_format a x; log_format a y;",
           "log_format a escape=xml x;",
           "access_log x nosuch;",
           "access_log off combined;",
           "access_log x combined buffer=y;",
           "access_log x combined flush=1s;",
           "access_log x combined flush=0;",
           "access_log x combined nosuch;",
           "error_page 404;",
           "error_page 200 /x;",
           "error_page 404 499 /x;",
           "error_page x /x;",
           "error_page =200 /x;",
           "error_page 404 =x /x;",
           "error_log x loud;",
           "limit_req_zone $host zone=a:1m;  server { limit_req zone=b; }",
           "limit_req_zone $host zone=a:1k rate=1r/s;",
           "limit_req_zone $host zone=a rate=1r/s;",
           "limit_req_zone $host zone=a:1m rate=0r/s;",
           "limit_req_zone $host zone=a:1m rate=xr/s;",
           "limit_req_zone $host zone=a:1m speed=1r/s;",
           "limit_req_zone $host rate=1r/s rate=2r/s;",
           "limit_req_zone $host zone=a:1m rate=1r/s; limit_req_zone $uri zone=a:1m rate=1r/s;",
           "limit_conn_zone $host zone=a:1k;",
           "limit_conn_zone $host a:1k;",
           "limit_conn_zone $host zone=a:1m; limit_req_zone $host zone=a:1m rate=1r/s;",
           "limit_conn_zone $host zone=a:1m; limit_conn a 0;",
           "limit_conn_zone $host zone=a:1m; limit_conn a 65536;",
           "limit_conn_zone $host zone=a:1m; limit_conn a 1; limit_conn a 2;",
           "limit_req zone=a burst=0;",
           "limit_req zone=a delay=0;",
           "limit_req zone=a fast;",
           "limit_req burst=5;",
           "limit_req_status 200;",
           "limit_conn_status x;",
           "map $host x {}",
           "map $host $x { a b c; }",
           "map $host $x { default a; default b; }",
           "map $host $x { a b; a c; }",
           "map $host $x { hostnames; a.*.b c; }",
           "geo x {}",
           "geo $x { nonsense a; }",
           "geo $x { 10.0.0.0/8 a b; }",
           "geo $x { 10.0.0.0/8 a; ranges; }",
           "geo $x { ranges; 10.0.0.5-10.0.0.1 a; }",
           "split_clients $host x { * a; }",
           "split_clients $host $x { 50x a; * b; }",
           "split_clients $host $x { 60% a; 60% b; }",
           "set_real_ip_from 10.0.0.0/99;",
           "allow 10.0.0.0/33;",
           "deny nowhere;",
           "expires soon;",
           "expires modified @1h;",
           "expires @25h;",
           "expires 1h; expires 2h;",
           "add_header a b sometimes;",
           "gzip maybe;",
           "gzip_static sometimes;",
           "disable_symlinks maybe;",
           "index '';",
           "default_type a; default_type b;",
           "ssl_protocols TLSv9;",
           "ssl_verify_client maybe;",
           "ssl_session_cache shared;",
           "ssl_session_cache shared:a:1k;",
           "ssl_session_cache builtin:x;",
           "ssl_session_timeout x;",
           "ssl_ciphers a; ssl_ciphers b;",
           "auth_basic a; auth_basic b;",
           "auth_request a; auth_request b;",
           "auth_request_set x y;",
           "proxy_http_version 3;",
           "proxy_next_upstream sometimes;",
           "proxy_read_timeout x;",
           "proxy_connect_timeout 1 2;",
           "proxy_cookie_path a;",
           "proxy_ignore_headers Server;",
           "proxy_bind nowhere;",
           "proxy_bind 127.0.0.1 opaque;",
           "proxy_redirect a;",
           "proxy_redirect default;",
           "proxy_ssl_protocols TLSv9;",
       }) {
    compare(in_http(text));
  }
}

TEST_F(NginxValues, OfUpstreams) {
  for (const std::string_view text : {
           "upstream a {}",
           "upstream a { server 127.0.0.1; } upstream a { server 127.0.0.1; }",
           "upstream a { server 127.0.0.1 weight=0; }",
           "upstream a { server 127.0.0.1 max_conns=x; }",
           "upstream a { server 127.0.0.1 max_fails=x; }",
           "upstream a { server 127.0.0.1 fail_timeout=x; }",
           "upstream a { server 127.0.0.1 spare; }",
           "upstream a { server 127.0.0.1:0; }",
           "upstream a { server 127.0.0.1:70000; }",
           "upstream a { server [::1; }",
           "upstream a { server [nonsense]:1; }",
           "upstream a { server unix:; }",
           "upstream a { server 127.0.0.1/x; }",
           "upstream a { server nosuch.invalid; }",
           "upstream a { ip_hash; server 127.0.0.1 backup; }",
           "upstream a { hash $uri inconsistent; server 127.0.0.1; }",
           "upstream a { random three; server 127.0.0.1; }",
           "upstream a { random two most; server 127.0.0.1; }",
           "upstream a { server 127.0.0.1; keepalive 0; }",
           "upstream a { server 127.0.0.1; keepalive 1; keepalive 2; }",
           "upstream a { server 127.0.0.1; zone '' 1m; }",
           "upstream a { server 127.0.0.1; zone a 1k; }",
           "upstream a { server 127.0.0.1; zone a x; }",
           "upstream a { server 127.0.0.1; zone nosuch; }",
           "upstream a { server 127.0.0.1; } server { location / { proxy_pass http://a:81; } }",
           "server { location / { proxy_pass http://nosuch.invalid; } }",
       }) {
    compare(in_http(text));
  }
}

TEST_F(NginxValues, OfServers) {
  for (const std::string_view text : {
           "listen 127.0.0.1:8999;",
           "listen 70000;",
           "listen 127.0.0.1:0;",
           "listen nosuch.invalid:80;",
           "listen [::1;",
           "listen [nonsense]:80;",
           "listen unix:;",
           "listen 127.0.0.1/x;",
           "listen 8998 loudly;",
           "listen 8998 backlog=x;",
           "listen 8998 rcvbuf=x;",
           "listen 8998 sndbuf=x;",
           "listen 8998 fastopen=x;",
           "listen 8998 so_keepalive=maybe;",
           "listen 8998 so_keepalive=::;",
           "listen [::]:8998 ipv6only=off1;",
           "listen [::]:8998 ipv6only=maybe;",
           "listen 8998 setfib=1;",
           "server_name *example.com;",
           "server_name .;",
           "server_name ~;",
           "ssl_certificate a.pem;",
           "ssl on;",
           "ssl on; ssl_certificate a.pem;",
           "listen 8998 ssl;",
           "return x;",
           "return 1000;",
           "return /x;",
           "rewrite a '';",
           "rewrite a b often;",
           "set x y;",
           "if $host { }",
           "if ($host { }",
           "if ($host is 1) { }",
           "if ($host = 1 2) { }",
           "if (-z x) { }",
           "if (-f x y) { }",
           "if () { }",
           "if (x) { }",
           "if (${host} = 1) { }",
           "location / {} location / {}",
           "location = /a {} location = /a {}",
           "location ^~ /a {} location /a {}",
           "location /a { location /b {} }",
           "location = /a { location /a/b {} }",
           "location @a { location /b {} }",
           "location /a { location @b {} }",
           "location ~ x { location /b {} }",
           "location * /a {}",
           "try_files /a =1000;",
           "try_files /a =x;",
           "try_files /a =404; try_files /b =404;",
       }) {
    compare(in_server(text));
  }
}

TEST_F(NginxValues, OfLocations) {
  for (const std::string_view text : {
           "root a; alias b;",
           "alias a; alias b;",
           "root $document_root/x;",
           "alias ${realpath_root}/x;",
           "proxy_pass localhost:3000;",
           "proxy_pass http://;",
           "proxy_pass http://localhost:0;",
           "proxy_pass http://localhost; proxy_pass http://localhost;",
           "proxy_pass http://$host; proxy_redirect default;",
           "if ($host) { proxy_pass http://localhost/x; }",
           "limit_except FETCH {}",
           "limit_except GET { proxy_pass http://localhost/x; }",
           "limit_except GET { deny all; } limit_except GET { deny all; }",
       }) {
    compare(in_location(text));
  }
  compare(in_server("location @a { alias /x; }"));
  compare(in_server("location ~ x { proxy_pass http://localhost/x; }"));
  compare(in_server("location @x { proxy_pass http://localhost/x; }"));
}

TEST_F(NginxValues, OfSeveralServers) {
  for (const std::string_view text : {
           "server { listen 8998 default_server; } server { listen 8998 default_server; }",
           "server { listen 8998 backlog=1; } server { listen 8998 backlog=2; }",
           "server { listen 8998; server_name a*b.example.com; } server { listen 8998; }",
           "server { listen 8998; server_name a.*.example.com; } server { listen 8998; }",
           "server { listen 8998; server_name *.a.*; } server { listen 8998; }",
           "server { listen 8998 ssl; ssl_reject_handshake on; } server { listen 8998 ssl; server_name a; }",
       }) {
    compare(in_http(text));
  }
}

}  // namespace
}  // namespace tidegate::nginx
