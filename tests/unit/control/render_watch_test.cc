#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

/// Two looks, two seconds apart.
struct Scene {
  json status = status_answer();
  json list = tunnels_answer();
  json later_status = status_answer();
  json later_list = tunnels_answer();

  Scene() {
    later_status["messages"] = {{"to_upstream", 10220}, {"to_client", 10151}};
    later_status["bytes"] = {{"to_upstream", 652800 + 4096}, {"to_client", 649600}};
    later_list["tunnels"][0]["messages"] = {{"to_upstream", 60}, {"to_client", 42}};
    later_list["tunnels"][0]["bytes"] = {{"to_upstream", 2560 + 4096}, {"to_client", 2624}};
    later_list["tunnels"][1]["id"] = "aaaabbbbccccdddd";
  }
  std::string picture(std::size_t columns = Table::kUnbounded, std::size_t rows = 0) const {
    const Look before{status, list, 100};
    return render_watch(&before, {later_status, later_list, 102}, "messages", columns, rows);
  }
};

TEST(RenderWatch, ShowsTheDifferencesOfTwoLooksPerSecond) {
  EXPECT_EQ(Scene().picture(),
            R"(Tidegate 0.1.0  running  up 1h10m  10 tunnels  12 connections
to upstream 10 messages/s, 2.0 KiB/s   to client 0.5 messages/s, 0 B/s

ID                  AGE   IDLE  CLIENT       ROUTE  SERVER              PATH      MSGS/S  BYTES/S  MSGS    BYTES
0123456789abcdef  1m03s  200ms  192.0.2.7    chat   http://chat-1:3000  /ws/room      10  2.0 KiB   102  9.1 KiB
aaaabbbbccccdddd   5.0s   5.0s  2001:db8::1  chat   http://chat-2:3000  /ws/b          -        -     0      0 B
)");
}

TEST(RenderWatch, HasNoRatesAtFirst) {
  const Scene scene;
  const std::string text =
      render_watch(nullptr, {scene.status, scene.list, 100}, "age", Table::kUnbounded, 0);
  EXPECT_THAT(text, HasSubstr("to upstream 0 messages/s"));
  EXPECT_THAT(text, HasSubstr("/ws/room       -        -    81  5.1 KiB"));
}

TEST(RenderWatch, FillsTheTerminalAndNoMore) {
  Scene scene;
  for (int i = 0; i < 50; ++i) scene.later_list["tunnels"].push_back(scene.later_list["tunnels"][0]);
  for (const std::size_t columns : {20u, 80u, 200u}) {
    for (const std::size_t rows : {10u, 24u, 80u}) {
      const std::string text = scene.picture(columns, rows);
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n') + 1, static_cast<std::ptrdiff_t>(rows));
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), columns) << line;
    }
  }
  EXPECT_TRUE(scene.picture(80, 24).ends_with("by messages   m messages  b bytes  a age  q quit"));
}

TEST(RenderWatch, ACounterThatGoesBackIsNoNegativeRate) {
  Scene scene;
  std::swap(scene.status, scene.later_status);
  std::swap(scene.list, scene.later_list);
  scene.list["tunnels"][1]["id"] = scene.later_list["tunnels"][1]["id"];
  EXPECT_THAT(scene.picture(), HasSubstr("to upstream 0 messages/s, 0 B/s"));
}

}  // namespace
}  // namespace tidegate::control
