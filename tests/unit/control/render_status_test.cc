#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/control/render.h"
#include "tests/unit/control/answers.h"

namespace tidegate::control {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RenderStatus, IsAScreenful) {
  EXPECT_EQ(render_status(status_answer(), upstreams_answer()),
            R"(Tidegate 0.1.0, pid 4711, running for 1h10m, since 2026-11-21 08:00:00 UTC
configuration  /etc/tidegate/tidegate.yaml
reloads        3 applied, 0 refused; in force since 2026-11-21 08:30:00 UTC

             NOW  TOTAL
connections   12   3400
tunnels       10    210
requests           5120

          TO UPSTREAM  TO CLIENT
messages        10200      10150
bytes       637.5 KiB  634.4 KiB

LISTENER  ADDRESS    TLS  CONNECTIONS  TOTAL
https     [::]:8443  yes           12   3400

UPSTREAM  SERVER                       STATE  REACHABLE            WEIGHT   TUNNELS
chat      http://chat-1:3000           up     yes                       1         5
chat      http://chat-2:3000 (backup)  drain  no         3 (configured 1)  0 of 100
app       http://app:3000              up     yes                       1         0

CERTIFICATE  LISTENER  ENDS                     DAYS LEFT
example.com  https     2027-01-20 00:00:00 UTC         60

WORKER  TUNNELS  LOOP LAG
0             5     200us

SLOW HANDSHAKE    AT                       ROUTE  SERVER              TOTAL  CONNECT  RESPONSE
0123456789abcdef  2026-11-21 08:29:00 UTC  chat   http://chat-1:3000  310ms    300ms      10ms

last errors
  2026-11-21 08:28:00 UTC  error  upstream: refused  (0123456789abcdef)
)");
}

TEST(RenderStatus, TellsOfADrainAndOfARefusedReload) {
  json status = status_answer();
  status["state"] = "draining";
  status["drain"] = {{"began_at", "2026-11-21T09:00:00Z"},
                     {"deadline_at", "2026-11-21T09:00:25Z"},
                     {"initial", 12},
                     {"remaining", 3}};
  status["reload"]["last_succeeded"] = false;
  status["tunnels"]["limit"] = 5000;
  const std::string text = render_status(status, upstreams_answer());
  EXPECT_THAT(text, HasSubstr("draining for"));
  EXPECT_THAT(text, HasSubstr("3 of 12 left, cut at 2026-11-21 09:00:25 UTC"));
  EXPECT_THAT(text, HasSubstr("the last one was refused"));
  EXPECT_THAT(text, HasSubstr("10 of 5000"));
}

TEST(RenderStatus, SurvivesAnythingThatIsJson) {
  const json odd[] = {json(),
                      json::array(),
                      json::object(),
                      7,
                      "text",
                      json::array({1, "x", json::object()}),
                      json{{"workers", 7}, {"listeners", "x"}, {"reload", json::array()}, {"version", 1}}};
  for (const json& status : odd) {
    for (const json& upstreams : odd) EXPECT_THAT(render_status(status, upstreams), HasSubstr("Tidegate"));
    for (const json& list : odd) {
      const Look look{status, list, 1};
      EXPECT_NE(render_watch(&look, look, "age", 80, 24), "");
    }
    EXPECT_NE(render_tunnels(status, 80), "");
    EXPECT_NE(render_frame(status), "");
    EXPECT_NE(render_drain(status, {}, 80), "");
    render_differences(status);
    render_diagnostics(status);
  }
}

TEST(RenderStatus, LetsNobodySteerTheTerminal) {
  json status = status_answer();
  status["last_errors"][0]["message"] = "\x1b]0;title\x07 \x1b[2J";
  status["listeners"][0]["name"] = "a\nb";
  const std::string text = render_status(status, upstreams_answer());
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\\x1b]0;title\\x07 \\x1b[2J"));
  EXPECT_THAT(text, HasSubstr("a\\x0ab"));
}

TEST(RenderUpstreams, ShowsOneWhereItIsNamed) {
  EXPECT_EQ(render_upstreams(upstreams_answer(), "app"),
            "UPSTREAM  SERVER           STATE  REACHABLE  WEIGHT  TUNNELS\n"
            "app       http://app:3000  up     yes             1        0\n");
  EXPECT_EQ(render_upstreams(upstreams_answer(), "nobody"), "");
}

}  // namespace
}  // namespace tidegate::control
