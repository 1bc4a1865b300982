#include "gateway/upstream/directory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/resolver.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/balancer.h"

namespace tidegate::upstream {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

/// Resolvers rotate their answers: another order is not another answer.
bool same_addresses(const std::vector<IpAddress>& a, const std::vector<IpAddress>& b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

}  // namespace

struct Directory::Impl {
  /// One server whose name has to be looked up.
  struct Name final : net::Deadline {
    Name(Impl& d, std::size_t upstream_index, std::size_t server_index, const conf::Upstream& upstream)
        : directory(d),
          upstream_at(upstream_index),
          server_at(server_index),
          server(upstream.servers[server_index]),
          interval(upstream.resolve) {}

    void look_up();
    void on_answer(const std::vector<IpAddress>& found, int error);
    void on_deadline() override { look_up(); }
    milliseconds pause_before_next() const;

    Impl& directory;
    std::size_t upstream_at;
    std::size_t server_at;
    conf::Server server;
    milliseconds interval;
    std::vector<IpAddress> addresses;  ///< what was published last; empty: nothing yet
    int last_error = 0;                ///< of the last lookup, as logged; 0: it succeeded
    bool asked_once = false;
  };

  Impl(net::Loop& l, Publish p, std::function<void()> f)
      : loop(l), publish(std::move(p)), first_round(std::move(f)), resolver(l) {}
  void end_first_round();
  void on_name_asked_once();

  net::Loop& loop;
  Publish publish;
  std::function<void()> first_round;  ///< empty: it was called
  std::size_t names_pending = 0;      ///< of the first round
  std::vector<std::unique_ptr<Name>> names;
  net::DeadlineOf<Impl, &Impl::end_first_round> first_round_end{*this};
  net::Resolver resolver;  // the first to go: no answer comes once the rest is being destroyed
};

void Directory::Impl::end_first_round() {
  first_round_end.disarm();
  if (auto call = std::exchange(first_round, nullptr)) call();
}

void Directory::Impl::on_name_asked_once() {
  if (--names_pending == 0) end_first_round();
}

void Directory::Impl::Name::look_up() {
  directory.resolver.resolve(server.host,
                             [this](std::vector<IpAddress> found, int error) { on_answer(found, error); });
}

/// An interval of zero: the first answer counts for good. Until there is one we ask often: a name that comes
/// to exist a moment after us (containers that start together) must not cost a whole interval.
milliseconds Directory::Impl::Name::pause_before_next() const {
  constexpr milliseconds kOften = 1s;
  if (!addresses.empty()) return interval;
  return interval > 0ms ? std::min(interval, kOften) : kOften;
}

void Directory::Impl::Name::on_answer(const std::vector<IpAddress>& found, int error) {
  if (found.empty()) {
    if (error != last_error) {
      log::warning("upstream", "the name of server " + server.text +
                                   " cannot be looked up: " + net::error_text(error) +
                                   (addresses.empty() ? "" : "; its last addresses stay in use"));
    }
  } else if (last_error != 0) {
    log::info("upstream", "the name of server " + server.text + " is found now");
  }
  last_error = found.empty() ? error : 0;

  const bool changed = !found.empty() && !same_addresses(found, addresses);
  if (changed) addresses = found;
  arm(directory.loop.timers(), pause_before_next());

  if (changed) {
    std::vector<net::SocketAddress> out;
    for (const IpAddress& ip : found) out.push_back({ip, server.port, {}});
    directory.publish(upstream_at, server_at, std::move(out));
  }
  if (!std::exchange(asked_once, true)) directory.on_name_asked_once();
}

Directory::Directory(net::Loop& loop, const conf::Config& config, Publish publish,
                     std::function<void()> first_round)
    : impl_(std::make_unique<Impl>(loop, std::move(publish), std::move(first_round))) {
  for (std::size_t u = 0; u < config.upstreams.size(); ++u) {
    for (std::size_t s = 0; s < config.upstreams[u].servers.size(); ++s) {
      if (auto address = literal_address(config.upstreams[u].servers[s])) {
        impl_->publish(u, s, {std::move(*address)});
      } else {
        impl_->names.push_back(std::make_unique<Impl::Name>(*impl_, u, s, config.upstreams[u]));
      }
    }
  }
  impl_->names_pending = impl_->names.size();
  impl_->first_round_end.arm(loop.timers(), impl_->names.empty() ? 1ms : milliseconds(5s));
  for (const auto& name : impl_->names) name->look_up();
}

Directory::~Directory() = default;

}  // namespace tidegate::upstream
