#include "tests/integration/gateway.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <utility>

#include "conf/yaml_loader.h"

namespace tidegate::test {
namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string complaints(const Diagnostics& diagnostics) {
  std::string all;
  for (const Diagnostic& diagnostic : diagnostics.list()) all += to_string(diagnostic) + "\n";
  return all;
}

}  // namespace

Gateway::Gateway(std::string yaml) : Gateway(std::move(yaml), [](conf::Config&) {}) {}

Gateway::Gateway(std::string yaml, Amend amend) : yaml_(complete(std::move(yaml))), amend_(std::move(amend)) {
  const auto load = [this](Diagnostics& found) {
    auto config = conf::load_yaml_text(yaml_, "test.yaml", dir(), found);
    if (config) amend_(*config);
    return config;
  };
  Diagnostics diagnostics;
  auto config = load(diagnostics);
  std::promise<void> accepting;
  server_ = std::make_unique<server::Server>(server::Server::Options{
      .handle_signals = false,
      .on_accepting = [&accepting] { accepting.set_value(); },
      .load = load,
      .parse =
          [this](const std::string& text, const std::string& file, Diagnostics& found) {
            return conf::load_yaml_text(text, file.empty() ? "plan.yaml" : file, dir(), found);
          }});
  metrics_ = std::make_unique<admin::MetricsListener>(*server_);
  control_ = std::make_unique<admin::ControlListener>(
      *server_, admin::ControlListener::Program{.version = "test", .config_file = dir() + "/test.yaml"});
  if (!config || !server_->start(std::make_shared<const conf::Config>(*std::move(config)), diagnostics)) {
    ADD_FAILURE() << "the gateway does not start:\n" << complaints(diagnostics) << yaml_;
    std::abort();
  }
  thread_ = std::thread([this] { server_->run(); });
  accepting.get_future().wait();
}

std::string Gateway::complete(std::string yaml) const {
  replace_all(yaml, "${dir}", dir());
  if (yaml.find("\nlog:") == std::string::npos) yaml += "\nlog: { access: " + dir() + "/access.log }\n";
  if (yaml.find("\nworkers:") == std::string::npos) yaml += "workers: 2\n";
  return yaml;
}

server::ReloadResult Gateway::reloaded(std::string yaml) {
  yaml_ = complete(std::move(yaml));
  std::promise<server::ReloadResult> reloaded;
  server_->reload([&reloaded](const server::ReloadResult& result) { reloaded.set_value(result); });
  return reloaded.get_future().get();
}

server::ReloadResult Gateway::plan(std::string yaml) {
  std::promise<server::ReloadResult> planned;
  server_->plan(complete(std::move(yaml)), "",
                [&planned](const server::ReloadResult& result) { planned.set_value(result); });
  return planned.get_future().get();
}

std::string Gateway::in_front_of(const std::string& upstream, const std::string& more,
                                 const std::string& route) {
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - path: /\n    upstream: app\n" +
         route + "upstreams:\n  app: " + upstream + "\n" + more;
}

Gateway::~Gateway() {
  if (!stopped_) drain();
  const server::Totals totals = server_->totals();
  EXPECT_EQ(0u, server_->residents());
  EXPECT_EQ(totals.tunnels_opened, totals.tunnels_closed);
}

std::uint16_t Gateway::port(std::size_t listener) const {
  return server_->addresses().at(listener).port;
}

bool Gateway::empties() {
  return eventually([this] { return server_->residents() == 0; });
}

std::vector<std::string> Gateway::access_log(std::size_t at_least) {
  std::vector<std::string> lines;
  EXPECT_TRUE(eventually([&] {
    lines.clear();
    std::ifstream in(dir() + "/access.log");
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines.size() >= at_least;
  })) << "the access log has "
      << lines.size() << " lines";
  return lines;
}

void Gateway::drain() {
  server_->begin_drain();
  join();
}

void Gateway::stop_now() {
  server_->stop_now();
  join();
}

void Gateway::join() {
  thread_.join();
  stopped_ = true;
}

std::string handshake_request(const std::string& path, const std::string& more) {
  return "GET " + path +
         " HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

std::string handshake_response(const std::string& more) {
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
         more + "\r\n";
}

std::string frame(int opcode, std::string_view payload, bool masked, bool fin) {
  std::string out;
  out += static_cast<char>((fin ? 0x80 : 0) | opcode);
  const int mask = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask | static_cast<int>(payload.size()));
  } else {
    const int width = payload.size() < 65536 ? 2 : 8;
    out += static_cast<char>(mask | (width == 2 ? 126 : 127));
    for (int i = width - 1; i >= 0; --i) out += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  }
  if (!masked) return out.append(payload);
  const std::string key = "\x01\x02\x03\x04";
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
  return out;
}

std::string close_frame(int code, bool masked) {
  const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return frame(8, payload, masked);
}

OpenTunnel::OpenTunnel(Gateway& gateway, ScriptedUpstream& scripted, int receive_buffer)
    : client(Peer::connect(gateway.port(), receive_buffer)), upstream(-1) {
  client.send(handshake_request());
  upstream = scripted.accept(receive_buffer);
  upstream.read_head();
  upstream.send(handshake_response());
  EXPECT_EQ(0u, client.read_head().find("HTTP/1.1 101 "));
}

}  // namespace tidegate::test
