// The clients of the measurements. For example
//
//     load --to 127.0.0.1:8443 --mode messages --connections 200 --size 64 --tls 1.3 --seconds 3
//
// --mode messages    WebSocket tunnels, one message of --size bytes outstanding on each; an operation is its
// echo
//        handshakes  connect, TLS, upgrade, close, and again; an operation is an opened tunnel
//        http        GETs on connections that stay, one outstanding on each; an operation is a response
//        idle        opens the tunnels and holds them until stdin ends
// --tls 1.2 | 1.3    with TLS of at most that version; --resume: with the session of the connection before
// --path, --host     what the request says; "/" and "localhost"
//
// With --seconds or --messages it measures once. Without, it is led through stdin, so that whoever measures
// the gateway can look at it between the steps: it says "ready" when all is open, then for each line "run 3s"
// (a time) or "run 10000" (operations) answers with one line of JSON, until stdin ends.

#include <bit>
#include <charconv>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/frames.h"
#include "tests/bench/load_connection.h"

namespace tidegate::bench {
namespace {

using Clock = Connection::Clock;
using std::chrono::nanoseconds;

enum class Mode { messages, handshakes, http, idle };

struct Options {
  Mode mode = Mode::messages;
  Plan plan;
  std::size_t connections = 100;
  std::string once;  // what would come as "run" from stdin
  TlsContext context;
};

/// Times in buckets that are 3 % wide.
class Histogram {
 public:
  void add(nanoseconds time) {
    const auto value = static_cast<std::uint64_t>(std::max<nanoseconds::rep>(time.count(), 1));
    const auto octave = static_cast<std::size_t>(std::bit_width(value) - 1);
    const std::size_t step = octave < kStepBits ? 0 : value >> (octave - kStepBits) & (kSteps - 1);
    ++counts_[octave * kSteps + step];
    ++total_;
  }
  /// In microseconds, the upper edge of the bucket.
  double percentile(double fraction) const {
    const double wanted = std::ceil(fraction * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen == 0 || static_cast<double>(seen) < wanted) continue;
      const double within = static_cast<double>(i % kSteps + 1) / kSteps;
      return std::ldexp(1.0 + within, static_cast<int>(i / kSteps)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr std::size_t kStepBits = 5;
  static constexpr std::size_t kSteps = 1 << kStepBits;
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(64 * kSteps);
  std::uint64_t total_ = 0;
};

/// Opens the connections and leads them through the runs.
class Load final : public ConnectionListener {
 public:
  explicit Load(const Options& options) : options_(options) {
    for (std::size_t i = 0; i < options.connections; ++i)
      connections_.push_back(std::make_unique<Connection>(options.plan, poller_, *this));
  }

  void open_all() {
    if (options_.mode == Mode::handshakes) return;
    constexpr std::size_t kAtOnce = 64;
    std::size_t started = 0;
    while (open_ < connections_.size()) {
      while (started < connections_.size() && started - open_ < kAtOnce) connections_[started++]->start();
      if (open_ < connections_.size()) turn();
    }
  }

  /// "3s" or a number of operations.
  void run(std::string_view what) {
    double amount = 0;
    const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), amount);
    if (error != std::errc{} || amount <= 0) fail("neither a time nor a number: " + std::string(what));
    const bool timed = end != what.data() + what.size() && *end == 's';
    begun_ = Clock::now();
    deadline_ =
        timed ? begun_ + nanoseconds(static_cast<nanoseconds::rep>(amount * 1e9)) : Clock::time_point::max();
    to_begin_ = timed ? ~std::uint64_t{0} : static_cast<std::uint64_t>(amount);
    done_ = resumed_ = 0;
    times_ = {};
    for (const auto& connection : connections_) begin_one(*connection);
    while (active_ > 0) turn();
    report(std::chrono::duration<double>(Clock::now() - begun_).count());
  }

 private:
  void on_open(Connection& connection) override {
    if (options_.mode != Mode::handshakes) {
      ++open_;
      return;
    }
    finish_one(connection);
    resumed_ += connection.resumed() ? 1 : 0;
    connection.stop();
    begin_one(connection);
  }

  void on_answer(Connection& connection) override {
    finish_one(connection);
    begin_one(connection);
  }

  void begin_one(Connection& connection) {
    if (to_begin_ == 0 || Clock::now() >= deadline_) return;
    --to_begin_;
    ++active_;
    if (options_.mode == Mode::handshakes) {
      connection.start();
    } else {
      connection.send_one();
    }
  }

