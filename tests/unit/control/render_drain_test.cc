#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "gateway/control/render.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using nlohmann::json;
using namespace std::chrono;

constexpr Moment kNow = sys_days(2026y / November / 21) + 9h + 10s;

json draining(int initial, int remaining) {
  return {{"drain",
           {{"began_at", "2026-11-21T09:00:00Z"},
            {"deadline_at", "2026-11-21T09:00:25Z"},
            {"initial", initial},
            {"remaining", remaining}}}};
}

TEST(RenderDrain, IsABarAsLongAsThereIsRoom) {
  EXPECT_EQ(render_drain(draining(2000, 500), kNow, 120),
            "[##############################----------] 500 of 2000 connections and tunnels left, 15s to the "
            "deadline");
  EXPECT_EQ(render_drain(draining(2000, 500), kNow, 80),
            "[############----] 500 of 2000 connections and tunnels left, 15s to the deadline");
  for (std::size_t columns = 1; columns < 150; ++columns)
    EXPECT_LE(width(render_drain(draining(2000, 500), kNow, columns)), columns);
}

TEST(RenderDrain, IsWordsAloneWhereThereIsNoTerminal) {
  EXPECT_EQ(render_drain(draining(10, 3), kNow, 0),
            "3 of 10 connections and tunnels left, 15s to the deadline");
  EXPECT_EQ(render_drain(draining(10, 3), kNow + 1min, 0),
            "3 of 10 connections and tunnels left, 0us to the deadline");
  EXPECT_EQ(render_drain(json{{"drain", nullptr}}, kNow, 0), "the drain begins");
}

TEST(RenderDrain, ABarOfNothingIsFull) {
  EXPECT_TRUE(render_drain(draining(0, 0), kNow, 120)
                  .starts_with("[########################################] 0 of 0"));
  EXPECT_TRUE(render_drain(draining(2, 3), kNow, 120)
                  .starts_with("[----------------------------------------] 3 of 2"));
}

}  // namespace
}  // namespace tidegate::control
