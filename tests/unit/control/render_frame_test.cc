#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/control/render.h"

namespace tidegate::control {
namespace {

std::string rendered(const char* line) {
  return render_frame(nlohmann::json::parse(line));
}

TEST(RenderFrame, IsALineThatStandsInColumns) {
  EXPECT_EQ(rendered(R"({ "at": "2026-11-21T08:29:00.123456Z", "direction": "to_upstream", "opcode": "text",
                          "fin": true, "rsv": 4, "masked": true, "length": 64 })"),
            "08:29:00.123456  to upstream  text               64 bytes  fin rsv1 masked\n");
  EXPECT_EQ(
      rendered(R"({ "at": "2026-11-21T08:29:00.123456Z", "direction": "to_client", "opcode": "continuation",
                          "fin": false, "rsv": 3, "masked": false, "length": 1048576 })"),
      "08:29:00.123456  to client    continuation  1048576 bytes  rsv2 rsv3\n");
  EXPECT_EQ(rendered(R"({ "at": "2026-11-21T08:29:00.123456Z", "direction": "to_client", "opcode": "close",
                          "fin": true, "rsv": 0, "masked": false, "length": 2, "code": 1000 })"),
            "08:29:00.123456  to client    close               2 bytes  fin code 1000\n");
  EXPECT_EQ(rendered(R"({ "at": "2026-11-21T08:29:00.123456Z", "direction": "to_client", "opcode": "ping",
                          "fin": true, "rsv": 0, "masked": false, "length": 0, "from_gateway": true })"),
            "08:29:00.123456  to client    ping                0 bytes  fin from the gateway\n");
}

TEST(RenderFrame, TellsWhatWasDroppedAndTheEnd) {
  EXPECT_EQ(rendered(R"({"dropped": 12})"), "... 12 frames came faster than could be told\n");
  EXPECT_EQ(rendered(R"({"ended": true})"), "the tunnel has ended\n");
}

}  // namespace
}  // namespace tidegate::control
