#pragma once

#include <nlohmann/json.hpp>

// Answers of the admin API as docs/reference/admin-api.md shows them.

namespace tidegate::control {

inline nlohmann::json status_answer() {
  return nlohmann::json::parse(R"({
    "version": "0.1.0", "pid": 4711, "config": "/etc/tidegate/tidegate.yaml",
    "started_at": "2026-11-21T08:00:00Z", "uptime_seconds": 4242.1, "state": "running", "drain": null,
    "reload": { "succeeded": 3, "failed": 0, "last_succeeded": true, "last_success_at": "2026-11-21T08:30:00Z" },
    "connections": { "active": 12, "total": 3400 },
    "tunnels": { "active": 10, "opened": 210, "closed": 200, "limit": null }, "requests": 5120,
    "messages": { "to_upstream": 10200, "to_client": 10150 }, "bytes": { "to_upstream": 652800, "to_client": 649600 },
    "workers": [ { "index": 0, "tunnels": 5, "loop_lag_seconds": 0.0002 } ],
    "listeners": [ { "name": "https", "address": "[::]:8443", "tls": true, "connections_active": 12,
                     "connections_total": 3400 } ],
    "certificates": [ { "listener": "https", "name": "example.com", "not_after": "2027-01-20T00:00:00Z",
                        "days_left": 60 } ],
    "slowest_handshakes": [ { "id": "0123456789abcdef", "at": "2026-11-21T08:29:00Z", "route": "chat",
                              "server": "http://chat-1:3000",
                              "seconds": { "total": 0.31, "connect": 0.3, "response": 0.01 } } ],
    "last_errors": [ { "at": "2026-11-21T08:28:00.123Z", "level": "error", "area": "upstream",
                       "message": "refused", "id": "0123456789abcdef" } ] })");
}

inline nlohmann::json upstreams_answer() {
  return nlohmann::json::parse(R"([
    { "name": "chat", "balance": "least_tunnels", "servers": [
      { "address": "http://chat-1:3000", "weight": 1, "configured_weight": 1, "backup": false, "state": "up",
        "reachable": true, "tunnels": 5, "max_tunnels": null },
      { "address": "http://chat-2:3000", "weight": 3, "configured_weight": 1, "backup": true, "state": "drain",
        "reachable": false, "tunnels": 0, "max_tunnels": 100 } ] },
    { "name": "app", "balance": "round_robin", "servers": [
      { "address": "http://app:3000", "weight": 1, "configured_weight": 1, "backup": false, "state": "up",
        "reachable": true, "tunnels": 0, "max_tunnels": null } ] } ])");
}

inline nlohmann::json tunnels_answer() {
  return nlohmann::json::parse(R"({ "total": 2,
    "tunnels": [
      { "id": "0123456789abcdef", "state": "open", "listener": "https", "route": "chat", "upstream": "chat",
        "server": "http://chat-1:3000", "remote_addr": "192.0.2.7", "host": "chat.example.com", "path": "/ws/room",
        "age_seconds": 62.5, "idle_seconds": 0.2, "messages": { "to_upstream": 40, "to_client": 41 },
        "bytes": { "to_upstream": 2560, "to_client": 2624 } },
      { "id": "fedcba9876543210", "state": "closing", "listener": "https", "route": "chat", "upstream": "chat",
        "server": "http://chat-2:3000", "remote_addr": "2001:db8::1", "host": "chat.example.com", "path": "/ws/b",
        "age_seconds": 5, "idle_seconds": 5, "messages": { "to_upstream": 0, "to_client": 0 },
        "bytes": { "to_upstream": 0, "to_client": 0 } } ] })");
}

}  // namespace tidegate::control
