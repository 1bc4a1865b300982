#include "gateway/admin/json.h"

#include <gtest/gtest.h>

namespace tidegate::admin {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

TEST(AdminJson, ReplacesWhatIsNotText) {
  EXPECT_EQ(to_text({{"path", "/\xff\n"}}), "{\"path\":\"/\\ufffd\\n\"}");
  EXPECT_EQ(to_text({{"path", "\xc2\x9b"}}), "{\"path\":\"\\u009b\"}") << "a terminal's control sequence";
}

TEST(AdminJson, TellsTimesInUtc) {
  const system_clock::time_point time(1'763'713'740s + 7'654us);
  EXPECT_EQ(to_rfc3339(time), "2025-11-21T08:29:00Z");
  EXPECT_EQ(to_rfc3339(time, Digits::milliseconds), "2025-11-21T08:29:00.007Z");
  EXPECT_EQ(to_rfc3339(time, Digits::microseconds), "2025-11-21T08:29:00.007654Z");
  EXPECT_EQ(to_rfc3339(system_clock::time_point(-1ms), Digits::milliseconds), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace tidegate::admin