  void finish_one(const Connection& connection) {
    times_.add(Clock::now() - connection.began());
    ++done_;
    --active_;
  }

  void turn() {
    constexpr int kPatienceMs = 10'000;
    const auto events = poller_.wait(kPatienceMs);
    if (events.empty()) fail("nothing came from the gateway for 10 s");
    for (const epoll_event& event : events) static_cast<Connection*>(event.data.ptr)->on_events(event.events);
  }

  void report(double seconds) const {
    std::cout << "{\"operations\": " << done_ << ", \"seconds\": " << seconds
              << ", \"per_second\": " << static_cast<double>(done_) / seconds
              << ", \"p50_us\": " << times_.percentile(0.50) << ", \"p99_us\": " << times_.percentile(0.99)
              << ", \"resumed\": " << resumed_ << "}" << std::endl;
  }

  const Options& options_;
  Poller poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t open_ = 0;
  std::size_t active_ = 0;  // operations begun and not done
  std::uint64_t to_begin_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t resumed_ = 0;
  Clock::time_point begun_;
  Clock::time_point deadline_;
  Histogram times_;
};

std::size_t to_number(const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) fail("not a number: " + text);
  return number;
}

Mode to_mode(const std::string& text) {
  const std::map<std::string, Mode> modes = {{"messages", Mode::messages},
                                             {"handshakes", Mode::handshakes},
                                             {"http", Mode::http},
                                             {"idle", Mode::idle}};
  const auto found = modes.find(text);
  if (found == modes.end()) fail("not a mode: " + text);
  return found->second;
}

/// A context for `version`, or for any if it is empty.
TlsContext to_context(const std::string& version) {
  TlsContext context = make_client_context();
  if (version != "1.2" && version != "1.3") fail("not a version of TLS: " + version);
  if (version == "1.2") SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  Connection::keep_sessions(context.get());
  return context;
}

void prepare(Plan& plan, Mode mode, const std::string& path, const std::string& host, std::size_t size) {
  plan.kind = mode == Mode::http ? Plan::Kind::http : Plan::Kind::tunnel;
  plan.request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
  if (mode != Mode::http) {
    plan.request +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  }
  plan.request += "\r\n";

  constexpr std::uint8_t kFinal = 0x80;
  constexpr MaskKey kKey = {'\x37', '\xfa', '\x21', '\x3d'};
  std::string payload;
  for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>('a' + i % 23));
  append_header(plan.echo, kFinal | kBinary, size, nullptr);
  plan.echo += payload;
  append_header(plan.message, kFinal | kBinary, size, &kKey);
  mask(payload, kKey, 0);
  plan.message += payload;
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  std::string path = "/";
  std::string host = "localhost";
  std::size_t size = 64;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--resume") {
      options.plan.resume = true;
      continue;
    }
    if (i + 1 == arguments.size()) fail("a value is missing for " + name);
    const std::string& value = arguments[++i];
    if (name == "--to") {
      options.plan.to = parse_endpoint(value);
    } else if (name == "--mode") {
      options.mode = to_mode(value);
    } else if (name == "--connections") {
      options.connections = to_number(value);
    } else if (name == "--size") {
      size = to_number(value);
    } else if (name == "--tls") {
      options.context = to_context(value);
    } else if (name == "--path") {
      path = value;
    } else if (name == "--host") {
      host = value;
    } else if (name == "--seconds") {
      options.once = value + "s";
    } else if (name == "--messages") {
      options.once = value;
    } else {
      fail("no such option: " + name);
    }
  }
  if (options.plan.to.port == 0) fail("--to ADDRESS:PORT is missing");
  options.plan.tls = options.context.get();
  prepare(options.plan, options.mode, path, host, size);
  return options;
}

void serve(const Options& options) {
  Load load(options);
  load.open_all();
  if (!options.once.empty()) return load.run(options.once);
  std::cout << "ready" << std::endl;
  constexpr std::string_view kRun = "run ";
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.starts_with(kRun) || options.mode == Mode::idle) fail("not a command in this mode: " + line);
    load.run(std::string_view(line).substr(kRun.size()));
  }
}

}  // namespace
}  // namespace tidegate::bench

int main(int argc, char** argv) {
  using namespace tidegate::bench;
  raise_descriptor_limit();
  serve(parse_options({argv + 1, argv + argc}));
}
