// Two thousand tunnels that talk all the time, and a configuration, certificates and listeners that change
// under them: none may be lost, and nothing may stay behind.

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>

#include "tests/integration/gateway.h"
#include "tests/integration/soak/echo_upstream.h"
#include "tests/integration/soak/talkers.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // GCC ships no header that says so
#endif

namespace tidegate::test {
namespace {

constexpr std::size_t kTunnels = 2000;
constexpr std::size_t kDescriptorsPerTunnel = 4;
constexpr int kReloads = 100;
constexpr int kCertificates = 20;
constexpr int kListeners = 5;

/// What the server is started with and reloads.
class Scene {
 public:
  explicit Scene(std::string upstream) : upstream_(std::move(upstream)) { renew(); }

  void renew() {
    const Issued issued = authority_.issue({.names = {"example.com"}});
    dir_.write("cert.pem", issued.certificate);
    dir_.write("key.pem", issued.private_key);
  }

  /// Each number another configuration.
  std::string yaml(int number, bool with_more) const {
    return "listeners:\n  http: { address: \"127.0.0.1:0\" }\n  https:\n    address: \"127.0.0.1:0\"\n"
           "    tls: { certificates: [{ certificate: " +
           dir_.path() + "/cert.pem, private_key: " + dir_.path() + "/key.pem }] }\n" +
           (with_more ? "  more: { address: \"unix:" + dir_.path() + "/more.sock\" }\n" : "") +
           "routes:\n  - { name: all, path: /, upstream: app, timeouts: { response: " +
           std::to_string(number + 1) + "m } }\n  - { path: /not-asked-for-" + std::to_string(number) +
           ", respond: { status: 200 } }\nupstreams:\n  app: " + upstream_ + "\nlog: { access: off }\n";
  }

  const std::string& dir() const { return dir_.path(); }

 private:
  TempDir dir_;
  Authority authority_;
  std::string upstream_;
};

std::size_t tunnels_that_fit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min(kTunnels, static_cast<std::size_t>(limit.rlim_cur - 500) / kDescriptorsPerTunnel);
}

std::size_t configurations(Gateway& gateway) {
  std::promise<std::size_t> counted;
  gateway.server().loop().post([&] { counted.set_value(gateway.server().configurations()); });
  return counted.get_future().get();
}

TEST(ReloadSoak, LosesNoTunnelAndKeepsNoConfiguration) {
  EchoUpstream upstream;
  Scene scene(upstream.url());
  Gateway gateway(scene.yaml(0, false));
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  const std::size_t tunnels = tunnels_that_fit();

  Talkers talkers;
  talkers.connect(gateway.port(0), nullptr, tunnels / 2);
  talkers.connect(gateway.port(1), context, tunnels - tunnels / 2);
  talkers.start();
  const auto began = std::chrono::steady_clock::now();

  bool with_more = false;
  for (int i = 1; i <= kReloads && talkers.lost() == 0; ++i) {
    if (i % (kReloads / kCertificates) == 0) scene.renew();
    if (i % (kReloads / kListeners) == 0) with_more = !with_more;
    const std::uint64_t before = talkers.messages();
    ASSERT_TRUE(gateway.reload(scene.yaml(i, with_more))) << i;
    const Talker newcomer(gateway.port(static_cast<std::size_t>(i % 2)), i % 2 == 0 ? nullptr : context);
    EXPECT_EQ("", newcomer.complaint()) << i;
    EXPECT_TRUE(eventually([&] { return talkers.messages() > before + tunnels / 2 || talkers.lost() > 0; }))
        << i;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_TRUE(eventually([&] { return configurations(gateway) == 2; }))
      << "the one in force, and the first, under which the tunnels came in";
  EXPECT_TRUE(eventually([&] { return gateway.server().residents() == tunnels; })) << "newcomers have gone";
  talkers.stop();
  EXPECT_EQ(0u, talkers.lost()) << talkers.complaint();
  EXPECT_TRUE(gateway.empties());
  EXPECT_TRUE(eventually([&] { return configurations(gateway) == 1; }));
  std::cout << tunnels << " tunnels, " << talkers.messages() << " messages, " << kReloads << " reloads in "
            << took.count() << " s: " << talkers.lost() << " lost" << std::endl;
  SSL_CTX_free(context);
}

/// What the program has allocated and not freed.
std::size_t live_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

TEST(ReloadSoak, NeedsNoMoreMemoryAfterAHundred) {
  EchoUpstream upstream;
  Scene scene(upstream.url());
  Gateway gateway(scene.yaml(0, false));
  const auto reload = [&](int times) {
    for (int i = 1; i <= times; ++i) {
      const Talker passing(gateway.port(0), nullptr);
      ASSERT_TRUE(gateway.reload(scene.yaml(i, i % 2 == 0)));
    }
    ASSERT_TRUE(gateway.empties());
    ASSERT_TRUE(eventually([&] { return configurations(gateway) == 1; }));
  };
  reload(kReloads);  // what is allocated once, and tables that grow to their bounds
  const std::size_t before = live_bytes();
  reload(kReloads);
  EXPECT_LT(live_bytes(), before + 256 * 1024);
}

}  // namespace
}  // namespace tidegate::test
