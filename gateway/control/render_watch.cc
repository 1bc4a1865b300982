#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

constexpr const char* kKeys = "m messages  b bytes  a age  q quit";

struct Counts {
  double messages = 0;
  double bytes = 0;
};

double both_ways(const json& object, const char* key) {
  const json& counts = member(object, key);
  return number_of(counts, "to_upstream") + number_of(counts, "to_client");
}

std::map<std::string, Counts> counts_by_tunnel(const json& list) {
  std::map<std::string, Counts> counts;
  for (const json& each : member(list, "tunnels")) {
    counts[text_of(each, "id")] = {both_ways(each, "messages"), both_ways(each, "bytes")};
  }
  return counts;
}

/// Differences between two looks, by second. Without a first look there are none.
class Rates {
 public:
  Rates(const Look* before, const Look& now) : before_(before) {
    if (before == nullptr) return;
    seconds_ = now.at_seconds - before->at_seconds;
    tunnels_ = counts_by_tunnel(before->list);
  }

  std::string messages(const json& tunnel) const {
    return of(tunnel, both_ways(tunnel, "messages"), &Counts::messages, rate_text);
  }
  std::string bytes(const json& tunnel) const {
    return of(tunnel, both_ways(tunnel, "bytes"), &Counts::bytes, bytes_text);
  }
  /// Of the gateway as a whole: messages or bytes in one direction.
  double total(const Look& now, const char* what, const char* direction) const {
    if (before_ == nullptr || seconds_ <= 0) return 0;
    const double was = number_of(member(before_->status, what), direction);
    return std::max(0.0, (number_of(member(now.status, what), direction) - was) / seconds_);
  }

 private:
  std::string of(const json& tunnel, double value, double Counts::*counter,
                 std::string (*text)(double)) const {
    const auto was = tunnels_.find(text_of(tunnel, "id"));
    if (was == tunnels_.end() || seconds_ <= 0) return "-";
    return text(std::max(0.0, (value - was->second.*counter) / seconds_));
  }

  const Look* before_;
  double seconds_ = 0;
  std::map<std::string, Counts> tunnels_;
};

std::string head(const Look& now, const Rates& rates, std::size_t columns) {
  const json& status = now.status;
  const auto flow = [&](const char* direction) {
    return rate_text(rates.total(now, "messages", direction)) + " messages/s, " +
           bytes_text(rates.total(now, "bytes", direction)) + "/s";
  };
  const std::string first = "Tidegate " + text_of(status, "version") + "  " + text_of(status, "state") +
                            "  up " + span_text(number_of(status, "uptime_seconds")) + "  " +
                            plural(number_of(member(status, "tunnels"), "active"), "tunnel") + "  " +
                            plural(number_of(member(status, "connections"), "active"), "connection");
  const std::string second = "to upstream " + flow("to_upstream") + "   to client " + flow("to_client");
  return fit(first, columns) + "\n" + fit(second, columns) + "\n\n";
}

std::string top(const json& list, const Rates& rates, std::size_t columns, std::size_t rows) {
  Table table({{"ID"},
               {"AGE", true},
               {"IDLE", true, false, 5},
               {"CLIENT", false, false, 2},
               {"ROUTE", false, true, 4},
               {"SERVER", false, true, 7},
               {"PATH", false, true, 6},
               {"MSGS/S", true},
               {"BYTES/S", true},
               {"MSGS", true, false, 3},
               {"BYTES", true, false, 1}});
  std::size_t shown = 0;
  for (const json& each : member(list, "tunnels")) {
    if (shown++ == rows) break;
    table.add({text_of(each, "id"), span_text(number_of(each, "age_seconds")),
               span_text(number_of(each, "idle_seconds")), text_of(each, "remote_addr"),
               text_of(each, "route"), text_of(each, "server"), text_of(each, "path"), rates.messages(each),
               rates.bytes(each), count_text(both_ways(each, "messages")),
               bytes_text(both_ways(each, "bytes"))});
  }
  return table.empty() ? "no tunnels\n" : table.text(columns);
}

}  // namespace

std::string render_watch(const Look* before, const Look& now, const std::string& order, std::size_t columns,
                         std::size_t rows) {
  constexpr std::size_t kAround = 5;  // the head's three lines, the titles, the keys
  const Rates rates(before, now);
  const std::size_t room = rows == 0 ? Table::kUnbounded : rows > kAround ? rows - kAround : 1;
  std::string text = head(now, rates, columns) + top(now.list, rates, columns, room);
  if (rows == 0) return text;
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (lines + 1 < rows) text.append(rows - lines - 1, '\n');
  return text + fit("by " + order + "   " + kKeys, columns);
}

}  // namespace tidegate::control
