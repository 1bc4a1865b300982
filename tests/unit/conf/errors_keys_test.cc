// Unknown keys, wrong types and values of the sections that concern the process.
#include "tests/unit/conf/error_case.h"

namespace tidegate::conf {

INSTANTIATE_TEST_SUITE_P(
    Keys, LoaderErrors,
    ::testing::Values(
        ErrorCase{"NearestNeighbour", "listners: {}\n",
                  "1:1: unknown key \"listners\"; did you mean \"listeners\"?\n"
                  "1:1: \"listeners\" is missing; write listeners: { http: { address: \":80\" } }"},
        ErrorCase{"NearestInASection",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { respnse: 1s }\n",
                  "2:13: unknown key \"respnse\"; did you mean \"response\"?"},
        ErrorCase{"Nothingnear",
                  "listeners: { http: { address: \":80\" } }\n"
                  "telemetry: { address: \":1\" }\n",
                  "2:1: unknown key \"telemetry\"; the keys here are listeners, routes, upstreams, timeouts, "
                  "websocket, limits, trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"WrongPlace",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - respond: {}\n"
                  "    balance: random\n",
                  "4:5: unknown key \"balance\" here; it belongs to upstreams.<name>"},
        ErrorCase{"SeveralHomes",
                  "listeners: { http: { address: \":80\" } }\n"
                  "status: 1\n",
                  "2:1: unknown key \"status\" here; it belongs to listeners.<name>.redirect, "
                  "routes[].respond or routes[].redirect"},
        ErrorCase{"KeyInTheRouteTimeouts",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    timeouts: { header: 1s }\n",
                  "5:17: unknown key \"header\" here; it belongs to timeouts"},
        ErrorCase{"LaterKey",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":80\"\n"
                  "    backlog: 100\n",
                  "4:5: unknown key \"backlog\"; the keys here are address, redirect, acme_challenge, "
                  "proxy_protocol and tls"},
        ErrorCase{"ProxyProtocolFromNobody",
                  "listeners:\n"
                  "  web:\n"
                  "    address: \":80\"\n"
                  "    proxy_protocol: true\n",
                  "2:3: listener \"web\" takes connections from trusted_proxies alone, since its "
                  "proxy_protocol is true, and there are none; write trusted_proxies: [10.0.0.0/8]"},
        ErrorCase{"HostileKey",
                  "listeners: { http: { address: \":80\" } }\n"
                  "\"a\\n\\\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                  "xxxxxxxxxxxxxxxxxxxx\": 1\n",
                  "2:1: unknown key "
                  "\"a\\x0a\\\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
                  "\"; the keys here are listeners, routes, upstreams, timeouts, websocket, limits, "
                  "trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"ScalarForAMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: 5s\n",
                  "2:11: \"timeouts\" is a map; its keys are tls_handshake, header, body, keepalive, send, "
                  "connect, response and close"},
        ErrorCase{"ListForAMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: [1]\n",
                  "2:9: \"limits\" is a map; its keys are head, fields, uri, body and tunnels"},
        ErrorCase{"ScalarForAList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: x\n",
                  "2:9: \"routes\" is a list; write [a, b], or one entry per line after \"- \""},
        ErrorCase{"MapForAList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "trusted_proxies: { a: b }\n",
                  "2:18: \"trusted_proxies\" is a list; write [a, b], or one entry per line after \"- \""},
        ErrorCase{"NullSection",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts:\n"
                  "workers: 1\n",
                  "2:1: \"timeouts\" is a map; its keys are tls_handshake, header, body, keepalive, send, "
                  "connect, response and close"},
        ErrorCase{"NullList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n",
                  "2:1: \"routes\" has no value; write one or remove it (the words null and ~ need quotes)"},
        ErrorCase{"NullScalar",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers:\n",
                  "2:1: \"workers\" has no value; write one or remove it (the words null and ~ need quotes)"},
        ErrorCase{"NullInAList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "trusted_proxies: [~]\n",
                  "2:19: \"trusted_proxies\" has no value; write one or remove it (the words null and ~ need "
                  "quotes)"},
        ErrorCase{
            "RouteIsAScalar",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [x]\n",
            "2:10: \"route\" is a map; its keys are name, host, path, match, upstream, respond, redirect, "
            "rewrite, request_headers, response_headers, websocket, timeouts, limits and underscores"},
        ErrorCase{"ListenersAreAList", "listeners: [\":80\"]\n",
                  "1:12: \"listeners\" is a map; write \"name: value\" below it"},
        ErrorCase{"ListenerIsAScalar", "listeners: { web: \":80\" }\n",
                  "1:19: \"listener\" is a map; its keys are address, redirect, acme_challenge, "
                  "proxy_protocol and tls"},
        ErrorCase{"NameOfAListener", "listeners: { \"a b\": { address: \":80\" } }\n",
                  "1:14: \"a b\" is not a name for a listener; write 1 to 64 letters, digits, \"_\", \"-\" "
                  "and \".\""}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Values, LoaderErrors,
    ::testing::Values(
        ErrorCase{"Duration",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: 15 }\n",
                  "2:21: \"15\" is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or 1d "
                  "(at most 3650d)"},
        ErrorCase{"DurationUnit",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: 15sec }\n",
                  "2:21: \"15sec\" is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or "
                  "1d (at most 3650d)"},
        ErrorCase{"DurationSign",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: -1s }\n",
                  "2:21: \"-1s\" is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or "
                  "1d (at most 3650d)"},
        ErrorCase{"DurationOverflow",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: 99999999999999999999d }\n",
                  "2:21: \"99999999999999999999d\" is not a duration; write a whole number and a unit: "
                  "250ms, 10s, 5m, 2h or 1d (at most 3650d)"},
        ErrorCase{"DurationTooLong",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: 4000d }\n",
                  "2:21: \"4000d\" is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or "
                  "1d (at most 3650d)"},
        ErrorCase{"DurationZero",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { header: 0s, tls_handshake: 0ms }\n",
                  "2:21: \"header\" is too short; write at least 1ms\n"
                  "2:40: \"tls_handshake\" is too short; write at least 1ms"},
        ErrorCase{"DurationFraction",
                  "listeners: { http: { address: \":80\" } }\n"
                  "timeouts: { body: 1.5s }\n",
                  "2:19: \"1.5s\" is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or "
                  "1d (at most 3650d)"},
        ErrorCase{"SizeUnit",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { head: 32k }\n",
                  "2:17: \"32k\" is not a size; write bytes, or a whole number and a unit: 512, 4KiB, 10MiB "
                  "or 1GiB"},
        ErrorCase{"SizeDecimalUnit",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { body: 10MB }\n",
                  "2:17: \"10MB\" is not a size; write bytes, or a whole number and a unit: 512, 4KiB, 10MiB "
                  "or 1GiB, or none"},
        ErrorCase{"SizeRange",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { head: 100 }\n",
                  "2:17: \"head\" is out of range; write a size from 1KiB to 1MiB"},
        ErrorCase{"SizeZero",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { body: 0 }\n",
                  "2:17: \"body\" of 0 would let nothing pass; write a size, or none for no limit"},
        ErrorCase{"SizeNone",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { head: none }\n",
                  "2:17: \"none\" is not a size; write bytes, or a whole number and a unit: 512, 4KiB, 10MiB "
                  "or 1GiB"},
        ErrorCase{"UriLargerThanHead",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { head: 4KiB }\n",
                  "2:9: \"uri\" is 8KiB and \"head\", which holds it, 4KiB; make \"head\" the larger"},
        ErrorCase{"NumberRange",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { fields: 0 }\n",
                  "2:19: \"0\" does not fit \"fields\"; write a whole number from 1 to 10000"},
        ErrorCase{"NumberText",
                  "listeners: { http: { address: \":80\" } }\n"
                  "limits: { fields: many }\n",
                  "2:19: \"many\" does not fit \"fields\"; write a whole number from 1 to 10000"},
        ErrorCase{"Boolean",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { query: yes }\n",
                  "2:15: \"yes\" does not fit \"query\"; write true or false"},
        ErrorCase{"Choice",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { level: warn }\n",
                  "2:15: \"warn\" does not fit \"level\"; write debug, info, warning or error"},
        ErrorCase{"LogArea",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { level: { tsl: debug, default: warn, telemetry: info, http: loud } }\n",
                  "2:17: \"tsl\" is no area of the log; did you mean \"tls\"?\n"
                  "2:38: \"warn\" does not fit \"default\"; write debug, info, warning or error\n"
                  "2:44: \"telemetry\" is no area of the log; write default, or admin, demo, http, log, net, "
                  "server, tls, tunnel or upstream\n"
                  "2:67: \"loud\" does not fit \"http\"; write debug, info, warning or error"},
        ErrorCase{"LogLevelList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { level: [info] }\n",
                  "2:15: \"level\" is a list here; write one value (in quotes, if it begins with \"[\")"},
        ErrorCase{"Diagnostics",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { diagnostics: jsno }\n",
                  "2:21: \"jsno\" does not fit \"diagnostics\"; write text or json"},
        ErrorCase{"ChoiceNothingNear",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { format: \"$remote_addr\" }\n",
                  "2:16: \"$remote_addr\" does not fit \"format\"; write json or combined"},
        ErrorCase{"Workers",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: 0\n",
                  "2:10: \"0\" does not fit \"workers\"; write auto, or a number from 1 to 256"},
        ErrorCase{"WorkersTooMany",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: 257\n",
                  "2:10: \"257\" does not fit \"workers\"; write auto, or a number from 1 to 256"},
        ErrorCase{"WorkersText",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: all\n",
                  "2:10: \"all\" does not fit \"workers\"; write auto, or a number from 1 to 256"},
        ErrorCase{"Underscores",
                  "listeners: { http: { address: \":80\" } }\n"
                  "underscores: keep\n",
                  "2:14: \"keep\" does not fit \"underscores\"; write drop or allow"},
        ErrorCase{
            "TrustedProxies",
            "listeners: { http: { address: \":80\" } }\n"
            "trusted_proxies: [10.0.0.0/33, localhost, \"::1\"]\n",
            "2:19: \"10.0.0.0/33\" is not a block of addresses; write 10.0.0.0/8, fd00::/8 or one address\n"
            "2:32: \"localhost\" is not a block of addresses; write 10.0.0.0/8, fd00::/8 or one address"},
        ErrorCase{"AccessEmpty",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { access: \"\" }\n",
                  "2:16: \"access\" is empty; write stdout, off or a path"},
        ErrorCase{"CloseCode",
                  "listeners: { http: { address: \":80\" } }\n"
                  "drain: { close_code: 1006 }\n",
                  "2:22: 1006 is a code that no Close frame may carry; write 1001, or one of 1000-1003, "
                  "1007-1014, 3000-4999"},
        ErrorCase{"CloseCodeRange",
                  "listeners: { http: { address: \":80\" } }\n"
                  "drain: { close_code: 999 }\n",
                  "2:22: \"999\" does not fit \"close_code\"; write a whole number from 1000 to 4999"},
        ErrorCase{"CloseCodeUnassigned",
                  "listeners: { http: { address: \":80\" } }\n"
                  "drain: { close_code: 2000 }\n",
                  "2:22: 2000 is a code that no Close frame may carry; write 1001, or one of 1000-1003, "
                  "1007-1014, 3000-4999"},
        ErrorCase{"DrainOrder",
                  "listeners: { http: { address: \":80\" } }\n"
                  "drain: { delay: 20s }\n",
                  "2:8: \"delay\" and \"window\" together are 30s, longer than \"deadline\" (25s), which "
                  "cuts what is left; make the deadline longer"},
        ErrorCase{
            "Origins",
            "listeners: { http: { address: \":80\" } }\n"
            "websocket: { origins: [example.com, \"https://a.example.com/\", \"*\", \"https://a.*.com\"] }\n",
            "2:24: \"example.com\" has no scheme; write https://example.com\n"
            "2:37: \"https://a.example.com/\" has a path; write scheme, host and port alone, such as "
            "https://example.com\n"
            "2:63: \"*\" is not an origin; leave \"origins\" out to allow every origin\n"
            "2:68: \"https://a.*.com\" is not an origin; write https://example.com, https://example.com:8443 "
            "or \"https://*.example.com\""},
        ErrorCase{"OriginsEmpty",
                  "listeners: { http: { address: \":80\" } }\n"
                  "websocket: { origins: [] }\n",
                  "2:23: \"origins\" lists none; leave it out to allow every origin"}),
    case_name);

}  // namespace tidegate::conf
