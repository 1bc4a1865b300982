// What is written loads again as an equal configuration, and reads as a person would write it.
#include "conf/yaml_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "conf/yaml_document.h"
#include "conf/yaml_loader.h"
#include "conf/yaml_text.h"

namespace tidegate::conf {
namespace {

std::string read(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Config load(const std::string& yaml) {
  Diagnostics diagnostics;
  auto config = load_yaml_text(yaml, "t.yaml", "/etc/tidegate", diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.severity == Diagnostic::Severity::error)
      ADD_FAILURE() << to_string(diagnostic) << "\n" << yaml;
  }
  return config.value_or(Config{});
}

/// Sockets are written with whole paths, so that only the text of relative ones differs.
void forget_relative_sockets(Config& config) {
  const auto forget = [](auto& address) {
    if (!address.unix_path.empty()) address.text = "unix:" + address.unix_path;
  };
  for (Listener& listener : config.listeners) forget(listener.address);
  for (Upstream& upstream : config.upstreams) {
    for (Server& server : upstream.servers) forget(server);
  }
  for (ListenAddress& address : config.admin) forget(address);
}

TEST(YamlWriter, WritesWhatLoadsAgainAsAnEqualConfiguration) {
  const std::string root = TIDEGATE_SOURCE_DIR;
  for (const char* file : {"/tests/data/conf/every-key.yaml", "/conf/tidegate.yaml",
                           "/conf/debian/tidegate.yaml", "/conf/docker/tidegate.yaml"}) {
    Config config = load(read(root + file));
    forget_relative_sockets(config);
    const std::string written = write_yaml(config);
    EXPECT_EQ(load(written), config) << file << " is written as\n" << written;
    EXPECT_EQ(write_yaml(load(written)), written);
  }
}

TEST(YamlWriter, KeepsWhatRoutesOverride) {
  const Config config = load(R"(
listeners: { a: { address: ":80", redirect: "https://$host$request_uri" }, b: { address: "[::1]:0" } }
routes:
  - { path: /a, upstream: app, websocket: { idle_timeout: 0s, max_message: none, max_tunnels: none }, underscores: drop }
  - { path: /b, upstream: app, timeouts: { connect: 5s, response: 0s }, limits: { body: none } }
  - { path: /c, respond: {} }
  - { path: /c, match: { methods: [GET] }, respond: { body: x } }
  - { name: /d, path: /c, match: { methods: [PUT] }, redirect: https }
  - { path: /d, upstream: app }
upstreams: { app: [http://a, http://b] }
websocket: { idle_timeout: 2h, max_message: 1MiB, max_tunnels: 7 }
timeouts: { connect: 9s, response: 10s }
limits: { body: 1MiB, tunnels: none }
underscores: allow
)");
  EXPECT_EQ(load(write_yaml(config)), config) << write_yaml(config);
}

TEST(YamlWriter, LooksLikeAPersonsFile) {
  const std::string text = R"(# One line above all.

listeners:
  http:
    address: ":80"
    redirect: https
    acme_challenge: /var/www/html
  https:
    address: ":443"
    tls:
      certificates:
        - { certificate: /etc/tls/a.pem, private_key: /etc/tls/a.key }
        - certificate: /etc/letsencrypt/live/www.yourdomain.example.com/fullchain.pem
          private_key: /etc/letsencrypt/live/www.yourdomain.example.com/privkey.pem

routes:
  - host: [chat.example.com, "*.chat.example.com"]
    path: { prefix: /socket/, before_regex: true }
    upstream: chat
    rewrite: { strip_prefix: /socket }
    response_headers: { set: { Strict-Transport-Security: max-age=63072000 }, remove: [Server] }
    timeouts: { response: 10m }
  # Why this is here.
  - path: { regex: '^/room/\d+$' }
    respond: { status: 404 }
  - { host: chat.example.com, path: { exact: /chat }, redirect: /chat/$is_args$args }
  # And what is not.

upstreams:
  app: http://localhost:3000
  chat:
    servers: [http://10.0.0.1:3000, { address: http://10.0.0.2:3000, weight: 2 }]
    balance: least_tunnels
    keepalive: { max: 16 }

# Of nginx's own.
limits: { body: 1MiB }
log: { access: off, format: combined }
workers: 2
)";
  Config config = load(text);
  YamlNotes notes;
  notes.head = {"One line above all."};
  notes.above["routes[1]"] = {"Why this is here."};
  notes.above["routes[3]"] = {"And what is not."};
  notes.above["limits"] = {"Of nginx's own."};
  notes.one_line = {2};
  EXPECT_EQ(write_yaml(config, notes), text);
}

TEST(YamlWriter, BreaksLongComments) {
  Config config;
  config.workers = 3;
  YamlNotes notes;
  notes.above["workers"] = {"word " + std::string(120, 'x') + " " + std::string(60, 'y') + " end"};
  EXPECT_EQ(write_yaml(config, notes), "listeners:\n\n# word\n# " + std::string(120, 'x') + "\n# " +
                                           std::string(60, 'y') + " end\nworkers: 3\n");
}

const char* const kStrings[] = {"yes",
                                "No",
                                "on",
                                "null",
                                "~",
                                "Null",
                                "true",
                                "0x10",
                                "0o7",
                                "1",
                                "-1",
                                "1.5",
                                "1e3",
                                ".5",
                                "+1",
                                "12:30:45",
                                "2026-11-21",
                                "1_000",
                                ".inf",
                                "-.inf",
                                "",
                                " ",
                                " a",
                                "a ",
                                "a: b",
                                "a:",
                                ":a",
                                "a #b",
                                "#a",
                                "a#b",
                                "- a",
                                "-",
                                "-a",
                                "?",
                                "? a",
                                "*.example.com",
                                "&a",
                                "!a",
                                "|",
                                ">",
                                "%a",
                                "@a",
                                "`a",
                                "[a",
                                "a]",
                                "{a}",
                                "a,b",
                                "a, b",
                                "'a'",
                                "\"a\"",
                                "a'b",
                                "a\"b",
                                "it's \"both\"",
                                "a\\b",
                                "\\d+'\"",
                                "line\nbreak\n",
                                "\n",
                                "tab\there",
                                "cr\r\n",
                                "\xc3\xa9t\xc3\xa9",
                                "\xe2\x80\xa8",
                                "\xef\xbb\xbf",
                                "\xf0\x9f\x8c\x8a",
                                "<<",
                                "=",
                                "$host",
                                "$request_uri",
                                "https://$host:8443$request_uri",
                                "::1",
                                "[::]:80",
                                "http://[::1]:3000",
                                "a\xc2\x85z",
                                "---",
                                "...",
                                "--- a",
                                "0",
                                "00",
                                "0b1",
                                "max-age=63072000; includeSubDomains",
                                "no-store, no-cache"};

/// The value that a document `key: SCALAR`, `[SCALAR]` ... has.
std::string value_in(const std::string& document, const std::string& what) {
  Diagnostics diagnostics;
  const auto root = yaml::parse_document(document, "t.yaml", diagnostics);
  if (!root || diagnostics.failed()) {
    ADD_FAILURE() << what << ": " << document;
    return {};
  }
  const yaml::Node* node = root->entries.empty() ? &root->items.front() : &root->entries.front().value;
  while (node->kind != yaml::Node::Kind::scalar && (!node->items.empty() || !node->entries.empty())) {
    node = node->items.empty() ? &node->entries.front().value : &node->items.front();
  }
  EXPECT_EQ(node->kind, yaml::Node::Kind::scalar) << document;
  return node->text;
}

TEST(YamlScalar, IsReadAsTheSameStringWhereverItStands) {
  for (const std::string value : kStrings) {
    const std::string block = yaml::scalar(value, false);
    const std::string flow = yaml::scalar(value, true);
    EXPECT_EQ(value_in("a: " + block + "\n", "block"), value);
    EXPECT_EQ(value_in("- " + block + "\n", "item"), value);
    EXPECT_EQ(value_in("[" + flow + ", b]\n", "flow"), value);
    EXPECT_EQ(value_in("[b: " + flow + ", c: d]\n", "pair"), value);
    EXPECT_EQ(value_in("a: { b: " + flow + " }\n", "map"), value);
    EXPECT_EQ(value_in("a: { b: [" + flow + "] }\n", "list"), value);
  }
}

TEST(YamlScalar, IsAKeyToo) {
  for (const std::string value : kStrings) {
    Diagnostics diagnostics;
    const auto root = yaml::parse_document(yaml::scalar(value, false) + ": x\n", "t.yaml", diagnostics);
    const auto flow =
        yaml::parse_document("{ " + yaml::scalar(value, true) + ": x }\n", "t.yaml", diagnostics);
    ASSERT_TRUE(root && flow && !diagnostics.failed()) << value;
    EXPECT_EQ(root->entries.front().key, value);
    EXPECT_EQ(flow->entries.front().key, value);
  }
}

TEST(YamlScalar, HasQuotesOnlyWhereTheyHelp) {
  for (const char* plain : {"app", "/ws/", "http://localhost:3000", "unix:/run/app.sock", "$remote_addr",
                            "max-age=63072000; includeSubDomains", "10.0.0.0/8", "TLSv1.2", "127.0.0.1:80x",
                            "https://$host$request_uri", "^/room/"}) {
    EXPECT_EQ(yaml::scalar(plain, true), plain);
  }
  EXPECT_EQ(yaml::scalar(":80", false), "\":80\"");
  EXPECT_EQ(yaml::scalar("127.0.0.1:80", false), "\"127.0.0.1:80\"");
  EXPECT_EQ(yaml::scalar("yes", false), "\"yes\"");
  EXPECT_EQ(yaml::scalar("^/room/\\d{2}$", true), "'^/room/\\d{2}$'");
  EXPECT_EQ(yaml::scalar("a, b", false), "a, b");
  EXPECT_EQ(yaml::scalar("a, b", true), "\"a, b\"");
}

TEST(YamlScalar, GoesThroughTheWholeWriter) {
  for (const std::string value : kStrings) {
    Config config = load("listeners: { a: { address: \":80\" } }\n");
    Route route;
    route.respond = Respond{200, {value, {}}, "text/plain"};
    route.name = "/";
    if (value.find_first_of("\r\n\t") == std::string::npos) {
      route.response_headers.set = {{"X-A", {value, {}}}};
      route.match.query = {{value, value}};
    }
    config.routes = {route};
    EXPECT_EQ(load(write_yaml(config)), config) << write_yaml(config);
  }
}

}  // namespace
}  // namespace tidegate::conf
