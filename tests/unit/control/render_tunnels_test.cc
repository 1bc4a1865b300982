#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/text.h"
#include "tests/unit/control/answers.h"

namespace tidegate::control {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RenderTunnels, IsALinePerTunnel) {
  EXPECT_EQ(render_tunnels(tunnels_answer(), Table::kUnbounded),
            "ID                STATE      AGE   IDLE  CLIENT       ROUTE  SERVER              HOST           "
            "   PATH      "
            "MSGS UP  MSGS DOWN  BYTES UP  BYTES DOWN\n"
            "0123456789abcdef  open     1m03s  200ms  192.0.2.7    chat   http://chat-1:3000  "
            "chat.example.com  /ws/room  "
            "     40         41   2.5 KiB     2.6 KiB\n"
            "fedcba9876543210  closing   5.0s   5.0s  2001:db8::1  chat   http://chat-2:3000  "
            "chat.example.com  /ws/b     "
            "      0          0       0 B         0 B\n");
}

TEST(RenderTunnels, FitsTheTerminal) {
  for (const std::size_t columns : {40u, 80u, 120u}) {
    const std::string text = render_tunnels(tunnels_answer(), columns);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), columns) << line;
    EXPECT_THAT(text, HasSubstr("0123456789abcdef"));
    EXPECT_THAT(text, HasSubstr("192.0.2.7")) << columns;
  }
}

TEST(RenderTunnels, SaysWhatItDoesNotShow) {
  json list = tunnels_answer();
  list["total"] = 2000;
  EXPECT_THAT(render_tunnels(list, 80), HasSubstr("2 of 2000 tunnels; more: --limit N\n"));
  EXPECT_EQ(render_tunnels(json{{"total", 0}, {"tunnels", json::array()}}, 80), "no tunnels\n");
}

TEST(RenderTunnels, LetsNobodySteerTheTerminal) {
  json list = tunnels_answer();
  list["tunnels"][0]["path"] = "/\x1b[31m\n";
  list["tunnels"][1]["id"] = "\xe2\x80\xae";
  const std::string text = render_tunnels(list, Table::kUnbounded);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("/\\x1b[31m\\x0a"));
  EXPECT_THAT(text, HasSubstr("\\u{202e}"));
}

}  // namespace
}  // namespace tidegate::control
