#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::control {

/// Fit for a terminal: controls (of C0, C1, and those that turn or hide what is written) and what is not
/// UTF-8 become \x1b, \u{202e}. What peers sent must not steer an operator's terminal.
std::string printable(std::string_view text);

/// How many columns it takes: code points of UTF-8.
std::size_t width(std::string_view text);
/// Cut to so many columns, the last of which is then "…".
std::string fit(std::string_view text, std::size_t columns);

/// 5120
std::string count_text(double value);
/// 0, 7.5, 1234: a number per second, with a digit behind the point where it is small.
std::string rate_text(double value);
/// 640 B, 12.5 KiB
std::string bytes_text(double bytes);
/// 200us, 1.5ms, 2.0s, 45s, 3m12s, 2h05m, 3d04h
std::string span_text(double seconds);
/// "2026-11-21T08:30:00Z" as "2026-11-21 08:30:00 UTC"; what is not a time as it is.
std::string time_text(std::string_view rfc3339);
/// In UTC; nothing where it is not a time.
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_time(std::string_view rfc3339);

/// "1 tunnel", "2 tunnels"
std::string plural(double count, std::string_view what);

}  // namespace tidegate::control
