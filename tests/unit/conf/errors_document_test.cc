// What is refused before any key is looked at.
#include "tests/unit/conf/error_case.h"

namespace tidegate::conf {

INSTANTIATE_TEST_SUITE_P(
    Document, LoaderErrors,
    ::testing::Values(
        ErrorCase{"EmptyFile", "", "the file is empty; write at least one listener"},
        ErrorCase{"OnlyAComment", "# nothing\n", "the file is empty; write at least one listener"},
        ErrorCase{"AList", "- a\n",
                  "1:1: the file is a map; its keys are listeners, routes, upstreams, timeouts, websocket, "
                  "limits, trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"AScalar", "hello\n",
                  "1:1: the file is a map; its keys are listeners, routes, upstreams, timeouts, websocket, "
                  "limits, trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"ANull", "~\n",
                  "1:1: the file is a map; its keys are listeners, routes, upstreams, timeouts, websocket, "
                  "limits, trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"OnlyTheMark", "---\n",
                  "2:1: the file is a map; its keys are listeners, routes, upstreams, timeouts, websocket, "
                  "limits, trusted_proxies, underscores, log, drain, metrics, admin and workers"},
        ErrorCase{"SecondDocument",
                  "listeners: { http: { address: \":80\" } }\n"
                  "---\n"
                  "routes: []\n",
                  "2:1: a second document, or text behind the first; write one document per file"},
        ErrorCase{"EmptySecondDocument",
                  "listeners: { http: { address: \":80\" } }\n"
                  "---\n",
                  "2:1: a second document, or text behind the first; write one document per file"},
        ErrorCase{"TextBehindTheDocument",
                  "{ listeners: 1 }\n"
                  "x: 1\n",
                  "2:1: a second document, or text behind the first; write one document per file"},
        ErrorCase{"DuplicateKey",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: 1\n"
                  "workers: 2\n",
                  "3:1: the key \"workers\" stands twice, first in line 2; keep one"},
        ErrorCase{"DuplicateInAFreeMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { A: x, A: y } }\n",
                  "5:37: the key \"A\" stands twice, first in line 5; keep one"},
        ErrorCase{"MergeKey",
                  "x: &x { a: 1 }\n"
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - <<: *x\n"
                  "    respond: {}\n",
                  "1:1: unknown key \"x\"; the keys here are listeners, routes, upstreams, timeouts, "
                  "websocket, limits, trusted_proxies, underscores, log, drain, metrics, admin and workers\n"
                  "4:5: merge keys (\"<<\") are not supported; write the keys out"},
        ErrorCase{
            "KeyThatIsAList",
            "listeners: { http: { address: \":80\" } }\n"
            "? [a]\n"
            ": b\n",
            "2:3: a list or map as a key; write a name before the colon (quotes, if it begins with [ or {)"},
        ErrorCase{"KeyThatIsNull",
                  "listeners: { http: { address: \":80\" } }\n"
                  "~: 1\n",
                  "2:1: a key without a name; write a name before the colon (null and ~ need quotes)"},
        ErrorCase{
            "KeyThatIsAMap",
            "listeners: { http: { address: \":80\" } }\n"
            "{ a: 1 }: b\n",
            "2:1: a list or map as a key; write a name before the colon (quotes, if it begins with [ or {)"},
        ErrorCase{"Tag",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: !!int 3\n",
                  "2:10: the tag \"tag:yaml.org,2002:int\" means nothing here; remove it"},
        ErrorCase{"TagOnAMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: !x { level: info }\n",
                  "2:6: the tag \"!x\" means nothing here; remove it"},
        ErrorCase{"AliasInsideItsAnchor",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: &r [*r]\n",
                  "2:13: an alias inside its own anchor; write the value out"},
        ErrorCase{"UnknownAnchor",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: *w\n",
                  "2:10: *w needs quotes because it begins with \"*\"; write \"*w\""},
        ErrorCase{"InvalidUtf8",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: \"\377\"\n",
                  "2:11: invalid UTF-8; save the file as UTF-8"},
        ErrorCase{"OverlongUtf8",
                  "listeners: { http: { address: \":80\" } }\n"
                  "# \300\257\n",
                  "2:3: invalid UTF-8; save the file as UTF-8"},
        ErrorCase{"Surrogate",
                  "listeners: { http: { address: \":80\" } }\n"
                  "# \355\240\200\n",
                  "2:3: invalid UTF-8; save the file as UTF-8"},
        ErrorCase{"TruncatedUtf8",
                  "listeners: { http: { address: \":80\" } }\n"
                  "# \342\202",
                  "2:3: invalid UTF-8; save the file as UTF-8"},
        ErrorCase{"NulByte", std::string("a\000b", 3),
                  "1:2: a control character; remove it, or is this a binary file?"},
        ErrorCase{"EndOfTransmission",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: 1\n"
                  "\004\n"
                  "nonsense: 1\n",
                  "3:1: a control character; remove it, or is this a binary file?"},
        ErrorCase{"EscapedControl",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { access: \"a\\x04b\" }\n",
                  "2:16: a control character in \"a\\x04b\"; remove its escape"},
        ErrorCase{
            "TooDeep",
            "listeners: { http: { address: \":80\" } }\n"
            "routes: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
            "2:40: lists and maps more than 32 deep; no key is that deep, close some"},
        ErrorCase{"TabIndentation",
                  "listeners:\n"
                  "\011http: 1\n",
                  "2:6: a tab in the indentation; YAML is indented with spaces"},
        ErrorCase{"UnclosedQuote",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: \"1\n",
                  "2:10: a quote that is not closed; write the closing one"},
        ErrorCase{"UnclosedList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: [\n",
                  "3:1: a \"[\" that is not closed; write its \"]\""},
        ErrorCase{"UnclosedMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { level: info\n",
                  "3:1: a \"{\" that is not closed; write its \"}\""},
        ErrorCase{"SurplusBracket",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes: []]\n",
                  "2:11: a \"]\" or \"}\" that nothing opened; remove it"},
        ErrorCase{"ColonInValue",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: a: b\n",
                  "2:7: a \":\" where none can stand; put a value that holds \": \" in quotes, else check "
                  "the indentation"},
        ErrorCase{"WrongIndentation",
                  "listeners: { http: { address: \":80\" } }\n"
                  "routes:\n"
                  "  - host: a\n"
                  "   path: b\n",
                  "4:4: this does not fit the lines above; check the indentation, and that every key has its "
                  "colon"},
        ErrorCase{"AtSign",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: @x\n",
                  "2:10: @x needs quotes because of its first character; write \"@x\""},
        ErrorCase{"Percent",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: %x\n",
                  "2:10: %x needs quotes because of its first character; write \"%x\""},
        ErrorCase{"Backtick",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: `x`\n",
                  "2:10: `x` needs quotes because of its first character; write \"`x`\""}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Quotes, LoaderErrors,
    ::testing::Values(
        ErrorCase{"EnvironmentInAMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { access: ${env:X} }\n",
                  "2:17: ${env:X} needs quotes inside {} or []; write \"${env:X}\""},
        ErrorCase{"EnvironmentInAList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "trusted_proxies: [${env:X:-10.0.0.0/8}, ::1]\n",
                  "2:20: ${env:X:-10.0.0.0/8} needs quotes inside {} or []; write \"${env:X:-10.0.0.0/8}\""},
        ErrorCase{"EnvironmentInsideAWord",
                  "listeners: { http: { address: \":80\" } }\n"
                  "log: { access: a/${env:X}/b }\n",
                  "2:19: a/${env:X}/b needs quotes inside {} or []; write \"a/${env:X}/b\""},
        ErrorCase{"VariableInAMap",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    request_headers: { set: { A: ${remote_addr} } }\n",
                  "5:35: ${remote_addr} needs quotes inside {} or []; write \"${remote_addr}\""},
        ErrorCase{"Star",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    host: *.example.com\n",
                  "5:11: *.example.com needs quotes because it begins with \"*\"; write \"*.example.com\""},
        ErrorCase{"StarInAList",
                  "listeners: { http: { address: \":80\" } }\n"
                  "upstreams: { app: http://localhost:3000 }\n"
                  "routes:\n"
                  "  - upstream: app\n"
                  "    host: [a.example.com, *.example.com]\n",
                  "5:27: *.example.com needs quotes because it begins with \"*\"; write \"*.example.com\""},
        ErrorCase{"Brackets",
                  "listeners:\n"
                  "  web:\n"
                  "    address: [::]:80\n",
                  "3:18: [::]:80 needs quotes because it begins with \"[\"; write \"[::]:80\""},
        ErrorCase{"BracketsInAMap", "listeners: { web: { address: [::1]:80 } }\n",
                  "1:35: [::1]:80 needs quotes because it begins with \"[\"; write \"[::1]:80\""},
        ErrorCase{"OnlyBrackets",
                  "listeners:\n"
                  "  web:\n"
                  "    address: [::]\n",
                  "3:14: \"address\" is a list here; write one value (in quotes, if it begins with \"[\")"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Environment, LoaderErrors,
    ::testing::Values(
        ErrorCase{"Missing",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: ${env:TIDEGATE_TEST_UNSET}\n",
                  "2:10: the environment variable TIDEGATE_TEST_UNSET is not set; set it, or write "
                  "${env:TIDEGATE_TEST_UNSET:-default}"},
        ErrorCase{"BadName",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: ${env:1X}\n",
                  "2:10: \"1X\" is not the name of an environment variable; write ${env:NAME} or "
                  "${env:NAME:-default}"},
        ErrorCase{"NotClosed",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: \"${env:X\"\n",
                  "2:10: \"${env:\" without its \"}\"; write ${env:NAME} or ${env:NAME:-default}"},
        ErrorCase{"EmptyIsUsedWithoutADefault",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: ${env:TIDEGATE_TEST_EMPTY}\n",
                  "2:10: \"\" does not fit \"workers\"; write auto, or a number from 1 to 256"},
        ErrorCase{"InWrongPlace",
                  "listeners: { http: { address: \":80\" } }\n"
                  "workers: ${env:TIDEGATE_TEST_SET}\n",
                  "2:10: \"8080\" does not fit \"workers\"; write auto, or a number from 1 to 256"}),
    case_name);

}  // namespace tidegate::conf
