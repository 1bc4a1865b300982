// What is wrong in routes.
#include "tests/unit/conf/error_case.h"

namespace tidegate::conf {

INSTANTIATE_TEST_SUITE_P(
    Routes, LoaderErrors,
    ::testing::Values(
        ErrorCase{"NoAction",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ host: a }]\n",
                  "2:10: the route says nothing to do; write one of upstream, respond or redirect"},
        ErrorCase{
            "TwoActions",
            "listeners: { http: { address: \":80\" } }\n"
            "upstreams: { app: http://localhost:3000 }\n"
            "routes: [{ upstream: app, respond: {} }]\n",
            "3:10: the route says more than one thing to do; keep one of upstream, respond or redirect"},
        ErrorCase{"UnknownUpstream",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes: [{ upstream: ap }, { path: /x, upstream: app }]\n",
                  "3:22: no upstream is named \"ap\"; did you mean \"app\"?"},
        ErrorCase{"NoUpstreams",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ upstream: app }]\n",
                  "2:22: no upstream is named \"app\"; add it under upstreams"},
        ErrorCase{"UnknownListener",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    match: { listener: htpp }\n",
                  "5:24: no listener is named \"htpp\"; did you mean \"http\"?"},
        ErrorCase{"UnusedUpstream",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n",
                  "2:14: warning: no route uses the upstream \"app\"; remove it, or name it in a route"},
        ErrorCase{"SameRoute",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - { host: [a, B], path: /x, respond: {} }\n"
                  "  - { host: b, path: /x, respond: {} }\n",
                  "4:5: the route in line 3 has the same host (b), path and match, so that this one is never "
                  "used; change or remove one"},
        ErrorCase{"SameRouteWithoutHost",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - respond: {}\n"
                  "  - { path: /, respond: {} }\n",
                  "4:5: the route in line 3 has the same host, path and match, so that this one is never "
                  "used; change or remove one"},
        ErrorCase{"SameMatchInAnotherOrder",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - { match: { methods: [GET, POST], headers: { A: x, b: y } }, respond: {} }\n"
                  "  - { match: { headers: { B: y, a: x }, methods: [POST, GET] }, respond: {} }\n",
                  "4:5: the route in line 3 has the same host, path and match, so that this one is never "
                  "used; change or remove one"},
        ErrorCase{"SameName",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - { name: x, respond: {} }\n"
                  "  - { name: x, path: /y, respond: {} }\n",
                  "4:5: the route's name \"x\" is that of the one in line 3 too; choose another"},
        ErrorCase{"BadName",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ name: \"\", respond: {} }]\n",
                  "2:18: \"\" is not a route's name; write 1 to 128 printable characters"},
        ErrorCase{"Hosts",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ host: [a:80, \"http://a\", \"*\", .a, \"a.*\", \"*.*.a\", a., \"\303\251.de\", "
                  "\"::1\", \"[::1]:8\", \"a b\", a, A, \"\"], respond: {} }]\n",
                  "2:19: \"a:80\" has a port; write the host alone, it matches with any port\n"
                  "2:25: \"http://a\" is an URL; write the host alone\n"
                  "2:37: \"*\" is not a host; leave \"host\" out to match every host\n"
                  "2:42: \".a\" begins with a dot; write [\"a\", \"*.a\"]\n"
                  "2:46: \"a.*\" has a \"*\" that is not the whole first label; write \"*.example.com\"\n"
                  "2:53: \"*.*.a\" has a \"*\" that is not the whole first label; write \"*.example.com\"\n"
                  "2:62: \"a.\" ends with a dot; remove the dot\n"
                  "2:66: \"é.de\" is not ASCII; write its xn-- form, which is what clients send\n"
                  "2:75: \"::1\" lacks brackets; write \"[::1]\"\n"
                  "2:82: \"[::1]:8\" is not an IPv6 address in brackets without a port; write \"[::1]\"\n"
                  "2:93: \"a b\" is not a host; write a name such as example.com\n"
                  "2:103: \"a\" stands twice in \"host\"; keep one\n"
                  "2:106: \"\" is not a host; write a name such as example.com"},
        ErrorCase{"NoHosts",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ host: [], respond: {} }]\n",
                  "2:18: \"host\" lists none; leave it out to match every host"},
        ErrorCase{
            "Path",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ path: x, respond: {} }]\n",
            "2:18: \"x\" is not a path; write one that begins with \"/\" (for a regex: { regex: '^/...' })"},
        ErrorCase{
            "PathQuery",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ path: \"/x?y\", respond: {} }]\n",
            "2:18: \"/x?y\" has a query or fragment; write the path alone (match.query matches arguments)"},
        ErrorCase{
            "PathEscape",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [{ path: /a%20b, respond: {} }]\n",
            "2:18: \"/a%20b\" has an escape, but paths are compared decoded; write the character itself"},
        ErrorCase{"PathDots",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ path: /a/../b, respond: {} }, { path: //, respond: {} }]\n",
                  "2:18: \"/a/../b\" has \"//\", \".\" or \"..\", but paths are compared with these "
                  "resolved; write the resolved path\n"
                  "2:50: \"//\" has \"//\", \".\" or \"..\", but paths are compared with these resolved; "
                  "write the resolved path"},
        ErrorCase{"PathTwoKinds",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ path: { exact: /, prefix: /a }, respond: {} }]\n",
                  "2:18: \"path\" takes exactly one of prefix, exact or regex; write one"},
        ErrorCase{"PathNoKind",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ path: {}, respond: {} }]\n",
                  "2:18: \"path\" takes exactly one of prefix, exact or regex; write one"},
        ErrorCase{"BeforeRegexOnExact",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ path: { exact: /, before_regex: true }, respond: {} }]\n",
                  "2:18: \"before_regex\" belongs to a prefix; remove it"},
        ErrorCase{"RegexEmpty",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ path: { regex: \"\" }, respond: {} }]\n",
                  "2:18: \"regex\" is empty; write one, or leave \"path\" out to match every path"},
        ErrorCase{"Methods",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    match: { methods: [get, \"G T\", TRACE] }\n",
                  "5:24: \"get\" is in lower case, which no client sends; write GET, POST …\n"
                  "5:29: \"G T\" is not a method; write one such as GET\n"
                  "5:36: \"TRACE\" is always answered with 405; remove it"},
        ErrorCase{"NoMethods",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    match: { methods: [] }\n",
                  "5:23: \"methods\" lists none; leave it out to match every method"},
        ErrorCase{"MatchHeader",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    match: { headers: { \"A B\": x } }\n",
                  "5:23: \"A B\" is not a header name; write one such as X-Beta"},
        ErrorCase{"Subprotocol",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    match: { subprotocol: \"a, b\" }\n",
                  "5:27: \"a, b\" is not a subprotocol; write one name such as graphql-ws"},
        ErrorCase{"RespondStatus",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ respond: { status: 101 } }]\n",
                  "2:31: \"101\" does not fit \"status\"; write a whole number from 200 to 599"},
        ErrorCase{"RespondBody",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ respond: { status: 204, body: x } }]\n",
                  "2:42: an answer with status 204 has no body; remove it, or write status: 200"},
        ErrorCase{"ContentType",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [{ respond: { content_type: \"\" } }]\n",
                  "2:37: \"\" is not a content type; write one such as text/plain"},
        ErrorCase{"StripPrefix",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    path: /ws/\n"
                  "    rewrite: { strip_prefix: /wss }\n",
                  "6:30: \"/wss\" is not how the route's path \"/ws/\" begins; write a prefix of it"},
        ErrorCase{"StripPrefixNoSlash",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    rewrite: { strip_prefix: ws }\n",
                  "5:30: \"ws\" is not a path; write one that begins with \"/\""},
        ErrorCase{"NoEffect",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - respond: {}\n"
                  "    rewrite: { strip_prefix: / }\n"
                  "    websocket: { max_lifetime: 1h }\n"
                  "    request_headers: { set: { A: b } }\n",
                  "4:14: \"rewrite\" has no effect in a route without an upstream; remove it\n"
                  "5:16: \"websocket\" has no effect in a route without an upstream; remove it\n"
                  "6:22: \"request_headers\" has no effect in a route without an upstream; remove it"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Headers, LoaderErrors,
    ::testing::Values(
        ErrorCase{"Name",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { \"A B\": x } }\n",
                  "5:31: \"A B\" is not a header name; write one such as X-Real-IP"},
        ErrorCase{
            "Value",
            "listeners: { http: { address: \":80\" } }\n"
            "upstreams: { app: http://localhost:3000 }\n"
            "routes:\n"
            "  - upstream: app\n"
            "    request_headers: { set: { A: \"x\\r\\nB: y\" } }\n",
            "5:34: the value of \"A\" has a line break or another control character; write it in one line"},
        ErrorCase{
            "Hop",
            "listeners: { http: { address: \":80\" } }\n"
            "upstreams: { app: http://localhost:3000 }\n"
            "routes:\n"
            "  - upstream: app\n"
            "    request_headers: { set: { Connection: close }, remove: [Transfer-Encoding, content-length] "
            "}\n",
            "5:31: \"Connection\" is written by the gateway itself, for each connection; remove the rule\n"
            "5:61: \"Transfer-Encoding\" is written by the gateway itself, for each connection; remove the "
            "rule\n"
            "5:80: \"content-length\" is written by the gateway itself, for each connection; remove the "
            "rule"},
        ErrorCase{"HopInResponses",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    response_headers: { set: { Content-Length: 1 }, remove: [Upgrade] }\n",
                  "5:32: \"Content-Length\" is written by the gateway itself, for each connection; remove "
                  "the rule\n"
                  "5:62: \"Upgrade\" is written by the gateway itself, for each connection; remove the rule"},
        ErrorCase{"Handshake",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    response_headers: { remove: [Sec-WebSocket-Accept] }\n",
                  "5:34: \"Sec-WebSocket-Accept\" is part of the WebSocket handshake; remove the rule"},
        ErrorCase{"HostRemoved",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { remove: [host] }\n",
                  "5:33: every request needs its \"Host\"; set it instead of removing it"},
        ErrorCase{"HostEmpty",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { Host: \"\" } }\n",
                  "5:37: every request needs its \"Host\"; write a value, or remove the rule"},
        ErrorCase{"HostInResponses",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    response_headers: { set: { Host: a } }\n",
                  "5:32: \"Host\" is a request's; set it in request_headers"},
        ErrorCase{"Twice",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { A: x, a: y } }\n",
                  "5:37: \"a\" is set twice (case does not matter); keep one"},
        ErrorCase{"SetAndRemoved",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { A: x }, remove: [a] }\n",
                  "5:48: \"a\" is set above and removed here; keep one (set replaces what came)"}),
    case_name);

}  // namespace tidegate::conf
