#include "tests/integration/scrape.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/integration/messages.h"

namespace tidegate::test {

std::string ask_metrics(const Gateway& gateway, const std::string& path, const std::string& method,
                        const std::string& fields) {
  Peer peer = Peer::connect(gateway.metrics_port());
  peer.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n");
  return peer.read_to_end();
}

Scrape::Scrape(const Gateway& gateway) {
  read(body_of(ask_metrics(gateway, "/metrics")));
}
Scrape::Scrape(const std::string& text) {
  read(text);
}

void Scrape::read(const std::string& text) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const std::size_t space = line.rfind(' ');
    if (line.starts_with("#") || space == std::string::npos) continue;
    const bool is_new = values_.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second;
    EXPECT_TRUE(is_new) << "twice: " << line;
  }
  EXPECT_FALSE(values_.empty()) << text;
}

double Scrape::of(const std::string& series) const {
  const auto found = values_.find(series);
  return found != values_.end() ? found->second : 0;
}

bool becomes(const Gateway& gateway, const std::string& series, double value) {
  double last = 0;
  const bool did = eventually([&] { return (last = Scrape(gateway).of(series)) == value; });
  EXPECT_TRUE(did) << series << " is " << last;
  return did;
}

}  // namespace tidegate::test
