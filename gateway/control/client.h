#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/control/connection.h"

namespace tidegate::control {

struct Request {
  std::string method = "GET";
  std::string target;  ///< with its query, percent-encoded: see segment()
  std::string body{};
  std::chrono::milliseconds patience = std::chrono::seconds(5);  ///< for the whole answer
};

/// Percent-encodes all but RFC 3986's unreserved characters.
std::string segment(std::string_view text);

/// Speaks the admin API, one connection per request. Blocks, never longer than a request's patience.
class Client {
 public:
  explicit Client(Address address) : address_(std::move(address)) {}
  const Address& address() const { return address_; }

  /// The body of a 2xx, or of a 422 (which is an answer of its own, `refused` true).
  struct Answer {
    std::string body;
    bool refused = false;
  };
  std::optional<Answer> ask(const Request& request, Failure& failure) const;
  /// The same, where the answer is JSON.
  std::optional<nlohmann::json> ask_json(const Request& request, Failure& failure) const;
  /// Each line of an answer that goes on, however long it does; `patience` is for its head. False on failure.
  bool follow(const Request& request, const std::function<void(std::string_view line)>& on_line,
              Failure& failure) const;

 private:
  std::optional<Connection> send(const Request& request, Deadline deadline, Failure& failure) const;
  bool broken(const std::string& problem, Failure& failure) const;

  Address address_;
};

}  // namespace tidegate::control
