// What is wrong in listeners and upstreams.
#include "tests/unit/conf/error_case.h"

namespace tidegate::conf {

INSTANTIATE_TEST_SUITE_P(
    Listeners, LoaderErrors,
    ::testing::Values(
        ErrorCase{"None", "upstreams: { app: http://localhost:3000 }\n",
                  "1:1: \"listeners\" is missing; write listeners: { http: { address: \":80\" } }\n"
                  "1:14: warning: no route uses the upstream \"app\"; remove it, or name it in a route"},
        ErrorCase{"NoneInside", "listeners: {}\n",
                  "1:12: \"listeners\" names none; write http: { address: \":80\" } in it"},
        ErrorCase{"NoAddress", "listeners: { web: {} }\n",
                  "1:19: \"address\" is missing; write address: \":80\""},
        ErrorCase{"HostName",
                  "listeners:\n"
                  "  web:\n"
                  "    address: localhost:80\n",
                  "3:14: \"localhost\" is a host name; write the address to listen on, such as \":80\", "
                  "\"127.0.0.1:80\", \"[::]:80\" or \"unix:/path\""},
        ErrorCase{"PortAlone",
                  "listeners:\n"
                  "  web:\n"
                  "    address: 80\n",
                  "3:14: \"80\" has no colon; write \":80\""},
        ErrorCase{"AddressAlone",
                  "listeners:\n"
                  "  web:\n"
                  "    address: 127.0.0.1\n",
                  "3:14: \"127.0.0.1\" is not an address and a port; write \":80\", \"127.0.0.1:80\", "
                  "\"[::]:80\" or \"unix:/path\""},
        ErrorCase{"Star",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"*:80\"\n",
                  "3:14: \"*:80\" is not an address; write \":80\" for every address"},
        ErrorCase{"PortTooLarge",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":65536\"\n",
                  "3:14: \"65536\" is not a port; write a number from 0 to 65535"},
        ErrorCase{"PortIsAWord",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":http\"\n",
                  "3:14: \"http\" is not a port; write a number from 0 to 65535"},
        ErrorCase{"Ipv6WithoutBrackets",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"::1\"\n",
                  "3:14: \"::1\" is an IPv6 address without brackets and port; write \"[::1]:80\""},
        ErrorCase{"Ipv6PortWithoutBrackets",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"::1:x\"\n",
                  "3:14: \"::1:x\" is an IPv6 address without brackets; write \"[::1]:80\""},
        ErrorCase{"BadIpv4",
                  "listeners:\n"
                  "  web:\n"
                  "    address: 127.0.0.256:80\n",
                  "3:14: \"127.0.0.256\" is not an IP address; write \":80\", \"127.0.0.1:80\", \"[::]:80\" "
                  "or \"unix:/path\""},
        ErrorCase{"Ipv4InBrackets",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"[127.0.0.1]:80\"\n",
                  "3:14: \"127.0.0.1\" is not an IP address; write \":80\", \"127.0.0.1:80\", \"[::]:80\" or "
                  "\"unix:/path\""},
        ErrorCase{"NotClosed",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"[::1:80\"\n",
                  "3:14: \"[::1:80\" is not an address and a port; write \":80\", \"127.0.0.1:80\", "
                  "\"[::]:80\" or \"unix:/path\""},
        ErrorCase{"UnixWithoutPath",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \"unix:\"\n",
                  "3:14: \"unix:\" without a path; write unix:/run/app.sock"},
        ErrorCase{"UnixTooLong",
                  "listeners:\n"
                  "  web:\n"
                  "    address: "
                  "unix:/"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaaaaaaa\n",
                  "3:14: the path of a unix socket has at most 107 bytes, "
                  "\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\" has "
                  "108; choose a shorter one"},
        ErrorCase{"SameAddress",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "  b: { address: \":80\" }\n",
                  "3:17: listener \"b\" has the address of listener \"a\" in line 2; choose another port or "
                  "address"},
        ErrorCase{"SameAddressInAnotherForm",
                  "listeners:\n"
                  "  a: { address: \"[::0]:80\" }\n"
                  "  b: { address: \":80\" }\n",
                  "3:17: listener \"b\" has the address of listener \"a\" in line 2; choose another port or "
                  "address"},
        ErrorCase{"SameUnixSocket",
                  "listeners:\n"
                  "  a: { address: \"unix:/a/b\" }\n"
                  "  b: { address: \"unix:/a/../a/b\" }\n",
                  "3:17: listener \"b\" has the address of listener \"a\" in line 2; choose another port or "
                  "address"},
        ErrorCase{
            "MetricsOnAListener",
            "listeners:\n"
            "  a: { address: \":80\" }\n"
            "metrics: { address: \"[::]:80\" }\n",
            "3:21: \"metrics\" has the address of listener \"a\" in line 2; choose another port or address"},
        ErrorCase{"AdminOnMetrics",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "metrics: { address: \"127.0.0.1:9\" }\n"
                  "admin: { address: [\"unix:/a\", \"127.0.0.1:9\"] }\n",
                  "4:31: \"admin\" has the address of \"metrics\" in line 3; choose another port or address"},
        ErrorCase{"AdminTwice",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "admin: { address: [\"unix:/a\", \"unix:/b/../a\"] }\n",
                  "3:31: \"admin\" has the address of \"admin\" in line 3; choose another port or address"},
        ErrorCase{"AdminForEveryAddress",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "admin: { address: \":9182\" }\n",
                  "3:19: \":9182\" can be reached from other machines, which the admin API must not; write "
                  "unix:/run/tidegate/admin.sock, \"127.0.0.1:9182\" or \"[::1]:9182\""},
        ErrorCase{
            "AdminForOtherMachines",
            "listeners:\n"
            "  a: { address: \":80\" }\n"
            "admin: { address: [\"127.9.9.9:1\", \"[::1]:1\", \"192.0.2.1:9182\"] }\n",
            "3:46: \"192.0.2.1:9182\" can be reached from other machines, which the admin API must not; "
            "write unix:/run/tidegate/admin.sock, \"127.0.0.1:9182\" or \"[::1]:9182\""},
        ErrorCase{"AdminNoAddress",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "admin: { address: [] }\n",
                  "3:19: \"address\" lists none; write unix:/run/tidegate/admin.sock, or remove \"admin\""},
        ErrorCase{"AdminWithoutAddress",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "admin: {}\n",
                  "3:8: \"address\" is missing; write address: \"unix:/run/tidegate/admin.sock\""},
        ErrorCase{"MetricsWithoutAddress",
                  "listeners:\n"
                  "  a: { address: \":80\" }\n"
                  "metrics: {}\n",
                  "3:10: \"address\" is missing; write address: \"127.0.0.1:9181\""},
        ErrorCase{"RedirectStatus",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":80\"\n"
                  "    redirect: { status: 300, to: \"/\" }\n",
                  "4:25: \"300\" does not fit \"status\"; write 301, 302, 303, 307 or 308"},
        ErrorCase{"RedirectWithoutTo",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":80\"\n"
                  "    redirect: { status: 308 }\n",
                  "4:15: \"to\" is missing; write to: \"https://$host$request_uri\""},
        ErrorCase{"RedirectNowhere",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":80\"\n"
                  "    redirect: example.com\n",
                  "4:15: \"example.com\" is not where a redirect can lead; write https, an URL such as "
                  "https://$host$request_uri, or a path"},
        ErrorCase{"RedirectLoop",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    redirect: https\n"
                  "    tls: { certificates: [{ certificate: a.pem, private_key: a.key }] }\n",
                  "4:15: \"redirect: https\" on a listener that speaks TLS leads back to itself; remove it, "
                  "or write where to"},
        ErrorCase{"NoCertificates",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls: {}\n",
                  "4:10: \"certificates\" is missing; write certificates: [{ certificate: chain.pem, "
                  "private_key: key.pem }]"},
        ErrorCase{"EmptyCertificates",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls: { certificates: [] }\n",
                  "4:26: \"certificates\" lists none; write at least one certificate and its key"},
        ErrorCase{"NoKey",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls: { certificates: [{ certificate: a.pem }] }\n",
                  "4:27: \"private_key\" is missing; write private_key: key.pem"},
        ErrorCase{"EmptyPath",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls: { certificates: [{ certificate: \"\", private_key: a.key }] }\n",
                  "4:42: \"certificate\" is empty; write a path"},
        ErrorCase{"Protocol",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls:\n"
                  "      certificates: [{ certificate: a.pem, private_key: a.key }]\n"
                  "      protocols: [TLSv1.1, TLSv1.2, TLSv1.2]\n",
                  "6:19: \"TLSv1.1\" does not fit \"protocols\"; write TLSv1.2 or TLSv1.3\n"
                  "6:37: \"TLSv1.2\" stands twice in \"protocols\"; keep one"},
        ErrorCase{"NoProtocols",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls:\n"
                  "      certificates: [{ certificate: a.pem, private_key: a.key }]\n"
                  "      protocols: []\n",
                  "6:18: \"protocols\" lists none; write [TLSv1.2, TLSv1.3]"},
        ErrorCase{"CiphersEmpty",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls:\n"
                  "      certificates: [{ certificate: a.pem, private_key: a.key }]\n"
                  "      ciphers: \"\"\n",
                  "6:16: \"ciphers\" is empty; write OpenSSL names with \":\" between, or remove it"},
        ErrorCase{"ClientAuth",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":443\"\n"
                  "    tls:\n"
                  "      certificates: [{ certificate: a.pem, private_key: a.key }]\n"
                  "      client_auth: { verify: maybe }\n",
                  "6:20: \"ca\" is missing; write ca: clients.pem\n"
                  "6:30: \"maybe\" does not fit \"verify\"; write required or optional"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Upstreams, LoaderErrors,
    ::testing::Values(
        ErrorCase{"NoServers",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    balance: random\n",
                  "5:5: \"servers\" is missing; write servers: [http://localhost:3000]"},
        ErrorCase{"EmptyServers",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: []\n",
                  "5:14: an upstream without servers; write at least one, such as http://localhost:3000"},
        ErrorCase{"NoScheme",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [localhost:3000]\n",
                  "5:15: \"localhost:3000\" has no scheme; write http://localhost:3000"},
        ErrorCase{
            "WebSocketScheme",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [\"ws://a\", \"wss://b\"]\n",
            "5:15: \"ws://a\" names WebSocket's scheme; write http://, which carries HTTP and WebSocket\n"
            "5:25: \"wss://b\" names WebSocket's scheme; write https://, which carries HTTP and WebSocket"},
        ErrorCase{
            "OtherScheme",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [\"ftp://a\"]\n",
            "5:15: \"ftp://a\" has a scheme that is not spoken here; write http://, https:// or unix:/path"},
        ErrorCase{"Path",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a/x\"]\n",
                  "5:15: \"http://a/x\" has a path; remove it (the path of a request goes through as it "
                  "came, or is changed by the route's rewrite)"},
        ErrorCase{"Query",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a?x\"]\n",
                  "5:15: \"http://a?x\" has a query or fragment; remove it (a request keeps its own)"},
        ErrorCase{"User",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://u:p@a\"]\n",
                  "5:15: a server's URL holds no user or password; set Authorization in the route's "
                  "request_headers"},
        ErrorCase{"Port",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a:0\", \"http://a:65536\", \"http://a:\"]\n",
                  "5:15: \"0\" is not a port; write a number from 1 to 65535\n"
                  "5:29: \"65536\" is not a port; write a number from 1 to 65535\n"
                  "5:47: \"\" is not a port; write a number from 1 to 65535"},
        ErrorCase{
            "Host",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [\"http://\", \"http://a_b!\", \"http://1.2.3\", \"http://[::1\", "
            "\"http://::1\"]\n",
            "5:15: \"\" is not a host; write a name, an IPv4 address or an IPv6 address in brackets\n"
            "5:26: \"a_b!\" is not a host; write a name, an IPv4 address or an IPv6 address in brackets\n"
            "5:41: \"1.2.3\" is not a host; write a name, an IPv4 address or an IPv6 address in brackets\n"
            "5:57: \"http://[::1\" has a bracket that is not closed; write http://[::1]:3000\n"
            "5:72: \"http://::1\" has an IPv6 address without brackets; write http://[::1]:3000"},
        ErrorCase{
            "Weight",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [{ address: \"http://a\", weight: 0 }, { address: \"http://b\", weight: 1001 }]\n",
            "5:46: \"0\" does not fit \"weight\"; write a whole number from 1 to 1000\n"
            "5:82: \"1001\" does not fit \"weight\"; write a whole number from 1 to 1000"},
        ErrorCase{
            "MostTunnels",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams: { app: { servers: [{ address: \"http://a\", max_tunnels: 0 }] } }\n"
            "websocket: { max_tunnels: many }\n"
            "limits: { tunnels: -1 }\n",
            "3:67: \"0\" does not fit \"max_tunnels\"; write a whole number from 1 to 100000000, or none\n"
            "4:27: \"many\" does not fit \"max_tunnels\"; write a whole number from 1 to 100000000, or none\n"
            "5:20: \"-1\" does not fit \"tunnels\"; write a whole number from 1 to 100000000, or auto, or "
            "none"},
        ErrorCase{
            "SameServer",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [\"http://a\", \"http://A:80\"]\n",
            "5:27: \"http://A:80\" stands twice in this upstream, first in line 5; keep one, with a weight"},
        ErrorCase{"OnlyBackups",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [{ address: \"http://a\", backup: true }]\n",
                  "5:14: every server here is a backup; make at least one an ordinary server"},
        ErrorCase{"NoAddress",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [{ weight: 1 }]\n",
                  "5:15: \"address\" is missing; write address: http://localhost:3000"},
        ErrorCase{
            "Balance",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams:\n"
            "  app:\n"
            "    servers: [\"http://a\"]\n"
            "    balance: least_conn\n",
            "6:14: \"least_conn\" does not fit \"balance\"; write round_robin, least_tunnels or random"},
        ErrorCase{"StickyBoth",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    sticky: { cookie: a, hash: $arg_x }\n",
                  "6:13: \"sticky\" takes exactly one of cookie or hash; write one"},
        ErrorCase{"StickyNone",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    sticky: {}\n",
                  "6:13: \"sticky\" takes exactly one of cookie or hash; write one"},
        ErrorCase{"StickyCookie",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    sticky: { cookie: \"a;b\" }\n",
                  "6:23: \"a;b\" is not a cookie's name; write one such as tidegate"},
        ErrorCase{"TlsWithoutHttps",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    tls: { verify: false }\n",
                  "6:10: \"tls\" is for https servers, and this upstream has none; write https:// in their "
                  "addresses, or remove it"},
        ErrorCase{"ServerName",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"https://a\"]\n"
                  "    tls: { server_name: \"*.a\" }\n",
                  "6:25: \"*.a\" is not a server's name; write one such as app.example.com"},
        ErrorCase{"Resolve",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    resolve: 1ms\n",
                  "6:14: \"resolve\" is too short; write at least 100ms"},
        ErrorCase{"Keepalive",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams:\n"
                  "  app:\n"
                  "    servers: [\"http://a\"]\n"
                  "    keepalive: { max: 0 }\n",
                  "6:23: \"0\" does not fit \"max\"; write a whole number from 1 to 65535"},
        ErrorCase{"Scalar",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n"
                  "upstreams: { app: localhost }\n",
                  "3:19: \"localhost\" has no scheme; write http://localhost"},
        ErrorCase{
            "Null",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ upstream: app }]\n"
            "upstreams: { app: }\n",
            "3:14: \"upstream\" is a map; its keys are servers, balance, sticky, tls, resolve, keepalive and "
            "on_removal"},
        ErrorCase{"Name",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { \"a/b\": http://a }\n",
                  "2:14: \"a/b\" is not a name for an upstream; write 1 to 64 letters, digits, \"_\", \"-\" "
                  "and \".\"\n"
                  "2:14: warning: no route uses the upstream \"a/b\"; remove it, or name it in a route"}),
    case_name);

}  // namespace tidegate::conf
