#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/control/render.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

TEST(RenderDifferences, SaysWhatBecomesOfTheTunnels) {
  const json answer = json::parse(R"({ "applied": true, "differences": [
    { "kind": "changed", "subject": "route", "name": "chat", "what": "timeouts.response: 60s -> 5m", "tunnels": 10,
      "consequence": "" },
    { "kind": "removed", "subject": "server", "name": "chat http://chat-2:3000", "what": "", "tunnels": 1,
      "consequence": "closed with 1001" },
    { "kind": "removed", "subject": "server", "name": "app http://app:3000", "what": "", "tunnels": 1,
      "consequence": "" },
    { "kind": "added", "subject": "listener", "name": "https", "what": "", "tunnels": 0, "consequence": "" },
    { "kind": "changed", "subject": "setting", "name": "workers", "what": "2 -> 4", "tunnels": 0,
      "consequence": "needs a restart" } ] })");
  EXPECT_EQ(render_differences(answer),
            "~ route chat: timeouts.response: 60s -> 5m  [10 live tunnels: they go on as they are]\n"
            "- server chat http://chat-2:3000  [1 live tunnel: closed with 1001]\n"
            "- server app http://app:3000  [1 live tunnel: it goes on as it is]\n"
            "+ listener https\n"
            "~ setting workers: 2 -> 4  [needs a restart]\n");
}

TEST(RenderDiagnostics, AreAsCheckWritesThem) {
  const json answer = json::parse(R"({ "applied": false, "diagnostics": [
    { "severity": "error", "file": "/etc/t.yaml", "line": 3, "column": 5, "message": "unknown key; try \"routes\"" },
    { "severity": "warning", "file": "/etc/t.yaml", "line": 0, "column": 0, "message": "a key readable by all" },
    { "severity": "error", "file": "", "line": 0, "column": 0, "message": "\u001b[2J" } ] })");
  EXPECT_EQ(render_diagnostics(answer),
            "/etc/t.yaml:3:5: unknown key; try \"routes\"\n"
            "/etc/t.yaml: warning: a key readable by all\n"
            "\\x1b[2J\n");
}

}  // namespace
}  // namespace tidegate::control
